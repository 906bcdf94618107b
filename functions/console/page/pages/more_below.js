// What follows a list on request: one button for as long as the list is shown. It keeps the focus, and what is pressed is
// not lost.

import { button } from "../core/controls.js";
import { h, replace } from "../core/dom.js";
import { failure } from "../core/failure.js";

/**
 * @param {object} what
 * @param {string} what.label
 * @param {string} what.class of the place that it stands in
 * @param {() => Promise<void>} what.fetch adds what follows to the list, and offers what follows that
 */
export function moreBelow({ label, class: place, fetch }) {
  const element = h("div", { class: place });
  let running = false;

  const further = async () => {
    running = true;
    try {
      await fetch();
    } catch (error) {
      // The list was left, or begun anew.
      if (error instanceof DOMException && error.name === "AbortError") return;
      replace(element, failure(error, { again: further }));
    } finally {
      running = false;
    }
  };
  const more = button({ label, kind: "quiet", onPress: further });

  return {
    element,
    /** Whether what follows is on its way. */
    get isRunning() {
      return running;
    },
    hide() {
      more.hidden = true;
    },
    /**
     * @param {boolean} are whether more follows
     * @param {HTMLElement} [last] what gets the focus of a button that goes
     */
    offer(are, last) {
      if (!are && document.activeElement === more) last?.focus();
      more.hidden = !are;
      if (!more.isConnected) replace(element, more);
    },
  };
}
