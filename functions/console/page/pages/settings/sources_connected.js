// What to paste into each device management that is connected, and its secrets.

import { api } from "../../core/api.js";
import { badge, notice } from "../../core/controls.js";
import { h, replace } from "../../core/dom.js";
import { failure } from "../../core/failure.js";
import { inFull, relative } from "../../core/format.js";
import { isKey, t } from "../../core/words.js";
import { changed, get, isChanged } from "./document.js";
import { heldSecrets, pasted } from "./secrets.js";
import { guide, unreachable } from "./source_guide.js";
import { ASKED, askedCard } from "./sources_asked.js";
import { reasonText } from "./sources_mapping.js";

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
export const systemName = (kind) => SYSTEMS.get(kind) ?? ASKED.get(kind)?.name ?? t("sources.generic");

/**
 * What stands on the page until it is left: saving writes the section anew, and credentials that were typed here are
 * not given with it.
 *
 * @type {{ signal: AbortSignal, element: HTMLElement, load: () => Promise<void>, learn: Learn } | null}
 */
let standing = null;

/** @typedef {(kinds: Schema<"SourceKindView">[]) => void} Learn is told which kinds there are */

/** @typedef {{ source: Source, written: string, element: HTMLElement }} Card */

/**
 * @param {AbortSignal} signal
 * @param {Learn} learn
 */
