// Shows a mail as a mail program would: in a frame of its own, in which no script runs and nothing is fetched.

import { h } from "./dom.js";

/** The one place where text becomes HTML, and only inside that frame. */
const policy = /** @type {any} */ (globalThis).trustedTypes?.createPolicy("beckon-mail", {
  createHTML: (/** @type {string} */ html) => html,
});

/**
 * A frame for mails.
 *
 * @param {string} title what it shows, for those who cannot see it
 */
export function mailFrame(title) {
  const frame = h("iframe", { class: "mail-frame", title, src: "/console/frame", sandbox: "allow-same-origin" });
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
      frame.style.setProperty("color-scheme", dark ? "dark" : "light");
      page.documentElement.innerHTML = policy ? policy.createHTML(html) : html;
      const attributes = /<html([^>]*)>/i.exec(html)?.[1] ?? "";
      for (const name of ["lang", "dir"]) {
        const value = new RegExp(`\\b${name}="([^"]*)"`, "i").exec(attributes)?.[1];
        if (value) page.documentElement.setAttribute(name, value);
        else page.documentElement.removeAttribute(name);
      }
      // Its links are for the recipient: here they lead nowhere.
      for (const link of page.querySelectorAll("a[href]")) {
        link.setAttribute("title", link.getAttribute("href") ?? "");
        link.removeAttribute("href");
      }
    },
  };
}
