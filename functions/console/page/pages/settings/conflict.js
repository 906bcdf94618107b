// Somebody saved the settings first: both versions beside each other, field by field, and which is to hold.

import { alertNow } from "../../core/announce.js";
import { api } from "../../core/api.js";
import { button } from "../../core/controls.js";
import { openDialog } from "../../core/dialog.js";
import { h, replace, uniqueId } from "../../core/dom.js";
import { moment } from "../../core/format.js";
import { whoIs } from "../../core/who.js";
import { parts, t } from "../../core/words.js";
import { compare } from "./compare.js";
import { merge, tidy } from "./document.js";
import { fieldName, valueText } from "./names.js";

/** @typedef {import("./compare.js").Difference} Difference */
/** @typedef {Difference & { both: boolean, mine: boolean | null }} Choice what is to hold; null until somebody says */

/**
 * @param {{ theirs: import("./compare.js").Settings, base: import("./compare.js").Settings, etag: string | null }} other
 * @returns {Promise<boolean>} whether what was chosen is now the draft
 */
export async function resolve(other) {
  const choices = choicesOf(other);
  const wrong = h("div", { role: "alert" });
  const who = h("p", null, t("settings.conflict.text"));
  tellWho(who);
  const body = h(
    "div",
    { class: "conflict" },
    who,
    h("p", { class: "muted" }, t("settings.conflict.nothingLost")),
    h(
      "table",
      { class: "conflict-table", role: "table" },
      h("caption", { class: "unseen" }, t("settings.conflict.title")),
      h(
        "thead",
        { role: "rowgroup" },
        h(
          "tr",
          { role: "row" },
          h("th", { role: "columnheader", scope: "col" }, t("settings.change.field")),
          h("th", { role: "columnheader", scope: "col" }, t("settings.conflict.theirs")),
          h("th", { role: "columnheader", scope: "col" }, t("settings.conflict.mine")),
        ),
      ),
      h("tbody", { role: "rowgroup" }, choices.map(row)),
    ),
    wrong,
  );
  const dialog = openDialog({
    title: t("settings.conflict.title"),
    size: "wide",
    body,
    actions: [
      button({ label: t("settings.conflict.later"), onPress: () => dialog.close(false) }),
      button({
        label: t("settings.conflict.take"),
        kind: "main",
        onPress() {
          const open = choices.filter(({ mine }) => mine === null);
          if (open.length === 0) return dialog.close(true);
          const text = t("settings.conflict.choose", { count: open.length });
          replace(wrong, h("p", { class: "error" }, text));
          alertNow(text);
          const first = body.querySelector(".undecided input");
          if (first instanceof HTMLElement) first.focus();
        },
      }),
    ],
  });
  if ((await dialog.closed) !== true) return false;
  merge(
    other,
    choices.filter(({ mine }) => mine === true),
  );
  return true;
}

/**
 * What only one of the two changed needs no decision, but can be decided otherwise.
 *
 * @param {{ theirs: import("./compare.js").Settings, base: import("./compare.js").Settings }} other
 * @returns {Choice[]}
 */
function choicesOf({ theirs, base }) {
  const ours = tidy();
  const touches = (/** @type {Difference[]} */ differences, /** @type {string} */ field) =>
    differences.some(
      (one) => one.field === field || one.field.startsWith(`${field}.`) || field.startsWith(`${one.field}.`),
    );
  const [byThem, byUs] = [compare(base, theirs), compare(base, ours)];
  const choices = compare(theirs, ours).map((difference) => {
    const [them, us] = [touches(byThem, difference.field), touches(byUs, difference.field)];
    return { ...difference, both: them && us, mine: them && us ? null : us };
  });
  return choices.sort((one, other) => Number(other.both) - Number(one.both));
}

/** @param {Choice} choice */
function row(choice) {
  const group = uniqueId("choice");
  const name = fieldName(choice.field);
  const nameId = uniqueId("name");
  const side = (/** @type {boolean} */ mine, /** @type {any} */ value, /** @type {string} */ label) => {
    const input = h("input", {
      type: "radio",
      name: group,
      checked: choice.mine === mine,
      on: {
        change: () => {
          choice.mine = mine;
          line.classList.remove("undecided");
        },
      },
    });
    const text = valueText(choice.field, value);
    return h(
      "td",
      { role: "cell" },
      h(
        "label",
        null,
        input,
        h(
          "span",
          null,
          h("span", { class: "conflict-side" }, label),
          h("span", { class: "unseen" }, `${name}: `),
          h("span", { class: "conflict-value" }, text),
        ),
      ),
    );
  };
  const line = h(
    "tr",
    { role: "row", class: choice.mine === null ? "undecided" : "" },
    h(
      "th",
      { scope: "row", role: "rowheader", id: nameId },
      name,
      choice.both && h("span", { class: "badge warn" }, t("settings.conflict.both")),
    ),
    side(false, choice.before, t("settings.conflict.theirs")),
    side(true, choice.after, t("settings.conflict.mine")),
  );
  return line;
}

/** @param {HTMLElement} place */
async function tellWho(place) {
  try {
    const { data } = await api.get("/v1/settings/history", { query: { limit: 1 } });
    const [last] = data.items;
    if (last?.by && last.at)
      replace(
        place,
        parts("settings.conflict.who", { who: h("strong", null, whoIs(last.by)), moment: moment(last.at) }),
      );
  } catch {
    // That somebody saved them is known without it.
  }
}
