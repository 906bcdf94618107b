// The settings: one document, shown in sections. What is typed in one section waits in the others until it is saved.

import { notice } from "../core/controls.js";
import { ask } from "../core/dialog.js";
import { h, replace } from "../core/dom.js";
import { failure } from "../core/failure.js";
import { list } from "../core/format.js";
import { entitle, go, here, link } from "../core/router.js";
import { styles } from "../core/styles.js";
import { t } from "../core/words.js";
import { editable } from "./settings/bound.js";
import { changed, changes, discard, errors, isChanged, isLoaded, load, wasRestored } from "./settings/document.js";
import { fieldName } from "./settings/names.js";
import { keepUnfolded } from "./settings/ordered.js";
import { saveBar } from "./settings/save_bar.js";

/**
 * @typedef {object} Section
 * @property {string} name in the address
 * @property {() => Promise<{ show: (signal: AbortSignal) => import("../core/dom.js").Child[] }>} open
 * @property {string[]} fields the beginnings of the fields that stand in it
 */

/** @type {Section[]} */
const SECTIONS = [
  { name: "registration", open: () => import("./settings/registration.js"), fields: ["registration"] },
  { name: "confirmation", open: () => import("./settings/confirmation.js"), fields: ["confirmation"] },
  { name: "reminders", open: () => import("./settings/reminders.js"), fields: ["reminders"] },
  { name: "groups", open: () => import("./settings/groups.js"), fields: ["groups"] },
  {
    name: "sender",
    open: () => import("./settings/sender.js"),
    fields: ["sender", "organisation", "locale", "timeZone"],
  },
  { name: "sources", open: () => import("./settings/sources.js"), fields: ["deviceSources"] },
  { name: "directory", open: () => import("./settings/directory.js"), fields: ["directory"] },
  { name: "branding", open: () => import("./settings/branding.js"), fields: ["branding"] },
  { name: "templates", open: () => import("./settings/templates.js"), fields: [] },
  { name: "enrolment", open: () => import("./settings/enrolment.js"), fields: ["enrolment"] },
  { name: "agreements", open: () => import("./settings/agreements.js"), fields: ["agreements"] },
  { name: "notices", open: () => import("./settings/notices.js"), fields: ["administrators", "retention"] },
  { name: "history", open: () => import("./settings/history.js"), fields: [] },
];

/** @param {string} name */
const titleOf = (name) => t(/** @type {import("../core/words.js").Key} */ (`settings.section.${name}`));

/** @param {string} field */
const sectionOf = (field) => SECTIONS.find(({ fields }) => fields.some((one) => new RegExp(`^${one}\\b`).test(field)));

/** @type {import("../core/router.js").Show} */
export async function show(place, { params, signal }) {
  await styles("settings.css");
  const wanted = params["section"] ?? SECTIONS[0]?.name;
  const section = SECTIONS.find(({ name }) => name === wanted);
  if (!section) {
    go("/settings");
    return;
  }
  const title = titleOf(section.name);
  entitle(t("settings.titleOf", { section: title }));
  const body = h("div", { class: "settings-body" });
  const nav = navigation(section, signal);
  const bar = h("div", { class: "save-place" });
  replace(
    place,
    h("div", { class: "settings" }, nav, h("div", { class: "settings-main" }, h("h1", null, title), body, bar)),
  );
  nav.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

  const write = async () => {
    const { show: fields } = await section.open();
    if (signal.aborted) return;
    const restored = wasRestored() && isChanged();
    replace(
      body,
      unplaced(section, body, signal),
      !editable() && section.fields.length > 0 && notice("info", h("p", null, t("settings.readOnly"))),
      restored && notice("info", h("p", null, t("settings.restored"))),
      ...fields(signal),
    );
  };
  const again = async () => {
    // The element that had the focus is made anew; the reader stays where they were.
    const path = document.activeElement?.closest("[data-path]")?.getAttribute("data-path");
    const focused = document.activeElement;
    await keepUnfolded(body, write);
    const same = path && body.querySelector(`[data-path="${CSS.escape(path)}"] :is(input, select, textarea)`);
    if (same instanceof HTMLElement) same.focus();
    else if (focused instanceof HTMLElement && body.contains(focused)) focused.focus();
  };

  const begin = async () => {
    const known = isLoaded();
    if (known) await write();
    else replace(body, blank());
    try {
      const other = await load(signal);
      if (signal.aborted) return;
      if (!known || other) await write();
      replace(bar, saveBar({ signal, again, toError }));
    } catch (error) {
      if (signal.aborted) return;
      if (known) replace(bar, saveBar({ signal, again, toError }));
      else replace(body, failure(error, { again: begin }));
    }
  };

  /** @param {string} field */
  const toError = async (field) => {
    const other = sectionOf(field);
    if (other && other !== section) {
      // The fields there say themselves what is wrong.
      go(`/settings/${other.name}`);
      return;
    }
    await write();
    const paths = [...body.querySelectorAll("[data-path]")].filter((one) =>
      field.startsWith(one.getAttribute("data-path") ?? "-"),
    );
    // A part of the settings that no field stands for: its first field.
    const part = [...body.querySelectorAll("[data-path]")].find((one) =>
      one.getAttribute("data-path")?.startsWith(`${field}.`),
    );
    const control =
      (paths.at(-1) ?? part)?.querySelector("input, select, textarea") ??
      body.querySelector(".wrong :is(input, select, textarea)");
    if (control instanceof HTMLElement) control.focus();
  };

  await begin();
  return { dirty: isChanged, leave };
}

