// What the messages of a device management mean, as data: seen, changed, and tried on a message before it is saved.

import { announce } from "../../core/announce.js";
import { ApiError, api } from "../../core/api.js";
import { badge, button, notice } from "../../core/controls.js";
import { h, replace } from "../../core/dom.js";
import { failure } from "../../core/failure.js";
import { checkField, textArea } from "../../core/fields.js";
import { inFull, list, moment } from "../../core/format.js";
import { refusal } from "../../core/refusal_words.js";
import { isKey, named, t } from "../../core/words.js";
import { editable } from "./bound.js";
import { changed, errors, get, object, set } from "./document.js";

/** @typedef {Schema<"MappingResult">} Result */

/** A mapping to begin with: the person's address, and what a device is known by. */
const FRESH = {
  rules: [{ says: "enrolled", when: [{ of: "/event", in: ["enrolled"] }] }],
  person: { email: { from: ["/user/email"] } },
  device: { id: { from: ["/device/id"] }, serial: { from: ["/device/serial"] } },
  time: { from: ["/time"] },
};

/**
 * @param {string} path of the source in the draft
 * @param {AbortSignal} signal
 * @param {(kind: string) => any} builtIn the mapping that a kind has, or null
 */
export function mappingOf(path, signal, builtIn) {
  const place = `${path}.mapping`;
  const kind = () => get(`${path}.kind`);
  const editor = h("div", { class: "stack" });
  /** What is typed, also where it is no JSON. @type {import("../../core/fields.js").Field<HTMLTextAreaElement> | null} */
  let field = null;

  const edit = () => {
    const own = textArea({
      name: place,
      label: t("sources.mapping"),
      hint: t("sources.mapping.hint"),
      value: typeof get(place) === "string" ? get(place) : JSON.stringify(get(place), null, 2),
      rows: 14,
    });
    own.input.classList.add("code");
    own.input.dir = "ltr";
    own.input.spellcheck = false;
    own.input.readOnly = !editable();
    own.input.addEventListener("input", () => {
      try {
        set(place, JSON.parse(own.input.value));
      } catch {
        // It is kept as it was typed, and not sent.
        set(place, own.input.value);
        object(place, t("sources.mapping.noJson"));
      }
    });
    own.element.dataset["path"] = place;
    field = own;
    return own.element;
  };

  const own = checkField({
    name: `${path}.own`,
    label: t("sources.mapping.own"),
    hint: t("sources.mapping.own.hint"),
    checked: get(place) != null,
    on: {
      change() {
        set(place, own.input.checked ? (builtIn(kind()) ?? FRESH) : null);
        write();
      },
    },
  });
  own.input.disabled = !editable();

  const write = () => {
    const needed = builtIn(kind()) === null;
    if (needed && get(place) == null) set(place, FRESH);
    own.input.checked = get(place) != null;
    field = null;
    replace(editor, !needed && own.element, get(place) != null && edit());
    wrong();
  };

  /** Each thing that is wrong with the mapping, at the place in it where it is. */
  const wrong = () => {
    const found = errors().filter(([at]) => at === place || at.startsWith(`${place}.`));
    const lines = found.map(([at, text]) => {
      const inner = at.slice(place.length + 1);
      return h("span", { class: "wrong-line" }, inner && h("code", { dir: "ltr" }, inner), inner && ": ", text);
    });
    field?.setError(lines.length > 0 ? lines : null);
  };
  changed.addEventListener("changed", wrong, { signal });

  write();
  return {
    element: h("div", { class: "stack" }, editor, editable() && trial(path, signal)),
    /** After the kind became another. */
    refresh: write,
  };
}

/**
 * A message to paste, and what it would mean.
 *
 * @param {string} path of the source in the draft
 * @param {AbortSignal} signal
 */
