// What the person in front of the console may do. The API decides; this only keeps from offering what it would refuse.

import { roles } from "./session.js";

/** @typedef {"viewer" | "helpdesk" | "inviter" | "pindesk" | "settings"} Role */

/**
 * Whether the person may do what needs this role.
 *
 * @param {Role} role
 */
export function may(role) {
  return roles().includes(role);
}
