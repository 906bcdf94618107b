// Moments that say how long ago they are, and go on saying it while the page stays open.

import { h } from "./dom.js";
import { inFull, moment, relative } from "./format.js";

/** How often they are written anew, in milliseconds. */
const EVERY = 20_000;

/** @type {{ [how: string]: (at: string) => string }} */
const WAYS = {
  ago: (at) => relative(at),
  short: (at) => relative(at, Date.now(), "short"),
  both: (at) => `${moment(at)} (${relative(at)})`,
};

/**
 * @param {string} at
 * @param {"ago" | "short" | "both"} [how] with the moment itself, or without, or in few letters
 */
export function ago(at, how = "ago") {
  return h("time", { datetime: at, title: inFull(at), dataset: { ago: how } }, WAYS[how]?.(at));
}

function refresh() {
  for (const one of document.querySelectorAll("time[data-ago]")) {
    const text = WAYS[one.getAttribute("data-ago") ?? "ago"]?.(one.getAttribute("datetime") ?? "");
    if (text && one.textContent !== text) one.textContent = text;
  }
}

setInterval(() => document.visibilityState === "visible" && refresh(), EVERY);
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && refresh());
