// What pages say of jobs: one action for many people, or one import.

import { badge } from "../core/controls.js";
import { h } from "../core/dom.js";
import { list } from "../core/format.js";
import { fieldLabel, refusal } from "../core/refusal_words.js";
import { isKey, named, t } from "../core/words.js";

/** @typedef {Schema<"JobView">} Job */

/** Which role each action needs. @type {{ [action: string]: import("../core/roles.js").Role }} */
const ROLES = { cancel: "inviter", restore: "inviter", delete: "inviter", generatePins: "pindesk" };

/** The role that may stop a job. @param {Job} job */
export const roleOf = ({ action, invite }) =>
  action === "import" && invite ? "inviter" : (ROLES[action] ?? "helpdesk");

/** What a job does, in a word or two. @param {Job} job */
export const jobName = ({ action }) => named("jobs.action", action);

/** @param {Job} job */
export function jobBadge({ state }) {
  if (state === "running") return badge(t("jobs.state.running"), "info");
  return state === "done" ? badge(t("jobs.state.done"), "good") : badge(t("jobs.state.stopped"), "warn");
}

/** The outcomes of a job in the order in which they are told. */
export const ACTION_OUTCOMES = /** @type {const} */ (["done", "unchanged", "refused", "unreadable", "gone"]);
export const IMPORT_OUTCOMES = /** @type {const} */ (["added", "updated", "unchanged", "invalid"]);

/** @param {Job} job */
export const outcomesOf = (job) => (job.action === "import" ? IMPORT_OUTCOMES : ACTION_OUTCOMES);

/** How many have each outcome. @param {Job} job @returns {{ outcome: string, label: string, count: number }[]} */
export function figures(job) {
  /** @type {{ [outcome: string]: number }} */
  const known = (job.action === "import" ? job.rows : job.counts) ?? {};
  return outcomesOf(job).map((outcome) => ({
    outcome,
    label: t(`jobs.outcome.${outcome}`),
    count: known[outcome] ?? 0,
  }));
}

/** How many had their turn. @param {Job} job */
export const had = (job) => figures(job).reduce((sum, { count }) => sum + count, 0);

/** How far it is, as a sentence. @param {Job} job */
export function sentence(job) {
  const count = had(job);
  const lines = job.action === "import";
  if (job.state === "stopped") return t(lines ? "jobs.stopped.lines" : "jobs.stopped", { count });
  if (job.state === "done") return t(lines ? "jobs.done.lines" : "jobs.done", { count });
  if (job.selected == null) return t("jobs.gathering");
  return t(lines ? "jobs.going.lines" : "jobs.going", { done: count, of: job.selected });
}

/** What was ordered besides the action. @param {Job} job @returns {{ label: string, value: string }[]} */
export function orders({ reason, groups, ownership, action, invite }) {
  return [
    ...(reason ? [{ label: t("jobs.reason"), value: reason }] : []),
    ...(groups ? [{ label: t("user.groups"), value: groups.length > 0 ? list(groups) : t("jobs.noGroups") }] : []),
    ...(action === "generatePins"
      ? [
          {
            label: t("owner.switch"),
            value:
              ownership == null
                ? t("batch.ownership.off")
                : ownership === "preset"
                  ? t("batch.ownership.preset")
                  : named("ownership", ownership),
          },
        ]
      : []),
    ...(action === "import"
      ? [{ label: t("jobs.invites"), value: t(invite ? "jobs.invites.yes" : "jobs.invites.no") }]
      : []),
  ];
}

/**
 * Whom or what an outcome is of: a person, or a line of a file that names nobody whom Beckon knows.
 *
 * @param {Schema<"JobOutcomeView">} one
 */
export function nameOf({ displayName, email, line, outcome, userId }) {
  if (displayName || email) return displayName || email || "";
  if (line != null) return t("jobs.line", { line });
  return outcome === "unreadable" && userId ? userId : t("batch.people.deleted");
}

/** What is wrong with a line. @param {Schema<"JobOutcomeView">} one */
export const wrongs = ({ errors = [] }) =>
  errors.map((one) => h("span", { class: "wrong-line" }, `${fieldLabel(one.field)}: `, refusal(one)));

/**
 * Why something was not done for somebody; null if nothing is said.
 *
 * @param {{ reason?: string | null, detail?: string | null }} one
 */
export function why({ reason, detail }) {
  const key = `jobs.why.${reason}`;
  if (reason && isKey(key)) return t(key);
  return detail ? h("span", { lang: "en" }, detail) : null;
}
