// Whose invitation ends tomorrow, and mailing it to them once more.

import { announce } from "../core/announce.js";
import { api } from "../core/api.js";
import { button } from "../core/controls.js";
import { h, icon, replace } from "../core/dom.js";
import { failure, whatHappened } from "../core/failure.js";
import { day, inFull, time } from "../core/format.js";
import { may } from "../core/roles.js";
import { link } from "../core/router.js";
import { number, t } from "../core/words.js";

/** How many people are shown at first, and with each *Show more*. */
const PAGE = 10;

/** @typedef {{ userId: string, email: string, displayName: string | null, state: string, expiresAt: string }} Person */

/** @param {AbortSignal} signal */
export function expiringCard(signal) {
  const title = h("h2", null, t("overview.expiring.title"));
  const list = h("ul", { class: "expiring" });
  const foot = h("div", { class: "expiring-foot" });
  const element = h("section", { class: "card expiring-card" }, title, list, foot);
  /** @type {string | null} */
  let next = null;
  let shown = 0;
  let group = "";
  /** Ends when something else is to be seen. */
  let loading = new AbortController();
  /** Where the list of users shows all of them. */
  let address = "";

  /** @param {AbortSignal} within @returns {Promise<void>} */
  const page = async (within) => {
    const query = { group, limit: PAGE, cursor: next };
    const { data } = await api.get("/v1/overview/expiring", { query, signal: within });
    if (within.aborted) return;
    next = data.next;
    address = link("/users", { ends: `${data.from}/${data.until}`, ...(group ? { group } : {}) });
    const before = shown;
    shown += data.items.length;
    list.append(...data.items.map((/** @type {Person} */ person) => row(person, signal)));
    replace(
      title,
      t("overview.expiring.on", { day: day(data.from) }),
      " ",
      h(
        "span",
        { class: "badge neutral" },
        next === null ? number(shown) : t("overview.expiring.atLeast", { count: shown }),
      ),
    );
    // A page of the API may be empty although more follow.
    if (next !== null && shown === before) return page(within);
    if (shown === 0) replace(foot, h("p", { class: "muted" }, t("overview.expiring.nobody")));
    else {
      replace(
        foot,
        next !== null && button({ label: t("overview.expiring.more"), onPress: more }),
        h("a", { href: address }, t("overview.expiring.list")),
      );
    }
    if (before > 0 && list.children[before] instanceof HTMLElement) list.children[before].querySelector("a")?.focus();
  };

  const more = async () => {
    const within = AbortSignal.any([signal, loading.signal]);
    try {
      await page(within);
    } catch (error) {
      if (!within.aborted) replace(foot, failure(error, { again: more }));
    }
  };

  return {
    element,
    /** @param {{ group: string }} scope */
    async load(scope) {
      loading.abort();
      loading = new AbortController();
      const within = AbortSignal.any([signal, loading.signal]);
      const { group: asked } = scope;
      group = asked;
      next = null;
      shown = 0;
      replace(
        list,
        [1, 2, 3].map(() => h("li", { class: "expiring-blank" }, h("span", { class: "blank-line" }))),
      );
      replace(foot);
      element.setAttribute("aria-busy", "true");
      try {
        const waiting = [...list.children];
        await page(within);
        for (const blank of waiting) blank.remove();
      } catch (error) {
        if (within.aborted) return;
        replace(list);
        replace(foot, failure(error, { again: () => this.load({ group: asked }) }));
      }
      if (within.aborted) return;
      element.removeAttribute("aria-busy");
    },
  };
}

/**
 * @param {Person} person
 * @param {AbortSignal} signal
 */
function row({ userId, email, displayName, expiresAt }, signal) {
  const name = displayName || email;
  const said = h("p", { class: "expiring-said", hidden: true });
  const again = button({
    label: t("overview.expiring.again"),
    icon: "mail",
    async onPress() {
      said.hidden = true;
      try {
        await api.post(`/v1/users/${userId}/invitation/resend`, {}, { signal });
        again.replaceWith(
          h("span", { class: "expiring-done", tabindex: "-1" }, icon("check"), t("overview.expiring.done")),
        );
        announce(t("overview.expiring.doneFor", { name }));
      } catch (error) {
        said.hidden = false;
        replace(said, whatHappened(error));
        announce(whatHappened(error));
      }
    },
  });
  again.setAttribute("aria-label", t("overview.expiring.againFor", { name }));
  return h(
    "li",
    null,
    h(
      "div",
      { class: "expiring-person" },
      h("a", { href: link(`/users/${userId}`) }, name),
      displayName && h("span", { class: "hint" }, email),
      h("span", { class: "hint", title: inFull(expiresAt) }, t("overview.expiring.at", { time: time(expiresAt) })),
      said,
    ),
    may("helpdesk") && again,
  );
}
