// The words of the console in the reader's language. Every visible word goes through `t`.

/** @typedef {keyof typeof import("../words/en.json")} Key */
/** @typedef {{ [name: string]: string | number }} Values */

/** As far as they were needed yet. @type {{ [key: string]: string | { [form: string]: string } }} */
let words = {};
let language = "en";
// Made when they are first needed: a browser's first use of either takes as long as all else that a page begins with.
/** @type {Intl.PluralRules | null} */
let plurals = null;
/** @type {Intl.NumberFormat | null} */
let numbers = null;

/** The languages that there are words in, as their tags. */
export const languages = (document.documentElement.dataset["languages"] || "en").split(" ");

/** The language that is spoken now. */
export function spoken() {
  return language;
}

/**
 * The language for a reader who prefers these: the first that there are words in, whatever its region.
 *
 * @param {readonly string[]} preferred
 */
export function bestOf(preferred) {
  for (const tag of preferred) {
    // A region says nothing of the script where there is one script only.
    const plainly = languages.find((known) => tag === known || tag.replace(/-[A-Z]{2}$/, "") === known);
    if (plainly) return plainly;
    const wanted = new Intl.Locale(tag).maximize();
    const same = languages.find((known) => {
      const offered = new Intl.Locale(known).maximize();
      return offered.language === wanted.language && offered.script === wanted.script;
    });
    if (same) return same;
  }
  return "en";
}

/** What was chosen, or what the browser prefers. */
function preferred() {
  try {
    const chosen = localStorage.getItem("beckon.language");
    if (chosen && languages.includes(chosen)) return chosen;
  } catch {
    // Storage may be switched off.
  }
  return bestOf(navigator.languages);
}

/**
 * The language with the region that the browser names, for dates and numbers: English words with British dates.
 */
export function regional() {
  return (
    navigator.languages.find(
      (tag) => tag !== language && bestOf([tag]) === language && tag.startsWith(language.slice(0, 2)),
    ) ?? language
  );
}

/**
 * The words of a language come in two parts, which the build makes (build/words.rs): `first` are those that the modules
 * of the first page name, `rest` are all others.
 *
 * @param {string} tag
 * @param {"first" | "rest"} part
 */
async function wordsOf(tag, part) {
  const answer = await fetch(new URL(`../words/${tag}/${part}.json`, import.meta.url)).catch(() => null);
  // As the browser says it of a module that cannot be had.
  if (!answer?.ok) throw new TypeError(`the words of ${tag} cannot be imported: ${answer?.status}`);
  return answer.json();
}

/** @type {Promise<void> | null} */
let fetchingRest = null;

async function fetchRest() {
  const tag = language;
  const rest = await wordsOf(tag, "rest");
  if (tag === language) words = { ...words, ...rest };
}

/**
 * What a module offers that is not among those of the first page, once the words that it needs are there.
 *
 * @template Module
 * @param {Promise<Module>} loading
 * @returns {Promise<Module>}
 */
export async function withWords(loading) {
  fetchingRest ??= fetchRest();
  try {
    const [module] = await Promise.all([loading, fetchingRest]);
    return module;
  } catch (error) {
    fetchingRest = null;
    throw error;
  }
}

/**
 * Speaks the preferred language, or English where its words cannot be had. Answers which could not.
 *
 * @returns {Promise<string | null>}
 */
export async function speakSomething() {
  const wanted = preferred();
  try {
    await speak(wanted);
    return null;
  } catch (error) {
    if (wanted === "en") throw error;
    await speak("en");
    return wanted;
  }
}

/**
 * Fetches the words of a language and speaks it from then on.
 *
 * @param {string} [tag] the preferred one if absent
 */
export async function speak(tag = preferred()) {
  const parts = await Promise.all([wordsOf(tag, "first"), fetchingRest && wordsOf(tag, "rest")]);
  words = { ...parts[0], ...parts[1] };
  language = tag;
  plurals = null;
  numbers = null;
  document.documentElement.lang = tag;
  document.documentElement.dir = tag === "ar" ? "rtl" : "ltr";
}

/**
 * Remembers the language for the next time.
 *
 * @param {string} tag
 */
export function remember(tag) {
  try {
    localStorage.setItem("beckon.language", tag);
  } catch {
    // It holds until the page is closed then.
  }
}

/**
 * The text with its placeholders, in the form for `values.count`.
 *
 * @param {Key} key
 * @param {{ [name: string]: unknown }} [values]
 */
function form(key, values) {
  const text = words[key];
  if (text === undefined) throw new Error(`there is no text ${key}`);
  if (typeof text === "string") return text;
  const count = Number(values?.["count"] ?? 0);
  plurals ??= new Intl.PluralRules(language);
  return text[plurals.select(count)] ?? text["other"] ?? "";
}

/**
 * A text. Numbers are written as the language writes them; which form of a text with a plural is taken depends on
 * `count`.
 *
 * @param {Key} key
 * @param {Values} [values]
 * @returns {string}
 */
export function t(key, values) {
  return form(key, values).replace(/\{(\w+)\}/g, (_, name) => said(values?.[name]));
}

/**
 * A text with elements in it: a list of texts and nodes.
 *
 * @param {Key} key
 * @param {{ [name: string]: string | number | Node }} values
 * @returns {(string | Node)[]}
 */
export function parts(key, values) {
  return form(key, values)
    .split(/(\{\w+\})/)
    .filter((part) => part !== "")
    .map((part) => {
      const name = /^\{(\w+)\}$/.exec(part)?.[1];
      if (name === undefined) return part;
      const value = values[name];
      return value instanceof Node ? value : said(value);
    });
}

/** @param {string | number | undefined} value */
function said(value) {
  return typeof value === "number" ? number(value) : (value ?? "");
}

/**
 * A number as the language writes it. Small ones are written alike in all languages but Arabic.
 *
 * @param {number} value
 */
export function number(value) {
  if (language !== "ar" && Number.isInteger(value) && value >= 0 && value < 1_000) return String(value);
  numbers ??= new Intl.NumberFormat(regional());
  return numbers.format(value);
}

/**
 * Whether there is such a text, for keys made of what an API answers: a later version of it may say more.
 *
 * @param {string} key
 * @returns {key is Key}
 */
export function isKey(key) {
  return Object.hasOwn(words, key);
}

/**
 * The text of what an API names, or its name where this console does not know it.
 *
 * @param {string} group
 * @param {string | null | undefined} name
 */
export function named(group, name) {
  const key = `${group}.${name}`;
  return isKey(key) ? t(key) : (name ?? "");
}
