// The mailbox page: a list that keeps itself current, and one mail as its recipient sees it.
//
// The address bar is the state: the part after # is the id of the chosen mail, so a link to a mail is
// a link to this page, and back and forward work. Text from mails only ever enters the page as text.

const POLL_MILLISECONDS = 2000;

const OUTCOMES = {
  delivered: null,
  hardBounce: ["bounced", "bad"],
  softBounce: ["soft bounce", "warn"],
  complaint: ["complaint", "bad"],
  delayed: ["delayed", "warn"],
  rejected: ["rejected", "bad"],
  suppressed: ["suppressed", "bad"],
};

const element = (id) => document.getElementById(id);
const panes = document.querySelector(".panes");
const list = element("mails");
const tabs = ["html", "text", "details"];

const sameDay = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const otherDay = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const inFull = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

let newest = null; // id of the first entry of the list
let oldest = null; // id of the last
let emptied = null; // how often the mailbox was emptied when the list was loaded
let total = 0;
let chosen = ""; // id of the mail on the right
let loading = 0; // number of the newest request for a whole list; answers to older ones are dropped

// ---- The list ----

async function fetchList(parameters) {
  const query = new URLSearchParams(parameters);
  const words = element("search").value.trim();
  if (words) query.set("q", words);
  const answer = await fetch(`/mailbox/list?${query}`);
  if (!answer.ok) throw new Error(`the list answered ${answer.status}`);
  return answer.json();
}

async function loadAfresh() {
  const ours = ++loading;
  const page = await fetchList({});
  if (ours !== loading) return;
  list.replaceChildren(...page.items.map(entry));
  newest = page.items.at(0)?.id ?? null;
  oldest = page.items.at(-1)?.id ?? null;
  emptied = page.timesEmptied;
  element("older").hidden = !page.more;
  summarise(page);
}

async function loadNew() {
  if (newest === null) return loadAfresh();
  const [ours, after] = [loading, newest];
  const page = await fetchList({ after });
  // Another answer was faster: these entries are there already.
  if (ours !== loading || after !== newest) return;
  // More than a page has come, or the mailbox was emptied: what is shown no longer fits on.
  if (page.more || page.timesEmptied !== emptied || page.total < list.childElementCount) {
    return loadAfresh();
  }
  if (page.items.length > 0) {
    const pane = list.parentElement;
    const before = pane.scrollHeight;
    list.prepend(...page.items.map(entry));
    newest = page.items[0].id;
    // Whoever has scrolled down keeps looking at the same entries.
    if (pane.scrollTop > 0) pane.scrollTop += pane.scrollHeight - before;
  }
  summarise(page);
}

async function loadOlder() {
  const [ours, before] = [loading, oldest];
  const page = await fetchList({ before });
  if (ours !== loading || before !== oldest) return;
  const firstOfThem = list.childElementCount;
  list.append(...page.items.map(entry));
  oldest = page.items.at(-1)?.id ?? oldest;
  element("older").hidden = !page.more;
  list.children[firstOfThem]?.querySelector("a").focus();
}

function entry(mail) {
  const link = document.createElement("a");
  link.className = "entry";
  link.href = `#${mail.id}`;
  link.dataset.id = mail.id;
  if (mail.id === chosen) link.setAttribute("aria-current", "true");

  const sent = new Date(mail.sentAt);
  const time = node("time", sent.toDateString() === new Date().toDateString() ? sameDay.format(sent) : otherDay.format(sent));
  time.dateTime = mail.sentAt;
  const marks = node("span", "", "marks");
  if (mail.kind) marks.append(node("span", mail.kind, "mark"));
  const outcome = OUTCOMES[mail.outcome];
  if (outcome) marks.append(node("span", outcome[0], `mark ${outcome[1]}`));

  link.append(node("span", mail.to, "to"), time, node("span", mail.subject, "subject"), marks);
  const item = document.createElement("li");
  item.append(link);
  return item;
}

function summarise(page) {
  total = page.total;
  const shown = list.childElementCount;
  const searching = element("search").value.trim() !== "";
  say(element("count"), total === 1 ? "1 mail" : `${total.toLocaleString()} mails`);
  element("empty").disabled = total === 0;
  element("nothing").hidden = shown > 0 || total === 0;
  say(element("nothing"), searching ? "No mail matches the search." : "");
  hint();
}

function hint() {
  const none = total === 0;
  panes.classList.toggle("bare", none && !chosen);
  panes.classList.toggle("reading", chosen !== "");
  element("hint").hidden = chosen !== "";
  say(element("hint-title"), none ? "No mail yet" : "Choose a mail");
  say(
    element("hint-text"),
    none
      ? "Add a user with invite on, the mail shows up here. Nothing ever leaves this computer."
      : "It is shown here as its recipient sees it.",
  );
}

// ---- The chosen mail ----

async function choose() {
  // Ids need no escaping, so what is escaped is none.
  const id = location.hash.slice(1);
  if (id === chosen) return;
  chosen = id;
  for (const link of list.querySelectorAll("a[aria-current]")) link.removeAttribute("aria-current");
  const link = id && list.querySelector(`a[data-id="${CSS.escape(id)}"]`);
  if (link) {
    link.setAttribute("aria-current", "true");
    link.scrollIntoView({ block: "nearest" });
  }
  element("mail").hidden = true;
  hint();
  if (!id) return;

  const place = `/local/mailbox/${encodeURIComponent(id)}`;
  const answer = await fetch(place);
  if (chosen !== id) return;
  if (!answer.ok) return leave();
  const mail = await answer.json();
  if (chosen !== id) return;
  show(mail, `${place}/view`);
}

