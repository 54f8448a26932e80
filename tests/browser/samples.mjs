// Birk sees the personal numbers of a bilag and looks a person up, each for a purpose; the
// auditor draws a sample of such looks, judges them, and sees no number.
// Usage: node samples.mjs PORTAL-URL PICTURE-FOLDER

import { visitor } from './visitor.mjs';

const [portal, pictures] = process.argv.slice(2);
const { faults, open, look, says, press, enter, end } = await visitor(portal, pictures);

// An invented personal number: its day is beyond sixty.
// Not in the middle of an account: SAP's objects have ten digits, too.
const NUMBER = /(?<![\w-])[6-9]\d{5}-?\d{4}\b/g;
const UNMASK = 'form[action$="/personnumre"]';
const WHY_UNMASK = 'Sag 2026-4711, ydelsen blev udbetalt to gange';
const WHY_SEARCH = 'Sag 2026-4712, borgeren spørger til sin udbetaling';

// The purpose of a look: the first on the list, and in words.
async function purpose(page, words) {
  const reason = await page.$eval('#formaal', (field) => [...field.options].map((one) => one.value).find(Boolean));
  await page.select('#formaal', reason);
  await page.$eval('#forklaring', (field) => { field.value = ''; });
  await page.type('#forklaring', words);
}

// The numbers on the page that is open.
async function numbers(page) {
  return (await page.evaluate(() => document.body.innerText)).match(NUMBER) ?? [];
}

const birk = await enter('Birk', { expected: [400] });
await birk.goto(`${portal}/bilag`, { waitUntil: 'networkidle0' });
const bilag = await birk.$$eval('main a[href^="/bilag/bil_"]', (links) => links.map((link) => link.href));
let number;
let looks = 0;
for (const address of [...new Set(bilag)].slice(0, 10)) {
  await birk.goto(address, { waitUntil: 'networkidle0' });
  if ((await numbers(birk)).length > 0) faults.push(`a number is not masked on ${address}`);
  if (looks === 0) {
    await press(birk, `${UNMASK} button`);
    await says('uden-formaal', birk, 'Personnumrene er ikke vist endnu');
    if ((await numbers(birk)).length > 0) faults.push('numbers were shown without a purpose');
    await look('personnumre-uden-formaal', birk);
  }
  await purpose(birk, WHY_UNMASK);
  await press(birk, `${UNMASK} button`);
  looks += 1;
  await says('personnumre', birk, 'Siden viser personnumre', 'Birk Opdigtet');
  [number] = await numbers(birk);
  if (number) break;
}
if (!number) throw new Error('no bilag of Birk has a person');
await look('personnumre', birk);
await birk.goto(birk.url(), { waitUntil: 'networkidle0' });
if (birk.url().endsWith('/personnumre') || (await numbers(birk)).length > 0) {
  faults.push(`the numbers are to be had by their address: ${birk.url()}`);
}

await birk.goto(`${portal}/personopslag`, { waitUntil: 'networkidle0' });
const kommune = await birk.$eval('#kommune', (field) => [...field.options].map((one) => one.value).find(Boolean));
await birk.select('#kommune', kommune);
await birk.type('#personnummer', number);
await purpose(birk, WHY_SEARCH);
await press(birk, 'form[action="/personopslag"] button');
await says('personopslag', birk, 'Søgningen er skrevet i loggen');
const found = await birk.$$('main a[href^="/bilag/bil_"]');
if (found.length === 0) faults.push('the person of a bilag was not found');
if (birk.url().includes(number)) faults.push('the number stands in the address');
await look('personopslag', birk);

// The auditor sees who looked, when and why; not at whom.
const frode = await enter('Frode', { expected: [400, 403] });
await frode.goto(bilag[0], { waitUntil: 'networkidle0' });
if (await frode.$(UNMASK)) faults.push('Frode is offered to see numbers');
const cookie = (await frode.browserContext().cookies()).map((one) => `${one.name}=${one.value}`).join('; ');
const body = new URLSearchParams({ formaal: 'x', forklaring: WHY_UNMASK, token: 'x' });
const refused = await fetch(`${bilag[0]}/personnumre`, { method: 'POST', body, headers: { cookie } });
if (refused.status !== 403) faults.push(`Frode may ask for numbers: ${refused.status}`);
await frode.goto(`${portal}/personopslag`, { waitUntil: 'networkidle0' });
await says('Frode', frode, 'Dine roller giver ikke adgang til siden');

await frode.goto(`${portal}/stikproever`, { waitUntil: 'networkidle0' });
await says('stikproever-tom', frode, 'Der er ikke udtaget nogen endnu');
await look('stikproever-tom', frode);
await frode.select('#kommune', kommune);
const today = await frode.evaluate(() => new Date().toLocaleDateString('sv', { timeZone: 'Europe/Copenhagen' }));
await frode.evaluate((day) => {
  document.querySelector('#antal').value = '25';
  document.querySelector('#fra').value = day;
  document.querySelector('#til').value = day;
}, today);
await press(frode, 'form[action="/stikproever"] button');
const said = await says('stikproeve', frode, 'Birk Opdigtet', WHY_UNMASK, WHY_SEARCH, 'Ikke vurderet endnu');
if (said.includes(number) || said.includes(number.replace('-', '')) || NUMBER.test(said)) {
  faults.push('the sample shows a personal number');
}
const drawn = await frode.$$('main h2[id^="opslag-"]');
if (drawn.length !== looks + 1) faults.push(`${drawn.length} looks were drawn of ${looks + 1}`);
await look('stikproeve', frode);

// A doubt needs words; then it stands.
const place = await frode.$eval('main h2[id^="opslag-"]', (heading) => heading.id.replace('opslag-', ''));
const form = `form:has(#vurdering-${place})`;
const doubt = await frode.$$eval(`#vurdering-${place} option`, (options) => options.find((one) => one.label === 'Skal undersøges').value);
await frode.select(`#vurdering-${place}`, doubt);
await press(frode, `${form} button`);
await says('stikproeve-fejl', frode, 'Vurderingen er ikke gemt', 'Skriv en bemærkning');
await look('stikproeve-fejl', frode);
await frode.select(`#vurdering-${place}`, doubt);
await frode.type(`#note-${place}`, 'Formålet nævner en sag, som ikke findes');
await press(frode, `${form} button`);
await says('stikproeve-vurderet', frode, 'Skal undersøges', 'Frode Opdigtet: Formålet nævner en sag, som ikke findes');
await look('stikproeve-vurderet', frode);

const workbook = await frode.$eval('main a[href$="/opslag.xlsx"]', (link) => link.href);
const file = await fetch(workbook, { headers: { cookie } });
const bytes = Buffer.from(await file.arrayBuffer());
if (!file.ok || bytes.subarray(0, 2).toString() !== 'PK') faults.push(`the sample's workbook: ${file.status}`);
await frode.goto(`${portal}/log`, { waitUntil: 'networkidle0' });
const log = await says('log', frode, 'Udtog en stikprøve af opslag', 'Gennemgik et opslag', 'Så personnumre på et bilag', 'Hentede en liste som fil');
if (log.includes(number)) faults.push('the log shows a personal number');

// Whoever is not signed in gets no file.
const nobody = await fetch(workbook, { redirect: 'manual' });
if (nobody.status !== 303) faults.push(`a sample leaves the house without signing in: ${nobody.status}`);
const outside = await open('udenfor');
await outside.goto(workbook, { waitUntil: 'networkidle0' });
if (!outside.url().includes('/log-ind')) faults.push(`led to ${outside.url()}`);

await end();
