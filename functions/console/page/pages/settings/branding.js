// How mails look: colour and logo, beside a mail that shows them.

import { button, notice } from "../../core/controls.js";
import { h, replace, uniqueId } from "../../core/dom.js";
import { number, t } from "../../core/words.js";
import { boundText, editable, watched } from "./bound.js";
import { BLACK, channels, contrast, WHITE, written } from "./colour.js";
import { changed, get, object, set } from "./document.js";
import { samplePanel } from "./sample.js";

/** What mails have where nothing is chosen. */
const OURS = "#1f5fae";

/** The most bytes of a logo, and what it may be. */
const MOST = 32 * 1024;
const KINDS = ["image/png", "image/jpeg"];

/** What a button has to stand out by from the paper of the mail. */
const ENOUGH = 3;

/** @param {AbortSignal} signal */
export function show(signal) {
  return [
    h(
      "div",
      { class: "with-sample" },
      h(
        "div",
        null,
        h("section", { class: "card" }, h("h2", null, t("settings.branding.colour")), colour(signal)),
        h("section", { class: "card" }, h("h2", null, t("settings.branding.logo")), logo(signal)),
      ),
      samplePanel({ signal }),
    ),
  ];
}

/** @param {AbortSignal} signal */
function colour(signal) {
  const text = boundText({
    path: "branding.accentColour",
    label: t("settings.branding.accent"),
    hint: t("settings.branding.accent.hint"),
    optional: true,
    placeholder: OURS,
  });
  const picker = h("input", {
    type: "color",
    class: "colour-picker",
    "aria-label": t("settings.branding.pick"),
    disabled: !editable(),
  });
  const typed = text.querySelector("input");
  const line = h("div", { class: "colour-line" });
  typed?.replaceWith(line);
  if (typed) line.append(picker, typed);
  picker.addEventListener("input", () => {
    if (typed) typed.value = picker.value;
    set("branding.accentColour", picker.value);
  });
  const said = h("div", { class: "colour-said", role: "status" });
  const write = () => {
    const chosen = channels(get("branding.accentColour") ?? OURS);
    if (!chosen) return replace(said);
    picker.value = written(chosen);
    const [onWhite, onBlack] = [contrast(chosen, WHITE), contrast(chosen, BLACK)];
    const ink = onWhite >= onBlack ? WHITE : BLACK;
    const ratio = (/** @type {number} */ value) => number(Math.floor(value * 10) / 10);
    const key = JSON.stringify(chosen);
    if (said.dataset["of"] === key) return;
    said.dataset["of"] = key;
    replace(
      said,
      h(
        "span",
        { class: "colour-button", "aria-hidden": "true", style: { background: written(chosen), color: written(ink) } },
        t("settings.branding.button"),
      ),
      h(
        "p",
        { class: "hint" },
        t("settings.branding.ink", {
          ink: t(ink === WHITE ? "settings.branding.white" : "settings.branding.black"),
          ratio: ratio(Math.max(onWhite, onBlack)),
        }),
      ),
      onWhite < ENOUGH && notice("warn", h("p", null, t("settings.branding.faint", { ratio: ratio(onWhite) }))),
    );
  };
  changed.addEventListener("changed", write, { signal });
  write();
  return h("div", null, text, said);
}

/** @param {AbortSignal} signal */
function logo(signal) {
  const id = uniqueId("logo");
  const hint = uniqueId("hint");
  const error = h("p", { class: "error", hidden: true });
  const input = h("input", {
    type: "file",
    id,
    accept: KINDS.join(","),
    "aria-describedby": hint,
    class: "unseen-file",
  });
  const element = h(
    "div",
    { class: "field" },
    h("label", { for: id }, t("settings.branding.file")),
    h("p", { class: "hint", id: hint }, t("settings.branding.file.hint")),
    editable() && input,
    error,
  );
  watched("branding.logo.contentBase64", {
    element,
    setError(text) {
      element.classList.toggle("wrong", text !== null);
      error.hidden = text === null;
      replace(error, text ?? "");
    },
  });
  input.addEventListener("change", async () => {
    const [file] = input.files ?? [];
    if (!file) return;
    const wrong = !KINDS.includes(file.type)
      ? t("settings.branding.notPicture")
      : file.size > MOST
        ? t("settings.branding.tooLarge", { size: number(Math.ceil(file.size / 1024)) })
        : null;
    if (wrong) {
      object("branding.logo.contentBase64", wrong);
      input.value = "";
      // Nothing was taken from this file, so nothing is left to put right once another is chosen.
      return;
    }
    const content = await base64(file);
    object("branding.logo.contentBase64", null);
    set("branding.logo", { contentType: file.type, contentBase64: content, alt: get("branding.logo.alt") ?? null });
  });
  const shown = h("div", { class: "logo-shown" });
  let written = "";
  const write = () => {
    const held = get("branding.logo");
    const key = held ? held.contentBase64 : "";
    if (key === written && shown.firstChild) return;
    written = key;
    if (!held) return replace(shown, h("p", { class: "muted" }, t("settings.branding.noLogo")));
    replace(
      shown,
      h(
        "div",
        { class: "logo-paper" },
        h("img", {
          src: `data:${held.contentType};base64,${held.contentBase64}`,
          alt: t("settings.branding.logoShown"),
        }),
      ),
      boundText({
        path: "branding.logo.alt",
        label: t("settings.branding.alt"),
        hint: t("settings.branding.alt.hint"),
        optional: true,
      }),
      editable() &&
        button({
          label: t("settings.branding.remove"),
          onPress() {
            input.value = "";
            set("branding.logo", null);
            input.focus();
          },
        }),
    );
  };
  changed.addEventListener("changed", write, { signal });
  write();
  return h("div", null, element, shown);
}

/**
 * @param {File} file
 * @returns {Promise<string>}
 */
function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(String(reader.result).split(",")[1] ?? ""));
    reader.addEventListener("error", () => reject(reader.error));
    reader.readAsDataURL(file);
  });
}
