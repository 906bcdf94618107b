// Shows a mail as a mail program would: in a frame of its own, in which no script runs and nothing is fetched.

import { h } from "./dom.js";

/** The one place where text becomes HTML, and only inside that frame. */
const policy = /** @type {any} */ (globalThis).trustedTypes?.createPolicy("beckon-mail", {
  createHTML: (/** @type {string} */ html) => html,
});

/**
 * Shows a document as on light or dark paper, whatever the reader's own system is set to: what a style sheet says for
 * dark paper holds always or never.
 *
 * @param {Document} page
 * @param {boolean} dark
 */
function paint(page, dark) {
  page.documentElement.style.colorScheme = dark ? "dark" : "light";
  for (const sheet of page.styleSheets) {
    for (const rule of sheet.cssRules) {
      // The frame has classes of its own, so `instanceof` would not know them.
      const media = /** @type {CSSMediaRule} */ (rule).media;
      const wanted = /prefers-color-scheme:\s*(dark|light)/.exec(media?.mediaText ?? "")?.[1];
      if (wanted) media.mediaText = (wanted === "dark") === dark ? "all" : "not all";
    }
  }
}

/**
 * A frame for mails.
 *
 * @param {string} title what it shows, for those who cannot see it
 */
export function mailFrame(title) {
  const frame = h("iframe", {
    class: "mail-frame",
    title,
    src: "/console/frame",
    sandbox: "allow-same-origin allow-modals",
  });
  const ready = new Promise((resolve) => frame.addEventListener("load", () => resolve(undefined), { once: true }));

  return {
    element: frame,
    /**
     * @param {string} html the whole document
     * @param {{ dark: boolean }} how
     */
    async show(html, { dark }) {
      await ready;
      const page = frame.contentDocument;
      if (!page) return;
      page.documentElement.innerHTML = policy ? policy.createHTML(html) : html;
      const attributes = /<html([^>]*)>/i.exec(html)?.[1] ?? "";
      for (const name of ["lang", "dir"]) {
        const value = new RegExp(`\\b${name}="([^"]*)"`, "i").exec(attributes)?.[1];
        if (value) page.documentElement.setAttribute(name, value);
        else page.documentElement.removeAttribute(name);
      }
      paint(page, dark);
      // Its links are for the recipient: here they lead nowhere.
      for (const link of page.querySelectorAll("a[href]")) {
        link.setAttribute("title", link.getAttribute("href") ?? "");
        link.removeAttribute("href");
      }
    },
    /** Prints what is shown. */
    print() {
      frame.contentWindow?.focus();
      frame.contentWindow?.print();
    },
  };
}
