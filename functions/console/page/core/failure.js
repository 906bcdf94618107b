// What went wrong, in words, with what the reader can do about it.

import { alertNow } from "./announce.js";
import { ApiError } from "./api.js";
import { button } from "./controls.js";
import { h, icon, textOf } from "./dom.js";
import { time } from "./format.js";
import { problemWords } from "./refusal_words.js";
import { spoken, t } from "./words.js";

/**
 * The sentence that says what happened, with a link where one helps.
 *
 * @param {unknown} error
 * @returns {import("./dom.js").Single[]}
 */
function words(error) {
  const problem = error instanceof ApiError && error.kind !== "signedOut" ? error.problem : null;
  if (!problem) return [plainly(error)];
  // Of Beckon's own trouble its sentence says no more.
  const busy = error instanceof ApiError && (error.status === 429 || error.status >= 500) && spoken() !== "en";
  const said = busy ? [plainly(error)] : problemWords(problem);
  return problem.until ? [...said, " ", t("failure.until", { time: time(problem.until) })] : said;
}

/**
 * The same as text alone.
 *
 * @param {unknown} error
 */
export function whatHappened(error) {
  return textOf(words(error));
}

/** What happened to a request that the API says nothing of. @param {unknown} error */
function plainly(error) {
  if (!(error instanceof ApiError)) {
    // A page of the console that is no longer there: the console was replaced by a newer one.
    if (error instanceof TypeError && /import|module/i.test(error.message)) return t("failure.outdated");
    return t("failure.unexpected");
  }
  if (error.kind === "offline") return t(error.again ? "failure.offline" : "failure.offline.lookFirst");
  if (error.kind === "signedOut") return t("failure.signedOut");
  if (error.kind === "refused") return t("failure.refused");
  return error.status === 429 ? t("failure.tooMany") : t("failure.unavailable");
}

/**
 * A box that says what happened, with *Try again* where that may help.
 *
 * @param {unknown} error
 * @param {{ again?: () => unknown }} [what]
 */
export function failure(error, { again } = {}) {
  if (!(error instanceof ApiError)) console.error(error);
  const outdated = error instanceof TypeError && /import|module/i.test(error.message);
  const text = whatHappened(error);
  alertNow(text);
  const id = error instanceof ApiError ? error.problem?.requestId : null;
  return h(
    "div",
    { class: "notice bad" },
    icon("warn"),
    h(
      "div",
      { class: "notice-text" },
      h("p", null, words(error)),
      id && h("p", { class: "muted small" }, t("failure.request", { id })),
      outdated
        ? button({ label: t("reload"), onPress: () => location.reload() })
        : again && button({ label: t("tryAgain"), onPress: again }),
    ),
  );
}
