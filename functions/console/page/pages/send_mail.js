// The mail as a person will see it: whose, in which language, on which screen, on light or dark paper.

import { h, icon, replace } from "../core/dom.js";
import { failure } from "../core/failure.js";
import { selectField } from "../core/fields.js";
import { languageName } from "../core/format.js";
import { mailFrame } from "../core/mail_frame.js";
import { t } from "../core/words.js";
import { MAIL_LANGUAGES } from "./mail_languages.js";

/** @typedef {Schema<"PreviewView">} Preview */

/**
 * @param {object} what
 * @param {(of: { userId: string, locale: string }) => Promise<Preview>} what.ask
 * @param {AbortSignal} what.signal
 */
export function mailPanel({ ask, signal }) {
  const frame = mailFrame(t("mail.title"));
  const subject = h("p", { class: "mail-subject" });
  const tongue = h("p", { class: "mail-tongue hint", role: "status" });
  /** @type {Preview["recipients"]} */
  let people = [];
  const place = h("div", { class: "mail-place phone" }, frame.element);
  const trouble = h("div");
  let dark =
    document.getElementById("dark")?.getAttribute("media") === "all" ||
    matchMedia("(prefers-color-scheme: dark)").matches;
  /** @type {Schema<"MailView"> | null} */
  let shown = null;
  let round = 0;

  const person = selectField({
    name: "person",
    label: t("mail.person"),
    options: [],
    on: { change: () => fetchMail() },
  });
  const language = selectField({
    name: "language",
    label: t("mail.language"),
    options: [{ value: "", label: t("mail.ownLanguage") }],
    on: { change: () => fetchMail() },
  });
  const width = choice(
    "mail.width",
    [
      ["phone", "mail.phone", "phone"],
      ["desktop", "mail.desktop", "desktop"],
    ],
    "phone",
    (value) => {
      place.classList.toggle("phone", value === "phone");
      place.classList.toggle("desktop", value === "desktop");
    },
  );
  const paper = choice(
    "mail.paper",
    [
      ["light", "theme.light"],
      ["dark", "theme.dark"],
    ],
    dark ? "dark" : "light",
    (value) => {
      dark = value === "dark";
      draw();
    },
  );
  const element = h(
    "section",
    { class: "mail-panel", "aria-label": t("mail.title") },
    h("div", { class: "mail-tools" }, person.element, language.element, width, paper),
    tongue,
    subject,
    trouble,
    place,
  );

  const draw = async () => {
    replace(
      subject,
      shown
        ? [h("span", { class: "muted" }, t("mail.subject")), " ", h("strong", null, shown.subject)]
        : t("mail.none"),
    );
    place.hidden = !shown;
    const one = people.find(({ userId }) => userId === person.input.value);
    const name = one?.displayName ?? one?.email ?? "";
    const sent = languageName(one?.locale ?? "en");
    const other = language.input.value;
    replace(
      tongue,
      !shown || !one
        ? ""
        : other && other !== one.locale
          ? t("mail.shownIn", { shown: languageName(other), name, language: sent })
          : t("mail.sentIn", { name, language: sent }),
    );
    if (shown) await frame.show(shown.html, { dark });
  };
  const fetchMail = async () => {
    const ours = ++round;
    place.classList.add("waiting");
    try {
      const preview = await ask({ userId: person.input.value, locale: language.input.value });
      if (ours !== round) return;
      trouble.replaceChildren();
      shown = preview.mail ?? null;
      await draw();
    } catch (error) {
      if (ours !== round || signal.aborted) return;
      replace(trouble, failure(error, { again: fetchMail }));
    } finally {
      if (ours === round) place.classList.remove("waiting");
    }
  };

  return {
    element,
    wait: () => place.classList.add("waiting"),
    /** @param {Preview} preview */
    show(preview) {
      round += 1;
      const chosen = person.input.value;
      const invited = preview.recipients.filter(({ outcome }) => outcome !== "skipped");
      people = invited;
      replace(
        person.input,
        invited.map(({ userId, email }) =>
          h("option", { value: userId, selected: userId === chosen }, email ?? userId),
        ),
      );
      if (language.input.options.length === 1) {
        language.input.append(...MAIL_LANGUAGES.map((tag) => h("option", { value: tag }, languageName(tag))));
      }
      // The preview shows the first person's mail; another one, or another language, is asked for.
      if (language.input.value || person.input.selectedIndex > 0) {
        fetchMail();
        return;
      }
      shown = preview.mail ?? null;
      place.classList.remove("waiting");
      draw();
    },
  };
}

/**
 * A choice of one from a few that are seen as a bar.
 *
 * @param {import("../core/words.js").Key} label
 * @param {[value: string, label: import("../core/words.js").Key, drawing?: string][]} options
 * @param {string} chosen
 * @param {(value: string) => void} onChange
 */
function choice(label, options, chosen, onChange) {
  const name = `${label}-${Math.random().toString(36).slice(2)}`;
  return h(
    "fieldset",
    { class: "bar-choice" },
    h("legend", { class: "bar-label" }, t(label)),
    h(
      "div",
      { class: "bar" },
      options.map(([value, key, drawn]) =>
        h(
          "label",
          null,
          h("input", {
            type: "radio",
            name,
            value,
            checked: value === chosen,
            class: "unseen",
            on: { change: () => onChange(value) },
          }),
          drawn && icon(drawn),
          h("span", null, t(key)),
        ),
      ),
    ),
  );
}
