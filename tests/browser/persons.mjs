// The demo as its invented persons see it: each sees what is theirs, an administrator ends a
// session, an auditor reads the log.
// Usage: node persons.mjs PORTAL-URL PICTURE-FOLDER

import { visitor } from './visitor.mjs';

const [portal, pictures] = process.argv.slice(2);
const { faults, open, look, says, press, enter, end } = await visitor(portal, pictures);

const first = await open('vælg-person');
await first.goto(`${portal}/`, { waitUntil: 'networkidle0' });
await look('vaelg-person', first);

// The area that sends sees its own system in its own municipality.
const ask = await enter('Ask');
await look('ask-forside', ask);
await ask.goto(`${portal}/bilag`, { waitUntil: 'networkidle0' });
const places = await ask.$$eval('td[data-title="Kommune"], td[data-title="Fagsystem"]', (cells) => [...new Set(cells.map((cell) => cell.textContent))]);
if (places.length !== 2) faults.push(`Ask sees ${places.join(', ')}`);

// Collection is told that its half is not there yet and where to turn, and sees nothing of bookkeeping.
const dagny = await enter('Dagny', { expected: [403] });
const debtor = await says('Dagny', dagny, 'Debitor er ikke i ØiR endnu', 'spørg KOMBITs ØiR-projekt', 'Forside', 'Dine mails');
for (const hidden of ['Bilag modtaget', 'Kontroltotaler']) {
  if (debtor.includes(hidden)) faults.push(`Dagny sees "${hidden}"`);
}
await look('dagny-forside', dagny);
await dagny.setViewport({ width: 360, height: 800 });
await look('dagny-forside-360', dagny);
await dagny.goto(`${portal}/bilag`, { waitUntil: 'networkidle0' });
await says('Dagny', dagny, 'Dine roller giver ikke adgang til siden');

// A project leader sees figures and no bilag.
const ida = await enter('Ida', { expected: [403] });
await says('Ida', ida, 'I alt');
await ida.goto(`${portal}/bilag`, { waitUntil: 'networkidle0' });
await says('Ida', ida, 'Dine roller giver ikke adgang til siden');

// Operation ends the session of the area's person, who has to sign in again.
const jon = await enter('Jon');
await jon.goto(`${portal}/sessioner`, { waitUntil: 'networkidle0' });
await look('jon-sessioner', jon);
const rows = await jon.$$('main tbody tr');
for (const row of rows) {
  const words = await row.evaluate((element) => element.textContent);
  if (words.includes('Ask Opdigtet')) {
    const button = await row.$('button');
    await press(jon, button);
    break;
  }
}
await ask.goto(`${portal}/bilag`, { waitUntil: 'networkidle0' });
if (!ask.url().includes('/log-ind')) faults.push('Ask is still in');
await jon.goto(`${portal}/log`, { waitUntil: 'networkidle0' });
await says('log', jon, 'Afsluttede en session', 'Jon Opdigtet');
await look('jon-log', jon);

// The auditor reads the log of their own municipality and changes nothing.
const frode = await enter('Frode', { expected: [403] });
await frode.goto(`${portal}/log`, { waitUntil: 'networkidle0' });
await says('Frode', frode, 'Loggede ind');
await frode.goto(`${portal}/sessioner`, { waitUntil: 'networkidle0' });
await says('Frode', frode, 'Dine roller giver ikke adgang til siden');
await press(frode, '.who button');
if (!frode.url().endsWith('/log-ind')) faults.push(`Frode signed out to ${frode.url()}`);

await end();
