// Who uses the console: signing in and out, and the token that requests carry. Tokens stand in this module's variables
// and nowhere else, so a reload asks the provider again, whose own session answers. On one machine nobody signs in.

import { begin, claimsOf, discover, finish, refresh, revoke, SignInError, signOutAddress } from "./oidc.js";
import { withWords } from "./words.js";

/**
 * @typedef {object} Config how this deployment is set up, as the page says it
 * @property {import("./oidc.js").Provider | null} signIn how to sign in; null where nobody does
 * @property {boolean} local whether this is a system on one machine, with its mailbox
 *
 * @typedef {object} Me what `GET /v1/me` answers
 * @property {string} name
 * @property {string[]} roles
 * @property {string[]} mayActAs
 *
 * @typedef {import("./oidc.js").Attempt & { wanted: string }} Kept
 */

/** @type {Config} */
let config = { signIn: null, local: false };

/** @type {import("./oidc.js").Endpoints | null} */
let endpoints = null;

/** @type {import("./oidc.js").Tokens | null} */
let tokens = null;

/** Whose console this is, by the provider's id; it stays while tokens come and go. */
let subject = "";

/** When the token that is sent ends, on the clock that runs since this page was opened. */
let endsAt = 0;

/** @type {Me} */
let me = { name: "", roles: [], mayActAs: [] };

/** @type {Promise<boolean> | null} */
let renewing = null;

/** Whether signing in again was put off: then what a page asks of its own accord does not ask for it. */
let putOff = false;

/** How long before its end a token counts as ended, in milliseconds: a request must still arrive. */
const MARGIN = 20_000;

/** What is kept over the way to the provider and back; no token is ever among it. */
const ATTEMPT = "beckon.sign-in.";

/** Set while somebody signs out, so that the page does not sign them in again at once. */
const SIGNED_OUT = "beckon.signed-out";

/** At the end of the state of a sign-in in a window of its own. */
const IN_A_WINDOW = ".window";

const CHANNEL = "beckon.sign-in";

/** Where the provider sends its answers. It is registered there, so it is the same for every page. */
const redirect = `${location.origin}/`;

/** How this deployment is set up. */
export function setup() {
  return config;
}

/** Whether the provider has signed somebody in, whatever the API says of them. */
export function isSignedIn() {
  return tokens !== null;
}

/** Who is signed in. */
export function person() {
  return me;
}

/** Whose console this is, by the provider's id; empty where nobody signs in. */
export function whose() {
  return subject;
}

/** The roles whose operations are open to whoever is signed in. */
export function roles() {
  return me.mayActAs;
}

/**
 * Finds out who is there. Gives `in`, or `out` if they have just signed out; on the way to the provider it gives nothing.
 * In the window of a sign-in that another page has begun, it gives what became of the answer.
 *
 * @returns {Promise<"in" | "out" | "handed over" | "nobody there">}
 */
export async function start() {
  const answer = takeAnswer();
  config = JSON.parse(document.documentElement.dataset["setup"] ?? "{}");
  if (answer?.get("state")?.endsWith(IN_A_WINDOW)) return handOver(answer);
  if (config.signIn) {
    if (answer) {
      const kept = take(answer.get("state") ?? "");
      // Nobody here has asked for this answer, or it was read already.
      if (!kept) throw new SignInError("ended");
      history.replaceState(null, "", kept.wanted);
      setTokens(await finish(provider(), await ends(), redirect, kept, answer));
    } else if (sessionStorage.getItem(SIGNED_OUT)) {
      sessionStorage.removeItem(SIGNED_OUT);
      return "out";
    } else {
      return signIn();
    }
  }
  await askWho();
  return "in";
}

/** The provider's answer in the address, if there is one; it is gone from there at once. */
function takeAnswer() {
  const query = new URLSearchParams(location.search);
  if (!query.has("state") || !(query.has("code") || query.has("error"))) return null;
  history.replaceState(null, "", redirect);
  return query;
}

/** @returns {import("./oidc.js").Provider} */
function provider() {
  if (!config.signIn?.clientId) throw new SignInError("notSetUp");
  return config.signIn;
}

async function ends() {
  endpoints ??= await discover(provider().issuer);
  return endpoints;
}

/**
 * Leaves for the provider, and comes back to the page that is shown now.
 *
 * @returns {Promise<never>}
 */
export async function signIn() {
  const { address, attempt } = await begin(provider(), await ends(), redirect);
  /** @type {Kept} */
  const kept = { ...attempt, wanted: location.pathname + location.search + location.hash };
  sessionStorage.setItem(ATTEMPT + attempt.state, JSON.stringify(kept));
  location.replace(address);
  return new Promise(() => {});
}

/**
 * What was kept for an answer; it counts once.
 *
 * @param {string} state
 * @returns {Kept | null}
 */
function take(state) {
  const text = sessionStorage.getItem(ATTEMPT + state);
  for (const name of Object.keys(sessionStorage)) if (name.startsWith(ATTEMPT)) sessionStorage.removeItem(name);
  return text ? JSON.parse(text) : null;
}

/** @param {import("./oidc.js").Tokens} fresh */
function setTokens(fresh) {
  tokens = fresh;
  putOff = false;
  subject = fresh.subject;
  // Of a short life a tenth is enough for a request to arrive.
  endsAt = performance.now() + Math.max(fresh.lifetime * 900, fresh.lifetime * 1_000 - MARGIN);
}

