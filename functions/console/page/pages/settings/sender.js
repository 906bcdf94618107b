// Who sends, for whom, in which language, and whom people ask.

import { notice } from "../../core/controls.js";
import { h, replace, uniqueId } from "../../core/dom.js";
import { languageName } from "../../core/format.js";
import { languages, t } from "../../core/words.js";
import { boundLines, boundSelect, boundText } from "./bound.js";
import { changed, get } from "./document.js";

/** @param {AbortSignal} signal */
export function show(signal) {
  const zones = uniqueId("zones");
  const zone = boundText({
    path: "timeZone",
    label: t("settings.sender.timeZone"),
    hint: t("settings.sender.timeZone.hint"),
  });
  zone.querySelector("input")?.setAttribute("list", zones);
  return [
    h(
      "section",
      { class: "card" },
      h("h2", null, t("settings.sender.organisation")),
      missing(signal, "organisation.name", "settings.advice.organisation"),
      boundText({
        path: "organisation.name",
        label: t("settings.sender.organisationName"),
        hint: t("settings.sender.organisationName.hint"),
      }),
      h(
        "div",
        { class: "two" },
        boundSelect({
          path: "locale",
          label: t("settings.sender.locale"),
          hint: t("settings.sender.locale.hint"),
          options: languages.map((value) => ({ value, label: languageName(value) })),
        }),
        zone,
      ),
      h(
        "datalist",
        { id: zones },
        timeZones().map((value) => h("option", { value })),
      ),
    ),
    h(
      "section",
      { class: "card" },
      h("h2", null, t("settings.sender.helpDesk")),
      missing(signal, "organisation.helpDesk", "settings.advice.helpDesk"),
      boundText({ path: "organisation.helpDesk.name", label: t("settings.sender.helpDeskName"), optional: true }),
      h(
        "div",
        { class: "two" },
        boundText({
          path: "organisation.helpDesk.email",
          label: t("settings.sender.helpDeskEmail"),
          type: "email",
          optional: true,
        }),
        boundText({
          path: "organisation.helpDesk.phone",
          label: t("settings.sender.helpDeskPhone"),
          type: "tel",
          optional: true,
        }),
      ),
    ),
    h(
      "section",
      { class: "card" },
      h("h2", null, t("settings.sender.sender")),
      h(
        "div",
        { class: "two" },
        boundText({
          path: "sender.name",
          label: t("settings.sender.name"),
          hint: t("settings.sender.name.hint"),
          optional: true,
        }),
        boundText({
          path: "sender.from",
          label: t("settings.sender.from"),
          hint: t("settings.sender.from.hint"),
          type: "email",
        }),
        boundText({
          path: "sender.replyTo",
          label: t("settings.sender.replyTo"),
          hint: t("settings.sender.replyTo.hint"),
          type: "email",
          optional: true,
        }),
      ),
      boundLines({
        path: "sender.recipientDomains",
        label: t("settings.sender.domains"),
        hint: t("settings.sender.domains.hint"),
      }),
    ),
  ];
}

/** The time zones that the browser knows. */
function timeZones() {
  return typeof Intl.supportedValuesOf === "function" ? ["UTC", ...Intl.supportedValuesOf("timeZone")] : ["UTC"];
}

/**
 * What the people who are invited miss as long as nothing is there.
 *
 * @param {AbortSignal} signal
 * @param {string} path
 * @param {import("../../core/words.js").Key} key
 */
export function missing(signal, path, key) {
  const place = h("div", { class: "advice" });
  const write = () => {
    const value = get(path);
    const there = Array.isArray(value)
      ? value.length > 0
      : value !== null && typeof value === "object"
        ? Object.values(value).some(Boolean)
        : Boolean(value);
    if (!there && !place.firstChild) replace(place, notice("warn", h("p", null, t(key))));
    // It keeps its room as long as the section is shown: what is being typed does not move away.
    place.classList.toggle("done", there);
  };
  changed.addEventListener("changed", write, { signal });
  write();
  return place;
}
