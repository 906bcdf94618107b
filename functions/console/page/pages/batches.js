// The batches: what was sent, when, by whom, and what became of it.

import { announce } from "../core/announce.js";
import { api } from "../core/api.js";
import { button } from "../core/controls.js";
import { h, replace } from "../core/dom.js";
import { failure } from "../core/failure.js";
import { inFull, number, percent } from "../core/format.js";
import { poll } from "../core/poll.js";
import { entitle, link } from "../core/router.js";
import { dataTable } from "../core/table.js";
import { t } from "../core/words.js";
import { bar, batchBadge, batchName, isOver, ownership, share } from "./batch_words.js";

/** @typedef {Schema<"SentView">} Sent */

/** How often the list is asked for again, in milliseconds: while one is under way, and else. */
const [SOON, LATER] = [2_500, 15_000];

/** How many a page shows. */
const PAGE = 20;

/** @type {import("../core/router.js").Show} */
export async function show(place, { signal }) {
  entitle(t("batches.title"));
  /** @type {Sent[]} */
  let first = [];
  /** @type {Sent[]} */
  let older = [];
  /** @type {string | null} */
  let next = null;

  const table = dataTable({
    label: t("batches.title"),
    columns: columns(),
    id: (/** @type {Sent} */ { batch }) => batch.id,
    name: ({ batch }) => batchName(batch),
    rows: 8,
  });
  const more = h("div", { class: "table-more" });

  const draw = () => {
    const ids = new Set(first.map(({ batch }) => batch.id));
    const all = [...first, ...older.filter(({ batch }) => !ids.has(batch.id))];
    if (all.length > 0) table.show(all);
    else table.say(empty());
    replace(more, next !== null && button({ label: t("batches.more"), kind: "quiet", onPress: further }));
  };

  /** @param {boolean} quiet */
  const load = async (quiet) => {
    if (!quiet) table.wait();
    try {
      /** @type {import("../core/api.js").Answer<Schema<"BatchesPage">>} */
      const { data } = await api.get("/v1/batches", { query: { limit: PAGE }, signal });
      const known = new Set(first.map(({ batch }) => batch.id));
      const fresh = data.items.filter(({ batch }) => !known.has(batch.id)).length;
      // What moved off the first page is still shown below.
      if (older.length > 0) older = [...first, ...older];
      else next = data.next ?? null;
      first = data.items;
      draw();
      if (!quiet) announce(t("batches.shown", { count: first.length }));
      else if (fresh > 0) announce(t("batches.fresh", { count: fresh }));
    } catch (error) {
      if (signal.aborted) return;
      if (quiet) throw error;
      table.say(failure(error, { again: () => load(false) }));
    }
  };

  const further = async () => {
    try {
      /** @type {import("../core/api.js").Answer<Schema<"BatchesPage">>} */
      const { data } = await api.get("/v1/batches", { query: { limit: PAGE, cursor: next }, signal });
      older = [...older, ...data.items];
      next = data.next ?? null;
      draw();
      announce(t("batches.shown", { count: first.length + older.length }));
    } catch (error) {
      if (!signal.aborted) replace(more, failure(error, { again: further }));
    }
  };

  replace(place, h("div", { class: "page-head" }, h("h1", null, t("batches.title"))), table.element, more);
  await load(false);
  poll(() => load(true), {
    every: () => (first.some(({ batch }) => !isOver(batch)) ? SOON : LATER),
    signal,
    atOnce: false,
  });
}

function empty() {
  return h(
    "div",
    { class: "empty" },
    h("h2", null, t("batches.empty.title")),
    h("p", null, t("batches.empty.text")),
    h("p", null, h("a", { class: "button main", href: link("/users") }, t("batches.empty.go"))),
  );
}

/** @param {keyof Schema<"BatchCounts">} name */
const count =
  (name) =>
  (/** @type {Sent} */ { batch: { counts } }) =>
    counts?.[name] === undefined ? h("span", { class: "muted" }, "–") : number(counts[name] ?? 0);

/** @returns {import("../core/table.js").Column<Sent>[]} */
function columns() {
  return [
    {
      key: "name",
      label: t("batches.column.started"),
      class: "name",
      cell: ({ batch }) =>
        h(
          "a",
          { class: "strong", href: link(`/batches/${batch.id}`), title: inFull(batch.createdAt) },
          batchName(batch),
        ),
    },
    { key: "state", label: t("batches.column.state"), cell: ({ batch }) => batchBadge(batch) },
    {
      key: "progress",
      label: t("batches.column.progress"),
      class: "progress",
      cell: ({ batch }) => {
        const far = share(batch);
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
    { key: "by", label: t("batches.column.by"), cell: ({ batch }) => batch.sentBy },
    { key: "ownership", label: t("user.ownership"), cell: ({ batch }) => ownership(batch) },
    { key: "selected", label: t("batches.column.selected"), class: "number", cell: count("selected") },
    { key: "issued", label: t("counts.issued"), class: "number", cell: count("issued") },
    { key: "delivered", label: t("counts.delivered"), class: "number", cell: count("delivered") },
    { key: "failed", label: t("counts.failed"), class: "number", cell: count("failed") },
    { key: "skipped", label: t("counts.skipped"), class: "number", cell: count("skipped") },
  ];
}
