// Starts the console: words and who is there, then the shell and the page of the address.

import { openDialog } from "./dialog.js";
import { h } from "./dom.js";
import { showDoor } from "./door.js";
import { failure } from "./failure.js";
import { languageName } from "./format.js";
import { ahead, start as follow } from "./router.js";
import { start as enter, roles } from "./session.js";
import { appear, build } from "./shell.js";
import { done } from "./toast.js";
import { speakSomething, t } from "./words.js";

/** How long the page's first content may take before the shell is shown without it, in milliseconds. */
const SHORTLY = 150;

/** @param {string} tag whose words could not be had */
function notSpoken(tag) {
  done(t("failure.language", { language: languageName(tag) }), { label: t("reload"), href: "" });
}

// What nobody was ready for is said, too: a page of the console that an update took away, above all.
addEventListener("unhandledrejection", ({ reason }) => {
  if (reason instanceof DOMException && reason.name === "AbortError") return;
  openDialog({ title: t("failure.title"), body: failure(reason) });
});

/** Finds out who is there, and has the page begin as soon as that is known. */
async function letIn() {
  const state = await enter();
  if (state === "in") ahead();
  return state;
}

async function begin() {
  const [spoken, entered] = await Promise.allSettled([speakSomething(), letIn()]);
  if (spoken.status === "rejected") {
    // Without words, only these can be said.
    document.body.replaceChildren(
      h("main", { class: "door", role: "alert" }, h("p", null, "The console could not be loaded. Reload the page.")),
    );
    console.error(spoken.reason);
  } else if (entered.status === "rejected") showDoor(entered.reason);
  else if (entered.value !== "in") showDoor(entered.value);
  else if (roles().length === 0) showDoor("no role");
  else {
    build();
    const shown = follow();
    // What is there at once is drawn at once: an empty page before it would take as long to draw again.
    await Promise.race([shown, new Promise((resolve) => setTimeout(resolve, SHORTLY))]);
    appear();
    if (spoken.value) notSpoken(spoken.value);
    await shown;
  }
}

// Not awaited here: a page that is fetched later imports modules that come in one file with this one.
begin();
