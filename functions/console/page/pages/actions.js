// What can be done with people besides inviting them: for whom each action fits, what it asks for, which request does it
// for one person, and what is said when it was done.

import { api } from "../core/api.js";
import { isKey, t } from "../core/words.js";
import { lost } from "./deletion.js";

/**
 * @typedef {Schema<"UserView">} User
 *
 * @typedef {object} Action
 * @property {string} name its texts are `action.NAME`, `action.NAME.text` and `action.NAME.done`
 * @property {import("../core/roles.js").Role} role
 * @property {(user: User) => boolean} fits whether there is something to do for this person as they stand
 * @property {(user: User, asked: { reason: string }) => Promise<unknown>} run for one person
 * @property {(user: User) => import("../core/dom.js").Child} [about] what else to know before
 * @property {boolean} [danger]
 * @property {boolean} [separated]
 * @property {boolean} [reason] whether it asks for a reason, which the history keeps
 * @property {(answer: any, user: User) => import("../core/dom.js").Child} [result] what is shown of the answer
 */

/** @param {User} user */
const open = ({ invitation: { state } }) => state === "pending" || state === "locked";

/** @param {string} what @returns {Action["run"]} */
const post = (what) => async (user) => (await api.post(`/v1/users/${user.id}/${what}`)).data;

/** @param {boolean} enabled @returns {Action["run"]} */
const enable = (enabled) => async (user) => (await api.patch(`/v1/users/${user.id}`, { enabled })).data;

/** What tells an action from those that sound like it. @param {Action} action */
export const about = ({ name }) => {
  const key = `action.${name}.hint`;
  return isKey(key) ? t(key) : undefined;
};

/** @type {Action[]} */
export const ACTIONS = [
  {
    name: "resend",
    role: "helpdesk",
    fits: ({ enabled, invitation }) => enabled && invitation.state === "pending",
    run: post("invitation/resend"),
  },
  { name: "cancel", role: "inviter", fits: open, run: post("invitation/cancel") },
  {
    name: "restore",
    role: "inviter",
    fits: ({ invitation: { state } }) => state === "cancelled" || state === "declined",
    run: post("invitation/restore"),
  },
  {
    name: "tryAgain",
    role: "helpdesk",
    fits: ({ addressMark }) => addressMark !== undefined,
    run: post("address/try-again"),
  },
  {
    name: "pin",
    role: "pindesk",
    separated: true,
    reason: true,
    fits: ({ enabled }) => enabled,
    run: async (user, { reason }) => (await api.post(`/v1/users/${user.id}/invitation/pin`, { reason })).data,
  },
  {
    name: "sheet",
    role: "pindesk",
    reason: true,
    fits: ({ enabled }) => enabled,
    run: async (user, { reason }) =>
      (await api.post(`/v1/users/${user.id}/invitation/sheet`, { reason }, { as: "text" })).data,
  },
  { name: "disable", role: "helpdesk", separated: true, fits: ({ enabled }) => enabled, run: enable(false) },
  { name: "enable", role: "helpdesk", fits: ({ enabled }) => !enabled, run: enable(true) },
  {
    name: "delete",
    role: "inviter",
    danger: true,
    about: lost,
    fits: () => true,
    run: async (user) => (await api.delete(`/v1/users/${user.id}`)).data,
  },
];
