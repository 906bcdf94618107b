// How many people have come how far, as bars in a table: the eye sees a chart, a screen reader reads its rows.

import { notice } from "../core/controls.js";
import { h, replace } from "../core/dom.js";
import { moment, percent } from "../core/format.js";
import { named, number, t } from "../core/words.js";
import { between } from "./overview_times.js";

/**
 * @typedef {object} Step
 * @property {string} step
 * @property {number} count
 * @property {number} timed of how many the time is known
 * @property {import("./overview_times.js").Median | null | undefined} [median]
 */

const STEPS = ["invited", "delivered", "redeemed", "registered", "confirmed"];

/**
 * The card with the chart. Its styles are those of overview.css.
 *
 * @param {{ title: string, hint: string }} said above and below it
 */
export function funnelCard({ title: usual, hint }) {
  const title = h("h2", null, usual);
  const body = h("tbody", { role: "rowgroup" });
  const note = h("div", { class: "funnel-note" });
  const table = h(
    "table",
    { class: "funnel", role: "table" },
    h("caption", { class: "unseen" }, t("overview.funnel.caption")),
    h(
      "thead",
      { role: "rowgroup" },
      h(
        "tr",
        { role: "row" },
        h("th", { role: "columnheader", scope: "col" }, t("overview.funnel.step")),
        h("th", { role: "columnheader", scope: "col", class: "funnel-people" }, t("overview.funnel.people")),
        h("th", { role: "columnheader", scope: "col", class: "number" }, t("overview.funnel.share")),
        h("th", { role: "columnheader", scope: "col" }, t("overview.funnel.median")),
      ),
    ),
    body,
  );
  const element = h("section", { class: "card funnel-card" }, title, table, note);

  return {
    element,
    /** While there are no numbers to show. */
    hide() {
      element.hidden = true;
      element.removeAttribute("aria-busy");
    },
    wait() {
      element.hidden = false;
      element.setAttribute("aria-busy", "true");
      replace(note, h("p", { class: "hint" }, hint));
      replace(
        body,
        STEPS.map((step) =>
          h(
            "tr",
            { role: "row" },
            h("th", { scope: "row", role: "rowheader" }, named("overview.step", step)),
            bar(0, null),
            h("td", { class: "number", role: "cell" }),
            h("td", { class: "funnel-time", role: "cell" }),
          ),
        ),
      );
    },
    /**
     * @param {{ complete: boolean, funnel: Step[], startedAt: string | null }} numbers
     * @param {{ group: string }} scope
     */
    show({ complete, funnel, startedAt }, { group }) {
      element.hidden = false;
      element.removeAttribute("aria-busy");
      replace(
        title,
        startedAt
          ? t("overview.funnel.batch", { moment: moment(startedAt) })
          : group
            ? t("overview.funnel.group", { group })
            : usual,
      );
      const most = Math.max(1, ...funnel.map(({ count }) => count));
      const invited = funnel.find(({ step }) => step === "invited")?.count ?? 0;
      replace(
        body,
        funnel.map((step) => row(step, { most, invited })),
      );
      replace(
        note,
        invited === 0 &&
          complete &&
          h(
            "p",
            { class: "funnel-nobody" },
            group ? t("overview.funnel.nobodyInGroup", { group }) : t("overview.funnel.nobody"),
          ),
        !complete && notice("info", h("p", null, t("overview.funnel.incomplete"))),
        h("p", { class: "hint" }, hint),
      );
    },
  };
}

/**
 * @param {Step} step
 * @param {{ most: number, invited: number }} of
 */
function row({ step, count, timed, median }, { most, invited }) {
  const time = step === "invited" ? "" : median ? between(median) : t("overview.funnel.noTime");
  return h(
    "tr",
    { class: `funnel-${step}`, role: "row" },
    h("th", { scope: "row", role: "rowheader" }, named("overview.step", step)),
    bar(count / most, count),
    h("td", { class: "number", role: "cell" }, invited > 0 ? percent(count / invited) : ""),
    h(
      "td",
      { class: "funnel-time", role: "cell" },
      time && h("span", { class: "funnel-label", "aria-hidden": "true" }, `${t("overview.funnel.medianShort")} `),
      time,
      median && timed < count && h("span", { class: "hint" }, ` ${t("overview.funnel.timed", { count: timed })}`),
    ),
  );
}

/**
 * @param {number} part from 0 to 1
 * @param {number | null} count absent while it is not known
 */
function bar(part, count) {
  const width = `${Math.max(part * 100, count ? 0.75 : 0)}%`;
  return h(
    "td",
    { class: "funnel-people", role: "cell" },
    h(
      "div",
      null,
      h(
        "span",
        { class: "funnel-track", "aria-hidden": "true" },
        h("span", { class: "funnel-bar", style: { "inline-size": width } }),
      ),
      h("span", { class: "funnel-count" }, count === null ? "" : number(count)),
    ),
  );
}
