// Sheets to print, in the dialog that asked for them.

import { button, notice } from "../core/controls.js";
import { h, replace } from "../core/dom.js";
import { textField } from "../core/fields.js";
import { mailFrame } from "../core/mail_frame.js";
import { t } from "../core/words.js";

/** Why a secret is handed over. The history keeps it. */
export const reasonField = () =>
  textField({
    name: "reason",
    label: t("action.reason"),
    hint: t("action.reason.hint"),
    required: true,
    autofocus: true,
  });

/**
 * Shows sheets, and gives the button that prints them.
 *
 * @param {import("../core/dialog.js").Dialog} dialog
 * @param {string} title
 * @param {string} html
 */
export function showSheets(dialog, title, html) {
  const frame = mailFrame(title);
  frame.element.classList.add("sheet-frame");
  dialog.element.classList.replace("small", "wide");
  replace(dialog.body, notice("warn", h("p", null, t("secret.once"))), frame.element);
  frame.show(html, { dark: false });
  return button({ label: t("action.sheet.print"), kind: "main", onPress: () => frame.print() });
}
