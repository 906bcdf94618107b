// Send invite: the invitation preview, the device owner settings, sending, and what becomes of it.

import { alertNow, announce } from "../core/announce.js";
import { ApiError, api, freshKey } from "../core/api.js";
import { busy, button, enable, notice } from "../core/controls.js";
import { openDialog } from "../core/dialog.js";
import { h, replace } from "../core/dom.js";
import { failure } from "../core/failure.js";
import { refusalText } from "../core/refusal_words.js";
import { t } from "../core/words.js";
import { advise } from "./send_advice.js";
import { countAll, firstWithSomebody } from "./send_count.js";
import { mailPanel } from "./send_mail.js";
import { ownerPanel } from "./send_owner.js";
import { confirmationText, peoplePanel, summary } from "./send_people.js";
import { progress } from "./send_progress.js";

/**
 * @typedef {Schema<"PreviewView">} Preview
 * @typedef {Schema<"OwnershipChoice"> | null} Choice
 */

/**
 * Opens the invitation preview for those who are selected.
 *
 * @param {import("./selection.js").Selection} selection
 * @param {{ sent: () => void }} then
 */
export function openSend(selection, { sent }) {
  const over = new AbortController();
  const body = selection.body();
  const names = new Map(selection.users.map((user) => [user.id, user.displayName || user.email]));
  /** @type {Preview | null} */
  let preview = null;
  /** Those who will get no confirmation, as far as they were counted. @type {Schema<"RecipientView">[]} */
  let unconfirmed = [];
  /** Whether everybody was looked at, and all of them will get one. */
  let confirmsAll = false;
  /** The same until it is answered: sent again, it invites nobody twice. */
  let key = freshKey();
  let round = 0;
  let sending = false;

  const left = h("div", { class: "send-facts" });
  const trouble = h("div", { class: "send-trouble" });
  const people = peoplePanel({ names, more: (cursor) => ask(cursor) });
  const mail = mailPanel({ ask: (of) => mailOf(of), signal: over.signal });
  const owner = ownerPanel({ onChange: () => look() });
  const facts = h("div", { class: "send-summary" });
  const confirmation = h("div", { class: "send-confirmation" });
  const advice = h("div", { class: "send-advice" });

  const cancel = button({ label: t("cancel"), onPress: () => dialog.close() });
  const send = button({ label: t("send.send"), kind: "main", icon: "mail", onPress: () => order() });
  const dialog = openDialog({
    title: t("send.title"),
    size: "full",
    body: h("div", { class: "send" }, trouble, h("div", { class: "send-columns" }, left, mail.element)),
    actions: [cancel, send],
    // While the request is on its way, nobody knows what became of it.
    mayClose: () => !sending,
    onClose: () => over.abort(),
  });
  replace(left, facts, advice, owner.element, confirmation, people.element);
  advise(advice, over.signal);

  /**
   * @param {string | null} cursor
   * @returns {Promise<Preview>}
   */
  const ask = async (cursor) => {
    const answer = await api.post(
      "/v1/invitations/preview",
      {
        selection: body,
        ownership: owner.choice,
        keepOwnership: owner.keep,
        settingsVersion: preview?.settingsVersion ?? null,
      },
      { query: { cursor }, changesNothing: true, signal: over.signal },
    );
    return answer.data;
  };

  /**
   * The mail of one person, in a language.
   *
   * @param {{ userId: string, locale: string }} of
   * @returns {Promise<Preview>}
   */
  const mailOf = async ({ userId, locale }) => {
    const one = preview?.recipients.find((recipient) => recipient.userId === userId);
    // A choice that cannot reach this person would be refused for them alone.
    const ownership = one?.ownershipReason ? null : owner.choice;
    const keepOwnership = owner.keep;
    const answer = await api.post(
      "/v1/invitations/preview",
      { selection: { userIds: [userId] }, ownership, keepOwnership, settingsVersion: preview?.settingsVersion ?? null },
      { query: { locale }, changesNothing: true, signal: over.signal },
    );
    return answer.data;
  };

  /** Shows what would be sent as things stand. */
  const look = async () => {
    const ours = ++round;
    enable(send, false);
    mail.wait();
    if (!preview) {
      facts.replaceChildren(h("p", { class: "muted" }, t("send.loading")));
      people.wait();
    }
    try {
      const answer = await firstWithSomebody(ask);
      if (ours !== round || over.signal.aborted) return;
      preview = answer;
      trouble.replaceChildren();
      draw(answer);
      await count(answer, () => ours === round && !over.signal.aborted);
    } catch (error) {
      if (ours !== round || over.signal.aborted) return;
      refused(error);
    }
  };

  /** @param {Preview} answer */
  const draw = (answer) => {
    owner.show(answer);
    people.show(answer);
    mail.show(answer);
    enable(send, true);
  };

  /**
   * Counts everybody, a page after the other. What is known can be sent meanwhile.
   *
   * @param {Preview} first
   * @param {() => boolean} wanted
   */
  const count = (first, wanted) =>
    countAll(first, {
      ask,
      told: (tally) => {
        if (!wanted()) return false;
        replace(facts, summary(first, tally));
        owner.count(tally);
        replace(confirmation, confirmationText(tally));
        unconfirmed = tally.unconfirmed;
        confirmsAll = tally.state === "whole" && !tally.off && tally.confirmed === tally.willSend;
        const { willSend } = first.counts.exact ? first.counts : tally;
        const known = first.counts.exact || tally.state !== "counting";
        if (known && !sending) enable(send, willSend > 0 || tally.state === "part");
        if (tally.state !== "counting")
          announce(willSend === 0 ? t("send.nobody") : t("send.ready", { count: willSend }));
        return true;
      },
    });

  /** @param {unknown} error */
  const refused = (error) => {
    const code = error instanceof ApiError ? error.code : "";
    if (code === "settings-changed") {
      preview = null;
      alertNow(t("send.settingsChanged"));
      look().then(() => trouble.replaceChildren(notice("warn", h("p", null, t("send.settingsChanged")))));
      return;
    }
    const choice = error instanceof ApiError && error.problem?.errors?.find(({ field }) => field === "ownership");
    if (choice && owner.choice) {
      owner.refuse(refusalText(choice));
      look();
      return;
    }
    replace(trouble, failure(error, { again: look }));
  };

  const order = async () => {
    if (!preview) return;
    sending = true;
    busy(send, true);
    enable(cancel, false);
    try {
      /** @type {import("../core/api.js").Answer<Schema<"SentView">>} */
      const { data } = await api.post(
        "/v1/invitations",
        {
          selection: body,
          ownership: owner.choice,
          keepOwnership: owner.keep,
          settingsVersion: preview.settingsVersion,
        },
        { idempotencyKey: key, signal: over.signal },
      );
      sent();
      after(data, preview);
    } catch (error) {
      if (over.signal.aborted) return;
      // An answer that says no ends the request; without one, or while nobody can answer, the same key asks again.
      if (error instanceof ApiError && error.status >= 400 && error.status < 500) key = freshKey();
      if (error instanceof ApiError && error.code === "settings-changed") refused(error);
      // What was sent before arrived: to offer the same again would send it twice.
      else if (error instanceof ApiError && error.code === "idempotency-key-reused") replace(trouble, failure(error));
      else replace(trouble, failure(error, { again: order }));
    } finally {
      sending = false;
      busy(send, false);
      enable(cancel, true);
    }
  };

  /**
   * @param {Schema<"SentView">} answer
   * @param {Preview} shown
   */
  const after = (answer, shown) => {
    dialog.setTitle(t("sent.title"));
    round += 1;
    const view = progress(answer, { signal: over.signal, names, changed: sent, shown, unconfirmed, confirmsAll });
    dialog.element.classList.replace("full", "wide");
    replace(dialog.body, view.element);
    const okay = button({ label: t("sent.okay"), kind: "main", onPress: () => dialog.close() });
    dialog.setActions(view.stop, okay);
    okay.focus();
  };

  look();
}
