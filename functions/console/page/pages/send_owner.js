// The switch "Device owner settings" of the invitation preview.

import { h, replace, uniqueId } from "../core/dom.js";
import { checkField, radioField, switchField } from "../core/fields.js";
import { named, t } from "../core/words.js";

/** @typedef {Schema<"OwnershipChoice"> | null} Choice */

/**
 * @param {{ onChange: () => void }} what
 */
export function ownerPanel({ onChange }) {
  /** @type {Choice} */
  let choice = null;
  /** @type {Choice} */
  let last = "userOwned";
  const effect = h("div", { class: "owner-effect", id: uniqueId("effect") });
  const toggle = switchField({
    name: "ownership",
    label: t("owner.switch"),
    hint: t("owner.hint"),
    on: { change: () => set(toggle.input.checked ? last : null) },
  });
  const radios = radioField({
    name: "choice",
    label: t("owner.choice"),
    value: "userOwned",
    options: [
      { value: "userOwned", label: t("owner.userOwned"), hint: t("owner.userOwned.hint") },
      { value: "companyOwned", label: t("owner.companyOwned"), hint: t("owner.companyOwned.hint") },
    ],
    onChange: (value) => {
      last = value === "companyOwned" ? "companyOwned" : "userOwned";
      set(last);
    },
  });
  const chosen = h("div", { class: "owner-choice", hidden: true }, radios.element);
  const keepHint = h("p", { class: "hint" });
  const keeping = checkField({
    name: "keepOwnership",
    label: t("owner.keep"),
    checked: true,
    on: { change: () => onChange() },
  });
  const kept = h("div", { class: "owner-kept", hidden: true }, keeping.element, keepHint);
  const element = h("section", { class: "owner" }, toggle.element, chosen, kept, effect);
  /** Of how many it was set before, as far as they are counted. */
  let known = 0;
  let whole = false;

  /** @param {Choice} to */
  const set = (to) => {
    choice = to;
    toggle.setError(null);
    chosen.hidden = to === null;
    kept.hidden = to !== null || known === 0;
    onChange();
  };

  return {
    element,
    get choice() {
      return choice;
    },
    /** Whether each one keeps what their earlier invitation says, as long as nothing else is chosen. */
    get keep() {
      return choice === null && keeping.input.checked && !(whole && known === 0);
    },
    /** @param {import("./send_count.js").Tally} tally */
    count(tally) {
      known = tally.kept;
      whole = tally.state === "whole";
      kept.hidden = choice !== null || known === 0;
      keepHint.textContent = t("owner.keep.hint", { count: known });
    },
    /** @param {Schema<"PreviewView">} preview */
    show(preview) {
      const notReached = preview.recipients.filter((one) => one.outcome !== "skipped" && one.ownershipReason);
      // As long as it can reach nobody, it cannot be switched: the note says why.
      const useless = !preview.ownership.applies && !preview.next && preview.recipients.length > 0;
      toggle.input.disabled = useless;
      toggle.element.classList.toggle("off", useless);
      const methods = new Set(notReached.map(({ method }) => named("method", method)));
      replace(
        effect,
        notReached.length > 0 &&
          h(
            "p",
            { class: "hint" },
            preview.ownership.applies
              ? t("owner.notAll", { count: notReached.length, methods: [...methods].join(", ") })
              : t("owner.none", { methods: [...methods].join(", ") || named("method", preview.method) }),
          ),
        choice !== null && h("p", { class: "hint" }, t("owner.supervised")),
      );
    },
    /** @param {string} why */
    refuse(why) {
      choice = null;
      toggle.input.checked = false;
      chosen.hidden = true;
      toggle.setError(`${t("owner.refused")} ${why}`);
    },
  };
}
