// Starts the console: words and who is there, then the shell and the page of the address.

import { openDialog } from "./dialog.js";
import { showDoor } from "./door.js";
import { failure } from "./failure.js";
import { start as follow } from "./router.js";
import { start as enter, roles } from "./session.js";
import { build } from "./shell.js";
import { speak, t } from "./words.js";

// What nobody was ready for is said, too: a page of the console that an update took away, above all.
addEventListener("unhandledrejection", ({ reason }) => {
  if (reason instanceof DOMException && reason.name === "AbortError") return;
  openDialog({ title: t("failure.title"), body: failure(reason) });
});

const [spoken, entered] = await Promise.allSettled([speak(), enter()]);
if (spoken.status === "rejected") throw spoken.reason;
if (entered.status === "rejected") showDoor(entered.reason);
else if (entered.value !== "in") showDoor(entered.value);
else if (roles().length === 0) showDoor("no role");
else {
  build();
  await follow();
}
