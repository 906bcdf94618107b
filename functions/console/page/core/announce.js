// Says things to those who do not see the page change. What is said stays on the page, unseen, until the next.

import { h } from "./dom.js";

const polite = h("div", { class: "unseen", role: "status", "aria-live": "polite", "aria-atomic": "true" });
const urgent = h("div", { class: "unseen", role: "alert", "aria-atomic": "true" });

/** The regions, for the shell; a dialog takes them in while it is open, since what is behind it is neither read nor seen. */
export const regions = [polite, urgent];

/**
 * @param {HTMLElement} region
 * @param {string} text
 */
function say(region, text) {
  region.textContent = "";
  // The same text again is a change only after it was gone for a moment.
  setTimeout(() => {
    region.textContent = text;
  }, 50);
}

/**
 * Says it when the reader pauses.
 *
 * @param {string} text
 */
export function announce(text) {
  say(polite, text);
}

/**
 * Says it at once: something was refused or failed.
 *
 * @param {string} text
 */
export function alertNow(text) {
  say(urgent, text);
}

/**
 * Has the regions read inside this element, which is the top dialog or the page.
 *
 * @param {Element} place
 */
export function sayIn(place) {
  // What was said before would be read again in the new place.
  polite.textContent = "";
  urgent.textContent = "";
  place.append(...regions);
}
