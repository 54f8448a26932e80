// A person signs in at an OpenID provider that we did not write, sees what is theirs, is
// told what is not, and signs out.
// Usage: node sign_in.mjs PORTAL-URL PICTURE-FOLDER PROVIDER-URL

import { visitor } from './visitor.mjs';

const [portal, pictures, provider] = process.argv.slice(2);
const { faults, open, look, says, press, end } = await visitor(portal, pictures);

const page = await open('login', { expected: [403], servers: [provider] });
// The provider logs in whom the address names, without a page of its own.
let account = 'karen';
await page.setRequestInterception(true);
page.on('request', (request) => {
  const url = new URL(request.url());
  const asks = request.url().startsWith(provider) && url.searchParams.has('code_challenge');
  if (asks && !url.searchParams.has('login_hint')) {
    url.searchParams.set('login_hint', account);
    return request.respond({ status: 303, headers: { location: url.href } });
  }
  return request.continue();
});

await page.goto(`${portal}/bilag?tilstand=afvist`, { waitUntil: 'networkidle0' });
if (!page.url().includes('/log-ind?til=%2Fbilag')) faults.push(`not led to the login but to ${page.url()}`);
await look('login', page);
await press(page, 'main a.button-primary');
if (page.url() !== `${portal}/bilag?tilstand=afvist`) faults.push(`led to ${page.url()} after the login`);
await says('login', page, 'Karen Opdigtet-Ærø', 'Find bilag');
await look('logget-ind', page);
const cookies = await page.cookies();
const session = cookies.find((cookie) => cookie.name === 'oir_session');
if (!session?.httpOnly || session.sameSite !== 'Lax') faults.push(`session cookie: ${JSON.stringify(session)}`);

await page.goto(`${portal}/log`, { waitUntil: 'networkidle0' });
await says('log', page, 'Dine roller giver ikke adgang til siden');
await look('ingen-adgang', page);
await page.goto(`${portal}/roller`, { waitUntil: 'networkidle0' });
await says('roller', page, 'Bruger i økonomi, finans (Viborg)');
await press(page, '.who button');
await page.goto(`${portal}/bilag`, { waitUntil: 'networkidle0' });
if (!page.url().includes('/log-ind')) faults.push('still signed in after signing out');

// Whoever holds no role here is told so.
await page.browserContext().deleteCookie(...(await page.browserContext().cookies()));
account = 'jens';
await press(page, 'main a.button-primary');
await says('uden rolle', page, 'Du har ingen rolle i ØiR');
await look('uden-rolle', page);

await end();
