// Adding a user, with the invitation at once unless that is switched off.

import { ApiError, api, freshKey } from "../core/api.js";
import { busy, button } from "../core/controls.js";
import { ask, openDialog } from "../core/dialog.js";
import { h, uniqueId } from "../core/dom.js";
import { checkField, selectField, textField } from "../core/fields.js";
import { form, showRefusal } from "../core/form.js";
import { languageName } from "../core/format.js";
import { may } from "../core/roles.js";
import { link } from "../core/router.js";
import { done } from "../core/toast.js";
import { t } from "../core/words.js";
import { suggestGroups } from "./known_groups.js";
import { MAIL_LANGUAGES } from "./mail_languages.js";

/**
 * Opens the dialog.
 *
 * @param {{ added: () => void }} then
 */
export function openAddUser({ added }) {
  const id = uniqueId("form");
  const email = textField({
    name: "email",
    label: t("user.email"),
    type: "text",
    inputmode: "email",
    required: true,
    autofocus: true,
  });
  const name = textField({ name: "displayName", label: t("user.name"), optional: true });
  const groups = textField({ name: "groups", label: t("user.groups"), hint: t("user.groups.hint"), optional: true });
  suggestGroups(groups.input, { several: true });
  const externalId = textField({
    name: "externalId",
    label: t("user.externalId"),
    hint: t("user.externalId.hint"),
    optional: true,
  });
  const language = selectField({
    name: "locale",
    label: t("user.language"),
    options: [
      { value: "", label: t("user.language.default") },
      ...MAIL_LANGUAGES.map((tag) => ({ value: tag, label: languageName(tag) })),
    ],
  });
  const invite = checkField({
    name: "invite",
    label: t("user.invite"),
    hint: t("user.invite.hint"),
    checked: may("inviter"),
  });
  const fields = [email, name, groups, externalId, language, invite];
  const trouble = h("div");
  /** Kept while no answer comes: then the same request is asked again, and nobody is added twice. */
  let key = freshKey();
  let typed = "";

  const typedIn = form(
    id,
    () => save(),
    trouble,
    email.element,
    name.element,
    groups.element,
    h("details", { class: "more" }, h("summary", null, t("user.more")), externalId.element, language.element),
    may("inviter") && invite.element,
  );
  const submit = button({ label: t("users.add"), kind: "main", type: "submit", form: id });
  const dialog = openDialog({
    title: t("users.add"),
    body: typedIn,
    mayClose: () =>
      [email, name, groups, externalId].every(({ input }) => input.value.trim() === "") ||
      ask({ title: t("discard.title"), text: t("discard.text"), action: t("discard.yes"), danger: true }),
    actions: [button({ label: t("cancel"), onPress: () => dialog.close() }), submit],
  });

  const save = async () => {
    if (submit.getAttribute("aria-disabled") === "true") return;
    const body = {
      email: email.input.value.trim(),
      displayName: name.input.value.trim() || null,
      groups: groups.input.value
        .split(",")
        .map((group) => group.trim())
        .filter(Boolean),
      externalId: externalId.input.value.trim() || null,
      locale: language.input.value || null,
      invite: invite.input.checked,
    };
    const text = JSON.stringify(body);
    if (text !== typed) key = freshKey();
    typed = text;
    trouble.replaceChildren();
    busy(submit, true);
    try {
      const { data } = await api.post("/v1/users", body, { idempotencyKey: key });
      dialog.close();
      done(t(body.invite ? "user.addedInvited" : "user.added", { name: body.displayName ?? body.email }), {
        label: t("user.open"),
        href: link(`/users/${data.user.id}`),
      });
      added();
    } catch (error) {
      // An answer that says no ends the request; without one, the same key asks again.
      if (error instanceof ApiError && error.status >= 400 && error.status < 500) key = freshKey();
      showRefusal(error, fields, trouble);
    } finally {
      busy(submit, false);
    }
  };
}
