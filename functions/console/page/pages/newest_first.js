// A list that begins with the newest: a page of it, older ones on request, and what changes while it is open.

import { announce } from "../core/announce.js";
import { api } from "../core/api.js";
import { h, replace } from "../core/dom.js";
import { failure } from "../core/failure.js";
import { poll } from "../core/poll.js";
import { entitle, link } from "../core/router.js";
import { dataTable } from "../core/table.js";
import { t } from "../core/words.js";
import { moreBelow } from "./more_below.js";

/** How often the list is asked for again, in milliseconds: while one is under way, and else. */
const [SOON, LATER] = [2_500, 15_000];

/** How many a page shows. */
const PAGE = 20;

/**
 * Shows the list, and its news until the page is left.
 *
 * @template Item
 * @param {HTMLElement} place
 * @param {object} what
 * @param {AbortSignal} what.signal
 * @param {string} what.path of the API
 * @param {"batches" | "jobs"} what.words where its texts begin
 * @param {import("../core/table.js").Column<Item>[]} what.columns
 * @param {(item: Item) => string} what.id
 * @param {(item: Item) => string} what.name
 * @param {(item: Item) => boolean} what.running whether more will come of it by itself
 * @param {(before: readonly Item[], now: readonly Item[]) => string | null} what.news what screen readers are told of a change
 */
export async function newestFirst(place, { signal, path, words, columns, id, name, running, news }) {
  entitle(t(`${words}.title`));
  /** @type {Item[]} */
  let first = [];
  /** @type {Item[]} */
  let older = [];
  /** @type {string | null} */
  let next = null;
  const table = dataTable({ label: t(`${words}.title`), columns, id, name, rows: 8 });
  const more = moreBelow({ label: t("batches.more"), class: "table-more", fetch: () => further() });

  const draw = () => {
    const ids = new Set(first.map(id));
    const all = [...first, ...older.filter((item) => !ids.has(id(item)))];
    if (all.length > 0) table.show(all);
    else table.say(empty(words));
    more.offer(next !== null, table.element);
  };

  /** @param {boolean} quiet */
  const load = async (quiet) => {
    if (quiet && more.isRunning) return;
    if (!quiet) table.wait();
    try {
      /** @type {import("../core/api.js").Answer<{ items: Item[], next?: string | null }>} */
      const { data } = await api.get(path, { query: { limit: PAGE }, signal });
      const before = first;
      // What moved off the first page is still shown below.
      if (older.length > 0) older = [...first, ...older];
      else next = data.next ?? null;
      first = data.items;
      draw();
      const text = quiet ? news(before, first) : t(`${words}.shown`, { count: first.length });
      if (text) announce(text);
    } catch (error) {
      if (signal.aborted) return;
      if (quiet) throw error;
      table.say(failure(error, { again: () => load(false) }));
    }
  };

  const further = async () => {
    /** @type {import("../core/api.js").Answer<{ items: Item[], next?: string | null }>} */
    const { data } = await api.get(path, { query: { limit: PAGE, cursor: next }, signal });
    older = [...older, ...data.items];
    next = data.next ?? null;
    draw();
    announce(t(`${words}.shown`, { count: first.length + older.length }));
  };

  replace(
    place,
    h("div", { class: "page-head" }, h("h1", null, t(`${words}.title`))),
    h("p", { class: "muted" }, t(`${words}.about`)),
    table.element,
    more.element,
  );
  await load(false);
  poll(() => load(true), { every: () => (first.some(running) ? SOON : LATER), signal, atOnce: false });
}

/** @param {"batches" | "jobs"} words */
function empty(words) {
  return h(
    "div",
    { class: "empty" },
    h("h2", null, t(`${words}.empty.title`)),
    h("p", null, t(`${words}.empty.text`)),
    h("p", null, h("a", { class: "button main", href: link("/users") }, t(`${words}.empty.go`))),
  );
}
