// The words of the console in the reader's language. Every visible word goes through `t`.

/** @typedef {keyof typeof import("../words/en.json")} Key */
/** @typedef {{ [name: string]: string | number }} Values */

/** @type {{ [key: string]: string | { [form: string]: string } }} */
let words = {};
let language = "en";
let plurals = new Intl.PluralRules("en");
let numbers = new Intl.NumberFormat("en");

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

/** @param {string} tag */
async function wordsOf(tag) {
  const answer = await fetch(new URL(`../words/${tag}.json`, import.meta.url));
  if (!answer.ok) throw new Error(`the words of ${tag} answered ${answer.status}`);
  return answer.json();
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
  words = await wordsOf(tag);
  language = tag;
  plurals = new Intl.PluralRules(tag);
  numbers = new Intl.NumberFormat(tag);
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
  return typeof value === "number" ? numbers.format(value) : (value ?? "");
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
