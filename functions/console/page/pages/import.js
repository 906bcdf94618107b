// Import of a CSV file: first what would become of each row, then the import.

import { announce } from "../core/announce.js";
import { ApiError, api, freshKey } from "../core/api.js";
import { badge, busy, button, enable, notice } from "../core/controls.js";
import { openDialog } from "../core/dialog.js";
import { h, replace, uniqueId } from "../core/dom.js";
import { failure } from "../core/failure.js";
import { checkField } from "../core/fields.js";
import { list } from "../core/format.js";
import { fieldLabel, refusal } from "../core/refusal_words.js";
import { may } from "../core/roles.js";
import { named, number, t } from "../core/words.js";
import { peopleOf } from "./import_people.js";
import { followJob } from "./job_follow.js";

/**
 * @typedef {Schema<"ImportView">} Report
 * @typedef {Schema<"RowView">} Row
 */

/** The most rows that are shown at once. */
const SHOWN = 200;

/** @param {{ done: () => void }} then */
export function openImport({ done }) {
  const over = new AbortController();
  /** @type {File | null} */
  let file = null;
  /** Of this file, as it is to be imported: the same request again starts no second job. */
  let key = freshKey();
  let contentType = "text/csv";
  /** Who stands on each line, as far as the file says. @type {(line: number) => string} */
  let whoIs = () => "";
  const trouble = h("div");
  const result = h("div", { class: "form" });
  const id = uniqueId("file");
  const input = h("input", {
    type: "file",
    id,
    accept: ".csv,.tsv,.txt,text/csv",
    autofocus: true,
    "aria-describedby": `${id}-hint`,
    // Without this, the same file chosen again after it was corrected would be no change. The old one stays if none is.
    on: {
      click: () => {
        input.value = "";
      },
      change: () => choose(),
    },
  });
  const invite = checkField({
    name: "invite",
    label: t("import.invite"),
    hint: t("import.invite.hint"),
    checked: false,
    on: {
      change: () => {
        key = freshKey();
        look();
      },
    },
  });
  const go = button({ label: t("import.go"), kind: "main", onPress: () => take() });
  const close = button({ label: t("cancel"), onPress: () => dialog.close() });
  enable(go, false);
  const dialog = openDialog({
    title: t("import.title"),
    size: "wide",
    body: h(
      "div",
      { class: "form" },
      h(
        "div",
        { class: "field" },
        h("label", { for: id }, t("import.file")),
        h("p", { class: "hint", id: `${id}-hint` }, t("import.file.hint")),
        input,
      ),
      may("inviter") && invite.element,
      trouble,
      result,
    ),
    actions: [close, go],
    onClose: () => over.abort(),
  });

  /** What would become of the file. @returns {Promise<Report>} */
  const ask = async () => {
    const query = { dryRun: true, invite: invite.input.checked };
    return (
      await api.post("/v1/users/import", file, {
        query,
        contentType,
        changesNothing: true,
        signal: over.signal,
      })
    ).data;
  };

  let round = 0;
  const choose = async () => {
    const picked = input.files?.[0];
    if (!picked) return;
    const ours = ++round;
    enable(go, false);
    trouble.replaceChildren();
    result.replaceChildren();
    file = null;
    try {
      // What is looked at is what is imported, though the file is written anew meanwhile.
      const read = new File([await picked.arrayBuffer()], picked.name);
      const type = await typeOf(read);
      const who = await peopleOf(read, type);
      if (ours !== round) return;
      [file, contentType, whoIs, key] = [read, type, who, freshKey()];
      look();
    } catch (error) {
      if (ours === round) replace(trouble, failure(error, { again: choose }));
    }
  };

  /** What would become of the file. */
  const look = async () => {
    const ours = ++round;
    enable(go, false);
    trouble.replaceChildren();
    if (!file) return;
    replace(result, h("p", { role: "status", class: "muted" }, t("import.looking")));
    try {
      const report = await ask();
      if (ours !== round) return;
      draw(report);
      enable(go, report.counts.added + report.counts.updated + report.invited > 0);
      announce(t("import.would", counts(report)));
    } catch (error) {
      if (ours !== round || over.signal.aborted) return;
      result.replaceChildren();
      replace(trouble, failure(error, { again: look }));
    }
  };

  /** One request stores the file; what becomes of each line is a job's, and goes on when this is closed. */
  const take = async () => {
    busy(go, true);
    invite.input.disabled = true;
    input.disabled = true;
    trouble.replaceChildren();
    try {
      const { data } = await api.post("/v1/jobs/import", file, {
        query: { invite: invite.input.checked },
        contentType,
        idempotencyKey: key,
        signal: over.signal,
      });
      followJob(dialog, data, { signal: over.signal, changed: done, whoIs });
    } catch (error) {
      if (over.signal.aborted) return;
      // An answer that says no ends the request; without an answer the same key asks again.
      if (error instanceof ApiError && error.kind !== "offline") key = freshKey();
      replace(trouble, failure(error, { again: take }));
    } finally {
      busy(go, false);
      invite.input.disabled = false;
      input.disabled = false;
    }
  };

  /** @param {Report} report */
  const draw = (report) => {
    const wrong = report.rows.filter(({ outcome }) => outcome === "invalid");
    const others = report.rows.filter(({ outcome }) => outcome !== "invalid" && outcome !== "unchanged");
    const shown = [...wrong, ...others].slice(0, SHOWN);
    replace(
      result,
      notice(
        wrong.length > 0 ? "warn" : "info",
        h("p", null, t("import.would", counts(report))),
        report.invited > 0 && h("p", null, t("import.wouldInvite", { count: report.invited })),
        wrong.length > 0 && h("p", null, t("import.wrong", { count: wrong.length })),
        report.detail && h("p", null, report.detail),
        report.ignoredColumns.length > 0 && h("p", null, t("import.ignored", { columns: list(report.ignoredColumns) })),
        report.warnings.map((one) => h("p", null, `${fieldLabel(one.field)}: `, refusal(one))),
      ),
      shown.length > 0 && rows(shown, whoIs),
      shown.length < wrong.length + others.length &&
        h("p", { class: "hint" }, t("import.more", { count: wrong.length + others.length - shown.length })),
    );
  };
}

