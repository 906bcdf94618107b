// The menu "Actions" over the list of users.

import { menuButton } from "../core/menu.js";
import { may } from "../core/roles.js";
import { t, withWords } from "../core/words.js";
import { ACTIONS, about } from "./actions.js";

/** How many sheets the API makes at once. */
const MOST_SHEETS = 100;

/** @typedef {Schema<"UserView">} User */

/**
 * @param {object} what
 * @param {import("./selection.js").Selection} what.selection
 * @param {() => void} what.done
 */
export function actionsMenu({ selection, done }) {
  const items = () => {
    /** @type {import("../core/menu.js").Item[]} */
    const list = [];
    if (may("inviter")) {
      const named = selection.users;
      const label = t("actions.sendInvite");
      // Whoever is disabled is skipped: of them alone, nobody would get a mail.
      if (named.length > 0 && named.every(({ enabled }) => !enabled))
        list.push({
          label,
          hint: named.length > 1 ? t("actions.nobody", { why: t("skip.disabled") }) : t("skip.disabled"),
        });
      else list.push({ label, hint: t("actions.sendInvite.hint"), onChoose: sendInvite });
    }
    const user = selection.single;
    for (const action of ACTIONS) {
      if (!may(action.role)) continue;
      // Of the two that undo each other, the one that fits is enough.
      if (user && (action.name === "enable" || action.name === "disable") && !action.fits(user)) continue;
      list.push(item(action, user));
    }
    if (!user && may("helpdesk")) {
      const at = list.findIndex(({ danger }) => danger);
      const groups = { label: t("jobs.action.groups"), onChoose: () => actMany({ name: "groups" }) };
      list.splice(at < 0 ? list.length : at, 0, groups);
    }
    return list;
  };
  /** Why there is nothing to do. @param {import("./actions.js").Action} action */
  const unfit = (action) => t(/** @type {import("../core/words.js").Key} */ (`action.${action.name}.unfit`));
  /**
   * @param {import("./actions.js").Action} action
   * @param {User | null} user
   * @returns {import("../core/menu.js").Item}
   */
  const item = (action, user) => {
    const label = t(/** @type {import("../core/words.js").Key} */ (`action.${action.name}`));
    const { danger = false, separated = false } = action;
    if (!user) {
      if (action.name === "sheet" && (selection.count ?? MOST_SHEETS + 1) > MOST_SHEETS)
        return { label, danger, separated, hint: t("jobs.sheets.most") };
      const named = selection.users;
      if (named.length > 0 && !named.some((one) => action.fits(one)))
        return { label, danger, separated, hint: t("actions.nobody", { why: unfit(action) }) };
      return { label, hint: about(action), danger, separated, onChoose: () => actMany(action) };
    }
    if (!action.fits(user))
      return {
        label,
        danger,
        separated,
        hint: unfit(action),
      };
    return { label, hint: about(action), danger, separated, onChoose: () => act(action, user) };
  };
  /**
   * @param {import("./actions.js").Action} action
   * @param {User} user
   */
  const act = async (action, user) => {
    const { openAction } = await withWords(import("./act.js"));
    openAction(action, user, done);
  };
  /** @param {{ name: string, danger?: boolean }} action */
  const actMany = async (action) => {
    const { openMany } = await withWords(import("./act_many.js"));
    openMany(action, selection, done);
  };
  const sendInvite = async () => {
    const { openSend } = await withWords(import("./send.js"));
    openSend(selection, { sent: done });
  };
  const menu = menuButton({ label: t("actions.label"), kind: "main", items });
  menu.element.hidden = items().length === 0;
  return menu;
}
