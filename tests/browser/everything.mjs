// Every invented person of the demo goes everywhere their pages lead: from the front page
// link by link, some pages of each kind, wide and narrow. Then the main forms without
// scripts, and what a first visit transfers.
// Usage: node everything.mjs PORTAL-URL PICTURE-FOLDER

import { visitor } from './visitor.mjs';

const [portal, pictures] = process.argv.slice(2);
const walk = await visitor(portal, `${pictures}/alle-sider`);
const { browser, faults, open, look, says, press, enter, end } = walk;

// Pages of one kind that a person opens; the first of them is looked at closely.
const OF_A_KIND = 2;
// Persons who look closely at a kind of page: with other roles it has other parts.
const CLOSELY = 2;
// What a first visit may transfer besides fonts, in bytes.
const FIRST_VISIT = 150_000;
const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 360, height: 800 };

// The kind of page at an address: ids, numbers, days and groups are places, questions of one page are one kind.
function kind(url) {
  const place = /^(\d+|\d{4}-\d\d-\d\d|[0-9a-f]{8}-[0-9a-f-]{27}|[a-z]*_?[0-9a-f]{32,}|.*(~|%7E).*)$/i;
  const path = url.pathname.split('/').map((part) => (place.test(part) ? '-' : part));
  return path.join('/') + (url.searchParams.has('opdater') ? '?opdater' : '');
}

// Whether the address gives a file and not a page.
const isFile = (url) => /\.(xlsx|csv|txt)$|\/fil$/.test(url.pathname) || url.search === '?wsdl';

// Asks for a file as the person would, and gives the page that it leads to when it leads to one.
async function ask(name, page, url) {
  const cookies = await page.browserContext().cookies();
  const cookie = cookies.map((one) => `${one.name}=${one.value}`).join('; ');
  const answer = await fetch(url, { headers: { cookie } });
  const length = (await answer.arrayBuffer()).byteLength;
  if (!answer.ok || length === 0) faults.push(`${name}: ${answer.status}, ${length} bytes of ${url}`);
}

// Looks at the page that is open, wide and narrow; a picture of each kind is enough.
const pictured = new Set();
const looks = new Map();
async function closely(navn, kind, page) {
  const before = looks.get(kind) ?? 0;
  looks.set(kind, before + 1);
  if (before >= CLOSELY) return;
  // The page that comes again by itself is one that somebody asked for by a link, and can stop (WCAG 2.2.1).
  const asked = kind === '/drift?opdater' ? ['meta-refresh'] : [];
  const file = kind.replaceAll(/[^a-zæøå0-9-]+/g, '_').replace(/^_?(.*?)_?$/, '$1') || 'forside';
  const picture = !pictured.has(kind);
  pictured.add(kind);
  await look(`${picture ? file : `${navn}-${file}`}`, page, { picture, asked });
  await page.setViewport(NARROW);
  await look(`${picture ? file : `${navn}-${file}`}-360`, page, { picture, asked });
  await page.setViewport(WIDE);
}

async function everywhere(navn) {
  const page = await enter(navn);
  const waiting = [new URL(page.url())];
  const known = new Set(waiting.map(String));
  const kinds = new Map();
  for (let url = waiting.shift(); url; url = waiting.shift()) {
    const own = kind(url);
    const before = kinds.get(own) ?? 0;
    if (before >= OF_A_KIND) continue;
    kinds.set(own, before + 1);
    if (isFile(url)) {
      await ask(navn, page, url);
      continue;
    }
    const answer = await page.goto(url.href, { waitUntil: 'load' });
    if (!answer.ok()) faults.push(`${navn}: a link leads to ${answer.status()} ${url}`);
    if (before === 0) await closely(navn, own, page);
    for (const href of await page.$$eval('a[href]', (links) => links.map((link) => link.href))) {
      const next = new URL(href);
      next.hash = '';
      if (next.origin !== url.origin || known.has(next.href)) continue;
      known.add(next.href);
      waiting.push(next);
    }
  }
  await page.browserContext().close();
  console.log(`${navn}: ${kinds.size} kinds of pages`);
  return kinds;
}

