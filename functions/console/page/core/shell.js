// What stands around every page: the head with the navigation, language and theme, and on one machine where the rest is.

import { regions } from "./announce.js";
import { connection } from "./api.js";
import { h, icon, replace, svg } from "./dom.js";
import { showDoor } from "./door.js";
import { languageName } from "./format.js";
import { menuButton } from "./menu.js";
import { may } from "./roles.js";
import { here, link, mayLeave, place, showAgain, shown } from "./router.js";
import { routes } from "./routes.js";
import { person, setup, signOut } from "./session.js";
import { done } from "./toast.js";
import { languages, remember, speak, spoken, t } from "./words.js";

const frame = h("div", { class: "shell" });

/** Builds the shell in the language that is spoken, around the page. It is seen once it has appeared. */
export function build() {
  replace(
    frame,
    h("a", { class: "skip", href: "#main", on: { click: skip } }, t("skip")),
    head(),
    setup().local && localStrip(),
    place,
  );
  line ??= trouble();
  mark(here().path);
}

/** @type {ReturnType<typeof trouble> | undefined} */
let line;

/** Shows the shell, unless something else was said in its place. */
export function appear() {
  if (frame.isConnected || document.querySelector(".door") || !line) return;
  regions.push(line);
  document.body.prepend(frame);
  // A dialog that is open has taken them in.
  if (!document.querySelector("dialog[open]")) document.body.append(...regions);
  for (const one of frame.querySelectorAll("nav [aria-current]")) bringIntoSight(one);
}

/**
 * On a small screen a navigation is wider than it. Where its parts stand is known once the page was drawn: asked for
 * before, it would be drawn twice.
 *
 * @param {Element} one
 */
function bringIntoSight(one) {
  requestAnimationFrame(() => setTimeout(() => one.scrollIntoView({ block: "nearest", inline: "center" })));
}

/** @param {MouseEvent} event */
function skip(event) {
  event.preventDefault();
  place.focus();
}

const nav = h("nav", { class: "nav" });
shown.addEventListener("shown", (event) => mark(/** @type {CustomEvent<string>} */ (event).detail));

/** @param {string} path */
function mark(path) {
  for (const one of nav.querySelectorAll("a")) {
    const to = one.dataset["path"] ?? "";
    if (path === to || path.startsWith(`${to}/`)) {
      one.setAttribute("aria-current", "page");
      bringIntoSight(one);
    } else one.removeAttribute("aria-current");
  }
}

function head() {
  nav.setAttribute("aria-label", t("nav.label"));
  replace(
    nav,
    routes.map(
      ({ path, nav, role }) => nav && may(role ?? "viewer") && h("a", { href: link(path), dataset: { path } }, t(nav)),
    ),
  );
  return h(
    "header",
    { class: "head" },
    h("a", { class: "brand", href: link("/") }, drawnMark(), h("span", null, t("brand"))),
    nav,
    h("div", { class: "head-tools", id: "head-tools" }, languageMenu(), themeMenu(), setup().signIn && personMenu()),
  );
}

function drawnMark() {
  return svg(
    "svg",
    { class: "mark", viewBox: "0 0 32 32", "aria-hidden": "true", focusable: "false" },
    svg("rect", { class: "ground", width: "32", height: "32", rx: "8" }),
    svg("rect", { class: "line", x: "10", y: "6", width: "12", height: "20", rx: "3" }),
    svg("path", { class: "line", d: "m13 16 2.2 2.2L19.2 14" }),
  );
}

function languageMenu() {
  const items = () =>
    languages.map((tag) => ({
      label: languageName(tag, { inItself: true }),
      checked: tag === spoken(),
      onChoose: () => change(tag),
    }));
  return menuButton({ label: t("language"), icon: "globe", iconOnly: true, kind: "quiet", align: "end", items })
    .element;
}

/** @param {string} tag */
async function change(tag) {
  if (tag === spoken() || !(await mayLeave())) return;
  try {
    await speak(tag);
  } catch {
    done(t("failure.languageKept", { language: languageName(tag) }));
    return;
  }
  remember(tag);
  build();
  // The menu was made anew; the reader is still at it.
  const menu = document.querySelector("#head-tools button");
  if (menu instanceof HTMLElement) menu.focus();
  await showAgain();
}

/** Who is signed in, and how to leave. */
function personMenu() {
  const items = () => [{ label: t("signOut"), onChoose: () => signOut().catch(showDoor) }];
  return menuButton({ label: person().name, kind: "quiet", align: "end", items }).element;
}

/** @type {["system", "light", "dark"]} */
const THEMES = ["system", "light", "dark"];

function theme() {
  const media = document.getElementById("dark")?.getAttribute("media");
  return media === "all" ? "dark" : media === "not all" ? "light" : "system";
}

/** @param {"system" | "light" | "dark"} chosen */
function paint(chosen) {
  const media = { system: "(prefers-color-scheme: dark)", light: "not all", dark: "all" }[chosen];
  document.getElementById("dark")?.setAttribute("media", media);
  try {
    localStorage.setItem("beckon.theme", chosen);
  } catch {
    // It holds until the page is closed then.
  }
}

function themeMenu() {
  const items = () =>
    THEMES.map((one) => ({ label: t(`theme.${one}`), checked: one === theme(), onChoose: () => paint(one) }));
  return menuButton({ label: t("theme"), icon: "sun", iconOnly: true, kind: "quiet", align: "end", items }).element;
}

/** On one machine: whether anybody signs in, and where the rest of it is. */
function localStrip() {
  /** @type {[string, import("./words.js").Key][]} */
  const links = [
    ["/mailbox", "local.mailbox"],
    ["/enroll", "local.enroll"],
    ["/docs", "local.docs"],
    ["/openapi.json", "local.openapi"],
    [link("/failures"), "local.failures"],
  ];
  return h(
    "aside",
    { class: "local-strip", "aria-label": t("local.label") },
    h("span", null, t(setup().signIn ? "local.signedIn" : "local.text")),
    h(
      "span",
      { class: "local-links" },
      links.map(([href, key]) => h("a", { href }, t(key))),
    ),
  );
}

/** Says while requests are being sent again, and no longer. */
function trouble() {
  const line = h("p", { class: "trouble", role: "status", hidden: true });
  connection.addEventListener("waiting", (event) => {
    const why = /** @type {CustomEvent<string>} */ (event).detail;
    replace(
      line,
      icon("warn"),
      t(why === "busy" ? "trouble.busy" : why === "stale" ? "trouble.stale" : "trouble.offline"),
    );
    line.hidden = false;
  });
  connection.addEventListener("answered", () => {
    line.hidden = true;
  });
  return line;
}
