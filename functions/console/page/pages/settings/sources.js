// Device managements that tell of devices by messages of their own: which there are, what to paste into each, their
// secrets, what their messages mean, and the messages that failed.

import { notice } from "../../core/controls.js";
import { h, replace } from "../../core/dom.js";
import { selectField } from "../../core/fields.js";
import { named, t } from "../../core/words.js";
import { boundSelect, boundText, editable } from "./bound.js";
import { get, set } from "./document.js";
import { keepUnfolded, orderedList } from "./ordered.js";
import { ALSO_ASKED, ASKED, alsoAskedFields, askedFields } from "./sources_asked.js";
import { connectedSources, SYSTEMS, systemName } from "./sources_connected.js";
import { failedMessages } from "./sources_failed.js";
import { mappingOf } from "./sources_mapping.js";

/** @typedef {Schema<"SourceKindView">} Kind */

/** Every kind that the API knows, once it said so. @type {Kind[] | null} */
let kinds = null;

/** How a source may prove itself, with what each way begins with. @type {{ [type: string]: any }} */
const WAYS = {
  header: { type: "header", header: "X-Beckon-Secret" },
  basic: { type: "basic" },
  query: { type: "query", parameter: "token" },
  hmac: { type: "hmac", header: "X-Signature", encoding: "hex", algorithm: "sha256" },
  google: { type: "google", account: "", audience: location.origin },
};

/** By which a system begins that must be told one. @type {{ [kind: string]: string }} */
const FIRST_WAY = { android: "google" };

/** @param {AbortSignal} signal */
export function show(signal) {
  const list = h("div");
  /** Whether the list was written with all that the kinds say. */
  let complete = false;
  const write = () => {
    complete = kinds !== null;
    replace(
      list,
      orderedList({
        path: "deviceSources",
        label: t("settings.section.sources"),
        empty: t("sources.empty"),
        add: t("sources.add"),
        fresh: () => ({ name: "", kind: "nanomdm" }),
        title: ({ name, kind }) => `${name || t("sources.new")} (${systemName(kind)})`,
        fields: (path, entry) => fields(path, entry, signal),
      }),
    );
  };
  /** @param {Kind[]} known */
  const learn = (known) => {
    kinds = known;
    if (!complete) keepUnfolded(list, write);
  };
  write();
  return [
    h("section", { class: "card" }, h("p", { class: "muted" }, t("sources.text")), list),
    ...(editable()
      ? [connectedSources(signal, learn), failedMessages(signal)]
      : [notice("info", h("p", null, t("sources.role", { role: "settings" })))]),
  ];
}

/** @param {string} kind */
const about = (kind) => kinds?.find((one) => one.kind === kind);

/**
 * @param {string} path
 * @param {any} entry
 * @param {AbortSignal} signal
 */
function fields(path, entry, signal) {
  /** @type {string[]} */
  const offered = [...SYSTEMS.keys(), ...ASKED.keys(), "generic"];
  if (!offered.includes(entry.kind)) offered.push(entry.kind);
  const proof = h("div", { class: "stack" });
  const below = h("p", { class: "hint" });
  const mapping = kinds && mappingOf(path, signal, (kind) => about(kind)?.mapping ?? null);
  const write = () => {
    const kind = get(`${path}.kind`);
    const asked = ASKED.get(kind);
    const also = ALSO_ASKED.get(kind);
    replace(
      proof,
      asked ? askedFields(path, asked) : authentication(path),
      also && alsoAskedFields(path, systemName(kind), also),
    );
    replace(below, t(asked ? "sources.asked.saveFirst" : "sources.saveFirst"));
  };
  write();
  const kind = boundSelect({
    path: `${path}.kind`,
    label: t("devices.column.system"),
    options: offered.map((value) => ({ value, label: systemName(value) })),
  });
  kind.addEventListener("change", () => {
    set(`${path}.authentication`, null);
    set(`${path}.api`, null);
    set(`${path}.mapping`, null);
    write();
    mapping?.refresh();
  });
  return [
    boundText({ path: `${path}.name`, label: t("sources.name"), hint: t("sources.name.hint") }),
    kind,
    proof,
    mapping?.element,
    below,
  ];
}

/**
 * How a source proves itself: as its system does by itself, or in another way.
 *
 * @param {string} path
 */
function authentication(path) {
  const place = `${path}.authentication`;
  const kind = get(`${path}.kind`);
  const must = about(kind)?.needsAuthentication ?? false;
  if (must && !get(place)) set(place, structuredClone(WAYS[FIRST_WAY[kind] ?? "header"]));
  const details = h("div", { class: "stack" });
  const write = () => replace(details, ...detailsOf(place, get(`${place}.type`)));
  const held = get(`${place}.type`) ?? "";
  const known = [...(must ? [] : [""]), ...Object.keys(WAYS)];
  const field = selectField({
    name: `${place}.type`,
    label: t("sources.proof"),
    value: held,
    options: (known.includes(held) ? known : [...known, held]).map((value) => ({
      value,
      label: value === "" ? t("sources.proof.usual") : named("sources.proof", value),
    })),
    on: {
      change() {
        set(place, structuredClone(WAYS[field.input.value] ?? null));
        write();
      },
    },
  });
  field.input.disabled = !editable();
  write();
  return h("div", { class: "stack" }, field.element, details);
}

/**
 * @param {string} place
 * @param {string | undefined} type
 */
function detailsOf(place, type) {
  const header = () => boundText({ path: `${place}.header`, label: t("sources.header") });
  if (type === "header") return [header()];
  if (type === "query") return [boundText({ path: `${place}.parameter`, label: t("sources.parameter") })];
  if (type === "google") {
    return [
      boundText({ path: `${place}.account`, label: t("sources.account"), hint: t("sources.account.hint") }),
      boundText({ path: `${place}.audience`, label: t("sources.audience"), hint: t("sources.audience.hint") }),
    ];
  }
  if (type !== "hmac") return [];
  return [
    header(),
    boundSelect({
      path: `${place}.encoding`,
      label: t("sources.encoding"),
      options: [
        { value: "hex", label: t("sources.encoding.hex") },
        { value: "base64", label: "Base64" },
      ],
    }),
    boundSelect({
      path: `${place}.algorithm`,
      label: t("sources.algorithm"),
      options: [
        { value: "sha256", label: "HMAC-SHA256" },
        { value: "sha512", label: "HMAC-SHA512" },
      ],
    }),
    boundText({ path: `${place}.prefix`, label: t("sources.prefix"), hint: t("sources.prefix.hint") }),
  ];
}
