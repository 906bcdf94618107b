// What pages say of batches.

import { badge } from "../core/controls.js";
import { h } from "../core/dom.js";
import { moment, percent } from "../core/format.js";
import { named, t } from "../core/words.js";

/**
 * @typedef {Schema<"BatchView">} Batch
 * @typedef {Schema<"SentView">} Sent
 */

/** What a batch is called: it has no name but its beginning. @param {Batch} batch */
export const batchName = (batch) => t("batch.name", { time: moment(batch.createdAt) });

/** How many mails are out or will never go. @param {Schema<"BatchCounts">} counts */
const settled = ({ sent, refused, dropped }) => sent + (refused ?? 0) + (dropped ?? 0);

/**
 * Whether nothing more happens to a batch by itself but what recipients do.
 *
 * @param {Batch} batch
 */
export function isOver({ state, counts }) {
  return state === "stopped" || (state === "expanded" && counts != null && settled(counts) >= counts.issued);
}

/**
 * How far it is, from 0 to 1; null while that cannot be said.
 *
 * @param {Batch} batch
 */
export function share(batch) {
  const { state, counts } = batch;
  if (isOver(batch)) return 1;
  if (!counts) return null;
  const total = state === "expanding" ? counts.selected : counts.issued;
  return total === 0 ? null : Math.min(1, settled(counts) / total);
}

/** @param {Batch} batch */
export function batchBadge(batch) {
  if (batch.state === "stopped") return badge(t("batch.state.stopped"), "warn");
  if (isOver(batch)) return badge(t("batch.state.done"), "good");
  if (batch.heldUp) return badge(t("batch.state.heldUp"), "warn");
  return badge(t(batch.state === "expanding" ? "batch.state.expanding" : "batch.state.sending"), "info");
}

/** Whom a batch is for, in words. @param {Batch} batch */
export function selected({ selection: { users, filter, except } }) {
  if (users != null || !filter) return t("batches.for.users", { count: users ?? 0 });
  const { states = [], begun, enabled, deliveries = [], groups = [], text, expiresFrom, expiresBefore } = filter;
  const parts = [
    ...states.map((state) => named("state", state)),
    ...(begun ? [t("state.begun")] : []),
    ...(enabled == null ? [] : [named("account", enabled ? "enabled" : "disabled")]),
    ...deliveries.map((delivery) => named("delivery", delivery)),
    ...(expiresFrom || expiresBefore ? [ending(expiresFrom, expiresBefore)] : []),
    ...groups,
    ...(text ? [`“${text}”`] : []),
  ];
  const whom = parts.length > 0 ? parts.join(" · ") : t("batches.for.everybody");
  return except > 0 ? `${whom} · ${t("batches.for.except", { count: except })}` : whom;
}

/**
 * Between which moments invitations end.
 *
 * @param {string | null | undefined} from
 * @param {string | null | undefined} before
 */
function ending(from, before) {
  const times = [from, before].map((at) => (at ? moment(at) : "…"));
  return `${t("filters.expiry")}: ${times.join(" – ")}`;
}

/** Where *Device owner settings* stood. @param {Batch} batch */
export function ownership({ ownership: set }) {
  return set == null
    ? t("batch.ownership.off")
    : set === "preset"
      ? t("batch.ownership.preset")
      : set === "kept"
        ? t("batch.ownership.kept")
        : named("ownership", set);
}

/**
 * A bar with how far something is. It keeps its element, so that it moves instead of being drawn anew.
 *
 * @param {string} label
 */
export function bar(label) {
  const element = h("progress", { class: "bar-progress", max: "1", "aria-label": label });
  return {
    element,
    /** @param {number | null} part */
    set(part) {
      if (part === null) element.removeAttribute("value");
      else element.value = part;
    },
  };
}

/** How far something is, in a cell of a list. @param {number | null} far */
export function barCell(far) {
  const drawn = bar(t("batches.column.progress"));
  drawn.set(far);
  return h(
    "span",
    { class: "bar-cell" },
    drawn.element,
    h("span", { class: "muted" }, far === null ? "" : percent(far)),
  );
}
