// What a history says, in the reader's language: made of the facts that the API tells beside its English sentence.

import { list, moment } from "../core/format.js";
import { fieldLabel, mailReason } from "../core/refusal_words.js";
import { isKey, named, t } from "../core/words.js";

/** @typedef {{ [name: string]: any }} Facts */

/** @type {{ [bounce: string]: string }} */
const BOUNCES = { soft: "softBounced", hard: "hardBounced", complaint: "complained" };

/** What was counted. @type {{ [fact: string]: import("../core/words.js").Key }} */
const COUNTS = {
  selected: "batches.column.selected",
  issued: "counts.issued",
  skipped: "counts.skipped",
  sent: "counts.sent",
  unsent: "batch.outcome.dropped",
};

/** @param {string} field @param {string | number} value */
const labelled = (field, value) => t("settings.value.member", { field, value });

/** @param {string[]} changed */
function changes(changed) {
  const fields = changed.filter((one) => one !== "enabled" && one !== "disabled");
  return [
    changed.includes("disabled") && t("user.disabled"),
    changed.includes("enabled") && t("history.enabledAgain"),
    fields.length > 0 &&
      t("history.changed", { fields: list(fields.map((one) => fieldLabel(one === "address" ? "email" : one))) }),
  ];
}

/** Why a registration did not complete what waited. @param {Facts} facts */
function notCompleted({ notCompleted: why, issue, otherIssue }) {
  const key = why === "earlierIssue" && otherIssue != null ? "user.notCompleted.issue" : `user.notCompleted.${why}`;
  return isKey(key) && t(key, { issue, other: otherIssue ?? "" });
}

/**
 * The details of an entry; null if this console knows none of its facts, so that the API's sentence is better.
 *
 * @param {Facts | undefined} facts
 * @returns {string | null}
 */
export function details(facts) {
  if (!facts) return null;
  const { issue, ownership, before, rule, number, mark, bounce, device, reason, reasonCode } = facts;
  const parts = [
    issue != null && !facts["notCompleted"] && labelled(t("user.issue"), issue),
    facts["replaced"] && t("history.replaced"),
    facts["method"] && named("method", facts["method"]),
    ...changes(facts["changed"] ?? []),
    number != null && t("settings.reminders.example.reminder", { at: number }),
    facts["last"] && t("history.last"),
    device && labelled(t("history.device"), device),
    before && t("history.before", { owner: named("ownership", before) }),
    ownership && named("ownership", ownership),
    rule && named("user.rule", rule),
    facts["afterEnd"] && t("user.device.afterEnd"),
    facts["notCompleted"] && notCompleted(facts),
    facts["timeUnknown"] && t("user.device.timeUnknown"),
    facts["unenrolledAt"] && t("user.device.unenrolled", { time: moment(facts["unenrolledAt"]) }),
    bounce && named("delivery", BOUNCES[bounce]),
    mark && named("mark", mark),
    facts["byItself"] && t("history.byItself"),
    facts["action"] && named("jobs.action", facts["action"]),
    ...Object.entries(facts["outcomes"] ?? {}).map(([outcome, count]) =>
      labelled(named("jobs.outcome", outcome), count),
    ),
    ...Object.entries(COUNTS).map(([fact, label]) => facts[fact] != null && labelled(t(label), facts[fact])),
    reason && (reasonCode ? mailReason(reasonCode, reason) : labelled(t("jobs.reason"), reason)),
  ].filter((part) => typeof part === "string" && part !== "");
  return parts.length > 0 ? parts.join(" · ") : null;
}
