// Times that are known as ranges: a median lies in a bucket, between two lengths of time.

import { regional, t } from "../core/words.js";

/** @typedef {{ fromSeconds: number, toSeconds?: number | null | undefined }} Median */

/** @type {[string, number][]} */
const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

/**
 * In words, in the unit that both ends are easiest to read in: "68–97 minutes", "over 30 days".
 *
 * @param {Median} median
 */
export function between({ fromSeconds, toSeconds }) {
  const [unit, length] = UNITS.find(([, length]) => (toSeconds ?? fromSeconds) >= 2 * length) ?? ["second", 1];
  const write = new Intl.NumberFormat(regional(), {
    style: "unit",
    unit,
    unitDisplay: "long",
    maximumFractionDigits: fromSeconds / length < 10 && length > 1 ? 1 : 0,
  });
  const from = fromSeconds / length;
  if (toSeconds == null) return t("overview.time.over", { time: write.format(from) });
  return write.formatRange(from, toSeconds / length);
}
