// The jobs: actions for many people, and imports.

import { announce } from "../core/announce.js";
import { api } from "../core/api.js";
import { button } from "../core/controls.js";
import { h, replace } from "../core/dom.js";
import { failure } from "../core/failure.js";
import { inFull, moment, number, percent } from "../core/format.js";
import { poll } from "../core/poll.js";
import { entitle, link } from "../core/router.js";
import { dataTable } from "../core/table.js";
import { t } from "../core/words.js";
import { bar } from "./batch_words.js";
import { figures, jobBadge, jobName } from "./job_words.js";

/**
 * @typedef {import("./job_words.js").Job} Job
 * @typedef {Schema<"JobsPage">} JobsPage
 */

/** How often the list is asked for again, in milliseconds: while one is running, and else. */
const [SOON, LATER] = [2_500, 15_000];

/** @type {import("../core/router.js").Show} */
export async function show(place, { signal }) {
  entitle(t("jobs.title"));
  /** @type {Job[]} */
  let first = [];
  /** @type {Job[]} */
  let older = [];
  /** @type {string | null} */
  let next = null;
  const table = dataTable({
    label: t("jobs.title"),
    columns: columns(),
    id: (/** @type {Job} */ { id }) => id,
    name: jobName,
    rows: 8,
  });
  const more = h("div", { class: "table-more" });

  const draw = () => {
    const ids = new Set(first.map(({ id }) => id));
    const all = [...first, ...older.filter(({ id }) => !ids.has(id))];
    if (all.length > 0) table.show(all);
    else
      table.say(
        h(
          "div",
          { class: "empty" },
          h("h2", null, t("jobs.empty.title")),
          h("p", null, t("jobs.empty.text")),
          h("p", null, h("a", { class: "button main", href: link("/users") }, t("jobs.empty.go"))),
        ),
      );
    replace(more, next !== null && button({ label: t("batches.more"), kind: "quiet", onPress: further }));
  };

  /** @param {boolean} quiet */
  const load = async (quiet) => {
    if (!quiet) table.wait();
    try {
      /** @type {import("../core/api.js").Answer<JobsPage>} */
      const { data } = await api.get("/v1/jobs", { query: { limit: 20 }, signal });
      const running = new Set(first.filter(({ state }) => state === "running").map(({ id }) => id));
      const over = data.items.filter(({ id, state }) => running.has(id) && state !== "running");
      // What moved off the first page is still shown below.
      if (older.length > 0) older = [...first, ...older];
      else next = data.next ?? null;
      first = data.items;
      draw();
      if (!quiet) announce(t("jobs.shown", { count: first.length }));
      else if (over[0]) announce(t("jobs.over", { job: jobName(over[0]) }));
    } catch (error) {
      if (signal.aborted) return;
      if (quiet) throw error;
      table.say(failure(error, { again: () => load(false) }));
    }
  };

  const further = async () => {
    try {
      /** @type {import("../core/api.js").Answer<JobsPage>} */
      const { data } = await api.get("/v1/jobs", { query: { limit: 20, cursor: next }, signal });
      older = [...older, ...data.items];
      next = data.next ?? null;
      draw();
      announce(t("jobs.shown", { count: first.length + older.length }));
    } catch (error) {
      if (!signal.aborted) replace(more, failure(error, { again: further }));
    }
  };

  replace(place, h("div", { class: "page-head" }, h("h1", null, t("jobs.title"))), table.element, more);
  await load(false);
  poll(() => load(true), {
    every: () => (first.some(({ state }) => state === "running") ? SOON : LATER),
    signal,
    atOnce: false,
  });
}

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
      class: "address",
      cell: ({ createdAt }) => h("time", { datetime: createdAt, title: inFull(createdAt) }, moment(createdAt)),
    },
    { key: "state", label: t("batches.column.state"), cell: jobBadge },
    {
      key: "progress",
      label: t("batches.column.progress"),
      class: "progress",
      cell: ({ progress, state }) => {
        const far = state === "done" ? 1 : (progress ?? null);
        const drawn = bar(t("batches.column.progress"));
        drawn.set(far);
        return h(
          "span",
          { class: "bar-cell" },
          drawn.element,
          h("span", { class: "muted" }, far === null ? "" : percent(far)),
        );
      },
    },
    { key: "by", label: t("jobs.column.by"), class: "address", cell: ({ startedBy }) => startedBy },
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
