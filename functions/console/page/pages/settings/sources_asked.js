// Device managements that are asked: for their devices, those that send nothing; whose a device is, some of the others.
// Where each is asked, and by which credentials, which are set and never shown.

import { announce } from "../../core/announce.js";
import { api } from "../../core/api.js";
import { badge, busy, button, notice } from "../../core/controls.js";
import { ask } from "../../core/dialog.js";
import { h, replace, uniqueId } from "../../core/dom.js";
import { failure } from "../../core/failure.js";
import { checkField, textField } from "../../core/fields.js";
import { form, showRefusal } from "../../core/form.js";
import { moment, relative } from "../../core/format.js";
import { isKey, t } from "../../core/words.js";
import { boundNumber, boundText, editable, watched } from "./bound.js";
import { get, set } from "./document.js";

/** @typedef {Schema<"DeviceSourceView">} Source */

/**
 * @typedef {object} Asked
 * @property {string} name as the system calls itself
 * @property {"tenant" | "neurons" | "epmm" | null} more what is said besides the address
 * @property {string} example an address of its kind
 * @property {"clientSecret" | "account" | "token" | "key" | "keyFile"} credentials
 */

/**
 * @typedef {object} AlsoAsked
 * @property {string} example an address of its kind
 * @property {boolean} [usual] whether that is the address where nothing else is said
 * @property {boolean} [client] whether tokens are given to a client, which is named
 * @property {boolean} [enterprise] whether enrolment tokens alone are asked for, and for which enterprise
 * @property {Asked["credentials"]} credentials
 */

/** The systems that are asked, by the API's names. @type {Map<string, Asked>} */
export const ASKED = new Map([
  [
    "intune",
    { name: "Microsoft Intune", more: "tenant", example: "https://graph.microsoft.com", credentials: "clientSecret" },
  ],
  [
    "ivantineurons",
    { name: "Ivanti Neurons", more: "neurons", example: "https://eu1.mobileiron.com", credentials: "account" },
  ],
  ["ivantiepmm", { name: "Ivanti EPMM", more: "epmm", example: "https://epmm.example.com", credentials: "account" }],
  ["kandji", { name: "Kandji", more: null, example: "https://subdomain.api.kandji.io", credentials: "token" }],
]);

/**
 * The systems that send messages and can also be asked, by the API's names: whose a device is that they told of, or for
 * enrolment tokens.
 *
 * @type {Map<string, AlsoAsked>}
 */
export const ALSO_ASKED = new Map([
  ["fleet", { example: "https://fleet.example.com", credentials: "token" }],
  ["simplemdm", { example: "https://a.simplemdm.com", usual: true, credentials: "key" }],
  ["jamf", { example: "https://company.jamfcloud.com", client: true, credentials: "clientSecret" }],
  [
    "android",
    { example: "https://androidmanagement.googleapis.com", usual: true, enterprise: true, credentials: "keyFile" },
  ],
]);

/** The largest number of a space that the field takes. */
const SPACES = 2_147_483_647;

/**
 * Where a source is asked.
 *
 * @param {string} path of the source in the draft
 * @param {Asked} system
 */
export function askedFields(path, { more, example }) {
  const place = `${path}.api`;
  const tenant = more === "tenant";
  const address = boundText({
    path: `${place}.address`,
    label: t("sources.asked.address"),
    hint: t(tenant ? "sources.asked.address.graph" : "sources.asked.address.hint", { example }),
    optional: tenant,
    type: "url",
    placeholder: example,
  });
  /** @param {"space" | "partition"} what */
  const space = (what) =>
    boundNumber({
      path: `${place}.space`,
      label: t(`sources.asked.${what}`),
      hint: t(`sources.asked.${what}.hint`),
      min: 0,
      max: SPACES,
      empty: true,
      optional: true,
    });
  return [
    h("p", { class: "hint" }, t("sources.asked.text")),
    tenant &&
      boundText({ path: `${place}.tenant`, label: t("sources.asked.tenant"), hint: t("sources.asked.tenant.hint") }),
    tenant &&
      boundText({ path: `${place}.clientId`, label: t("sources.asked.client"), hint: t("sources.asked.client.hint") }),
    address,
    more === "neurons" && space("partition"),
    more === "epmm" && space("space"),
  ];
}

/**
 * Whether a source that sends messages is also asked, and where.
 *
 * @param {string} path of the source in the draft
 * @param {string} system as it calls itself
 * @param {AlsoAsked} about
 */
export function alsoAskedFields(path, system, { example, usual = false, client = false, enterprise = false }) {
  const place = `${path}.api`;
  const details = h("div", { class: "stack" });
  const write = () =>
    replace(
      details,
      get(place) != null && [
        enterprise &&
          boundText({
            path: `${place}.tenant`,
            label: t("sources.issuing.enterprise"),
            hint: t("sources.issuing.enterprise.hint", { example: "LC012abc", name: "enterprises/LC012abc" }),
          }),
        boundText({
          path: `${place}.address`,
          label: t("sources.asked.address"),
          hint: t(usual ? "sources.lookUp.address.usual" : "sources.asked.address.hint", { example }),
          optional: usual,
          type: "url",
          placeholder: example,
        }),
        client &&
          boundText({
            path: `${place}.clientId`,
            label: t("sources.lookUp.client"),
            hint: t("sources.lookUp.client.hint", { system }),
          }),
        h("p", { class: "hint" }, t("sources.asked.saveFirst")),
      ],
    );
  // What was typed is there again when the box is ticked again.
  let typed = get(place);
  const own = checkField({
    name: place,
    label: t(enterprise ? "sources.issuing" : "sources.lookUp", { system }),
    hint: enterprise ? t("sources.issuing.hint", { variable: "{token}" }) : t("sources.lookUp.hint"),
    checked: typed != null,
    on: {
      change() {
        typed = get(place) ?? typed;
        set(place, own.input.checked ? (typed ?? {}) : null);
        write();
      },
    },
  });
  own.input.disabled = !editable();
  write();
  return h("div", { class: "stack" }, watched(place, own).element, details);
}

