// What the list of users says of each.

import { ago } from "../core/ago.js";
import { badge } from "../core/controls.js";
import { h } from "../core/dom.js";
import { mailReason } from "../core/refusal_words.js";
import { link } from "../core/router.js";
import { matching } from "../core/routes.js";
import { named, number, t } from "../core/words.js";

/** @typedef {Schema<"UserView">} User */

/** @type {{ [state in Schema<"InvitationState">]: "neutral" | "good" | "warn" | "bad" | "info" }} */
const STATE_TONES = {
  none: "neutral",
  pending: "info",
  completed: "good",
  expired: "warn",
  cancelled: "neutral",
  declined: "warn",
  locked: "bad",
};

/** @type {{ [state in Schema<"MailState">]: "neutral" | "good" | "warn" | "bad" | "info" }} */
const DELIVERY_TONES = {
  waiting: "neutral",
  sending: "neutral",
  unknown: "warn",
  sent: "info",
  delayed: "warn",
  delivered: "good",
  softBounced: "warn",
  hardBounced: "bad",
  complained: "bad",
  failed: "bad",
  dropped: "neutral",
};

/**
 * Where an invitation stands; one whose secret was accepted waits for the device alone. What is open of somebody who is
 * disabled rests.
 *
 * @param {User["invitation"]} invitation
 * @param {boolean} [enabled]
 */
export function stateBadge({ state, begunAt }, enabled = true) {
  const tone = STATE_TONES[state] ?? "neutral";
  if (begunAt) return badge(t("state.begun"), enabled ? "info" : "neutral");
  return badge(named("state", state), enabled ? tone : "neutral");
}

/** @param {Schema<"MailState">} state */
export function deliveryBadge(state) {
  return badge(named("delivery", state), DELIVERY_TONES[state] ?? "neutral");
}

/** @param {string | undefined} moment */
function when(moment) {
  return moment ? ago(moment, "short") : h("span", { class: "muted" }, "–");
}

/** @param {User} user */
function name(user) {
  const text = user.displayName || user.email;
  const to = `/users/${user.id}`;
  return matching(to) ? h("a", { class: "strong", href: link(to) }, text) : h("span", { class: "strong" }, text);
}

/** @param {User} user */
function delivery({ invitation: { delivery, deliveryReason, deliveryReasonCode }, addressMark }) {
  const reason = mailReason(deliveryReasonCode, deliveryReason) || (addressMark ? named("mark", addressMark) : "");
  return [
    delivery ? deliveryBadge(delivery) : h("span", { class: "muted" }, "–"),
    reason && h("span", { class: "reason", title: reason }, reason),
  ];
}

/** @param {User} user */
export function pinStatus({ invitation: { state, method, triesLeft, begunAt } }) {
  if (method === "qrCode") return t("method.qrCode");
  if (method === "password") return t("method.password");
  if (state === "locked") return t("pin.locked");
  if (state === "completed" || begunAt) return t("pin.used");
  if (state === "pending") return t("pin.triesLeft", { count: triesLeft ?? 0 });
  return "–";
}

/**
 * @param {NonNullable<import("../core/table.js").Column<User>["sort"]>} byAddress
 * @returns {import("../core/table.js").Column<User>[]}
 */
export function columns(byAddress) {
  return [
    { key: "name", label: t("users.column.name"), class: "name", cell: name },
    {
      key: "email",
      label: t("users.column.address"),
      class: "address",
      sort: byAddress,
      cell: ({ email }) => h("span", { title: email }, email),
    },
    {
      key: "state",
      label: t("users.column.state"),
      class: "state",
      // Whoever is disabled has nothing open, whatever the invitation says.
      cell: ({ enabled, invitation }) => [
        !enabled && badge(t("user.disabled"), "warn"),
        (enabled || invitation.state !== "none") && stateBadge(invitation, enabled),
      ],
    },
    { key: "delivery", label: t("users.column.delivery"), class: "delivery", cell: delivery },
    { key: "pin", label: t("users.column.pin"), cell: pinStatus },
    { key: "issued", label: t("users.column.issued"), cell: ({ invitation }) => when(invitation.issuedAt) },
    {
      key: "expires",
      label: t("users.column.expires"),
      cell: ({ invitation }) =>
        when(invitation.state === "pending" || invitation.state === "locked" ? invitation.expiresAt : undefined),
    },
    {
      key: "groups",
      label: t("users.column.groups"),
      class: "groups",
      cell: ({ groups }) => h("span", { title: groups.join(", "), dir: "auto" }, groups.join(", ") || "–"),
    },
    { key: "devices", label: t("users.column.devices"), class: "number", cell: ({ devices }) => number(devices) },
  ];
}
