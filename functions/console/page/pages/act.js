// One action on the people who are selected: asks for what it needs, carries it out, and reports what it did.

import { announce } from "../core/announce.js";
import { busy, button, notice } from "../core/controls.js";
import { openDialog } from "../core/dialog.js";
import { h, replace, uniqueId } from "../core/dom.js";
import { form, showRefusal } from "../core/form.js";
import { moment } from "../core/format.js";
import { t } from "../core/words.js";
import { reasonField, showSheets } from "./sheets.js";

/**
 * @typedef {import("./actions.js").Action} Action
 * @typedef {import("./actions.js").User} User
 */

/**
 * A text of an action.
 *
 * @param {Action} action
 * @param {"" | ".text" | ".done"} part
 * @param {import("../core/words.js").Values} [values]
 */
const said = (action, part, values) =>
  t(/** @type {import("../core/words.js").Key} */ (`action.${action.name}${part}`), values);

/**
 * Opens the dialog of an action for one person.
 *
 * @param {Action} action
 * @param {User} user
 * @param {() => void} done
 */
export function openAction(action, user, done) {
  const name = user.displayName || user.email;
  const id = uniqueId("form");
  const trouble = h("div");
  const reason = action.reason ? reasonField() : null;
  const go = button({ label: said(action, ""), kind: action.danger ? "danger" : "main", type: "submit", form: id });
  const dialog = openDialog({
    title: said(action, ""),
    body: form(
      id,
      () => run(),
      trouble,
      h("p", null, said(action, ".text", { name })),
      name !== user.email && h("p", { class: "muted" }, user.email),
      action.about?.(user),
      reason?.element,
    ),
    actions: [
      button({ label: t(action.name === "cancel" ? "keep.invitation" : "cancel"), onPress: () => dialog.close() }),
      go,
    ],
  });

  const run = async () => {
    if (go.getAttribute("aria-disabled") === "true") return;
    trouble.replaceChildren();
    busy(go, true);
    try {
      const answer = await action.run(user, { reason: reason?.input.value.trim() ?? "" });
      report(answer);
      done();
    } catch (error) {
      showRefusal(error, reason ? [reason] : [], trouble);
    } finally {
      busy(go, false);
    }
  };

  /** @param {any} answer */
  const report = (answer) => {
    const text = said(action, ".done", { name });
    announce(text);
    const close = button({ label: t("close"), kind: "main", onPress: () => dialog.close() });
    if (action.name === "pin") {
      replace(dialog.body, secret(answer));
      dialog.setActions(close);
    } else if (action.name === "sheet") {
      dialog.setActions(close, showSheets(dialog, t("action.sheet"), answer));
    } else {
      replace(dialog.body, notice("good", h("p", null, text)));
      dialog.setActions(close);
    }
    close.focus();
  };
}

/**
 * A secret that was handed over. It is shown here and kept nowhere.
 *
 * @param {Schema<"HandedOverView">} answer
 */
function secret({ pin, link, pageUrl, expiresAt, issued, told }) {
  const text = pin ?? link ?? "";
  const copied = h("span", { role: "status", class: "hint" });
  return h(
    "div",
    { class: "form" },
    h("p", { class: pin ? "secret-pin" : "secret-link" }, text),
    h(
      "div",
      { class: "secret-copy" },
      button({
        label: t("secret.copy"),
        onPress: async () => {
          await navigator.clipboard.writeText(pin ? pin.replace(/\s/g, "") : text);
          copied.textContent = t("secret.copied");
        },
      }),
      copied,
    ),
    h(
      "dl",
      { class: "facts" },
      h("dt", null, t("secret.page")),
      h("dd", { dir: "ltr" }, pageUrl),
      h("dt", null, t("secret.until")),
      h("dd", null, moment(expiresAt)),
    ),
    h(
      "p",
      { class: "hint" },
      [t(issued ? "secret.issued" : "secret.same"), t(told ? "secret.told" : "secret.notTold")].join(" "),
    ),
    notice("warn", h("p", null, t("secret.once"))),
  );
}
