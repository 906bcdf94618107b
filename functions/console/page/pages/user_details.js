// Who a user is, with editing in place. What somebody else changes meanwhile is shown beside what was typed.

import { alertNow } from "../core/announce.js";
import { ApiError, api } from "../core/api.js";
import { badge, busy, button, notice } from "../core/controls.js";
import { h, replace, uniqueId } from "../core/dom.js";
import { selectField, textField } from "../core/fields.js";
import { form, showRefusal } from "../core/form.js";
import { languageName, list } from "../core/format.js";
import { may } from "../core/roles.js";
import { done } from "../core/toast.js";
import { t } from "../core/words.js";
import { asText, fromText } from "./group_names.js";
import { MAIL_LANGUAGES } from "./mail_languages.js";

/**
 * @typedef {Schema<"UserView">} User
 * @typedef {"displayName" | "email" | "externalId" | "groups" | "locale" | "timeZone"} Name
 */

/** @type {{ name: Name, label: import("../core/words.js").Key, hint?: import("../core/words.js").Key }[]} */
const FIELDS = [
  { name: "displayName", label: "user.name" },
  { name: "email", label: "user.email" },
  { name: "externalId", label: "user.externalId", hint: "user.externalId.hint" },
  { name: "groups", label: "user.groups", hint: "user.groups.hint" },
  { name: "locale", label: "user.language" },
  { name: "timeZone", label: "user.timeZone" },
];

/** How often a change is tried while the user is being changed by others. */
const ROUNDS = 5;

/** What a field holds, as text: the same text means the same value. @param {User} user @param {Name} name */
function held(user, name) {
  const value = user[name];
  return Array.isArray(value) ? asText(value) : (value ?? "");
}

/** As a reader sees it. @param {Name} name @param {string} text */
function readable(name, text) {
  if (text === "") return t(name === "locale" || name === "timeZone" ? "user.asSettings" : "user.nothing");
  if (name === "groups") return list(fromText(text));
  return name === "locale" ? languageName(text) : text;
}

/**
 * @param {object} what
 * @param {string} what.path of the user in the API
 * @param {(now: User) => void} what.saved
 */
export function detailsCard({ path, saved }) {
  const titleId = uniqueId("details");
  const body = h("div", { class: "details-body" });
  const edit = button({ label: t("user.edit"), onPress: () => open() });
  const element = h(
    "section",
    { class: "card details-card", "aria-labelledby": titleId },
    h("div", { class: "card-head" }, h("h2", { id: titleId }, t("user.details")), may("helpdesk") && edit),
    body,
  );
  replace(
    body,
    h(
      "dl",
      { class: "record-facts single" },
      FIELDS.map(({ label }) =>
        h("div", { class: "blank" }, h("dt", null, t(label)), h("dd", null, h("span", { class: "blank-line" }))),
      ),
    ),
  );
  edit.hidden = true;
  /** @type {User | null} */
  let user = null;
  /** @type {ReturnType<typeof editor> | null} */
  let editing = null;
  let written = "";

  const view = () => {
    if (!user || editing) return;
    const now = user;
    const text = JSON.stringify(FIELDS.map(({ name }) => held(now, name)));
    edit.hidden = false;
    if (text === written) return;
    written = text;
    replace(
      body,
      h(
        "dl",
        { class: "record-facts single" },
        FIELDS.map(({ name, label }) => {
          const value = held(now, name);
          const shown =
            name === "groups" && value !== ""
              ? h(
                  "span",
                  { class: "badges" },
                  now.groups.map((group) => badge(group)),
                )
              : readable(name, value);
          return h(
            "div",
            { dataset: { field: name } },
            h("dt", null, t(label)),
            h("dd", { class: value === "" ? "muted" : "" }, shown),
          );
        }),
      ),
    );
  };

  const open = () => {
    if (!user) return;
    editing = editor({ path, user, saved: (now) => close(now), cancel: () => close(null) });
    edit.hidden = true;
    replace(body, editing.element);
    editing.focus();
  };

  /** @param {User | null} now */
  const close = (now) => {
    editing = null;
    written = "";
    if (now) user = now;
    view();
    edit.focus();
    if (now) {
      done(t("user.saved"));
      saved(now);
    }
  };

  return {
    element,
    get dirty() {
      return editing?.dirty ?? false;
    },
    /** Nothing typed is kept: the user is gone. */
    forget() {
      editing = null;
    },
    /** @param {User} now */
    show(now) {
      user = now;
      if (editing) editing.learn(now);
      else view();
    },
  };
}

/**
 * The fields of one user.
 *
 * @param {object} what
 * @param {string} what.path
 * @param {User} what.user
 * @param {(now: User) => void} what.saved
 * @param {() => void} what.cancel
 */
