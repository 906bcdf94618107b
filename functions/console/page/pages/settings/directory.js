// The directory that people come from: what to paste into it, its tokens, and whom it invites.

import { api } from "../../core/api.js";
import { notice } from "../../core/controls.js";
import { h, replace } from "../../core/dom.js";
import { failure } from "../../core/failure.js";
import { named, t } from "../../core/words.js";
import { boundSelect, editable } from "./bound.js";
import { heldSecrets, pasted } from "./secrets.js";

/** @typedef {Schema<"DirectoryView">} Directory */

/** Whom the directory may invite, by the API's names. */
const INVITES = ["nobody", "everybody"];

/** @param {AbortSignal} signal */
export function show(signal) {
  return [
    h(
      "section",
      { class: "card" },
      h("p", { class: "muted" }, t("directory.text")),
      boundSelect({
        path: "directory.invites",
        label: t("settings.name.directory.invites"),
        hint: t("directory.invites.hint"),
        options: INVITES.map((value) => ({ value, label: named("directory.invites", value) })),
      }),
    ),
    editable() ? connection(signal) : notice("info", h("p", null, t("directory.role", { role: "settings" }))),
  ];
}

/** @param {AbortSignal} signal */
function connection(signal) {
  const body = h("div", { class: "stack" });
  const load = async () => {
    try {
      /** @type {import("../../core/api.js").Answer<Directory>} */
      const { data } = await api.get("/v1/directory", { signal });
      replace(body, connected(data, { signal, changed: load }));
    } catch (error) {
      if (!signal.aborted) replace(body, failure(error, { again: load }));
    }
  };
  load();
  return h("section", { class: "card directory-card" }, h("h2", null, t("directory.connection")), body);
}

/**
 * @param {Directory} directory
 * @param {{ signal: AbortSignal, changed: () => Promise<void> }} what
 */
function connected({ path, tokens }, { signal, changed }) {
  return [
    h("p", { class: "strong" }, t("directory.address")),
    pasted(new URL(path, location.origin).href),
    h("h3", null, t("directory.tokens")),
    tokens.length === 0 && notice("warn", h("p", null, t("directory.noToken"))),
    ...heldSecrets({
      secrets: tokens,
      path: "/v1/directory/tokens",
      shown: (/** @type {Schema<"AddedToken">} */ { token }) => token,
      words: {
        make: t("directory.make"),
        made: t("directory.made"),
        text: t("directory.made.text"),
        gone: t("directory.remove.text"),
      },
      signal,
      changed,
    }),
  ];
}
