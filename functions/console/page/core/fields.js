// Fields with a label, a hint and what is wrong with them.

import { alertNow } from "./announce.js";
import { h, replace, uniqueId } from "./dom.js";
import { refusal } from "./refusal_words.js";
import { t } from "./words.js";

/**
 * @template {HTMLElement} Control
 * @typedef {object} Field
 * @property {HTMLElement} element
 * @property {Control} input
 * @property {string} name as the API names it: `email`, `registration.pin.length`
 * @property {(text: Said) => void} setError
 */

/** @typedef {string | import("./dom.js").Single[] | null} Said what is wrong; null if nothing is */

/**
 * @typedef {object} About
 * @property {string} name
 * @property {string} label
 * @property {string} [hint]
 * @property {boolean} [optional] says so beside the label
 */

/**
 * @template {HTMLElement} Control
 * @param {About} about
 * @param {Control} input
 * @returns {Field<Control>}
 */
function field({ name, label, hint, optional }, input) {
  const [id, hintId, errorId] = [uniqueId("field"), uniqueId("hint"), uniqueId("error")];
  const error = h("p", { class: "error", id: errorId, hidden: true });
  input.id = id;
  input.setAttribute("aria-describedby", [hint && hintId, errorId].filter(Boolean).join(" "));
  const element = h(
    "div",
    { class: "field", dataset: { field: name } },
    h("label", { for: id }, label, optional && h("span", { class: "optional" }, ` ${t("field.optional")}`)),
    hint && h("p", { class: "hint", id: hintId }, hint),
    input,
    error,
  );
  return { element, input, name, setError: (text) => mark(element, input, error, text) };
}

/**
 * @param {HTMLElement} element
 * @param {HTMLElement} input
 * @param {HTMLElement} error
 * @param {Said} text
 */
function mark(element, input, error, text) {
  element.classList.toggle("wrong", text !== null);
  if (text === null) input.removeAttribute("aria-invalid");
  else input.setAttribute("aria-invalid", "true");
  error.hidden = text === null;
  replace(error, ...(Array.isArray(text) ? text : [text ?? ""]));
}

/**
 * A line to type into.
 *
 * @param {About & { value?: string, type?: string, required?: boolean, autocomplete?: string, placeholder?: string,
 *   autofocus?: boolean, inputmode?: string, on?: import("./dom.js").Listeners }} about
 * @returns {Field<HTMLInputElement>}
 */
export function textField(about) {
  const { value = "", type = "text", required, autocomplete = "off", placeholder, autofocus, inputmode, on } = about;
  const input = h("input", {
    type,
    name: about.name,
    value,
    "aria-required": required ? "true" : null,
    autocomplete,
    placeholder,
    autofocus,
    inputmode,
    spellcheck: "false",
    on: on ?? {},
  });
  return field(about, input);
}

/**
 * Lines to type into.
 *
 * @param {About & { value?: string, rows?: number }} about
 * @returns {Field<HTMLTextAreaElement>}
 */
export function textArea(about) {
  return field(about, h("textarea", { name: about.name, value: about.value ?? "", rows: about.rows ?? 4 }));
}

/**
 * A choice of one from a list.
 *
 * @param {About & { value?: string, options: { value: string, label: string }[], on?: import("./dom.js").Listeners }} about
 * @returns {Field<HTMLSelectElement>}
 */
export function selectField(about) {
  const options = about.options.map(({ value, label }) =>
    h("option", { value, selected: value === about.value }, label),
  );
  return field(about, h("select", { name: about.name, on: about.on ?? {} }, options));
}

/**
 * A box to tick.
 *
 * @param {About & { checked?: boolean, on?: import("./dom.js").Listeners }} about
 * @returns {Field<HTMLInputElement>}
 */
export function checkField(about) {
  return ticked(
    about,
    h("input", { type: "checkbox", name: about.name, checked: about.checked ?? false, on: about.on ?? {} }),
  );
}

/**
 * A switch, for what holds at once or is on or off.
 *
 * @param {About & { checked?: boolean, on?: import("./dom.js").Listeners }} about
 * @returns {Field<HTMLInputElement>}
 */
export function switchField(about) {
  const input = h("input", {
    type: "checkbox",
    role: "switch",
    class: "switch",
    name: about.name,
    checked: about.checked ?? false,
    on: about.on ?? {},
  });
  return ticked(about, input);
}

/**
 * @param {About} about
 * @param {HTMLInputElement} input
 * @returns {Field<HTMLInputElement>}
 */
function ticked({ name, label, hint }, input) {
  const [id, hintId, errorId] = [uniqueId("field"), uniqueId("hint"), uniqueId("error")];
  const error = h("p", { class: "error", id: errorId, hidden: true });
  input.id = id;
  input.setAttribute("aria-describedby", [hint && hintId, errorId].filter(Boolean).join(" "));
  const element = h(
    "div",
    { class: "field tick", dataset: { field: name } },
    input,
    h("div", null, h("label", { for: id }, label), hint && h("p", { class: "hint", id: hintId }, hint), error),
  );
  return { element, input, name, setError: (text) => mark(element, input, error, text) };
}

/**
 * A choice of one that is seen as a whole.
 *
 * @param {About & { value?: string, options: { value: string, label: string, hint?: string }[],
 *   onChange?: (value: string) => void }} about
 */
export function radioField({ name, label, hint, value, options, onChange }) {
  const group = uniqueId("radio");
  const [hintId, errorId] = [uniqueId("hint"), uniqueId("error")];
  const error = h("p", { class: "error", id: errorId, hidden: true });
  const rows = options.map((option) => {
    const [id, about] = [uniqueId("option"), uniqueId("about")];
    const input = h("input", {
      type: "radio",
      id,
      name: group,
      value: option.value,
      checked: option.value === value,
      "aria-describedby": option.hint ? about : null,
      on: { change: () => onChange?.(option.value) },
    });
    return h(
      "div",
      { class: "choice" },
      input,
      h(
        "div",
        null,
        h("label", { for: id }, option.label),
        option.hint && h("p", { class: "hint", id: about }, option.hint),
      ),
    );
  });
  const element = h(
    "fieldset",
    {
      class: "field",
      dataset: { field: name },
      "aria-describedby": [hint && hintId, errorId].filter(Boolean).join(" "),
    },
    h("legend", null, label),
    hint && h("p", { class: "hint", id: hintId }, hint),
    rows,
    error,
  );
  return {
    element,
    name,
    get value() {
      return element.querySelector("input:checked")?.getAttribute("value") ?? "";
    },
    /** @param {Said} text */
    setError: (text) => mark(element, element, error, text),
  };
}

/**
 * Shows at each field what the API has against it, and brings the reader to the first. Answers with what belongs to
 * none of these fields.
 *
 * @param {{ name: string, element: HTMLElement, setError: (text: Said) => void }[]} fields
 * @param {readonly import("./refusal_words.js").Refused[] | undefined} errors
 */
export function showErrors(fields, errors = []) {
  for (const field of fields) field.setError(null);
  const left = errors.filter((error) => {
    const field = fields.find(
      ({ name }) => error.field === name || error.field.startsWith(`${name}.`) || error.field.startsWith(`${name}[`),
    );
    field?.setError(refusal(error));
    return !field;
  });
  const first = fields.find(({ element }) => element.classList.contains("wrong"));
  const control = first?.element.querySelector("input, select, textarea");
  if (control instanceof HTMLElement) {
    control.focus();
    alertNow(t("field.wrong", { count: errors.length - left.length }));
  }
  return left;
}
