// Whom something was not done for, and why: the first few of them by name, each with the way to their page.

import { rowsOf } from "../core/api.js";
import { h, replace } from "../core/dom.js";
import { link } from "../core/router.js";
import { t } from "../core/words.js";

/** @typedef {{ userId?: string | null, email?: string | null, displayName?: string | null }} Person */

/** How many are named. */
const NAMED = 5;

/**
 * @template {Person} Row
 * @param {object} what
 * @param {string} what.title
 * @param {string} what.path of the rows in the API
 * @param {readonly string[]} what.outcomes in the order in which they are told
 * @param {(row: Row) => import("../core/dom.js").Child} what.why
 * @param {string} what.all the page that shows all of them
 * @param {AbortSignal} what.signal
 * @param {(row: Row) => string} [what.nameOf] what to call one; a person's name if absent
 */
export function whoNot({ title, path, outcomes, why, all, signal, nameOf = personName }) {
  const element = h("section", { class: "who-not", hidden: true, "aria-label": title });

  const load = async () => {
    /** @type {Row[]} */
    const people = [];
    let more = false;
    try {
      for (const outcome of outcomes) {
        const { found, cursor } = await rowsOf(path, { query: { outcome, limit: NAMED }, cursor: null, signal });
        people.push(...found);
        more ||= cursor !== null;
      }
    } catch {
      // The numbers and the way to the page say so without it.
      return;
    }
    element.hidden = people.length === 0;
    more ||= people.length > NAMED;
    replace(
      element,
      h("h3", null, title),
      h(
        "ul",
        { class: "bullets" },
        people.slice(0, NAMED).map((person) => h("li", null, linked(person, nameOf(person)), ": ", why(person))),
      ),
      more && h("p", null, h("a", { href: link(all) }, t("sent.not.all"))),
    );
  };
  return { element, load };
}

/** @param {Person} person */
const personName = ({ displayName, email }) => displayName || email || t("batch.people.deleted");

/**
 * @param {Person} person
 * @param {string} name
 */
function linked({ userId, email }, name) {
  return userId && email ? h("a", { href: link(`/users/${userId}`) }, name) : h("span", null, name);
}
