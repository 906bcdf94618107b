// Who did something, by name; those who are no person, in the reader's language.

import { t } from "./words.js";

/** Those who are no person, as the API names them. @type {{ [who: string]: import("./words.js").Key }} */
const ACTORS = {
  "Invited person": "user.who.invitee",
  "Device management": "user.who.deviceManagement",
  Directory: "user.who.directory",
  "Mail service": "user.who.mailService",
  Clock: "user.who.clock",
  "Somebody on the enrolment page": "user.who.somebody",
  "Local administrator": "user.who.local",
};

/** @param {string} name as the API gives it */
export function whoIs(name) {
  const known = ACTORS[name];
  return known ? t(known) : name;
}