/**
 * How the asking goes, and the credentials: whether there are any, and new ones in their place.
 *
 * @param {Source} source
 * @param {{ signal: AbortSignal, changed: () => Promise<void> }} what
 */
export function askedCard({ name, kind, asked }, { signal, changed }) {
  if (!asked) return [];
  const { address, credentialsSince, lastError, lastFailure, lastRoundAt, lastSuccessAt } = asked;
  const isSet = credentialsSince != null;
  const also = ALSO_ASKED.get(kind);
  const [title, given] = !also
    ? [null, t("sources.credentials.given")]
    : also.enterprise
      ? [t("sources.issuing.title"), t("sources.issuing.given")]
      : [t("sources.lookUp.title"), t("sources.lookUp.given")];
  return [
    title && h("h3", null, title),
    also && !also.enterprise && h("p", { class: "hint" }, t("sources.lookUp.hint")),
    h("p", null, t("sources.asked.at"), " ", h("code", { dir: "ltr" }, address)),
    lastError != null &&
      lastRoundAt != null &&
      notice(
        "warn",
        h("p", null, t("sources.asked.failed", { ago: relative(lastRoundAt) })),
        whyNot(lastFailure, lastError),
      ),
    h(
      "p",
      null,
      lastSuccessAt == null ? t("sources.asked.never") : t("sources.asked.went", { ago: relative(lastSuccessAt) }),
    ),
    h(
      "h3",
      null,
      t("sources.credentials"),
      " ",
      badge(t(isSet ? "sources.credentials.set" : "sources.credentials.notSet"), isSet ? "good" : "warn"),
    ),
    h(
      "p",
      { class: "hint" },
      isSet ? `${t("sources.since", { time: moment(credentialsSince) })}. ` : `${t("sources.credentials.none")} `,
      t("sources.credentials.hint"),
    ),
    credentials(name, {
      kind: (also ?? ASKED.get(kind))?.credentials ?? "token",
      isSet,
      given,
      signal,
      changed,
    }),
  ];
}

/**
 * Why the asking went wrong.
 *
 * @param {Schema<"AskFailureView"> | null | undefined} failed
 * @param {string} sentence as the API says it, for what this console does not know
 */
function whyNot(failed, sentence) {
  const key = `sources.asked.why.${failed?.code}`;
  if (!failed || !isKey(key)) return h("p", { lang: "en", dir: "ltr" }, sentence);
  const { word, status = "" } = failed.parameters;
  return h("p", null, t(key, { status, answer: word ?? status }));
}

/**
 * @param {string} source
 * @param {object} what
 * @param {Asked["credentials"]} what.kind
 * @param {boolean} what.isSet
 * @param {string} what.given what is said when they are set
 * @param {AbortSignal} what.signal
 * @param {() => Promise<void>} what.changed
 */
function credentials(source, { kind, isSet, given, signal, changed }) {
  const path = `/v1/device-event-sources/${encodeURIComponent(source)}/credentials`;
  const trouble = h("div");
  const id = uniqueId("form");
  const account = kind === "account";
  const user = textField({ name: "user", label: t("sources.user"), autocomplete: "off" });
  const secret = textField({
    name: "secret",
    label: t(account ? "sources.password" : `sources.credentials.${kind}`),
    type: "password",
    autocomplete: "new-password",
  });
  const go = button({
    label: t(isSet ? "sources.credentials.replace" : "sources.credentials.give"),
    type: "submit",
    form: id,
  });
  go.setAttribute("aria-label", t("sources.credentials.of", { action: go.textContent ?? "", name: source }));
  const fields = account ? [user, secret] : [secret];

  const give = async () => {
    if (go.getAttribute("aria-disabled") === "true") return;
    replace(trouble);
    for (const field of fields) field.setError(field.input.value.trim() === "" ? t("refusal.missing") : null);
    const empty = fields.find(({ input }) => input.value.trim() === "");
    if (empty) {
      empty.input.focus();
      return;
    }
    const text = account ? `${user.input.value.trim()}:${secret.input.value}` : secret.input.value.trim();
    busy(go, true);
    try {
      // The answer has no body.
      await api.put(path, { secret: text }, { as: "text", signal });
      for (const field of fields) field.input.value = "";
      announce(given);
      await changed();
    } catch (error) {
      if (!signal.aborted) showRefusal(error, [secret], trouble);
    } finally {
      busy(go, false);
    }
  };
  const away = button({
    label: t("sources.remove.short"),
    kind: "quiet",
    async onPress() {
      const title = t("sources.credentials.remove", { name: source });
      const text = t("sources.credentials.remove.text");
      if (!(await ask({ title, text, action: t("sources.remove.short"), danger: true }))) return;
      try {
        await api.delete(path, { as: "text", signal });
        await changed();
      } catch (error) {
        if (!signal.aborted) replace(trouble, failure(error));
      }
    },
  });
  away.setAttribute("aria-label", t("sources.credentials.remove", { name: source }));
  return form(
    id,
    give,
    h(
      "div",
      { class: "two" },
      fields.map(({ element }) => element),
    ),
    trouble,
    h("div", { class: "card-feet" }, go, isSet && away),
  );
}