/** From one section to another nothing is lost. */
async function leave() {
  if (/^\/settings(\/|$)/.test(here().path) || !isChanged()) return true;
  const names = list(changes().map(({ field }) => fieldName(field)));
  const sure = await ask({
    title: t("settings.leave.title"),
    text: t("settings.leave.text", { names }),
    action: t("settings.leave.action"),
    danger: true,
  });
  if (sure) discard();
  return sure;
}

/**
 * What is wrong with a part of the settings that no single field stands for, such as a PIN that is guessed too easily.
 *
 * @param {Section} section
 * @param {HTMLElement} body
 * @param {AbortSignal} signal
 */
function unplaced(section, body, signal) {
  const place = h("div", { class: "unplaced" });
  const write = () => {
    const paths = [...body.querySelectorAll("[data-path]")].map((one) => one.getAttribute("data-path") ?? "");
    const has = (/** @type {string} */ field) => paths.some((path) => field === path || field.startsWith(`${path}[`));
    const left = errors().filter(([field]) => sectionOf(field) === section && !has(field));
    const text = left.map(([field, wrong]) => t("settings.wrongPart", { field: fieldName(field), wrong })).join("\n");
    if (place.dataset["text"] === text) return;
    place.dataset["text"] = text;
    replace(place, text !== "" && notice("bad", ...text.split("\n").map((line) => h("p", null, line))));
  };
  changed.addEventListener("changed", write, { signal });
  queueMicrotask(write);
  return place;
}

/**
 * @param {Section} current
 * @param {AbortSignal} signal
 */
function navigation(current, signal) {
  const items = SECTIONS.map((section) => {
    const mark = h("span", { class: "section-mark" });
    const write = () => {
      const wrong = errors().filter(([field]) => sectionOf(field) === section).length;
      const touched = changes().some(({ field }) => sectionOf(field) === section);
      const text = wrong > 0 ? t("settings.nav.wrong", { count: wrong }) : touched ? t("settings.nav.changed") : "";
      if (mark.textContent !== text) mark.textContent = text;
      mark.classList.toggle("bad", wrong > 0);
    };
    changed.addEventListener("changed", write, { signal });
    write();
    return h(
      "li",
      null,
      h(
        "a",
        { href: link(`/settings/${section.name}`), "aria-current": section === current ? "page" : null },
        h("span", null, titleOf(section.name)),
        mark,
      ),
    );
  });
  return h("nav", { class: "settings-nav", "aria-label": t("settings.title") }, h("ul", null, items));
}

/** Room for what is to come. */
function blank() {
  return h(
    "div",
    { class: "card settings-blank", "aria-busy": "true" },
    h("span", { class: "unseen" }, t("settings.loading")),
    [70, 100, 40, 100, 55].map((width) => h("span", { class: "blank-line", style: { "inline-size": `${width}%` } })),
  );
}
