// What happened, in words: newest first, with who did it.

import { h, replace, uniqueId } from "../core/dom.js";
import { failure } from "../core/failure.js";
import { inFull, moment } from "../core/format.js";
import { whoIs } from "../core/who.js";
import { isKey, spoken, t } from "../core/words.js";
import { details } from "./history_words.js";
import { moreBelow } from "./more_below.js";

/**
 * @typedef {{ id?: string, at: string, who: string, what: string, text: string, facts?: import("./history_words.js").Facts }} Entry
 * @typedef {{ items: Entry[], next?: string | null }} Page
 */

/** What says no more than its title does. */
const PLAIN = new Set(["userAdded"]);

/**
 * A card with a history.
 *
 * @param {object} what
 * @param {(cursor: string | null) => Promise<import("../core/api.js").Answer<Page>>} what.fetch
 * @param {string} [what.words] the group of words that names what happened
 */
export function historyCard({ fetch, words = "user.what" }) {
  const titleId = uniqueId("history");
  const rows = h("ol", { class: "history-list", "aria-labelledby": titleId });
  const below = moreBelow({ label: t("user.history.more"), class: "card-feet", fetch: () => further() });
  const element = h(
    "section",
    { class: "card history-card", "aria-labelledby": titleId },
    h("h2", { id: titleId }, t("user.history")),
    rows,
    below.element,
  );
  /** @type {Map<string, HTMLElement>} */
  let known = new Map();
  /** @type {string | null} */
  let next = null;
  let older = false;
  replace(rows, blank(), blank(), blank());

  /** @param {Entry} entry */
  const key = (entry) => entry.id ?? `${entry.at} ${entry.what}`;

  const further = async () => {
    const { data } = await fetch(next);
    older = true;
    next = data.next ?? null;
    const added = data.items.filter((entry) => !known.has(key(entry)));
    for (const entry of added) known.set(key(entry), row(entry, words));
    replace(rows, [...known.values()]);
    below.offer(next !== null);
    // The button may be gone: the reader goes on at the first that came.
    const first = added[0] && known.get(key(added[0]));
    first?.setAttribute("tabindex", "-1");
    first?.focus();
  };

  return {
    element,
    get count() {
      return known.size;
    },
    /**
     * Looks for what is new. Answers with the newest, in words, if there is any since the last time.
     *
     * @returns {Promise<string | null>}
     */
    async refresh() {
      const { data } = await fetch(null);
      const first = known.size === 0;
      const fresh = data.items.filter((entry) => !known.has(key(entry)));
      if (fresh.length > 0 || first) {
        const before = known;
        known = new Map();
        for (const entry of data.items) {
          const made = before.get(key(entry)) ?? row(entry, words);
          if (!first && !before.has(key(entry))) made.classList.add("fresh");
          known.set(key(entry), made);
        }
        for (const [id, made] of before) known.set(id, made);
        replace(rows, known.size > 0 ? [...known.values()] : h("li", { class: "muted" }, t("user.history.none")));
      }
      // Where older ones begin stays as it is while they are on their way.
      if (!older && !below.isRunning) {
        next = data.next ?? null;
        below.offer(next !== null);
      }
      const [newest] = fresh;
      return first || !newest ? null : title(newest, words);
    },
    /** @param {unknown} error @param {() => unknown} again */
    fail(error, again) {
      rows.replaceChildren();
      replace(below.element, failure(error, { again }));
    },
  };
}

function blank() {
  return h(
    "li",
    { class: "blank", "aria-hidden": "true" },
    h("span", { class: "blank-line" }),
    h("span", { class: "blank-line" }),
  );
}

/** @param {Entry} entry @param {string} words */
function title({ what, text }, words) {
  const key = `${words}.${what}`;
  return isKey(key) ? t(key) : text;
}

/**
 * The details in the reader's language; in English, and of what this console does not know, the API's own sentence.
 *
 * @param {import("./history_words.js").Facts | undefined} facts
 * @param {string} text
 * @param {boolean} known whether this console has a title for what happened
 */
function more(facts, text, known) {
  if (spoken() === "en") return h("p", null, text);
  const said = details(facts);
  if (said !== null) return h("p", null, said);
  return !known || !facts ? h("p", { lang: "en" }, text) : null;
}

/** @param {Entry} entry @param {string} words */
function row(entry, words) {
  const { at, who, what, text, facts } = entry;
  const said = title(entry, words);
  const known = isKey(`${words}.${what}`);
  return h(
    "li",
    { dataset: { what } },
    h("p", { class: "strong" }, said),
    said !== text && !PLAIN.has(what) && more(facts, text, known),
    h("p", { class: "hint" }, h("time", { datetime: at, title: inFull(at) }, moment(at)), " · ", whoIs(who)),
  );
}
