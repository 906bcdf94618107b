// How far a job is: its sentence, its bar, its figures. On its page and in the dialog that started it.

import { h, replace } from "../core/dom.js";
import { relative, time } from "../core/format.js";
import { number, t } from "../core/words.js";
import { bar } from "./batch_words.js";
import { figures, sentence } from "./job_words.js";

/** @typedef {import("./job_words.js").Job} Job */

export function jobView() {
  const lead = h("p", { class: "lead" }, t("jobs.gathering"));
  const drawn = bar(t("batch.progress"));
  const when = h("p", { class: "hint progress-when" });
  const counts = h("dl", { class: "counts" });
  return {
    elements: [lead, drawn.element, when, counts],
    /** @param {Job} job @returns {string} the sentence that says how far it is */
    show(job) {
      const text = sentence(job);
      const over = job.state !== "running";
      replace(lead, text);
      drawn.set(job.state === "done" ? 1 : (job.progress ?? null));
      when.hidden = over;
      replace(
        when,
        job.expectedEnd ? t("sent.expected", { time: time(job.expectedEnd), in: relative(job.expectedEnd) }) : "",
      );
      replace(
        counts,
        figures(job)
          // What seldom happens is only spoken of when it did.
          .filter(({ outcome, count }) => count > 0 || !["unreadable", "gone"].includes(outcome))
          .map(({ label, count, outcome }) =>
            h("div", { dataset: { outcome } }, h("dt", null, label), h("dd", null, number(count))),
          ),
      );
      return text;
    },
  };
}
