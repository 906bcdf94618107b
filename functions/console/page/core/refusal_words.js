// What the API refuses, in words for people: no name of a field, a route or a header of its, and where a setting decides,
// the way there. Everything that shows a refusal takes its words from here.

import { h, textOf } from "./dom.js";
import { isKey, spoken, t } from "./words.js";

/** @typedef {{ field: string, code?: string, detail: string, parameters?: { [name: string]: string } }} Refused */

/** What fields of a user are called. @type {{ [field: string]: import("./words.js").Key }} */
const FIELDS = {
  email: "user.email",
  name: "user.name",
  displayName: "user.name",
  groups: "user.groups",
  externalId: "user.externalId",
  userName: "user.userName",
  directory: "user.directory",
  locale: "user.language",
  timeZone: "user.timeZone",
  enabled: "account.enabled",
  ownership: "owner.switch",
  reason: "action.reason",
  to: "settings.test.to",
};

/** @param {string} field as the API writes it */
export function fieldLabel(field) {
  const [plain = ""] = field.split(/[.[]/);
  const key = FIELDS[plain];
  if (key) return t(key);
  const setting = `settings.name.${field.replace(/\[\d*\].*$/, "")}`;
  return isKey(setting) ? t(setting) : field;
}

/** What is only for programs. */
const FOR_PROGRAMS = /(GET|POST|PUT|PATCH|DELETE) \/|\bETag\b|If-Match|\binvite(=| to )|\u0060/;

/** A place in the settings, as the API names it. */
const PLACE =
  /\b(?:sender|organisation|registration|reminders|confirmation|enrolment|branding|administrators|retention)\.[a-zA-Z.]+/g;

/**
 * A sentence of the API without what is only for programs.
 *
 * @param {string} detail
 */
function plain(detail) {
  const clauses = detail.split(/(?<=[.;]) |, or (?=set invite|import with)/);
  const kept = clauses.filter((clause) => !FOR_PROGRAMS.test(clause));
  const text = (kept.length > 0 ? kept.join(" ") : detail).replace(/[;,]$/, ".").replace(PLACE, (path) => {
    const key = `settings.name.${path}`;
    return isKey(key) ? `“${t(key)}”` : path;
  });
  const said = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(said) ? said : `${said}.`;
}

/** Codes that are said alike. @type {{ [code: string]: string }} */
const ALIKE = {
  empty: "missing",
  controlCharacter: "characters",
  character: "characters",
  invisibleCharacter: "characters",
  separator: "cellSeparator",
  notABoolean: "notBoolean",
  neitherTrueNorFalse: "notBoolean",
  unknownEnrollmentType: "wrongType",
  impossibleTime: "malformedTime",
};

/**
 * The way to the domains that may be invited.
 *
 * @param {string} what also to be said
 * @param {string | undefined} domain
 */
function domain(what, domain) {
  return [
    domain ? t("refusal.domain", { domain }) : t("skip.domainNotAllowed"),
    " ",
    what,
    " ",
    h("a", { href: "#/settings/sender" }, t("settings.name.sender.recipientDomains")),
  ];
}

/**
 * What the API has against a field, as a sentence.
 *
 * @param {Refused} refused
 * @returns {import("./dom.js").Single[]}
 */
export function refusal({ code = "", detail, parameters = {} }) {
  if (code === "domainNotAllowed") {
    const found = parameters["domain"];
    const how = /invitation is open/.test(detail) ? "edit" : /invite/.test(detail) && found ? "add" : "other";
    return domain(t(`refusal.domain.${how}`), found);
  }
  // In English the API's own sentence says more: which characters, which of the columns.
  if (spoken() === "en" && !FOR_PROGRAMS.test(detail)) return [plain(detail)];
  const plainly = `refusal.${ALIKE[code] ?? code}`;
  const bounded = `${plainly}.most`;
  const key = parameters["most"] !== undefined && isKey(bounded) ? bounded : plainly;
  return [isKey(key) ? t(key, valuesOf(parameters)) : plain(detail)];
}

/**
 * What a refusal says in numbers and names, with numbers as the reader's language writes them.
 *
 * @param {{ [name: string]: string }} parameters
 */
function valuesOf(parameters) {
  const written = Object.entries(parameters).map(([name, value]) => [
    name,
    /^\d+$/.test(value) ? Number(value) : value,
  ]);
  return Object.fromEntries(written);
}

/** The same without a link. @param {Refused} refused */
export function refusalText(refused) {
  return textOf(refusal(refused));
}

/**
 * What a whole request was refused for.
 *
 * @param {Schema<"Problem">} problem
 * @returns {import("./dom.js").Single[]}
 */
export function problemWords({ type, detail, errors, reason, role }) {
  const code = type.split(":").at(-1) ?? "";
  if (reason === "domainNotAllowed") return domain(t("refusal.domain.other"), undefined);
  const why = `jobs.why.${reason}`;
  if (reason && isKey(why)) return [t(why)];
  const key = `problem.${code}`;
  const [first] = errors ?? [];
  if (isKey(key) && !(code === "not-permitted" && !role)) return [t(key, { role: role ?? "" })];
  if ((code === "invalid-fields" || code === "invalid-file") && first) {
    const said = (errors ?? []).slice(0, 5).map((one) => [`${fieldLabel(one.field)}: `, ...refusal(one), " "]);
    return said.flat();
  }
  return [plain(detail)];
}

/**
 * Why a mail stands where it stands, or was not sent.
 *
 * @param {string | null | undefined} code
 * @param {string | null | undefined} detail what the API says, in English
 */
export function mailReason(code, detail) {
  const key = `mailReason.${code}`;
  return isKey(key) ? t(key, { reason: detail ?? "" }) : (detail ?? "");
}
