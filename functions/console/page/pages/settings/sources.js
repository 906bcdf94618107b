// Device managements that tell of devices by messages of their own: which there are, what to paste into each, their
// secrets, and the messages that failed.

import { notice } from "../../core/controls.js";
import { h, replace } from "../../core/dom.js";
import { t } from "../../core/words.js";
import { boundSelect, boundText, editable } from "./bound.js";
import { get, set } from "./document.js";
import { orderedList } from "./ordered.js";
import { connectedSources, SYSTEMS, systemName } from "./sources_connected.js";
import { failedMessages } from "./sources_failed.js";

/** @param {AbortSignal} signal */
export function show(signal) {
  return [
    h(
      "section",
      { class: "card" },
      h("p", { class: "muted" }, t("sources.text")),
      orderedList({
        path: "deviceSources",
        label: t("settings.section.sources"),
        empty: t("sources.empty"),
        add: t("sources.add"),
        fresh: () => ({ name: "", kind: "nanomdm" }),
        title: ({ name, kind }) => `${name || t("sources.new")} (${systemName(kind)})`,
        fields,
      }),
    ),
    ...(editable()
      ? [connectedSources(signal), failedMessages(signal)]
      : [notice("info", h("p", null, t("sources.role", { role: "settings" })))]),
  ];
}

/**
 * @param {string} path
 * @param {any} entry
 */
function fields(path, entry) {
  /** @type {string[]} */
  const offered = [...SYSTEMS.keys()];
  // One with a mapping of its own, which was put in by the API, stays what it is.
  if (!offered.includes(entry.kind)) offered.push(entry.kind);
  // How messages of the others are proven is known, unless the API was told otherwise.
  const header = h("div", { class: "stack" });
  const write = () => {
    const isSaid = get(`${path}.kind`) === "android";
    if (isSaid && !get(`${path}.authentication`)) {
      set(`${path}.authentication`, { type: "header", header: "X-Beckon-Secret" });
    }
    replace(
      header,
      get(`${path}.authentication.type`) === "header" &&
        boundText({ path: `${path}.authentication.header`, label: t("sources.header") }),
    );
  };
  write();
  const kind = boundSelect({
    path: `${path}.kind`,
    label: t("devices.column.system"),
    options: offered.map((value) => ({ value, label: systemName(value) })),
  });
  kind.addEventListener("change", () => {
    set(`${path}.authentication`, null);
    write();
  });
  return [
    boundText({ path: `${path}.name`, label: t("sources.name"), hint: t("sources.name.hint") }),
    kind,
    header,
    h("p", { class: "hint" }, t("sources.saveFirst")),
  ];
}
