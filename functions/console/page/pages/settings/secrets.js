// Secrets that another system proves itself by: two at a time, made here, shown once and taken away; and what is to be
// pasted into that system.

import { announce } from "../../core/announce.js";
import { api } from "../../core/api.js";
import { button } from "../../core/controls.js";
import { ask, openDialog } from "../../core/dialog.js";
import { h, replace } from "../../core/dom.js";
import { failure } from "../../core/failure.js";
import { moment } from "../../core/format.js";
import { t } from "../../core/words.js";

/** The most secrets at a time. */
const MOST = 2;

/**
 * Something to paste elsewhere, with a button that copies it.
 *
 * @param {string} text
 * @param {string} [what] what it is, where several stand together
 */
export function pasted(text, what) {
  const copy = button({
    label: t("sources.copy"),
    async onPress() {
      try {
        await navigator.clipboard.writeText(text);
        announce(t("sources.copied"));
      } catch {
        // It stands there to be copied by hand.
      }
    },
  });
  if (what) copy.setAttribute("aria-label", t("sources.copyOf", { what }));
  return h("div", { class: "pasted" }, h("code", { class: "pasted-text", dir: "ltr" }, text), copy);
}

/**
 * The secrets that are valid, and making one more.
 *
 * @param {object} what
 * @param {{ id: number, since: string }[]} what.secrets
 * @param {string} what.path of the API, where they are made and taken away
 * @param {(made: any) => string} what.shown the secret in the answer to making it
 * @param {boolean} [what.isUser] whether it is a user and a password, as `user:password`
 * @param {{ make: string, makeFor?: string, made: string, text: string, gone: string }} what.words
 * @param {AbortSignal} what.signal
 * @param {() => Promise<void>} what.changed
 */
export function heldSecrets({ secrets, path, shown, isUser = false, words, signal, changed }) {
  const trouble = h("div");
  const make = button({
    label: words.make,
    icon: "plus",
    async onPress() {
      try {
        const { data } = await api.post(path, {}, { signal });
        replace(trouble);
        showOnce(words.made, words.text, shown(data), isUser);
        await changed();
      } catch (error) {
        if (!signal.aborted) replace(trouble, failure(error));
      }
    },
  });
  if (words.makeFor) make.setAttribute("aria-label", words.makeFor);

  /** @param {{ id: number, since: string }} secret */
  const held = ({ id, since }) => {
    const time = moment(since);
    const away = button({
      label: t("sources.remove.short"),
      kind: "quiet",
      async onPress() {
        const title = t("sources.remove", { time });
        const sure = await ask({ title, text: words.gone, action: t("sources.remove.short"), danger: true });
        if (!sure) return;
        try {
          await api.delete(`${path}/${id}`, { signal });
          await changed();
        } catch (error) {
          if (!signal.aborted) replace(trouble, failure(error));
        }
      },
    });
    away.setAttribute("aria-label", t("sources.remove", { time }));
    return h("li", null, h("span", null, t("sources.since", { time })), away);
  };

  return [
    secrets.length > 0 && h("ul", { class: "secrets" }, secrets.map(held)),
    secrets.length < MOST && make,
    trouble,
  ];
}

/**
 * @param {string} title
 * @param {string} text
 * @param {string} secret
 * @param {boolean} isUser
 */
function showOnce(title, text, secret, isUser) {
  const [user = "", ...rest] = secret.split(":");
  const parts = isUser
    ? [
        h("p", { class: "strong" }, t("sources.user")),
        pasted(user, t("sources.user")),
        h("p", { class: "strong" }, t("sources.password")),
        pasted(rest.join(":"), t("sources.password")),
      ]
    : [pasted(secret)];
  const dialog = openDialog({
    title,
    body: h("div", { class: "stack" }, parts, h("p", null, text)),
    actions: button({ label: t("sent.okay"), kind: "main", onPress: () => dialog.close() }),
  });
}
