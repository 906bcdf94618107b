// Where a user's invitation stands.

import { api } from "../core/api.js";
import { notice } from "../core/controls.js";
import { h, replace, uniqueId } from "../core/dom.js";
import { moment, relative, time } from "../core/format.js";
import { poll } from "../core/poll.js";
import { mailReason } from "../core/refusal_words.js";
import { setup } from "../core/session.js";
import { isKey, named, t } from "../core/words.js";
import { fact, when } from "./record.js";
import { deliveryBadge, pinStatus } from "./user_columns.js";

/** @typedef {Schema<"UserView">} User */

/**
 * @param {{ signal: AbortSignal }} what
 */
export function invitationCard({ signal }) {
  const titleId = uniqueId("invitation");
  const lead = h("p", { class: "lead" });
  const facts = h("dl", { class: "record-facts" });
  const notes = h("div", { class: "notes" });
  const element = h(
    "section",
    { class: "card invitation-card", "aria-labelledby": titleId },
    h("h2", { id: titleId }, t("user.invitation")),
    lead,
    facts,
    notes,
  );
  replace(lead, h("span", { class: "blank-line" }));
  replace(
    facts,
    Array.from({ length: 6 }, () =>
      h(
        "div",
        { class: "blank", "aria-hidden": "true" },
        h("dt", null, h("span", { class: "blank-line" })),
        h("dd", null, h("span", { class: "blank-line" })),
      ),
    ),
  );
  let written = "";
  /** @type {Schema<"PauseView"> | null} */
  let pause = null;
  /** @type {User | null} */
  let shown = null;

  // Why a mail waits is only asked while one does.
  poll(
    async () => {
      if (shown?.invitation.delivery !== "waiting") {
        pause = null;
        return;
      }
      pause = (await api.get("/v1/delivery", { signal })).data.pause ?? null;
      write();
    },
    { every: 5_000, signal },
  );

  const write = () => {
    if (!shown) return;
    const { invitation, addressMark } = shown;
    // Relative times go on, so the minute counts too.
    const text = JSON.stringify([invitation, addressMark, pause, shown.enabled, Math.floor(Date.now() / 60_000)]);
    if (text === written) return;
    written = text;
    replace(lead, sentence(shown));
    replace(facts, invitation.state === "none" ? [] : all(shown));
    replace(notes, hints(shown, pause));
  };

  const going = setInterval(write, 20_000);
  signal.addEventListener("abort", () => clearInterval(going));

  return {
    element,
    /** @param {User} user */
    show(user) {
      shown = user;
      write();
    },
  };
}

/** Where it stands, as a sentence. @param {User} user */
function sentence({ invitation }) {
  const { state, expiresAt, endedAt, method, begunAt } = invitation;
  const key = begunAt ? "user.state.begun" : `user.state.${state}`;
  if (!isKey(key)) return named("state", state);
  const at = begunAt ?? (state === "pending" || state === "locked" || state === "expired" ? expiresAt : endedAt);
  return t(key, {
    time: at ? moment(at) : "–",
    in: at ? relative(at) : "",
    secret: named("user.secret", method ?? "pin"),
  });
}

/** @param {User} user */
function all(user) {
  const {
    state,
    method,
    ownership,
    issuedAt,
    expiresAt,
    endedAt,
    issue,
    delivery,
    deliveryReason,
    deliveryReasonCode,
  } = user.invitation;
  const open = state === "pending" || state === "locked";
  const ended = endedAt && !open;
  return [
    method && fact(t("user.method"), named("method", method)),
    ownership && fact(t("user.ownership"), named("ownership", ownership)),
    issuedAt && fact(t("user.issued"), when(issuedAt)),
    ended
      ? fact(t("user.ended"), when(endedAt))
      : expiresAt && fact(t(state === "expired" ? "user.expired" : "user.expires"), when(expiresAt)),
    open && (method === "pin" || method === "passwordAndPin") && fact(t("user.tries"), pinStatus(user)),
    delivery &&
      fact(t("user.delivery"), [
        deliveryBadge(delivery),
        deliveryReason && h("span", { class: "reason" }, mailReason(deliveryReasonCode, deliveryReason)),
      ]),
    issue !== undefined && fact(t("user.issue"), String(issue)),
  ];
}

/**
 * What stands in the way, and what helps.
 *
 * @param {User} user
 * @param {Schema<"PauseView"> | null} pause
 */
function hints(user, pause) {
  const { invitation, addressMark, enabled } = user;
  const open = invitation.state === "pending" || invitation.state === "locked";
  return [
    !enabled && notice("warn", h("p", null, t("user.hint.disabled"))),
    addressMark &&
      notice("bad", h("p", null, t(addressMark === "complained" ? "user.hint.complained" : "user.hint.bounced"))),
    invitation.delivery === "softBounced" && open && notice("warn", h("p", null, t("user.hint.softBounced"))),
    invitation.delivery === "failed" && open && notice("warn", h("p", null, t("user.hint.failed"))),
    pause &&
      invitation.delivery === "waiting" &&
      notice(
        "warn",
        h("p", null, t("user.hint.paused", { time: time(pause.until), reason: mailReason(pause.code, pause.reason) })),
      ),
    setup().local &&
      invitation.delivery &&
      h(
        "p",
        null,
        h(
          "a",
          { href: `/mailbox?to=${encodeURIComponent(user.email)}`, target: "_blank", rel: "noopener" },
          t("user.mailbox"),
        ),
      ),
  ];
}
