// An OpenID provider that we did not write, for the tests of signing in. Its persons are
// invented. Usage: node provider.mjs REDIRECT_URI; the first line of stdout is the issuer,
// and it ends when its stdin does.
//
// The one liberty taken: instead of pages, the interaction logs in the account that the
// request's `login_hint` names and grants what was asked for, so that no browser is needed.
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";

// The library tells on stdout, where the first line is promised to the issuer, that keys and
// lifetimes want deciding before real use. What goes wrong comes on stderr.
console.info = console.warn = () => {};
const { Provider } = await import("oidc-provider");

const [redirectUri] = process.argv.slice(2);
const secret = "a secret: of 100 % invented characters";

const group = (cvr, ...names) =>
  `<PrivilegeGroup Scope="urn:dk:gov:saml:cvrNumberIdentifier:${cvr}">` +
  names.map((name) => `<Privilege>${name}</Privilege>`).join("") +
  "</PrivilegeGroup>";
const list = (...groups) =>
  Buffer.from(
    '<?xml version="1.0" encoding="UTF-8"?>' +
      '<bpp:PrivilegeList xmlns:bpp="http://digst.dk/oiosaml/basic_privilege_profile">' +
      `${groups.join("")}</bpp:PrivilegeList>`,
  ).toString("base64");

const people = {
  karen: {
    name: "Karen Opdigtet-Ærø",
    privileges_b64: list(
      group("29189846", "urn:oir:test:sagsbehandler", "urn:oir:test:godkender"),
      group("11111111", "urn:oir:test:sagsbehandler"),
    ),
    roles: ["29189846:sagsbehandler", "11111111:urn:oir:test:laeser"],
  },
  // Holds nothing, and has a name in parts.
  jens: { given_name: "Jens", family_name: "Påfund" },
  nobody: {},
  broken: { name: "Bo Brudt", privileges_b64: "PHA+", roles: ["sagsbehandler"] },
};

const key = (kid, alg, type, options) => ({
  ...generateKeyPairSync(type, options).privateKey.export({ format: "jwk" }),
  kid,
  alg,
  use: "sig",
});
const client = (id, alg) => ({
  client_id: id,
  client_secret: secret,
  redirect_uris: [redirectUri],
  id_token_signed_response_alg: alg,
});

const server = createServer();
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [client("oir", "RS256"), client("oir-es256", "ES256"), client("oir-ps256", "PS256")],
  jwks: {
    keys: [
      key("rs256", "RS256", "rsa", { modulusLength: 2048 }),
      key("ps256", "PS256", "rsa", { modulusLength: 2048 }),
      key("es256", "ES256", "ec", { namedCurve: "P-256" }),
    ],
  },
  enabledJWA: { idTokenSigningAlgValues: ["RS256", "ES256", "PS256"] },
  cookies: { keys: ["invented"] },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false } },
  // Claims stand in the identity token, where the access service puts them.
  conformIdTokenClaims: false,
  claims: { profile: ["name", "given_name", "family_name", "privileges_b64", "roles"] },
  findAccount: (_, id) =>
    id in people && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
  loadExistingGrant: async ({ oidc }) => {
    const grant = new provider.Grant({
      clientId: oidc.client.clientId,
      accountId: oidc.session.accountId,
    });
    grant.addOIDCScope([...oidc.requestParamScopes].join(" "));
    await grant.save();
    return grant;
  },
});

const answer = provider.callback();
server.on("request", async (request, response) => {
  if (!request.url.startsWith("/interaction/")) return answer(request, response);
  const { params } = await provider.interactionDetails(request, response);
  const login = { accountId: params.login_hint };
  return provider.interactionFinished(request, response, { login });
});

process.stdin.resume().on("end", () => process.exit(0));
console.log(issuer);
