// A certified OpenID provider on loopback, with the client of the console. Started by sign_in.py, which changes what it
// does while it runs.
//
//   node provider.mjs '{"port": 3000, "console": "http://127.0.0.1:8080"}'

import { Provider } from "oidc-provider";

const { port, console: address } = JSON.parse(process.argv[2]);

/** What the checks may change. */
const settings = {
  /** Which roles each person has. */
  roles: {},
  /** For how long tokens count, in seconds. */
  lifetime: 600,
  /** Whether there are refresh tokens. */
  refresh: true,
  /** What access tokens are for, if not for what was asked. */
  audience: null,
  /** Whether it answers that it cannot answer. */
  down: false,
  /** By how many seconds its clock is ahead. */
  ahead: 0,
};

const clock = Date.now.bind(Date);
Date.now = () => clock() + settings.ahead * 1000;

const client = (id) => ({
  client_id: id,
  token_endpoint_auth_method: "none",
  grant_types: ["authorization_code", "refresh_token"],
  response_types: ["code"],
  redirect_uris: [`${address}/`],
  post_logout_redirect_uris: [`${address}/`],
});

const ROLES = "cognito:groups";

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [client("beckon"), client("beckon-console")],
  cookies: { keys: ["for these checks alone"] },
  claims: { openid: ["sub", ROLES], email: ["email", "email_verified"], profile: ["name"] },
  conformIdTokenClaims: false,
  clientBasedCORS: (_, origin) => origin === address,
  extraParams: ["audience"],
  extraTokenClaims: (_, token) => ({ [ROLES]: settings.roles[token.accountId] ?? [], email: `${token.accountId}@example.com` }),
  features: {
    devInteractions: { enabled: true },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: (context) => context.oidc.params.audience,
      useGrantedResource: () => true,
      getResourceServerInfo: (_, resource) => ({
        scope: "",
        audience: settings.audience ?? resource,
        accessTokenFormat: "jwt",
        jwt: { sign: { alg: "RS256" } },
      }),
    },
  },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: true, [ROLES]: settings.roles[id] ?? [] }),
  }),
  issueRefreshToken: () => settings.refresh,
  // Whoever runs the provider has agreed for everybody, as in a company.
  async loadExistingGrant({ oidc }) {
    const known = oidc.session.grantIdFor(oidc.client.clientId);
    if (known) return provider.Grant.find(known);
    const grant = new provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
    grant.addOIDCScope("openid email profile offline_access");
    await grant.save();
    return grant;
  },
  pkce: { methods: ["S256"], required: () => true },
  ttl: { IdToken: () => settings.lifetime, AccessToken: () => settings.lifetime },
});

provider.use(async (context, next) => {
  if (context.method === "PUT" && context.path === "/settings") {
    let text = "";
    for await (const part of context.req) text += part;
    Object.assign(settings, JSON.parse(text));
    context.status = 204;
  } else if (settings.down) {
    context.status = 503;
  } else {
    await next();
  }
});

provider.listen(port, "127.0.0.1", () => process.stdout.write("ready\n"));