function editor({ path, user, saved, cancel }) {
  const id = uniqueId("edit");
  /** What each field held when the reader last saw it. */
  const base = new Map(FIELDS.map(({ name }) => [name, held(user, name)]));
  const open = user.invitation.state === "pending" || user.invitation.state === "locked";
  const fields = new Map(FIELDS.map((field) => [field.name, made(field, base.get(field.name) ?? "")]));
  const trouble = h("div");
  const warning = h("p", { class: "hint", hidden: true }, t("user.email.reissue"));
  fields.get("email")?.element.append(warning);

  /** @param {Name} name */
  const typed = (name) => {
    const text = fields.get(name)?.input.value.trim() ?? "";
    return name === "groups" ? asText(fromText(text)) : text;
  };
  const changed = () => FIELDS.map(({ name }) => name).filter((name) => typed(name) !== base.get(name));
  fields.get("email")?.input.addEventListener("input", () => {
    warning.hidden = !open || typed("email").toLowerCase() === (base.get("email") ?? "").toLowerCase();
  });

  /**
   * Takes in how the user stands now. A field that was not touched follows; beside one that was, both values stand.
   *
   * @param {User} now
   * @returns {Name[]} the fields in which both differ
   */
  const learn = (now) =>
    FIELDS.map(({ name }) => name).filter((name) => {
      const theirs = held(now, name);
      const before = base.get(name);
      if (theirs === before) return false;
      const field = fields.get(name);
      if (!field) return false;
      const mine = typed(name);
      base.set(name, theirs);
      if (mine === before || mine === theirs) {
        write(field.input, name, theirs);
        field.clash.replaceChildren();
        return false;
      }
      clash(field, name, theirs);
      return true;
    });

  const submit = button({ label: t("user.save"), kind: "main", type: "submit", form: id });
  const save = async () => {
    if (submit.getAttribute("aria-disabled") === "true") return;
    trouble.replaceChildren();
    busy(submit, true);
    try {
      // Somebody may have saved since the page was last told, or between this and the change itself.
      for (let round = 0; round < ROUNDS; round += 1) if (await saveOnce()) return;
      throw new ApiError("problem", { status: 503, problem: null });
    } catch (error) {
      showRefusal(error, [...fields.values()], trouble, { again: save });
    } finally {
      busy(submit, false);
    }
  };

  /** Answers whether nothing is left to do: false if the user changed just now. */
  const saveOnce = async () => {
    /** @type {import("../core/api.js").Answer<User>} */
    const { data: now, etag } = await api.get(path);
    const both = learn(now);
    if (both.length > 0) {
      const text = t("user.clash", { count: both.length });
      replace(trouble, notice("warn", h("p", null, text)));
      alertNow(text);
      fields.get(/** @type {Name} */ (both[0]))?.input.focus();
      return true;
    }
    const names = changed();
    if (names.length === 0) {
      saved(now);
      return true;
    }
    const patch = Object.fromEntries(
      names.map((name) => [name, name === "groups" ? fromText(typed(name)) : typed(name) || null]),
    );
    try {
      saved((await api.patch(path, patch, { ifMatch: etag })).data);
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.status === 412) return false;
      throw error;
    }
  };

  const element = form(
    id,
    () => save(),
    trouble,
    [...fields.values()].map((field) => field.element),
    h("div", { class: "form-actions" }, submit, button({ label: t("cancel"), onPress: cancel })),
  );
  return {
    element,
    learn,
    focus: () => fields.get("displayName")?.input.focus(),
    get dirty() {
      return changed().length > 0;
    },
  };
}

/**
 * @param {(typeof FIELDS)[number]} about
 * @param {string} value
 */
function made({ name, label, hint }, value) {
  const about = { name, label: t(label), ...(hint ? { hint: t(hint) } : {}) };
  const options = name === "locale" ? MAIL_LANGUAGES : name === "timeZone" ? zones() : null;
  const field = options
    ? selectField({
        ...about,
        value,
        options: [
          { value: "", label: t("user.asSettings") },
          ...among(options, value).map((one) => ({
            value: one,
            label: name === "locale" ? languageName(one) : one.replaceAll("_", " "),
          })),
        ],
      })
    : textField({ ...about, value, required: name === "email", ...(name === "email" ? { inputmode: "email" } : {}) });
  const clash = h("div", { class: "clash" });
  field.element.append(clash);
  return Object.assign(field, { clash });
}

/** @returns {string[]} */
function zones() {
  return ["UTC", ...Intl.supportedValuesOf("timeZone").filter((zone) => zone !== "UTC")];
}

/** A value that is in no list is offered all the same. @param {string[]} options @param {string} value */
function among(options, value) {
  return value === "" || options.includes(value) ? options : [value, ...options];
}

/**
 * @param {HTMLInputElement | HTMLSelectElement} input
 * @param {Name} name
 * @param {string} value
 */
function write(input, name, value) {
  if (input instanceof HTMLSelectElement && ![...input.options].some((option) => option.value === value)) {
    input.append(h("option", { value }, readable(name, value)));
  }
  input.value = value;
}

/**
 * @param {ReturnType<typeof made>} field
 * @param {Name} name
 * @param {string} theirs
 */
function clash(field, name, theirs) {
  const take = button({
    label: t("user.clash.take"),
    onPress: () => {
      write(field.input, name, theirs);
      field.clash.replaceChildren();
      field.input.focus();
    },
  });
  const keep = button({
    label: t("user.clash.keep"),
    onPress: () => {
      field.clash.replaceChildren();
      field.input.focus();
    },
  });
  replace(
    field.clash,
    notice(
      "warn",
      h("p", null, t("user.clash.field", { value: readable(name, theirs) })),
      h("div", { class: "badges" }, take, keep),
    ),
  );
  alertNow(
    t("user.clash.heard", {
      field: field.element.querySelector("label")?.textContent ?? "",
      value: readable(name, theirs),
    }),
  );
}
