// What the pages of one user, batch or job have in common.

import { ago } from "../core/ago.js";
import { h, replace } from "../core/dom.js";
import { entitle, link } from "../core/router.js";
import { t } from "../core/words.js";

/** A fact of a record. @param {string} label @param {import("../core/dom.js").Child} value */
export const fact = (label, value) => h("div", null, h("dt", null, label), h("dd", null, value));

/** A moment, and how long ago that is. @param {string} at */
export const when = (at) => ago(at, "both");

/**
 * In place of a record that there is not.
 *
 * @param {HTMLElement} place
 * @param {"batch" | "jobs"} words where its texts begin
 * @param {string} list the page that lists all
 */
export function missing(place, words, list) {
  entitle(t(`${words}.unknown.title`));
  replace(
    place,
    h("h1", { tabindex: "-1" }, t(`${words}.unknown.title`)),
    h("p", null, t(`${words}.unknown.text`)),
    h("p", null, h("a", { href: link(list) }, t(`${words}.unknown.back`))),
  );
}
