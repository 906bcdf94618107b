// Starts the console: words and who is there, then the shell and the page of the address.

import { showDoor } from "./door.js";
import { start as follow } from "./router.js";
import { start as enter, roles } from "./session.js";
import { build } from "./shell.js";
import { speak } from "./words.js";

const [spoken, entered] = await Promise.allSettled([speak(), enter()]);
if (spoken.status === "rejected") throw spoken.reason;
if (entered.status === "rejected") showDoor(entered.reason);
else if (entered.value !== "in") showDoor(entered.value);
else if (roles().length === 0) showDoor("no role");
else {
  build();
  await follow();
}
