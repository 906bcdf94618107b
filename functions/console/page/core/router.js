// Which page is shown: the part of the address behind `#`. `/#/users?state=pending` shows the page of `/users`.

import { closeAllDialogs } from "./dialog.js";
import { h, replace } from "./dom.js";
import { failure } from "./failure.js";
import { may } from "./roles.js";
import { FIRST, matching } from "./routes.js";
import { person } from "./session.js";
import { t } from "./words.js";

/**
 * @typedef {object} Visit
 * @property {{ [name: string]: string }} params what stands in the places of a path, like `id` in `/users/:id`
 * @property {URLSearchParams} query
 * @property {AbortSignal} signal ends when the page is left
 *
 * @typedef {object} Shown
 * @property {() => boolean | Promise<boolean>} [leave] whether the page may be left; it asks if something would be lost
 * @property {() => boolean} [dirty] whether something typed would be lost by a reload
 *
 * @typedef {(place: HTMLElement, visit: Visit) => Promise<Shown | void> | Shown | void} Show
 */

/** Where pages are shown. */
export const place = h("main", { id: "main", tabindex: "-1" });

/** Tells `shown` with the path of each page, for the navigation. */
export const shown = new EventTarget();

/** @type {Shown | void} */
let current;
let address = "";
let turn = 0;
let leaving = new AbortController();

/** The path and the query behind `#`. */
export function here() {
  const [path = "", query = ""] = location.hash.replace(/^#/, "").split(/\?(.*)/s);
  return { path: path.startsWith("/") && path !== "/" ? path : FIRST, query: new URLSearchParams(query) };
}

/**
 * The address of a page of the console.
 *
 * @param {string} path
 * @param {URLSearchParams | { [name: string]: string }} [query]
 */
export function link(path, query = {}) {
  const text = new URLSearchParams(query).toString();
  return text ? `#${path}?${text}` : `#${path}`;
}

/**
 * Goes to a page.
 *
 * @param {string} path
 * @param {URLSearchParams | { [name: string]: string }} [query]
 */
export function go(path, query) {
  location.hash = link(path, query);
}

/**
 * Keeps the query of this page in the address, so that reload, Back and a second tab find it.
 *
 * @param {URLSearchParams | { [name: string]: string }} query
 */
export function setQuery(query) {
  address = link(here().path, query);
  history.replaceState(history.state, "", address);
}

/**
 * Names the page in the tab, and for those who hear it.
 *
 * @param {string} text
 */
export function entitle(text) {
  document.title = t("title", { page: text });
}

/** Whether what the page holds may be lost: the page asks where something was typed. */
export async function mayLeave() {
  return !current?.leave || (await current.leave());
}

/** Shows the page of the address again, as after a change of language. */
export async function showAgain() {
  await show(false);
}

/** Has the page of the address ask for what it begins with, while words are still on their way. */
export function ahead() {
  const { path, query } = here();
  const found = matching(path);
  if (found && may(found.route.role ?? "viewer")) found.route.ahead?.(query);
}

/** Begins to follow the address. */
export async function start() {
  addEventListener("hashchange", follow);
  addEventListener("beforeunload", (event) => {
    if (current?.dirty?.()) event.preventDefault();
  });
  await show(false);
}

async function follow() {
  if (location.hash === address) return;
  const wanted = location.hash;
  if (!(await mayLeave())) {
    history.pushState(history.state, "", address);
    return;
  }
  // Somebody may have gone on while the page asked.
  if (location.hash === wanted) await show(true);
}

/** @param {boolean} moved whether the reader went here from another page */
async function show(moved) {
  const ours = ++turn;
  address = location.hash;
  leaving.abort();
  leaving = new AbortController();
  closeAllDialogs();
  current = undefined;
  const { path, query } = here();
  const found = matching(path);
  shown.dispatchEvent(new CustomEvent("shown", { detail: path }));
  const page = h("div", { class: "page" });
  replace(place, page);
  try {
    if (!found) {
      entitle(t("notFound.title"));
      replace(page, h("h1", { tabindex: "-1" }, t("notFound.title")), h("p", null, t("notFound.text")));
    } else if (!may(found.route.role ?? "viewer")) {
      entitle(t("role.title"));
      const text = t("role.text", { role: found.route.role ?? "viewer", name: person().name });
      replace(page, h("h1", { tabindex: "-1" }, t("role.title")), h("p", null, text));
    } else {
      const { show: open } = await found.route.load();
      if (ours !== turn) return;
      const result = await open(page, { params: found.params, query, signal: leaving.signal });
      if (ours === turn) current = result;
    }
  } catch (error) {
    if (ours !== turn || leaving.signal.aborted) return;
    entitle(t("failure.title"));
    replace(page, failure(error, { again: () => show(false) }));
  }
  if (moved && ours === turn) {
    scrollTo(0, 0);
    const heading = place.querySelector("h1");
    if (heading instanceof HTMLElement) {
      heading.tabIndex = -1;
      heading.focus();
    } else {
      place.focus();
    }
  }
}
