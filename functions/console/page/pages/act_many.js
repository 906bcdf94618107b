// One action on many people: asks for what it needs, stores it as a job, and shows what becomes of it.

import { announce } from "../core/announce.js";
import { ApiError, api, freshKey } from "../core/api.js";
import { busy, button } from "../core/controls.js";
import { openDialog } from "../core/dialog.js";
import { h, replace, uniqueId } from "../core/dom.js";
import { failure } from "../core/failure.js";
import { radioField, textField } from "../core/fields.js";
import { form, showRefusal } from "../core/form.js";
import { named, t } from "../core/words.js";
import { fromText } from "./group_names.js";
import { followJob } from "./job_follow.js";
import { suggestGroups } from "./known_groups.js";
import { someNames } from "./send_people.js";
import { reasonField, showSheets } from "./sheets.js";

/** @typedef {import("./selection.js").Selection} Selection */

/** What the API calls the actions that are called otherwise for one person. @type {{ [name: string]: string }} */
const NAMES = { tryAgain: "tryAddressAgain", pin: "generatePins" };

/**
 * Whom it concerns: how many, and the first of them by name.
 *
 * @param {Selection} selection
 */
function people(selection) {
  const names = selection.users.map((user) => user.displayName || user.email);
  return [
    h("p", { class: "strong" }, `${howMany(selection)}${names.length > 0 ? ":" : "."}`),
    names.length > 0 && h("p", { class: "people-named" }, someNames(names, names.length)),
  ];
}

/** @param {Selection} selection */
const howMany = (selection) =>
  selection.count === null
    ? selection.except > 0
      ? t("users.selection.allExcept", { count: selection.except })
      : t(selection.isEverybody ? "users.selection.everyone" : "users.selection.everyMatch")
    : t("users.selection.some", { count: selection.count });

/**
 * How many everyone is whom a filter finds. They are counted page by page, and the dialog need not wait for it.
 *
 * @param {Selection} selection
 * @param {AbortSignal} signal
 */
function counted(selection, signal) {
  const place = h("div", { class: "people-counted", role: "status" });
  const count = async () => {
    let people = -selection.except;
    /** @type {string | null} */
    let cursor = null;
    try {
      do {
        /** @type {import("../core/api.js").Answer<Schema<"Counts">>} */
        const { data } = await api.get("/v1/users/counts", { query: { ...selection.query, cursor }, signal });
        people += data.users;
        cursor = data.next ?? null;
        const found = t("send.people", { count: Math.max(0, people) });
        const said = cursor === null ? found : t("jobs.counting", { people: found });
        replace(place, h("p", { class: cursor === null ? "strong" : "hint" }, said));
      } while (cursor !== null);
    } catch (error) {
      if (!signal.aborted) replace(place, failure(error, { again: count }));
    }
  };
  count();
  return place;
}

/**
 * Opens the dialog of an action for everyone who is selected.
 *
 * @param {{ name: string, danger?: boolean }} action as for one person, or `groups`
 * @param {Selection} selection
 * @param {() => void} done
 */
