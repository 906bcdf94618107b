// Tables of records: the same rows keep their elements when they are shown again, so that the focus stays where it is.

import { h, icon, replace, uniqueId } from "./dom.js";
import { t } from "./words.js";

/**
 * @template Row
 * @typedef {object} Column
 * @property {string} key
 * @property {string} label
 * @property {(row: Row) => import("./dom.js").Child} cell
 * @property {string} [class]
 * @property {{ order: "ascending" | "descending" | "none", onSort: () => void }} [sort]
 *
 */

/**
 * What is ticked.
 *
 * @typedef {object} Ticks
 * @property {(id: string) => boolean} has
 * @property {(ids: string[], chosen: boolean) => void} set
 */

/**
 * A table. `show` fills it, `wait` keeps the room of what is to come, `say` puts words in the place of rows.
 *
 * @template Row
 * @param {object} what
 * @param {string} what.label what the table is of
 * @param {Column<Row>[]} what.columns the first names the row
 * @param {(row: Row) => string} what.id
 * @param {(row: Row) => string} what.name what a row is called, for its tick box
 * @param {Ticks} [what.selection]
 * @param {number} [what.rows] how many rows a page has, for the room that is kept
 */
export function dataTable({ label, columns, id, name, selection, rows: usual = 10 }) {
  const body = h("tbody", { role: "rowgroup" });
  const head = h("tr", { role: "row" });
  const all =
    selection && h("input", { type: "checkbox", "aria-label": t("table.all"), on: { change: () => chooseAll() } });
  const table = h(
    "table",
    { class: `data ${selection ? "selectable" : ""}`, role: "table", "aria-label": label },
    h("thead", { role: "rowgroup" }, head),
    body,
  );
  const message = h("div", { class: "table-message", hidden: true });
  const element = h(
    "div",
    { class: "table-place", tabindex: "0", role: "region", "aria-label": label },
    table,
    message,
  );

  /** @type {Map<string, { row: HTMLTableRowElement, written: string, box: HTMLInputElement | undefined }>} */
  let known = new Map();
  /** @type {string[]} */
  let ids = [];
  let last = -1;

  const heads = () => {
    // A heading is pressed to sort by it, and pressed again to turn the order round.
    const focused = [...head.children].findIndex((one) => one.contains(document.activeElement));
    replace(
      head,
      all && h("th", { role: "columnheader", scope: "col", class: "tick-cell" }, all),
      columns.map((column) => heading(column)),
    );
    head.children[focused]?.querySelector("button")?.focus();
  };

  /**
   * Puts these rows in the place of those that stood there. What has the focus keeps it; if its row is gone, the list
   * gets it.
   *
   * @param {Element[]} rows
   */
  const fill = (rows) => {
    const focused = document.activeElement;
    const isWithin = body.contains(focused) || message.contains(focused);
    body.replaceChildren(...rows);
    if (!isWithin) return;
    const target = focused instanceof HTMLElement && body.contains(focused) ? focused : element;
    target.focus({ preventScroll: true });
  };

  const refresh = () => {
    let chosen = 0;
    for (const [id, { row, box }] of known) {
      const is = selection?.has(id) ?? false;
      if (is) chosen += 1;
      if (box) box.checked = is;
      row.classList.toggle("chosen", is);
      if (selection) row.setAttribute("aria-selected", String(is));
    }
    if (!all) return;
    all.checked = chosen > 0 && chosen === known.size;
    all.indeterminate = chosen > 0 && chosen < known.size;
  };

  const chooseAll = () => {
    selection?.set(ids, all?.checked ?? false);
    refresh();
  };

  /**
   * @param {number} at
   * @param {boolean} chosen
   * @param {boolean} through whether everything since the last one is meant
   */
  const choose = (at, chosen, through) => {
    const from = through && last >= 0 ? last : at;
    selection?.set(ids.slice(Math.min(from, at), Math.max(from, at) + 1), chosen);
    last = at;
    refresh();
  };

  /** @param {Row} row */
  const made = (row) => {
    const key = id(row);
    const nameId = uniqueId("row");
    /** @type {HTMLInputElement | undefined} */
    let box;
    if (selection) {
      box = h("input", {
        type: "checkbox",
        "aria-label": t("table.one", { name: name(row) }),
        on: {
          click: (/** @type {MouseEvent} */ event) => choose(ids.indexOf(key), box?.checked ?? false, event.shiftKey),
        },
      });
    }
    const cells = columns.map((column, at) =>
      h(
        at === 0 ? "th" : "td",
        {
          role: at === 0 ? "rowheader" : "cell",
          scope: at === 0 ? "row" : null,
          class: column.class,
          id: at === 0 ? nameId : null,
          dataset: { label: column.label },
        },
        column.cell(row),
      ),
    );
    const element = h("tr", { role: "row" }, box && h("td", { role: "cell", class: "tick-cell" }, box), cells);
    return { row: element, written: JSON.stringify(row), box };
  };

  heads();
  return {
    element,
    refresh,
    /** Writes the headings again, after what they sort by has changed. */
    heads,
    /** @param {readonly Row[]} rows */
    show(rows) {
      const kept = known;
      known = new Map();
      for (const row of rows) {
        const before = kept.get(id(row));
        known.set(id(row), before && before.written === JSON.stringify(row) ? before : made(row));
      }
      ids = [...known.keys()];
      last = -1;
      table.removeAttribute("aria-busy");
      table.hidden = false;
      message.hidden = true;
      const wanted = [...known.values()].map(({ row }) => row);
      const now = [...body.children];
      if (wanted.length !== now.length || wanted.some((row, at) => row !== now[at])) fill(wanted);
      refresh();
    },
    /** Keeps the room while rows are on their way. */
    wait() {
      known = new Map();
      ids = [];
      table.hidden = false;
      message.hidden = true;
      table.setAttribute("aria-busy", "true");
      const blank = () =>
        h(
          "tr",
          { class: "blank", "aria-hidden": "true" },
          selection && h("td", { class: "tick-cell" }, h("span", { class: "blank-box" })),
          columns.map((column) => h("td", { class: column.class }, h("span", { class: "blank-line" }))),
        );
      fill(Array.from({ length: usual }, blank));
      refresh();
    },
    /** @param {...import("./dom.js").Child} children */
    say(...children) {
      known = new Map();
      ids = [];
      fill([]);
      table.hidden = true;
      table.removeAttribute("aria-busy");
      message.hidden = false;
      replace(message, ...children);
    },
  };
}

/**
 * @template Row
 * @param {Column<Row>} column
 */
function heading({ label, sort, class: extra }) {
  const order = sort?.order ?? null;
  const shown = order === "descending" ? "down" : "up";
  return h(
    "th",
    { role: "columnheader", scope: "col", class: extra, "aria-sort": order },
    sort
      ? h("button", { type: "button", class: `sort ${order}`, on: { click: sort.onSort } }, label, icon(shown))
      : label,
  );
}