function leave() {
  history.replaceState(null, "", location.pathname);
  choose();
}

function show(mail, view) {
  const sent = new Date(mail.sentAt);
  element("subject").textContent = mail.subject || "(no subject)";
  element("to").textContent = mail.toAddresses.join(", ");
  element("from").textContent = mail.fromShown ?? mail.from;
  element("sent").textContent = inFull.format(sent);
  element("sent").dateTime = mail.sentAt;
  element("text").textContent = mail.text ?? "This mail has no text part.";
  element("own-tab").href = view;
  element("panel-details").replaceChildren(...details(mail));
  replaceFrame(view);
  element("mail").hidden = false;
  // Where there is room for one pane only, the list that had the focus is gone now.
  if (getComputedStyle(list.parentElement).display === "none") element("subject").focus();
}

// A frame that is given another address adds to the history; a new frame does not.
function replaceFrame(view) {
  const old = element("frame");
  const fresh = old.cloneNode();
  fresh.src = view;
  old.replaceWith(fresh);
}

function details(mail) {
  const outcome = OUTCOMES[mail.outcome];
  return [
    ...section("Message", [
      ["Message id", mail.id],
      ["Outcome", outcome ? outcome[0] : "delivered"],
      ["To", mail.toAddresses.join(", ")],
      ["Cc", mail.ccAddresses.join(", ")],
      ["Bcc", mail.bccAddresses.join(", ")],
      ["From", mail.from],
      ["Reply-To", mail.replyTo.join(", ")],
      ["Configuration set", mail.configurationSet ?? ""],
    ].filter(([, value]) => value !== "")),
    ...section("Headers", mail.headers.map(({ name, value }) => [name, value])),
    ...section("Tags", Object.entries(mail.tags)),
    ...section("Attachments", mail.attachments.map(attachment)),
  ];
}

function attachment(part) {
  const value = node("span", `${part.contentType}, ${bytes(part.contentBase64)} bytes`);
  if (/^image\/(png|jpeg|gif)$/.test(part.contentType)) {
    const picture = document.createElement("img");
    picture.src = `data:${part.contentType};base64,${part.contentBase64}`;
    picture.alt = part.description ?? "";
    value.append(document.createElement("br"), picture);
  }
  return [part.contentId ?? part.fileName ?? "", value];
}

function bytes(base64) {
  const padding = base64.endsWith("==") ? 2 : base64.endsWith("=") ? 1 : 0;
  return ((base64.length / 4) * 3 - padding).toLocaleString();
}

function section(title, rows) {
  if (rows.length === 0) return [];
  const table = document.createElement("table");
  for (const [name, value] of rows) {
    const row = table.insertRow();
    const head = node("th", name);
    head.scope = "row";
    row.append(head);
    row.insertCell().append(value);
  }
  return [node("h3", title), table];
}

function node(name, text, className) {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

// Only a changed text is announced, not one that is polled.
function say(where, text) {
  if (where.textContent !== text) where.textContent = text;
}

// ---- Tabs, width, keys ----

function openTab(name) {
  for (const tab of tabs) {
    const open = tab === name;
    const button = element(`tab-${tab}`);
    button.setAttribute("aria-selected", String(open));
    button.tabIndex = open ? 0 : -1;
    element(`panel-${tab}`).hidden = !open;
  }
  element("widths").hidden = name !== "html";
}

for (const [position, tab] of tabs.entries()) {
  const button = element(`tab-${tab}`);
  button.addEventListener("click", () => openTab(tab));
  button.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = tabs[(position + step + tabs.length) % tabs.length];
    openTab(next);
    element(`tab-${next}`).focus();
  });
}

element("widths").addEventListener("change", (event) => {
  element("frame").classList.toggle("phone", event.target.value === "phone");
});

list.addEventListener("keydown", (event) => {
  const direction = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
  const next = direction && event.target.closest("li")?.[direction]?.querySelector("a");
  if (!next) return;
  event.preventDefault();
  next.focus();
});

element("back").addEventListener("click", (event) => {
  event.preventDefault();
  const left = chosen;
  location.hash = "";
  requestAnimationFrame(() => list.querySelector(`a[data-id="${CSS.escape(left)}"]`)?.focus());
});

element("older").addEventListener("click", () => loadOlder().catch(report));

element("empty").addEventListener("click", async () => {
  if (!confirm(`Remove all ${total.toLocaleString()} mails from the mailbox?`)) return;
  try {
    const answer = await fetch("/local/mailbox", { method: "DELETE" });
    if (!answer.ok) throw new Error(`emptying answered ${answer.status}`);
    leave();
    await loadAfresh();
  } catch (error) {
    report(error);
  }
});

let typing;
element("search").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => loadAfresh().catch(report), 200);
});

// ---- Staying current ----

function report(error) {
  console.warn(error);
  say(element("count"), "Not connected: is `cargo run` still running?");
}

async function poll() {
  if (!document.hidden) await loadNew().catch(report);
  setTimeout(poll, POLL_MILLISECONDS);
}

addEventListener("hashchange", () => choose().catch(report));
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) loadNew().catch(report);
});

await loadAfresh().catch(report);
await choose().catch(report);
poll();
