// Requests to Beckon's public API: what they answer, what went wrong, and what may be sent again.

import { inBackground } from "./poll.js";
import { credentials, renew } from "./session.js";

/**
 * @typedef {"offline" | "problem" | "signedOut" | "refused"} Kind
 *   offline: no answer came; problem: the API answered with a problem document or could not answer;
 *   signedOut: the API does not know the caller any more; refused: the caller's roles do not suffice
 *
 * @typedef {object} Details
 * @property {number} status 0 if no answer came
 * @property {Schema<"Problem"> | null} problem
 * @property {boolean} [again] whether the request may be sent again without doing anything twice
 *
 * @typedef {object} Options
 * @property {{ [name: string]: string | number | boolean | readonly string[] | null | undefined }} [query]
 * @property {AbortSignal | undefined} [signal]
 * @property {string | null | undefined} [ifMatch]
 * @property {string | undefined} [idempotencyKey] with it, a request whose answer was lost is sent again with the same key
 * @property {boolean} [changesNothing] of a POST that only asks, which may be sent again like a GET
 * @property {string} [contentType] of a body that is no JSON
 * @property {"json" | "text" | "blob"} [as] what the answer is read as
 */

/**
 * @template T
 * @typedef {{ data: T, etag: string | null, headers: Headers, status: number }} Answer
 */

/** A request that did not succeed. */
export class ApiError extends Error {
  /**
   * @param {Kind} kind
   * @param {Details} details
   */
  constructor(kind, { status, problem, again = true }) {
    super(problem?.detail ?? `${kind} ${status}`);
    this.kind = kind;
    this.status = status;
    this.problem = problem;
    /** Whether the same request may be sent again without doing anything twice. */
    this.again = again;
  }

  /** The last part of the problem's type: `settings-changed`. */
  get code() {
    return this.problem?.type.split(":").at(-1) ?? "";
  }
}

/** Tells of requests that are being sent again: `waiting` with why, and `answered` when one came through. */
export const connection = new EventTarget();

/** Answers that say "later": too many requests, nobody there, no answer in time. */
const LATER = new Set([429, 502, 503, 504]);

/** How long to wait before each further attempt, in milliseconds. */
const WAITS = [400, 1_200, 3_000, 6_000];

/** @param {AbortSignal | undefined} signal */
function abortable(signal) {
  /** @param {number} milliseconds */
  return (milliseconds) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, milliseconds);
      signal?.addEventListener("abort", () => {
        clearTimeout(timer);
        reject(signal.reason);
      });
    });
}

/**
 * @param {string} path
 * @param {Options["query"]} query
 */
export function address(path, query = {}) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined || value === "") continue;
    for (const one of Array.isArray(value) ? value : [value]) parameters.append(name, String(one));
  }
  const text = parameters.toString();
  return text ? `${path}?${text}` : path;
}

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} body
 * @param {Options} options
 * @returns {Promise<Answer<any>>}
 */
async function send(method, path, body, options) {
  const repeatable =
    method === "GET" || options.changesNothing || options.idempotencyKey !== undefined || options.ifMatch != null;
  const wait = abortable(options.signal);
  let renewed = false;
  const quiet = inBackground();
  for (let attempt = 0; ; attempt += 1) {
    const more = repeatable && attempt < WAITS.length;
    const sender = await credentials(quiet);
    if (!sender) throw new ApiError("signedOut", { status: 401, problem: null });
    const answer = await once(method, path, body, options, sender);
    if (answer === null) {
      if (!more) {
        connection.dispatchEvent(new CustomEvent("answered"));
        throw new ApiError("offline", { status: 0, problem: null, again: repeatable || method !== "POST" });
      }
      connection.dispatchEvent(new CustomEvent("waiting", { detail: "offline" }));
      await wait(WAITS[attempt] ?? 0);
      continue;
    }
    if (LATER.has(answer.status) && more) {
      connection.dispatchEvent(new CustomEvent("waiting", { detail: "busy" }));
      const asked = Number(answer.headers.get("retry-after"));
      await wait(asked > 0 && asked <= 10 ? asked * 1_000 : (WAITS[attempt] ?? 0));
      continue;
    }
    connection.dispatchEvent(new CustomEvent("answered"));
    if (answer.status === 401 && !renewed && (await renew(sender, quiet))) {
      renewed = true;
      continue;
    }
    return read(answer, options);
  }
}

