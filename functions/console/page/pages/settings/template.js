// The wording of one mail in one language: written beside the mail that it makes.

import { ApiError, api } from "../../core/api.js";
import { badge, button, notice } from "../../core/controls.js";
import { ask, openDialog } from "../../core/dialog.js";
import { h, icon, replace } from "../../core/dom.js";
import { failure } from "../../core/failure.js";
import { checkField, selectField, showErrors, textArea, textField } from "../../core/fields.js";
import { day, languageName } from "../../core/format.js";
import { entitle, link } from "../../core/router.js";
import { styles } from "../../core/styles.js";
import { done } from "../../core/toast.js";
import { named, t } from "../../core/words.js";
import { editable } from "./bound.js";
import { sampleMail } from "./sample.js";
import { openTest } from "./template_test.js";
import { Wording } from "./wording.js";

const METHODS = ["pin", "passwordAndPin", "password", "qrCode"];

/** @type {import("../../core/router.js").Show} */
export async function show(place, { params, signal }) {
  await styles("settings.css");
  const { kind = "", locale = "" } = params;
  const path = `/v1/templates/${kind}/${encodeURIComponent(locale)}`;
  const title = t("settings.template.title", { kind: named("settings.kind", kind), language: nameOfLanguage(locale) });
  entitle(title);
  const body = h("div");
  replace(
    place,
    h(
      "nav",
      { class: "crumbs", "aria-label": t("settings.crumbs") },
      h("a", { href: link("/settings/templates") }, icon("back"), t("settings.section.templates")),
    ),
    h("h1", null, title),
    body,
  );
  /** @type {Editor | undefined} */
  let editor;
  const load = async () => {
    replace(body, h("p", { class: "muted" }, t("settings.loading")));
    try {
      const [answer, settings] = await Promise.all([api.get(path, { signal }), api.get("/v1/settings", { signal })]);
      if (signal.aborted) return;
      editor = makeEditor({ path, kind, answer, logo: settings.data.branding.logo, signal });
      replace(body, editor.element);
    } catch (error) {
      if (!signal.aborted) replace(body, failure(error, { again: load }));
    }
  };
  await load();
  return {
    dirty: () => editor?.wording.isChanged ?? false,
    async leave() {
      if (!editor?.wording.isChanged) return true;
      const leave = await ask({
        title: t("settings.leave.title"),
        text: t("settings.template.leave"),
        action: t("settings.leave.action"),
        danger: true,
      });
      if (leave) editor.wording.discard();
      return leave;
    },
  };
}

/** @param {string} locale */
function nameOfLanguage(locale) {
  try {
    return languageName(locale);
  } catch {
    return locale;
  }
}

/** @typedef {ReturnType<typeof makeEditor>} Editor */

/**
 * @param {object} what
 * @param {string} what.path
 * @param {string} what.kind
 * @param {import("../../core/api.js").Answer<any>} what.answer
 * @param {any} what.logo of the settings
 * @param {AbortSignal} what.signal
 */
