// Operation makes the key of a machine, sees it once, and ends it, in the demo.
// Usage: node keys.mjs PORTAL-URL PICTURE-FOLDER

import { visitor } from './visitor.mjs';

const [portal, pictures] = process.argv.slice(2);
const { faults, look, says, press, enter, end } = await visitor(portal, pictures);

const page = await enter('Jon', { expected: [400] });
await page.goto(`${portal}/roller`, { waitUntil: 'networkidle0' });
await press(page, 'main a[href="/noegler"]');
await says('noegler-tom', page, 'Der er ingen nøgler endnu');
await look('noegler-tom', page);
await press(page, 'a[href="/noegler/ny"]');
await look('noegle-ny', page);
await press(page, 'main button[type="submit"]');
await says('noegle-fejl', page, 'Ret oplysningerne', 'Giv nøglen et navn på 1 til 80 tegn');
await look('noegle-fejl', page);
await page.type('#navn', 'KSD i drift');
await page.evaluate(() => {
  const system = document.querySelector('#system');
  system.value = [...system.options].find((option) => option.label.startsWith('KSD')).value;
  document.querySelector('input[name="kommune"]').checked = true;
  document.querySelector('input[value="bilag:send"]').checked = true;
});
await press(page, 'main button[type="submit"]');
await look('noegle-lavet', page);
const secret = await page.$eval('#noegle', (field) => field.value);
if (!/^oir_[0-9a-f]{32}_[0-9a-f]{64}_[0-9a-f]{8}$/.test(secret)) faults.push('no key was shown');
await page.reload({ waitUntil: 'networkidle0' });
if ((await page.content()).includes(secret)) faults.push('a reload shows the key again');
await says('noegle', page, 'KSD i drift', 'Forny nøglen', 'Afslut nøglen');
await look('noegle', page);
await page.type('#grund', 'Tabt på et møde');
await press(page, 'form[action$="/afslut"] button');
await says('noegle-afsluttet', page, 'Afsluttet', 'Tabt på et møde');
await page.setViewport({ width: 360, height: 800 });
await page.goto(`${portal}/noegler`, { waitUntil: 'networkidle0' });
await look('noegler-smal', page);
await end();
