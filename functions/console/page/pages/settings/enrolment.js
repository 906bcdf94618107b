// Where people go on after their secret was accepted, by platform, ownership and group: an address to open, or an instruction.

import { h } from "../../core/dom.js";
import { named, t } from "../../core/words.js";
import { boundArea, boundSelect, boundText } from "./bound.js";
import { orderedList } from "./ordered.js";
import { missing } from "./sender.js";

const PLATFORMS = ["ios", "ipados", "macos", "tvos", "watchos", "visionos", "android", "windows", "chromeos", "linux"];
export const OWNERSHIPS = ["notSet", "userOwned", "companyOwned"];

/** @param {AbortSignal} signal */
export function show(signal) {
  return [
    h(
      "section",
      { class: "card" },
      h("p", { class: "muted" }, t("settings.enrolment.text")),
      missing(signal, "enrolment.addresses", "settings.advice.enrolment"),
      orderedList({
        path: "enrolment.addresses",
        label: t("settings.section.enrolment"),
        empty: t("settings.enrolment.empty"),
        add: t("settings.enrolment.add"),
        fresh: () => ({ platform: null, ownership: null, url: "" }),
        title: titleOf,
        fields: (path) => [
          h(
            "div",
            { class: "two" },
            boundSelect({
              path: `${path}.platform`,
              label: t("settings.enrolment.platform"),
              options: [
                { value: "", label: t("settings.platform.any") },
                ...PLATFORMS.map((value) => ({ value, label: named("settings.platform", value) })),
              ],
            }),
            ownershipField(`${path}.ownership`),
          ),
          boundText({
            path: `${path}.group`,
            label: t("settings.enrolment.group"),
            hint: t("settings.enrolment.group.hint"),
          }),
          boundText({
            path: `${path}.url`,
            label: t("settings.enrolment.url"),
            hint: t("settings.enrolment.url.hint", {
              example: "https://mdm.example.com/enrol?session={registrationId}",
              variables: "{registrationId} {reference} {email} {platform} {ownership} {token}",
            }),
            placeholder: "https://",
          }),
          h(
            "div",
            { class: "two" },
            boundText({
              path: `${path}.token.source`,
              label: t("settings.enrolment.token"),
              hint: t("settings.enrolment.token.hint", { variable: "{token}" }),
              optional: true,
            }),
            boundText({
              path: `${path}.token.policy`,
              label: t("settings.enrolment.policy"),
              hint: t("settings.enrolment.policy.hint"),
              optional: true,
            }),
          ),
          boundArea({
            path: `${path}.text`,
            label: t("settings.enrolment.instruction"),
            hint: t("settings.enrolment.instruction.hint", {
              example: "Settings > General > VPN & Device Management > Sign In",
            }),
            rows: 2,
          }),
        ],
      }),
    ),
  ];
}

/** @param {{ platform?: string | null, ownership?: string | null, group?: string | null, url?: string | null, text?: string | null }} entry */
function titleOf({ platform, ownership, group, url, text }) {
  const about = {
    platform: platform ? named("settings.platform", platform) : t("settings.platform.any"),
    ownership: ownership ? named("ownership", ownership) : t("settings.ownership.any"),
    url: url || text || t("settings.value.none"),
  };
  return group ? t("settings.enrolment.title.group", { ...about, group }) : t("settings.enrolment.title", about);
}

/** @param {string} path */
export function ownershipField(path) {
  return boundSelect({
    path,
    label: t("settings.enrolment.ownership"),
    options: [
      { value: "", label: t("settings.ownership.any") },
      ...OWNERSHIPS.map((value) => ({ value, label: named("ownership", value) })),
    ],
  });
}