function trial(path, signal) {
  const body = textArea({
    name: "body",
    label: t("sources.try.body"),
    hint: t("sources.try.hint"),
    rows: 8,
  });
  body.input.classList.add("code");
  body.input.dir = "ltr";
  body.input.spellcheck = false;
  const result = h("div", {
    class: "trial-result",
    role: "region",
    "aria-label": t("sources.try.result"),
    hidden: true,
  });
  const run = button({
    label: t("sources.try.run"),
    async onPress() {
      result.hidden = false;
      if (errors().some(([at]) => at === `${path}.mapping`)) {
        replace(result, notice("bad", h("p", null, t("sources.mapping.noJson"))));
        announce(t("sources.mapping.noJson"));
        return;
      }
      const asked = { kind: get(`${path}.kind`), mapping: get(`${path}.mapping`) ?? null, body: body.input.value };
      try {
        /** @type {import("../../core/api.js").Answer<Result>} */
        const { data } = await api.post("/v1/device-event-sources/try", asked, { signal });
        replace(result, read(data));
        announce(summary(data));
      } catch (error) {
        if (signal.aborted) return;
        const problems = error instanceof ApiError ? (error.problem?.errors ?? []) : [];
        replace(
          result,
          problems.length > 0
            ? notice(
                "bad",
                problems.map((one) => h("p", null, h("code", { dir: "ltr" }, one.field), ": ", refusal(one))),
              )
            : failure(error),
        );
        if (problems.length > 0) announce(t("sources.try.wrong"));
      }
    },
  });
  return h(
    "details",
    { class: "more trial" },
    h("summary", null, t("sources.try")),
    h("div", { class: "stack" }, body.element, run, result),
  );
}

/** @param {Result} result */
function summary({ says, code, reason }) {
  if (says) return named("sources.says", says);
  return reasonText(code, reason);
}

/**
 * Why a message cannot be used.
 *
 * @param {string | null | undefined} code
 * @param {string | null | undefined} reason the API's sentence, for codes that this console does not know
 */
export function reasonText(code, reason) {
  const key = `sources.reason.${code}`;
  return isKey(key) ? t(key) : (reason ?? "");
}

/** @param {Result} result */
function read(result) {
  const { says, person, at, ignored, fields } = result;
  return [
    notice(says ? "good" : "warn", h("p", null, summary(result))),
    fields.length > 0 &&
      h(
        "div",
        { class: "table-scroll", tabindex: "0", role: "group", "aria-label": t("sources.try.fields") },
        h(
          "table",
          { class: "trial-fields" },
          h(
            "thead",
            null,
            h(
              "tr",
              null,
              [t("sources.try.field"), t("sources.try.value"), t("sources.try.where")].map((label) =>
                h("th", { scope: "col" }, label),
              ),
            ),
          ),
          h("tbody", null, fields.map(row)),
        ),
      ),
    says && person.length > 0 && h("p", null, t("sources.try.person", { by: list(person.map(fieldWord)) })),
    says === "enrolled" && person.length === 0 && h("p", null, t("sources.try.nobody")),
    says &&
      h(
        "p",
        { title: at ? inFull(at) : null },
        at ? t("sources.try.at", { time: moment(at) }) : t("sources.try.noTime"),
      ),
    ignored.length > 0 &&
      notice(
        "warn",
        h("p", { class: "strong" }, t("sources.try.ignored")),
        ignored.map((one) => h("p", null, h("code", { dir: "ltr" }, one.field), ": ", refusal(one))),
      ),
  ];
}

/** @param {string} name */
const fieldWord = (name) => {
  const key = `sources.field.${name}`;
  return isKey(key) ? t(key) : name;
};

/** @param {Schema<"TracedField">} field */
function row({ field, pointers, foundBy, value }) {
  const name = field.replace(/^(device|person)\./, "");
  return h(
    "tr",
    null,
    h("th", { scope: "row" }, fieldWord(name)),
    h(
      "td",
      { dir: "auto" },
      value ?? badge(t(foundBy ? "sources.try.meansNothing" : "sources.try.notFound"), foundBy ? "warn" : "neutral"),
    ),
    h("td", null, h("code", { dir: "ltr" }, foundBy ?? pointers.join(" "))),
  );
}
