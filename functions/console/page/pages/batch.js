// One batch: how far it is, what became of each person, and whom to invite again.

import { announce } from "../core/announce.js";
import { ApiError, api } from "../core/api.js";
import { button, notice } from "../core/controls.js";
import { ask } from "../core/dialog.js";
import { h, icon, replace, uniqueId } from "../core/dom.js";
import { failure } from "../core/failure.js";
import { inFull, relative, time } from "../core/format.js";
import { menuButton } from "../core/menu.js";
import { poll } from "../core/poll.js";
import { mailReason } from "../core/refusal_words.js";
import { may } from "../core/roles.js";
import { entitle, link, setQuery } from "../core/router.js";
import { setup } from "../core/session.js";
import { styles } from "../core/styles.js";
import { whoIs } from "../core/who.js";
import { number, t } from "../core/words.js";
import { OUTCOMES, peopleCard } from "./batch_people.js";
import { bar, batchBadge, batchName, isOver, ownership, selected, share } from "./batch_words.js";
import { funnelCard } from "./funnel.js";
import { historyCard } from "./history_card.js";
import { AGAIN, inviteAgain } from "./invite_again.js";
import { fact, missing, when } from "./record.js";

/** @typedef {Schema<"SentView">} Sent */

/** How often a batch is asked for again, in milliseconds: while it is under way, and when only people can change it. */
const [SOON, LATER] = [1_500, 8_000];

/** @type {import("../core/router.js").Show} */
export async function show(place, { params, query, signal }) {
  await styles("overview.css");
  const id = params["id"] ?? "";
  const path = `/v1/batches/${encodeURIComponent(id)}`;
  /** @type {Sent | null} */
  let sent = null;
  let said = "";

  const heading = h("h1", null, t("batch.title"));
  const badges = h("div", { class: "badges" });
  const stale = h("p", { class: "hint stale", role: "status" });
  const trouble = h("div", { class: "page-trouble" });
  const stop = button({ label: t("sent.stop"), kind: "danger", onPress: () => stopped() });
  const again = menuButton({
    label: t("batch.again"),
    align: "end",
    kind: "main",
    items: () =>
      AGAIN.map((outcome) => ({
        label: t(`batch.again.${outcome}`),
        onChoose: () => inviteAgain({ path, outcome, signal, sent: () => asked.now() }),
      })),
  });
  const tools = h("div", { class: "page-actions" }, stop, may("inviter") && again.element);
  stop.hidden = true;
  again.element.hidden = true;

  const progress = progressCard({ resumed: () => asked.now() });
  const funnel = funnelCard({ title: t("batch.funnel"), hint: t("batch.funnel.hint") });
  const history = historyCard({ fetch: () => api.get(`${path}/history`, { signal }), words: "batch.what" });
  const wanted = query.get("outcome") ?? "";
  const people = peopleCard({
    path,
    signal,
    outcome: OUTCOMES.some((one) => one === wanted) ? wanted : "",
    onFilter: (outcome) => setQuery(outcome ? { outcome } : {}),
  });

  /** @param {Sent} now */
  const draw = (now) => {
    const over = isOver(now.batch);
    if (!sent) {
      const name = batchName(now.batch);
      entitle(name);
      replace(heading, name);
      heading.title = inFull(now.batch.createdAt);
    }
    sent = now;
    replace(badges, batchBadge(now.batch));
    // What was stopped stays, if somebody is on the button.
    if (over && document.activeElement === stop) heading.focus();
    stop.hidden = over || !may("inviter");
    again.element.hidden = now.batch.state === "expanding";
    const text = progress.show(now);
    if (said !== "" && text !== said && over) announce(text);
    said = text;
    if (now.funnel) funnel.show({ complete: true, funnel: now.funnel, startedAt: null }, { group: "" });
    else funnel.hide();
  };

  const stopped = async () => {
    const sure = await ask({
      title: t("sent.stop.title"),
      text: t("sent.stop.text"),
      action: t("sent.stop"),
      danger: true,
    });
    if (!sure) return;
    trouble.replaceChildren();
    try {
      draw((await api.post(`${path}/stop`, undefined, { signal })).data);
      announce(t("sent.stopped"));
      asked.now();
    } catch (error) {
      if (!signal.aborted) replace(trouble, failure(error, { again: stopped }));
    }
  };

  /** @param {boolean} quiet */
  const load = async (quiet) => {
    try {
      const before = JSON.stringify(sent);
      draw((await api.get(path, { signal })).data);
      stale.textContent = "";
      if (!quiet) await Promise.all([history.refresh(), people.load()]);
      else if (before !== JSON.stringify(sent)) await Promise.all([history.refresh(), people.refresh()]);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && error.status === 404) {
        missing(place, "batch", "/batches");
        return true;
      }
      if (quiet && stale.textContent === "") stale.textContent = t("user.stale", { time: time(new Date()) });
      throw error;
    }
    return false;
  };

  entitle(t("batch.title"));
  replace(
    place,
    h("p", { class: "crumb" }, h("a", { href: link("/batches") }, icon("back"), t("batches.title"))),
    h("div", { class: "page-head" }, h("div", { class: "page-name" }, heading, badges), tools),
    stale,
    trouble,
    progress.element,
    funnel.element,
    people.element,
    history.element,
  );
  // What stands below grows: it comes when there is nothing left that could move it.
  history.element.hidden = true;
  if (await load(false)) return;
  history.element.hidden = false;
  const asked = poll(() => load(true), {
    every: () => (sent && !isOver(sent.batch) ? SOON : LATER),
    signal,
    atOnce: false,
  });
}

