// After Send: how far the batch is, who will be told when they have registered, and the mails where they can be seen.

import { announce } from "../core/announce.js";
import { api } from "../core/api.js";
import { button, notice } from "../core/controls.js";
import { ask } from "../core/dialog.js";
import { h, replace } from "../core/dom.js";
import { failure } from "../core/failure.js";
import { relative, time } from "../core/format.js";
import { poll } from "../core/poll.js";
import { mailReason } from "../core/refusal_words.js";
import { link } from "../core/router.js";
import { setup } from "../core/session.js";
import { named, number, t } from "../core/words.js";
import { nameOf, someNames } from "./send_people.js";
import { whoNot } from "./who_not.js";

/**
 * @typedef {Schema<"SentView">} Sent
 * @typedef {Schema<"PreviewView">} Preview
 */

/**
 * @param {Sent} first
 * @param {object} what
 * @param {AbortSignal} what.signal
 * @param {Map<string, string>} what.names
 * @param {Preview} what.shown
 * @param {readonly Schema<"RecipientView">[]} what.unconfirmed the first who will get no confirmation
 * @param {boolean} what.confirmsAll whether it is known that everybody will get one
 * @param {() => void} what.changed
 */
export function progress(first, { signal, names, shown, unconfirmed, confirmsAll, changed }) {
  const { id } = first.batch;
  const bar = h("progress", { class: "bar-progress", max: "1", value: "0", "aria-label": t("sent.progress") });
  const lead = h("p", { class: "send-lead" });
  const counts = h("dl", { class: "counts" });
  const when = h("p", { class: "hint" });
  const trouble = h("div");
  const reminder = h("div");
  const mailbox = h("p", { hidden: !setup().local }, h("a", { href: "/mailbox", target: "_blank" }, t("sent.mailbox")));
  const goesOn = h(
    "p",
    { class: "hint" },
    t("sent.goesOn"),
    " ",
    h("a", { href: link(`/batches/${id}`) }, t("sent.batch")),
  );
  const element = h("div", { class: "sent" }, lead, bar, when, counts, trouble, reminder, mailbox, goesOn);
  const not = whoNot({
    title: t("sent.not"),
    path: `/v1/batches/${id}/recipients`,
    outcomes: ["skipped", "bounced", "refused", "dropped"],
    why: whyNot,
    all: `/batches/${id}`,
    signal,
  });
  element.insertBefore(not.element, reminder);
  let toldOf = "";
  let said = "";

  const stop = button({
    label: t("sent.stop"),
    onPress: async () => {
      const sure = await ask({
        title: t("sent.stop.title"),
        text: t("sent.stop.text"),
        action: t("sent.stop"),
        keep: t("keep.going"),
        danger: true,
      });
      if (!sure) return;
      try {
        draw((await api.post(`/v1/batches/${id}/stop`, undefined, { signal })).data);
        changed();
      } catch (error) {
        replace(trouble, failure(error));
      }
    },
  });

  /** @param {Sent} answer */
  const draw = ({ batch, confirmation }) => {
    const known = batch.counts;
    const out = known ? known.sent + (known.refused ?? 0) + (known.dropped ?? 0) : 0;
    const over = batch.state === "stopped" || (batch.state === "expanded" && known != null && out >= known.issued);
    const selected = known?.selected ?? shown.counts.selected;
    const total = batch.state === "expanding" ? Math.max(selected, 1) : Math.max(known?.issued ?? 1, 1);
    if (known) bar.value = batch.state === "expanded" && known.issued === 0 ? 1 : out / total;
    const text =
      batch.state === "stopped"
        ? t("sent.stopped")
        : over
          ? t("sent.done", { count: known?.sent ?? 0 })
          : known && batch.state === "expanded"
            ? t("sent.going", { out: out, of: known.issued })
            : known && known.issued > 0
              ? t("sent.writing", { issued: known.issued, out })
              : t("sent.expanding");
    replace(lead, text);
    if (text !== said && (over || said === "")) announce(text);
    said = text;
    replace(
      when,
      over
        ? ""
        : batch.heldUp
          ? t("sent.heldUp", {
              reason: mailReason(batch.heldUp.code, batch.heldUp.reason),
              time: time(batch.heldUp.until),
            })
          : batch.expectedEnd
            ? t("sent.expected", { time: time(batch.expectedEnd), in: relative(batch.expectedEnd) })
            : "",
    );
    replace(counts, known ? figures(known) : []);
    const left = known ? [known.skipped, known.failed, known.dropped].join() : "";
    if (batch.state !== "expanding" && left !== toldOf) {
      toldOf = left;
      not.load();
    }
    stop.hidden = over;
    goesOn.hidden = over;
    if (over && setup().local) showMail(mailbox, shown, signal);
    remind(confirmation);
    return over;
  };

  /** @type {string[] | null} */
  let without = null;
  /**
   * @param {Sent["confirmation"]} confirmation
   */
  const remind = (confirmation) => {
    const { confirmationEnabled, willReceive, willNotReceive } = confirmation;
    if (!confirmationEnabled) {
      replace(reminder, notice("info", h("p", null, t("reminder.off"))));
      return;
    }
    if (without === null) {
      without = unconfirmed.map((one) => nameOf(one, names));
    }
    const not = willNotReceive ?? without.length;
    replace(
      reminder,
      notice(
        not > 0 ? "warn" : "info",
        h(
          "p",
          null,
          willReceive == null
            ? t(confirmsAll ? "confirmation.all" : "reminder.unknown")
            : willReceive === 0
              ? t("reminder.nobody")
              : t("reminder.will", { count: willReceive }),
        ),
        not > 0 && h("p", null, t("reminder.not", { count: not, names: someNames(without, not) })),
      ),
    );
  };

  draw(first);
  poll(
    async () => {
      const { data } = await api.get(`/v1/batches/${id}`, { signal });
      const over = draw(data);
      changed();
      return over;
    },
    { every: 1_500, signal },
  );
  return { element, stop };
}

/** @param {import("./batch_people.js").Recipient} one */
function whyNot({ reason, delivery, deliveryReason, deliveryReasonCode }) {
  if (reason) return named("skip", reason);
  return mailReason(deliveryReasonCode, deliveryReason) || (delivery ? named("delivery", delivery) : "");
}

/** @param {Schema<"BatchCounts">} known */
function figures(known) {
  /** @type {[import("../core/words.js").Key, number | undefined][]} */
  const all = [
    ["counts.issued", known.issued],
    ["counts.sent", known.sent],
    ["counts.delivered", known.delivered],
    ["counts.failed", known.failed],
    ["counts.skipped", known.skipped],
  ];
  return all.map(([key, count]) => h("div", null, h("dt", null, t(key)), h("dd", null, number(count ?? 0))));
}

/**
 * Leads to the very mail that the first of them got, on one machine.
 *
 * @param {HTMLElement} place
 * @param {Preview} shown
 * @param {AbortSignal} signal
 */
async function showMail(place, shown, signal) {
  const first = shown.recipients.find(({ outcome }) => outcome !== "skipped");
  if (!first?.email) return;
  try {
    const { data } = await api.get("/local/mailbox", { query: { to: first.email, limit: 1 }, signal });
    const [mail] = data.items;
    if (!mail) return;
    const name = first.displayName ?? first.email;
    replace(place, h("a", { href: `/mailbox#${mail.id}`, target: "_blank" }, t("sent.mail", { name })));
  } catch {
    // The link to the mailbox stays.
  }
}
