// The page that the invited open: address and PIN, or the token of a link, open a registration; an
// address alone has its PIN mailed again. Who needs neither is told where to go on.
//
// Mail scanners and previews open links too, so opening this page sends nothing: only a press does.
// A token stands in the fragment, which no server sees, then in this script's memory alone, then in
// the body of the request. What the server or a person wrote enters the page as text only.

const REDEMPTIONS = "/v1/redemptions";
const PIN_REQUESTS = "/v1/pin-requests";

// What mails put behind the page's address for those who register with their password alone.
const PASSWORD_ONLY = "#password";

// The longest that API Gateway waits for an answer, in milliseconds.
const PATIENCE = 30_000;

// Clocks that differ by less than this, in milliseconds, are taken to agree.
const CLOCKS_AGREE = 60_000;

// A language is one entry with the same keys as English; the page's `data-text` are keys of it too.
const LANGUAGES = {
  en: {
    dir: "ltr",
    head: "Device registration",
    foot: "Your organisation uses Beckon to invite people to register their devices. This page never asks for your work password.",

    formTitle: "Register this device",
    formLead: "Enter what is in your invitation mail. Then your organisation’s device management takes over.",
    email: "Email address",
    emailHint: "The one that the invitation was sent to.",
    emailEmpty: "Enter the address that the invitation was sent to.",
    emailMalformed: "This is not a complete address. It looks like name@example.com.",
    pin: "PIN",
    pinHint: "From your newest mail; spaces do not matter.",
    pinEmpty: "Enter the PIN from the newest invitation mail.",
    pinMalformed: "This cannot be a PIN. Enter only the PIN from the newest invitation mail.",
    letters: "My PIN has letters",
    digits: "My PIN has digits only",
    continue: "Continue",
    sending: "Checking your invitation…",
    ask: "I cannot find my PIN, or it no longer works",
    askLead: "If an invitation with a PIN is open for you, we mail you the PIN again. The mail goes to the address that was invited and to nobody else.",
    askSend: "Send me my PIN again",
    asking: "Sending your request…",
    askDone: "We have noted your request",
    askDoneFor: "For this address:",
    askDoneMail: "If an invitation with a PIN is open for it, a mail is on its way and arrives within a few minutes.",
    askDoneSpam: "If you see no mail, look into the folder for spam or junk.",
    askDoneNewest: "Only the PIN in the newest mail works.",
    askDoneNone: "If no mail comes, ask your help desk: we do not say here who is invited.",
    askOther: "Use another address",
    noPin: "There is no PIN in my mail",
    noPinLink: "If the mail has a QR code or a personal link, use that on this device: it needs no PIN.",
    noPinPassword: "If it has neither, you do not need this page. Go on in the device management app, or in the settings of this device, with your work account; your help desk knows which.",
    bridgeTitle: "Registering a different device?",
    bridgeForm: "Open this page there:",
    bridgeLink: "Do not press Continue here. Point its camera at the QR code in your mail.",

    passwordLead: "Your invitation needs no PIN, and there is nothing to enter here. Go on where your organisation manages devices:",
    passwordWhere: "Take the device that you want to register. Open the device management app there, or add your work account in its settings.",
    passwordSignIn: "Sign in with your work account. The device management asks for your work password; this page never does.",
    passwordFollow: "Follow the instructions there until the device is registered.",
    passwordHelp: "Not sure which app or which settings? Ask your help desk; the invitation mail may say how to reach it.",

    linkTitle: "Register this device",
    linkLead: "Your personal link was recognised. Nothing has been sent yet: press Continue to use your invitation on this device.",
    reopenTitle: "Open your link again",
    reopenLead: "To keep your personal link safe, this page does not hold on to it. Scan the QR code in your mail again, or open the link there again.",
    reopenForm: "I have a PIN instead",

    doneTitle: "Your registration is open",
    doneNext: "Your invitation was accepted. Next comes the device management, which guides you until this device is registered.",
    doneElsewhere: "Your invitation was accepted. Continue in the device management app, or in the settings of this device; your help desk knows which.",
    ownership: "Whose device",
    ownershipNotSet: "Your invitation leaves open whether this is your own device or the company’s.",
    ownershipUserOwned: "It will be registered as your own device (user owned), and it stays yours. If the company already supervises it, it is registered as company owned instead.",
    ownershipCompanyOwned: "It will be registered as the company’s device (company owned), and the company decides how it is set up. Please do not go on with a personal device.",
    password: "Work password",
    passwordText: "Your work password will be asked for by the device management; Beckon never sees it.",
    until: "Open until",
    untilNote: "If you need longer, open your invitation again.",
    continueThere: "Go to device management",
    appNote: "This opens an app. If nothing happens, the app may be missing on this device: ask your help desk.",
    helpDesk: "For your help desk",
    helpDeskNote: "This number belongs to your registration alone. Please give it to nobody but your help desk.",
    registrationId: "Registration ID",
    copy: "Copy",
    copied: "Copied",
    selected: "The registration ID is selected. Copy it with your keyboard or the menu.",
    overTitle: "The time to continue has run out",
    overLead: "Nothing is lost. If this device is not registered yet, start again: the same invitation works for as long as it is valid.",
    again: "Start again",

    problems: {
      doesNotFit: {
        title: "That address and PIN do not fit together",
        lines: [
          "Check both: the address is the one that the mail was sent to, and the PIN is the one in the newest mail.",
          "After several wrong tries, a PIN stops working. You can have it sent again: see below the form.",
          "If it still does not work, ask your help desk.",
        ],
      },
      linkDoesNotFit: {
        title: "This link does not work",
        lines: ["Only the QR code and the link in the newest invitation mail work.", "If you used those, ask your help desk."],
      },
      expired: {
        title: "This invitation has expired",
        lines: ["If you have a newer invitation mail, use that one.", "Otherwise ask your help desk to invite you again."],
      },
      pinExpired: {
        title: "This invitation has expired",
        lines: ["If you have a newer invitation mail, use that one.", "Otherwise have a PIN sent to you again: see below the form. If no mail comes, ask your help desk."],
      },
      used: {
        title: "This invitation has been used",
        lines: [
          "A device was registered with it. If that was you, there is nothing else to do here.",
          "For one more device, ask your help desk to invite you again.",
          "If it was not you, tell your help desk at once.",
        ],
      },
      cancelled: {
        title: "This invitation was cancelled",
        lines: ["If you have a newer invitation mail, use that one.", "Otherwise ask your help desk why, or to invite you again."],
      },
      ended: {
        title: "This invitation is no longer valid",
        lines: ["If you have a newer invitation mail, use that one.", "Otherwise ask your help desk to invite you again."],
      },
      tooManySessions: {
        title: "This invitation was opened several times just now",
        lines: ["Go on where you opened it, or try again after {until}.", "If it was not you who opened it, tell your help desk at once."],
      },
      tooManyTries: {
        title: "Too many wrong tries came from this network",
        lines: ["Wait an hour, or use another network, such as mobile data. Your invitation is not affected."],
      },
      tooOften: {
        title: "There were too many tries just now",
        lines: ["Wait a few minutes, then try again. What you entered is still here."],
      },
      unavailable: {
        title: "This does not work at the moment",
        lines: ["Nothing was lost. Please try again in a moment."],
      },
      unreachable: {
        title: "No answer",
        lines: ["Check your connection, then try again. Nothing was lost."],
      },
      unexpected: {
        title: "Something went wrong on our side",
        lines: ["Nothing was lost. Please try again; if it happens again, ask your help desk."],
      },
      check: { title: "Please check what you entered", lines: [] },
    },
  },

  de: {
    dir: "ltr",
    head: "Geräteregistrierung",
    foot: "Ihre Organisation lädt mit Beckon dazu ein, Geräte zu registrieren. Diese Seite fragt nie nach Ihrem Arbeitspasswort.",

    formTitle: "Registrieren Sie dieses Gerät",
    formLead: "Geben Sie ein, was in Ihrer Einladungsmail steht. Danach übernimmt die Geräteverwaltung Ihrer Organisation.",
    email: "E-Mail-Adresse",
    emailHint: "Die Adresse, an die die Einladung ging.",
    emailEmpty: "Geben Sie die Adresse ein, an die die Einladung ging.",
    emailMalformed: "Diese Adresse ist nicht vollständig. Sie sieht so aus: name@example.com.",
    pin: "PIN",
    pinHint: "Aus Ihrer neuesten Mail; Leerzeichen sind egal.",
    pinEmpty: "Geben Sie die PIN aus der neuesten Einladungsmail ein.",
    pinMalformed: "Das kann keine PIN sein. Geben Sie nur die PIN aus der neuesten Einladungsmail ein.",
    letters: "Meine PIN enthält Buchstaben",
    digits: "Meine PIN besteht nur aus Ziffern",
    continue: "Weiter",
    sending: "Einladung wird geprüft …",
    ask: "Ich finde meine PIN nicht, oder sie funktioniert nicht mehr",
    askLead: "Ist für Sie eine Einladung mit PIN offen, schicken wir Ihnen die PIN noch einmal. Die Mail geht nur an die Adresse, die eingeladen wurde.",
    askSend: "PIN noch einmal schicken",
    asking: "Anfrage wird gesendet …",
    askDone: "Wir haben Ihre Anfrage notiert",
    askDoneFor: "Für diese Adresse:",
    askDoneMail: "Ist für sie eine Einladung mit PIN offen, ist eine Mail unterwegs und kommt in wenigen Minuten an.",
    askDoneSpam: "Sehen Sie keine Mail, schauen Sie in den Ordner für Spam oder Junk.",
    askDoneNewest: "Nur die PIN in der neuesten Mail funktioniert.",
    askDoneNone: "Kommt keine Mail, fragen Sie Ihren Helpdesk: Wer eingeladen ist, sagen wir hier nicht.",
    askOther: "Andere Adresse verwenden",
    noPin: "In meiner Mail steht keine PIN",
    noPinLink: "Enthält die Mail einen QR-Code oder einen persönlichen Link, verwenden Sie ihn auf diesem Gerät: Er braucht keine PIN.",
    noPinPassword: "Enthält sie keines von beiden, brauchen Sie diese Seite nicht. Machen Sie mit Ihrem Arbeitskonto in der App der Geräteverwaltung oder in den Einstellungen dieses Geräts weiter; Ihr Helpdesk weiß, wo.",
    bridgeTitle: "Möchten Sie ein anderes Gerät registrieren?",
    bridgeForm: "Öffnen Sie dort diese Seite:",
    bridgeLink: "Drücken Sie hier nicht auf „Weiter“. Richten Sie dessen Kamera auf den QR-Code in Ihrer Mail.",

    passwordLead: "Ihre Einladung braucht keine PIN, und hier ist nichts einzugeben. Machen Sie dort weiter, wo Ihre Organisation Geräte verwaltet:",
    passwordWhere: "Nehmen Sie das Gerät, das Sie registrieren möchten. Öffnen Sie dort die App der Geräteverwaltung, oder fügen Sie in den Einstellungen Ihr Arbeitskonto hinzu.",
    passwordSignIn: "Melden Sie sich mit Ihrem Arbeitskonto an. Nach Ihrem Arbeitspasswort fragt die Geräteverwaltung; diese Seite fragt nie danach.",
    passwordFollow: "Folgen Sie dort den Anweisungen, bis das Gerät registriert ist.",
    passwordHelp: "Nicht sicher, welche App oder welche Einstellungen? Fragen Sie Ihren Helpdesk; vielleicht steht in der Einladungsmail, wie Sie ihn erreichen.",

    linkTitle: "Registrieren Sie dieses Gerät",
    linkLead: "Ihr persönlicher Link wurde erkannt. Noch wurde nichts gesendet: Drücken Sie auf „Weiter“, um Ihre Einladung auf diesem Gerät zu verwenden.",
    reopenTitle: "Öffnen Sie Ihren Link noch einmal",
    reopenLead: "Damit Ihr persönlicher Link sicher bleibt, behält ihn diese Seite nicht. Scannen Sie den QR-Code in Ihrer Mail noch einmal, oder öffnen Sie dort noch einmal den Link.",
    reopenForm: "Ich habe stattdessen eine PIN",

    doneTitle: "Ihre Registrierung ist offen",
    doneNext: "Ihre Einladung wurde angenommen. Als Nächstes kommt die Geräteverwaltung: Sie leitet Sie an, bis dieses Gerät registriert ist.",
    doneElsewhere: "Ihre Einladung wurde angenommen. Machen Sie in der App der Geräteverwaltung oder in den Einstellungen dieses Geräts weiter; Ihr Helpdesk weiß, wo.",
    ownership: "Wessen Gerät",
    ownershipNotSet: "Ihre Einladung lässt offen, ob dies Ihr eigenes Gerät oder eines der Firma ist.",
    ownershipUserOwned: "Es wird als Ihr eigenes Gerät registriert, und es bleibt Ihres. Steht es bereits unter Aufsicht der Firma, wird es stattdessen als Firmengerät registriert.",
    ownershipCompanyOwned: "Es wird als Firmengerät registriert, und die Firma bestimmt, wie es eingerichtet wird. Bitte machen Sie nicht mit einem privaten Gerät weiter.",
    password: "Arbeitspasswort",
    passwordText: "Nach Ihrem Arbeitspasswort fragt die Geräteverwaltung; Beckon sieht es nie.",
    until: "Offen bis",
    untilNote: "Wenn Sie länger brauchen, öffnen Sie Ihre Einladung noch einmal.",
    continueThere: "Weiter zur Geräteverwaltung",
    appNote: "Damit öffnet sich eine App. Geschieht nichts, fehlt sie vielleicht auf diesem Gerät: Fragen Sie Ihren Helpdesk.",
    helpDesk: "Für Ihren Helpdesk",
    helpDeskNote: "Diese Nummer gehört nur zu Ihrer Registrierung. Bitte geben Sie sie niemandem außer Ihrem Helpdesk.",
    registrationId: "Registrierungsnummer",
    copy: "Kopieren",
    copied: "Kopiert",
    selected: "Die Registrierungsnummer ist markiert. Kopieren Sie sie mit der Tastatur oder über das Menü.",
    overTitle: "Die Zeit zum Weitermachen ist abgelaufen",
    overLead: "Es ist nichts verloren. Ist dieses Gerät noch nicht registriert, beginnen Sie von vorn: Dieselbe Einladung funktioniert, solange sie gültig ist.",
    again: "Von vorn beginnen",

    problems: {
      doesNotFit: {
        title: "Adresse und PIN passen nicht zusammen",
        lines: [
          "Prüfen Sie beides: die Adresse, an die die Mail ging, und die PIN aus der neuesten Mail.",
          "Nach mehreren falschen Versuchen funktioniert eine PIN nicht mehr. Sie können sie sich noch einmal schicken lassen: unter dem Formular.",
          "Geht es dann immer noch nicht, fragen Sie Ihren Helpdesk.",
        ],
      },
      linkDoesNotFit: {
        title: "Dieser Link funktioniert nicht",
        lines: ["Nur der QR-Code und der Link in der neuesten Einladungsmail funktionieren.", "Haben Sie diese verwendet, fragen Sie Ihren Helpdesk."],
      },
      expired: {
        title: "Diese Einladung ist abgelaufen",
        lines: ["Haben Sie eine neuere Einladungsmail, verwenden Sie diese.", "Sonst bitten Sie Ihren Helpdesk um eine neue Einladung."],
      },
      pinExpired: {
        title: "Diese Einladung ist abgelaufen",
        lines: ["Haben Sie eine neuere Einladungsmail, verwenden Sie diese.", "Sonst lassen Sie sich noch einmal eine PIN schicken: unter dem Formular. Kommt keine Mail, fragen Sie Ihren Helpdesk."],
      },
      used: {
        title: "Diese Einladung wurde schon verwendet",
        lines: [
          "Mit ihr wurde ein Gerät registriert. Waren Sie das, müssen Sie hier nichts weiter tun.",
          "Für ein weiteres Gerät bitten Sie Ihren Helpdesk um eine neue Einladung.",
          "Waren Sie es nicht, sagen Sie sofort Ihrem Helpdesk Bescheid.",
        ],
      },
      cancelled: {
        title: "Diese Einladung wurde zurückgezogen",
        lines: ["Haben Sie eine neuere Einladungsmail, verwenden Sie diese.", "Sonst fragen Sie Ihren Helpdesk nach dem Grund oder nach einer neuen Einladung."],
      },
      ended: {
        title: "Diese Einladung gilt nicht mehr",
        lines: ["Haben Sie eine neuere Einladungsmail, verwenden Sie diese.", "Sonst bitten Sie Ihren Helpdesk um eine neue Einladung."],
      },
      tooManySessions: {
        title: "Diese Einladung wurde gerade mehrmals geöffnet",
        lines: ["Machen Sie dort weiter, wo Sie sie geöffnet haben, oder versuchen Sie es nach {until} noch einmal.", "Haben nicht Sie sie geöffnet, sagen Sie sofort Ihrem Helpdesk Bescheid."],
      },
      tooManyTries: {
        title: "Aus diesem Netz kamen zu viele falsche Versuche",
        lines: ["Warten Sie eine Stunde, oder verwenden Sie ein anderes Netz, zum Beispiel mobile Daten. Ihre Einladung ist davon nicht betroffen."],
      },
      tooOften: {
        title: "Das waren gerade zu viele Versuche",
        lines: ["Warten Sie einige Minuten, und versuchen Sie es noch einmal. Ihre Eingaben sind noch da."],
      },
      unavailable: {
        title: "Im Moment geht es nicht",
        lines: ["Es ist nichts verloren. Bitte versuchen Sie es gleich noch einmal."],
      },
      unreachable: {
        title: "Keine Antwort",
        lines: ["Prüfen Sie Ihre Verbindung, und versuchen Sie es noch einmal. Es ist nichts verloren."],
      },
      unexpected: {
        title: "Bei uns ist etwas schiefgegangen",
        lines: ["Es ist nichts verloren. Bitte versuchen Sie es noch einmal; geschieht es wieder, fragen Sie Ihren Helpdesk."],
      },
      check: { title: "Bitte prüfen Sie Ihre Eingaben", lines: [] },
    },
  },
};

