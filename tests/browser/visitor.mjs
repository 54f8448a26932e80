// A browser that looks at pages: for barriers (WCAG 2.2 A and AA) with axe, for what was not
// loaded or was asked of another server, for pages wider than the window; and takes pictures.

import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import puppeteer from 'puppeteer-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export async function visitor(portal, pictures) {
  mkdirSync(pictures, { recursive: true });
  const browser = await puppeteer.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--force-color-profile=srgb'],
  });
  const faults = [];

  // A page in which what goes wrong is noted; `expected` = statuses that are meant, `servers`
  // = others than the portal that may be asked.
  async function open(name, { script = true, width = 1280, expected = [], context = browser, servers = [] } = {}) {
    const ours = [portal, ...servers].map((server) => new URL(server).origin);
    const page = await context.newPage();
    await page.setJavaScriptEnabled(script);
    await page.setViewport({ width, height: 900 });
    page.on('pageerror', (error) => faults.push(`${name}: script: ${error.message}`));
    page.on('console', (message) => {
      // A refused address is a console error too; the responses below tell which are meant.
      const refused = message.text().startsWith('Failed to load resource');
      if (message.type() === 'error' && !refused) faults.push(`${name}: console: ${message.text()}`);
    });
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.protocol !== 'data:' && !ours.includes(url.origin)) faults.push(`${name}: asks ${url.origin}`);
    });
    page.on('requestfailed', (request) => faults.push(`${name}: not loaded: ${request.url()}`));
    page.on('response', (response) => {
      if (response.status() >= 400 && !expected.includes(response.status())) {
        faults.push(`${name}: ${response.status()} ${response.url()}`);
      }
    });
    return page;
  }

  // Looks at the page that is open, and keeps its picture; `asked` = rules of axe's that the
  // visitor asked to have broken.
  async function look(name, page, { script = true, picture = true, asked = [] } = {}) {
    if (picture) await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: true });
    if (!script) return;
    // The page forbids foreign scripts; axe runs beside it, not in it.
    await page.evaluate(axe);
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const found = await page.evaluate((values) => axe.run(document, { runOnly: { type: 'tag', values } }), tags);
    for (const violation of found.violations) {
      if (asked.includes(violation.id)) continue;
      const where = violation.nodes.map((node) => node.target.join(' ')).slice(0, 3).join('; ');
      faults.push(`${name}: ${violation.id}: ${violation.help} at ${where}`);
    }
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
    if (wide) faults.push(`${name}: the page is wider than the window`);
  }

  // Presses something that leads to another page.
  async function press(page, target) {
    const pressed = typeof target === 'string' ? page.click(target) : target.click();
    await Promise.all([page.waitForNavigation({ waitUntil: 'networkidle0' }), pressed]);
  }

  return {
    browser,
    faults,
    open,
    look,
    press,
    // Signs in at the demo as an invented person, in a browser of their own; gives their page.
    async enter(navn, options = {}) {
      const context = await browser.createBrowserContext();
      const page = await open(navn, { ...options, context });
      await page.goto(`${portal}/log-ind`, { waitUntil: 'networkidle0' });
      for (const button of await page.$$('main button')) {
        const words = await button.evaluate((element) => element.textContent);
        if (!words.includes(navn)) continue;
        await press(page, button);
        return page;
      }
      throw new Error(`no button for ${navn}`);
    },
    // Opens an address of the portal, looks, and closes it again.
    async visit(name, path, options = {}) {
      const page = await open(name, options);
      const response = await page.goto(portal + path, { waitUntil: 'networkidle0' });
      await look(name, page, options);
      const hrefs = await page.$$eval('main a[href]', (links) => links.map((link) => link.getAttribute('href')));
      await page.close();
      return { status: response.status(), hrefs };
    },
    // What somebody sees on the page that is open.
    async says(name, page, ...wanted) {
      const text = await page.evaluate(() => document.body.innerText);
      for (const words of wanted) {
        if (!text.includes(words)) faults.push(`${name}: does not say "${words}"`);
      }
      return text;
    },
    async end() {
      await browser.close();
      for (const fault of faults) console.log(fault);
      console.log(`${faults.length} findings; pictures in ${pictures}`);
      process.exit(faults.length === 0 ? 0 : 1);
    },
  };
}
