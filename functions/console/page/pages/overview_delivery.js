// Whether mail goes out: nothing is shown while it does.

import { api } from "../core/api.js";
import { button, notice } from "../core/controls.js";
import { h, replace } from "../core/dom.js";
import { failure } from "../core/failure.js";
import { moment, relative } from "../core/format.js";
import { poll } from "../core/poll.js";
import { mailReason } from "../core/refusal_words.js";
import { may } from "../core/roles.js";
import { done } from "../core/toast.js";
import { t } from "../core/words.js";

/** How often it is asked again, in milliseconds. */
const EVERY = 20_000;

/** @param {AbortSignal} signal */
export function deliveryNotice(signal) {
  const element = h("div", { class: "overview-delivery" });
  let written = "";
  let polled = false;

  const ask = async () => {
    const { data } = await api.get("/v1/delivery", { signal });
    if (signal.aborted) return;
    const text = JSON.stringify(data.pause);
    if (text === written) return;
    written = text;
    if (data.pause) replace(element, paused(data.pause));
    else replace(element);
  };

  /** @param {Schema<"PauseView">} pause */
  const paused = ({ code, reason, until }) => {
    const wrong = h("div");
    const resume = async () => {
      try {
        await api.post("/v1/delivery/resume", {}, { signal });
        done(t("overview.delivery.resumed"));
        await ask();
      } catch (error) {
        replace(wrong, failure(error, { again: resume }));
      }
    };
    return notice(
      "warn",
      h("h2", null, t("overview.delivery.title")),
      h("p", null, t("overview.delivery.text", { moment: moment(until), relative: relative(until) })),
      h("p", null, t("overview.delivery.reason", { reason: mailReason(code, reason) })),
      may("inviter")
        ? button({ label: t("overview.delivery.resume"), onPress: resume })
        : h("p", { class: "hint" }, t("overview.delivery.role")),
      wrong,
    );
  };

  return {
    element,
    async load() {
      try {
        await ask();
      } catch (error) {
        if (!signal.aborted) replace(element, failure(error, { again: () => this.load() }));
      }
      if (!polled) poll(ask, { every: EVERY, signal, atOnce: false });
      polled = true;
    },
  };
}
