// The funnel of a batch: how many of the invited came how far, and how long each step took.

import { h, replace, uniqueId } from "../core/dom.js";
import { duration, number, percent } from "../core/format.js";
import { named, t } from "../core/words.js";

/**
 * @typedef {object} Step
 * @property {string} step
 * @property {number} count
 * @property {number} timed
 * @property {{ fromSeconds: number, toSeconds?: number | null | undefined } | null} [median]
 */

/** A card with the funnel; hidden while there is none. */
export function funnelCard() {
  const titleId = uniqueId("funnel");
  const rows = h("ol", { class: "steps" });
  const element = h(
    "section",
    { class: "card steps-card", "aria-labelledby": titleId, hidden: true },
    h("h2", { id: titleId }, t("batch.funnel")),
    rows,
    h("p", { class: "hint" }, t("batch.funnel.hint")),
  );
  let written = "";
  return {
    element,
    /** @param {Step[] | null} steps */
    show(steps) {
      element.hidden = !steps || steps.length === 0;
      const text = JSON.stringify(steps);
      if (!steps || text === written) return;
      written = text;
      const most = Math.max(1, ...steps.map(({ count }) => count));
      const invited = steps.find(({ step }) => step === "invited")?.count ?? most;
      replace(
        rows,
        steps.map(({ step, count, median }) =>
          h(
            "li",
            { dataset: { step } },
            h("span", { class: "steps-step" }, named("batch.step", step)),
            h(
              "span",
              { class: "steps-bar", "aria-hidden": "true" },
              h("span", { style: { "inline-size": `${(count / most) * 100}%` } }),
            ),
            h(
              "span",
              { class: "steps-count" },
              h("strong", null, number(count)),
              step === "invited" || invited === 0 ? "" : ` ${percent(count / invited)}`,
            ),
            h("span", { class: "steps-median muted" }, median ? span(median) : ""),
          ),
        ),
      );
    },
  };
}

/** The two ends of the bucket that the median lies in. @param {NonNullable<Step["median"]>} median */
function span({ fromSeconds, toSeconds }) {
  if (toSeconds == null) return t("batch.median.over", { time: duration(fromSeconds) });
  const [from, to] = [duration(fromSeconds), duration(toSeconds)];
  return from === to ? t("batch.median", { time: to }) : t("batch.median.between", { from, to });
}