const element = (id) => document.getElementById(id);
const views = ["form", "link", "reopen", "password", "done"];
const fields = ["email", "pin"]; // of the form, as the server calls them
const inputs = [...fields, "ask-email"];

const { language, locale } = chooseLanguage(navigator.languages);
const words = LANGUAGES[language];
const platform = guessPlatform(navigator);

let token = null; // of the link this page was opened with
let sending = false;
let session = null; // { id, endsAt }: the registration that was opened, endsAt by this device's clock

// ---- What the reader speaks, and on what ----

function chooseLanguage(wanted = []) {
  for (const tag of wanted) {
    const language = tag.toLowerCase().split("-")[0];
    if (Object.keys(LANGUAGES).includes(language)) return { language, locale: tag };
  }
  return { language: "en", locale: "en-GB" };
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

// ---- What is shown ----

function show(view, title) {
  for (const name of views) element(`${name}-view`).hidden = name !== view;
  element("tick").toggleAttribute("hidden", view !== "done" || session === null);
  element("title").textContent = title;
  document.title = title;
  clearMessage();
}

function showStart({ focus = true } = {}) {
  session = null;
  if (token) show("link", words.linkTitle);
  else show("form", words.formTitle);
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

function redeem(secret, button) {
  const body = platform ? { ...secret, device: { platform } } : secret;
  return send(button, words.sending, REDEMPTIONS, body, (answer) => (answer.ok ? opened(answer, button) : refused(answer)));
}

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
  if (!input.checkValidity()) return askFieldError();
  const email = input.value.trim();
  if (element("email").value.trim() === "") element("email").value = email;
  send(element("ask-send"), words.asking, PIN_REQUESTS, { email }, asked);
});

