// Shows a mail as a mail program would: in a frame of its own, in which no script runs and nothing is fetched.

import { h } from "./dom.js";

/** The one place where text becomes HTML, and only inside that frame. */
const policy = /** @type {any} */ (globalThis).trustedTypes?.createPolicy("beckon-mail", {
  createHTML: (/** @type {string} */ html) => html,
});

/**
 * The trees of a document: its own, and the shadows in which sheets of several people keep their styles apart.
 *
 * @param {Document} page
 * @returns {(Document | ShadowRoot)[]}
 */
const trees = (page) => [page, ...[...page.querySelectorAll("*")].flatMap(({ shadowRoot }) => shadowRoot ?? [])];

/**
 * Shows a document as on light or dark paper, whatever the reader's own system is set to: what a style sheet says for
 * dark paper holds always or never.
 *
 * @param {Document} page
 * @param {boolean} dark
 */
function paint(page, dark) {
  page.documentElement.style.colorScheme = dark ? "dark" : "light";
  for (const sheet of trees(page).flatMap(({ styleSheets }) => [...styleSheets])) {
    for (const rule of sheet.cssRules) {
      // The frame has classes of its own, so `instanceof` would not know them.
      const media = /** @type {CSSMediaRule} */ (rule).media;
      const wanted = /prefers-color-scheme:\s*(dark|light)/.exec(media?.mediaText ?? "")?.[1];
      if (wanted) media.mediaText = (wanted === "dark") === dark ? "all" : "not all";
    }
  }
}

/** Stands for a picture of which only a mail program has the file, such as the code that opens an invitation. */
const MASKED = `data:image/svg+xml,${encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path fill="#e1e5ea" d="M0 0h24v24H0z"/><path fill="#7d8895" d="M4 4h6v6H4zm10 0h6v6h-6zM4 14h6v6H4zm10 0h2v2h-2zm4 0h2v2h-2zm-2 2h2v2h-2zm-2 2h2v2h-2zm4 0h2v2h-2z"/></svg>')}`;

/**
 * The mail with its attached pictures in their places: nothing is fetched, and no picture is broken.
 *
 * @param {string} html
 * @param {{ [id: string]: string }} pictures their addresses, by the id of the attachment
 */
function withPictures(html, pictures) {
  return html.replace(/(["'])cid:([\w.@-]+)\1/g, (_, quote, id) => `${quote}${pictures[id] ?? MASKED}${quote}`);
}

/**
 * Writes a document into a frame, with its shadows; `innerHTML` would leave those out, and older browsers know nothing else.
 *
 * @param {HTMLElement} root
 * @param {string} html
 */
function write(root, html) {
  if (typeof root.setHTMLUnsafe === "function") {
    root.setHTMLUnsafe(html);
    return;
  }
  root.innerHTML = html;
  for (const template of root.querySelectorAll("template")) {
    if (template.getAttribute("shadowrootmode") !== "open") continue;
    template.parentElement?.attachShadow({ mode: "open" }).append(template.content);
    template.remove();
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
     * @param {{ dark: boolean, pictures?: { [id: string]: string } }} how
     */
    async show(html, { dark, pictures = {} }) {
      await ready;
      const page = frame.contentDocument;
      if (!page) return;
      const whole = withPictures(html, pictures);
      write(page.documentElement, policy ? policy.createHTML(whole) : whole);
      const attributes = /<html([^>]*)>/i.exec(html)?.[1] ?? "";
      for (const name of ["lang", "dir"]) {
        const value = new RegExp(`\\b${name}="([^"]*)"`, "i").exec(attributes)?.[1];
        if (value) page.documentElement.setAttribute(name, value);
        else page.documentElement.removeAttribute(name);
      }
      paint(page, dark);
      // Its links are for the recipient: here they lead nowhere.
      for (const link of trees(page).flatMap((tree) => [...tree.querySelectorAll("a[href]")])) {
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