/**
 * One attempt; null if no answer came.
 *
 * @param {string} method
 * @param {string} path
 * @param {unknown} body
 * @param {Options} options
 * @param {{ [name: string]: string }} sender the headers that say who sends it
 * @returns {Promise<Response | null>}
 */
async function once(method, path, body, { query, signal, ifMatch, idempotencyKey, contentType }, sender) {
  const headers = { ...sender };
  if (ifMatch != null) headers["If-Match"] = ifMatch;
  if (idempotencyKey !== undefined) headers["Idempotency-Key"] = idempotencyKey;
  /** @type {RequestInit} */
  const request = { method, headers, cache: "no-store", signal: signal ?? null };
  if (body !== undefined) {
    headers["Content-Type"] = contentType ?? "application/json";
    request.body = contentType === undefined ? JSON.stringify(body) : /** @type {BodyInit} */ (body);
  }
  try {
    return await fetch(address(path, query), request);
  } catch (error) {
    if (signal?.aborted) throw error;
    return null;
  }
}

/**
 * @param {Response} answer
 * @param {Options} options
 * @returns {Promise<Answer<any>>}
 */
async function read(answer, { as = "json" }) {
  const { status } = answer;
  if (answer.ok) {
    try {
      const data = status === 204 ? null : await answer[as]();
      return { data, etag: answer.headers.get("etag"), headers: answer.headers, status };
    } catch {
      throw new ApiError("offline", { status: 0, problem: null });
    }
  }
  const problem = await answer
    .json()
    .then((document) => (typeof document?.type === "string" ? document : null))
    .catch(() => null);
  const kind = status === 401 ? "signedOut" : status === 403 ? "refused" : "problem";
  throw new ApiError(kind, { status, problem });
}

/** A fresh key for a request that may have to be sent again. */
export function freshKey() {
  return crypto.randomUUID();
}

export const api = {
  /**
   * Sent again by itself while no answer comes or the API is busy.
   *
   * @param {string} path
   * @param {Options} [options]
   */
  get: (path, options = {}) => send("GET", path, undefined, options),
  /**
   * @param {string} path
   * @param {unknown} [body]
   * @param {Options} [options]
   */
  post: (path, body, options = {}) => send("POST", path, body, options),
  /**
   * @param {string} path
   * @param {unknown} body
   * @param {Options} [options]
   */
  put: (path, body, options = {}) => send("PUT", path, body, options),
  /**
   * @param {string} path
   * @param {unknown} body
   * @param {Options} [options]
   */
  patch: (path, body, options = {}) => send("PATCH", path, body, options),
  /**
   * @param {string} path
   * @param {Options} [options]
   */
  delete: (path, options = {}) => send("DELETE", path, undefined, options),
};

/**
 * Rows of a list from a cursor on: at least so many, if there are as many. A page of the API may be short, even empty, and
 * not be the last.
 *
 * @param {string} path
 * @param {object} options
 * @param {Options["query"]} [options.query]
 * @param {string | null} [options.cursor]
 * @param {number} [options.least]
 * @param {number} [options.most] how many are wanted, if they are found within `patience`
 * @param {number} [options.patience] in milliseconds
 * @param {AbortSignal} [options.signal]
 * @returns {Promise<{ found: any[], cursor: string | null }>} the rows, and where those after them begin
 */
export async function rowsOf(path, { query = {}, cursor = null, least = 1, most, patience = 0, ...when }) {
  const found = [];
  const until = performance.now() + patience;
  let next = cursor;
  do {
    const limit = most === undefined ? query["limit"] : most - found.length;
    const { data } = await api.get(path, { ...when, query: { ...query, limit, cursor: next } });
    found.push(...data.items);
    next = data.next ?? null;
  } while (next !== null && (found.length < least || (found.length < (most ?? 0) && performance.now() < until)));
  return { found, cursor: next };
}