function makeEditor({ path, kind, answer, logo, signal }) {
  const wording = new Wording(path, answer);
  const subject = textField({ name: "subject", label: t("settings.template.subject") });
  const title = textField({
    name: "title",
    label: t("settings.template.heading"),
    hint: t("settings.template.heading.hint"),
    optional: true,
  });
  const html = textArea({
    name: "html",
    label: t("settings.template.html"),
    hint: t("settings.template.html.hint"),
    rows: 14,
  });
  const text = textArea({
    name: "text",
    label: t("settings.template.text"),
    hint: t("settings.template.text.hint"),
    rows: 12,
  });
  const fields = [subject, title, html, text];
  const names = /** @type {const} */ (["subject", "title", "html", "text"]);
  let last = /** @type {HTMLInputElement | HTMLTextAreaElement} */ (html.input);
  for (const field of fields) {
    field.input.classList.add("code");
    field.input.setAttribute("dir", "auto");
    field.input.readOnly = !editable();
    field.input.addEventListener("focus", () => {
      last = field.input;
    });
    field.input.addEventListener("input", () => typed());
  }
  const method = selectField({
    name: "method",
    label: t("settings.sample.method"),
    options: METHODS.map((value) => ({ value, label: named("method", value) })),
    on: { change: () => shown.ask() },
  });
  const dark = checkField({ name: "dark", label: t("settings.sample.dark"), on: { change: () => shown.ask() } });
  const shown = sampleMail({
    signal,
    request: () => ({
      path: `${path}/preview`,
      body: { draft: wording.draft, ...(kind === "confirmation" ? {} : { method: method.input.value }) },
    }),
    dark: () => dark.input.checked,
    logo: () => logo,
    refused: (errors) => markNews(errors),
    accepted: () => markNews([]),
  });
  /** What the fields say is wrong. */
  let marked = "[]";
  const state = h("p", { class: "template-state" });
  const trouble = h("div");
  const saving = button({ label: t("settings.save"), kind: "main", onPress: () => save(wording.etag) });
  const discarding = button({ label: t("settings.discard"), onPress: () => discard() });
  const taking = button({ label: t("settings.template.takeBack"), kind: "danger", onPress: () => takeBack() });
  const testing = button({
    label: t("settings.template.test"),
    icon: "mail",
    onPress: () => openTest({ path, draft: wording.draft, signal, refused: markErrors }),
  });
  const bar = h(
    "div",
    { class: "save-bar" },
    trouble,
    h(
      "div",
      { class: "save-line" },
      h("p", { class: "save-text", role: "status" }, t("settings.template.unsaved")),
      h("div", { class: "save-actions" }, discarding, saving),
    ),
  );

  /**
   * Errors stand where they occur; the field that is typed into keeps the focus.
   *
   * @param {readonly { field: string, detail: string }[]} errors
   */
  const markErrors = (errors) => {
    marked = JSON.stringify(errors);
    const focused = document.activeElement;
    const left = showErrors(
      fields,
      errors.map((one) => ({ ...one, field: one.field.replace(/^draft\./, "") })),
    );
    if (
      focused instanceof HTMLElement &&
      focused !== document.activeElement &&
      fields.some(({ input }) => input === focused)
    )
      focused.focus();
    return left;
  };
  /** What is wrong is said once, not at each pause in typing. @param {readonly { field: string, detail: string }[]} errors */
  const markNews = (errors) => {
    if (JSON.stringify(errors) !== marked) markErrors(errors);
  };
  const typed = () => {
    wording.type(Object.fromEntries(names.map((name, at) => [name, fields[at]?.input.value ?? ""])));
    write();
    shown.askSoon();
  };
  const fill = () =>
    names.forEach((name, at) => {
      const field = fields[at];
      if (field) field.input.value = wording.draft[name] ?? "";
    });
  const write = () => {
    bar.hidden = !wording.isChanged;
    taking.hidden = !wording.own;
    replace(
      state,
      wording.own ? badge(t("settings.templates.own"), "good") : badge(t("settings.templates.ours")),
      " ",
      wording.changedAt
        ? t("settings.templates.changed", { day: day(wording.changedAt) })
        : t("settings.template.ours.hint"),
    );
  };
  const again = () => {
    fill();
    write();
    markErrors([]);
    replace(trouble);
    shown.ask();
  };

  /**
   * @param {string | null} etag
   * @returns {Promise<void>}
   */
  const save = async (etag) => {
    replace(trouble);
    try {
      wording.take(await api.put(path, wording.draft, { ifMatch: etag }));
      again();
      done(t("settings.saved"));
    } catch (error) {
      if (error instanceof ApiError && error.status === 412) return stale();
      const errors = error instanceof ApiError ? (error.problem?.errors ?? []) : [];
      const left = markErrors(errors);
      if (errors.length === 0 || left.length > 0)
        replace(trouble, failure(error, { again: () => save(etag) }), h("p", { class: "hint" }, t("settings.kept")));
    }
  };

  /**
   * Somebody saved first: both beside each other.
   *
   * @returns {Promise<void>}
   */
  const stale = async () => {
    const now = await api.get(path, { signal });
    if (wording.isLike(now.data.wording)) {
      wording.take(now);
      return again();
    }
    const choice = await sideBySide(now.data.wording, wording.draft);
    if (choice === "mine") return save(now.etag);
    if (choice === "theirs") {
      wording.take(now);
      again();
    }
  };
  const discard = async () => {
    if (
      !(await ask({
        title: t("settings.discard.title"),
        text: t("settings.template.discard"),
        action: t("settings.discard"),
        danger: true,
      }))
    )
      return;
    wording.discard();
    again();
    subject.input.focus();
  };
  const takeBack = async () => {
    if (
      !(await ask({
        title: t("settings.template.takeBack.title"),
        text: t("settings.template.takeBack.text"),
        action: t("settings.template.takeBack"),
        danger: true,
      }))
    )
      return;
    try {
      wording.take(await api.delete(path, { ifMatch: wording.etag }));
      again();
      done(t("settings.template.takenBack"));
      subject.input.focus();
    } catch (error) {
      if (error instanceof ApiError && error.status === 412) return stale();
      bar.hidden = false;
      replace(trouble, failure(error, { again: takeBack }));
    }
  };

  /** @param {string} name */
  const insert = (name) => {
    last.setRangeText(
      `{{ ${name} }}`,
      last.selectionStart ?? last.value.length,
      last.selectionEnd ?? last.value.length,
      "end",
    );
    last.focus();
    typed();
  };

  fill();
  write();
  if (editable()) shown.ask();
  const element = h(
    "div",
    { class: "template" },
    !editable() && notice("info", h("p", null, t("settings.readOnly"))),
    wording.restored && notice("info", h("p", null, t("settings.restored"))),
    h("div", { class: "template-head" }, state, editable() && h("div", { class: "page-actions" }, testing, taking)),
    h(
      "div",
      { class: "with-sample" },
      h(
        "div",
        null,
        h(
          "section",
          { class: "card" },
          fields.map(({ element }) => element),
        ),
        variables(answer.data.variables, insert),
      ),
      editable() &&
        h(
          "section",
          { class: "card sample" },
          h("h2", null, t("settings.sample.title")),
          h("div", { class: "sample-tools" }, kind !== "confirmation" && method.element, dark.element),
          shown.element,
        ),
    ),
    bar,
  );
  return { element, wording };
}

