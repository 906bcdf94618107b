// Names of groups that are offered where one is typed: those of the settings, and of people who were seen. Groups are
// nowhere listed, so that there may be others.

import { api } from "../core/api.js";
import { h, replace, uniqueId } from "../core/dom.js";

/** How many people are looked at for names. */
const LOOKED_AT = 100;

/** @type {Set<string>} */
const known = new Set();

/** @param {readonly { groups: readonly string[] }[]} people */
export function learnGroups(people) {
  for (const { groups } of people) for (const group of groups) known.add(group);
}

async function look() {
  const [settings, users] = await Promise.allSettled([
    api.get("/v1/settings"),
    api.get("/v1/users", { query: { limit: LOOKED_AT } }),
  ]);
  // Without an answer, what is known already is offered.
  if (users.status === "fulfilled") learnGroups(users.value.data.items);
  if (settings.status === "fulfilled") {
    const { groups, confirmation, directory } = settings.value.data;
    for (const { group } of groups) known.add(group);
    for (const group of confirmation.distribution.groups ?? []) known.add(group);
    for (const group of directory?.groups ?? []) known.add(group);
  }
}

/** The names that are known, those of what the API says now among them. */
export async function knownGroups() {
  await look();
  return sorted();
}

const sorted = () => [...known].sort((one, other) => one.localeCompare(other));

/**
 * Offers names in this field from the moment that somebody comes to it.
 *
 * @param {HTMLInputElement} input
 * @param {{ several: boolean }} how whether commas part several
 */
export function suggestGroups(input, { several }) {
  const list = h("datalist", { id: uniqueId("groups") });
  const write = () => {
    // What stands before the last comma is kept.
    const kept = several ? (/^.*,\s*/.exec(input.value)?.[0] ?? "") : "";
    const names = sorted();
    replace(
      list,
      names
        // In a field for several, a comma of a name would part it.
        .filter((name) => !several || !name.includes(","))
        .map((name) => h("option", { value: kept + name })),
    );
  };
  input.setAttribute("list", list.id);
  input.after(list);
  input.addEventListener("focus", () => look().then(write), { once: true });
  input.addEventListener("focus", write);
  input.addEventListener("input", write);
}
