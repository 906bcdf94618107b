// The page that the invited open: address and PIN, or the token of a link, open a registration; an
// address alone has its PIN mailed again. Who needs neither is told where to go on.
//
// Mail scanners and previews open links too, so opening this page sends nothing: only a press does.
// So does declining an invitation, which has a token of its own.
//
// A token stands in the fragment, which no server sees, then in this script's memory alone, then in
// the body of the request. What the server or a person wrote enters the page as text only.

const REDEMPTIONS = "/v1/redemptions";
const PIN_REQUESTS = "/v1/pin-requests";
const DECLINES = "/v1/declines";
const REGISTRATIONS = "/v1/registrations/";
const LOOK = "/enroll/look";

// What mails put behind the page's address for those who register with their password alone.
const PASSWORD_ONLY = "#password";

// The longest that API Gateway waits for an answer, in milliseconds.
const PATIENCE = 30_000;

// The page waits no longer than this for how it should look, in milliseconds.
const DRESSED_BY = 2_000;

// Clocks that differ by less than this, in milliseconds, are taken to agree.
const CLOCKS_AGREE = 60_000;

// The languages there are words for, in `words`. The server puts the English ones before this script,
// as ENGLISH; another language is fetched once it is known that somebody reads it.
const TAGS = ["ar", "de", "en", "es", "fi", "fr", "it", "ja", "ko", "pt-BR", "zh-Hans", "zh-Hant"];

const element = (id) => document.getElementById(id);
const views = ["form", "link", "reopen", "password", "decline", "declined", "done"];
const fields = ["email", "pin"]; // of the form, as the server calls them
const inputs = [...fields, "ask-email"];
const choices = [element("decline-yes"), element("decline-no")];
const owners = [element("choose-user"), element("choose-company")];

const wanted = chooseLanguage(preferred(new URLSearchParams(location.search).get("lang"), navigator.languages));
let language = "en";
let locale = "en-GB"; // how dates are written
let words = ENGLISH;
let look = {}; // of the organisation's own, if it has any
const platform = guessPlatform(navigator);

let token = null; // of the link this page was opened with
let declineToken = null; // of the link that declines; it redeems nothing
let sending = false;
let session = null; // { id, endsAt }: the registration that was opened, endsAt by this device's clock
let secret = null; // what opened it, while the reader may choose whose the device is

// ---- What the reader speaks, and on what ----

// The first language of the reader that there are words for. A region without words of its own reads
// those of another; Chinese goes by script, which a region stands for.
function chooseLanguage(tags = []) {
  for (const tag of tags) {
    const [language, ...parts] = tag.toLowerCase().split("-");
    const script = parts.some((part) => ["hant", "tw", "hk", "mo"].includes(part)) && !parts.includes("hans") ? "zh-Hant" : "zh-Hans";
    const nearest = language === "zh" ? script : TAGS.find((known) => known.toLowerCase().split("-")[0] === language);
    if (nearest) return { language: nearest, locale: tag };
  }
  return { language: "en", locale: "en-GB" };
}

// A link of a mail names the language that the mail is in, which comes first, in a region of the reader's if they have one.
function preferred(mails, tags = []) {
  if (!mails) return tags;
  const { language } = chooseLanguage([mails]);
  return [...tags.filter((tag) => chooseLanguage([tag]).language === language), mails, ...tags];
}

// Without its words the page is English, which is better than nothing.
async function learn({ language: spoken, locale: written }) {
  if (spoken !== "en") {
    const answer = await fetch(`/enroll/words/${spoken}`, { redirect: "error", referrerPolicy: "no-referrer" }).catch(() => null);
    const found = answer?.ok ? await documentOf(answer) : {};
    if (typeof found.dir !== "string") return;
    words = found;
  }
  language = spoken;
  locale = written;
}

// Whose page this is, in their colours, and whom to ask there. Without that, the page looks like ours
// and works as well.
async function dress() {
  const answer = await fetch(LOOK, { redirect: "error", referrerPolicy: "no-referrer" }).catch(() => null);
  if (answer?.ok) look = await documentOf(answer);
}

