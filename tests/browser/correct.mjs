// A case worker finds a rejected bilag, takes it and reads the guide; the fagsystem sends the
// corrected one; the error is gone by itself.
// Usage: node correct.mjs PORTAL-URL PICTURE-FOLDER
// It says `retter bil_…` on a line of its own when the fagsystem shall send the correction of
// that bilag, and waits for a line on stdin that says that it was sent.

import { createInterface } from 'node:readline';
import { visitor } from './visitor.mjs';
import { both, causes, write } from './errors.mjs';

const [portal, pictures] = process.argv.slice(2);
const walk = await visitor(portal, pictures);
const { faults, look, says, press, end } = walk;
const go = (page, path) => page.goto(portal + path, { waitUntil: 'networkidle0' });

const ask = await walk.enter('Ask');
await go(ask, '/fejl');
await both(look, 'ret-1-fejl', ask);
const free = (await causes(ask)).find((line) => line.state === 'Afvist' && line.count === 1 && line.holder === 'Ingen');
if (!free) throw new Error('no rejected bilag that nobody has');

await go(ask, free.href);
await both(look, 'ret-2-gruppe', ask);
const item = await ask.$eval('main tbody a[href^="/fejl/bilag/"]', (link) => link.getAttribute('href'));
await go(ask, item);
await both(look, 'ret-3-fejlen', ask);

await press(ask, 'button[value="tag"]');
await says('taget', ask, '1 fejl er taget.', 'Ask Opdigtet', 'Tog fejlen');
await write(ask, '#tekst', 'Jeg retter i KSD og sender igen. Ringede til 610190-1234.');
await press(ask, 'button[value="skriv"]');
const commented = await says('skrevet', ask, 'har fået en kommentar', 'Jeg retter i KSD og sender igen.');
if (commented.includes('610190-1234')) faults.push('a personal number in a comment is shown');
await both(look, 'ret-4-taget', ask);

await press(ask, 'main a[href^="/vejledninger/"]');
await says('vejledning', ask, 'KSD');
await both(look, 'ret-5-vejledning', ask);

// The fagsystem's turn.
const lines = createInterface({ input: process.stdin });
const sent = new Promise((resolve) => { lines.once('line', resolve); });
console.log(`retter ${item.split('/').pop()}`);
await sent;
lines.close();

await go(ask, '/fejl');
if ((await causes(ask)).some((line) => line.href === free.href)) faults.push('the error is still on the list');
await both(look, 'ret-6-fejl-bagefter', ask);
await go(ask, item);
await says('rettet', ask, 'Fejlen er lukket', 'Du skal ikke gøre mere.', 'Rettet: et bilag, der korrigerer det, er taget imod');
if (await ask.$('button[value="luk"]')) faults.push('what is closed can be closed');
await both(look, 'ret-7-lukket', ask);
await press(ask, 'main a[href^="/bilag/bil_"]');
await both(look, 'ret-8-bilaget', ask);

// What lay half done on the evening before: corrected, and rejected again.
await go(ask, '/fejl?hvis=mine');
const own = await causes(ask);
if (!own.length) faults.push('Ask has nothing of the evening before');
await both(look, 'ret-9-mine', ask);
let half = false;
for (const { href } of own) {
  await go(ask, `${href}`);
  const links = await ask.$$eval('main tbody a[href^="/fejl/bilag/"]', (all) => all.map((a) => a.getAttribute('href')));
  for (const link of links) {
    await go(ask, link);
    const text = await ask.evaluate(() => document.body.innerText);
    if (!text.includes('Venter på svar fra leverandøren.')) continue;
    half = true;
    await both(look, 'ret-10-halvfaerdig', ask);
  }
}
if (!half) faults.push('no correction is half done');
await go(ask, '/fejl?hvis=udskudte');
const aside = await causes(ask);
if (aside.length !== 1) faults.push(`${aside.length} causes are set aside, 1 expected`);

await end();
