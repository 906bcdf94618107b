// The list of users: search, filters, selection, and what can be done with those who are selected.

import { announce } from "../core/announce.js";
import { ApiError, api, connection, rowsOf } from "../core/api.js";
import { button, enable } from "../core/controls.js";
import { h, replace } from "../core/dom.js";
import { failure } from "../core/failure.js";
import { poll } from "../core/poll.js";
import { may } from "../core/roles.js";
import { entitle, setQuery } from "../core/router.js";
import { setup } from "../core/session.js";
import { dataTable } from "../core/table.js";
import { number, t, withWords } from "../core/words.js";
import { learnGroups } from "./known_groups.js";
import { Selection } from "./selection.js";
import { actionsMenu } from "./user_actions.js";
import { columns } from "./user_columns.js";
import { Filters, registrationIdOf, Wanted } from "./user_filters.js";

/** @typedef {Schema<"UserView">} User */

/** How many people a page shows. */
const PAGE = 50;

/** How long a page that a filter leaves short is filled from the people who follow, in milliseconds. */
const PATIENCE = 1_000;

/** How long the first rows may take before their room is drawn, in milliseconds. */
const SHORTLY = 120;

/** How long rows that were asked for ahead are those of now, in milliseconds. */
const FRESH = 5_000;

/** How often the list is asked again, in milliseconds: soon after something was done, then less often. */
const [SOON, LATER] = [2_000, 15_000];

/**
 * Where a page begins, and how many people stand before it.
 *
 * @typedef {{ cursor: string | null, before: number }} Start
 */

/** @type {Start} */
const FIRST = { cursor: null, before: 0 };

/**
 * Where each page that was seen begins. The history's entry keeps it, so that a reload shows the same page; it stands
 * in no address, since a cursor holds somebody's mail address.
 *
 * @returns {[Start, ...Start[]]}
 */
function remembered() {
  const starts = history.state?.starts;
  return Array.isArray(starts) && starts.length > 0 ? /** @type {[Start, ...Start[]]} */ (starts) : [FIRST];
}

/** What was asked for before there were words to show it with. @type {{ of: string, at: number, rows: ReturnType<typeof rows> } | null} */
let early = null;

/** What a page is asked for by. @param {URLSearchParams} query */
const keyOf = (query) => `${remembered().at(-1)?.cursor} ${query}`;

/**
 * A page of the list.
 *
 * @param {Wanted} wanted
 * @param {boolean} descending
 * @param {string | null} cursor
 * @param {{ signal?: AbortSignal, least?: number }} [how]
 * @returns {Promise<{ found: User[], cursor: string | null }>}
 */
function rows(wanted, descending, cursor, how = {}) {
  const query = { ...wanted.query(), order: descending ? "descending" : null };
  return rowsOf("/v1/users", { query, cursor, most: PAGE, patience: PATIENCE, ...how });
}

/** @param {URLSearchParams} query */
const isDescending = (query) => query.get("order") === "descending";

/**
 * Asks for the rows that `show` will show first.
 *
 * @param {URLSearchParams} query
 */
export function ahead(query) {
  const wanted = new Wanted(query);
  if (registrationIdOf(wanted.text)) return;
  const first = rows(wanted, isDescending(query), remembered().at(-1)?.cursor ?? null);
  early = { of: keyOf(query), at: performance.now(), rows: first };
  // What became of it is told where they are shown.
  early.rows.catch(() => {});
}

