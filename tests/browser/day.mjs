// Birk is told on the front page that a day does not agree, and finds it: the one that the demo
// plants. They see down to the bilag what differs, take in the sender's corrected list, explain
// what is left and sign; signed it stays.
// Usage: node day.mjs PORTAL-URL PICTURE-FOLDER

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { visitor } from './visitor.mjs';

const [portal, pictures] = process.argv.slice(2);
const { faults, look, says, press, enter, end } = await visitor(portal, pictures);

const FORMS = { total: 'form[action$="/kontroltotal"]', sign: 'form[action$="/godkend"]' };
const NEVER = 'Sendt ifølge afsenderen, aldrig modtaget';
const OTHER = 'Beløbet er forskelligt';
const PLANTED = 'plantet til demonstration';

const birk = await enter('Birk', { expected: [400] });
const go = (path) => birk.goto(new URL(path, portal).href, { waitUntil: 'networkidle0' });

// Where the days lead that the page shows, and those of the month before: today may be the first.
async function days() {
  const hrefs = () => birk.$$eval('main tbody th a', (links) => links.map((link) => link.href));
  const now = await hrefs();
  await go(await birk.$eval('main ul a[href*="maaned="]', (link) => link.href));
  return [...now, ...(await hrefs())];
}

// The lines of differences: what it is, what the sender and we say, and of which bilag.
function differences() {
  return birk.$$eval('table:has(#forskelle-tabel) tbody tr', (rows) => rows.map((row) => {
    const cell = (title) => row.querySelector(`[data-title="${title}"]`).textContent.trim();
    return {
      what: cell('Forskel'),
      theirs: cell('Den anden side'),
      ours: cell('ØiR'),
      bilag: cell('Bilag'),
      href: row.querySelector('[data-title="Bilag"] a')?.href,
    };
  }));
}

// Øre of what Danes write as kroner, and back.
const oere = (text) => Number(text.replaceAll(/[^0-9]/g, ''));
const kroner = (amount) => `${Math.trunc(amount / 100)},${String(amount % 100).padStart(2, '0')}`;

