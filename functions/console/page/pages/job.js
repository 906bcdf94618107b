// One job: how far it is, and what became of each person or line.

import { announce } from "../core/announce.js";
import { ApiError, api } from "../core/api.js";
import { badge, button, notice } from "../core/controls.js";
import { ask } from "../core/dialog.js";
import { h, icon, replace, uniqueId } from "../core/dom.js";
import { failure } from "../core/failure.js";
import { list, time } from "../core/format.js";
import { poll } from "../core/poll.js";
import { fieldLabel, refusal } from "../core/refusal_words.js";
import { may } from "../core/roles.js";
import { entitle, link, setQuery } from "../core/router.js";
import { whoIs } from "../core/who.js";
import { named, number, t } from "../core/words.js";
import { historyCard } from "./history_card.js";
import { jobView } from "./job_view.js";
import { jobBadge, jobName, nameOf, orders, outcomesOf, roleOf, why, wrongs } from "./job_words.js";
import { outcomeRows } from "./outcome_rows.js";
import { fact, missing, when } from "./record.js";

/**
 * @typedef {import("./job_words.js").Job} Job
 * @typedef {Schema<"JobOutcomeView">} Outcome
 */

/** How often a job is asked for again while it runs, in milliseconds. */
const EVERY = 1_500;

/** @type {import("../core/router.js").Show} */
export async function show(place, { params, query, signal }) {
  const path = `/v1/jobs/${encodeURIComponent(params["id"] ?? "")}`;
  const heading = h("h1", null, t("jobs.one"));
  const badges = h("div", { class: "badges" });
  const stale = h("p", { class: "hint stale", role: "status" });
  const trouble = h("div", { class: "page-trouble" });
  const stop = button({ label: t("sent.stop"), kind: "danger", onPress: () => stopped() });
  stop.hidden = true;
  const titleId = uniqueId("progress");
  const view = jobView();
  const facts = h("dl", { class: "record-facts" });
  const notes = h("div", { class: "notes" });
  const card = h(
    "section",
    { class: "card progress-card", "aria-labelledby": titleId },
    h("h2", { id: titleId }, t("batch.progress")),
    view.elements,
    notes,
    facts,
  );
  const rest = h("div", { class: "stack" });
  const history = historyCard({ fetch: () => api.get(`${path}/history`, { signal }), words: "jobs.what" });
  /** @type {Job | null} */
  let job = null;
  /** @type {ReturnType<typeof rows> | null} */
  let people = null;

  /** @param {Job} now */
  const draw = (now) => {
    const before = job;
    job = now;
    const over = now.state !== "running";
    if (!before) {
      entitle(jobName(now));
      replace(heading, jobName(now));
      people = rows(now, { path, signal, outcome: query.get("outcome") ?? "" });
      replace(rest, people.element, history.element);
    }
    replace(badges, jobBadge(now));
    if (over && document.activeElement === stop) heading.focus();
    stop.hidden = over || !may(roleOf(now));
    const text = view.show(now);
    if (before && before.state !== now.state) announce(text);
    replace(facts, described(now));
    replace(notes, remarks(now));
  };

  const stopped = async () => {
    if (!job) return;
    const sure = await ask({
      title: t("jobs.stop.title"),
      text: t(job.action === "import" ? "jobs.stop.lines" : "jobs.stop.text"),
      action: t("sent.stop"),
      keep: t("keep.going"),
      danger: true,
    });
    if (!sure) return;
    trouble.replaceChildren();
    try {
      draw((await api.post(`${path}/stop`, undefined, { signal })).data);
      asked.now();
    } catch (error) {
      if (!signal.aborted) replace(trouble, failure(error, { again: stopped }));
    }
  };

  /** @param {boolean} quiet @returns {Promise<boolean>} whether nothing more will come */
  const load = async (quiet) => {
    try {
      const before = JSON.stringify(job);
      draw((await api.get(path, { signal })).data);
      stale.textContent = "";
      if (!quiet) await Promise.all([history.refresh(), people?.load()]);
      else if (before !== JSON.stringify(job)) await Promise.all([history.refresh(), people?.refresh()]);
      return job?.state !== "running";
    } catch (error) {
      if (signal.aborted) return true;
      if (error instanceof ApiError && error.status === 404) {
        missing(place, "jobs", "/jobs");
        return true;
      }
      if (quiet && stale.textContent === "") stale.textContent = t("user.stale", { time: time(new Date()) });
      throw error;
    }
  };

  entitle(t("jobs.one"));
  replace(
    place,
    h("p", { class: "crumb" }, h("a", { href: link("/jobs") }, icon("back"), t("jobs.title"))),
    h(
      "div",
      { class: "page-head" },
      h("div", { class: "page-name" }, heading, badges),
      h("div", { class: "page-actions" }, stop),
    ),
    stale,
    trouble,
    card,
    rest,
  );
  if (await load(false)) return;
  const asked = poll(() => load(true), { every: EVERY, signal, atOnce: false });
}