// A guess decides where "Continue" leads, so none is better than a wrong one.
function guessPlatform({ userAgent, maxTouchPoints }) {
  if (/android/i.test(userAgent)) return "android";
  if (/iPhone|iPod/.test(userAgent)) return "ios";
  // An iPad says that it is a Mac, but no Mac has a touch screen.
  if (/iPad/.test(userAgent) || (/Macintosh/.test(userAgent) && maxTouchPoints > 0)) return "ipados";
  if (/Macintosh/.test(userAgent)) return "macos";
  if (/Windows NT/.test(userAgent)) return "windows";
  // An Android device that asks for desktop sites says that it is Linux.
  if (/Linux/.test(userAgent) && maxTouchPoints === 0) return "linux";
  return null;
}

function translate() {
  document.documentElement.lang = language;
  document.documentElement.dir = words.dir;
  for (const place of document.querySelectorAll("[data-text]")) place.textContent = words[place.dataset.text];
}

// A button that is pressed is a little darker, or lighter where it is dark already.
function wearLook() {
  const { organisation, accent, logo, helpDesk } = look;
  const style = document.documentElement.style;
  if (accent) {
    style.setProperty("--accent", accent.fill);
    style.setProperty("--on-accent", accent.text);
    style.setProperty("--accent-pressed", `color-mix(in srgb, ${accent.fill} 86%, ${accent.text === "#ffffff" ? "#000000" : "#ffffff"})`);
  }
  if (logo) {
    const image = element("logo");
    image.src = logo.src;
    image.alt = logo.alt;
    image.width = logo.width;
    image.height = logo.height;
    image.hidden = false;
    element("mark").toggleAttribute("hidden", true);
  }
  if (organisation && logo?.alt !== organisation) {
    element("organisation").textContent = organisation;
    element("organisation").hidden = false;
  }
  if (helpDesk) showHelpDesk(helpDesk);
  if (look.pinLetters === true) expectLetters(true);
}

