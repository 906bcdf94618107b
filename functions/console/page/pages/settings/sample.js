// A mail to nobody, as it would be under what is typed. It follows each change after a short pause.

import { ApiError, api } from "../../core/api.js";
import { h, replace } from "../../core/dom.js";
import { whatHappened } from "../../core/failure.js";
import { checkField, selectField } from "../../core/fields.js";
import { mailFrame } from "../../core/mail_frame.js";
import { named, t } from "../../core/words.js";
import { editable } from "./bound.js";
import { changed, get, objections, tidy } from "./document.js";

/** How long a pause in typing is, in milliseconds. */
const PAUSE = 400;

const KINDS = ["invitation", "reminder", "confirmation"];

/** @param {{ signal: AbortSignal }} what */
export function samplePanel({ signal }) {
  const kind = selectField({
    name: "kind",
    label: t("settings.sample.kind"),
    value: "invitation",
    options: KINDS.map((value) => ({ value, label: named("settings.kind", value) })),
    on: { change: () => ask() },
  });
  const dark = checkField({ name: "dark", label: t("settings.sample.dark"), on: { change: () => ask() } });
  const shown = sampleMail({
    signal,
    request: () => ({
      path: `/v1/templates/${kind.input.value}/${encodeURIComponent(get("locale") || "en")}/preview`,
      body: { settings: tidy() },
    }),
    dark: () => dark.input.checked,
    logo: () => get("branding.logo"),
    refused: (errors) => objections(errors.map((one) => ({ ...one, field: one.field.replace(/^settings\./, "") }))),
  });
  const ask = () => shown.ask();
  if (!editable())
    return h(
      "section",
      { class: "card sample" },
      h("h2", null, t("settings.sample.title")),
      h("p", { class: "muted" }, t("settings.sample.role")),
    );
  changed.addEventListener("changed", () => shown.askSoon(), { signal });
  shown.ask();
  return h(
    "section",
    { class: "card sample" },
    h("h2", null, t("settings.sample.title")),
    h("div", { class: "sample-tools" }, kind.element, dark.element),
    shown.element,
  );
}

/**
 * @param {any} logo
 * @returns {{ [id: string]: string }}
 */
function picturesOf(logo) {
  return logo ? { logo: `data:${logo.contentType};base64,${logo.contentBase64}` } : {};
}

/**
 * A mail that the API shows for a draft. While a draft is refused, the last mail stays.
 *
 * @param {object} what
 * @param {AbortSignal} what.signal
 * @param {() => { path: string, body: any }} what.request
 * @param {() => boolean} what.dark
 * @param {() => any} [what.logo] of the settings, for its place in the mail
 * @param {(errors: readonly { field: string, detail: string }[]) => void} what.refused
 * @param {() => void} [what.accepted]
 */
export function sampleMail({ signal, request, dark, logo, refused, accepted }) {
  const frame = mailFrame(t("settings.sample.title"));
  const subject = h("p", { class: "mail-subject" });
  const trouble = h("p", { class: "sample-trouble", role: "status" });
  const place = h("div", { class: "mail-place waiting" }, frame.element);
  const element = h("div", { class: "sample-mail" }, subject, trouble, place);
  let asking = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let last = "";

  const ask = async () => {
    clearTimeout(timer);
    const { path, body } = request();
    const key = JSON.stringify([path, body, dark()]);
    if (key === last) return;
    last = key;
    asking.abort();
    asking = new AbortController();
    const { signal: overtaken } = asking;
    place.classList.add("waiting");
    try {
      const { data } = await api.post(path, body, { signal: AbortSignal.any([signal, overtaken]) });
      replace(subject, h("span", { class: "muted" }, `${t("mail.subject")} `), h("strong", null, data.subject));
      replace(trouble);
      accepted?.();
      await frame.show(data.html, { dark: dark(), pictures: picturesOf(logo?.()) });
    } catch (error) {
      if (signal.aborted || overtaken.aborted) return;
      last = "";
      const errors = error instanceof ApiError ? error.problem?.errors : undefined;
      if (errors?.length) refused(errors);
      replace(trouble, errors?.length ? t("settings.sample.refused") : whatHappened(error));
    } finally {
      if (!overtaken.aborted) place.classList.remove("waiting");
    }
  };
  signal.addEventListener("abort", () => clearTimeout(timer));
  return {
    element,
    ask,
    askSoon() {
      clearTimeout(timer);
      timer = setTimeout(ask, PAUSE);
    },
  };
}
