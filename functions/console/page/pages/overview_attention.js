// What an administrator may have to do something about, each with the people whom it concerns.

import { notice } from "../core/controls.js";
import { h, icon, replace } from "../core/dom.js";
import { link } from "../core/router.js";
import { named, number, t } from "../core/words.js";

/** In the order of how much they hurt, each with the filter of Users that finds the people. */
/** @type {[string, { [name: string]: string }][]} */
const KINDS = [
  ["bounced", { delivery: "hardBounced,softBounced" }],
  ["refused", { delivery: "failed" }],
  ["locked", { state: "locked" }],
  ["expired", { state: "expired" }],
  ["declined", { state: "declined" }],
];

export function attentionCard() {
  const place = h("div", { class: "attention-place" });
  const element = h("section", { class: "card attention-card" }, h("h2", null, t("overview.attention.title")), place);
  return {
    element,
    /** While there are no numbers to show. */
    hide() {
      element.hidden = true;
      element.removeAttribute("aria-busy");
    },
    wait() {
      element.hidden = false;
      element.setAttribute("aria-busy", "true");
      replace(
        place,
        h(
          "div",
          { class: "attention-blank" },
          KINDS.map(() => h("span", { class: "blank-line" })),
        ),
      );
    },
    /**
     * @param {{ [what: string]: number }} counts
     * @param {import("./overview.js").Scope} scope
     */
    show(counts, scope) {
      element.removeAttribute("aria-busy");
      const there = KINDS.filter(([kind]) => (counts[kind] ?? 0) > 0);
      if (there.length === 0) {
        replace(place, notice("good", h("p", null, t("overview.attention.nothing"))));
        return;
      }
      replace(
        place,
        h(
          "ul",
          { class: "attention" },
          there.map(([kind, filter]) => item(kind, counts[kind] ?? 0, address(kind, filter, scope))),
        ),
      );
    },
  };
}

/**
 * @param {string} kind
 * @param {number} count
 * @param {string} href
 */
function item(kind, count, href) {
  return h(
    "li",
    { class: kind },
    h(
      "a",
      { href },
      h("span", { class: "attention-count" }, number(count)),
      h(
        "span",
        null,
        h("span", { class: "strong" }, named("overview.attention", kind)),
        h("span", { class: "hint" }, named("overview.attention.means", kind)),
      ),
      icon("forth"),
    ),
  );
}

/**
 * @param {string} kind
 * @param {{ [name: string]: string }} filter
 * @param {import("./overview.js").Scope} scope
 */
function address(kind, filter, { group, batch }) {
  if (batch) return link(`/batches/${encodeURIComponent(batch)}`, { outcome: kind });
  return link("/users", group ? { ...filter, group } : filter);
}
