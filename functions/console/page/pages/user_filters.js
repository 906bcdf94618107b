// Search and filters of the list of users, as they stand in the address.

import { button } from "../core/controls.js";
import { h, icon, keepInView, replace, uniqueId } from "../core/dom.js";
import { day } from "../core/format.js";
import { named, t } from "../core/words.js";
import { suggestGroups } from "./known_groups.js";

/** @typedef {Schema<"InvitationState"> | "begun"} State where somebody stands, as the list can be filtered by it */

/** @type {State[]} */
const STATES = ["none", "pending", "begun", "completed", "expired", "cancelled", "declined", "locked"];

/** @type {Schema<"MailState">[]} */
const DELIVERIES = [
  "waiting",
  "sending",
  "unknown",
  "sent",
  "delayed",
  "delivered",
  "softBounced",
  "hardBounced",
  "complained",
  "failed",
  "dropped",
];

/** @type {("enabled" | "disabled")[]} */
const ACCOUNTS = ["enabled", "disabled"];

/** Within how many days an invitation ends. */
const DAYS = ["1", "3", "7"];

/** Two moments between which an invitation ends, as the overview's link says them. */
const BETWEEN = /^(\d{4}-\d\d-\d\dT[\d:.]+Z)\/(\d{4}-\d\d-\d\dT[\d:.]+Z)$/;

/** How long typing must pause before the list is asked for, in milliseconds. */
const PAUSE = 250;

/**
 * What somebody reads from the enrolment page to the help desk, whatever stands between its parts; null if it is none.
 *
 * @param {string} text
 */
export function registrationIdOf(text) {
  const together = text.replace(/[\s-]/g, "").toLowerCase();
  return /^[0-9a-f]{32}$/.test(together) ? together : null;
}

/** Who is asked for: what the address holds, as the API takes it. It needs no words. */
export class Wanted {
  /** @param {URLSearchParams} query */
  constructor(query) {
    const list = (/** @type {string} */ name) => (query.get(name) ?? "").split(",").filter(Boolean);
    this.accounts = ACCOUNTS.filter((one) => list("account").includes(one));
    this.states = /** @type {State[]} */ (list("state").filter((one) => STATES.some((known) => known === one)));
    this.deliveries = /** @type {Schema<"MailState">[]} */ (
      list("delivery").filter((one) => DELIVERIES.some((known) => known === one))
    );
    this.groups = query.getAll("group").filter(Boolean);
    this.text = query.get("text") ?? "";
    const ends = query.get("ends") ?? "";
    /** A number of days, or two moments; empty: whenever. */
    this.ends = DAYS.includes(ends) || BETWEEN.test(ends) ? ends : "";
  }

  /**
   * Between which moments invitations end, as the API names them.
   *
   * @returns {{ expiresFrom?: string, expiresBefore?: string }}
   */
  #ending() {
    const [, from, before] = BETWEEN.exec(this.ends) ?? [];
    if (from && before) return { expiresFrom: from, expiresBefore: before };
    if (this.ends === "") return {};
    return { expiresBefore: new Date(Date.now() + Number(this.ends) * 86_400_000).toISOString() };
  }

  /** Whether somebody who is disabled may be found by a state that rests while they are. */
  get meansOpen() {
    const open = this.states.some((one) => one === "pending" || one === "begun" || one === "locked");
    return open && this.#enabled() === null;
  }

  get isEmpty() {
    return (
      this.states.length + this.deliveries.length + this.accounts.length + this.groups.length === 0 &&
      this.text === "" &&
      this.ends === ""
    );
  }

  /**
   * As the API's body names it.
   *
   * @returns {Schema<"UserFilter">}
   */
  body() {
    const enabled = this.#enabled();
    return {
      states: this.states.filter((one) => one !== "begun"),
      begun: this.states.includes("begun"),
      ...(enabled === null ? {} : { enabled }),
      deliveries: this.deliveries.slice(),
      ...this.#ending(),
      groups: this.groups,
      text: this.text,
    };
  }

  /** Whether only those who are enabled are wanted, or only those who are not; null: either. */
  #enabled() {
    return this.accounts.length === 1 ? this.accounts[0] === "enabled" : null;
  }

  /** As the API's query names it. */
  query() {
    return {
      state: this.states.join(","),
      delivery: this.deliveries.join(","),
      enabled: this.#enabled(),
      ...this.#ending(),
      group: asList(this.groups),
      text: this.text,
    };
  }

  /** As it stands in the address. */
  address() {
    const query = new URLSearchParams();
    // A registration id is as good as a PIN for a while: it does not stay in the browser's history.
    if (this.text && !registrationIdOf(this.text)) query.set("text", this.text);
    if (this.states.length > 0) query.set("state", this.states.join(","));
    if (this.deliveries.length > 0) query.set("delivery", this.deliveries.join(","));
    if (this.accounts.length > 0) query.set("account", this.accounts.join(","));
    if (this.ends) query.set("ends", this.ends);
    for (const group of this.groups) query.append("group", group);
    return query;
  }
}

