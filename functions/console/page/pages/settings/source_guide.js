// How a device management is connected, step by step, with the source's own name and address filled in.

import { notice } from "../../core/controls.js";
import { h, replace } from "../../core/dom.js";
import { t } from "../../core/words.js";

/** What build/guides.rs makes of a page of docs/systems: a text, or an element's name and what is in it. */
/** @typedef {string | [string, ...any[]]} Part */

/** The elements that a guide is made of. @type {Set<string>} */
const ELEMENTS = new Set(["h3", "p", "ol", "ul", "li", "em", "strong", "code", "pre", "span"]);

/** @param {string} text */
const plain = (text) => text.toLowerCase().replaceAll("-", "");

/**
 * @param {{ kind: string, name: string }} source
 * @param {{ system: string, isOpen: boolean, signal: AbortSignal }} shown
 */
export function guide({ kind, name }, { system, isOpen, signal }) {
  const body = h("div", { class: "guide-body", lang: "en", dir: "ltr" });
  const element = h(
    "details",
    { class: "guide", open: isOpen, hidden: true },
    h("summary", null, t("sources.guide", { system })),
    body,
  );
  /** @param {string} text */
  const filled = (text) => text.replaceAll("https://BECKON", location.origin).replace(/\bNAME\b/g, name);

  /** @param {Part} part @returns {Node | string} */
  const built = (part) => {
    if (typeof part === "string") return filled(part);
    const [tag, ...inner] = part;
    if (tag === "a") return h("a", { href: inner[0], rel: "noreferrer" }, inner.slice(1).map(built));
    const known = /** @type {"p"} */ (ELEMENTS.has(tag) ? tag : "span");
    return h(known, null, inner.map(built));
  };

  const load = async () => {
    const answer = await fetch(new URL("../../guides.json", import.meta.url), { signal });
    /** @type {{ [file: string]: Part[] }} */
    const guides = await answer.json();
    // A file is named as its system, with hyphens between words.
    const [, parts] = Object.entries(guides).find(([file]) => plain(file) === plain(kind)) ?? [];
    // A system of one's own has none.
    if (!parts) return;
    replace(body, parts.map(built));
    element.hidden = false;
  };
  load().catch(() => {
    // The address and the secret are there without it.
  });
  return element;
}

/** Systems of others cannot reach an address of this computer. @param {string} system */
export function unreachable(system) {
  const { hostname } = location;
  const isOwn =
    hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "[::1]" || /^127\./.test(hostname);
  return isOwn && notice("info", h("p", null, t("sources.loopback", { system })));
}