element("ask-other").addEventListener("click", () => {
  showAsked(false);
  element("ask-email").select();
  element("ask-email").focus();
});

// ---- Going on ----

async function opened(answer, button) {
  const found = await documentOf(answer);
  if (typeof found.registrationId !== "string") return showMessage(words.problems.unexpected);
  session = { id: found.registrationId, endsAt: onThisClock(found.expiresAt, answer) };
  element("pin").value = "";

  const address = safeAddress(found.continueUrl);
  const link = element("done-continue");
  link.hidden = address === null;
  if (address) link.href = address.href;
  else link.removeAttribute("href");
  element("done-app").hidden = address === null || /^https?:$/.test(address.protocol);
  element("done-lead").textContent = address ? words.doneNext : words.doneElsewhere;

  const ownership = {
    notSet: words.ownershipNotSet,
    userOwned: words.ownershipUserOwned,
    companyOwned: words.ownershipCompanyOwned,
  }[found.ownership];
  element("done-ownership").hidden = !ownership;
  element("done-ownership-text").textContent = ownership ?? "";
  element("done-password").hidden = found.passwordRequired !== true;

  const until = written(session.endsAt);
  element("done-until").hidden = until === "";
  element("done-until-text").textContent = until;
  element("registration-id").textContent = session.id;
  element("copy").textContent = words.copy;
  element("done-help").open = false;
  for (const part of document.querySelectorAll("#done-view .facts, #done-help")) part.hidden = false;
  element("again").hidden = true;

  setBusy(button, false);
  show("done", words.doneTitle);
  element("title").focus();
  endInTime();
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
  session = null;
  show("done", words.overTitle);
  element("done-lead").textContent = words.overLead;
  element("registration-id").textContent = "";
  const passed = "#done-view .facts, #done-continue, #done-app, #done-help";
  for (const part of document.querySelectorAll(passed)) part.hidden = true;
  element("again").hidden = false;
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
  if (!email.checkValidity()) wrong.push("email");
  if (pin.value.trim() === "") wrong.push("pin");
  clearMessage();
  if (wrong.length > 0) return showFieldErrors(wrong);
  redeem({ email: email.value.trim(), pin: pin.value }, element("form-send"));
});

