// One user: who they are, where their invitation stands, their devices, what happened, and what can be done.

import { announce } from "../core/announce.js";
import { ApiError, api } from "../core/api.js";
import { badge, notice } from "../core/controls.js";
import { ask } from "../core/dialog.js";
import { h, icon, replace } from "../core/dom.js";
import { failure } from "../core/failure.js";
import { time } from "../core/format.js";
import { poll } from "../core/poll.js";
import { entitle, link } from "../core/router.js";
import { named, t } from "../core/words.js";
import { historyCard } from "./history_card.js";
import { actionBar } from "./person_actions.js";
import { stateBadge } from "./user_columns.js";
import { detailsCard } from "./user_details.js";
import { devicesCard } from "./user_devices.js";
import { invitationCard } from "./user_invitation.js";

/** @typedef {Schema<"UserView">} User */

/** How often a user is asked for again, in milliseconds: soon after something was done, then less often. */
const [SOON, LATER] = [1_500, 5_000];

/** @type {import("../core/router.js").Show} */
export async function show(place, { params, signal }) {
  const id = params["id"] ?? "";
  const path = `/v1/users/${encodeURIComponent(id)}`;
  /** @type {User | null} */
  let user = null;
  let activeUntil = 0;

  const heading = h("h1", null, t("user.title"));
  const badges = h("div", { class: "badges" });
  const stale = h("p", { class: "hint stale", role: "status" });
  const actions = actionBar({ done: () => changed(null) });
  const invitation = invitationCard({ signal });
  const details = detailsCard({ path, saved: (now) => changed(now) });
  const devices = devicesCard({ path, signal });
  const history = historyCard({
    fetch: (cursor) => api.get(`${path}/history`, { query: { cursor, limit: 20 }, signal }),
  });

  /** @param {User} now */
  const draw = (now) => {
    const before = user;
    user = now;
    const name = now.displayName || now.email;
    if (heading.textContent !== name) {
      entitle(name);
      replace(heading, name);
    }
    replace(badges, !now.enabled && badge(t("user.disabled"), "warn"), stateBadge(now.invitation));
    actions.show(now);
    invitation.show(now);
    details.show(now);
    if (before && before.devices !== now.devices) devices.load();
  };

  /** After something was done here. @param {User | null} now */
  const changed = (now) => {
    activeUntil = Date.now() + 30_000;
    if (now) draw(now);
    again.now();
  };

  /** @param {boolean} quiet whether it is asked again, with what was there on the page */
  const load = async (quiet) => {
    try {
      /** @type {import("../core/api.js").Answer<User>} */
      const { data } = await api.get(path, { signal });
      const before = user;
      draw(data);
      stale.textContent = "";
      const news = await history.refresh();
      if (!quiet || !before) return;
      // What happened is in the history; where a mail stands is not always.
      if (news) {
        announce(t("user.news", { text: news }));
        devices.load();
      } else if (before.invitation.delivery !== data.invitation.delivery && data.invitation.delivery) {
        announce(t("user.news.delivery", { text: named("delivery", data.invitation.delivery) }));
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && error.status === 404) {
        details.forget();
        await gone(place, path, signal);
        return true;
      }
      if (!quiet) throw error;
      if (stale.textContent === "") stale.textContent = t("user.stale", { time: time(new Date()) });
      throw error;
    }
    return false;
  };

  replace(
    place,
    h("p", { class: "crumb" }, h("a", { href: link("/users") }, icon("back"), t("users.title"))),
    h("div", { class: "page-head" }, h("div", { class: "page-name" }, heading, badges), actions.element),
    stale,
    h(
      "div",
      { class: "columns" },
      h("div", { class: "column" }, invitation.element, devices.element, history.element),
      h("div", { class: "column aside" }, details.element),
    ),
  );
  entitle(t("user.title"));
  // What stands below grows: it comes when there is nothing left that could move it.
  history.element.hidden = true;
  const [missing] = await Promise.all([load(false), devices.load()]);
  if (missing) return;
  history.element.hidden = false;
  const again = poll(() => load(true), {
    every: () => (Date.now() < activeUntil ? SOON : LATER),
    signal,
    atOnce: false,
  });
  return {
    dirty: () => details.dirty,
    leave: () =>
      !details.dirty ||
      ask({ title: t("user.leave.title"), text: t("user.leave.text"), action: t("user.leave.action"), danger: true }),
  };
}

/**
 * Somebody who is not there: their history may still be, if they were deleted.
 *
 * @param {HTMLElement} place
 * @param {string} path
 * @param {AbortSignal} signal
 */
async function gone(place, path, signal) {
  const crumb = h("p", { class: "crumb" }, h("a", { href: link("/users") }, icon("back"), t("users.title")));
  const history = historyCard({
    fetch: (cursor) => api.get(`${path}/history`, { query: { cursor, limit: 20 }, signal }),
  });
  let known = false;
  try {
    await history.refresh();
    known = history.count > 0;
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof ApiError && error.status === 404)) {
      replace(place, crumb, h("h1", null, t("user.title")), failure(error, { again: () => gone(place, path, signal) }));
      return;
    }
  }
  const title = t(known ? "user.deleted.title" : "user.unknown.title");
  entitle(title);
  announce(title);
  replace(
    place,
    crumb,
    h("h1", { tabindex: "-1" }, title),
    notice(
      "info",
      h("p", null, t(known ? "user.deleted.text" : "user.unknown.text")),
      h("p", null, h("a", { href: link("/users") }, t("user.unknown.back"))),
    ),
    known && history.element,
  );
}
