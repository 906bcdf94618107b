// Moments, numbers and names of languages as the reader's language and time zone write them.

import { regional, spoken } from "./words.js";

/** @type {Map<string, any>} */
const made = new Map();

/**
 * A formatter, made once for each language: making one costs more than all it formats on a page.
 *
 * @template T
 * @param {string} name
 * @param {(language: string) => T} make
 * @returns {T}
 */
function formatter(name, make) {
  const key = `${name} ${spoken()}`;
  let found = made.get(key);
  if (!found) {
    found = make(regional());
    made.set(key, found);
  }
  return found;
}

/** @param {number} part from 0 to 1 */
export function percent(part) {
  const write = formatter(
    "percent",
    (tag) => new Intl.NumberFormat(tag, { style: "percent", maximumFractionDigits: 0 }),
  );
  return write.format(part);
}

/**
 * Day and time: "2 Mar 2026, 15:39".
 *
 * @param {string | Date} moment
 */
export function moment(moment) {
  const write = formatter("moment", (tag) => new Intl.DateTimeFormat(tag, { dateStyle: "medium", timeStyle: "short" }));
  return write.format(new Date(moment));
}

/**
 * With the day of the week, the seconds and the time zone, for a title.
 *
 * @param {string | Date} moment
 */
export function inFull(moment) {
  const write = formatter("full", (tag) => new Intl.DateTimeFormat(tag, { dateStyle: "full", timeStyle: "long" }));
  return write.format(new Date(moment));
}

/** @param {string | Date} moment */
export function day(moment) {
  return formatter("day", (tag) => new Intl.DateTimeFormat(tag, { dateStyle: "medium" })).format(new Date(moment));
}

/** @param {string | Date} moment */
export function time(moment) {
  return formatter("time", (tag) => new Intl.DateTimeFormat(tag, { timeStyle: "short" })).format(new Date(moment));
}

const DAY = 86_400;

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [
  ["year", 365 * DAY],
  ["month", 30 * DAY],
  ["week", 7 * DAY],
  ["day", DAY],
  ["hour", 3_600],
  ["minute", 60],
];

/**
 * How many days lie between a moment and now as the reader's calendar counts them, whatever the time of day.
 *
 * @param {Date} moment
 * @param {number} now in milliseconds
 */
function daysApart(moment, now) {
  const midnight = (/** @type {Date} */ of) => Date.UTC(of.getFullYear(), of.getMonth(), of.getDate());
  return (midnight(moment) - midnight(new Date(now))) / (DAY * 1_000);
}

/**
 * How far away a moment is: "in 6 days", "tomorrow", "3 minutes ago", "now". "Tomorrow" is the next day of the
 * calendar; weeks and longer are counted, since "next week" may be the one after.
 *
 * @param {string | Date} moment
 * @param {number} [now] in milliseconds
 * @param {"long" | "short"} [style] "3 minutes ago", or "3 min. ago" where there is little room
 */
export function relative(moment, now = Date.now(), style = "long") {
  const at = new Date(moment);
  const seconds = (at.getTime() - now) / 1000;
  const [unit, length] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? [
    "second",
    Number.POSITIVE_INFINITY,
  ];
  const numeric = length > DAY && unit !== "second" ? "always" : "auto";
  const write = formatter(
    `relative.${style}.${numeric}`,
    (tag) => new Intl.RelativeTimeFormat(tag, { numeric, style }),
  );
  return write.format(unit === "day" ? daysApart(at, now) : Math.round(seconds / length), unit);
}

/**
 * How long something takes: "2 days", "40 minutes".
 *
 * @param {number} seconds
 */
export function duration(seconds) {
  for (const [unit, length] of UNITS) {
    if (seconds >= length) return ofUnit(Math.round(seconds / length), unit);
  }
  return ofUnit(Math.max(1, Math.round(seconds)), "second");
}

/**
 * @param {number} count
 * @param {string} unit
 */
function ofUnit(count, unit) {
  const write = formatter(
    `unit ${unit}`,
    (tag) => new Intl.NumberFormat(tag, { style: "unit", unit, unitDisplay: "long" }),
  );
  return write.format(count);
}

/**
 * Texts as a list: "Ada, Ben and Chloe".
 *
 * @param {string[]} texts
 */
export function list(texts) {
  return formatter("list", (tag) => new Intl.ListFormat(tag, { type: "conjunction" })).format(texts);
}

/**
 * A language's name in the reader's language, or in itself.
 *
 * @param {string} tag
 * @param {{ inItself?: boolean }} [how]
 */
export function languageName(tag, { inItself = false } = {}) {
  const reader = inItself ? tag : spoken();
  return new Intl.DisplayNames(reader, { type: "language", languageDisplay: "standard" }).of(tag) ?? tag;
}
