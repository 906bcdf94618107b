// Says for a while, where everybody sees it, that something was done; screen readers are told as well.

import { announce } from "./announce.js";
import { button } from "./controls.js";
import { h, icon, replace } from "./dom.js";
import { t } from "./words.js";

/** How long it stays, in milliseconds. Nobody needs it to go on. */
const STAYS = 8_000;

const place = h("aside", { class: "toast", hidden: true });
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

const hide = () => {
  clearTimeout(timer);
  place.hidden = true;
};
/** Not while the pointer or the focus is on it. */
const later = () => {
  clearTimeout(timer);
  timer = setTimeout(() => (place.matches(":hover, :focus-within") ? later() : hide()), STAYS);
};

/**
 * @param {string} text such as "Saved."
 * @param {{ label: string, href: string }} [more] where there is more about it
 */
export function done(text, more) {
  replace(
    place,
    icon("check"),
    h("span", { class: "toast-text" }, text),
    more && h("a", { href: more.href, on: { click: hide } }, more.label),
    button({ label: t("close"), icon: "close", iconOnly: true, kind: "quiet", onPress: hide }),
  );
  place.setAttribute("aria-label", t("batch.state.done"));
  place.hidden = false;
  if (!place.isConnected) document.body.append(place);
  later();
  announce(text);
}
