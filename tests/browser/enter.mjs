// Signing in to a demo as one of its invented persons, and what people do on its pages.

// Signs in as a person, in a browser of their own; gives their page.
export async function enter(portal, { browser, open }, navn, expected = []) {
  const context = await browser.createBrowserContext();
  const page = await open(navn, { context, expected });
  await page.goto(`${portal}/log-ind`, { waitUntil: 'networkidle0' });
  for (const button of await page.$$('main button')) {
    const words = await button.evaluate((element) => element.textContent);
    if (words.includes(navn)) {
      await Promise.all([page.waitForNavigation({ waitUntil: 'networkidle0' }), button.click()]);
      return page;
    }
  }
  throw new Error(`no button for ${navn}`);
}

// Looks at the page that is open at a desk and on a telephone.
export async function both(look, name, page) {
  await look(name, page);
  await page.setViewport({ width: 390, height: 900 });
  await look(`${name}-telefon`, page);
  await page.setViewport({ width: 1280, height: 900 });
}

// The lines of the list of errors that is open: where each leads and what it says.
export async function causes(page) {
  return page.$$eval('main tbody tr', (rows) =>
    rows.map((row) => {
      const cell = (title) => row.querySelector(`[data-title="${title}"]`)?.textContent.trim() ?? '';
      return {
        href: row.querySelector('a').getAttribute('href'),
        state: cell('Tilstand'),
        count: Number(cell('Antal').replaceAll('.', '')),
        holder: cell('Taget af'),
      };
    }),
  );
}

// Fills in what has words or a day.
export async function write(page, selector, value) {
  await page.$eval(selector, (field, text) => { field.value = text; }, value);
}
