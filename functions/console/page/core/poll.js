// Asks again and again while somebody can see the answer.

let background = false;

/** Whether a request that begins now is of a page's own accord, and nobody waits for it. */
export function inBackground() {
  return background;
}

/**
 * Begins what is asked in the background.
 *
 * @template T
 * @param {() => T} ask
 */
function quietly(ask) {
  background = true;
  try {
    return ask();
  } finally {
    background = false;
  }
}

/**
 * Calls `ask` now and then every so often, while the tab can be seen. A failure makes the next one wait longer, up to
 * a minute. Ends with the signal, or when `ask` answers true.
 *
 * @param {() => Promise<boolean | void>} ask
 * @param {{ every: number | (() => number), signal: AbortSignal, atOnce?: boolean }} how in milliseconds
 */
export function poll(ask, { every, signal, atOnce = true }) {
  let failures = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let asking = false;
  const pause = () => {
    const usual = typeof every === "function" ? every() : every;
    return Math.min(usual * 2 ** failures, Math.max(usual, 60_000));
  };
  const next = () => {
    clearTimeout(timer);
    if (!signal.aborted && document.visibilityState === "visible") timer = setTimeout(round, pause());
  };
  const round = async () => {
    if (asking || signal.aborted) return;
    asking = true;
    try {
      if ((await quietly(ask)) === true) return;
      failures = 0;
    } catch {
      failures += 1;
    } finally {
      asking = false;
    }
    next();
  };
  document.addEventListener(
    "visibilitychange",
    () => (document.visibilityState === "visible" ? round() : clearTimeout(timer)),
    { signal },
  );
  signal.addEventListener("abort", () => clearTimeout(timer));
  if (atOnce) round();
  else next();
  return { now: round };
}
