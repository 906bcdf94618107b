// The way to the section where somebody may rather want to be.

import { h } from "../../core/dom.js";
import { link } from "../../core/router.js";
import { parts, t } from "../../core/words.js";

/**
 * @param {import("../../core/words.js").Key} words with `{section}` where the link stands
 * @param {"confirmation" | "notices"} section
 */
export function seeSection(words, section) {
  const there = h("a", { href: link(`/settings/${section}`) }, t(`settings.section.${section}`));
  return h("p", { class: "hint" }, parts(words, { section: there }));
}
