// What waits for an account gets one: the table's coverage names the value, one writes the rule,
// runs it over what was received, another approves it, and what waited goes on by itself; then
// a posting says why it is where it is. And the gaps of a table that is not in use yet are found.
// Usage: node kontering.mjs PORTAL-URL PICTURE-FOLDER

import { visitor } from './visitor.mjs';
import { both, write } from './errors.mjs';

const [portal, pictures] = process.argv.slice(2);
const walk = await visitor(portal, pictures);
const { faults, look, says, press, end } = walk;
const go = (page, path) => page.goto(portal + path, { waitUntil: 'networkidle0' });
const links = (page) =>
  page.$$eval('main a[href]', (all) => all.map((a) => ({ href: a.getAttribute('href'), text: a.textContent.trim() })));
const link = async (page, wanted, what) => {
  const found = (await links(page)).find(wanted);
  if (!found) throw new Error(`no link: ${what} on ${page.url()}`);
  return found.href;
};
// The number that a cell begins with; what follows is for those who hear the page.
const number = (text) => Number(text.split('\n')[0].replaceAll('.', ''));

const cille = await walk.enter('Cille', { expected: [400] });
await go(cille, '/omsaetning');
await both(look, 'kontering-1-oversigt', cille);
const rows = await cille.$$eval('main tbody tr', (all) =>
  all.map((row) => ({ cells: [...row.cells].map((cell) => cell.innerText.trim()), href: row.querySelector('a').getAttribute('href'), held: row.cells[5].querySelector('a')?.getAttribute('href') })),
);
const waiting = rows.find((row) => row.cells[0].startsWith('KSD'));
const held = number(waiting.cells[5]);
if (!(held > 0)) throw new Error(`nothing of KSD is held: ${JSON.stringify(rows)}`);

await go(cille, waiting.held);
const bilag = await link(cille, (a) => a.href.startsWith('/bilag/'), 'a bilag that waits');

// The table that is on its way has gaps, and they are all found.
const coming = rows.find((row) => row.cells[0].startsWith('SPK'));
await go(cille, `${coming.href}/daekning`);
await says('mangler', cille, 'SPK-VARME', 'SPK-REFUSION-67');
await both(look, 'kontering-2-mangler', cille);

// From the held value to its rule. Without a purpose no draft is begun.
const table = waiting.href;
await go(cille, table);
const like = await cille.$$eval('main tbody tr', (all) => all.map((row) => row.innerText).find((text) => text.includes('SDP-LOENMODTAGER')));
const konto = like.match(/konto (\S+)/)[1];
await go(cille, `${table}/daekning`);
await both(look, 'kontering-3-daekning', cille);
await says('dækning', cille, 'SDP-NY-ORDNING');
await go(cille, await link(cille, (a) => a.text.includes('regel') && a.href.includes('SDP-NY'), 'a rule for the value'));
await both(look, 'kontering-4-begynd', cille);
await press(cille, 'main button.button-primary');
await both(look, 'kontering-5-uden-formaal', cille);
await write(cille, '#formaal', 'Ny ordning fra november');
await write(cille, '#dag', '01.11.2026');
await press(cille, 'main button.button-primary');
await both(look, 'kontering-6-regel', cille);
await write(cille, '#k0', konto);
await press(cille, 'main button[value="gem"]');
await both(look, 'kontering-7-kladde', cille);
await says('kladde', cille, 'SDP-NY-ORDNING');

// Nobody approves what was not run, and nobody their own.
await go(cille, `${table}/godkend`);
await both(look, 'kontering-8-endnu-ikke', cille);
await go(cille, `${table}/simulering`);
await press(cille, 'main button[value="maaned"]');
for (let tries = 0; tries < 120; tries += 1) {
  const text = await cille.evaluate(() => document.querySelector('main').innerText);
  if (text.includes('får en konto') || text.includes('Får en konto')) break;
  await cille.reload({ waitUntil: 'networkidle0' });
}
await both(look, 'kontering-9-simuleret', cille);

// Another person puts it in force.
const birk = await walk.enter('Birk', { expected: [400] });
await go(birk, `${table}/godkend`);
await both(look, 'kontering-10-godkend', birk);
await press(birk, 'main form button.button-primary');
await both(look, 'kontering-11-i-kraft', birk);

// What waited goes on.
for (let tries = 0; tries < 120; tries += 1) {
  await go(birk, '/omsaetning');
  const now = await birk.$$eval('main tbody tr', (all) =>
    all.map((row) => [...row.cells].map((cell) => cell.innerText.trim())).find((cells) => cells[0].startsWith('KSD')),
  );
  if (number(now[5]) === 0) break;
  if (tries === 119) faults.push(`${now[5]} bilag of KSD still wait`);
}
await both(look, 'kontering-12-intet-venter', birk);

// And says why it is where it is.
await go(birk, bilag);
await both(look, 'kontering-13-bilag', birk);
await go(birk, await link(birk, (a) => a.text.includes('Hvorfor'), 'why'));
await both(look, 'kontering-14-hvorfor', birk);
await says('hvorfor', birk, konto);

await end();