/** @type {import("../core/router.js").Show} */
export async function show(place, { query, signal }) {
  entitle(t("users.title"));
  const filters = Filters.of(query);
  const selection = new Selection();
  let starts = remembered();
  let descending = isDescending(query);
  /** @type {string | null} */
  let next = null;
  /** @type {User[]} */
  let users = [];
  let loading = new AbortController();
  /** Whether a reader waits for rows, who saw them go. */
  let waited = false;
  let activeUntil = 0;
  let begun = early?.of === keyOf(query) && performance.now() < early.at + FRESH ? early.rows : null;
  early = null;

  /** Where the page begins that is shown. */
  const here = () => starts.at(-1) ?? FIRST;

  /**
   * Those whom the filters find; of a registration id, which a device shows to whoever begins, the one it is of.
   *
   * @param {AbortSignal} within
   * @param {number} least how many rows are shown already, which stay
   * @returns {Promise<{ found: User[], cursor: string | null }>}
   */
  const ask = async (within, least) => {
    const registrationId = registrationIdOf(filters.text);
    if (registrationId) {
      try {
        const { data } = await api.get("/v1/users/lookup", { query: { registrationId }, signal: within });
        return { found: [data], cursor: null };
      } catch (error) {
        if (!(error instanceof ApiError && error.status === 404)) throw error;
      }
    }
    return rows(filters, descending, here().cursor, { signal: within, least });
  };

  const table = dataTable({
    label: t("users.title"),
    columns: columns({
      get order() {
        return descending ? "descending" : "ascending";
      },
      onSort: () => {
        descending = !descending;
        table.heads();
        begin();
      },
    }),
    id: (/** @type {User} */ user) => user.id,
    name: (user) => user.displayName || user.email,
    rows: PAGE,
    selection: {
      has: (id) => selection.has(id),
      set: (ids, chosen) => {
        const meant = users.filter(({ id }) => ids.includes(id));
        if (!selection.set(meant, chosen)) announce(t("users.selection.full"));
        selected();
      },
    },
  });

  const onlyEnabled = button({ label: t("filters.onlyEnabled"), kind: "quiet", onPress: () => filters.onlyEnabled() });
  const note = h("p", { class: "filter-note hint", hidden: true }, t("filters.disabled"), " ", onlyEnabled);
  const told = h("p", { class: "selection-text", role: "status" });
  const all = button({ label: t("users.selection.all"), kind: "quiet", onPress: () => chooseAll() });
  const none = button({ label: t("users.selection.clear"), kind: "quiet", onPress: () => clear() });
  const actions = actionsMenu({ selection, done: () => carriedOut() });
  const range = h("p", { class: "range" });
  const previous = button({ label: t("pager.previous"), icon: "back", iconOnly: true, onPress: () => void turn(-1) });
  const following = button({ label: t("pager.next"), icon: "forth", iconOnly: true, onPress: () => void turn(1) });

  /** The same text written again would be read out again. @param {string} text */
  const say = (text) => {
    if (told.textContent !== text) told.textContent = text;
  };

  const selected = () => {
    const count = selection.count;
    if (selection.isAll) {
      const except = selection.except;
      say(
        except > 0
          ? t("users.selection.allExcept", { count: except })
          : t(filters.isEmpty ? "users.selection.everyone" : "users.selection.everyMatch"),
      );
    } else {
      const here = users.filter(({ id }) => selection.has(id)).length;
      const hidden = (count ?? 0) - here;
      const parts = [
        count ? t("users.selection.some", { count }) : t("users.selection.none"),
        hidden > 0 && `(${t("users.selection.hidden", { count: number(hidden) })})`,
      ];
      say(parts.filter(Boolean).join(" "));
    }
    // Of a registration id the API's filter knows nothing.
    all.hidden = selection.isAll || users.length === 0 || registrationIdOf(filters.text) !== null;
    none.hidden = selection.isEmpty;
    enable(actions.button, !selection.isEmpty);
  };
  const chooseAll = () => {
    selection.setAll(filters.body(), filters.query());
    table.refresh();
    selected();
    none.focus();
  };
  const clear = () => {
    selection.clear();
    table.refresh();
    selected();
    actions.button.focus();
  };

  const paged = () => {
    filters.complete();
    enable(previous, starts.length > 1);
    enable(following, next !== null);
    const { before } = here();
    const [first, last] = [number(before + 1), number(before + users.length)];
    // How many there are is known on the last page.
    const text = next === null ? t("pager.rangeOf", { from: first, to: last, total: last }) : "";
    range.textContent = users.length > 0 ? text || t("pager.range", { from: first, to: last }) : "";
  };

  /** @param {boolean} quiet whether the rows that are there stay until the answer has come */
  const load = async (quiet) => {
    // Somebody waits for what is being fetched: it is as new as what would be asked for now.
    if (quiet && waited) return;
    waited = !quiet;
    loading.abort();
    loading = new AbortController();
    const { signal: overtaken } = loading;
    if (!quiet) {
      enable(previous, false);
      enable(following, false);
    }
    const asked = begun ?? ask(AbortSignal.any([signal, overtaken]), quiet ? Math.max(1, users.length) : 1);
    // Rows that were asked for ahead are mostly there before room could be drawn for them.
    const waiting = setTimeout(() => quiet || overtaken.aborted || table.wait(), begun ? SHORTLY : 0);
    begun = null;
    try {
      const { found, cursor } = await asked;
      clearTimeout(waiting);
      if (signal.aborted || overtaken.aborted) return;
      users = found;
      next = cursor;
      selection.learn(users);
      learnGroups(users);
      note.hidden = !(filters.meansOpen && users.some(({ enabled }) => !enabled));
      if (users.length > 0) table.show(users);
      else table.say(empty());
      if (!quiet) announce(t("users.shown", { count: users.length }));
    } catch (error) {
      clearTimeout(waiting);
      if (signal.aborted || overtaken.aborted) return;
      // What is shown is old, but better than nothing; the next round may succeed.
      if (quiet) {
        connection.dispatchEvent(new CustomEvent("waiting", { detail: "stale" }));
        throw error;
      }
      users = [];
      next = null;
      table.say(failure(error, { again: () => load(false) }));
    }
    waited = false;
    selected();
    paged();
  };

  const empty = () => {
    if (!filters.isEmpty) {
      return h(
        "div",
        { class: "empty" },
        h("h2", null, t("users.noMatch.title")),
        h("p", null, t("users.noMatch.text"), " ", t("users.noMatch.registration")),
        button({ label: t("filters.clear"), onPress: () => filters.clear() }),
      );
    }
    return h(
      "div",
      { class: "empty" },
      h("h2", null, t("users.empty.title")),
      h("p", null, setup().local ? t("users.empty.local") : t("users.empty.text")),
      may("helpdesk") && button({ label: t("users.add"), kind: "main", icon: "plus", onPress: () => addUser() }),
    );
  };

  /** @param {1 | -1} step */
  const turn = async (step) => {
    const [first, ...later] = starts;
    starts =
      step === 1 && next !== null
        ? [...starts, { cursor: next, before: here().before + users.length }]
        : [first, ...later.slice(0, -1)];
    history.replaceState({ starts }, "");
    table.element.scrollTop = 0;
    await load(false);
  };

  /** To the first box that can be ticked, past search, filters and buttons. */
  const toList = () => {
    const box = table.element.querySelector("tbody input");
    (box instanceof HTMLElement ? box : table.element).focus();
  };

  /** What was done to the selected is done: the next action begins with a choice of its own. */
  const carriedOut = () => {
    if (!selection.isEmpty) {
      selection.clear();
      table.refresh();
      selected();
    }
    changed();
  };
  const changed = () => {
    activeUntil = Date.now() + 60_000;
    again.now();
  };

  const addUser = async () => {
    const { openAddUser } = await withWords(import("./add_user.js"));
    openAddUser({ added: changed });
  };
  const importFile = async () => {
    const { openImport } = await withWords(import("./import.js"));
    openImport({ done: changed });
  };
  const exportFile = async () => {
    const { openExport } = await withWords(import("./export.js"));
    openExport(filters.query());
  };

  /** Shows the first page of what is asked for now. */
  const begin = () => {
    const address = filters.address();
    if (descending) address.set("order", "descending");
    setQuery(address);
    starts = [FIRST];
    history.replaceState({ starts }, "");
    load(false);
  };
  filters.onChange = () => {
    if (selection.isAll) selection.clear();
    begin();
  };

  replace(
    place,
    h(
      "div",
      { class: "page-head" },
      h("h1", null, t("users.title")),
      h("button", { type: "button", class: "skip", on: { click: () => toList() } }, t("skip.list")),
      h(
        "div",
        { class: "page-actions" },
        button({ label: t("users.export"), icon: "download", onPress: exportFile }),
        may("helpdesk") && button({ label: t("users.import"), icon: "upload", onPress: importFile }),
        may("helpdesk") && button({ label: t("users.add"), kind: "main", icon: "plus", onPress: addUser }),
      ),
    ),
    filters.element,
    h(
      "div",
      { class: "selection-bar" },
      actions.element,
      told,
      all,
      none,
      h("div", { class: "pager" }, range, previous, following),
    ),
    table.element,
    // Below the rows, which it does not move.
    note,
  );
  place.classList.add("fills");
  selected();
  const again = poll(() => load(true), {
    every: () => (Date.now() < activeUntil ? SOON : LATER),
    signal,
    atOnce: false,
  });
  await load(false);
}
