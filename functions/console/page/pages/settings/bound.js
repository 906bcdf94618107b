// Fields that show and change one place of the draft. Whoever may not change the settings reads them.

import { h } from "../../core/dom.js";
import { checkField, radioField, selectField, switchField, textArea, textField } from "../../core/fields.js";
import { may } from "../../core/roles.js";
import { number, t } from "../../core/words.js";
import { changed, errorAt, get, object, set } from "./document.js";

/** Whether the settings can be changed by whoever looks at them. */
export function editable() {
  return may("settings");
}

/**
 * @typedef {object} Bound
 * @property {string} path of the place in the draft
 * @property {string} label
 * @property {string} [hint]
 * @property {boolean} [optional]
 */

/**
 * Shows what is wrong with the field as long as it is on the page.
 *
 * @template {{ element: HTMLElement, setError: (text: string | null) => void }} Field
 * @param {string} path
 * @param {Field} field
 * @returns {Field}
 */
export function watched(path, field) {
  let shown = /** @type {string | null} */ (null);
  const write = () => {
    const text = errorAt(path);
    if (text === shown) return;
    shown = text;
    field.setError(text);
  };
  write();
  const follow = () => {
    // The section may not stand on the page yet when the first change comes.
    if (!field.element.isConnected && shownOnce) return changed.removeEventListener("changed", follow);
    shownOnce ||= field.element.isConnected;
    write();
  };
  let shownOnce = false;
  changed.addEventListener("changed", follow);
  field.element.dataset["path"] = path;
  return field;
}

/** @param {HTMLInputElement | HTMLTextAreaElement} input */
function lockText(input) {
  if (!editable()) input.readOnly = true;
}

/** @param {Element} element */
function lockChoices(element) {
  if (editable()) return;
  for (const control of element.querySelectorAll("input, select")) control.setAttribute("disabled", "");
}

/**
 * A line of text; an empty one is nothing.
 *
 * @param {Bound & { type?: string, placeholder?: string, autocomplete?: string }} what
 */
export function boundText({ path, ...about }) {
  const field = textField({
    name: path,
    ...about,
    value: get(path) ?? "",
    on: { input: () => set(path, field.input.value.trim() === "" ? null : field.input.value) },
  });
  lockText(field.input);
  return watched(path, field).element;
}

/**
 * Lines of text.
 *
 * @param {Bound & { rows?: number, most?: number }} what
 */
export function boundArea({ path, most, ...about }) {
  const field = textArea({ name: path, ...about, value: get(path) ?? "" });
  const count = most === undefined ? null : h("p", { class: "hint counter" });
  const write = () => {
    if (count && most)
      count.textContent = t("settings.characters", {
        count: number([...field.input.value].length),
        most: number(most),
      });
  };
  field.input.addEventListener("input", () => {
    set(path, field.input.value);
    write();
  });
  write();
  if (count) field.element.append(count);
  lockText(field.input);
  return watched(path, field).element;
}

/**
 * A list of texts, each on a line of its own.
 *
 * @param {Bound & { rows?: number }} what
 */
export function boundLines({ path, ...about }) {
  const field = textArea({ name: path, rows: 3, ...about, value: (get(path) ?? []).join("\n") });
  field.input.addEventListener("input", () => {
    const lines = field.input.value.split("\n").map((line) => line.trim());
    set(path, lines.filter(Boolean));
  });
  lockText(field.input);
  return watched(path, field).element;
}

/**
 * A whole number between two bounds. What is none is said at once and kept as it was typed.
 *
 * @param {Bound & { min: number, max: number, unit?: string, placeholder?: string, empty?: boolean }} what with `empty`
 *   it may be left out
 */
export function boundNumber({ path, min, max, unit, empty = false, ...about }) {
  const held = get(path);
  const field = textField({
    name: path,
    ...about,
    inputmode: "numeric",
    value: held === null || held === undefined ? "" : String(held),
  });
  field.input.classList.add("short");
  const check = () => {
    const text = field.input.value.trim();
    const value = /^\d+$/.test(text) ? Number(text) : text === "" ? null : text;
    const fits = typeof value === "number" ? value >= min && value <= max : value === null && empty;
    set(path, value);
    if (!fits) object(path, t("settings.number", { min: number(min), max: number(max) }));
  };
  field.input.addEventListener("input", check);
  if (unit) {
    const line = h("div", { class: "with-unit" });
    field.input.replaceWith(line);
    line.append(field.input, h("span", { class: "unit" }, unit));
  }
  lockText(field.input);
  return watched(path, field).element;
}

/** A field that is on or off. @param {typeof switchField} make */
const onOrOff =
  (make) =>
  /** @param {Bound} what */
  ({ path, ...about }) => {
    const field = make({
      name: path,
      ...about,
      checked: get(path) === true,
      on: { change: () => set(path, field.input.checked) },
    });
    lockChoices(field.element);
    return watched(path, field).element;
  };

export const boundSwitch = onOrOff(switchField);
export const boundCheck = onOrOff(checkField);

/**
 * A choice of one; the empty value is nothing, `true` and `false` are what they say.
 *
 * @param {Bound & { options: { value: string, label: string }[] }} what
 */
export function boundSelect({ path, options, ...about }) {
  const held = get(path);
  const value = held === null || held === undefined ? "" : String(held);
  // What this console does not know stays what it is.
  const all = options.some((one) => one.value === value) ? options : [...options, { value, label: value }];
  const read = (/** @type {string} */ text) =>
    text === "" ? null : text === "true" ? true : text === "false" ? false : text;
  const field = selectField({
    name: path,
    ...about,
    value,
    options: all,
    on: { change: () => set(path, read(field.input.value)) },
  });
  lockChoices(field.element);
  return watched(path, field).element;
}

/** @param {Bound & { options: { value: string, label: string, hint?: string }[] }} what */
export function boundRadio({ path, options, ...about }) {
  const field = radioField({
    name: path,
    ...about,
    value: get(path) ?? "",
    options,
    onChange: (value) => set(path, value),
  });
  lockChoices(field.element);
  return watched(path, field).element;
}
