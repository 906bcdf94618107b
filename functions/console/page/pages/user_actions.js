// What can be done with the people who are selected.

import { menuButton } from "../core/menu.js";
import { may } from "../core/roles.js";
import { t } from "../core/words.js";

/** @typedef {Schema<"UserView">} User */

/**
 * The menu *Actions*.
 *
 * @param {object} what
 * @param {import("./selection.js").Selection} what.selection
 * @param {() => void} what.done
 */
export function actionsMenu({ selection, done }) {
  const items = () => {
    /** @type {import("../core/menu.js").Item[]} */
    const list = [];
    if (may("inviter")) list.push({ label: t("actions.sendInvite"), onChoose: () => sendInvite() });
    return list;
  };
  const sendInvite = async () => {
    const { openSend } = await import("./send.js");
    openSend(selection, { sent: done });
  };
  return menuButton({ label: t("actions.label"), kind: "main", items });
}
