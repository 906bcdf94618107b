// The batches: what was sent, when, by whom, and what became of it.

import { h } from "../core/dom.js";
import { inFull } from "../core/format.js";
import { link } from "../core/router.js";
import { whoIs } from "../core/who.js";
import { number, t } from "../core/words.js";
import { barCell, batchBadge, batchName, isOver, ownership, selected, share } from "./batch_words.js";
import { newestFirst } from "./newest_first.js";

/** @typedef {Schema<"SentView">} Sent */

/** @type {import("../core/router.js").Show} */
export const show = (place, { signal }) =>
  newestFirst(place, {
    signal,
    path: "/v1/batches",
    words: "batches",
    columns: columns(),
    id: (/** @type {Sent} */ { batch }) => batch.id,
    name: ({ batch }) => batchName(batch),
    running: ({ batch }) => !isOver(batch),
    news: (before, now) => {
      const known = new Set(before.map(({ batch }) => batch.id));
      const fresh = now.filter(({ batch }) => !known.has(batch.id)).length;
      return fresh > 0 ? t("batches.fresh", { count: fresh }) : null;
    },
  });

/** @param {import("./batch_words.js").Batch} batch */
function selectedCell(batch) {
  const text = selected(batch);
  return h("span", { title: text }, text);
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
      cell: ({ batch }) => barCell(share(batch)),
    },
    { key: "by", label: t("batches.column.by"), cell: ({ batch }) => whoIs(batch.sentBy) },
    { key: "for", label: t("batches.column.for"), class: "address words", cell: ({ batch }) => selectedCell(batch) },
    { key: "ownership", label: t("user.ownership"), cell: ({ batch }) => ownership(batch) },
    { key: "selected", label: t("batches.column.selected"), class: "number", cell: count("selected") },
    { key: "issued", label: t("counts.issued"), class: "number", cell: count("issued") },
    { key: "delivered", label: t("counts.delivered"), class: "number", cell: count("delivered") },
    { key: "failed", label: t("counts.failed"), class: "number", cell: count("failed") },
    { key: "skipped", label: t("counts.skipped"), class: "number", cell: count("skipped") },
  ];
}
