// The chance that somebody who guesses hits an invitation, by the rule of the API's `guessing`, for settings that are
// not saved yet. A browser test holds it against the API's own figures.

/** As in shared/domain/src/values/guessing.rs. */
const MAX_RENEWALS = 3;
export const MAX_CHANCE = 1 / 1_000;
const MAX_EXPECTED_HITS = 1 / 100;
const NIST_BITS = 20;
const NIST_HOURS = 24;

/** @type {{ [alphabet: string]: number }} */
const SYMBOLS = { digits: 10, unambiguous: 28 };

/** What holds where nothing is written. */
const DEFAULTS = {
  method: "pin",
  lifetimeHours: 168,
  allowPinRequest: true,
  pin: { length: 8, alphabet: "digits", tries: 5 },
};

/**
 * @typedef {object} Guessing
 * @property {number} chance
 * @property {number} expectedHits
 * @property {number} bits
 * @property {number} hours
 * @property {("expected" | "bits" | "hours")[]} warnings
 * @property {boolean} refused whether the API refuses to save it
 */

/**
 * What is written, over what holds otherwise.
 *
 * @param {any} written
 * @param {any} otherwise
 */
function over(written, otherwise) {
  const given = Object.entries(written ?? {}).filter(([, value]) => value !== null && value !== undefined);
  return { ...otherwise, ...Object.fromEntries(given) };
}

/**
 * @param {any} written
 * @param {any} otherwise
 */
function registration(written, otherwise) {
  return { ...over(written, otherwise), pin: over(written?.pin, otherwise.pin) };
}

/** @param {any} registration */
function chanceOf({ pin, allowPinRequest }) {
  const space = (SYMBOLS[pin.alphabet] ?? 1) ** pin.length;
  const issue = Math.min(pin.tries / space, 1);
  return 1 - (1 - issue) ** (allowPinRequest ? 1 + MAX_RENEWALS : 1);
}

/** @param {any} registration */
const usesPin = ({ method }) => method === "pin" || method === "passwordAndPin";

/**
 * The weakest of those that use PINs says what a guesser finds.
 *
 * @param {any} settings
 * @param {number} open how many invitations are open
 * @returns {Guessing}
 */
export function guessing(settings, open) {
  const everybody = registration(settings.registration, DEFAULTS);
  const others = (settings.groups ?? [])
    .filter((/** @type {any} */ entry) => entry.registration)
    .map((/** @type {any} */ entry) => registration(entry.registration, everybody));
  const weakest =
    [everybody, ...others]
      .filter(usesPin)
      .reduce((/** @type {any} */ one, other) => (one && chanceOf(one) > chanceOf(other) ? one : other), null) ??
    everybody;
  const chance = chanceOf(weakest);
  const expectedHits = chance * open;
  const bits = weakest.pin.length * Math.log2(SYMBOLS[weakest.pin.alphabet] ?? 1);
  /** @type {Guessing["warnings"]} */
  const warnings = [];
  if (expectedHits > MAX_EXPECTED_HITS) warnings.push("expected");
  if (bits < NIST_BITS) warnings.push("bits");
  if (weakest.lifetimeHours > NIST_HOURS) warnings.push("hours");
  return {
    chance,
    expectedHits,
    bits,
    hours: weakest.lifetimeHours,
    warnings,
    refused: usesPin(weakest) && chance > MAX_CHANCE * (1 + 1e-9),
  };
}
