// What there is to do before the first invitation, with what is done already.

import { api } from "../core/api.js";
import { h, icon } from "../core/dom.js";
import { link } from "../core/router.js";
import { setup } from "../core/session.js";
import { t } from "../core/words.js";

/**
 * @typedef {object} Task
 * @property {import("../core/words.js").Key} title
 * @property {import("../core/words.js").Key} text
 * @property {import("../core/words.js").Key} action
 * @property {string} href
 * @property {boolean} done
 */

/** @param {AbortSignal} signal */
export async function firstRun(signal) {
  const [settings, users] = await Promise.all([
    api.get("/v1/settings", { signal }),
    api.get("/v1/users", { query: { limit: 1 }, signal }),
  ]);
  const { organisation, enrolment } = settings.data;
  const someone = users.data.items.length > 0 || users.data.next != null;
  /** @type {Task[]} */
  const tasks = [
    {
      title: "overview.first.who",
      text: "overview.first.who.text",
      action: "overview.first.who.action",
      href: link("/settings/sender"),
      done: Boolean(organisation.name),
    },
    {
      title: "overview.first.where",
      text: "overview.first.where.text",
      action: "overview.first.where.action",
      href: link("/settings/enrolment"),
      done: enrolment.addresses.length > 0,
    },
    {
      title: "overview.first.users",
      text: "overview.first.users.text",
      action: "overview.first.users.action",
      href: link("/users"),
      done: someone,
    },
    {
      title: "overview.first.send",
      text: "overview.first.send.text",
      action: "overview.first.send.action",
      href: link("/users"),
      done: false,
    },
  ];
  return h(
    "section",
    { class: "card first-run" },
    h("h2", null, t("overview.first.title")),
    h("p", null, t("overview.first.beckon")),
    h("p", { class: "muted" }, setup().local ? t("overview.first.local") : t("overview.first.text")),
    h(
      "ol",
      null,
      tasks.map((task, at) => step(task, at + 1)),
    ),
  );
}

/**
 * @param {Task} task
 * @param {number} at
 */
function step({ title, text, action, href, done }, at) {
  return h(
    "li",
    { class: done ? "done" : "" },
    h("span", { class: "first-number", "aria-hidden": "true" }, done ? icon("check") : at),
    h(
      "div",
      null,
      h("h3", null, t(title), done && h("span", { class: "badge good" }, t("overview.first.done"))),
      h("p", { class: "muted" }, t(text)),
    ),
    h("a", { class: "button", href }, t(action)),
  );
}
