// How people register, and how likely somebody who guesses hits an invitation.

import { notice } from "../../core/controls.js";
import { h, replace } from "../../core/dom.js";
import { named, number, t } from "../../core/words.js";
import { boundNumber, boundRadio, boundSwitch } from "./bound.js";
import { changed, open, tidy } from "./document.js";
import { guessing, MAX_CHANCE } from "./guessing.js";

const METHODS = ["pin", "passwordAndPin", "password", "qrCode"];

/** @param {AbortSignal} signal */
export function show(signal) {
  return [
    h(
      "section",
      { class: "card" },
      boundRadio({
        path: "registration.method",
        label: t("settings.registration.method"),
        options: METHODS.map((value) => ({
          value,
          label: named("method", value),
          hint: named("settings.registration.method", value),
        })),
      }),
      boundNumber({
        path: "registration.lifetimeHours",
        label: t("settings.registration.lifetime"),
        hint: t("settings.registration.lifetime.hint"),
        min: 1,
        max: 720,
        unit: t("settings.hours"),
      }),
      boundSwitch({
        path: "registration.allowPinRequest",
        label: t("settings.registration.request"),
        hint: t("settings.registration.request.hint"),
      }),
    ),
    h(
      "section",
      { class: "card" },
      h("h2", null, t("settings.registration.devices")),
      boundNumber({
        path: "registration.deviceLimit",
        label: t("settings.registration.limit"),
        hint: t("settings.registration.limit.hint"),
        min: 0,
        max: 500,
        unit: t("settings.devices"),
      }),
      boundSwitch({
        path: "registration.personMayChoose",
        label: t("settings.registration.choose"),
        hint: t("settings.registration.choose.hint"),
      }),
      boundSwitch({
        path: "registration.useStatedOwnership",
        label: t("settings.registration.stated"),
        hint: t("settings.registration.stated.hint"),
      }),
    ),
    h(
      "section",
      { class: "card beside" },
      h(
        "div",
        null,
        h("h2", null, t("settings.registration.pins")),
        boundNumber({
          path: "registration.pin.length",
          label: t("settings.registration.length"),
          min: 4,
          max: 12,
          unit: t("settings.symbols"),
        }),
        boundRadio({
          path: "registration.pin.alphabet",
          label: t("settings.registration.alphabet"),
          options: ["digits", "unambiguous"].map((value) => ({
            value,
            label: named("settings.alphabet", value),
            hint: named("settings.alphabet.hint", value),
          })),
        }),
        boundNumber({
          path: "registration.pin.tries",
          label: t("settings.registration.tries"),
          hint: t("settings.registration.tries.hint"),
          min: 1,
          max: 10,
          unit: t("settings.tries"),
        }),
      ),
      guessingPanel(signal),
    ),
  ];
}

/** @param {AbortSignal} signal */
export function guessingPanel(signal) {
  const place = h("div", { class: "guessing", role: "status", "aria-label": t("settings.guessing.title") });
  const write = () => {
    const settings = tidy();
    const all = [settings.registration, ...settings.groups.map((/** @type {any} */ group) => group.registration ?? {})];
    const numbers = all
      .flatMap((one) => [one.lifetimeHours, one.pin?.length, one.pin?.tries])
      .every((value) => value === undefined || value === null || typeof value === "number");
    // While a number is being typed, the last figure stays.
    if (!numbers) return;
    const found = guessing(settings, open());
    const text = JSON.stringify(found);
    if (place.dataset["written"] === text) return;
    place.dataset["written"] = text;
    replace(place, ...report(found));
  };
  changed.addEventListener("changed", write, { signal });
  write();
  return place;
}

/** @param {import("./guessing.js").Guessing} guessing */
function report({ chance, expectedHits, bits, hours, warnings, refused }) {
  const one = Math.floor(1 / chance);
  const texts = {
    expected: () => t("settings.guessing.warn.expected", { hits: number(Number(expectedHits.toFixed(2))) }),
    bits: () => t("settings.guessing.warn.bits", { bits: Number(bits.toFixed(1)) }),
    hours: () => t("settings.guessing.warn.hours", { hours }),
  };
  return [
    h("h2", { class: "panel-head" }, t("settings.guessing.title")),
    h(
      "p",
      { class: "guessing-chance", dataset: { chance: String(chance) } },
      t("settings.guessing.chance", { one: number(one) }),
    ),
    meter(chance),
    h("p", { class: "hint" }, t("settings.guessing.means")),
    h(
      "dl",
      { class: "guessing-facts" },
      h(
        "div",
        null,
        h("dt", null, t("settings.guessing.bits")),
        h("dd", null, t("settings.guessing.bitsOf", { bits: Number(bits.toFixed(1)) })),
      ),
      h("div", null, h("dt", null, t("settings.guessing.open")), h("dd", null, number(open()))),
      h(
        "div",
        null,
        h("dt", null, t("settings.guessing.expected")),
        h(
          "dd",
          { dataset: { expected: String(expectedHits) } },
          expectedHits < 0.01 ? t("settings.guessing.almostNone") : number(Number(expectedHits.toFixed(2))),
        ),
      ),
    ),
    refused && notice("bad", h("p", null, t("settings.guessing.refused"))),
    ...warnings.map((kind) => notice("warn", h("p", null, texts[kind]()))),
  ];
}

/**
 * How far the chance is from what is refused, by powers of ten.
 *
 * @param {number} chance
 */
function meter(chance) {
  const far = Math.min(1, Math.max(0.02, (Math.log10(MAX_CHANCE) - Math.log10(Math.max(chance, 1e-16))) / 9));
  const tone = chance > MAX_CHANCE ? "bad" : far < 0.25 ? "warn" : "good";
  return h(
    "div",
    { class: `guessing-meter ${tone}`, "aria-hidden": "true" },
    h("span", { style: { "inline-size": `${Math.round(far * 100)}%` } }),
  );
}
