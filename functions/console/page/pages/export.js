// The list of users as a CSV file, page by page into one.

import { api } from "../core/api.js";
import { button, notice } from "../core/controls.js";
import { openDialog } from "../core/dialog.js";
import { h, replace } from "../core/dom.js";
import { failure } from "../core/failure.js";
import { done } from "../core/toast.js";
import { t } from "../core/words.js";

/**
 * Fetches everyone whom the list shows, and hands the file to the browser.
 *
 * @param {{ [name: string]: string | string[] | boolean | null }} query
 */
export function openExport(query) {
  const over = new AbortController();
  const said = h("p", { role: "status" }, t("export.rows", { count: 0 }));
  const dialog = openDialog({
    title: t("users.export"),
    body: h("div", { class: "form" }, said, h("progress", { class: "bar-progress", "aria-label": t("users.export") })),
    actions: [button({ label: t("cancel"), onPress: () => dialog.close() })],
    onClose: () => over.abort(),
  });

  /** @type {string[]} */
  const parts = [];
  let rows = 0;
  /** @type {string | null} */
  let cursor = null;
  const run = async () => {
    try {
      for (;;) {
        /** @type {import("../core/api.js").Answer<string>} */
        const page = await api.get("/v1/users/export", {
          query: { ...query, cursor },
          as: "text",
          signal: over.signal,
        });
        parts.push(page.data);
        rows += page.data.split("\r\n").length - 1 - (cursor === null ? 1 : 0);
        said.textContent = t("export.rows", { count: rows });
        cursor = page.headers.get("beckon-next");
        if (cursor === null) break;
      }
      const address = URL.createObjectURL(new Blob(parts, { type: "text/csv;charset=utf-8" }));
      h("a", { href: address, download: "users.csv" }).click();
      setTimeout(() => URL.revokeObjectURL(address), 10_000);
      const close = button({ label: t("close"), kind: "main", onPress: () => dialog.close() });
      replace(dialog.body, notice("good", h("p", null, t("export.done", { count: rows }))));
      dialog.setActions(close);
      close.focus();
      done(t("export.done", { count: rows }));
    } catch (error) {
      // What came is kept: trying again goes on behind it.
      if (!over.signal.aborted) replace(dialog.body, failure(error, { again: begin }));
    }
  };
  const begin = () => {
    replace(
      dialog.body,
      h("div", { class: "form" }, said, h("progress", { class: "bar-progress", "aria-label": t("users.export") })),
    );
    return run();
  };
  run();
}