element("link-send").addEventListener("click", () => redeem({ token }, element("link-send")));
for (const button of ["reopen-form", "password-form"]) {
  element(button).addEventListener("click", () => {
    history.replaceState(null, "", location.pathname + location.search);
    showStart();
  });
}
element("again").addEventListener("click", () => showStart());
element("copy").addEventListener("click", copyId);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) endInTime();
});

// ---- Opening the page ----

// Takes the token out of the address, so that it stays in no history and on no screen. That there
// was one is kept: whoever reloads is asked for the link, not for a PIN they never had.
function takeToken() {
  const found = new URLSearchParams(location.hash.slice(1)).get("t");
  if (!found) return false;
  token = found;
  history.replaceState({ link: true }, "", location.pathname + location.search);
  return true;
}

// A link that is opened where the page is open already reloads nothing. An answer comes first.
function openLink() {
  if (sending) return;
  if (takeToken()) showStart();
  else if (location.hash === PASSWORD_ONLY && session === null) showPasswordOnly();
}

addEventListener("hashchange", openLink);

translate();
element("page-address").textContent = location.origin + location.pathname;
// On a phone the form comes first; at a desk, more often than not, the device is another one.
if (["android", "ios", "ipados"].includes(platform)) {
  element("form").after(element("form-bridge"));
  element("link-send").after(element("link-bridge"));
}
if (takeToken()) showStart({ focus: false });
else if (location.hash === PASSWORD_ONLY) showPasswordOnly({ focus: false });
else if (!history.state?.link) showStart({ focus: false });
else show("reopen", words.reopenTitle);
document.documentElement.classList.remove("waiting");
