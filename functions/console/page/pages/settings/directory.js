// The directory that people come from: whom it invites, how many it has, what to paste into it, and its tokens.

import { ago } from "../../core/ago.js";
import { announce } from "../../core/announce.js";
import { api } from "../../core/api.js";
import { button, notice } from "../../core/controls.js";
import { h, replace } from "../../core/dom.js";
import { failure } from "../../core/failure.js";
import { named, number, t } from "../../core/words.js";
import { knownGroups } from "../known_groups.js";
import { fact } from "../record.js";
import { boundLines, boundRadio, editable } from "./bound.js";
import { changed as draftChanged, get, set } from "./document.js";
import { heldSecrets, pasted } from "./secrets.js";

/** @typedef {Schema<"DirectoryView">} Directory */

/** Whom the directory may invite, by the API's names. */
const INVITES = ["nobody", "everybody", "groups"];

/** The most names of groups that are offered to be added. */
const OFFERED = 30;

/** @param {AbortSignal} signal */
export function show(signal) {
  return [
    h(
      "section",
      { class: "card" },
      h("p", { class: "muted" }, t("directory.text")),
      boundRadio({
        path: "directory.invites",
        label: t("settings.name.directory.invites"),
        options: INVITES.map((value) => ({
          value,
          label: named("directory.invites", value),
          hint: value === "everybody" ? t("directory.invites.hint") : named("directory.invites", `${value}.hint`),
        })),
      }),
      invitedGroups(signal),
    ),
    editable() ? connection(signal) : notice("info", h("p", null, t("directory.role", { role: "settings" }))),
  ];
}

/**
 * The groups whose members are invited, with the names that are known to choose from.
 *
 * @param {AbortSignal} signal
 */
function invitedGroups(signal) {
  const path = "directory.groups";
  const place = h("div", { class: "stack" });
  const lines = boundLines({ path, label: t("directory.groups"), hint: t("directory.groups.hint") });
  const offered = h("div", { class: "group-offers", role: "group", "aria-label": t("directory.groups.known") });
  /** @type {readonly string[]} */
  let known = [];

  /** @returns {string[]} */
  const chosen = () => get(path) ?? [];
  /** @param {string} name */
  const add = (name) => {
    set(path, [...chosen(), name]);
    const area = lines.querySelector("textarea");
    if (!area) return;
    area.value = chosen().join("\n");
    area.focus();
    announce(name);
  };
  const offer = () => {
    const left = known.filter((name) => !chosen().includes(name)).slice(0, OFFERED);
    const text = left.join("\n");
    if (offered.dataset["names"] === text) return;
    offered.dataset["names"] = text;
    replace(
      offered,
      left.length > 0 && h("p", { class: "hint" }, t("directory.groups.known")),
      left.map((name) => {
        const one = button({ label: name, icon: "plus", kind: "quiet", onPress: () => add(name) });
        one.setAttribute("aria-label", t("directory.groups.add", { name }));
        return one;
      }),
    );
  };
  const write = () => {
    place.hidden = get("directory.invites") !== "groups";
    offer();
  };
  draftChanged.addEventListener("changed", write, { signal });
  write();
  if (editable())
    knownGroups().then((names) => {
      known = names;
      offer();
    });
  replace(place, lines, editable() && offered);
  return place;
}

/** @param {AbortSignal} signal */
function connection(signal) {
  const blank = [40, 70, 55].map((width) =>
    h("span", { class: "blank-line", "aria-hidden": "true", style: { "inline-size": `${width}%` } }),
  );
  const body = h("div", { class: "stack" }, blank);
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
function connected({ path, tokens, people, groups, lastRequestAt, lastRefusal }, { signal, changed }) {
  return [
    h(
      "dl",
      { class: "record-facts" },
      fact(t("directory.people"), counted(people)),
      fact(t("directory.groupsKnown"), counted(groups)),
      fact(t("directory.last"), lastRequestAt == null ? t("directory.last.never") : ago(lastRequestAt)),
      lastRefusal != null &&
        fact(t("directory.refusal"), [
          ago(lastRefusal.at),
          ": ",
          h(
            "code",
            { dir: "ltr" },
            [lastRefusal.request, lastRefusal.status, lastRefusal.code].filter(Boolean).join(" "),
          ),
        ]),
    ),
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

/** How many there are; of many only that there are more. @param {Schema<"CountedView">} counted */
const counted = ({ number: found, isAll }) => (isAll ? number(found) : t("directory.more", { count: number(found) }));