/** The fields in which it is chosen. */
export class Filters extends Wanted {
  /** Called after each change. */
  onChange = () => {};

  /** @param {URLSearchParams} query */
  static of(query) {
    return new Filters(query);
  }

  /** @param {URLSearchParams} query */
  constructor(query) {
    super(query);
    this.search = h("input", {
      type: "search",
      class: "search",
      "aria-label": t("filters.search"),
      placeholder: t("filters.search"),
      value: this.text,
      spellcheck: "false",
      autocomplete: "off",
    });
    this.group = h("input", {
      type: "text",
      class: "group-filter",
      "aria-label": t("filters.group"),
      placeholder: t("filters.group"),
      value: this.groups.join(", "),
      spellcheck: "false",
      autocomplete: "off",
    });
    this.clearing = button({ label: t("filters.clear"), kind: "quiet", onPress: () => this.clear() });
    this.stateChoice = choices(t("filters.state"), STATES, "state", this.states, () => this.#changed());
    this.deliveryChoice = choices(t("filters.delivery"), DELIVERIES, "delivery", this.deliveries, () =>
      this.#changed(),
    );
    this.accountChoice = choices(t("filters.account"), ACCOUNTS, "account", this.accounts, () => this.#changed());
    this.expiry = this.#expiry();
    this.#follow(this.search, () => {
      this.text = this.search.value.trim();
    });
    this.#follow(this.group, () => {
      this.groups = this.group.value
        .split(",")
        .map((one) => one.trim())
        .filter(Boolean);
    });
    this.element = h(
      "search",
      { class: "filters", "aria-label": t("filters.label") },
      h("div", { class: "search-place" }, icon("search"), this.search),
      this.stateChoice.element,
      this.deliveryChoice.element,
      this.accountChoice.element,
      this.expiry,
      this.group,
      this.clearing,
    );
    suggestGroups(this.group, { several: true });
    this.clearing.hidden = this.isEmpty;
  }

  /** A choice of when invitations end. */
  #expiry() {
    const select = h(
      "select",
      {
        class: "expiry-filter",
        "aria-label": t("filters.expiry"),
        on: {
          change: () => {
            this.ends = select.value;
            this.#changed();
          },
        },
      },
      h("option", { value: "" }, t("filters.expiry")),
    );
    return select;
  }

  /**
   * Writes what has numbers and days in it, once the rows are there: a browser takes its time before it writes the first
   * of either. Two moments that the address holds are one more choice of when invitations end.
   */
  complete() {
    if (this.expiry.options.length > 1) return;
    const [, from] = BETWEEN.exec(this.ends) ?? [];
    const choices = [
      ...DAYS.map((value) => ({ value, label: t("filters.expiry.within", { count: Number(value) }) })),
      ...(from ? [{ value: this.ends, label: t("filters.expiry.on", { day: day(from) }) }] : []),
    ];
    this.expiry.append(
      ...choices.map(({ value, label }) => h("option", { value, selected: value === this.ends }, label)),
    );
  }

  /**
   * @param {HTMLInputElement} input
   * @param {() => void} take
   */
  #follow(input, take) {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const now = () => {
      clearTimeout(timer);
      const typed = () => JSON.stringify([this.text, this.groups]);
      const before = typed();
      take();
      if (typed() !== before) this.#changed();
    };
    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(now, PAUSE);
    });
    input.addEventListener("change", now);
  }

  #changed() {
    this.clearing.hidden = this.isEmpty;
    this.onChange();
  }

  /** Leaves out whoever is disabled. */
  onlyEnabled() {
    this.accounts.splice(0, this.accounts.length, "enabled");
    this.accountChoice.write();
    this.#changed();
  }

  clear() {
    this.states.length = 0;
    this.deliveries.length = 0;
    this.accounts.length = 0;
    this.groups = [];
    this.text = "";
    this.ends = "";
    this.expiry.value = "";
    this.search.value = "";
    this.group.value = "";
    this.stateChoice.write();
    this.deliveryChoice.write();
    this.accountChoice.write();
    this.search.focus();
    this.#changed();
  }
}