/** @param {Job} job */
function described(job) {
  const { startedBy, createdAt, endedAt, stoppedBy, batchId, selected } = job;
  return [
    fact(t("jobs.column.by"), whoIs(startedBy)),
    fact(t("batches.column.started"), when(createdAt)),
    endedAt && fact(t("user.ended"), when(endedAt)),
    stoppedBy && fact(t("jobs.stoppedBy"), whoIs(stoppedBy)),
    selected != null && fact(t(job.action === "import" ? "jobs.lines" : "batches.column.selected"), number(selected)),
    orders(job).map(({ label, value }) => fact(label, value)),
    batchId && fact(t("batch.title"), h("a", { href: link(`/batches/${batchId}`) }, t("jobs.batch"))),
  ].flat();
}

/** What is worth knowing of an import and stopped nothing. @param {Job} job */
function remarks({ ignoredColumns = [], warnings = [] }) {
  return [
    ignoredColumns.length > 0 && notice("info", h("p", null, t("jobs.ignored", { columns: list(ignoredColumns) }))),
    warnings.length > 0 &&
      notice(
        "warn",
        warnings.map((one) => h("p", null, `${fieldLabel(one.field)}: `, refusal(one))),
      ),
  ];
}

/**
 * @param {Job} job
 * @param {{ path: string, signal: AbortSignal, outcome: string }} what
 */
function rows(job, { path, signal, outcome }) {
  const known = outcomesOf(job);
  const lines = job.action === "import";
  return outcomeRows({
    title: t(lines ? "jobs.lines" : "people.title"),
    label: t(lines ? "jobs.lines.label" : "jobs.people.label"),
    path: `${path}/outcomes`,
    signal,
    outcome: known.some((one) => one === outcome) ? outcome : "",
    outcomes: known.map((value) => ({ value, label: t(`jobs.outcome.${value}`) })),
    onFilter: (to) => setQuery(to ? { outcome: to } : {}),
    columns: lines ? [lineColumn(), ...columns(), changesColumn()] : [...columns(), reasonColumn()],
    id: (/** @type {Outcome} */ one) => String(one.line ?? one.userId),
    name: nameOf,
    empty: { none: t("jobs.rows.none"), noMatch: t("jobs.rows.noMatch") },
  });
}

const nothing = () => h("span", { class: "muted" }, "–");

/** @type {{ [outcome: string]: "good" | "neutral" | "warn" | "bad" | "info" }} */
const TONES = {
  done: "good",
  unchanged: "neutral",
  refused: "warn",
  unreadable: "bad",
  gone: "neutral",
  added: "good",
  updated: "info",
  invalid: "bad",
};

/** @returns {import("../core/table.js").Column<Outcome>[]} */
function columns() {
  return [
    {
      key: "name",
      label: t("users.column.name"),
      class: "name",
      cell: (one) =>
        one.userId
          ? h("a", { class: "strong", href: link(`/users/${one.userId}`) }, nameOf(one))
          : h("span", null, nameOf(one)),
    },
    {
      key: "email",
      label: t("users.column.address"),
      class: "address",
      cell: ({ email }) => (email ? h("span", { title: email }, email) : nothing()),
    },
    {
      key: "outcome",
      label: t("batch.filter"),
      cell: ({ outcome }) => badge(named("jobs.outcome", outcome), TONES[outcome] ?? "neutral"),
    },
  ];
}

/** @returns {import("../core/table.js").Column<Outcome>} */
const lineColumn = () => ({
  key: "line",
  label: t("jobs.column.line"),
  cell: ({ line }) => (line == null ? nothing() : number(line)),
});

/** @returns {import("../core/table.js").Column<Outcome>} */
const reasonColumn = () => ({
  key: "reason",
  label: t("jobs.column.why"),
  class: "why",
  cell: (one) => why(one) ?? nothing(),
});

/** @returns {import("../core/table.js").Column<Outcome>} */
const changesColumn = () => ({
  key: "changes",
  label: t("jobs.column.changes"),
  class: "why",
  cell: (one) => {
    const { changes = [], errors = [] } = one;
    if (errors.length > 0) return wrongs(one);
    return changes.length > 0 ? list(changes.map(fieldLabel)) : nothing();
  },
});
