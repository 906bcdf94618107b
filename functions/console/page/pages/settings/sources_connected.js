// What to paste into each device management that is connected, and its secrets.

import { announce } from "../../core/announce.js";
import { api } from "../../core/api.js";
import { badge, button, notice } from "../../core/controls.js";
import { ask, openDialog } from "../../core/dialog.js";
import { h, replace } from "../../core/dom.js";
import { failure } from "../../core/failure.js";
import { moment } from "../../core/format.js";
import { t } from "../../core/words.js";
import { changed, get, isChanged } from "./document.js";
import { guide, unreachable } from "./source_guide.js";

/** @typedef {Schema<"DeviceSourceView">} Source */

/** The systems whose messages Beckon knows, by the API's names. Their own names are the same in every language. */
export const SYSTEMS = new Map([
  ["nanomdm", "NanoMDM"],
  ["micromdm", "MicroMDM"],
  ["fleet", "Fleet"],
  ["jamf", "Jamf Pro"],
  ["simplemdm", "SimpleMDM"],
  ["workspaceone", "Workspace ONE"],
  ["android", "Android Management"],
]);

/** @param {string} kind */
export const systemName = (kind) => SYSTEMS.get(kind) ?? t("sources.generic");

/** @param {AbortSignal} signal */
export function connectedSources(signal) {
  const element = h("div", { class: "sources" });

  const load = async () => {
    try {
      /** @type {import("../../core/api.js").Answer<{ items: Source[] }>} */
      const { data } = await api.get("/v1/device-event-sources", { signal });
      replace(
        element,
        data.items.map((source) => card(source, { signal, changed: load })),
      );
    } catch (error) {
      if (!signal.aborted) replace(element, failure(error, { again: load }));
    }
  };

  // What was saved is connected from then on.
  let saved = JSON.stringify(get("deviceSources"));
  changed.addEventListener(
    "changed",
    () => {
      const now = JSON.stringify(get("deviceSources"));
      if (isChanged() || now === saved) return;
      saved = now;
      load();
    },
    { signal },
  );
  load();
  return element;
}

/**
 * @param {Source} source
 * @param {{ signal: AbortSignal, changed: () => Promise<void> }} what
 */
function card(source, { signal, changed }) {
  const { name, kind, path, secrets, needsSecret, documentation } = source;
  const trouble = h("div");
  const way = wayOf(name, kind);
  const address = new URL(path, location.origin);
  if (way.type === "query") address.searchParams.set(way.parameter, "SECRET");
  const [about] = documentation;

  const make = button({
    label: t("sources.make"),
    icon: "plus",
    async onPress() {
      try {
        const isUser = way.type === "basic";
        /** @type {{ secret?: string }} */
        const given = isUser ? { secret: `${USER}:${password()}` } : {};
        const to = `/v1/device-event-sources/${encodeURIComponent(name)}/secrets`;
        /** @type {import("../../core/api.js").Answer<Schema<"AddedSecret">>} */
        const { data } = await api.post(to, given, { signal });
        replace(trouble);
        showSecret(name, data.secret ?? given.secret ?? "", isUser);
        await changed();
      } catch (error) {
        if (!signal.aborted) replace(trouble, failure(error));
      }
    },
  });
  make.setAttribute("aria-label", t("sources.makeFor", { name }));

  /** @param {Source["secrets"][number]} secret */
  const held = ({ id, since }) => {
    const time = moment(since);
    const away = button({
      label: t("sources.remove.short"),
      kind: "quiet",
      async onPress() {
        const title = t("sources.remove", { time });
        const sure = await ask({
          title,
          text: t("sources.remove.text"),
          action: t("sources.remove.short"),
          danger: true,
        });
        if (!sure) return;
        try {
          await api.delete(`/v1/device-event-sources/${encodeURIComponent(name)}/secrets/${id}`, { signal });
          await changed();
        } catch (error) {
          if (!signal.aborted) replace(trouble, failure(error));
        }
      },
    });
    away.setAttribute("aria-label", t("sources.remove", { time }));
    return h("li", null, h("span", null, t("sources.since", { time })), away);
  };

  return h(
    "section",
    { class: "card source-card", "aria-label": name },
    h("div", { class: "card-head" }, h("h2", { dir: "auto" }, name), badge(systemName(kind), "neutral")),
    h("p", { class: "strong" }, t("sources.address")),
    pasted(address.href.replace("%53ECRET", "SECRET")),
    way.type === "query" && h("p", { class: "hint" }, t("sources.inAddress")),
    unreachable(systemName(kind)),
    guide(source, { system: systemName(kind), isOpen: needsSecret, signal }),
    about && h("p", null, h("a", { href: about, rel: "noreferrer" }, t("sources.docs", { system: systemName(kind) }))),
    h("h3", null, t("sources.secrets")),
    needsSecret && notice("warn", h("p", null, t("sources.needsSecret"))),
    secrets.length > 0 && h("ul", { class: "secrets" }, secrets.map(held)),
    secrets.length < 2 && make,
    trouble,
  );
}

/** How the systems prove themselves that do not sign. */
const USUAL = new Map([
  ["micromdm", "query"],
  ["fleet", "query"],
  ["simplemdm", "query"],
  ["jamf", "basic"],
  ["workspaceone", "basic"],
]);

/**
 * How a source proves itself, as the settings that are saved say it.
 *
 * @param {string} name
 * @param {string} kind
 * @returns {{ type: string, parameter: string }}
 */
function wayOf(name, kind) {
  /** @type {any[]} */
  const drafts = get("deviceSources") ?? [];
  const said = drafts.find((one) => one.name === name)?.authentication;
  const usual = USUAL.get(kind) ?? "hmac";
  return { type: said?.type ?? usual, parameter: said?.parameter ?? "token" };
}

/** Who shows a password shows a user, too; the API makes secrets without one. */
const USER = "beckon";

function password() {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Something to paste elsewhere.
 *
 * @param {string} text
 * @param {string} [what] what it is, where several stand together
 */
function pasted(text, what) {
  const copy = button({
    label: t("sources.copy"),
    async onPress() {
      try {
        await navigator.clipboard.writeText(text);
        announce(t("sources.copied"));
      } catch {
        // It stands there to be copied by hand.
      }
    },
  });
  if (what) copy.setAttribute("aria-label", t("sources.copyOf", { what }));
  return h("div", { class: "pasted" }, h("code", { class: "pasted-text", dir: "ltr" }, text), copy);
}

/**
 * @param {string} name
 * @param {string} secret
 * @param {boolean} isUser whether it is a user and a password, as `user:password`
 */
function showSecret(name, secret, isUser) {
  const [user = "", ...rest] = secret.split(":");
  const shown = isUser
    ? [
        h("p", { class: "strong" }, t("sources.user")),
        pasted(user, t("sources.user")),
        h("p", { class: "strong" }, t("sources.password")),
        pasted(rest.join(":"), t("sources.password")),
      ]
    : [pasted(secret)];
  const dialog = openDialog({
    title: t("sources.made", { name }),
    body: h("div", { class: "stack" }, shown, h("p", null, t("sources.made.text"))),
    actions: button({ label: t("sent.okay"), kind: "main", onPress: () => dialog.close() }),
  });
}
