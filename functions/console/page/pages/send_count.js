// What becomes of everybody who is selected, counted page by page of the preview: the API counts a selection of up to
// 2,000 people at once, and says who is skipped and why for a page alone.

/**
 * @typedef {Schema<"PreviewView">} Preview
 * @typedef {Schema<"RecipientView">} Recipient
 */

/** How many pages are counted through; of more people than that, Send itself finds out. */
const MOST_PAGES = 300;

/** How many are named who will get no confirmation. */
const NAMED = 5;

/** Counts of the people who were looked at. */
export class Tally {
  people = 0;
  willSend = 0;
  /** How many get each kind of mail, by method. @type {Map<Recipient["method"], number>} */
  methods = new Map();
  replaced = 0;
  again = 0;
  /** Of how many it was set with their earlier invitation whose the device is, so that a new one may keep it. */
  kept = 0;
  confirmed = 0;
  /** Whether confirmations are switched off for somebody. */
  off = false;
  /** How many are skipped, by reason. @type {Map<string, number>} */
  skipped = new Map();
  /** The first of those who are invited and will get no confirmation. @type {Recipient[]} */
  unconfirmed = [];
  /** Where counting is: it goes on, everybody was looked at, or there are too many. @type {"counting" | "whole" | "part"} */
  state = "counting";

  /** @param {readonly Recipient[]} recipients */
  add(recipients) {
    this.people += recipients.length;
    for (const one of recipients) {
      if (one.outcome === "skipped") {
        if (one.reason) this.skipped.set(one.reason, (this.skipped.get(one.reason) ?? 0) + 1);
        continue;
      }
      this.willSend += 1;
      this.methods.set(one.method, (this.methods.get(one.method) ?? 0) + 1);
      if (one.outcome === "willReplace") this.replaced += 1;
      if (one.outcome === "willMailAgain") this.again += 1;
      if (one.earlierOwnership && !one.ownershipReason) this.kept += 1;
      if (one.confirmation.reason === "switchedOff") this.off = true;
      if (one.confirmation.willSend) this.confirmed += 1;
      else if (this.unconfirmed.length < NAMED) this.unconfirmed.push(one);
    }
  }
}

/**
 * The first page of a preview that shows somebody, if there is one: where a filter finds few among many, pages are empty.
 *
 * @param {(cursor: string | null) => Promise<Preview>} ask
 * @returns {Promise<Preview>}
 */
export async function firstWithSomebody(ask) {
  const first = await ask(null);
  let page = first;
  while (page.recipients.length === 0 && page.next) page = await ask(page.next);
  // Only the first answer counts the whole selection.
  return first.counts.exact ? { ...page, counts: first.counts } : page;
}

/**
 * Looks at the pages that follow, and tells after each how far it is.
 *
 * @param {Preview} first
 * @param {object} how
 * @param {(cursor: string) => Promise<Preview>} how.ask
 * @param {(tally: Tally) => boolean} how.told answers whether to go on
 */
export async function countAll(first, { ask, told }) {
  const tally = new Tally();
  let page = first;
  for (let pages = 1; ; pages += 1) {
    tally.add(page.recipients);
    if (!page.next) tally.state = "whole";
    else if (pages >= MOST_PAGES) tally.state = "part";
    if (!told(tally) || tally.state !== "counting" || !page.next) return;
    page = await ask(page.next);
  }
}
