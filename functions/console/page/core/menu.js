// A button that opens a menu, by the pattern of the ARIA authoring practices: arrows, Home, End, first letters, Escape.

import { h, icon, keepInView, replace, uniqueId } from "./dom.js";

/**
 * @typedef {object} Item
 * @property {string} label
 * @property {string} [hint] said below the label, such as why it cannot be chosen
 * @property {() => unknown} [onChoose] absent where it cannot be chosen
 * @property {boolean} [danger]
 * @property {boolean} [separated] a line stands before it
 * @property {boolean} [checked] for a choice of one: whether it is the chosen one
 */

/**
 * @param {object} what
 * @param {string} what.label
 * @param {() => Item[]} what.items asked each time the menu opens
 * @param {string} [what.icon]
 * @param {boolean} [what.iconOnly]
 * @param {"plain" | "main" | "quiet"} [what.kind]
 * @param {"start" | "end"} [what.align] which edge of the button the menu keeps to
 */
export function menuButton({ label, items, icon: drawn, iconOnly = false, kind = "plain", align = "start" }) {
  const id = uniqueId("menu");
  const list = h("div", { role: "menu", id, class: `menu ${align}`, "aria-label": label, hidden: true });
  const button = h(
    "button",
    {
      type: "button",
      class: `button ${kind} ${iconOnly ? "icon-only" : ""}`,
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      "aria-controls": id,
      title: iconOnly ? label : null,
    },
    drawn && icon(drawn),
    h("span", { class: iconOnly ? "unseen" : "label" }, label),
    !iconOnly && icon("chevron"),
  );
  const element = h("div", { class: "menu-place" }, button, list);
  /** @type {HTMLElement[]} */
  let entries = [];
  let typed = "";
  let typedAt = 0;

  const isOpen = () => !list.hidden;
  /** @param {boolean} [refocus] */
  const close = (refocus = false) => {
    list.hidden = true;
    button.setAttribute("aria-expanded", "false");
    removeEventListener("pointerdown", outside, true);
    if (refocus) button.focus();
  };
  /** @param {Event} event */
  const outside = (event) => {
    if (event.target instanceof Node && !element.contains(event.target)) close();
  };
  /** @param {number} at */
  const focus = (at) => entries.at(at % entries.length)?.focus();

  /** @param {number} at */
  const open = (at) => {
    const offered = items();
    entries = offered.map((item) => entry(item, close));
    replace(
      list,
      offered.flatMap((item, at) => [item.separated && h("div", { role: "separator" }), entries[at]]),
    );
    list.hidden = false;
    button.setAttribute("aria-expanded", "true");
    addEventListener("pointerdown", outside, true);
    keepInView(list);
    focus(at);
  };

  button.addEventListener("click", () => (isOpen() ? close(true) : open(0)));
  button.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    open(event.key === "ArrowDown" ? 0 : -1);
  });
  element.addEventListener("focusout", (event) => {
    if (isOpen() && event.relatedTarget instanceof Node && !element.contains(event.relatedTarget)) close();
  });
  list.addEventListener("keydown", (event) => {
    const at = entries.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 };
    if (event.key in moves) {
      event.preventDefault();
      focus(moves[/** @type {keyof typeof moves} */ (event.key)]);
    } else if (event.key === "Escape") {
      // Of a dialog around it, only the menu closes.
      event.preventDefault();
      event.stopPropagation();
      close(true);
    } else if (event.key === "Tab") {
      close(true);
    } else if (event.key.length === 1 && event.key !== " ") {
      typed = Date.now() - typedAt < 700 ? typed + event.key.toLowerCase() : event.key.toLowerCase();
      typedAt = Date.now();
      const ahead = [...entries.slice(at + 1), ...entries.slice(0, at + 1)];
      ahead.find((one) => one.textContent?.toLowerCase().startsWith(typed))?.focus();
    }
  });
  return { element, button, close };
}

/**
 * @param {Item} item
 * @param {(refocus?: boolean) => void} close
 */
function entry({ label, hint, onChoose, danger = false, checked }, close) {
  return h(
    "button",
    {
      type: "button",
      role: checked === undefined ? "menuitem" : "menuitemradio",
      "aria-checked": checked === undefined ? null : String(checked),
      "aria-disabled": onChoose ? null : "true",
      tabindex: "-1",
      class: danger ? "danger" : "",
      on: {
        click: () => {
          if (!onChoose) return;
          close(true);
          onChoose();
        },
      },
    },
    checked !== undefined && h("span", { class: "menu-check" }, checked && icon("check")),
    h("span", null, label, hint && h("span", { class: "menu-hint" }, hint)),
  );
}
