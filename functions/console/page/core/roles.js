// What the person in front of the console may do. The API decides; this only keeps from offering what it would refuse.

import { roles } from "./session.js";

/** @typedef {"viewer" | "helpdesk" | "inviter" | "pindesk" | "settings"} Role */

/** Which roles do what the named one may. */
/** @type {{ [role in Role]: readonly string[] }} */
const INCLUDED_IN = {
  viewer: ["viewer", "helpdesk", "inviter", "pindesk", "settings"],
  helpdesk: ["helpdesk", "inviter"],
  inviter: ["inviter"],
  pindesk: ["pindesk"],
  settings: ["settings"],
};

/**
 * Whether the person may do what needs this role.
 *
 * @param {Role} role
 */
export function may(role) {
  const held = roles();
  return held === "all" || held.some((one) => INCLUDED_IN[role].includes(one));
}
