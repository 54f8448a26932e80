// A provider that lies, in the ways that a sound one cannot be made to. Usage: node
// forger.mjs; the first line of stdout is the issuer, and it ends when its stdin does. A
// code is `<lie>~<nonce>`; GET /fetched says how often the keys were asked for.
import { constants, createHmac, generateKeyPairSync, sign } from "node:crypto";
import { createServer } from "node:http";

const rsa = () => generateKeyPairSync("rsa", { modulusLength: 2048 });
const [first, second, stranger] = [rsa(), rsa(), rsa()];
const curve = generateKeyPairSync("ec", { namedCurve: "P-256" });
const shown = ({ publicKey }, kid) => ({
  ...publicKey.export({ format: "jwk" }),
  kid,
  use: "sig",
});
let published = [shown(first, "first"), shown(curve, "curve")];
let fetched = 0;

const encoded = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const signers = {
  none: () => Buffer.alloc(0),
  RS256: (text, { privateKey }) => sign("sha256", text, privateKey),
  RS512: (text, { privateKey }) => sign("sha512", text, privateKey),
  PS256: (text, { privateKey }) =>
    sign("sha256", text, {
      key: privateKey,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: 32,
    }),
  ES256: (text, { privateKey }) =>
    sign("sha256", text, { key: privateKey, dsaEncoding: "ieee-p1363" }),
  HS256: (text, password) => createHmac("sha256", password).update(text).digest(),
};
const token = (claims, alg = "RS256", key = first, kid = "first") => {
  const text = `${encoded({ alg, kid })}.${encoded(claims)}`;
  return `${text}.${signers[alg](text, key).toString("base64url")}`;
};
const pem = () => first.publicKey.export({ type: "spki", format: "pem" });

const lies = {
  sound: (c) => token(c),
  es256: (c) => token(c, "ES256", curve, "curve"),
  ps256: (c) => token(c, "PS256"),
  rs512: (c) => token(c, "RS512"),
  none: (c) => token(c, "none"),
  "none without key": (c) => token(c, "none", first, undefined),
  "hs256 by the public key": (c) => token(c, "HS256", pem()),
  "hs256 by our secret": (c) => token(c, "HS256", "shared"),
  "another issuer": (c) => token({ ...c, iss: "https://provider.example" }),
  "another audience": (c) => token({ ...c, aud: "other" }),
  "a second audience": (c) => token({ ...c, aud: ["oir", "other"] }),
  "another authorised party": (c) => token({ ...c, azp: "other" }),
  "another nonce": (c) => token({ ...c, nonce: "other" }),
  "no nonce": ({ nonce, ...c }) => token(c),
  "from the future": (c) => token({ ...c, iat: c.iat + 3600, exp: c.exp + 3600 }),
  "a stranger's key": (c) => token(c, "RS256", stranger, "stranger"),
  "a stranger's key under a known name": (c) => token(c, "RS256", stranger),
  "a new key": (c) => {
    published = [shown(second, "second")];
    return token(c, "RS256", second, "second");
  },
  "changed after signing": (c) => {
    const [head, , end] = token(c).split(".");
    return `${head}.${encoded({ ...c, sub: "someone else" })}.${end}`;
  },
  "no token": () => undefined,
  "no token at all": () => "not a token",
};

const server = createServer();
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const base = `http://127.0.0.1:${server.address().port}`;

const discovery = (issuer) => ({
  issuer,
  authorization_endpoint: `${base}/auth`,
  token_endpoint: `${base}/token`,
  jwks_uri: `${base}/jwks`,
  response_types_supported: ["code"],
  subject_types_supported: ["public"],
  id_token_signing_alg_values_supported: ["RS256", "HS256", "none"],
});
const outside = "http://provider.example";
const pages = {
  "": () => discovery(base),
  "/misnamed": () => discovery(base),
  "/open-keys": () => ({ ...discovery(`${base}/open-keys`), jwks_uri: `${outside}/jwks` }),
  "/open-login": () => ({
    ...discovery(`${base}/open-login`),
    authorization_endpoint: `${outside}/auth`,
  }),
};

const answers = (lie, nonce) => {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: base, aud: "oir", sub: "karen", name: "Karen Opdigtet", nonce };
  const id_token = lies[lie]({ ...claims, iat: now, exp: now + 300 });
  return { access_token: "a", token_type: "Bearer", id_token };
};
const odd = {
  large: [200, { filler: "x".repeat(2 * 1024 * 1024) }],
  away: [503, {}],
  "sent on": [302, {}],
  busy: [400, { error: "temporarily_unavailable", error_description: "karen" }],
  refused: [400, { error: "invalid_grant", error_description: "karen" }],
};

const respond = (url, body) => {
  const config = "/.well-known/openid-configuration";
  if (url.endsWith(config)) return [200, pages[url.slice(0, -config.length)]()];
  if (url === "/fetched") return [200, fetched];
  if (url === "/jwks") {
    fetched += 1;
    return [200, { keys: published }];
  }
  const [lie, nonce] = new URLSearchParams(body).get("code").split("~");
  return odd[lie] ?? [200, answers(lie, nonce)];
};
server.on("request", async (request, response) => {
  let body = "";
  for await (const piece of request) body += piece;
  const [status, value] = respond(request.url, body);
  const headers = { "content-type": "application/json", location: `${base}/token` };
  response.writeHead(status, headers).end(JSON.stringify(value));
});

process.stdin.resume().on("end", () => process.exit(0));
console.log(base);
