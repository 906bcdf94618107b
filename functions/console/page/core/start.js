// Starts the console: words, setup, shell, then the page of the address.

import { start as follow } from "./router.js";
import { start as signIn } from "./session.js";
import { build } from "./shell.js";
import { speak } from "./words.js";

await Promise.all([speak(), signIn()]);
build();
await follow();
