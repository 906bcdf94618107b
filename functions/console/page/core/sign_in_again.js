// The dialog for a sign-in that has ended while a page is open. The page behind it stays as it is, with all that was
// typed: the provider is shown in a window of its own.

import { button } from "./controls.js";
import { openDialog } from "./dialog.js";
import { h, replace } from "./dom.js";
import { SignInError } from "./oidc.js";
import { signInElsewhere } from "./session.js";
import { signInProblem } from "./sign_in_words.js";
import { t } from "./words.js";

/**
 * Asks whoever is there to sign in again. Answers whether they did.
 *
 * @param {SignInError} why
 * @param {() => Promise<SignInError | null>} renewQuietly
 * @returns {Promise<boolean>}
 */
export async function askToSignIn(why, renewQuietly) {
  const given = new AbortController();
  const problem = h("div", { role: "alert" });
  /** @type {string | null} */
  let address = null;

  /** @param {unknown} error */
  const say = (error) => {
    const { text, detail } = signInProblem(error);
    replace(problem, h("p", { class: "bad" }, text), detail && h("p", { class: "muted small" }, detail));
  };
  // The address is made before anybody presses the button: browsers open windows only for a press that was just made.
  const prepare = async () => {
    try {
      const elsewhere = await signInElsewhere(given.signal);
      address = elsewhere.address;
      elsewhere.done.then(
        () => dialog.close(true),
        (error) => {
          say(error);
          prepare();
        },
      );
    } catch (error) {
      address = null;
      say(error);
    }
  };
  const signIn = async () => {
    replace(problem);
    const opened = address && window.open(address, "beckon-sign-in", "popup,width=520,height=720");
    if (opened) return;
    if (address) return say(new SignInError("blocked"));
    // The provider was away; now it may be there again.
    if (await renewQuietly()) await prepare();
    else dialog.close(true);
  };

  const dialog = openDialog({
    title: t("signIn.again.title"),
    body: [h("p", null, t("signIn.again.text")), problem],
    actions: [
      button({ label: t("signIn.again.later"), onPress: () => dialog.close(false) }),
      button({ label: t("signIn.again.action"), kind: "main", onPress: signIn }),
    ],
  });
  if (why.reason === "unreachable") say(why);
  else prepare();
  const signedIn = (await dialog.closed) === true;
  given.abort();
  return signedIn;
}
