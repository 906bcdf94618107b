// The jobs: actions for many people, and imports.

import { h } from "../core/dom.js";
import { inFull, moment } from "../core/format.js";
import { link } from "../core/router.js";
import { whoIs } from "../core/who.js";
import { number, t } from "../core/words.js";
import { barCell } from "./batch_words.js";
import { figures, jobBadge, jobName } from "./job_words.js";
import { newestFirst } from "./newest_first.js";

/** @typedef {import("./job_words.js").Job} Job */

/** @type {import("../core/router.js").Show} */
export const show = (place, { signal }) =>
  newestFirst(place, {
    signal,
    path: "/v1/jobs",
    words: "jobs",
    columns: columns(),
    id: (/** @type {Job} */ { id }) => id,
    name: jobName,
    running: ({ state }) => state === "running",
    news: (before, now) => {
      const running = new Set(before.filter(({ state }) => state === "running").map(({ id }) => id));
      const [over] = now.filter(({ id, state }) => running.has(id) && state !== "running");
      return over ? t("jobs.over", { job: jobName(over) }) : null;
    },
  });

/** @returns {import("../core/table.js").Column<Job>[]} */
function columns() {
  return [
    {
      key: "name",
      label: t("jobs.column.action"),
      class: "name",
      cell: (job) => h("a", { class: "strong", href: link(`/jobs/${job.id}`) }, jobName(job)),
    },
    {
      key: "started",
      label: t("batches.column.started"),
      class: "address words",
      cell: ({ createdAt }) => h("time", { datetime: createdAt, title: inFull(createdAt) }, moment(createdAt)),
    },
    { key: "state", label: t("batches.column.state"), cell: jobBadge },
    {
      key: "progress",
      label: t("batches.column.progress"),
      class: "progress",
      cell: ({ progress, state }) => barCell(state === "done" ? 1 : (progress ?? null)),
    },
    { key: "by", label: t("jobs.column.by"), class: "address words", cell: ({ startedBy }) => whoIs(startedBy) },
    {
      key: "selected",
      label: t("batches.column.selected"),
      class: "number",
      cell: ({ selected }) => (selected == null ? h("span", { class: "muted" }, "–") : number(selected)),
    },
    {
      key: "outcomes",
      label: t("jobs.column.outcomes"),
      cell: (job) => {
        const some = figures(job).filter(({ count }) => count > 0);
        return some.length > 0
          ? some.map(({ label, count }) => `${label}: ${number(count)}`).join(" · ")
          : h("span", { class: "muted" }, "–");
      },
    },
  ];
}
