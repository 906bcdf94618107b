// The messages of device managements that could not be carried on, with the reason, and carrying them on again.

import { announce } from "../../core/announce.js";
import { api } from "../../core/api.js";
import { badge, button } from "../../core/controls.js";
import { h, replace } from "../../core/dom.js";
import { failure } from "../../core/failure.js";
import { moment } from "../../core/format.js";
import { t } from "../../core/words.js";
import { asItCame } from "../failures.js";
import { when } from "../record.js";
import { reasonText } from "./sources_mapping.js";

/** @typedef {Schema<"FailedDeviceEvent">} Failed */

/** @param {AbortSignal} signal */
export function failedMessages(signal) {
  const list = h("ul", { class: "plain-list" });
  const foot = h("div", { class: "card-feet" });
  /** @type {string | null} */
  let next = null;

  const load = async () => {
    try {
      /** @type {import("../../core/api.js").Answer<Schema<"FailedDeviceEvents">>} */
      const { data } = await api.get("/v1/device-event-sources/failures", { query: { cursor: next }, signal });
      const first = next === null;
      next = data.next ?? null;
      if (first) list.replaceChildren();
      list.append(...data.items.map((failed) => row(failed, signal)));
      if (list.children.length === 0) replace(list, h("li", { class: "muted" }, t("sources.failed.none")));
      replace(foot, next !== null && button({ label: t("people.more"), kind: "quiet", onPress: load }));
    } catch (error) {
      if (!signal.aborted) replace(foot, failure(error, { again: load }));
    }
  };
  load();
  return h(
    "section",
    { class: "card failed-card" },
    h("h2", null, t("sources.failed")),
    h("p", { class: "muted" }, t("sources.failed.text")),
    list,
    foot,
  );
}

/**
 * @param {Failed} failed
 * @param {AbortSignal} signal
 */
function row({ id, source, receivedAt, code, reason, body }, signal) {
  const said = h("div");
  const replay = button({
    label: t("sources.replay"),
    async onPress() {
      try {
        // The answer has no body.
        await api.post(
          `/v1/device-event-sources/failures/${encodeURIComponent(id)}/replay`,
          {},
          { as: "text", signal },
        );
        const text = t("sources.replayed");
        replace(said, h("p", { class: "muted", tabindex: "-1" }, text));
        announce(text);
        if (said.firstChild instanceof HTMLElement) said.firstChild.focus();
        replay.remove();
      } catch (error) {
        if (!signal.aborted) replace(said, failure(error));
      }
    },
  });
  replay.setAttribute("aria-label", t("sources.replayOf", { time: moment(receivedAt) }));
  return h(
    "li",
    null,
    h("p", { class: "strong", dir: "auto" }, reasonText(code, reason)),
    h("p", { class: "hint" }, badge(source, "neutral"), " ", when(receivedAt)),
    body !== null && body !== undefined && asItCame(t("sources.failed.body"), body),
    replay,
    said,
  );
}
