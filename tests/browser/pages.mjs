// Opens every kind of page with and without JavaScript, on a desk and on a telephone, looks
// for barriers (WCAG 2.2 A and AA) with axe, and takes pictures.
// Usage: node pages.mjs PORTAL-URL PICTURE-FOLDER

import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import puppeteer from 'puppeteer-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const [portal, pictures] = process.argv.slice(2);
mkdirSync(pictures, { recursive: true });

const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--force-color-profile=srgb'],
});
const faults = [];

async function visit(name, path, { script = true, width = 1280 } = {}) {
  const page = await browser.newPage();
  await page.setJavaScriptEnabled(script);
  await page.setViewport({ width, height: 900 });
  page.on('pageerror', (error) => faults.push(`${name}: script: ${error.message}`));
  page.on('requestfailed', (request) => faults.push(`${name}: not loaded: ${request.url()}`));
  page.on('response', (response) => {
    if (response.status() >= 400 && !response.url().endsWith(path)) {
      faults.push(`${name}: ${response.status()} ${response.url()}`);
    }
  });
  const response = await page.goto(portal + path, { waitUntil: 'networkidle0' });
  await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: true });
  if (script) {
    // The page forbids foreign scripts; axe runs beside it, not in it.
    await page.evaluate(axe);
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const found = await page.evaluate((values) => axe.run(document, { runOnly: { type: 'tag', values } }), tags);
    for (const violation of found.violations) {
      const where = violation.nodes.map((node) => node.target.join(' ')).slice(0, 3).join('; ');
      faults.push(`${name}: ${violation.id}: ${violation.help} at ${where}`);
    }
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
    if (wide) faults.push(`${name}: the page is wider than the window`);
  }
  const hrefs = await page.$$eval('main a[href]', (links) => links.map((link) => link.getAttribute('href')));
  await page.close();
  return { status: response.status(), hrefs };
}

const list = await visit('bilag', '/bilag');
const links = list.hrefs.filter((href) => /^\/bilag\/bil_/.test(href));
if (links.length < 3) faults.push(`bilag: ${links.length} links to bilag, at least 3 expected`);
await visit('forside', '/');
await visit('forside-uden-script', '/', { script: false });
await visit('forside-telefon', '/', { width: 390 });
await visit('bilag-uden-script', '/bilag', { script: false });
await visit('bilag-telefon', '/bilag', { width: 390 });
await visit('bilag-soeg-intet', '/bilag?tekst=findes-ikke');
await visit('bilag-forkert-filter', '/bilag?fra=ikke-en-dato');
let message;
for (const [number, link] of [...new Set(links)].slice(0, 6).entries()) {
  const one = await visit(`et-bilag-${number + 1}`, link);
  message ??= one.hrefs.find((href) => href.startsWith('/afsendelser/'));
}
if (message) await visit('afsendelse', message);
else faults.push('no bilag leads to its message');
const missing = await visit('findes-ikke', '/bilag/bil_00000000000000000000000000000000');
if (missing.status !== 404) faults.push(`findes-ikke: ${missing.status}`);

await browser.close();
for (const fault of faults) console.log(fault);
console.log(`${faults.length} findings; pictures in ${pictures}`);
process.exit(faults.length === 0 ? 0 : 1);
