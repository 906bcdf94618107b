// What people agree to by registering: what the organisation can see and erase.

import { h } from "../../core/dom.js";
import { languageName } from "../../core/format.js";
import { languages, named, t } from "../../core/words.js";
import { boundArea, boundSelect, boundText } from "./bound.js";
import { ownershipField } from "./enrolment.js";
import { orderedList } from "./ordered.js";

/** The most characters of a text. */
const MOST = 2_000;

export function show() {
  return [
    h(
      "section",
      { class: "card" },
      h("p", { class: "muted" }, t("settings.agreements.text")),
      orderedList({
        path: "agreements",
        label: t("settings.section.agreements"),
        empty: t("settings.agreements.empty"),
        add: t("settings.agreements.add"),
        fresh: () => ({ ownership: null, locale: null, text: "", url: null }),
        title: ({ ownership, locale, text }) =>
          t("settings.agreements.title", {
            ownership: ownership ? named("ownership", ownership) : t("settings.ownership.any"),
            language: locale ? languageName(locale) : t("settings.agreements.anyLanguage"),
            text: text
              ? `${[...text].slice(0, 60).join("")}${[...text].length > 60 ? "…" : ""}`
              : t("settings.value.none"),
          }),
        fields: (path) => [
          h(
            "div",
            { class: "two" },
            ownershipField(`${path}.ownership`),
            boundSelect({
              path: `${path}.locale`,
              label: t("settings.agreements.language"),
              options: [
                { value: "", label: t("settings.agreements.anyLanguage") },
                ...languages.map((value) => ({ value, label: languageName(value) })),
              ],
            }),
          ),
          boundArea({ path: `${path}.text`, label: t("settings.agreements.wording"), rows: 6, most: MOST }),
          boundText({
            path: `${path}.url`,
            label: t("settings.agreements.url"),
            hint: t("settings.agreements.url.hint"),
            optional: true,
            placeholder: "https://",
          }),
        ],
      }),
    ),
  ];
}
