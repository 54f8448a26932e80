// Opens every kind of page with and without JavaScript, on a desk and on a telephone.
// Usage: node pages.mjs PORTAL-URL PICTURE-FOLDER

import { visitor } from './visitor.mjs';

const [portal, pictures] = process.argv.slice(2);
const { faults, visit, end } = await visitor(portal, pictures);

const list = await visit('bilag', '/bilag');
const links = list.hrefs.filter((href) => /^\/bilag\/bil_/.test(href));
if (links.length < 3) faults.push(`bilag: ${links.length} links to bilag, at least 3 expected`);
await visit('forside', '/');
await visit('forside-uden-script', '/', { script: false });
await visit('forside-telefon', '/', { width: 390 });
await visit('bilag-uden-script', '/bilag', { script: false });
await visit('bilag-telefon', '/bilag', { width: 390 });
await visit('bilag-soeg-intet', '/bilag?q=findes-ikke');
await visit('bilag-forkert-filter', '/bilag?fra=ikke-en-dato', { expected: [400] });
await visit('bilag-alle-felter', '/bilag?q=uge&sag=S&konto=5&sortiment=SDP&bogfoert_fra=2026-01-01');
await visit('bilag-cpr-i-soegning', '/bilag?q=610190-1234', { expected: [400] });
await visit('visninger', '/visninger?tilstand=afvist');
await visit('visninger-telefon', '/visninger', { width: 390 });
await visit('roller', '/roller');
await visit('roller-telefon', '/roller', { width: 390 });
await visit('ingen-logget-ind', '/sessioner');
await visit('log', '/log');
let message;
for (const [number, link] of [...new Set(links)].slice(0, 6).entries()) {
  const one = await visit(`et-bilag-${number + 1}`, link);
  message ??= one.hrefs.find((href) => href.startsWith('/afsendelser/'));
}
if (message) await visit('afsendelse', message);
else faults.push('no bilag leads to its message');
const missing = await visit('findes-ikke', '/bilag/bil_00000000000000000000000000000000', { expected: [404] });
if (missing.status !== 404) faults.push(`findes-ikke: ${missing.status}`);

await end();
