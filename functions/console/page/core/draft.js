// What was typed and is not saved. It outlives the page in this tab, for whoever typed it: closing the tab forgets it,
// and somebody else who signs in here neither sees nor saves it.

import { whose } from "./session.js";

/** @param {string} name */
const keyOf = (name) => `beckon.draft.${name}`;

/**
 * Keeps it, in the place of what was kept by that name.
 *
 * @param {string} name
 * @param {unknown} what null to forget it
 */
export function keepDraft(name, what) {
  try {
    if (what === null) sessionStorage.removeItem(keyOf(name));
    else sessionStorage.setItem(keyOf(name), JSON.stringify({ whose: whose(), what }));
  } catch {
    // It holds until the page is closed then.
  }
}

/**
 * What the one who is there kept; null if there is nothing, or if it is somebody else's.
 *
 * @param {string} name
 * @returns {any}
 */
export function keptDraft(name) {
  try {
    const kept = JSON.parse(sessionStorage.getItem(keyOf(name)) ?? "null");
    return kept?.whose === whose() ? (kept?.what ?? null) : null;
  } catch {
    // What cannot be read is not restored.
    return null;
  }
}
