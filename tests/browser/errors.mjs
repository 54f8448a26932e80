// What the walks of the list of errors share.

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