/**
 * @param {{ name: string, description: string, example: string }[]} all
 * @param {(name: string) => void} insert
 */
function variables(all, insert) {
  return h(
    "details",
    { class: "card variables", open: false },
    h("summary", null, h("h2", null, t("settings.template.variables"))),
    h(
      "p",
      { class: "hint" },
      t("settings.template.variables.hint", {
        condition: "{% if organisation %} … {% endif %}",
        list: "{% for step in steps %} … {% endfor %}",
      }),
    ),
    h(
      "ul",
      null,
      all.map(({ name, description, example }) =>
        h(
          "li",
          null,
          editable()
            ? h(
                "button",
                {
                  type: "button",
                  class: "variable",
                  "aria-label": t("settings.template.insert", { name }),
                  on: { click: () => insert(name) },
                },
                name,
              )
            : h("code", null, name),
          h("span", null, description, h("span", { class: "hint" }, ` ${t("settings.template.example", { example })}`)),
        ),
      ),
    ),
  );
}

/**
 * @param {any} theirs
 * @param {any} mine
 * @returns {Promise<unknown>}
 */
function sideBySide(theirs, mine) {
  const side = (/** @type {string} */ label, /** @type {any} */ wording) =>
    h(
      "section",
      null,
      h("h3", null, label),
      ["subject", "title", "html", "text"].map((name) => {
        const differs = (theirs[name] ?? "") !== (mine[name] ?? "");
        return h(
          "div",
          { class: differs ? "differs" : "" },
          h(
            "p",
            { class: "muted small" },
            t(/** @type {import("../../core/words.js").Key} */ (`settings.template.part.${name}`)),
            differs && badge(t("settings.template.differs"), "warn"),
          ),
          h("pre", { class: "code", tabindex: "0" }, wording[name] ?? ""),
        );
      }),
    );
  const dialog = openDialog({
    title: t("settings.conflict.title"),
    size: "full",
    body: h(
      "div",
      { class: "both-wordings" },
      h("p", null, t("settings.template.conflict")),
      h("div", { class: "two" }, side(t("settings.conflict.theirs"), theirs), side(t("settings.conflict.mine"), mine)),
    ),
    actions: [
      button({ label: t("settings.conflict.later"), onPress: () => dialog.close(null) }),
      button({ label: t("settings.template.takeTheirs"), onPress: () => dialog.close("theirs") }),
      button({ label: t("settings.template.keepMine"), kind: "main", onPress: () => dialog.close("mine") }),
    ],
  });
  return dialog.closed;
}
