// What went wrong with a sign-in, in words.

import { SignInError } from "./oidc.js";
import { setup } from "./session.js";
import { t } from "./words.js";

/**
 * The sentences that say what happened and what to do, and the provider's own words, which help whoever runs it.
 *
 * @param {unknown} error
 * @returns {{ text: string, detail: string }}
 */
export function signInProblem(error) {
  if (!(error instanceof SignInError)) return { text: t("signIn.failed.unexpected"), detail: "" };
  const { reason, detail } = error;
  if (reason === "audience") return { text: t("signIn.failed.audience", { audience: detail }), detail: "" };
  if (reason === "clock") return { text: t("signIn.failed.clock", { count: Number(detail) }), detail: "" };
  if (reason === "unreachable") return { text: t("signIn.failed.unreachable", { provider: host() }), detail };
  return { text: t(`signIn.failed.${reason}`), detail };
}

/** The provider, as people know it. */
function host() {
  const issuer = setup().signIn?.issuer ?? "";
  return URL.canParse(issuer) ? new URL(issuer).host : issuer;
}
