// What happened, in words: newest first, with who did it.

import { button } from "../core/controls.js";
import { h, replace, uniqueId } from "../core/dom.js";
import { failure } from "../core/failure.js";
import { inFull, moment } from "../core/format.js";
import { whoIs } from "../core/who.js";
import { isKey, spoken, t } from "../core/words.js";
import { details } from "./history_words.js";

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
 * @param {AbortSignal} what.signal
 * @param {string} [what.words] the group of words that names what happened
 */
export function historyCard({ fetch, signal, words = "user.what" }) {
  const titleId = uniqueId("history");
  const rows = h("ol", { class: "history-list", "aria-labelledby": titleId });
  const feet = h("div", { class: "card-feet" });
  const element = h(
    "section",
    { class: "card history-card", "aria-labelledby": titleId },
    h("h2", { id: titleId }, t("user.history")),
    rows,
    feet,
  );
  /** @type {Map<string, HTMLElement>} */
  let known = new Map();
  /** @type {string | null} */
  let next = null;
  let older = false;
  /** Whether older ones are on their way: where they begin stays as it is until they are there. */
  let fetching = false;
  // One button for as long as the page is open: it keeps the focus, and what is pressed is not lost.
  const onward = button({ label: t("user.history.more"), kind: "quiet", onPress: () => further() });
  replace(rows, blank(), blank(), blank());

  /** @param {Entry} entry */
  const key = (entry) => entry.id ?? `${entry.at} ${entry.what}`;

  const draw = () => {
    onward.hidden = next === null;
    if (!onward.isConnected) replace(feet, onward);
  };

  const further = async () => {
    fetching = true;
    try {
      const { data } = await fetch(next);
      older = true;
      next = data.next ?? null;
      const added = data.items.filter((entry) => !known.has(key(entry)));
      for (const entry of added) known.set(key(entry), row(entry, words));
      replace(rows, [...known.values()]);
      draw();
      // The button may be gone: the reader goes on at the first that came.
      const first = added[0] && known.get(key(added[0]));
      first?.setAttribute("tabindex", "-1");
      first?.focus();
    } catch (error) {
      if (!signal.aborted) replace(feet, failure(error, { again: further }));
    } finally {
      fetching = false;
    }
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
      if (!older && !fetching) {
        next = data.next ?? null;
        draw();
      }
      const [newest] = fresh;
      return first || !newest ? null : title(newest, words);
    },
    /** @param {unknown} error @param {() => unknown} again */
    fail(error, again) {
      rows.replaceChildren();
      replace(feet, failure(error, { again }));
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
