// The settings that are being edited: what is saved, what was typed, and what is wrong with it. One draft serves all
// sections, and survives going from one to another, a reload, and signing in again.

import { ApiError, api } from "../../core/api.js";
import { keepDraft, keptDraft } from "../../core/draft.js";
import { refusalText } from "../../core/refusal_words.js";
import { compare, put, same } from "./compare.js";

/** @typedef {import("./compare.js").Settings} Settings */

const KEPT = "settings";

/** Tells `changed` when the draft, what is saved, or what is wrong with it became another. */
export const changed = new EventTarget();

/** @type {Settings | null} */
let saved = null;
/** @type {Settings} */
let draft = {};
/** @type {string | null} */
let etag = null;
let openInvitations = 0;
/** What the API has against what was typed, by field. @type {Map<string, string>} */
let wrong = new Map();
/** What a field itself has against it: until it is put right, nothing is sent. @type {Map<string, string>} */
let own = new Map();
/** Whether what was typed before a reload is here again. */
let restored = false;

function tell() {
  keep();
  changed.dispatchEvent(new Event("changed"));
}

function keep() {
  keepDraft(KEPT, isChanged() ? { saved, draft, etag, own: [...own] } : null);
}

/**
 * The document without what only answers carry, and without what a group leaves to everybody else.
 *
 * @param {any} body
 * @returns {Settings}
 */
function documentOf({ version, guessing, advice, ...document }) {
  return { ...document, groups: document.groups.map(pruned) };
}

/**
 * Without members that are null or empty.
 *
 * @param {any} value
 * @returns {any}
 */
function pruned(value) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const members = Object.entries(value).map(([name, member]) => [
    name,
    name === "quietHours" ? hours(member) : pruned(member),
  ]);
  return Object.fromEntries(
    members.filter(
      ([, member]) => member !== null && !(typeof member === "object" && Object.keys(member).length === 0),
    ),
  );
}

/** Quiet hours, of which one moment alone is for the API to refuse; without either there are none. @param {any} value */
const hours = (value) => (value && !value.from && !value.to ? null : value);

/** @param {{ data: any, etag: string | null }} answer */
function take({ data, etag: tag }) {
  saved = documentOf(data);
  draft = structuredClone(saved);
  etag = tag;
  openInvitations = data.guessing.openInvitations;
  forgiveAll();
}

/**
 * Reads the settings, unless something was typed that they would undo. Answers whether they are others than before.
 *
 * @param {AbortSignal} signal
 */
export async function load(signal) {
  if (!saved) restore();
  const answer = await api.get("/v1/settings", { signal });
  openInvitations = answer.data.guessing.openInvitations;
  if (isChanged()) return false;
  const other = answer.etag !== etag;
  take(answer);
  if (other) tell();
  return other;
}

function restore() {
  const kept = keptDraft(KEPT);
  if (!kept) return;
  ({ saved, draft, etag } = kept);
  own = new Map(kept.own);
  restored = true;
}

/** Whether what was typed before a reload is here again; said once. */
export function wasRestored() {
  const was = restored;
  restored = false;
  return was;
}

export function isLoaded() {
  return saved !== null;
}

export function isChanged() {
  return saved !== null && !same(saved, tidy());
}

/** Each field that was changed and is not saved. */
export function changes() {
  return saved ? compare(saved, tidy()) : [];
}

/** What would be saved. */
export function tidy() {
  const document = structuredClone(draft);
  const desk = document.organisation?.helpDesk;
  if (desk && !desk.name && !desk.email && !desk.phone) document.organisation.helpDesk = null;
  if (document.reminders?.quietHours) document.reminders.quietHours = hours(document.reminders.quietHours);
  if (Array.isArray(document.groups)) document.groups = document.groups.map(pruned);
  return document;
}

/** How many invitations are open, for the guessing chance. */
export function open() {
  return openInvitations;
}

/** @param {string} path like `groups[1].registration.pin.length` */
function keysOf(path) {
  return path.split(/[.[\]]+/).filter(Boolean);
}

/**
 * What is typed at a place.
 *
 * @param {string} path
 */
export function get(path) {
  return keysOf(path).reduce((/** @type {any} */ at, key) => at?.[key], draft);
}

/**
 * @param {string} path
 * @param {any} value
 */
export function set(path, value) {
  const keys = keysOf(path);
  const last = keys.pop() ?? "";
  const holder = keys.reduce((/** @type {any} */ at, key) => {
    at[key] ??= {};
    return at[key];
  }, draft);
  holder[last] = value;
  forgive(path);
  tell();
}

/**
 * What is wrong with a field, or with an entry of it.
 *
 * @param {string} path
 */
export function errorAt(path) {
  for (const [field, text] of errors()) {
    if (field === path || field.startsWith(`${path}[`)) return text;
  }
  return null;
}

/** The fields that something is wrong with. */
export function errors() {
  return [...own, ...wrong];
}

/** Whether a field holds what cannot be sent, so that something else would be saved than what is seen. */
export function hasObjections() {
  return own.size > 0;
}

function forgiveAll() {
  wrong = new Map();
  own = new Map();
}

/** @param {string} path */
function forgive(path) {
  for (const said of [own, wrong]) {
    for (const field of [...said.keys()]) {
      const within = field === path || field.startsWith(`${path}[`) || field.startsWith(`${path}.`);
      // What is wrong with a whole may be put right by one of its parts.
      const around = path.startsWith(`${field}.`);
      if (within || around) said.delete(field);
    }
  }
}

/**
 * Says what a field itself has against what was typed; null if nothing.
 *
 * @param {string} path
 * @param {string | null} text
 */
export function object(path, text) {
  if (text === null) own.delete(path);
  else own.set(path, text);
  tell();
}

/** @param {readonly import("../../core/refusal_words.js").Refused[]} errors */
export function objections(errors) {
  for (const one of errors) wrong.set(one.field, refusalText(one));
  tell();
}

export function discard() {
  if (!saved) return;
  draft = structuredClone(saved);
  forgiveAll();
  tell();
}

/**
 * Saves what was typed in the place of what was read. Answers null, or the settings that somebody else saved
 * meanwhile. What was typed stays whatever happens.
 *
 * @returns {Promise<{ theirs: Settings, base: Settings, etag: string | null } | null>}
 */
export async function save() {
  const mine = tidy();
  try {
    take(await api.put("/v1/settings", mine, { ifMatch: etag }));
    tell();
    return null;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 422 && error.problem?.errors?.length) objections(error.problem.errors);
    if (error.status !== 412) throw error;
  }
  const now = await api.get("/v1/settings");
  const theirs = documentOf(now.data);
  // The answer to our own request may have been lost on its way.
  if (same(theirs, mine)) {
    take(now);
    tell();
    return null;
  }
  return { theirs, base: saved, etag: now.etag };
}

/**
 * Goes on from what somebody else saved, with these fields of ours in it.
 *
 * @param {{ theirs: Settings, etag: string | null }} other
 * @param {import("./compare.js").Difference[]} ours
 */
export function merge({ theirs, etag: tag }, ours) {
  saved = theirs;
  etag = tag;
  draft = structuredClone(theirs);
  for (const { keys, after } of ours) put(draft, keys, after);
  forgiveAll();
  tell();
}
