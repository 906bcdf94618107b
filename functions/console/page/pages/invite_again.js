// "Invite again those who …": gathers whom a batch did not bring to the end, then opens the invitation preview for them.

import { announce } from "../core/announce.js";
import { api } from "../core/api.js";
import { button } from "../core/controls.js";
import { openDialog } from "../core/dialog.js";
import { h, replace } from "../core/dom.js";
import { failure } from "../core/failure.js";
import { t, withWords } from "../core/words.js";
import { MOST_NAMED, Selection } from "./selection.js";

/** Whom one may want to invite again, by the outcome that the API filters by. */
export const AGAIN = /** @type {const} */ ([
  "unregistered",
  "expired",
  "bounced",
  "refused",
  "dropped",
  "locked",
  "declined",
  "cancelled",
]);

/**
 * @param {object} what
 * @param {string} what.path of the batch in the API
 * @param {(typeof AGAIN)[number]} what.outcome
 * @param {AbortSignal} what.signal
 * @param {() => void} what.sent
 */
export async function inviteAgain({ path, outcome, signal, sent }) {
  const over = new AbortController();
  const within = AbortSignal.any([signal, over.signal]);
  const selection = new Selection();
  const told = h("p", { role: "status" }, t("batch.again.looking"));
  const trouble = h("div");
  const cancel = button({ label: t("cancel"), onPress: () => dialog.close() });
  const dialog = openDialog({
    title: t(`batch.again.${outcome}`),
    body: [told, trouble],
    actions: cancel,
    onClose: () => over.abort(),
  });

  /** @param {string | null} from */
  const gather = async (from) => {
    let cursor = from;
    trouble.replaceChildren();
    try {
      do {
        /** @type {import("../core/api.js").Answer<{ items: import("./batch_people.js").Recipient[], next?: string | null }>} */
        const { data } = await api.get(`${path}/recipients`, {
          query: { outcome, limit: 100, cursor },
          signal: within,
        });
        // Whoever was deleted has no address any more.
        const there = data.items
          .filter(({ email }) => email)
          .map(
            ({ userId, email, displayName }) => /** @type {Schema<"UserView">} */ ({ id: userId, email, displayName }),
          );
        if (!selection.set(there, true)) break;
        cursor = data.next ?? null;
        replace(told, t("batch.again.found", { count: selection.count ?? 0 }));
      } while (cursor !== null);
    } catch (error) {
      if (!within.aborted) replace(trouble, failure(error, { again: () => gather(cursor) }));
      return;
    }
    found();
  };

  const found = async () => {
    const count = selection.count ?? 0;
    if (count === 0) {
      const text = t("batch.again.nobody");
      replace(told, text);
      announce(text);
      dialog.setActions(button({ label: t("close"), kind: "main", onPress: () => dialog.close() }));
      return;
    }
    const go = button({
      label: t("batch.again.preview", { count }),
      kind: "main",
      onPress: async () => {
        const { openSend } = await withWords(import("./send.js"));
        dialog.close();
        openSend(selection, { sent });
      },
    });
    replace(told, t("batch.again.found", { count }));
    replace(
      trouble,
      count >= MOST_NAMED && h("p", { class: "hint" }, t("batch.again.most")),
      outcome === "bounced" && h("p", { class: "hint" }, t("batch.again.bounced.hint")),
    );
    dialog.setActions(cancel, go);
    go.focus();
  };

  await gather(null);
}
