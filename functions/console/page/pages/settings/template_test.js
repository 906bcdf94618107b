// Mails a wording to an address, to see it in a real mail program.

import { announce } from "../../core/announce.js";
import { ApiError, api, freshKey } from "../../core/api.js";
import { button } from "../../core/controls.js";
import { openDialog } from "../../core/dialog.js";
import { h, replace } from "../../core/dom.js";
import { failure } from "../../core/failure.js";
import { showErrors, textField } from "../../core/fields.js";
import { setup } from "../../core/session.js";
import { t } from "../../core/words.js";

/**
 * @param {object} what
 * @param {string} what.path
 * @param {any} what.draft
 * @param {AbortSignal} what.signal
 * @param {(errors: readonly { field: string, detail: string }[]) => unknown} what.refused what the API has against the
 *   wording
 */
export function openTest({ path, draft, signal, refused }) {
  const to = textField({
    name: "to",
    label: t("settings.test.to"),
    hint: t("settings.test.to.hint"),
    type: "email",
    autofocus: true,
  });
  const trouble = h("div");
  const form = h("form", { id: "test-mail", novalidate: true, class: "form" }, to.element, trouble);
  const sending = button({ label: t("settings.test.send"), kind: "main", type: "submit", form: "test-mail" });
  const dialog = openDialog({
    title: t("settings.template.test"),
    body: form,
    actions: [button({ label: t("cancel"), onPress: () => dialog.close() }), sending],
  });
  let key = freshKey();
  let sent = "";

  const send = async () => {
    replace(trouble);
    const body = { to: to.input.value.trim(), draft };
    // Another address is another request; the same one is not mailed twice when an answer was lost.
    if (sent && sent !== body.to) key = freshKey();
    sent = body.to;
    try {
      await api.post(`${path}/test`, body, { idempotencyKey: key, signal });
      to.setError(null);
      announce(t("settings.test.sent", { to: body.to }));
      replace(
        form,
        h("p", null, t("settings.test.sent", { to: body.to })),
        setup().local && h("p", null, h("a", { href: "/mailbox", target: "_blank" }, t("settings.test.mailbox"))),
      );
      dialog.setActions(button({ label: t("close"), kind: "main", onPress: () => dialog.close() }));
    } catch (error) {
      if (signal.aborted) return;
      const errors = error instanceof ApiError ? (error.problem?.errors ?? []) : [];
      const left = showErrors([to], errors);
      if (errors.length > 0 && left.length === errors.length) {
        dialog.close();
        refused(left);
      } else if (errors.length === 0) {
        replace(trouble, failure(error, { again: send }));
      }
      key = freshKey();
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
}
