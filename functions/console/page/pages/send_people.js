// Who gets the mail, who does not and why, and who will get a confirmation.

import { badge, button } from "../core/controls.js";
import { h, replace } from "../core/dom.js";
import { failure } from "../core/failure.js";
import { languageName, list } from "../core/format.js";
import { named, parts, t } from "../core/words.js";

/**
 * @typedef {Schema<"PreviewView">} Preview
 * @typedef {Schema<"RecipientView">} Recipient
 */

/** @param {Recipient} one @param {Map<string, string>} names */
const nameOf = (one, names) => names.get(one.userId) ?? one.displayName ?? one.email ?? one.userId;

/**
 * How many get it, and how many do not.
 *
 * @param {Preview} preview
 */
export function summary({ counts, recipients, method, next }) {
  const strong = h("strong", null, t("send.people", { count: counts.willSend }));
  const replaced = recipients.filter(({ outcome }) => outcome === "willReplace").length;
  const again = recipients.filter(({ outcome }) => outcome === "willMailAgain").length;
  /** @type {Map<string, number>} */
  const reasons = new Map();
  for (const { outcome, reason } of recipients) {
    if (outcome === "skipped" && reason) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  return [
    h(
      "p",
      { class: "send-lead" },
      parts(counts.exact ? "send.will" : "send.willSoFar", {
        people: strong,
        of: recipients.length,
        method: named("method.with", method),
      }),
    ),
    !counts.exact && h("p", { class: "hint" }, t("send.notCounted")),
    h(
      "ul",
      { class: "send-counts" },
      replaced > 0 &&
        h(
          "li",
          null,
          badge(t("outcome.willReplace"), "info"),
          h("span", null, t(next ? "send.replacedHere" : "send.replaced", { count: replaced })),
        ),
      again > 0 &&
        h("li", null, badge(t("outcome.willMailAgain"), "info"), h("span", null, t("send.again", { count: again }))),
      [...reasons].map(([reason, count]) =>
        h(
          "li",
          null,
          badge(t("outcome.skipped"), "warn"),
          h("span", null, `${t("send.skipped", { count })} ${named("skip", reason)}`),
        ),
      ),
      counts.skipped > 0 &&
        reasons.size === 0 &&
        h(
          "li",
          null,
          badge(t("outcome.skipped"), "warn"),
          h("span", null, t("send.skipped", { count: counts.skipped })),
        ),
    ),
  ];
}

/**
 * What to know of confirmation mails before sending.
 *
 * @param {Preview} preview
 */
export function confirmationText({ recipients, next }) {
  const invited = recipients.filter(({ outcome }) => outcome !== "skipped");
  if (invited.length === 0) return [];
  const will = invited.filter(({ confirmation }) => confirmation.willSend);
  const off = invited.some(({ confirmation }) => confirmation.reason === "switchedOff");
  const text = off
    ? t("confirmation.off")
    : will.length === invited.length
      ? t("confirmation.all")
      : will.length === 0
        ? t("confirmation.nobody")
        : t("confirmation.some", { count: invited.length - will.length });
  return [
    h("h3", null, t("confirmation.title")),
    h("p", null, text),
    next && !off && h("p", { class: "hint" }, t("confirmation.firstPage")),
  ];
}

/**
 * The people, a page after the other.
 *
 * @param {{ names: Map<string, string>, more: (cursor: string) => Promise<Preview> }} what
 */
export function peoplePanel({ names, more }) {
  const rows = h("ul", { class: "people" });
  const feet = h("div", { class: "people-more" });
  const title = h("h3", null, t("people.title"));
  const element = h("section", { class: "people-panel" }, title, rows, feet);

  /** @param {string | null | undefined} next */
  const further = (next) =>
    replace(
      feet,
      next &&
        button({
          label: t("people.more"),
          kind: "quiet",
          onPress: async () => {
            try {
              const page = await more(next);
              rows.append(...page.recipients.map((one) => row(one, names)));
              further(page.next);
            } catch (error) {
              replace(feet, failure(error, { again: () => further(next) }));
            }
          },
        }),
    );

  return {
    element,
    wait: () =>
      rows.replaceChildren(h("li", { class: "blank", "aria-hidden": "true" }, h("span", { class: "blank-line" }))),
    /** @param {Preview} preview */
    show(preview) {
      rows.replaceChildren(...preview.recipients.map((one) => row(one, names)));
      further(preview.next);
    },
  };
}

/** @type {{ [outcome in Recipient["outcome"]]: "neutral" | "good" | "warn" | "info" }} */
const TONES = { willSend: "good", willReplace: "info", willMailAgain: "info", skipped: "warn" };

/**
 * @param {Recipient} one
 * @param {Map<string, string>} names
 */
function row(one, names) {
  const name = nameOf(one, names);
  const skipped = one.outcome === "skipped";
  const details = skipped
    ? [one.reason ? named("skip", one.reason) : ""]
    : [
        named("method", one.method),
        languageName(one.locale),
        named("ownership", one.ownership),
        one.confirmation.willSend
          ? t("people.confirmation")
          : one.confirmation.reason === "notInDistribution"
            ? t("people.noConfirmation")
            : "",
      ];
  return h(
    "li",
    null,
    h(
      "div",
      { class: "person" },
      h("span", { class: "strong" }, name),
      one.email && one.email !== name && h("span", { class: "muted" }, one.email),
    ),
    badge(t(`outcome.${one.outcome}`), TONES[one.outcome]),
    h("p", { class: "hint" }, details.filter(Boolean).join(" · ")),
  );
}

/**
 * Names as a sentence takes them: the first few, and how many more.
 *
 * @param {string[]} names
 * @param {number} total
 */
export function someNames(names, total) {
  const shown = names.slice(0, 5);
  if (total > shown.length) shown.push(t("names.more", { count: total - shown.length }));
  return list(shown);
}
