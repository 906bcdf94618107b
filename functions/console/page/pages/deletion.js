// What is lost with a user who is deleted.

import { h } from "../core/dom.js";
import { named, t } from "../core/words.js";

/** @param {Schema<"UserView">} user */
export function lost({ email, devices, invitation: { state, method } }) {
  const open = state === "pending" || state === "locked";
  const all = [
    t("user.delete.details", { email }),
    open && t("user.delete.invitation", { secret: named("user.secret", method ?? "pin") }),
    devices > 0 && t("user.delete.devices", { count: devices }),
  ].filter(Boolean);
  return h(
    "div",
    { class: "lost" },
    h("p", null, t("user.delete.lost")),
    h(
      "ul",
      { class: "bullets" },
      all.map((one) => h("li", null, one)),
    ),
    h("p", { class: "hint" }, t("user.delete.kept")),
  );
}
