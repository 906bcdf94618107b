// What is shown in the place of the console to whoever is not in it: signed out, not let in, or without a role.

import { regions } from "./announce.js";
import { button } from "./controls.js";
import { h } from "./dom.js";
import { SignInError } from "./oidc.js";
import { isSignedIn, person, signIn, signOut } from "./session.js";
import { signInProblem } from "./sign_in_words.js";
import { t } from "./words.js";

/** @typedef {"out" | "handed over" | "nobody there" | "no role"} State */

/**
 * @param {State | Error} state
 */
export function showDoor(state) {
  const { title, text, detail, actions } = said(state);
  document.title = t("title", { page: title });
  const heading = h("h1", { tabindex: "-1" }, title);
  const main = h(
    "main",
    { class: "door" },
    h(
      "div",
      { class: "card", role: state instanceof Error ? "alert" : null },
      heading,
      h("p", null, text),
      detail && h("p", { class: "muted small" }, detail),
      actions.length > 0 && h("div", { class: "page-actions" }, actions),
    ),
  );
  document.body.replaceChildren(main, ...regions);
  heading.focus();
}

/**
 * @param {State | Error} state
 * @returns {{ title: string, text: string, detail?: string, actions: HTMLElement[] }}
 */
function said(state) {
  const enter = button({ label: t("signIn.action"), kind: "main", onPress: tryToSignIn });
  const leave = button({ label: t("signOut"), onPress: tryToSignOut });
  if (state instanceof Error) {
    const { text, detail } = signInProblem(state);
    if (state instanceof SignInError && state.reason === "away") {
      const again = button({ label: t("tryAgain"), kind: "main", onPress: () => location.reload() });
      return { title: t("failure.title"), text, detail, actions: [again] };
    }
    const again = button({ label: t("tryAgain"), kind: "main", onPress: tryToSignIn });
    const mayHelp = isSignedIn() ? [enter, leave] : [again];
    return { title: t("signIn.failed.title"), text, detail, actions: mayHelp };
  }
  if (state === "no role") {
    const again = button({ label: t("signIn.again.action"), kind: "main", onPress: tryToSignIn });
    const name = person().name;
    return { title: t("signIn.noRole.title"), text: t("signIn.noRole.text", { name }), actions: [again, leave] };
  }
  if (state === "out") return { title: t("signIn.out.title"), text: t("signIn.out.text"), actions: [enter] };
  if (state === "handed over") return { title: t("signIn.done.title"), text: t("signIn.done.text"), actions: [] };
  return { title: t("signIn.alone.title"), text: t("signIn.alone.text"), actions: [enter] };
}

async function tryToSignIn() {
  await signIn().catch(showDoor);
}

async function tryToSignOut() {
  await signOut().catch(showDoor);
}
