// Lists whose order counts: entries are moved by buttons, with the keyboard or by dragging, added and taken away.

import { announce } from "../../core/announce.js";
import { button, enable } from "../../core/controls.js";
import { h, icon, replace } from "../../core/dom.js";
import { t } from "../../core/words.js";
import { editable } from "./bound.js";
import { errors, get, set } from "./document.js";

/**
 * Writes lists anew, with those entries unfolded that were before.
 *
 * @param {HTMLElement} place that they stand in
 * @param {() => unknown} write
 */
export async function keepUnfolded(place, write) {
  const entries = () =>
    /** @type {NodeListOf<HTMLDetailsElement>} */ (place.querySelectorAll(".ordered-entry > details"));
  const before = [...entries()].map(({ open }) => open);
  await write();
  entries().forEach((entry, at) => {
    entry.open ||= before[at] ?? false;
  });
}

/**
 * @param {object} what
 * @param {string} what.path of the list in the draft
 * @param {string} what.label of the list
 * @param {string} what.empty what is said where it has no entry
 * @param {string} what.add on the button that adds one
 * @param {() => any} what.fresh a new entry
 * @param {(entry: any, at: number) => string} what.title of an entry
 * @param {(path: string, entry: any) => import("../../core/dom.js").Child[]} what.fields of an entry
 */
export function orderedList({ path, label, empty, add, fresh, title, fields }) {
  const list = h("ol", { class: "ordered", "aria-label": label });
  const adding = button({ label: add, icon: "plus", onPress: () => insert() });
  /** The entries that are unfolded. @type {Set<any>} */
  const unfolded = new Set();
  let dragged = -1;

  /** @returns {any[]} */
  const entries = () => get(path) ?? [];

  const write = () => {
    const all = entries();
    if (all.length === 0) {
      replace(list, h("li", { class: "ordered-empty muted" }, empty));
      return;
    }
    replace(
      list,
      all.map((entry, at) => item(entry, at, all.length)),
    );
  };

  /**
   * @param {any} entry
   * @param {number} at
   * @param {number} of
   */
  const item = (entry, at, of) => {
    const inner = `${path}[${at}]`;
    const isWrong = errors().some(([field]) => field.startsWith(inner));
    const name = h("span", { class: "ordered-name" }, title(entry, at));
    const body = h("div", { class: "ordered-fields" }, ...fields(inner, entry));
    body.addEventListener("input", () => replace(name, title(entries()[at], at)));
    const details = h(
      "details",
      { open: isWrong || unfolded.has(entry) },
      h("summary", null, icon("forth"), h("span", { class: "ordered-at" }, `${at + 1}.`), name),
      body,
    );
    details.addEventListener("toggle", () => (details.open ? unfolded.add(entry) : unfolded.delete(entry)));
    const row = h("li", { class: "ordered-entry" }, details, editable() && tools(entry, at, of));
    if (editable()) draggable(row, at);
    return row;
  };

  /**
   * @param {any} entry
   * @param {number} at
   * @param {number} of
   */
  const tools = (entry, at, of) => {
    const name = title(entry, at);
    const up = button({
      label: t("settings.list.up", { name }),
      icon: "up",
      iconOnly: true,
      kind: "quiet",
      class: "move-up",
      onPress: () => move(at, at - 1, "move-up"),
    });
    const down = button({
      label: t("settings.list.down", { name }),
      icon: "down",
      iconOnly: true,
      kind: "quiet",
      class: "move-down",
      onPress: () => move(at, at + 1, "move-down"),
    });
    enable(up, at > 0);
    enable(down, at < of - 1);
    return h(
      "div",
      { class: "ordered-tools" },
      up,
      down,
      button({
        label: t("settings.list.remove", { name }),
        icon: "close",
        iconOnly: true,
        kind: "quiet",
        onPress: () => remove(at),
      }),
    );
  };

  /**
   * @param {HTMLElement} row
   * @param {number} at
   */
  const draggable = (row, at) => {
    const summary = row.querySelector("summary");
    summary?.setAttribute("draggable", "true");
    summary?.addEventListener("dragstart", (event) => {
      dragged = at;
      row.classList.add("dragged");
      event.dataTransfer?.setData("text/plain", "");
    });
    summary?.addEventListener("dragend", () => {
      dragged = -1;
      row.classList.remove("dragged");
    });
    row.addEventListener("dragover", (event) => {
      if (dragged < 0) return;
      event.preventDefault();
      row.classList.add("drop");
    });
    row.addEventListener("dragleave", () => row.classList.remove("drop"));
    row.addEventListener("drop", (event) => {
      event.preventDefault();
      row.classList.remove("drop");
      if (dragged >= 0 && dragged !== at) move(dragged, at);
    });
  };

  /**
   * @param {number} from
   * @param {number} to
   * @param {string} [focus] the class of the button that keeps the focus
   */
  const move = (from, to, focus) => {
    const all = entries().slice();
    const [moved] = all.splice(from, 1);
    all.splice(to, 0, moved);
    set(path, all);
    write();
    announce(t("settings.list.moved", { name: title(moved, to), at: to + 1, of: all.length }));
    const row = list.children[to];
    const wanted = row?.querySelector(`.${focus ?? "none"}`) ?? row?.querySelector("summary");
    if (wanted instanceof HTMLElement) wanted.focus();
  };

  const insert = () => {
    const entry = fresh();
    set(path, [...entries(), entry]);
    unfolded.add(entry);
    write();
    const field = list.lastElementChild?.querySelector("input, select, textarea");
    if (field instanceof HTMLElement) field.focus();
  };

  /** @param {number} at */
  const remove = (at) => {
    const name = title(entries()[at], at);
    set(
      path,
      entries().filter((_, index) => index !== at),
    );
    write();
    announce(t("settings.list.removed", { name }));
    const next = list.children[Math.min(at, list.children.length - 1)]?.querySelector("summary");
    if (next instanceof HTMLElement) next.focus();
    else adding.focus();
  };

  write();
  return h("div", { class: "ordered-list", dataset: { path } }, list, editable() && adding);
}
