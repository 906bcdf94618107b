// What can be done with one person: the actions that fit how they stand, what helps most as a button of its own.

import { button } from "../core/controls.js";
import { h, replace } from "../core/dom.js";
import { menuButton } from "../core/menu.js";
import { may } from "../core/roles.js";
import { t, withWords } from "../core/words.js";
import { ACTIONS, about } from "./actions.js";
import { Selection } from "./selection.js";

/** @typedef {Schema<"UserView">} User */

/** What helps most, if it fits: the first of these. */
const FIRST = ["tryAgain", "enable", "resend", "restore"];

/** @param {import("./actions.js").Action} action */
const label = ({ name }) => t(/** @type {import("../core/words.js").Key} */ (`action.${name}`));

/**
 * The actions of one person.
 *
 * @param {{ done: () => void }} then
 */
export function actionBar({ done }) {
  const element = h("div", { class: "page-actions" });
  /** @type {User | null} */
  let user = null;

  const fitting = () => {
    const now = user;
    return now ? ACTIONS.filter((action) => may(action.role) && action.fits(now)) : [];
  };
  /** Whoever is disabled, or whose address takes no mail, would only be skipped. */
  const invitable = () => user?.enabled === true && user.addressMark === undefined && may("inviter");

  const invite = async () => {
    if (!user) return;
    const { openSend } = await withWords(import("./send.js"));
    const selection = new Selection();
    selection.set([user], true);
    openSend(selection, { sent: done });
  };
  /** @param {import("./actions.js").Action} action */
  const act = async (action) => {
    if (!user) return;
    const { openAction } = await withWords(import("./act.js"));
    openAction(action, user, done);
  };

  const inviteLabel = () => t(user?.invitation.state === "none" ? "actions.sendInvite" : "user.inviteAgain");
  const menu = menuButton({
    label: t("actions.label"),
    align: "end",
    items: () => [
      ...(invitable() ? [{ label: inviteLabel(), hint: t("actions.sendInvite.hint"), onChoose: invite }] : []),
      ...fitting().map((action, at) => ({
        label: label(action),
        hint: about(action),
        danger: action.danger ?? false,
        separated: (action.separated ?? false) || (action.danger === true && at > 0),
        onChoose: () => act(action),
      })),
    ],
  });

  // It stays the same element, so that a dialog it opened can give the focus back.
  let press = () => {};
  const lead = button({ label: "", kind: "main", onPress: () => press() });
  const said = lead.querySelector(".label");
  lead.hidden = true;
  replace(element, lead, menu.element);
  menu.element.hidden = true;

  return {
    element,
    /** @param {User} now */
    show(now) {
      user = now;
      const actions = fitting();
      const first = FIRST.map((name) => actions.find((action) => action.name === name)).find((action) => action);
      press = first ? () => act(first) : invite;
      if (said) said.textContent = first ? label(first) : inviteLabel();
      menu.element.hidden = actions.length === 0 && !invitable();
      lead.hidden = !first && !invitable();
    },
  };
}
