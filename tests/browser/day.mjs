// Birk finds the day whose sender says something else than was received, sees down to the
// bilag what differs, explains it and signs; signed it stays.
// Usage: node day.mjs PORTAL-URL PICTURE-FOLDER

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { visitor } from './visitor.mjs';

const [portal, pictures] = process.argv.slice(2);
const { faults, look, says, press, enter, end } = await visitor(portal, pictures);

// A bilag that the sender lists and nobody received.
const LOST = '0fa90000-0000-4000-8000-00000000dead';
const FORMS = { total: 'form[action$="/kontroltotal"]', sign: 'form[action$="/godkend"]' };
const NEVER = 'Sendt ifølge afsenderen, aldrig modtaget';
const OTHER = 'Beløbet er forskelligt';

const birk = await enter('Birk', { expected: [400] });
const go = (path) => birk.goto(new URL(path, portal).href, { waitUntil: 'networkidle0' });

// The days of the month and of the one before that fit a status, newest first.
async function days(status) {
  await go(`/afstemning?status=${status}`);
  const lines = () => birk.$$eval('main tbody tr', (rows) => rows.map((row) => ({
    href: row.querySelector('th a').href,
    received: Number(row.querySelector('[data-title="Modtaget"]').textContent.replace('.', '')),
  })));
  const now = await lines();
  const before = await birk.$eval('main ul a[href*="maaned="]', (link) => link.href);
  await go(before);
  return [...now, ...(await lines())];
}

// Øre as Danes write kroner.
function kroner(oere) {
  return `${Math.trunc(oere / 100)},${String(oere % 100).padStart(2, '0')}`;
}

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
    for (const row of rows) found.set(row[id], Number(row[amount].replaceAll('.', '').replace(',', '')));
  }
  return [...found].map(([id, oere]) => ({ id, oere }));
}

// A day that agrees and that nobody has signed for, not the demo's own; then a corrected list of
// its sender that is wrong in two places.
const today = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Copenhagen' }).format(new Date());
const unsigned = new Set((await days('aabne')).map((one) => one.href));
const open = (await days('stemmer')).filter((one) => unsigned.has(one.href));
const day = open.find((one) => one.received > 2 && !one.href.endsWith(today));
await go(day.href);
await says('dag', birk, 'Stemmer');
const own = await received(birk);
if (own.length !== day.received) faults.push(`${own.length} bilag in the file, ${day.received} on the page`);
const [wrong] = own;
const listed = own.map((one) => (one === wrong ? { ...one, oere: one.oere + 10_000 } : one));
const lines = [...listed, { id: LOST, oere: 123_450 }].map((one) => `${one.id};${kroner(one.oere)};${kroner(one.oere)}`);
const file = join(mkdtempSync(join(tmpdir(), 'oir-')), 'kontroltotal.csv');
writeFileSync(file, ['BilagUUID;Debet;Kredit', ...lines, ''].join('\r\n'));

// Seen before it is kept.
await (await birk.$('#fil')).uploadFile(file);
await press(birk, `${FORMS.total} button[type="submit"]`);
await says('dag-se-efter', birk, 'Se efter, før det gemmes', `${own.length + 1} bilag`, 'alle læst');
await look('dag-se-efter', birk);
await press(birk, 'button[name="ja"]');

// Found on the list, named down to the bilag.
const differing = await days('stemmer_ikke');
if (!differing.some((one) => one.href === day.href)) faults.push('the day is not among those that do not agree');
await go(day.href);
await says('dag-stemmer-ikke', birk, 'Stemmer ikke', NEVER, LOST, '1.234,50 kr.', OTHER, wrong.id, 'fil, med bilagene ét for ét');
const link = await birk.$$eval('main tbody a[href^="/bilag/bil_"]', (links, id) => links.find((one) => one.textContent === id)?.href, wrong.id);
await look('dag-stemmer-ikke', birk);
if (!link) faults.push('the bilag that differs has no page to see');
else {
  await go(link);
  await says('bilag-der-er-forskelligt', birk, wrong.id);
  await go(day.href);
}
await birk.setViewport({ width: 360, height: 800 });
await look('dag-stemmer-ikke-360', birk);
await birk.setViewport({ width: 1280, height: 900 });

// What differs needs words.
await press(birk, `${FORMS.sign} button`);
await says('dag-uden-forklaring', birk, 'Intet er gemt. Ret dette');
await look('dag-uden-forklaring', birk);
await birk.type('#faelles', 'Fagsystemet har rettet sin liste i telefonen');
const first = await birk.$(`textarea[name="forklaring_never_received_${LOST}"]`);
if (first) await first.type('Sendes igen i morgen');
else faults.push('the bilag never received is not asked about');
await press(birk, `${FORMS.sign} button`);
const signed = ['Godkendt', 'Birk Opdigtet', 'Sendes igen i morgen', 'Fagsystemet har rettet sin liste i telefonen'];
await says('dag-godkendt', birk, ...signed, 'Dagen er godkendt og bliver ved med at være det');
await birk.reload({ waitUntil: 'networkidle0' });
const after = await says('dag-godkendt', birk, ...signed);
if (after.includes('Ændret efter godkendelse')) faults.push('the day was changed by being looked at');
if (await birk.$(FORMS.sign)) faults.push('a day that is signed is offered to be signed');
await look('dag-godkendt', birk);

// The others of the municipality see it signed, and by whom; another municipality sees no such day.
const cille = await enter('Cille');
await cille.goto(day.href, { waitUntil: 'networkidle0' });
await says('Cille', cille, 'Godkendt', 'Birk Opdigtet');
const gry = await enter('Gry', { expected: [404] });
const answer = await gry.goto(day.href, { waitUntil: 'networkidle0' });
if (answer.status() !== 404) faults.push(`another municipality's day answers ${answer.status()}`);
await end();
