// What is missing in the settings and makes people who are invited get stuck, said before anybody is.

import { api } from "../core/api.js";
import { notice } from "../core/controls.js";
import { h, replace } from "../core/dom.js";
import { link } from "../core/router.js";
import { t } from "../core/words.js";

/** @type {{ missing: (settings: any) => boolean, words: import("../core/words.js").Key, section: "sender" | "enrolment" }[]} */
const WANTED = [
  { missing: ({ organisation }) => !organisation?.name, words: "settings.advice.organisation", section: "sender" },
  { missing: ({ organisation }) => !organisation?.helpDesk, words: "settings.advice.helpDesk", section: "sender" },
  {
    missing: ({ enrolment }) => !enrolment?.addresses?.length,
    words: "settings.advice.enrolment",
    section: "enrolment",
  },
];

/**
 * @param {HTMLElement} place
 * @param {AbortSignal} signal
 */
export async function advise(place, signal) {
  try {
    const { data } = await api.get("/v1/settings", { signal });
    const missing = WANTED.filter((one) => one.missing(data));
    if (missing.length === 0) return;
    replace(
      place,
      notice(
        "warn",
        missing.map(({ words, section }) =>
          h(
            "p",
            null,
            t(words),
            " ",
            // Beside the preview, which would be lost with its selection.
            h(
              "a",
              { href: link(`/settings/${section}`), target: "_blank", rel: "noopener" },
              t(`settings.section.${section}`),
            ),
          ),
        ),
      ),
    );
  } catch {
    // The preview is none the worse without it.
  }
}
