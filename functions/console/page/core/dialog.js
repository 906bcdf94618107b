// Dialogs on the browser's own <dialog>: it keeps the focus inside, closes with Escape, and gives the focus back.

import { sayIn } from "./announce.js";
import { button } from "./controls.js";
import { h, replace, uniqueId } from "./dom.js";
import { t } from "./words.js";

/**
 * @typedef {object} Dialog
 * @property {HTMLDialogElement} element
 * @property {HTMLElement} body
 * @property {(value?: unknown) => void} close
 * @property {(...actions: import("./dom.js").Child[]) => void} setActions
 * @property {(text: string) => void} setTitle
 * @property {Promise<unknown>} closed with what `close` was given
 */

/** @type {Dialog[]} */
const open = [];

/**
 * Opens a dialog.
 *
 * @param {object} what
 * @param {string} what.title
 * @param {import("./dom.js").Child} what.body
 * @param {import("./dom.js").Child} [what.actions] the buttons at its end
 * @param {"small" | "wide" | "full"} [what.size]
 * @param {(value: unknown) => void} [what.onClose]
 * @param {() => boolean | Promise<boolean>} [what.mayClose] asked when the reader closes it with Escape or the cross
 * @returns {Dialog}
 */
export function openDialog({ title, body, actions = [], size = "small", onClose, mayClose }) {
  const before = document.activeElement;
  const titleId = uniqueId("dialog");
  const heading = h("h2", { id: titleId, tabindex: "-1" }, title);
  const place = h("div", { class: "dialog-body" }, body);
  const feet = h("div", { class: "dialog-actions" }, actions);
  /** @type {(value: unknown) => void} */
  let tell = () => {};
  const closed = new Promise((resolve) => {
    tell = resolve;
  });
  const ask = async () => {
    if (!mayClose || (await mayClose())) dialog.close();
  };
  const element = h(
    "dialog",
    {
      class: `dialog ${size}`,
      "aria-labelledby": titleId,
      on: {
        cancel: (event) => {
          if (event.target !== element) return;
          event.preventDefault();
          ask();
        },
        // The browser closes it at a second Escape without asking: it stays until we close it.
        close: () => {
          if (open.includes(dialog) && element.isConnected) element.showModal();
        },
      },
    },
    h(
      "div",
      { class: "dialog-frame" },
      h(
        "div",
        { class: "dialog-head" },
        heading,
        button({ label: t("close"), icon: "close", iconOnly: true, kind: "quiet", onPress: ask }),
      ),
      place,
      feet,
    ),
  );
  /** @type {Dialog} */
  const dialog = {
    element,
    body: place,
    closed,
    close(value) {
      const at = open.indexOf(dialog);
      if (at < 0) return;
      open.splice(at, 1);
      element.close();
      element.remove();
      sayIn(open.at(-1)?.element ?? document.body);
      // The browser gives the focus back, unless what had it is gone.
      if (document.activeElement === document.body) {
        const back = before instanceof HTMLElement && before !== document.body && nowFor(before);
        if (back) back.focus();
        if (document.activeElement === document.body && open.length === 0) focusHeading();
      }
      onClose?.(value);
      tell(value);
    },
    setActions: (...children) => replace(feet, ...children),
    setTitle: (text) => replace(heading, text),
  };
  document.body.append(element);
  open.push(dialog);
  element.showModal();
  sayIn(element);
  const first = element.querySelector("[autofocus]");
  (first instanceof HTMLElement ? first : heading).focus();
  return dialog;
}

/**
 * What stands in the place of an element: itself, or the button of the same name where the page was written anew.
 *
 * @param {HTMLElement} element
 */
function nowFor(element) {
  if (element.isConnected) return element;
  const nameOf = (/** @type {Element} */ of) => of.getAttribute("aria-label") ?? of.textContent;
  const place = open.at(-1)?.element ?? document.querySelector("main");
  return [...(place?.querySelectorAll("button") ?? [])].find((one) => nameOf(one) === nameOf(element));
}

/** Brings the focus to the page's heading, where what had it is gone. */
export function focusHeading() {
  const heading = document.querySelector("main h1");
  if (!(heading instanceof HTMLElement)) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

/** Closes every dialog, since the page behind it is left. */
export function closeAllDialogs() {
  for (const dialog of open.slice().reverse()) dialog.close();
}

/**
 * Asks before something is done; answers whether to do it.
 *
 * @param {object} what
 * @param {string} what.title
 * @param {import("./dom.js").Child} what.text
 * @param {string} what.action
 * @param {string} [what.keep] what the button says that leaves everything as it is
 * @param {boolean} [what.danger]
 * @returns {Promise<boolean>}
 */
export async function ask({ title, text, action, keep = t("cancel"), danger = false }) {
  const dialog = openDialog({
    title,
    body: typeof text === "string" ? h("p", null, text) : text,
    actions: [
      button({ label: keep, onPress: () => dialog.close(false) }),
      button({ label: action, kind: danger ? "danger" : "main", onPress: () => dialog.close(true) }),
    ],
  });
  return (await dialog.closed) === true;
}