function showHelpDesk({ name, email, phone }) {
  element("desk").hidden = false;
  if (name) element("desk-lead").textContent = words.deskNamed.replace("{name}", () => name);
  for (const [id, scheme, text] of [["desk-email", "mailto:", email], ["desk-phone", "tel:", phone]]) {
    const link = element(id);
    link.hidden = !text;
    link.textContent = text ?? "";
    // What a phone can dial: digits, and a plus before them.
    const target = scheme === "tel:" ? text?.replace(/[^\d+*#]/g, "") : encodeURIComponent(text ?? "").replace(/%40/g, "@");
    if (text && target) link.href = scheme + target;
  }
}

// ---- What is shown ----

function show(view, title) {
  for (const name of views) element(`${name}-view`).hidden = name !== view;
  element("tick").toggleAttribute("hidden", true);
  element("title").textContent = title;
  document.title = title;
  clearMessage();
}

function showStart({ focus = true } = {}) {
  leaveRegistration();
  if (token) show("link", words.linkTitle);
  else show("form", words.formTitle);
  if (focus) element("title").focus();
}

// Which of the two it is only the reader knows, so neither is chosen beforehand.
function showDecline({ focus = true } = {}) {
  leaveRegistration();
  for (const choice of choices) choice.checked = false;
  show("decline", words.declineTitle);
  if (focus) element("title").focus();
}

function showPasswordOnly({ focus = true } = {}) {
  token = null;
  show("password", words.formTitle);
  if (focus) element("title").focus();
}

function clearMessage() {
  const box = element("message");
  box.hidden = true;
  box.replaceChildren();
  for (const name of inputs) fieldError(name, "");
  choiceError("");
}

function showMessage({ title, lines }, values = {}) {
  const filled = lines.map((line) => line.replace(/\{(\w+)\}/g, (_, name) => values[name]));
  const parts = [node("p", title, "message-title")];
  if (filled.length === 1) parts.push(node("p", filled[0]));
  if (filled.length > 1) {
    const list = node("ul");
    list.append(...filled.map((line) => node("li", line)));
    parts.push(list);
  }
  const box = element("message");
  box.hidden = false;
  box.replaceChildren(...parts);
  box.focus();
}

function fieldError(name, text) {
  const place = element(`${name}-error`);
  place.textContent = text;
  place.hidden = text === "";
  if (text) element(name).setAttribute("aria-invalid", "true");
  else element(name).removeAttribute("aria-invalid");
}

function choiceError(text) {
  const place = element("decline-error");
  place.textContent = text;
  place.hidden = text === "";
  for (const choice of choices) {
    if (text) choice.setAttribute("aria-invalid", "true");
    else choice.removeAttribute("aria-invalid");
  }
}

function node(name, text = "", className = "") {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

// The clocks of new devices are often wrong. The answer says when the server sent it, so a moment
// of the server's is shown as the moment at which this device's clock will stand then.
function onThisClock(moment, answer) {
  const there = Date.parse(moment);
  const sent = Date.parse(answer.headers.get("Date") ?? "");
  const behind = Date.now() - sent;
  return new Date(Math.abs(behind) > CLOCKS_AGREE ? there + behind : there);
}

function written(moment) {
  if (Number.isNaN(moment.getTime())) return "";
  const today = moment.toDateString() === new Date().toDateString();
  const style = today ? { timeStyle: "short" } : { dateStyle: "long", timeStyle: "short" };
  return new Intl.DateTimeFormat(locale, style).format(moment);
}

// ---- Redeeming ----

function redeem(shown, button, meanwhile = words.sending) {
  const body = platform ? { ...shown, device: { platform } } : shown;
  return send(button, meanwhile, REDEMPTIONS, body, (answer) => (answer.ok ? opened(answer, button, shown) : refused(answer)));
}

// Whose the device is may be the reader's to say: the same secret is shown once more, with what they chose.
element("choose-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const chosen = owners.find((owner) => owner.checked);
  if (secret && chosen) redeem({ ...secret, ownership: chosen.value }, element("choose-send"), words.choosing);
});

// One request at a time, however often a button is pressed.
async function send(button, meanwhile, path, body, answered) {
  if (sending) return;
  sending = true;
  clearMessage();
  setBusy(button, true, meanwhile);
  try {
    const answer = await post(path, body);
    if (answer === null) showMessage(words.problems.unreachable);
    else await answered(answer);
  } finally {
    sending = false;
    setBusy(button, false);
    openLink();
  }
}

// The answer, or `null` if none came.
async function post(path, body) {
  const impatience = new AbortController();
  const timer = setTimeout(() => impatience.abort(), PATIENCE);
  try {
    return await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      cache: "no-store",
      redirect: "error",
      referrerPolicy: "no-referrer",
      signal: impatience.signal,
    });
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

function setBusy(button, busy, meanwhile = "") {
  button.disabled = busy;
  button.textContent = busy ? meanwhile : words[button.dataset.text];
  if (busy) button.setAttribute("aria-busy", "true");
  else button.removeAttribute("aria-busy");
  element("status").textContent = meanwhile;
}

// The document that an answer holds; empty if it is none, as from a proxy on the way.
async function documentOf(answer) {
  const found = await answer.json().catch(() => null);
  return found !== null && typeof found === "object" ? found : {};
}

async function refused(answer) {
  const problem = await documentOf(answer);
  const { problems } = words;
  switch (String(problem.type ?? "").replace(/^urn:beckon:problem:/, "")) {
    case "does-not-fit":
      endLink();
      return showMessage(token ? problems.linkDoesNotFit : problems.doesNotFit);
    case "invitation-ended": {
      endLink();
      if (problem.ended === "expired" && !token) return showMessage(problems.pinExpired);
      const known = ["expired", "used", "cancelled"].includes(problem.ended);
      return showMessage(known ? problems[problem.ended] : problems.ended);
    }
    case "too-many-tries":
      return showMessage(problems.tooManyTries);
    case "too-many-sessions": {
      const until = written(onThisClock(problem.until, answer));
      return until ? showMessage(problems.tooManySessions, { until }) : showMessage(problems.tooOften);
    }
    case "invalid-fields":
      return showFieldErrors(Array.isArray(problem.errors) ? problem.errors.map((error) => error?.field) : []);
    case "unavailable":
      return showMessage(problems.unavailable);
  }
  // Refused on the way here, or by a newer server.
  if (answer.status === 429) return showMessage(problems.tooOften);
  if ([502, 503, 504].includes(answer.status)) return showMessage(problems.unavailable);
  return showMessage(problems.unexpected);
}

// The same link will not work later either, so it is not offered again.
function endLink() {
  if (token) element("link-view").hidden = true;
}

// The server's details are English, so the sentence is ours: by field, and whether it was left empty.
function showFieldErrors(wrong) {
  const known = fields.filter((name) => wrong.includes(name));
  if (token || known.length === 0) {
    return showMessage(token ? words.problems.linkDoesNotFit : words.problems.check);
  }
  for (const name of known) {
    const empty = element(name).value.trim() === "";
    fieldError(name, words[`${name}${empty ? "Empty" : "Malformed"}`]);
  }
  element(known[0]).focus();
}

// What nobody sees comes along when an address is copied, and the browser would refuse it.
const UNSEEN = /^[\s\u2800\p{Default_Ignorable_Code_Point}]+|[\s\u2800\p{Default_Ignorable_Code_Point}]+$/gu;

function addressIn(input) {
  const seen = input.value.replace(UNSEEN, "");
  if (seen !== input.value) input.value = seen;
  return seen;
}

// ---- The PIN again ----

// What is shown is the same for every address, as is the answer: it tells nobody who is invited.
async function asked(answer) {
  if (!answer.ok) {
    const problem = await documentOf(answer);
    if (problem.type === "urn:beckon:problem:invalid-fields") return askFieldError();
    return refused(answer);
  }
  element("ask-done-address").textContent = element("ask-email").value.trim();
  showAsked(true);
  element("ask-done").focus();
}

function showAsked(done) {
  element("ask-open").hidden = done;
  element("ask-done").hidden = !done;
}

function askFieldError() {
  const input = element("ask-email");
  fieldError("ask-email", input.value.trim() === "" ? words.emailEmpty : words.emailMalformed);
  input.focus();
}

// Whoever has typed the address need not type it again, here or there.
element("ask").addEventListener("toggle", () => {
  if (element("ask").open && element("ask-email").value === "") element("ask-email").value = element("email").value.trim();
});

element("ask-form").addEventListener("submit", (event) => {
  event.preventDefault();
  clearMessage();
  const input = element("ask-email");
  const email = addressIn(input);
  if (!input.checkValidity()) return askFieldError();
  if (element("email").value.trim() === "") element("email").value = email;
  send(element("ask-send"), words.asking, PIN_REQUESTS, { email }, asked);
});

element("ask-other").addEventListener("click", () => {
  showAsked(false);
  element("ask-email").select();
  element("ask-email").focus();
});

// ---- Not for this reader ----

element("decline-form").addEventListener("submit", (event) => {
  event.preventDefault();
  clearMessage();
  const [declines, keeps] = choices.map((choice) => choice.checked);
  if (keeps) return showDeclined(words.keptTitle, [words.keptLead], true);
  if (declines) return send(element("decline-send"), words.declining, DECLINES, { token: declineToken }, declined);
  choiceError(words.declineEmpty);
  choices[0].focus();
});

// The answer is the same whatever the token was, so what is said is true of any.
async function declined(answer) {
  if (!answer.ok) return refused(answer);
  showDeclined(words.declinedTitle, [words.declinedLead, words.declinedMistake], false);
}

function showDeclined(title, paragraphs, kept) {
  declineToken = null;
  show("declined", title);
  element("declined-text").replaceChildren(...paragraphs.map((text) => node("p", text)));
  element("declined-form").hidden = !kept;
  element("title").focus();
}

for (const choice of choices) choice.addEventListener("change", () => choiceError(""));

// ---- Going on ----

async function opened(answer, button, shown) {
  const found = await documentOf(answer);
  if (typeof found.registrationId !== "string") return showMessage(words.problems.unexpected);
  session = { id: found.registrationId, endsAt: onThisClock(found.expiresAt, answer) };
  element("pin").value = "";
  keep(found);
  secret = found.mayChooseOwnership === true ? shown : null;
  setBusy(button, false);
  showOpened(found, "");
  element("title").focus();
  endInTime();
}

element("done-ask").addEventListener("click", () => {
  if (session) send(element("done-ask"), words.oneMoment, `${REGISTRATIONS}${session.id}/address`, {}, goOn);
});

// Where the token leads; nobody keeps it. While there is none, the button stays, and so does the registration.
async function goOn(answer) {
  const found = await documentOf(answer);
  const address = answer.ok ? safeAddress(found.continueUrl) : null;
  if (address) return location.assign(address.href);
  if ([404, 410].includes(answer.status)) return showOver();
  return showMessage(answer.status === 429 ? words.problems.tooOften : words.problems.unavailable);
}

// The registration that was opened, or `back` in the place of what leads on: for a reader who was there before.
function showOpened(found, back) {
  const address = safeAddress(found.continueUrl);
  const link = element("done-continue");
  link.hidden = address === null;
  if (address) link.href = address.href;
  else link.removeAttribute("href");
  // The device management issues a token for this reader when they want to go on.
  const onRequest = address === null && found.continueOnRequest === true;
  element("done-ask").hidden = !onRequest;
  element("done-app").hidden = address === null || /^https?:$/.test(address.protocol);
  const instruction = address ? [] : paragraphsOf(found.continueText);
  element("done-instruction").replaceChildren(...instruction);
  element("done-instruction").hidden = instruction.length === 0;
  const elsewhere = instruction.length === 0 ? words.doneElsewhere : words.doneInstruction;
  element("done-lead").textContent = back || (address || onRequest ? words.doneNext : elsewhere);

  const ownership = {
    notSet: words.ownershipNotSet,
    userOwned: words.ownershipUserOwned,
    companyOwned: words.ownershipCompanyOwned,
  }[found.ownership];
  element("done-ownership").hidden = !ownership;
  element("done-ownership-text").textContent = ownership ?? "";
  element("choose-form").hidden = secret === null;
  for (const owner of owners) owner.checked = owner.value === found.ownership;
  element("done-password").hidden = found.passwordRequired !== true;
  showAgreement(found.agreement);

  const until = written(session.endsAt);
  element("done-until").hidden = until === "";
  element("done-until-text").textContent = until;
  element("registration-id").textContent = session.id;
  element("copy").textContent = words.copy;
  element("done-help").open = false;
  for (const part of document.querySelectorAll("#done-view .facts, #done-help, #done-path")) part.hidden = false;
  element("again").hidden = true;
  show("done", words.doneTitle);
}

// Whoever goes Back, or reloads, has nothing to enter again. It is kept with this place in the tab's history alone, without
// what opened it, and until the time to go on is over.
function keep(found) {
  if (Number.isNaN(session.endsAt.getTime())) return;
  history.replaceState({ ...history.state, registration: { found, endsAt: session.endsAt.toISOString() } }, "");
}

function leaveRegistration() {
  session = null;
  secret = null;
  if (!history.state?.registration) return;
  const { registration, ...rest } = history.state;
  history.replaceState(rest, "");
}

// Shows the registration that is kept. Answers whether there is one.
function comeBack() {
  const kept = history.state?.registration;
  if (!kept) return false;
  session = { id: kept.found.registrationId, endsAt: new Date(kept.endsAt) };
  showOpened(kept.found, words.doneBack);
  endInTime();
  lookWhereItIs();
  return true;
}

// Whether the device management has reported the device meanwhile, or the invitation has ended.
async function lookWhereItIs() {
  if (!session || sending) return;
  const { id } = session;
  const answer = await fetch(REGISTRATIONS + id, { cache: "no-store", redirect: "error", referrerPolicy: "no-referrer" }).catch(() => null);
  const { state } = answer?.ok ? await documentOf(answer) : {};
  if (session?.id !== id || sending) return;
  if (state === "confirmed") showRegistered();
  else if (state === "ended") showOver();
}

function showRegistered() {
  leaveRegistration();
  showEnd(words.pathRegistered, words.registeredLead);
  element("tick").toggleAttribute("hidden", false);
}

// What an administrator wrote; blank lines part paragraphs.
function paragraphsOf(text) {
  const written = typeof text === "string" ? text.trim() : "";
  if (written === "") return [];
  const paragraphs = written.split(/\n\s*\n/).map((lines) => node("p", lines));
  for (const paragraph of paragraphs) paragraph.dir = "auto";
  return paragraphs;
}

// What registering means, in the administrator's own words.
function showAgreement(agreement) {
  const paragraphs = paragraphsOf(agreement?.text);
  element("agreement-text").replaceChildren(...paragraphs);
  const address = safeAddress(agreement?.url);
  const web = address !== null && /^https?:$/.test(address.protocol);
  const link = element("agreement-link");
  link.hidden = !web;
  if (web) link.href = address.href;
  else link.removeAttribute("href");
  element("done-agreement").hidden = paragraphs.length === 0 && !web;
}

// Where a person can be sent: the web, or an app; never what would run or show something in here.
function safeAddress(text) {
  if (typeof text !== "string") return null;
  let address;
  try {
    address = new URL(text);
  } catch {
    return null;
  }
  const { protocol, hostname } = address;
  if (protocol === "https:") return address;
  // The local system has no certificate; nor has a device management tried out beside it.
  if (protocol === "http:") {
    return location.protocol === "http:" && ["127.0.0.1", "localhost"].includes(hostname) ? address : null;
  }
  const notAnApp = ["javascript:", "data:", "vbscript:", "blob:", "file:", "filesystem:", "about:", "view-source:", "ws:", "wss:", "ftp:"];
  return notAnApp.includes(protocol) ? null : address;
}

// Timers sleep with the device, so the page looks again when it is looked at again.
let alarm;
function endInTime() {
  clearTimeout(alarm);
  if (!session || Number.isNaN(session.endsAt.getTime())) return;
  const left = session.endsAt.getTime() - Date.now();
  if (left > 0) alarm = setTimeout(endInTime, Math.min(left, 60_000));
  else showOver();
}

function showOver() {
  leaveRegistration();
  showEnd(words.overTitle, words.overLead);
  element("again").hidden = false;
}

function showEnd(title, lead) {
  show("done", title);
  element("done-lead").textContent = lead;
  element("registration-id").textContent = "";
  const passed = "#done-view .facts, #choose-form, #done-instruction, #done-agreement, #done-continue, #done-ask, #done-app, #done-help, #done-path";
  for (const part of document.querySelectorAll(passed)) part.hidden = true;
  element("again").hidden = true;
  element("title").focus();
}

async function copyId() {
  try {
    await navigator.clipboard.writeText(session.id);
    element("copy").textContent = words.copied;
    element("status").textContent = words.copied;
  } catch {
    // Not every browser lets a page copy; all let a person.
    getSelection().selectAllChildren(element("registration-id"));
    element("status").textContent = words.selected;
  }
}

// ---- The form ----

// Digits come from a number pad, which has no letters; which kind of PIN it is only the reader knows.
function expectLetters(letters) {
  element("pin").inputMode = letters ? "text" : "numeric";
  element("keyboard").textContent = letters ? words.digits : words.letters;
}

element("keyboard").addEventListener("click", () => {
  expectLetters(element("pin").inputMode === "numeric");
  element("pin").focus();
});

for (const name of inputs) {
  element(name).addEventListener("input", () => fieldError(name, ""));
}
element("pin").addEventListener("input", ({ target }) => {
  if (/\p{L}/u.test(target.value)) expectLetters(true);
});

element("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const [email, pin] = [element("email"), element("pin")];
  const wrong = [];
  const address = addressIn(email);
  if (!email.checkValidity()) wrong.push("email");
  if (pin.value.trim() === "") wrong.push("pin");
  clearMessage();
  if (wrong.length > 0) return showFieldErrors(wrong);
  redeem({ email: address, pin: pin.value }, element("form-send"));
});

element("link-send").addEventListener("click", () => redeem({ token }, element("link-send")));
for (const button of ["reopen-form", "password-form", "declined-form"]) {
  element(button).addEventListener("click", () => {
    history.replaceState(null, "", location.pathname + location.search);
    showStart();
  });
}
element("again").addEventListener("click", () => showStart());
element("copy").addEventListener("click", copyId);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  endInTime();
  lookWhereItIs();
});