const outside = await open('udenfor');
await outside.goto(`${portal}/log-ind`, { waitUntil: 'load' });
const persons = await outside.$$eval('main tbody th', (cells) => cells.map((cell) => cell.textContent.split(' ')[0]));
if (persons.length < 10) faults.push(`only ${persons.length} invented persons`);
await closely('udenfor', '/log-ind', outside);
const seen = new Map();
const waiting = [...persons];
async function some() {
  for (let navn = waiting.shift(); navn; navn = waiting.shift()) seen.set(navn, await everywhere(navn));
}
await Promise.all([some(), some(), some()]);

// The walk led where each person's work is; without this an empty menu would be sound.
const places = {
  Ask: ['/fejl', '/bilag/-', '/bilag/-/xml', '/afsendelser/-', '/personopslag', '/vejledninger/-/ret'],
  Birk: ['/fejl/bilag/-', '/bilag.xlsx', '/bilag.csv', '/afstemning/-/-/-', '/udvikling', '/visninger'],
  Cille: ['/sessioner', '/afstemning.xlsx'],
  Dagny: ['/', '/roller', '/mine-mails', '/postkasse', '/tilgaengelighed'],
  Esther: ['/afstemning', '/vejledninger'],
  Frode: ['/stikproever', '/log'],
  Gry: ['/drift', '/noegler'],
  Hjalte: ['/vejledninger/-'],
  Ida: ['/vejledninger/-', '/afstemning'],
  Jon: ['/drift', '/noegler/ny', '/sessioner', '/log.csv'],
};
for (const [navn, wanted] of Object.entries(places)) {
  for (const place of wanted) {
    const found = [...(seen.get(navn) ?? new Map()).keys()].some((kind) => kind.split('?')[0] === place);
    if (!found) faults.push(`${navn} is not led to ${place}`);
  }
}

// Without scripts: signing in, searching, and a form that is filled in wrongly.
const plain = await enter('Birk', { script: false, expected: [400] });
await plain.goto(`${portal}/bilag`, { waitUntil: 'load' });
await plain.type('#q', 'findes-ikke');
await press(plain, 'main form[action="/bilag"] button.button-primary');
if (!plain.url().includes('q=findes-ikke')) faults.push(`without scripts the search led to ${plain.url()}`);
await look('uden-script-bilag', plain, { script: false });
await plain.goto(`${portal}/afstemning`, { waitUntil: 'load' });
await plain.select('#status', 'stemmer');
await press(plain, 'main form[action="/afstemning"] button');
const days = await plain.$$('main tbody th a');
if (days.length === 0) faults.push('without scripts no day without a total is found');
else {
  await press(plain, days[0]);
  await press(plain, 'form[action$="/kontroltotal"] button');
  await says('uden-script-dag', plain, 'Intet er gemt. Ret dette', 'Skriv antallet af bilag, fx 412');
  await look('uden-script-dag', plain, { script: false });
}
await plain.goto(`${portal}/personopslag`, { waitUntil: 'load' });
await press(plain, 'form[action="/personopslag"] button');
await says('uden-script-person', plain, 'Der er ikke søgt endnu');
await look('uden-script-person', plain, { script: false });
await press(plain, '.who button');
if (!plain.url().endsWith('/log-ind')) faults.push(`without scripts signing out led to ${plain.url()}`);

// What a page costs a browser that was never here, as it comes over the wire.
async function costs(name, path, cookies = []) {
  const context = await browser.createBrowserContext();
  await context.setCookie(...cookies);
  const page = await open(name, { context });
  const kinds = new Map();
  let bytes = 0;
  const wire = await page.createCDPSession();
  await wire.send('Network.enable');
  wire.on('Network.responseReceived', ({ requestId, type }) => kinds.set(requestId, type));
  wire.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (kinds.get(requestId) !== 'Font') bytes += encodedDataLength;
  });
  await page.goto(portal + path, { waitUntil: 'networkidle0' });
  console.log(`${name}: ${bytes} bytes in ${kinds.size} answers`);
  if (kinds.size < 4) faults.push(`${name}: ${kinds.size} answers were counted`);
  if (bytes > FIRST_VISIT) faults.push(`${name}: a first visit transfers ${bytes} bytes`);
  await context.close();
}
const birk = await enter('Birk');
const cookies = await birk.browserContext().cookies();
await costs('første besøg', '/log-ind');
await costs('første besøg, forside', '/', cookies);
await costs('første besøg, bilag', '/bilag', cookies);
await end();