export function connectedSources(signal, learn) {
  if (standing?.signal === signal) {
    standing.learn = learn;
    standing.load();
    return standing.element;
  }
  const element = h("div", { class: "sources" });
  /** @type {Map<string, Card>} */
  let cards = new Map();
  let round = 0;

  /** @param {string} [done] the source that something was just done with */
  const load = async (done) => {
    const ours = ++round;
    try {
      /** @type {import("../../core/api.js").Answer<Schema<"DeviceSourceList">>} */
      const { data } = await api.get("/v1/device-event-sources", { signal });
      // What was asked for later knows more.
      if (ours !== round) return;
      here.learn(data.kinds);
      cards = new Map(data.items.map((source) => [source.name, cardOf(source, cards.get(source.name), done)]));
      place([...cards.values()].map((one) => one.element));
    } catch (error) {
      if (!signal.aborted && ours === round) replace(element, failure(error, { again: () => load() }));
    }
  };

  /**
   * @param {Source} source
   * @param {Card} [before] what stands for it
   * @param {string} [done]
   * @returns {Card}
   */
  const cardOf = (source, before, done) => {
    const written = JSON.stringify([source, wayOf(source.name, source.kind)]);
    // While something is on its way from a card, it stays to say what became of that.
    const isBusy = before?.element.querySelector(".busy") && source.name !== done;
    if (before && (before.written === written || isBusy)) return before;
    const fresh = { source, written, element: card(source, { signal, changed: () => load(source.name) }) };
    if (before && isSame(before.source, source)) carryOver(before.element, fresh.element);
    return fresh;
  };

  /** Whoever types into a card goes on typing there. @param {HTMLElement[]} elements */
  const place = (elements) => {
    const shown = [...element.children];
    if (elements.length === shown.length && elements.every((one, at) => one === shown[at])) return;
    const focused = document.activeElement;
    const at = element.contains(focused) ? shown.findIndex((one) => one.contains(focused)) : -1;
    const name = shown[at]?.getAttribute("aria-label");
    replace(element, elements);
    if (!(focused instanceof HTMLElement) || at < 0) return;
    const card = elements.find((one) => one.getAttribute("aria-label") === name);
    const same = focused instanceof HTMLInputElement ? fieldsOf(card).find((one) => one.name === focused.name) : null;
    (element.contains(focused) ? focused : same)?.focus();
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
  const here = { signal, element, load, learn };
  standing = here;
  // What was typed goes with the page.
  signal.addEventListener("abort", () => {
    if (standing === here) standing = null;
  });
  load();
  return element;
}

/**
 * Whether what was typed for one may be given to the other.
 *
 * @param {Source} one
 * @param {Source} other
 */
const isSame = (one, other) => one.kind === other.kind && one.asked?.address === other.asked?.address;

/** @param {HTMLElement | undefined} card */
const fieldsOf = (card) => [...(card?.querySelectorAll("input") ?? [])];

/**
 * Credentials that were typed and not given yet are still there when the settings were saved.
 *
 * @param {HTMLElement} before
 * @param {HTMLElement} now
 */
function carryOver(before, now) {
  for (const { name, value } of fieldsOf(before)) {
    const same = fieldsOf(now).find((one) => one.name === name);
    if (same) same.value = value;
  }
}

/**
 * @param {Source} source
 * @param {{ signal: AbortSignal, changed: () => Promise<void> }} what
 */
function card(source, { signal, changed }) {
  const { name, kind, path, needsSecret, documentation, latest, asked } = source;
  const way = wayOf(name, kind);
  const hasSecret = way.type !== "google";
  const address = new URL(path, location.origin);
  if (way.type === "query") address.searchParams.set(way.parameter, "SECRET");
  const [about] = documentation;
  const head = h("div", { class: "card-head" }, h("h2", { dir: "auto" }, name), badge(systemName(kind), "neutral"));
  if (asked && ASKED.has(kind)) {
    const steps = guide(source, { system: systemName(kind), isOpen: !asked.credentialsSince, signal });
    const news = h("p", null, latest ? lastMessage(latest) : t("sources.latest.none"));
    return h(
      "section",
      { class: "card source-card", "aria-label": name },
      head,
      steps,
      askedCard(source, { signal, changed }),
      news,
    );
  }

  return h(
    "section",
    { class: "card source-card", "aria-label": name },
    head,
    h("p", { class: "strong" }, t("sources.address")),
    pasted(address.href.replace("%53ECRET", "SECRET")),
    way.type === "query" && h("p", { class: "hint" }, t("sources.inAddress")),
    unreachable(systemName(kind)),
    guide(source, { system: systemName(kind), isOpen: needsSecret || (!hasSecret && !latest), signal }),
    h("p", null, latest ? lastMessage(latest) : t("sources.latest.none")),
    about && h("p", null, h("a", { href: about, rel: "noreferrer" }, t("sources.docs", { system: systemName(kind) }))),
    ...(hasSecret
      ? secretsOf(source, way.type === "basic", { signal, changed })
      : [h("p", null, t("sources.noSecret"))]),
    askedCard(source, { signal, changed }),
  );
}

/**
 * The secrets of a source that proves itself by one.
 *
 * @param {Source} source
 * @param {boolean} isUser whether a secret is a user and a password
 * @param {{ signal: AbortSignal, changed: () => Promise<void> }} what
 */
function secretsOf(source, isUser, { signal, changed }) {
  return [
    h("h3", null, t("sources.secrets")),
    source.needsSecret && notice("warn", h("p", null, t("sources.needsSecret"))),
    heldSecrets({
      secrets: source.secrets,
      path: `/v1/device-event-sources/${encodeURIComponent(source.name)}/secrets`,
      shown: (/** @type {Schema<"AddedSecret">} */ { secret }) => secret ?? "",
      isUser,
      words: {
        make: t("sources.make"),
        makeFor: t("sources.makeFor", { name: source.name }),
        made: t("sources.made", { name: source.name }),
        text: t("sources.made.text"),
        gone: t("sources.remove.text"),
      },
      signal,
      changed,
    }),
  ];
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
 * The latest message of a source, and what became of it.
 *
 * @param {Schema<"LatestMessage">} latest
 */
function lastMessage({ receivedAt, failed, code, reason }) {
  const key = `sources.outcome.${code}`;
  const said = failed ? reasonText(code, reason) : isKey(key) ? t(key) : t("sources.outcome.other");
  return [
    h("time", { datetime: receivedAt, title: inFull(receivedAt) }, t("sources.latest", { ago: relative(receivedAt) })),
    " ",
    failed && badge(t("sources.outcome.failed"), "bad"),
    failed && " ",
    said,
  ];
}

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
