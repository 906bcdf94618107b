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

/**
 * @param {Recipient} one
 * @param {Map<string, string>} names
 */
export const nameOf = (one, names) => names.get(one.userId) ?? one.displayName ?? one.email ?? one.userId;

/**
 * How many get it, and how many do not, as far as they are counted.
 *
 * @param {Preview} preview
 * @param {import("./send_count.js").Tally} tally
 */
export function summary({ counts, method }, tally) {
  const whole = counts.exact || tally.state === "whole";
  const willSend = counts.exact ? counts.willSend : tally.willSend;
  const hint = tally.state === "counting" ? t("send.counting") : whole ? "" : t("send.notCounted");
  /** @param {string} label @param {"info" | "warn"} tone @param {string} text */
  const line = (label, tone, text) => h("li", null, badge(label, tone), h("span", null, text));
  const { replaced, again } = tally;
  const methods = [...tally.methods];
  const [only = method] = methods.map(([one]) => one);
  const people = h("strong", null, t("send.people", { count: willSend }));
  const of = tally.people;
  return [
    h(
      "p",
      { class: "send-lead" },
      methods.length > 1
        ? parts(whole ? "send.willSeveral" : "send.willSeveralSoFar", { people, of })
        : parts(whole ? "send.will" : "send.willSoFar", { people, of, method: named("method.with", only) }),
    ),
    methods.length > 1 &&
      h(
        "ul",
        { class: "send-counts" },
        methods.map(([one, count]) =>
          line(named("method", one), "info", t("send.ofMethod", { count, method: named("method.with", one) })),
        ),
      ),
    hint && h("p", { class: "hint" }, hint),
    h(
      "ul",
      { class: "send-counts" },
      replaced > 0 && line(t("outcome.willReplace"), "info", t("send.replaced", { count: replaced })),
      again > 0 && line(t("outcome.willMailAgain"), "info", t("send.again", { count: again })),
      [...tally.skipped].map(([reason, count]) =>
        line(t("outcome.skipped"), "warn", `${t("send.skipped", { count })} ${named("skip", reason)}`),
      ),
    ),
  ];
}

/**
 * What to know of confirmation mails before sending.
 *
 * @param {import("./send_count.js").Tally} tally
 */
export function confirmationText({ willSend, confirmed, off, state }) {
  if (willSend === 0) return [];
  const text = off
    ? t("confirmation.off")
    : confirmed === willSend
      ? t("confirmation.all")
      : confirmed === 0
        ? t("confirmation.nobody")
        : t("confirmation.some", { count: willSend - confirmed });
  return [
    h("h3", null, t("confirmation.title")),
    h("p", null, text),
    state !== "whole" && !off && h("p", { class: "hint" }, t("confirmation.counted")),
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
 * Whose the device will be, and whose it would have been by the invitation before.
 *
 * @param {Recipient} one
 */
function owner({ ownership, earlierOwnership }) {
  const next = named("ownership", ownership);
  if (!earlierOwnership) return next;
  if (earlierOwnership === ownership) return t("people.asBefore", { owner: next });
  return `${next} (${t("people.was", { owner: named("ownership", earlierOwnership) })})`;
}

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
        owner(one),
        one.confirmation.willSend
          ? t("people.confirmation")
          : one.confirmation.reason === "notInDistribution"
            ? t("people.noConfirmation")
            : "",
        one.devices > 0 ? t("people.hasDevice") : "",
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
