// What is otherwise for members of a group. The first entry whose group somebody belongs to holds for them.

import { h } from "../../core/dom.js";
import { languageName } from "../../core/format.js";
import { languages, named, number, t } from "../../core/words.js";
import { suggestGroups } from "../known_groups.js";
import { boundNumber, boundSelect, boundText } from "./bound.js";
import { get } from "./document.js";
import { orderedList } from "./ordered.js";

export function show() {
  return [
    h(
      "section",
      { class: "card" },
      h("p", { class: "muted" }, t("settings.groups.text")),
      orderedList({
        path: "groups",
        label: t("settings.section.groups"),
        empty: t("settings.groups.empty"),
        add: t("settings.groups.add"),
        fresh: () => ({ group: "" }),
        title: ({ group }) => group || t("settings.groups.unnamed"),
        fields,
      }),
    ),
  ];
}

/** @param {string} text what holds for everybody else */
const asOthers = (text) => t("settings.groups.asOthers", { value: text });

/** @param {boolean} value */
const onOff = (value) => t(value ? "settings.value.on" : "settings.value.off");

/** @param {string} path of a switch, as it is for everybody else */
function switchOptions(path) {
  return [
    { value: "", label: asOthers(onOff(get(path) === true)) },
    { value: "true", label: t("settings.value.on") },
    { value: "false", label: t("settings.value.off") },
  ];
}

/** @param {string} path */
function fields(path) {
  const others = (/** @type {string} */ of) =>
    asOthers(typeof get(of) === "number" ? number(get(of)) : String(get(of) ?? ""));
  const count = (
    /** @type {string} */ rest,
    /** @type {string} */ label,
    /** @type {number} */ min,
    /** @type {number} */ max,
    /** @type {string} */ unit,
  ) => boundNumber({ path: `${path}.${rest}`, label, min, max, unit, empty: true, placeholder: others(rest) });
  const group = boundText({
    path: `${path}.group`,
    label: t("settings.groups.group"),
    hint: t("settings.groups.group.hint"),
  });
  const name = group.querySelector("input");
  if (name) suggestGroups(name, { several: false });
  const methods = ["pin", "passwordAndPin", "password", "qrCode"];
  return [
    h(
      "div",
      { class: "two" },
      group,
      boundSelect({
        path: `${path}.ownership`,
        label: t("settings.groups.ownership"),
        hint: t("settings.groups.ownership.hint"),
        options: [
          { value: "", label: t("settings.groups.ownership.off") },
          ...["userOwned", "companyOwned"].map((value) => ({ value, label: named("ownership", value) })),
        ],
      }),
      boundSelect({
        path: `${path}.locale`,
        label: t("settings.groups.locale"),
        hint: t("settings.groups.locale.hint"),
        options: [
          { value: "", label: t("settings.groups.locale.none") },
          ...languages.map((value) => ({ value, label: languageName(value) })),
        ],
      }),
    ),
    h(
      "fieldset",
      { class: "field" },
      h("legend", null, t("settings.section.registration")),
      h(
        "div",
        { class: "two" },
        boundSelect({
          path: `${path}.registration.method`,
          label: t("settings.registration.method"),
          options: [
            { value: "", label: asOthers(named("method", get("registration.method"))) },
            ...methods.map((value) => ({ value, label: named("method", value) })),
          ],
        }),
        count("registration.lifetimeHours", t("settings.registration.lifetime"), 1, 720, t("settings.hours")),
        count("registration.pin.length", t("settings.registration.length"), 4, 12, t("settings.symbols")),
        boundSelect({
          path: `${path}.registration.pin.alphabet`,
          label: t("settings.registration.alphabet"),
          options: [
            { value: "", label: asOthers(named("settings.alphabet", get("registration.pin.alphabet"))) },
            ...["digits", "unambiguous"].map((value) => ({ value, label: named("settings.alphabet", value) })),
          ],
        }),
        count("registration.pin.tries", t("settings.registration.tries"), 1, 10, t("settings.tries")),
        boundSelect({
          path: `${path}.registration.allowPinRequest`,
          label: t("settings.registration.request"),
          options: switchOptions("registration.allowPinRequest"),
        }),
        count("registration.deviceLimit", t("settings.registration.limit"), 0, 500, t("settings.devices")),
        boundSelect({
          path: `${path}.registration.personMayChoose`,
          label: t("settings.registration.choose"),
          options: switchOptions("registration.personMayChoose"),
        }),
        boundSelect({
          path: `${path}.registration.useStatedOwnership`,
          label: t("settings.registration.stated"),
          options: switchOptions("registration.useStatedOwnership"),
        }),
      ),
    ),
    h(
      "fieldset",
      { class: "field" },
      h("legend", null, t("settings.section.reminders")),
      h(
        "div",
        { class: "two" },
        boundSelect({
          path: `${path}.reminders.enabled`,
          label: t("settings.reminders.enabled"),
          options: switchOptions("reminders.enabled"),
        }),
        count("reminders.startAfterDays", t("settings.reminders.first"), 1, 30, t("settings.days")),
        count("reminders.everyDays", t("settings.reminders.every"), 1, 30, t("settings.days")),
        count("reminders.most", t("settings.reminders.most"), 1, 30, t("settings.reminders.unit")),
        boundText({
          path: `${path}.reminders.quietHours.from`,
          label: t("settings.reminders.quietFrom"),
          type: "time",
        }),
        boundText({ path: `${path}.reminders.quietHours.to`, label: t("settings.reminders.quietTo"), type: "time" }),
      ),
    ),
  ];
}
