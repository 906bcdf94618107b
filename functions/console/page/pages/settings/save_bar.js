// What was changed and is not saved yet, with *Save*. It stands at the foot of every section.

import { alertNow } from "../../core/announce.js";
import { button } from "../../core/controls.js";
import { ask, focusHeading } from "../../core/dialog.js";
import { h, replace } from "../../core/dom.js";
import { failure } from "../../core/failure.js";
import { list } from "../../core/format.js";
import { done } from "../../core/toast.js";
import { t } from "../../core/words.js";
import { resolve } from "./conflict.js";
import { changed, changes, discard, errors, hasObjections, save } from "./document.js";
import { fieldName } from "./names.js";

/** How many changed fields are named one by one. */
const NAMED = 4;

/**
 * @param {object} what
 * @param {AbortSignal} what.signal
 * @param {() => void} what.again shows the section anew
 * @param {(field: string) => void} what.toError brings the reader to a field that must be put right
 */
export function saveBar({ signal, again, toError }) {
  const said = h("p", { class: "save-text", role: "status" });
  const trouble = h("div", { class: "save-trouble" });
  const saving = button({ label: t("settings.save"), kind: "main", onPress: () => run() });
  const discarding = button({ label: t("settings.discard"), onPress: () => drop() });
  const element = h(
    "div",
    { class: "save-bar", hidden: true },
    trouble,
    h("div", { class: "save-line" }, said, h("div", { class: "save-actions" }, discarding, saving)),
  );

  const write = () => {
    const fields = changes().map(({ field }) => fieldName(field));
    const appears = element.hidden && fields.length > 0;
    element.hidden = fields.length === 0;
    // It comes up over the foot of the page: the field that is being changed stays in sight.
    if (appears) requestAnimationFrame(() => document.activeElement?.scrollIntoView({ block: "nearest" }));
    if (fields.length === 0) replace(trouble);
    const names =
      fields.length > NAMED ? [...fields.slice(0, NAMED), t("names.more", { count: fields.length - NAMED })] : fields;
    const text = fields.length === 0 ? "" : t("settings.unsaved", { count: fields.length, names: list(names) });
    if (said.textContent !== text) said.textContent = text;
  };

  const run = async () => {
    replace(trouble);
    if (hasObjections()) {
      refuse();
      return;
    }
    try {
      const other = await save();
      if (other === null) {
        done(t("settings.saved"));
        again();
        // The bar with the button is gone.
        if (document.activeElement === document.body || element.contains(document.activeElement)) focusHeading();
        return;
      }
      const decided = await resolve(other);
      again();
      if (decided) await run();
    } catch (error) {
      if (errors().length > 0) refuse();
      else replace(trouble, failure(error, { again: run }), h("p", { class: "hint" }, t("settings.kept")));
    }
  };

  const refuse = () => {
    const wrong = errors();
    alertNow(t("field.wrong", { count: wrong.length }));
    replace(trouble, h("p", { class: "error" }, t("settings.notSaved", { count: wrong.length })));
    if (wrong[0]) toError(wrong[0][0]);
  };

  const drop = async () => {
    if (
      !(await ask({
        title: t("settings.discard.title"),
        text: t("settings.discard.text", { names: list(changes().map(({ field }) => fieldName(field))) }),
        action: t("settings.discard"),
        danger: true,
      }))
    )
      return;
    discard();
    done(t("settings.discarded"));
    again();
  };

  changed.addEventListener("changed", write, { signal });
  write();
  return element;
}
