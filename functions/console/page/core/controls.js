// Buttons, badges and notices.

import { icon as drawing, h } from "./dom.js";

/**
 * A button. While what it started is not finished, it says so and does not start it again.
 *
 * @param {object} what
 * @param {string} what.label
 * @param {(event: MouseEvent) => unknown} [what.onPress]
 * @param {"plain" | "main" | "danger" | "quiet"} [what.kind]
 * @param {string} [what.icon]
 * @param {boolean} [what.iconOnly] the label is read but not seen
 * @param {"button" | "submit"} [what.type]
 * @param {string} [what.class]
 * @param {string} [what.form] the id of the form that it submits
 */
export function button({
  label,
  onPress,
  kind = "plain",
  icon,
  iconOnly = false,
  type = "button",
  class: extra,
  form,
}) {
  const element = h(
    "button",
    {
      type,
      form,
      class: ["button", kind, iconOnly && "icon-only", extra].filter(Boolean).join(" "),
      title: iconOnly ? label : null,
      on: {
        click: async (/** @type {MouseEvent} */ event) => {
          if (element.getAttribute("aria-disabled") === "true") {
            event.preventDefault();
            return;
          }
          const running = onPress?.(event);
          if (!(running instanceof Promise)) return;
          busy(element, true);
          try {
            await running;
          } finally {
            busy(element, false);
          }
        },
      },
    },
    icon && drawing(icon),
    h("span", { class: iconOnly ? "unseen" : "label" }, label),
  );
  return element;
}

/**
 * Shows that a button's work is going on. The button keeps the focus.
 *
 * @param {HTMLButtonElement} element
 * @param {boolean} is
 */
export function busy(element, is) {
  element.classList.toggle("busy", is);
  enable(element, !is);
}

/**
 * Whether a button can be pressed. It keeps its place in the tab order, so that a reader can find it and why.
 *
 * @param {HTMLButtonElement} element
 * @param {boolean} can
 */
export function enable(element, can) {
  if (can) element.removeAttribute("aria-disabled");
  else element.setAttribute("aria-disabled", "true");
}

/**
 * A state in a word.
 *
 * @param {string} text
 * @param {"neutral" | "good" | "warn" | "bad" | "info"} [tone]
 * @param {{ title?: string | undefined }} [more]
 */
export function badge(text, tone = "neutral", { title } = {}) {
  return h("span", { class: `badge ${tone}`, title }, text);
}

/**
 * A box with something to know.
 *
 * @param {"info" | "good" | "warn" | "bad"} tone
 * @param {...import("./dom.js").Child} children
 */
export function notice(tone, ...children) {
  const drawn = { info: "info", good: "check", warn: "warn", bad: "warn" }[tone];
  return h("div", { class: `notice ${tone}` }, drawing(drawn), h("div", { class: "notice-text" }, ...children));
}