/**
 * How far it is, what holds it up, and what was set for it.
 *
 * @param {{ resumed: () => void }} then
 */
function progressCard({ resumed }) {
  const titleId = uniqueId("progress");
  const lead = h("p", { class: "lead" }, h("span", { class: "blank-line" }));
  const drawn = bar(t("sent.progress"));
  const expected = h("p", { class: "hint progress-when" });
  const spam = h("p", { class: "hint", hidden: true }, t("batch.spam"));
  const counts = h("dl", { class: "counts" });
  const facts = h("dl", { class: "record-facts" });
  const notes = h("div", { class: "notes" });
  const element = h(
    "section",
    { class: "card progress-card", "aria-labelledby": titleId },
    h("h2", { id: titleId }, t("batch.progress")),
    lead,
    drawn.element,
    expected,
    notes,
    counts,
    spam,
    facts,
  );
  drawn.set(0);
  replace(counts, figures(null));
  replace(
    facts,
    [
      t("batches.column.by"),
      t("batches.column.for"),
      t("batches.column.started"),
      t("owner.switch"),
      t("confirmation.title"),
    ].map((label) => fact(label, h("span", { class: "blank-line" }))),
    setup().local && fact(t("batch.mails"), h("span", { class: "blank-line" })),
  );
  let held = "";

  const resume = async () => {
    try {
      await api.post("/v1/delivery/resume");
      announce(t("batch.resumed"));
      resumed();
    } catch (error) {
      notes.append(failure(error));
    }
  };

  return {
    element,
    /** @param {Sent} sent @returns {string} the sentence that says how far it is */
    show({ batch, confirmation }) {
      const known = batch.counts;
      const over = isOver(batch);
      const out = known ? known.sent + (known.refused ?? 0) + (known.dropped ?? 0) : 0;
      const text =
        batch.state === "stopped"
          ? t("sent.stopped")
          : over
            ? t("sent.done", { count: known?.sent ?? 0 })
            : known && batch.state === "expanded"
              ? t("sent.going", { out, of: known.issued })
              : t("sent.expanding");
      replace(lead, text);
      drawn.set(share(batch));
      expected.hidden = batch.heldUp != null;
      replace(
        expected,
        !batch.expectedEnd
          ? ""
          : t("sent.expected", { time: time(batch.expectedEnd), in: relative(batch.expectedEnd) }),
      );
      const why = over ? "" : JSON.stringify(batch.heldUp ?? "");
      if (why !== held) {
        held = why;
        const pause = over ? null : batch.heldUp;
        replace(
          notes,
          pause &&
            notice(
              "warn",
              h("p", null, t("sent.heldUp", { time: time(pause.until), reason: mailReason(pause.code, pause.reason) })),
              may("inviter") && h("p", null, button({ label: t("batch.resume"), onPress: resume })),
            ),
        );
      }
      replace(counts, figures(known ?? null));
      // Whoever adds the numbers up would find more mails than were sent.
      spam.hidden = !known || known.delivered + known.failed - (known.refused ?? 0) <= known.sent;
      replace(
        facts,
        fact(t("batches.column.by"), whoIs(batch.sentBy)),
        fact(t("batches.column.for"), selected(batch)),
        fact(t("batches.column.started"), when(batch.createdAt)),
        fact(t("owner.switch"), ownership(batch)),
        fact(t("confirmation.title"), confirmationText(confirmation)),
        setup().local &&
          fact(t("batch.mails"), h("a", { href: "/mailbox", target: "_blank", rel: "noopener" }, t("batch.mailbox"))),
      );
      return text;
    },
  };
}

/** @param {Schema<"ConfirmationForecast">} forecast */
function confirmationText({ confirmationEnabled, willReceive, willNotReceive }) {
  if (!confirmationEnabled) return t("batch.confirmation.off");
  if (willReceive == null || willNotReceive == null) return t("batch.confirmation.unknown");
  const will = t("batch.confirmation.will", { count: willReceive });
  if (willNotReceive === 0) return will;
  const not = t("batch.confirmation.not", { count: willNotReceive });
  return willReceive === 0 ? not : `${will} ${not}`;
}

/** The numbers, or the room for them. @param {Schema<"BatchCounts"> | null} known */
function figures(known) {
  /** @type {[string, number | undefined][]} */
  const all = [
    [t("batches.column.selected"), known?.selected],
    [t("counts.issued"), known?.issued],
    [t("counts.sent"), known?.sent],
    [t("counts.delivered"), known?.delivered],
    [t("counts.failed"), known?.failed],
    [t("batch.dropped"), known?.dropped],
    [t("counts.skipped"), known?.skipped],
  ];
  return all.map(([label, count]) =>
    h(
      "div",
      null,
      h("dt", null, label),
      h("dd", null, known ? number(count ?? 0) : h("span", { class: "muted" }, "–")),
    ),
  );
}
