// Which mails have a wording of one's own, by kind and language.

import { api } from "../../core/api.js";
import { badge } from "../../core/controls.js";
import { h, replace } from "../../core/dom.js";
import { failure } from "../../core/failure.js";
import { day, languageName } from "../../core/format.js";
import { link } from "../../core/router.js";
import { named, t } from "../../core/words.js";

/** @typedef {{ kind: string, locale: string, own: boolean, changedAt: string | null }} Entry */

/** @param {AbortSignal} signal */
export function show(signal) {
  const place = h("div", { class: "templates" });
  const load = async () => {
    replace(place, h("p", { class: "muted" }, t("settings.loading")));
    try {
      const { data } = await api.get("/v1/templates", { signal });
      if (!signal.aborted) replace(place, table(data.items));
    } catch (error) {
      if (!signal.aborted) replace(place, failure(error, { again: load }));
    }
  };
  load();
  return [h("section", { class: "card" }, h("p", { class: "muted" }, t("settings.templates.text")), place)];
}

/** @param {Entry[]} entries */
function table(entries) {
  const kinds = [...new Set(entries.map(({ kind }) => kind))];
  const locales = [...new Set(entries.map(({ locale }) => locale))];
  const cell = (/** @type {string} */ kind, /** @type {string} */ locale) => {
    const entry = entries.find((one) => one.kind === kind && one.locale === locale);
    return h(
      "td",
      { role: "cell", "data-label": named("settings.kind", kind) },
      entry &&
        h(
          "a",
          {
            href: link(`/settings/templates/${kind}/${encodeURIComponent(locale)}`),
            title: entry.changedAt ? t("settings.templates.changed", { day: day(entry.changedAt) }) : null,
          },
          entry.own ? badge(t("settings.templates.own"), "good") : t("settings.templates.ours"),
          h("span", { class: "unseen" }, ` ${named("settings.kind", kind)}, ${languageName(locale)}`),
        ),
    );
  };
  return h(
    "table",
    { class: "plain-table", role: "table", "aria-label": t("settings.section.templates") },
    h(
      "thead",
      { role: "rowgroup" },
      h(
        "tr",
        { role: "row" },
        h("th", { role: "columnheader", scope: "col" }, t("settings.templates.language")),
        kinds.map((kind) => h("th", { role: "columnheader", scope: "col" }, named("settings.kind", kind))),
      ),
    ),
    h(
      "tbody",
      { role: "rowgroup" },
      locales.map((locale) =>
        h(
          "tr",
          { role: "row" },
          h("th", { scope: "row", role: "rowheader" }, languageName(locale)),
          kinds.map((kind) => cell(kind, locale)),
        ),
      ),
    ),
  );
}
