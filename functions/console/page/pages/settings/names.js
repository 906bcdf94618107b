// What fields of the settings and their values are called.

import { list } from "../../core/format.js";
import { isKey, named, number, t } from "../../core/words.js";

/**
 * A field's name in words; its own where this console does not know it.
 *
 * @param {string} field as the API writes it
 * @returns {string}
 */
export function fieldName(field) {
  const group = /^groups\[(.*?)\](?:\.(.*))?$/s.exec(field);
  if (group) {
    const [, found = "", rest] = group;
    const name = found || t("settings.groups.unnamed");
    return rest
      ? t("settings.name.ofGroup", { group: name, field: fieldName(rest) })
      : t("settings.name.group", { group: name });
  }
  const plain = field.replace(/\[\d+\].*$/, "");
  const key = `settings.name.${plain === "groups (order)" ? "groupsOrder" : plain}`;
  return isKey(key) ? t(key) : field;
}

/** What each of these fields' values are called. */
/** @type {[RegExp, string][]} */
const WORDS = [
  [/(^|\.)method$/, "method"],
  [/(^|\.)ownership$/, "ownership"],
  [/(^|\.)alphabet$/, "settings.alphabet"],
];

/**
 * A value in words.
 *
 * @param {string} field
 * @param {any} value
 * @returns {string}
 */
export function valueText(field, value) {
  if (value === null || value === undefined || value === "") return t("settings.value.none");
  if (value === true) return t("settings.value.on");
  if (value === false) return t("settings.value.off");
  if (typeof value === "number") return number(value);
  if (typeof value === "string") {
    if (field.endsWith("contentBase64"))
      return t("settings.value.picture", { size: number(Math.round((value.length * 3) / 4)) });
    return named(WORDS.find(([fits]) => fits.test(field))?.[1] ?? "", value).replace(/^\./, "");
  }
  if (Array.isArray(value)) return listText(field, value);
  if (typeof value.length === "number" && value.sha256) return t("settings.value.long", { count: value.length });
  return objectText(value);
}

/**
 * @param {string} field
 * @param {any[]} values
 */
function listText(field, values) {
  if (values.length === 0) return t("settings.value.none");
  if (values.every((value) => typeof value === "string")) return list(values);
  return values
    .map((value, at) => `${at + 1}. ${typeof value === "object" ? objectText(value) : valueText(field, value)}`)
    .join("\n");
}

/**
 * @param {any} value
 * @returns {string}
 */
function objectText(value) {
  const members = Object.entries(value).filter(
    ([, member]) => member !== null && !(typeof member === "object" && Object.keys(member).length === 0),
  );
  return members
    .map(([name, member]) =>
      typeof member === "object" && !Array.isArray(member)
        ? objectText(member)
        : t("settings.value.member", { field: memberName(name), value: valueText(name, member) }),
    )
    .join("; ");
}

/** @param {string} name */
function memberName(name) {
  const key = `settings.member.${name}`;
  return isKey(key) ? t(key) : name;
}
