// On one machine: the events that nobody could use, with the reason of each.

import { api } from "../core/api.js";
import { h, replace } from "../core/dom.js";
import { failure } from "../core/failure.js";
import { entitle } from "../core/router.js";
import { t } from "../core/words.js";
import { when } from "./record.js";

/** @typedef {{ at: string, reason: string, event: string }} Failure */

/** @type {import("../core/router.js").Show} */
export async function show(place, { signal }) {
  entitle(t("local.failures"));
  const list = h("ul", { class: "plain-list" });
  replace(
    place,
    h("div", { class: "page-head" }, h("h1", null, t("local.failures"))),
    h("p", { class: "muted" }, t("failures.text")),
    h("section", { class: "card" }, list),
  );
  const load = async () => {
    try {
      /** @type {import("../core/api.js").Answer<{ items: Failure[] }>} */
      const { data } = await api.get("/local/failures", { signal });
      const newestFirst = data.items.toReversed();
      replace(list, newestFirst.length > 0 ? newestFirst.map(row) : h("li", { class: "muted" }, t("failures.none")));
    } catch (error) {
      if (!signal.aborted) replace(list, h("li", null, failure(error, { again: load })));
    }
  };
  await load();
}

/** @param {Failure} failed */
function row({ at, reason, event }) {
  return h(
    "li",
    null,
    h("p", { class: "strong", dir: "auto", lang: "en" }, reason),
    h("p", { class: "hint" }, when(at)),
    asItCame(t("failures.event"), event),
  );
}

/**
 * Something as it came, unfolded on request; JSON is set out in lines.
 *
 * @param {string} label
 * @param {string} text
 */
export function asItCame(label, text) {
  return h(
    "details",
    { class: "more" },
    h("summary", null, label),
    h("pre", { class: "as-it-came", tabindex: "0", dir: "ltr", "aria-label": label }, laidOut(text)),
  );
}

/** @param {string} text */
function laidOut(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
