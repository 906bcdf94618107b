// What differs between two versions of the settings, field by field, as the API's history names it; and putting single
// fields of one version into another.

/** @typedef {any} Settings a document of `PUT /v1/settings` */
/** @typedef {string | { group: string }} Key a name in an object, or the entry of a group */

/**
 * @typedef {object} Difference
 * @property {string} field like `registration.pin.length` or `groups[staff].ownership`
 * @property {Key[]} keys where it stands
 * @property {any} before
 * @property {any} after
 */

/** What stands at the end of `keys` for the order of the groups. */
const ORDER = "(order)";

/** @param {any} value */
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Whether two documents say the same.
 *
 * @param {any} one
 * @param {any} other
 */
export function same(one, other) {
  return compare(one, other).length === 0;
}

/**
 * Every field that differs.
 *
 * @param {Settings} before
 * @param {Settings} after
 * @returns {Difference[]}
 */
export function compare(before, after) {
  /** @type {Difference[]} */
  const found = [];
  walk([], before ?? null, after ?? null, found);
  return found;
}

/**
 * @param {Key[]} keys
 * @param {any} before
 * @param {any} after
 * @param {Difference[]} found
 */
function walk(keys, before, after, found) {
  if (keys.length === 1 && keys[0] === "groups" && Array.isArray(before) && Array.isArray(after)) {
    walkGroups(before, after, found);
  } else if (isObject(before) && isObject(after)) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
      walk([...keys, name], before[name] ?? null, after[name] ?? null, found);
    }
  } else if (
    keys.length > 0 &&
    keys.length < 3 &&
    isObject(before ?? after) &&
    keys[0] !== "groups" &&
    (before === null || after === null)
  ) {
    // What was not there at all is compared field by field too.
    walk(keys, before ?? {}, after ?? {}, found);
  } else if (JSON.stringify(before) !== JSON.stringify(after)) {
    found.push({ field: written(keys), keys, before, after });
  }
}

/**
 * Entries are told apart by their group; their order decides whose entry holds, and is told by itself.
 *
 * @param {any[]} before
 * @param {any[]} after
 * @param {Difference[]} found
 */
function walkGroups(before, after, found) {
  const names = (/** @type {any[]} */ entries) => entries.map(({ group }) => group ?? "");
  const [old, now] = [names(before), names(after)];
  for (const group of new Set([...old, ...now])) {
    const [one, other] = [before, after].map(
      (entries) => entries.find((entry) => (entry.group ?? "") === group) ?? null,
    );
    walk(["groups", { group }], one, other, found);
  }
  const kept = (/** @type {string[]} */ of, /** @type {string[]} */ others) =>
    of.filter((one) => others.includes(one)).join("\n");
  if (kept(old, now) !== kept(now, old)) {
    found.push({ field: `groups ${ORDER}`, keys: ["groups", ORDER], before: old, after: now });
  }
}

/** @param {Key[]} keys */
function written(keys) {
  return keys.reduce(
    (/** @type {string} */ path, key) =>
      typeof key === "object" ? `${path}[${key.group}]` : path ? `${path}.${key}` : key,
    "",
  );
}

/**
 * Puts the value of one field into a document.
 *
 * @param {Settings} document changed in place
 * @param {Key[]} keys
 * @param {any} value
 */
export function put(document, keys, value) {
  if (keys[0] === "groups" && keys[1] === ORDER) {
    const place = (/** @type {any} */ entry) =>
      value.includes(entry.group) ? value.indexOf(entry.group) : value.length;
    document.groups.sort((/** @type {any} */ one, /** @type {any} */ other) => place(one) - place(other));
    return;
  }
  const last = keys.length - 1;
  let at = document;
  keys.forEach((key, index) => {
    if (typeof key === "object") {
      const found = at.findIndex((/** @type {any} */ entry) => entry.group === key.group);
      if (index < last) {
        at = at[found] ?? {};
        return;
      }
      if (value === null) at.splice(found, found < 0 ? 0 : 1);
      else if (found < 0) at.push(structuredClone(value));
      else at[found] = structuredClone(value);
    } else if (index < last) {
      at[key] ??= {};
      at = at[key];
    } else {
      at[key] = structuredClone(value);
    }
  });
}
