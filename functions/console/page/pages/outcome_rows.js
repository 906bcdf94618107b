// Rows with an outcome each, one outcome or all: the people of a batch, of a job, the lines of an import.

import { announce } from "../core/announce.js";
import { rowsOf } from "../core/api.js";
import { h, uniqueId } from "../core/dom.js";
import { failure } from "../core/failure.js";
import { selectField } from "../core/fields.js";
import { dataTable } from "../core/table.js";
import { t } from "../core/words.js";
import { moreBelow } from "./more_below.js";

/** How many rows are asked for at once. */
const PAGE = 50;

/**
 * @template Row
 * @param {object} what
 * @param {string} what.title
 * @param {string} what.label what the table is of, for those who do not see where it stands
 * @param {string} what.path of the rows in the API
 * @param {AbortSignal} what.signal
 * @param {string} what.outcome the filter at first
 * @param {{ value: string, label: string }[]} what.outcomes what can be filtered by
 * @param {(outcome: string) => void} what.onFilter
 * @param {import("../core/table.js").Column<Row>[]} what.columns
 * @param {(row: Row) => string} what.id
 * @param {(row: Row) => string} what.name
 * @param {{ none: string, noMatch: string }} what.empty
 */
export function outcomeRows({ title, label, path, signal, outcome, outcomes, onFilter, columns, id, name, empty }) {
  const titleId = uniqueId("rows");
  const table = dataTable({ label, columns, id, name, rows: 5 });
  const more = moreBelow({ label: t("people.more"), class: "table-more", fetch: () => further() });
  const filter = selectField({
    name: "outcome",
    label: t("batch.filter"),
    value: outcome,
    options: [{ value: "", label: t("batch.filter.all") }, ...outcomes],
    on: { change: () => choose(filter.input.value) },
  });
  const element = h(
    "section",
    { class: "card rows-card", "aria-labelledby": titleId },
    h(
      "div",
      { class: "card-head" },
      h("h2", { id: titleId }, title),
      h("div", { class: "outcome-filter" }, filter.element),
    ),
    table.element,
    more.element,
  );

  /** @type {Row[]} */
  let shown = [];
  /** @type {string | null} */
  let next = null;
  let wanted = outcome;
  let loading = new AbortController();

  /**
   * @param {string | null} cursor
   * @param {number} least
   * @param {AbortSignal} within
   * @returns {Promise<{ found: Row[], cursor: string | null }>}
   */
  const fetchRows = (cursor, least, within) =>
    rowsOf(path, { query: { outcome: wanted, limit: PAGE }, cursor, least, signal: within });

  const draw = () => {
    if (shown.length > 0) table.show(shown);
    else table.say(h("p", { class: "muted" }, wanted ? empty.noMatch : empty.none));
    more.offer(next !== null, table.element);
  };

  /** @param {boolean} quiet whether the rows that are there stay until the answer has come */
  const load = async (quiet) => {
    loading.abort();
    loading = new AbortController();
    const within = AbortSignal.any([signal, loading.signal]);
    if (!quiet) {
      table.wait();
      more.hide();
    }
    try {
      const { found, cursor } = await fetchRows(null, quiet ? Math.max(1, shown.length) : 1, within);
      if (within.aborted) return;
      [shown, next] = [found, cursor];
      draw();
      if (!quiet) announce(t("batch.rows", { count: shown.length }));
    } catch (error) {
      if (within.aborted || quiet) return;
      table.say(failure(error, { again: () => load(false) }));
    }
  };

  const further = async () => {
    const within = AbortSignal.any([signal, loading.signal]);
    const { found, cursor } = await fetchRows(next, 1, within);
    if (within.aborted) return;
    shown = [...shown, ...found];
    next = cursor;
    draw();
    announce(t("batch.rows", { count: shown.length }));
  };

  /** @param {string} to */
  const choose = (to) => {
    wanted = to;
    onFilter(to);
    load(false);
  };

  return {
    element,
    load: () => load(false),
    /** Asks again for the rows that are there. */
    refresh: () => (more.isRunning ? undefined : load(true)),
  };
}
