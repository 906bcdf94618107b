// OpenID Connect in the browser: the authorization code flow with PKCE, for a client that has no secret. This module
// speaks with the provider and keeps nothing; what a sign-in means for the page is said in session.js.

/**
 * @typedef {object} Provider how people sign in, as the page says it
 * @property {string} issuer
 * @property {string | null} clientId the console's client there; null if nobody has said which it is
 * @property {string} scope
 * @property {string | null} audience what the access token is asked for, where the provider wants to be told
 * @property {"id" | "access"} token which token the API takes
 * @property {string | null} signOut Cognito's own address for signing out
 *
 * @typedef {object} Endpoints what the provider says of itself
 * @property {string} authorization_endpoint
 * @property {string} token_endpoint
 * @property {string} [end_session_endpoint]
 * @property {string} [revocation_endpoint]
 * @property {boolean} [authorization_response_iss_parameter_supported]
 *
 * @typedef {object} Attempt a sign-in that was begun; it is over when its answer came
 * @property {string} state
 * @property {string} nonce
 * @property {string} verifier
 *
 * @typedef {{ [claim: string]: unknown }} Claims
 *
 * @typedef {object} Tokens
 * @property {string} sent what requests to the API carry
 * @property {string} id
 * @property {string | null} refresh
 * @property {string} subject whose they are
 * @property {number} lifetime of the token that is sent, in seconds
 */

/**
 * What may go wrong on the way to a token.
 *
 * @typedef {"away" | "notSetUp" | "unreachable" | "refused" | "denied" | "signInNeeded" | "unknownClient" | "wrongScope"
 *   | "ended" | "unexpected" | "otherPerson" | "blocked" | "audience" | "clock" | "notAccepted"} Reason
 */

/** A sign-in that did not succeed. */
export class SignInError extends Error {
  /**
   * @param {Reason} reason
   * @param {string} [detail] the provider's own words
   */
  constructor(reason, detail = "") {
    super(`${reason} ${detail}`);
    this.reason = reason;
    this.detail = detail;
  }
}

/** The errors of the protocol that have words of their own (RFC 6749, OpenID Connect Core). */
/** @type {{ [error: string]: Reason }} */
const REASONS = {
  access_denied: "denied",
  login_required: "signInNeeded",
  interaction_required: "signInNeeded",
  consent_required: "signInNeeded",
  account_selection_required: "signInNeeded",
  invalid_client: "unknownClient",
  unauthorized_client: "unknownClient",
  invalid_scope: "wrongScope",
  invalid_target: "wrongScope",
  invalid_grant: "ended",
  temporarily_unavailable: "unreachable",
  server_error: "unreachable",
};

/**
 * @param {unknown} error
 * @param {unknown} description
 */
function fromProvider(error, description) {
  const words = [error, description].filter((text) => typeof text === "string" && text).join(": ");
  return new SignInError(REASONS[String(error)] ?? "refused", words);
}

/** How long the provider may take to answer, in milliseconds. */
const PATIENCE = 15_000;

/**
 * @param {string} address
 * @param {{ [name: string]: string }} [form]
 * @returns {Promise<any>} the document of an answer that is a success
 */
async function ask(address, form) {
  /** @type {RequestInit} */
  const request = { cache: "no-store", credentials: "omit", redirect: "follow", signal: AbortSignal.timeout(PATIENCE) };
  if (form) Object.assign(request, { method: "POST", body: new URLSearchParams(form) });
  const answer = await fetch(address, request).catch(() => null);
  if (!answer) throw new SignInError("unreachable");
  const document = await answer.json().catch(() => null);
  if (answer.ok && document && typeof document === "object") return document;
  if (document && typeof document.error === "string") throw fromProvider(document.error, document.error_description);
  throw new SignInError(
    answer.status >= 500 || answer.status === 429 ? "unreachable" : "unexpected",
    String(answer.status),
  );
}

/** @param {unknown} address */
function isSafe(address) {
  const url = typeof address === "string" && URL.canParse(address) ? new URL(address) : null;
  return url !== null && (url.protocol === "https:" || ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname));
}

/**
 * Asks a provider for its endpoints.
 *
 * @param {string} issuer
 * @returns {Promise<Endpoints>}
 */