export function openMany(action, selection, done) {
  if (action.name === "sheet") {
    openSheets(selection, done);
    return;
  }
  const name = NAMES[action.name] ?? action.name;
  const over = new AbortController();
  const counting = new AbortController();
  const id = uniqueId("form");
  const trouble = h("div");
  const asked = fieldsOf(name);
  /** Kept while no answer comes: then the same job is asked for again, and there is one. */
  let key = freshKey();
  let typed = "";

  const label = named("jobs.action", name);
  const go = button({ label, kind: action.danger ? "danger" : "main", type: "submit", form: id });
  const dialog = openDialog({
    title: label,
    body: form(
      id,
      () => start(),
      trouble,
      people(selection),
      selection.isAll && counted(selection, AbortSignal.any([over.signal, counting.signal])),
      h("p", null, named("jobs.text", name)),
      asked.fields.map(({ element }) => element),
    ),
    actions: [
      button({ label: t(name === "cancel" ? "keep.invitations" : "cancel"), onPress: () => dialog.close() }),
      go,
    ],
    onClose: () => over.abort(),
  });

  const start = async () => {
    if (go.getAttribute("aria-disabled") === "true") return;
    const body = { action: name, ...asked.body(), selection: selection.body() };
    const text = JSON.stringify(body);
    if (text !== typed) key = freshKey();
    typed = text;
    trouble.replaceChildren();
    busy(go, true);
    try {
      const { data } = await api.post("/v1/jobs", body, { idempotencyKey: key, signal: over.signal });
      counting.abort();
      followJob(dialog, data, { signal: over.signal, changed: done });
    } catch (error) {
      if (over.signal.aborted) return;
      if (error instanceof ApiError && error.kind !== "offline") key = freshKey();
      showRefusal(error, asked.fields, trouble);
    } finally {
      busy(go, false);
    }
  };
}

/**
 * What an action asks for, and how the API takes it.
 *
 * @param {string} name
 * @returns {{ fields: { name: string, element: HTMLElement, setError: (text: import("../core/fields.js").Said) => void }[], body: () => object }}
 */
function fieldsOf(name) {
  if (name === "generatePins") {
    const reason = reasonField();
    reason.input.maxLength = 100;
    const owner = radioField({
      name: "ownership",
      label: t("owner.switch"),
      value: "preset",
      options: [
        { value: "preset", label: t("batch.ownership.preset") },
        { value: "off", label: t("batch.ownership.off") },
        { value: "userOwned", label: t("owner.userOwned"), hint: t("owner.userOwned.hint") },
        { value: "companyOwned", label: t("owner.companyOwned"), hint: t("owner.companyOwned.hint") },
      ],
    });
    const ownership = () => (owner.value === "preset" ? {} : { ownership: owner.value === "off" ? null : owner.value });
    return { fields: [reason, owner], body: () => ({ reason: reason.input.value.trim(), ...ownership() }) };
  }
  if (name === "groups") {
    const how = radioField({
      name: "action",
      label: t("jobs.groups.how"),
      value: "addGroups",
      options: ["addGroups", "removeGroups", "setGroups"].map((value) => ({
        value,
        label: named("jobs.groups", value),
      })),
    });
    const groups = textField({ name: "groups", label: t("user.groups"), hint: t("user.groups.hint") });
    suggestGroups(groups.input, { several: true });
    return { fields: [how, groups], body: () => ({ action: how.value, groups: fromText(groups.input.value) }) };
  }
  return { fields: [], body: () => ({}) };
}

/**
 * Sheets to print, a page for each.
 *
 * @param {Selection} selection
 * @param {() => void} done
 */
function openSheets(selection, done) {
  const id = uniqueId("form");
  const trouble = h("div");
  const reason = reasonField();
  reason.input.maxLength = 100;
  const go = button({ label: t("jobs.sheets"), kind: "main", type: "submit", form: id });
  const dialog = openDialog({
    title: t("jobs.sheets"),
    body: form(id, () => make(), trouble, people(selection), h("p", null, t("jobs.sheets.text")), reason.element),
    actions: [button({ label: t("cancel"), onPress: () => dialog.close() }), go],
  });
  const make = async () => {
    if (go.getAttribute("aria-disabled") === "true") return;
    trouble.replaceChildren();
    busy(go, true);
    try {
      const body = { userIds: selection.users.map((user) => user.id), reason: reason.input.value.trim() };
      const { data } = await api.post("/v1/sheets", body, { as: "text" });
      const print = showSheets(dialog, t("jobs.sheets"), data);
      dialog.setActions(button({ label: t("close"), onPress: () => dialog.close() }), print);
      print.focus();
      announce(t("jobs.sheets.ready"));
      done();
    } catch (error) {
      showRefusal(error, [reason], trouble);
    } finally {
      busy(go, false);
    }
  };
}
