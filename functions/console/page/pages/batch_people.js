// The people of a batch: what became of each.

import { badge } from "../core/controls.js";
import { h } from "../core/dom.js";
import { inFull, moment } from "../core/format.js";
import { mailReason } from "../core/refusal_words.js";
import { link } from "../core/router.js";
import { isKey, named, t } from "../core/words.js";
import { outcomeRows } from "./outcome_rows.js";
import { deliveryBadge, stateBadge } from "./user_columns.js";

/** @typedef {Schema<"BatchRecipient"> & { invitation?: string | null, redeemedAt?: string | null, registeredAt?: string | null }} Recipient */

/** What the API filters by. */
export const OUTCOMES = /** @type {const} */ ([
  "issued",
  "skipped",
  "waiting",
  "sent",
  "delivered",
  "bounced",
  "refused",
  "dropped",
  "redeemed",
  "registered",
  "confirmed",
  "unregistered",
  "open",
  "locked",
  "expired",
  "declined",
  "cancelled",
  "replaced",
]);

/**
 * @param {object} what
 * @param {string} what.path of the batch in the API
 * @param {AbortSignal} what.signal
 * @param {string} what.outcome the filter at first
 * @param {(outcome: string) => void} what.onFilter
 */
export function peopleCard({ path, signal, outcome, onFilter }) {
  return outcomeRows({
    title: t("people.title"),
    label: t("batch.people"),
    path: `${path}/recipients`,
    signal,
    outcome,
    outcomes: OUTCOMES.map((value) => ({ value, label: t(`batch.outcome.${value}`) })),
    onFilter,
    columns: columns(),
    id: (/** @type {Recipient} */ one) => one.userId,
    name: (one) => one.displayName || one.email || one.userId,
    empty: { none: t("batch.people.none"), noMatch: t("batch.people.noMatch") },
  });
}

/** @param {string | null | undefined} at */
const when = (at) =>
  at ? h("time", { datetime: at, title: inFull(at) }, moment(at)) : h("span", { class: "muted" }, "–");

const nothing = () => h("span", { class: "muted" }, "–");

/** @returns {import("../core/table.js").Column<Recipient>[]} */
function columns() {
  return [
    {
      key: "name",
      label: t("users.column.name"),
      class: "name",
      cell: (one) =>
        one.email
          ? h("a", { class: "strong", href: link(`/users/${one.userId}`) }, one.displayName || one.email)
          : h("a", { class: "muted", href: link(`/users/${one.userId}`) }, t("batch.people.deleted")),
    },
    {
      key: "email",
      label: t("users.column.address"),
      class: "address",
      cell: ({ email }) => (email ? h("span", { title: email }, email) : nothing()),
    },
    {
      key: "outcome",
      label: t("batch.filter"),
      class: "delivery",
      cell: ({ outcome, reason }) =>
        outcome === "skipped"
          ? [
              badge(t("outcome.skipped"), "warn"),
              reason && h("span", { class: "reason", title: named("skip", reason) }, named("skip", reason)),
            ]
          : badge(t("counts.issued"), "good"),
    },
    {
      key: "delivery",
      label: t("users.column.delivery"),
      class: "delivery",
      cell: ({ delivery, deliveryReason, deliveryReasonCode }) =>
        delivery
          ? [
              deliveryBadge(delivery),
              deliveryReason && h("span", { class: "reason" }, mailReason(deliveryReasonCode, deliveryReason)),
            ]
          : nothing(),
    },
    { key: "invitation", label: t("users.column.state"), cell: ({ invitation }) => invitationBadge(invitation) },
    { key: "redeemed", label: t("overview.step.redeemed"), cell: ({ redeemedAt }) => when(redeemedAt) },
    { key: "registered", label: t("overview.step.registered"), cell: ({ registeredAt }) => when(registeredAt) },
    {
      key: "confirmation",
      label: t("confirmation.title"),
      cell: ({ outcome, confirmation }) =>
        outcome === "skipped"
          ? nothing()
          : t(confirmation ? "batch.people.confirmation" : "batch.people.noConfirmation"),
    },
  ];
}

/** @param {string | null | undefined} state */
function invitationBadge(state) {
  if (!state) return nothing();
  const own = `batch.invitation.${state}`;
  return isKey(own)
    ? badge(t(own), "neutral")
    : stateBadge({ state: /** @type {Schema<"InvitationState">} */ (state) });
}