/**
 * Given once, a group may be a list with commas, and a backslash says that one belongs to the name.
 *
 * @param {string[]} groups
 */
function asList(groups) {
  return groups.length === 1 ? groups.map((group) => group.replace(/,/g, "\\,")) : groups;
}

/**
 * A button that opens boxes to tick.
 *
 * @template {string} Value
 * @param {string} label
 * @param {Value[]} values
 * @param {string} words the group of words that names each
 * @param {Value[]} chosen changed in place
 * @param {() => void} changed
 */
function choices(label, values, words, chosen, changed) {
  const id = uniqueId("choices");
  const boxes = values.map((value) =>
    h("input", { type: "checkbox", value, checked: chosen.includes(value), on: { change: () => take() } }),
  );
  const list = h(
    "div",
    { class: "choices", id, hidden: true, role: "group", "aria-label": label },
    boxes.map((box) => h("label", null, box, h("span", null, named(words, box.value)))),
  );
  const said = h("span", { class: "label" });
  const opener = h(
    "button",
    { type: "button", class: "button", "aria-expanded": "false", "aria-controls": id },
    said,
    icon("chevron"),
  );
  const element = h("div", { class: "menu-place" }, opener, list);
  const write = () => {
    for (const box of boxes) box.checked = chosen.some((one) => one === box.value);
    const [first] = chosen;
    replace(
      said,
      chosen.length === 0
        ? label
        : chosen.length === 1
          ? `${label}: ${named(words, first)}`
          : `${label}: ${t("filters.some", { count: chosen.length })}`,
    );
    opener.classList.toggle("active", chosen.length > 0);
  };
  const take = () => {
    /** @param {Value} value */
    const ticked = (value) => boxes.some((box) => box.checked && box.value === value);
    chosen.splice(0, chosen.length, ...values.filter(ticked));
    write();
    changed();
  };
  /** @param {boolean} is */
  const open = (is) => {
    list.hidden = !is;
    opener.setAttribute("aria-expanded", String(is));
    if (is) keepInView(list);
    if (is) addEventListener("pointerdown", outside, true);
    else removeEventListener("pointerdown", outside, true);
  };
  /** @param {Event} event */
  const outside = (event) => {
    if (event.target instanceof Node && !element.contains(event.target)) open(false);
  };
  opener.addEventListener("click", () => open(list.hidden));
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || list.hidden) return;
    event.stopPropagation();
    open(false);
    opener.focus();
  });
  element.addEventListener("focusout", (event) => {
    if (event.relatedTarget instanceof Node && !element.contains(event.relatedTarget)) open(false);
  });
  write();
  return { element, write };
}
