// Finance takes over a group of held bilag: takes all, explains, sees what giving up would do,
// passes one on, sets the others aside; and lets parked ones go on.
// Usage: node takeover.mjs PORTAL-URL PICTURE-FOLDER

import { visitor } from './visitor.mjs';
import { both, causes, write } from './errors.mjs';

const [portal, pictures] = process.argv.slice(2);
const walk = await visitor(portal, pictures);
const { faults, look, says, press, end } = walk;
const go = (page, path) => page.goto(portal + path, { waitUntil: 'networkidle0' });

const birk = await walk.enter('Birk', { expected: [400] });
await go(birk, '/fejl');
await both(look, 'overtag-1-fejl', birk);
const lines = await causes(birk);
const held = lines.filter((line) => line.state.includes('Tilbageholdt')).sort((a, b) => b.count - a.count)[0];
if (!(held?.count >= 2)) throw new Error(`no group of held bilag: ${JSON.stringify(lines)}`);

await go(birk, held.href);
await both(look, 'overtag-2-gruppe', birk);

// Without a choice nothing is done.
await press(birk, 'button[value="tag"]');
await says('intet valgt', birk, 'Sæt kryds ved mindst ét bilag');
await both(look, 'overtag-3-intet-valgt', birk);

await birk.click('label[for="alle"]');
await press(birk, 'button[value="tag"]');
await says('taget', birk, `${held.count} fejl i alt er taget.`, 'Birk Opdigtet');
await both(look, 'overtag-4-taget', birk);

await birk.click('label[for="alle"]');
await write(birk, '#tekst', 'Kontoen oprettes i omsætningstabellen. Jeg følger op.');
await press(birk, 'button[value="skriv"]');
await says('skrevet', birk, 'har fået en kommentar');

// What giving up would do is shown, and not done.
await birk.click('label[for="alle"]');
await press(birk, 'button[value="opgiv"]');
await says('opgiv', birk, 'Det her sker, når du bekræfter', `${held.count} bilag for`, 'opgives');
await both(look, 'overtag-5-opgiv', birk);
await press(birk, 'main a.button-secondary');
const still = await birk.$$eval('main tbody tr', (rows) => rows.length);
if (still !== held.count) faults.push(`${still} bilag are left of ${held.count} after nothing was done`);

// One is the sending area's after all.
await birk.$eval('main tbody tr input[type="checkbox"]', (box) => box.click());
await birk.select('#omraade', 'fagomraade');
await write(birk, '#tekst', 'Skal det her ikke på en anden ydelse? Kig på det hos jer.');
await press(birk, 'button[value="omraade"]');
await says('sendt', birk, '1 fejl er sendt videre.');
await both(look, 'overtag-6-sendt', birk);

// The others wait; without a reason they do not.
const until = new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10);
await birk.click('label[for="alle"]');
await write(birk, '#til', until);
await press(birk, 'button[value="udskyd"]');
await says('uden grund', birk, 'Skriv en begrundelse eller en kommentar.');
await both(look, 'overtag-7-uden-begrundelse', birk);
await birk.click('label[for="alle"]');
await write(birk, '#til', until);
await write(birk, '#tekst', 'Kontoen er bestilt og kommer i næste uge.');
await press(birk, 'button[value="udskyd"]');
await says('udskudt', birk, 'udskudt', 'Intet står stille af denne årsag nu');
await both(look, 'overtag-8-udskudt', birk);
await go(birk, '/fejl?hvis=udskudte');
if (!(await causes(birk)).some((line) => line.href === held.href)) faults.push('the group is not among those set aside');
await both(look, 'overtag-9-udskudte', birk);

// What the books could not take yesterday goes on when it is confirmed.
await go(birk, '/fejl?omraade=drift');
const parked = (await causes(birk)).find((line) => line.state === 'Parkeret');
if (!parked) throw new Error('nothing is parked');
await go(birk, parked.href);
await both(look, 'overtag-10-parkeret', birk);
await birk.click('label[for="alle"]');
await press(birk, 'button[value="videre"]');
await says('frigiv', birk, 'Det her sker, når du bekræfter', 'frigives', 'Intet bliver bogført to gange');
await both(look, 'overtag-11-frigiv', birk);
await press(birk, 'main form button.button-primary');
await says('frigivet', birk, 'sat i gang igen');
await both(look, 'overtag-12-frigivet', birk);

await end();