// ---- Opening the page ----

// Takes the token out of the address, so that it stays in no history and on no screen. That there
// was one is kept: whoever reloads is asked for the link, not for a PIN they never had.
function takeToken() {
  const found = new URLSearchParams(location.hash.slice(1));
  const [redeems, declines] = [found.get("t"), found.get("decline")];
  if (!redeems && !declines) return false;
  token = redeems;
  declineToken = redeems ? null : declines;
  history.replaceState({ link: true }, "", location.pathname + location.search);
  return true;
}

function showLink(how) {
  if (declineToken) showDecline(how);
  else showStart(how);
}

// A link that is opened where the page is open already reloads nothing. An answer comes first.
function openLink() {
  if (sending) return;
  if (takeToken()) showLink();
  else if (location.hash === PASSWORD_ONLY && session === null) showPasswordOnly();
}

function openPage() {
  translate();
  wearLook();
  element("page-address").textContent = location.origin + location.pathname;
  // On a phone the form comes first; at a desk, more often than not, the device is another one.
  if (["android", "ios", "ipados"].includes(platform)) {
    element("form").after(element("form-bridge"));
    element("link-send").after(element("link-bridge"));
  }
  if (takeToken()) showLink({ focus: false });
  else if (location.hash === PASSWORD_ONLY) showPasswordOnly({ focus: false });
  else if (comeBack()) element("title").focus();
  else if (!history.state?.link) showStart({ focus: false });
  else show("reopen", words.reopenTitle);
  document.documentElement.classList.remove("waiting");
  addEventListener("hashchange", openLink);
}

const patience = new Promise((enough) => setTimeout(enough, DRESSED_BY));
Promise.all([learn(wanted), Promise.race([dress(), patience])]).then(openPage);