export async function discover(issuer) {
  const found = await ask(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
  const whole = isSafe(found.authorization_endpoint) && isSafe(found.token_endpoint);
  if (found.issuer !== issuer || !whole) throw new SignInError("unexpected", String(found.issuer));
  return found;
}

/** @param {Uint8Array | ArrayBuffer} bytes */
function base64url(bytes) {
  const text = String.fromCharCode(...new Uint8Array(bytes));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** 256 random bits. */
function random() {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

/**
 * Begins a sign-in: gives the address to go to, and what must be kept until the answer comes.
 *
 * @param {Provider} provider
 * @param {Endpoints} endpoints
 * @param {string} redirect where the answer goes
 * @param {string} [mark] stands at the end of the state
 * @returns {Promise<{ address: string, attempt: Attempt }>}
 */
export async function begin(provider, endpoints, redirect, mark = "") {
  const attempt = { state: random() + mark, nonce: random(), verifier: random() };
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(attempt.verifier));
  const address = new URL(endpoints.authorization_endpoint);
  const parameters = {
    response_type: "code",
    client_id: provider.clientId ?? "",
    redirect_uri: redirect,
    scope: provider.scope,
    state: attempt.state,
    nonce: attempt.nonce,
    code_challenge: base64url(digest),
    code_challenge_method: "S256",
    ...(provider.audience ? { audience: provider.audience } : {}),
  };
  for (const [name, value] of Object.entries(parameters)) address.searchParams.set(name, value);
  return { address: address.href, attempt };
}

/**
 * Exchanges the provider's answer for tokens.
 *
 * @param {Provider} provider
 * @param {Endpoints} endpoints
 * @param {string} redirect
 * @param {Attempt} attempt
 * @param {URLSearchParams} answer
 * @returns {Promise<Tokens>}
 */
export async function finish(provider, endpoints, redirect, attempt, answer) {
  const issuer = answer.get("iss");
  const mustName = endpoints.authorization_response_iss_parameter_supported === true;
  if ((issuer ?? (mustName ? null : provider.issuer)) !== provider.issuer) throw new SignInError("unexpected", "iss");
  const error = answer.get("error");
  if (error) throw fromProvider(error, answer.get("error_description"));
  const code = answer.get("code");
  if (!code || answer.get("state") !== attempt.state) throw new SignInError("unexpected", "state");
  const tokens = await ask(endpoints.token_endpoint, {
    grant_type: "authorization_code",
    code,
    redirect_uri: redirect,
    client_id: provider.clientId ?? "",
    code_verifier: attempt.verifier,
  });
  return read(provider, tokens, { nonce: attempt.nonce });
}

/**
 * Asks for new tokens without anybody noticing.
 *
 * @param {Provider} provider
 * @param {Endpoints} endpoints
 * @param {Tokens} before
 * @returns {Promise<Tokens>}
 */
export async function refresh(provider, endpoints, before) {
  if (!before.refresh) throw new SignInError("ended");
  const tokens = await ask(endpoints.token_endpoint, {
    grant_type: "refresh_token",
    refresh_token: before.refresh,
    client_id: provider.clientId ?? "",
  });
  return read(provider, tokens, { before });
}

/**
 * What stands in a token. Nothing here checks its signature: it came from the provider itself over a connection that
 * names it (OpenID Connect Core, 3.1.3.7), and the API checks every token that it is sent.
 *
 * @param {unknown} token
 * @returns {Claims | null}
 */
export function claimsOf(token) {
  try {
    const part = String(token).split(".")[1] ?? "";
    const bytes = Uint8Array.from(atob(part.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes));
    return claims && typeof claims === "object" ? claims : null;
  } catch {
    return null;
  }
}

/**
 * @param {Provider} provider
 * @param {any} answer
 * @param {{ nonce?: string, before?: Tokens }} expected
 * @returns {Tokens}
 */
function read(provider, answer, { nonce, before }) {
  const renewed = answer.id_token === undefined && before && provider.token === "access";
  const id = renewed ? before.id : answer.id_token;
  const claims = claimsOf(id);
  if (!claims || typeof claims["sub"] !== "string") throw new SignInError("unexpected", "id_token");
  const audiences = [claims["aud"]].flat();
  const isOurs = claims["iss"] === provider.issuer && audiences.includes(provider.clientId);
  const isAnswer = nonce === undefined ? before?.subject === claims["sub"] : claims["nonce"] === nonce;
  if (!isOurs || !isAnswer) throw new SignInError("unexpected", "id_token");
  const sent = provider.token === "id" ? id : answer.access_token;
  if (typeof sent !== "string" || !sent) throw new SignInError("unexpected", "access_token");
  return {
    sent,
    id,
    refresh: typeof answer.refresh_token === "string" ? answer.refresh_token : (before?.refresh ?? null),
    subject: claims["sub"],
    lifetime: lifetimeOf(sent) ?? Number(answer.expires_in ?? 300),
  };
}

/**
 * For how long a token counts from its making. The clock of this machine may be wrong, so no moment is compared with it.
 *
 * @param {string} token
 */
function lifetimeOf(token) {
  const claims = claimsOf(token);
  const [from, to] = [claims?.["iat"], claims?.["exp"]];
  return typeof from === "number" && typeof to === "number" ? to - from : null;
}

/**
 * Where somebody signs out at the provider; null if it has no such address.
 *
 * @param {Provider} provider
 * @param {Endpoints} endpoints
 * @param {string} idToken
 * @param {string} back where the provider sends them afterwards
 */
export function signOutAddress(provider, endpoints, idToken, back) {
  const at = provider.signOut ?? endpoints.end_session_endpoint;
  if (!at || !isSafe(at)) return null;
  const address = new URL(at);
  const parameters = provider.signOut
    ? { client_id: provider.clientId ?? "", logout_uri: back }
    : { client_id: provider.clientId ?? "", id_token_hint: idToken, post_logout_redirect_uri: back };
  for (const [name, value] of Object.entries(parameters)) address.searchParams.set(name, value);
  return address.href;
}

/**
 * Tells the provider that a refresh token is not needed any more. It expires by itself as well.
 *
 * @param {Provider} provider
 * @param {Endpoints} endpoints
 * @param {Tokens} tokens
 */
export async function revoke(provider, endpoints, tokens) {
  const at = endpoints.revocation_endpoint;
  if (!tokens.refresh || !at || !isSafe(at)) return;
  const body = new URLSearchParams({
    token: tokens.refresh,
    token_type_hint: "refresh_token",
    client_id: provider.clientId ?? "",
  });
  await fetch(at, {
    method: "POST",
    body,
    credentials: "omit",
    keepalive: true,
    signal: AbortSignal.timeout(2_000),
  }).catch(() => null);
}