/** Asks the API who this is. What it refuses here it would refuse everywhere. */
async function askWho() {
  const answer = await fetch("/v1/me", { cache: "no-store", headers: bearer() }).catch(() => null);
  if (answer?.status === 401) throw notAccepted(answer);
  if (!answer?.ok) throw new SignInError("away", String(answer?.status ?? ""));
  me = await answer.json();
}

/** @returns {{ [name: string]: string }} */
function bearer() {
  return tokens ? { Authorization: `Bearer ${tokens.sent}` } : {};
}

/**
 * Why the API may not take a token that the provider has just made.
 *
 * @param {Response} answer
 */
function notAccepted(answer) {
  const said = answer.headers.get("www-authenticate")?.match(/error_description="([^"]*)"/)?.[1] ?? "";
  const claims = claimsOf(tokens?.sent);
  if (/audience/.test(said))
    return new SignInError("audience", [claims?.["aud"] ?? claims?.["client_id"] ?? "–"].flat().join(", "));
  const there = Date.parse(answer.headers.get("date") ?? "") / 1_000;
  const made = Math.max(Number(claims?.["iat"] ?? 0), Number(claims?.["nbf"] ?? 0));
  // A second is lost where a header has no fractions.
  const isEarly = there + 1 < made;
  const isLate = there > Number(claims?.["exp"] ?? Number.POSITIVE_INFINITY);
  if (claims && (isEarly || isLate)) return new SignInError("clock", String(Math.round(Math.abs(there - made) / 60)));
  return new SignInError("notAccepted", said);
}

/**
 * The headers by which a request says who sends it; null if nobody is signed in any more. Waits until there is a token
 * that counts.
 *
 * @param {boolean} [quiet] whether nobody waits for the answer
 * @returns {Promise<{ [name: string]: string } | null>}
 */
export async function credentials(quiet = false) {
  if (config.signIn && performance.now() > endsAt && !(await renewOnce(quiet))) return null;
  return bearer();
}

/**
 * Called when the API does not take a token. Answers whether the request may be sent again.
 *
 * @param {{ [name: string]: string }} sent the headers that it did not take
 * @param {boolean} [quiet] whether nobody waits for the answer
 * @returns {Promise<boolean>}
 */
export async function renew(sent, quiet = false) {
  if (!config.signIn) return false;
  const isStale = tokens !== null && sent["Authorization"] !== bearer()["Authorization"];
  return isStale || renewOnce(quiet);
}

/** However many requests wait for it, there is one renewal at a time. Answers whether there is a fresh token. @param {boolean} quiet */
function renewOnce(quiet) {
  renewing ??= renewTokens(quiet).finally(() => {
    renewing = null;
  });
  return renewing;
}

/** @param {boolean} quiet */
async function renewTokens(quiet) {
  const failed = await renewQuietly();
  if (!failed) return true;
  if (quiet && putOff) return false;
  // It is rarely needed, so it is fetched when it is.
  const { askToSignIn } = await withWords(import("./sign_in_again.js"));
  putOff = !(await askToSignIn(failed, renewQuietly));
  return !putOff;
}

/**
 * Renews the tokens without anybody noticing; gives why it cannot.
 *
 * @returns {Promise<SignInError | null>}
 */
async function renewQuietly() {
  try {
    if (!tokens) throw new SignInError("ended");
    setTokens(await refresh(provider(), await ends(), tokens));
    return null;
  } catch (error) {
    return error instanceof SignInError ? error : new SignInError("unexpected");
  }
}

/**
 * Begins a sign-in in a window of its own, so that the page stays as it is. Gives the address for the window, and what
 * comes of it.
 *
 * @param {AbortSignal} signal gives it up
 */
export async function signInElsewhere(signal) {
  const { address, attempt } = await begin(provider(), await ends(), redirect, IN_A_WINDOW);
  const channel = new BroadcastChannel(CHANNEL);
  signal.addEventListener("abort", () => channel.close());
  /** @type {Promise<void>} */
  const done = new Promise((resolve, reject) => {
    channel.onmessage = async ({ data }) => {
      if (data?.state !== attempt.state || typeof data.answer !== "string") return;
      channel.postMessage({ state: attempt.state, heard: true });
      try {
        const fresh = await finish(provider(), await ends(), redirect, attempt, new URLSearchParams(data.answer));
        // What was typed here was typed by somebody else than would send it.
        if (subject !== fresh.subject) throw new SignInError("otherPerson");
        setTokens(fresh);
        resolve();
      } catch (error) {
        reject(error);
      }
    };
  });
  return { address, done };
}

/**
 * In the window of such a sign-in: gives the answer to the page that asked. Gives whether that page is still there.
 *
 * @param {URLSearchParams} answer
 * @returns {Promise<"handed over" | "nobody there">}
 */
function handOver(answer) {
  const state = answer.get("state");
  const channel = new BroadcastChannel(CHANNEL);
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve("nobody there"), 3_000);
    channel.onmessage = ({ data }) => {
      if (data?.state !== state || !data.heard) return;
      clearTimeout(timer);
      resolve("handed over");
      window.close();
    };
    channel.postMessage({ state, answer: answer.toString() });
  });
}

/** Signs out here and at the provider. Gives nothing where the provider's page comes next. */
export async function signOut() {
  const before = tokens;
  tokens = null;
  endsAt = 0;
  sessionStorage.setItem(SIGNED_OUT, "yes");
  if (before) {
    const known = await ends();
    await revoke(provider(), known, before);
    const address = signOutAddress(provider(), known, before.id, redirect);
    if (address) {
      location.replace(address);
      return new Promise(() => {});
    }
  }
  location.replace(redirect);
  return new Promise(() => {});
}
