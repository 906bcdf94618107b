// Reminders for those who have not registered, with the days on which somebody invited now would get them.

import { h, replace } from "../../core/dom.js";
import { regional, t } from "../../core/words.js";
import { boundNumber, boundSwitch, boundText } from "./bound.js";
import { changed, get } from "./document.js";

const DAY = 86_400_000;
const HOUR = 3_600_000;

/** @param {AbortSignal} signal */
export function show(signal) {
  return [
    h(
      "section",
      { class: "card beside" },
      h(
        "div",
        null,
        boundSwitch({
          path: "reminders.enabled",
          label: t("settings.reminders.enabled"),
          hint: t("settings.reminders.enabled.hint"),
        }),
        boundNumber({
          path: "reminders.startAfterDays",
          label: t("settings.reminders.first"),
          min: 1,
          max: 30,
          unit: t("settings.days"),
        }),
        boundNumber({
          path: "reminders.everyDays",
          label: t("settings.reminders.every"),
          min: 1,
          max: 30,
          unit: t("settings.days"),
        }),
        boundNumber({
          path: "reminders.most",
          label: t("settings.reminders.most"),
          min: 1,
          max: 30,
          unit: t("settings.reminders.unit"),
        }),
        h(
          "fieldset",
          { class: "field" },
          h("legend", null, t("settings.reminders.quiet")),
          h("p", { class: "hint" }, t("settings.reminders.quiet.hint")),
          h(
            "div",
            { class: "two" },
            boundText({ path: "reminders.quietHours.from", label: t("settings.reminders.quiet.from"), type: "time" }),
            boundText({ path: "reminders.quietHours.to", label: t("settings.reminders.quiet.to"), type: "time" }),
          ),
        ),
      ),
      example(signal),
    ),
  ];
}

/** @param {AbortSignal} signal */
function example(signal) {
  const place = h("div", { class: "example" });
  const now = Date.now();
  const write = () => {
    const zone = get("timeZone") || "UTC";
    const policy = get("reminders") ?? {};
    const hours = get("registration.lifetimeHours");
    /** @type {Intl.DateTimeFormat} */
    let date;
    try {
      date = new Intl.DateTimeFormat(regional(), {
        weekday: "short",
        day: "numeric",
        month: "short",
        hour: "numeric",
        minute: "2-digit",
        timeZone: zone,
      });
    } catch {
      return replace(place, h("p", { class: "hint" }, t("settings.reminders.unknownZone", { zone })));
    }
    const numbers = [policy.startAfterDays, policy.everyDays, policy.most, hours];
    if (!numbers.every((value) => typeof value === "number")) return;
    const { dates, ended } = remindersOf(policy, hours, now, zone);
    replace(
      place,
      h("h2", { class: "panel-head" }, t("settings.reminders.example")),
      h("p", { class: "hint" }, t("settings.reminders.example.hint", { zone })),
      h(
        "ol",
        { class: "reminder-days" },
        h(
          "li",
          null,
          h("span", null, date.format(now)),
          h("span", { class: "strong" }, t("settings.reminders.example.invited")),
        ),
        policy.enabled
          ? dates.map((at, index) =>
              h(
                "li",
                { class: "reminder" },
                h("span", null, date.format(at)),
                h("span", { class: "strong" }, t("settings.reminders.example.reminder", { at: index + 1 })),
              ),
            )
          : h("li", { class: "muted" }, h("span"), h("span", null, t("settings.reminders.example.off"))),
        h(
          "li",
          null,
          h("span", null, date.format(now + hours * HOUR)),
          h("span", { class: "strong" }, t("settings.reminders.example.expires")),
        ),
      ),
      policy.enabled &&
        ended &&
        h(
          "p",
          { class: "hint" },
          dates.length === 0
            ? t("settings.reminders.example.tooLate")
            : t("settings.reminders.example.fewer", { count: dates.length }),
        ),
    );
  };
  changed.addEventListener("changed", write, { signal });
  write();
  return place;
}

/**
 * When the reminders of an invitation fall due, as shared/domain/src/model/reminders.rs says it: days are of 24 hours,
 * one within quiet hours comes at their end, and none comes when the invitation has expired.
 *
 * @param {any} policy
 * @param {number} hours
 * @param {number} issued in milliseconds
 * @param {string} zone
 */
export function remindersOf({ startAfterDays, everyDays, most, quietHours }, hours, issued, zone) {
  const expires = issued + hours * HOUR;
  /** @type {number[]} */
  const dates = [];
  let due = afterQuiet(issued + startAfterDays * DAY, quietHours, zone);
  while (dates.length < most && due < expires) {
    dates.push(due);
    due = afterQuiet(due + everyDays * DAY, quietHours, zone);
  }
  return { dates, ended: dates.length < most };
}

/**
 * @param {number} at
 * @param {{ from: string, to: string } | null | undefined} quiet
 * @param {string} zone
 */
function afterQuiet(at, quiet, zone) {
  const [from, to] = [minutes(quiet?.from), minutes(quiet?.to)];
  if (from === null || to === null || from === to) return at;
  const local = new Intl.DateTimeFormat("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    timeZone: zone,
  }).format(at);
  const [hour = 0, minute = 0, second = 0] = local.split(":").map(Number);
  const now = hour * 60 + minute;
  const isQuiet = to < from ? now >= from || now < to : from <= now && now < to;
  if (!isQuiet) return at;
  const wait = (to - now + 24 * 60) % (24 * 60);
  return at + wait * 60_000 - second * 1_000 - (at % 1_000);
}

/** @param {string | null | undefined} text */
function minutes(text) {
  const found = /^(\d\d):(\d\d)/.exec(text ?? "");
  return found ? Number(found[1]) * 60 + Number(found[2]) : null;
}