/**
 * Spreadsheets still write what is no UTF-8; the API is told so, or it would refuse names with accents.
 *
 * @param {File} file
 */
async function typeOf(file) {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
    return "text/csv";
  } catch {
    return "application/octet-stream; charset=windows-1252";
  }
}

/** @param {Report} report */
function counts({ counts: { added, updated, unchanged, invalid } }) {
  return { added, updated, unchanged, invalid };
}

/** @type {{ [outcome in Row["outcome"]]: "good" | "info" | "neutral" | "bad" | "warn" }} */
const TONES = { added: "good", updated: "info", unchanged: "neutral", invalid: "bad", notReached: "warn" };

/**
 * @param {Row[]} shown
 * @param {(line: number) => string} whoIs
 */
function rows(shown, whoIs) {
  return h(
    "div",
    { class: "table-place import-rows", tabindex: "0", role: "region", "aria-label": t("import.rows") },
    h(
      "table",
      { class: "simple" },
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          h("th", { scope: "col" }, t("import.line")),
          h("th", { scope: "col" }, t("import.who")),
          h("th", { scope: "col" }, t("import.outcome")),
          h("th", { scope: "col" }, t("import.details")),
        ),
      ),
      h(
        "tbody",
        null,
        shown.map(({ line, outcome, changes = [], errors = [] }) =>
          h(
            "tr",
            null,
            h("td", null, number(line)),
            h("th", { scope: "row" }, whoIs(line)),
            h("td", null, badge(named("import.outcome", outcome), TONES[outcome])),
            h(
              "td",
              null,
              errors.map((one) => h("p", null, h("strong", null, `${fieldLabel(one.field)}:`), " ", refusal(one))),
              changes.map(({ field, from, to }) =>
                h(
                  "p",
                  null,
                  h("strong", null, fieldLabel(field)),
                  " ",
                  from == null ? "" : h("del", null, from),
                  from == null ? "" : " ",
                  to == null ? t("import.emptied") : h("ins", null, to),
                ),
              ),
            ),
          ),
        ),
      ),
    ),
  );
}
