// The first page: how far invitations have come, what needs attention, and who is about to run out of time.

import { announce } from "../core/announce.js";
import { api } from "../core/api.js";
import { button } from "../core/controls.js";
import { h, replace } from "../core/dom.js";
import { failure } from "../core/failure.js";
import { moment } from "../core/format.js";
import { poll } from "../core/poll.js";
import { entitle, link, setQuery } from "../core/router.js";
import { styles } from "../core/styles.js";
import { t } from "../core/words.js";
import { funnelCard } from "./funnel.js";
import { attentionCard } from "./overview_attention.js";
import { deliveryNotice } from "./overview_delivery.js";
import { expiringCard } from "./overview_expiring.js";
import { firstRun } from "./overview_first.js";

/**
 * What the numbers are of: everything, a group or a batch.
 *
 * @typedef {{ group: string, batch: string }} Scope
 */

/** How often the numbers are asked again, in milliseconds. */
const EVERY = 15_000;

/** @type {import("../core/router.js").Show} */
export async function show(place, { query, signal }) {
  entitle(t("overview.title"));
  await styles("overview.css");
  const scope = { group: query.get("group") ?? "", batch: query.get("batch") ?? "" };
  const funnel = funnelCard({ title: t("overview.funnel.title"), hint: t("overview.funnel.ranges") });
  const attention = attentionCard();
  const delivery = deliveryNotice(signal);
  const expiring = expiringCard(signal);
  const first = h("div", { class: "overview-first", hidden: true });
  const trouble = h("div");
  const columns = h("div", { class: "overview-columns" }, funnel.element, attention.element, expiring.element);

  /** @param {boolean} quiet whether the numbers that are there stay until the answer has come */
  const load = async (quiet) => {
    const of = { ...scope };
    /** Whether something else is to be seen by now. */
    const late = () => signal.aborted || of.group !== scope.group || of.batch !== scope.batch;
    if (!quiet) {
      funnel.wait();
      attention.wait();
    }
    try {
      const numbers = await numbersOf(of, signal);
      if (late()) return;
      await beginning(numbers);
      if (late()) return;
      replace(trouble);
      funnel.show(numbers, of);
      attention.show(numbers.attention, of);
      if (!quiet) announce(t("overview.loaded"));
    } catch (error) {
      if (late()) return;
      // Old numbers are better than none; the next round may succeed.
      if (quiet) throw error;
      funnel.hide();
      attention.hide();
      replace(trouble, failure(error, { again: begin }));
    }
  };

  /** @param {Numbers} numbers whether there is anything to count yet */
  const beginning = async (numbers) => {
    const invited = numbers.funnel.find(({ step }) => step === "invited")?.count ?? 0;
    const nothing = invited === 0 && numbers.complete && !scope.group && !scope.batch;
    if (nothing && first.hidden) replace(first, await firstRun(signal));
    first.hidden = !nothing;
    columns.hidden = nothing;
    choice.hidden = nothing;
  };

  const begin = async () => {
    columns.hidden = false;
    expiring.element.hidden = scope.batch !== "";
    await Promise.all([load(false), delivery.load(), scope.batch ? null : expiring.load(scope)]);
  };

  const choice = scopeChoice(scope, () => {
    setQuery(Object.fromEntries(Object.entries(scope).filter(([, value]) => value)));
    begin();
  });

  replace(
    place,
    h("div", { class: "page-head" }, h("h1", null, t("overview.title")), choice),
    delivery.element,
    trouble,
    first,
    columns,
  );
  await begin();
  poll(() => load(true), { every: EVERY, signal, atOnce: false });
}

/**
 * @typedef {object} Numbers
 * @property {boolean} complete
 * @property {import("./funnel.js").Step[]} funnel
 * @property {{ [what: string]: number }} attention
 * @property {string | null} startedAt of a batch
 */

/**
 * @param {Scope} scope
 * @param {AbortSignal} signal
 * @returns {Promise<Numbers>}
 */
async function numbersOf({ group, batch }, signal) {
  if (batch) {
    const { data } = await api.get(`/v1/batches/${encodeURIComponent(batch)}`, { signal });
    return {
      complete: true,
      funnel: data.funnel ?? [],
      attention: data.attention ?? {},
      startedAt: data.batch?.createdAt ?? null,
    };
  }
  const { data } = await api.get("/v1/overview", { query: { group }, signal });
  return { ...data, startedAt: null };
}

/**
 * What the numbers are of, and how to look at something else.
 *
 * @param {Scope} scope changed in place
 * @param {() => void} changed
 */
function scopeChoice(scope, changed) {
  const element = h("div", { class: "overview-scope" });
  const write = () => {
    if (scope.batch) {
      replace(
        element,
        h("a", { href: link(`/batches/${encodeURIComponent(scope.batch)}`) }, t("overview.scope.batch")),
        button({
          label: t("overview.scope.everything"),
          onPress: () => {
            scope.batch = "";
            write();
            changed();
            element.querySelector("input")?.focus();
          },
        }),
      );
      return;
    }
    const input = h("input", {
      type: "search",
      "aria-label": t("overview.scope.group"),
      placeholder: t("overview.scope.group"),
      value: scope.group,
      autocomplete: "off",
      spellcheck: "false",
    });
    const take = () => {
      const group = input.value.trim();
      if (group === scope.group) return;
      scope.group = group;
      changed();
    };
    input.addEventListener("change", take);
    input.addEventListener("search", take);
    replace(element, input);
  };
  write();
  return element;
}

/**
 * A heading with the moment that a batch was started at.
 *
 * @param {string} startedAt
 */
export function batchHeading(startedAt) {
  return t("overview.funnel.batch", { moment: moment(startedAt) });
}