// The bilag of a day as its own page leads to them, whatever became of them: the sender's id
// and the amount in øre.
async function received(page) {
  const cookie = (await page.browserContext().cookies()).map((one) => `${one.name}=${one.value}`).join('; ');
  const lists = await page.$$eval('main tbody a[href^="/bilag?"]', (links) => links.map((link) => link.href));
  const found = new Map();
  for (const list of lists) {
    const file = new URL(list);
    file.pathname = '/bilag.csv';
    const text = await (await fetch(file, { headers: { cookie } })).text();
    const [titles, ...rows] = text.replace('\ufeff', '').trim().split('\r\n').map((line) => {
      return [...line.matchAll(/("(?:[^"]|"")*"|[^;]*)(?:;|$)/g)].map(([, cell]) => cell.replace(/^"|"$/g, ''));
    });
    const [id, amount] = ['Bilagets id hos afsender', 'Beløb (kr.)'].map((title) => titles.indexOf(title));
    for (const row of rows) found.set(row[id], oere(row[amount]));
  }
  return [...found].map(([id, amount]) => ({ id, amount }));
}

// The front page says it, its link leads to the list, and the list has the one day.
await says('birk-forside', birk, 'Én dags afstemning stemmer ikke.');
await look('birk-forside', birk);
await press(birk, 'main a[href="/afstemning?status=stemmer_ikke"]');
await look('dage-der-ikke-stemmer', birk);
const differing = await days();
if (differing.length !== 1) faults.push(`${differing.length} days do not agree: ${differing.join(', ')}`);
const [day] = differing;
await go(day);
console.log(`fundet ${new URL(day).pathname}`);
await says('planted', birk, 'Stemmer ikke', NEVER, OTHER, PLANTED);
await look('dag-stemmer-ikke', birk);

// Down to the bilag: one that never came, and one of another amount, whose page says ours.
const found = await differences();
const lost = found.find((one) => one.what === NEVER);
const wrong = found.find((one) => one.what === OTHER);
const own = await received(birk);
if (own.some((one) => one.id === lost.bilag)) faults.push(`${lost.bilag} is among those received`);
if (lost.href) faults.push('what never came leads to a page');
const ours = own.find((one) => one.id === wrong.bilag);
if (ours?.amount !== oere(wrong.ours)) faults.push(`${wrong.bilag}: ${ours?.amount} in the file, ${wrong.ours} on the page`);
const sums = found.filter((one) => /^(Debet|Kredit) er ikke den samme$/.test(one.what));
const astray = oere(lost.theirs) + oere(wrong.theirs) - oere(wrong.ours);
if (sums.length !== 2) faults.push(`${sums.length} sums differ`);
for (const sum of sums) {
  const more = oere(sum.theirs) - oere(sum.ours);
  if (more !== astray) faults.push(`${sum.what}: by ${more} øre, its bilag by ${astray}`);
}
await go(wrong.href);
await says('bilag-der-er-forskelligt', birk, wrong.bilag, wrong.ours);
await look('bilag-der-er-forskelligt', birk);
await go(day);
await birk.setViewport({ width: 360, height: 800 });
await look('dag-stemmer-ikke-360', birk);
await birk.setViewport({ width: 1280, height: 900 });

// What differs needs words.
await press(birk, `${FORMS.sign} button`);
await says('dag-uden-forklaring', birk, 'Intet er gemt. Ret dette');
await look('dag-uden-forklaring', birk);

// The fagsystem corrects the amount in its list; of the bilag that never came it is still sure.
const listed = [...own, { id: lost.bilag, amount: oere(lost.theirs) }];
const lines = listed.map(({ id, amount }) => `${id};${kroner(amount)};${kroner(amount)}`);
const file = join(mkdtempSync(join(tmpdir(), 'oir-')), 'kontroltotal.csv');
writeFileSync(file, ['BilagUUID;Debet;Kredit', ...lines, ''].join('\r\n'));
await go(day);
await (await birk.$('#fil')).uploadFile(file);
await press(birk, `${FORMS.total} button[type="submit"]`);
await says('dag-se-efter', birk, 'Se efter, før det gemmes', `${listed.length} bilag`, 'alle læst');
await look('dag-se-efter', birk);
await press(birk, 'button[name="ja"]');
await says('dag-rettet', birk, 'Stemmer ikke', NEVER, 'fil, med bilagene ét for ét', PLANTED);
const left = await differences();
if (left.some((one) => one.what === OTHER)) faults.push(`${wrong.bilag} differs still`);
if (!left.some((one) => one.what === NEVER && one.bilag === lost.bilag)) faults.push(`${lost.bilag} is not asked about`);

// The rest is explained, and signed for.
await birk.type('#faelles', 'Ét bilag er talt med uden at være sendt');
await birk.type(`textarea[name="forklaring_never_received_${lost.bilag}"]`, 'Fagsystemet sender det igen i morgen');
await press(birk, `${FORMS.sign} button`);
const signed = ['Godkendt', 'Birk Opdigtet', 'Ét bilag er talt med uden at være sendt', 'Fagsystemet sender det igen i morgen'];
await says('dag-godkendt', birk, ...signed, 'Dagen er godkendt og bliver ved med at være det');
await birk.reload({ waitUntil: 'networkidle0' });
const after = await says('dag-godkendt', birk, ...signed);
if (after.includes('Ændret efter godkendelse')) faults.push('the day was changed by being looked at');
if (await birk.$(FORMS.sign)) faults.push('a day that is signed is offered to be signed');
await look('dag-godkendt', birk);
await go('/');
const front = await says('birk-forside', birk, 'Er der noget, jeg skal gøre i dag?');
if (front.includes('afstemning stemmer ikke')) faults.push('the front page still asks for the day');

// The others of the municipality see it signed, and by whom; another municipality sees no such day.
const cille = await enter('Cille');
await cille.goto(day, { waitUntil: 'networkidle0' });
await says('Cille', cille, 'Godkendt', 'Birk Opdigtet');
const gry = await enter('Gry', { expected: [404] });
const answer = await gry.goto(day, { waitUntil: 'networkidle0' });
if (answer.status() !== 404) faults.push(`another municipality's day answers ${answer.status()}`);
await end();
