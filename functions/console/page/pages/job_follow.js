// A job in the dialog that started it: its progress, Stop, and the way to its page. Closing the dialog changes nothing.

import { alertNow, announce } from "../core/announce.js";
import { api } from "../core/api.js";
import { button, notice } from "../core/controls.js";
import { h, replace } from "../core/dom.js";
import { failure } from "../core/failure.js";
import { poll } from "../core/poll.js";
import { may } from "../core/roles.js";
import { link } from "../core/router.js";
import { named, t } from "../core/words.js";
import { jobView } from "./job_view.js";
import { figures, nameOf, roleOf, why, wrongs } from "./job_words.js";
import { whoNot } from "./who_not.js";

/** @typedef {import("./job_words.js").Job} Job */

/**
 * Shows a job in a dialog until that is closed.
 *
 * @param {import("../core/dialog.js").Dialog} dialog
 * @param {Job} first
 * @param {{ signal: AbortSignal, changed: () => void, whoIs?: (line: number) => string }} how `whoIs` says what stands on
 *   a line of the file that is imported
 */
export function followJob(dialog, first, { signal, changed, whoIs }) {
  const path = `/v1/jobs/${first.id}`;
  const view = jobView();
  const trouble = h("div");
  const close = button({ label: t("close"), kind: "main", onPress: () => dialog.close() });
  const stop = button({
    label: t("sent.stop"),
    onPress: async () => {
      try {
        draw((await api.post(`${path}/stop`, undefined, { signal })).data);
      } catch (error) {
        if (!signal.aborted) replace(trouble, failure(error));
      }
    },
  });
  const hint = h("p", { class: "hint" }, t("jobs.goesOn"));
  const more = h("a", { href: link(`/jobs/${first.id}`) }, t("jobs.open"));
  let over = false;
  /** @param {Schema<"JobOutcomeView">} one */
  const called = (one) => {
    const held = one.line != null && !one.userId ? whoIs?.(one.line) : "";
    return held ? `${nameOf(one)} (${held})` : nameOf(one);
  };

  /** @param {Job} job */
  const draw = (job) => {
    const text = view.show(job);
    stop.hidden = job.state !== "running" || !may(roleOf(job));
    hint.hidden = job.state !== "running";
    if (job.state === "running" || over) return;
    over = true;
    const not = figures(job).filter(
      ({ outcome, count }) => count > 0 && ["refused", "unreadable", "gone", "invalid"].includes(outcome),
    );
    const told = [text, ...not.map(({ label, count }) => `${label}: ${count}.`)].join(" ");
    if (not.length > 0) {
      const who = whoNot({
        title: t("jobs.not"),
        path: `${path}/outcomes`,
        outcomes: not.map(({ outcome }) => outcome),
        why: whyNot,
        nameOf: called,
        all: `/jobs/${first.id}`,
        signal,
      });
      replace(trouble, notice("warn", h("p", null, t("jobs.some"))), who.element);
      who.load();
      alertNow(told);
    } else announce(told);
    if (document.activeElement === stop) close.focus();
  };

  replace(dialog.body, h("div", { class: "form" }, view.elements, trouble, hint, h("p", null, more)));
  dialog.setActions(stop, close);
  close.focus();
  draw(first);
  poll(
    async () => {
      draw((await api.get(path, { signal })).data);
      changed();
      return over;
    },
    { every: 1_000, signal },
  );
}

/** @param {Schema<"JobOutcomeView">} one */
const whyNot = (one) => {
  if (one.errors?.length) return wrongs(one);
  return why(one) ?? named("jobs.outcome", one.outcome);
};
