// Whether somebody who registered gets a mail that says so, and who does.

import { h } from "../../core/dom.js";
import { radioField } from "../../core/fields.js";
import { t } from "../../core/words.js";
import { boundLines, boundSwitch, editable, watched } from "./bound.js";
import { changed, get, set } from "./document.js";
import { seeSection } from "./see.js";

/** @param {AbortSignal} signal */
export function show(signal) {
  const groups = h(
    "div",
    null,
    boundLines({
      path: "confirmation.distribution.groups",
      label: t("settings.confirmation.groups"),
      hint: t("settings.onePerLine"),
    }),
  );
  const everyone = () => get("confirmation.distribution.everyone") === true;
  groups.hidden = everyone();
  // What was typed comes back when *Named groups* is chosen again.
  let named = get("confirmation.distribution.groups") ?? [];
  const choice = watched(
    "confirmation.distribution",
    radioField({
      name: "confirmation.distribution",
      label: t("settings.confirmation.who"),
      value: everyone() ? "everyone" : "groups",
      options: [
        {
          value: "everyone",
          label: t("settings.confirmation.everyone"),
          hint: t("settings.confirmation.everyone.hint"),
        },
        { value: "groups", label: t("settings.confirmation.named"), hint: t("settings.confirmation.named.hint") },
      ],
      onChange(value) {
        if (value === "everyone") named = get("confirmation.distribution.groups") ?? named;
        set("confirmation.distribution", value === "everyone" ? { everyone: true } : { groups: named });
        groups.hidden = value === "everyone";
      },
    }),
  );
  /** Who gets one matters only while mails are sent at all. */
  const lock = () => {
    const off = get("confirmation.enabled") !== true;
    for (const input of choice.element.querySelectorAll("input")) input.disabled = off || !editable();
    choice.element.classList.toggle("off", off);
    groups.classList.toggle("off", off);
    const lines = groups.querySelector("textarea");
    if (lines) lines.readOnly = off || !editable();
  };
  lock();
  changed.addEventListener("changed", lock, { signal });
  return [
    h(
      "section",
      { class: "card" },
      boundSwitch({
        path: "confirmation.enabled",
        label: t("settings.confirmation.enabled"),
        hint: t("settings.confirmation.enabled.hint"),
      }),
      choice.element,
      groups,
      seeSection("settings.confirmation.see", "notices"),
    ),
  ];
}
