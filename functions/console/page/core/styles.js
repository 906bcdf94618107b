// Style sheets that only some pages need, fetched with them.

/** @type {Map<string, Promise<void>>} */
const fetched = new Map();

/**
 * Resolves when the sheet holds, so that nothing is shown without it. Without it the page can still be read.
 *
 * @param {string} name of the file, beside console.css
 * @returns {Promise<void>}
 */
export function styles(name) {
  const known = fetched.get(name);
  if (known) return known;
  const sheet = document.createElement("link");
  sheet.rel = "stylesheet";
  sheet.href = new URL(`../${name}`, import.meta.url).href;
  /** @type {Promise<void>} */
  const ready = new Promise((resolve) => {
    sheet.addEventListener("load", () => resolve());
    sheet.addEventListener("error", () => {
      fetched.delete(name);
      sheet.remove();
      resolve();
    });
  });
  fetched.set(name, ready);
  document.head.append(sheet);
  return ready;
}
