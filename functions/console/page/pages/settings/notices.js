// What administrators are told by mail, and how long personal data is kept.

import { h } from "../../core/dom.js";
import { switchField } from "../../core/fields.js";
import { t } from "../../core/words.js";
import { boundCheck, boundLines, boundNumber, editable } from "./bound.js";
import { get, set } from "./document.js";
import { seeSection } from "./see.js";

/** What is proposed when erasing is switched on, in days. */
const PROPOSED = 365;

export function show() {
  return [
    h(
      "section",
      { class: "card" },
      h("h2", null, t("settings.notices.title")),
      seeSection("settings.notices.see", "confirmation"),
      boundLines({
        path: "administrators.addresses",
        label: t("settings.notices.addresses"),
        hint: t("settings.notices.addresses.hint"),
      }),
      boundCheck({
        path: "administrators.onDecline",
        label: t("settings.notices.onDecline"),
        hint: t("settings.notices.onDecline.hint"),
      }),
      boundCheck({ path: "administrators.onCompletion", label: t("settings.notices.onCompletion") }),
    ),
    h("section", { class: "card" }, h("h2", null, t("settings.retention.title")), retention()),
  ];
}

function retention() {
  const days = h("div");
  const write = () => {
    days.hidden = get("retention.eraseAfterDays") === null;
    days.replaceChildren(
      boundNumber({
        path: "retention.eraseAfterDays",
        label: t("settings.retention.days"),
        hint: t("settings.retention.days.hint"),
        min: 1,
        max: 3650,
        unit: t("settings.days"),
      }),
    );
  };
  const chosen = switchField({
    name: "retention",
    label: t("settings.retention.erase"),
    hint: t("settings.retention.erase.hint"),
    checked: get("retention.eraseAfterDays") !== null,
    on: {
      change() {
        set("retention.eraseAfterDays", chosen.input.checked ? PROPOSED : null);
        write();
      },
    },
  });
  chosen.input.disabled = !editable();
  write();
  return h("div", null, chosen.element, days);
}
