// What was changed in the settings, by whom and when, from what to what.

import { ago } from "../../core/ago.js";
import { api } from "../../core/api.js";
import { button } from "../../core/controls.js";
import { h, replace } from "../../core/dom.js";
import { failure } from "../../core/failure.js";
import { inFull, moment } from "../../core/format.js";
import { whoIs } from "../../core/who.js";
import { t } from "../../core/words.js";
import { fieldName, valueText } from "./names.js";

const PAGE = 20;

/**
 * @typedef {{ field: string, before: any, after: any }} Changed
 * @typedef {{ version: string, at: string | null, by: string | null, changes: Changed[] | null }} Change
 */

/** @param {AbortSignal} signal */
export function show(signal) {
  const list = h("ol", { class: "settings-history" });
  const foot = h("div");
  /** @type {string | null} */
  let next = null;

  const page = async () => {
    replace(foot, h("p", { class: "muted", role: "status" }, t("settings.loading")));
    try {
      const { data } = await api.get("/v1/settings/history", { query: { limit: PAGE, cursor: next }, signal });
      if (signal.aborted) return;
      const first = list.children.length;
      next = data.next ?? null;
      list.append(...data.items.map(item));
      replace(
        foot,
        next
          ? button({ label: t("settings.history.more"), onPress: page })
          : list.children.length === 0 && h("p", { class: "muted" }, t("settings.history.empty")),
      );
      const started = list.children[first];
      if (first > 0 && started instanceof HTMLElement) started.focus();
    } catch (error) {
      if (!signal.aborted) replace(foot, failure(error, { again: page }));
    }
  };
  page();
  return [h("section", { class: "card" }, list, foot)];
}

/** @param {Change} change */
function item({ version, at, by, changes }) {
  return h(
    "li",
    { tabindex: "-1" },
    h(
      "h2",
      { class: "history-head" },
      at ? h("span", { title: inFull(at) }, moment(at)) : t("settings.history.unknownTime"),
      h("span", { class: "muted small" }, at && [" ", ago(at)]),
      h("span", { class: "history-who" }, by ? whoIs(by) : t("settings.history.unknownWho")),
      h("span", { class: "muted small" }, t("settings.history.version", { version })),
    ),
    changes === null
      ? h("p", { class: "muted" }, t("settings.history.unreadable"))
      : changes.length === 0
        ? h("p", { class: "muted" }, t("settings.history.same"))
        : table(changes),
  );
}

/** @param {Changed[]} changes */
function table(changes) {
  return h(
    "table",
    { class: "changes", role: "table" },
    h(
      "thead",
      { role: "rowgroup" },
      h(
        "tr",
        { role: "row" },
        ["settings.change.field", "settings.change.before", "settings.change.after"].map((key) =>
          h("th", { role: "columnheader", scope: "col" }, t(/** @type {import("../../core/words.js").Key} */ (key))),
        ),
      ),
    ),
    h(
      "tbody",
      { role: "rowgroup" },
      changes.map(({ field, before, after }) =>
        h(
          "tr",
          { role: "row" },
          h("th", { scope: "row", role: "rowheader" }, fieldName(field)),
          h(
            "td",
            { role: "cell", "data-label": t("settings.change.before") },
            h("span", { class: "before" }, valueText(field, before)),
          ),
          h(
            "td",
            { role: "cell", "data-label": t("settings.change.after") },
            h("span", { class: "after" }, valueText(field, after)),
          ),
        ),
      ),
    ),
  );
}
