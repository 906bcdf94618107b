// Import of a CSV file: first what would become of each row, then the import.

import { announce } from "../core/announce.js";
import { api } from "../core/api.js";
import { badge, busy, button, enable, notice } from "../core/controls.js";
import { openDialog } from "../core/dialog.js";
import { h, replace, uniqueId } from "../core/dom.js";
import { failure } from "../core/failure.js";
import { checkField } from "../core/fields.js";
import { list, number } from "../core/format.js";
import { may } from "../core/roles.js";
import { named, t } from "../core/words.js";

/**
 * @typedef {Schema<"ImportView">} Report
 * @typedef {Schema<"RowView">} Row
 */

/** The most rows that are shown at once. */
const SHOWN = 200;

/** How often a file that is not done in one go is sent again. */
const ROUNDS = 20;

/** @param {{ done: () => void }} then */
export function openImport({ done }) {
  const over = new AbortController();
  /** @type {File | null} */
  let file = null;
  let contentType = "text/csv";
  const trouble = h("div");
  const result = h("div", { class: "form" });
  const id = uniqueId("file");
  const input = h("input", {
    type: "file",
    id,
    accept: ".csv,.tsv,.txt,text/csv",
    autofocus: true,
    "aria-describedby": `${id}-hint`,
    on: { change: () => choose() },
  });
  const invite = checkField({
    name: "invite",
    label: t("import.invite"),
    hint: t("import.invite.hint"),
    checked: false,
    on: { change: () => look() },
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

  /** @param {boolean} dryRun @returns {Promise<Report>} */
  const send = async (dryRun) => {
    const query = { dryRun, invite: invite.input.checked };
    return (
      await api.post("/v1/users/import", file, {
        query,
        contentType,
        changesNothing: dryRun,
        signal: over.signal,
      })
    ).data;
  };

  const choose = async () => {
    file = input.files?.[0] ?? null;
    contentType = file ? await typeOf(file) : "text/csv";
    result.replaceChildren();
    look();
  };

  let round = 0;
  /** What would become of the file. */
  const look = async () => {
    const ours = ++round;
    enable(go, false);
    trouble.replaceChildren();
    if (!file) return;
    replace(result, h("p", { role: "status", class: "muted" }, t("import.looking")));
    try {
      const report = await send(true);
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

  /** A file may be too long for one request: the same file again goes on where it stopped. */
  const take = async () => {
    busy(go, true);
    invite.input.disabled = true;
    input.disabled = true;
    trouble.replaceChildren();
    try {
      let report = await send(false);
      const bar = h("progress", {
        class: "bar-progress",
        max: String(report.counts.rows),
        value: "0",
        "aria-label": t("import.title"),
      });
      for (let again = 0; !report.complete && again < ROUNDS; again += 1) {
        bar.value = report.counts.rows - report.counts.notReached;
        replace(
          result,
          bar,
          h(
            "p",
            { role: "status" },
            t("import.going", { done: report.counts.rows - report.counts.notReached, of: report.counts.rows }),
          ),
        );
        report = await send(false);
      }
      draw(report);
      done();
      announce(t("import.did", counts(report)));
      const end = button({ label: t("close"), kind: "main", onPress: () => dialog.close() });
      dialog.setActions(end);
      end.focus();
    } catch (error) {
      if (!over.signal.aborted)
        replace(trouble, notice("info", h("p", null, t("import.safe"))), failure(error, { again: take }));
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
        wrong.length > 0 ? "warn" : report.dryRun ? "info" : "good",
        h("p", null, t(report.dryRun ? "import.would" : "import.did", counts(report))),
        report.invited > 0 &&
          h("p", null, t(report.dryRun ? "import.wouldInvite" : "import.invites", { count: report.invited })),
        wrong.length > 0 && h("p", null, t("import.wrong", { count: wrong.length })),
        report.detail && h("p", null, report.detail),
        report.ignoredColumns.length > 0 && h("p", null, t("import.ignored", { columns: list(report.ignoredColumns) })),
        report.warnings.map(({ field, detail }) => h("p", null, `${field}: ${detail}`)),
      ),
      shown.length > 0 && rows(shown),
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

/** @param {Row[]} shown */
function rows(shown) {
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
            h("th", { scope: "row" }, number(line)),
            h("td", null, badge(named("import.outcome", outcome), TONES[outcome])),
            h(
              "td",
              null,
              errors.map(({ field, detail }) => h("p", null, h("strong", null, field), ` ${detail}`)),
              changes.map(({ field, from, to }) =>
                h(
                  "p",
                  null,
                  h("strong", null, field),
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
