// Who uses the console. On one machine nobody signs in: whoever reaches the page may do everything.

/**
 * @typedef {object} Config what `GET /console/config` answers
 * @property {unknown} signIn how to sign in; null where nobody does
 * @property {boolean} local whether this is a system on one machine, with its mailbox
 * @property {string} version of the pages that are served now
 */

/** @type {Config} */
let config = { signIn: null, local: false, version: "" };

/** Reads how this deployment is set up. */
export async function start() {
  const answer = await fetch("/console/config", { cache: "no-store" });
  if (!answer.ok) throw new Error(`the configuration answered ${answer.status}`);
  config = await answer.json();
}

/** How this deployment is set up. */
export function setup() {
  return config;
}

/**
 * The headers by which a request says who sends it.
 *
 * @returns {Promise<{ [name: string]: string }>}
 */
export async function credentials() {
  return {};
}

/**
 * Called when the API no longer knows the caller. Answers whether the request may be sent again.
 *
 * @returns {Promise<boolean>}
 */
export async function renew() {
  return false;
}

/**
 * The roles of whoever is signed in.
 *
 * @returns {readonly string[] | "all"}
 */
export function roles() {
  return "all";
}
