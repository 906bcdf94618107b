//! The log of the functions: each change is one line with who made it, one id joins the lines of a
//! request with its batch and its mails, and no level shows an address, a name or a secret.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the functions beside the tests fail the tests, as they should"
)]

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use beckon_domain::model::delivery::Pause;
use beckon_domain::ports::delivery::Delivery as _;
use beckon_local::Options;
use beckon_tests::{Answer, Beckon, Person, until};
use serde_json::{Value, json};

/// Everything that was logged in this process.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// The log of a function at its finest, begun once a process.
    fn finest() -> Self {
        static LOG: OnceLock<Log> = OnceLock::new();
        LOG.get_or_init(|| {
            let log = Self::default();
            let to = log.clone();
            let lines = beckon_runtime::telemetry::lines_of_lambda(
                move || to.clone(),
                Some("trace,hyper=trace,aws_smithy_runtime=trace,lambda_runtime=trace"),
            );
            tracing::subscriber::set_global_default(lines).unwrap();
            log
        })
        .clone()
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    fn lines(&self) -> Vec<Value> {
        let text = self.text();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The changes that were made for a request.
    fn changes(&self, request: &str) -> Vec<Value> {
        let mut lines = self.lines();
        lines.retain(|line| line["message"] == "changed" && line["requestId"] == request);
        lines
    }

    /// Those that the request itself made, before it was answered.
    fn made_by(&self, answer: &Answer) -> Vec<Value> {
        let mut changes = self.changes(answer.header("x-request-id"));
        changes.retain(|line| !line["actor"].is_null());
        changes
    }

    /// The kinds of the changes of this sort, by whom.
    async fn until_told(&self, what: &str, request: Option<&str>, times: usize) -> Vec<Value> {
        until(what, async || {
            let mut lines = self.lines();
            lines.retain(|line| {
                line["what"] == what && request.is_none_or(|id| line["requestId"] == id)
            });
            (lines.len() >= times).then_some(lines)
        })
        .await
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn quick(options: &mut Options) {
    options.maintenance_every = Duration::from_millis(200);
}

/// How a text might stand in a log: as it is, and in every encoding that a request knows. A text
/// in the middle of base64 has one of three forms, less what its neighbours decide.
fn forms(text: &str) -> Vec<String> {
    let bytes = text.as_bytes();
    let percent: Vec<String> = bytes
        .iter()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => {
                char::from(*byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect();
    let decimal: Vec<String> = bytes.iter().map(u8::to_string).collect();
    let hex: Vec<String> = bytes.iter().map(|b| format!("{b:02x}")).collect();
    let mut forms = vec![
        text.to_lowercase(),
        percent.concat().to_lowercase(),
        text.replace(' ', "+").to_lowercase(),
        decimal.join(", "),
        hex.concat(),
    ];
    for shift in 0..3 {
        let shifted = [&vec![0; shift][..], bytes].concat();
        let whole = shifted.len() / 3 * 3;
        for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            let encoded = engine.encode(&shifted[..whole]);
            forms.push(encoded[if shift == 0 { 0 } else { 4 }..].to_lowercase());
        }
    }
    forms
}

/// The forms of these texts that stand in the log.
fn found_in(log: &str, texts: &BTreeSet<String>) -> Vec<String> {
    let log = log.to_lowercase();
    texts
        .iter()
        .flat_map(|text| forms(text).into_iter().map(move |form| (text, form)))
        .filter(|(_, form)| log.contains(form))
        .map(|(text, form)| format!("{text} as {form}"))
        .collect()
}

#[test]
fn what_is_looked_for_would_be_found_in_each_encoding() {
    let text = "zephyrine.q@people.example";
    let wanted = BTreeSet::from([text.to_owned()]);
    for planted in [
        format!("to {text}."),
        "zephyrine.q%40people.example".to_owned(),
        format!("{:?}", text.as_bytes()),
        STANDARD_NO_PAD.encode(format!("{{\"email\":\"{text}\"}}")),
        STANDARD_NO_PAD.encode(format!("x{text}y")),
        URL_SAFE_NO_PAD.encode(format!("xy{text}")),
    ] {
        assert!(!found_in(&planted, &wanted).is_empty(), "{planted}");
    }
    assert_eq!(found_in("nothing of the kind", &wanted), [""; 0]);
}

const NAME: &str = "Zephyrine Quillfeather";

#[tokio::test]
async fn at_the_finest_level_the_log_shows_no_address_no_name_and_no_secret() {
    let log = Log::finest();
    let beckon = Beckon::start_with(quick).await;
    let mut hidden = BTreeSet::from([NAME.to_owned(), "Quillfeather".to_owned()]);
    let mut person = async |local: &str, invite: bool| {
        let email = format!("{local}@example.com");
        hidden.insert(email.clone());
        beckon
            .add_user(&json!({ "email": email, "displayName": NAME, "invite": invite }))
            .await
    };
    let zephyrine = person("zephyrine.q", true).await;
    let undeliverable = person("bounce+q", false).await;
    let declining = person("declining.q", true).await;
    beckon.begin_batch(&[&undeliverable]).await;

    let lookup = "/v1/users/lookup?email=zephyrine.q%40example.com";
    let _ = beckon.get(lookup).await.with_status(200);
    let _ = beckon
        .get("/v1/users?text=Quillfeather")
        .await
        .with_status(200);
    let _ = beckon.preview(&[&zephyrine], None).await;
    let pin = beckon.newest_pin(&zephyrine.email).await;
    hidden.insert(pin.clone());
    hidden.insert(pin.replace(' ', ""));
    beckon.delivery(&undeliverable, "hardBounced").await;
    let again = format!("/v1/users/{}/address/try-again", undeliverable.id);
    let _ = beckon.post(&again, &Value::Null).await.with_status(200);
    let token = beckon
        .newest_mail(&declining.email)
        .await
        .decline_token()
        .unwrap();
    hidden.insert(token);
    beckon.decline(&declining).await;
    let _ = beckon.show_pin(&zephyrine.email, "0000 0000").await;
    let _ = beckon.request_pin(&zephyrine.email).await;
    let registration = beckon.redeem(&zephyrine).await;
    hidden.insert(registration.clone());
    beckon
        .report_device(
            &json!({ "registrationId": registration }),
            &json!({ "id": "d-1" }),
        )
        .await;
    let _ = beckon.registration(&registration).await;
    // Unknown, and so kept with the failures.
    let _ = beckon
        .report(&json!({
            "email": "nobody.q@example.com",
            "device": { "id": "d-2", "name": NAME },
            "registeredAt": "2026-01-31T09:30:00Z",
        }))
        .await;
    hidden.insert("nobody.q@example.com".to_owned());
    hidden.extend(sent_by_a_source(&beckon).await);
    let rows = format!("email,name\nimported.q@example.com,{NAME}\n");
    hidden.insert("imported.q@example.com".to_owned());
    let import = beckon
        .call("POST", "/v1/users/import?invite=true")
        .header("content-type", "text/csv")
        .bare_body(rows);
    let _ = import.answer().await.with_status(200);
    let bad = json!({ "email": "bad.q@example.com, other", "displayName": NAME });
    assert_eq!(beckon.post("/v1/users", &bad).await.status, 422);
    hidden.insert("bad.q@example.com".to_owned());
    beckon.quiet().await;

    let text = log.text();
    assert_eq!(found_in(&text, &hidden), [""; 0]);
    assert!(
        text.contains("\"what\":\"batchStarted\"") || text.contains("userAdded"),
        "{text}"
    );
}

/// A message of a device management whose secret stands in the address, one that cannot be read, and one whose sender
/// is not known; what of them nobody may see.
async fn sent_by_a_source(beckon: &Beckon) -> Vec<String> {
    let source = json!({
        "name": "ours", "kind": "fleet", "authentication": { "type": "query", "parameter": "token" },
    });
    beckon.settings(&json!({ "deviceSources": [source] })).await;
    let secret = "of-the-sender-alone-0001";
    let secrets = "/v1/device-event-sources/ours/secrets";
    let added = beckon.post(secrets, &json!({ "secret": secret })).await;
    added.with_status(201);
    let made = beckon.post(secrets, &json!({})).await.with_status(201)["secret"].take();
    let enrolled = json!({
        "type": "mdm_enrolled", "timestamp": jiff::Timestamp::now(),
        "details": { "host_serial": "SERIAL-OF-Q", "host_display_name": NAME, "platform": "ios" },
    });
    for (token, body) in [
        (secret, enrolled.to_string()),
        (secret, format!("cut off, {NAME}")),
        ("guessed-by-a-stranger", enrolled.to_string()),
    ] {
        let address = format!("/v1/device-events/ours?token={token}");
        let _ = beckon.call("POST", &address).body(body).answer().await;
    }
    let made = made.as_str().unwrap().to_owned();
    vec![secret.to_owned(), made, "guessed-by-a-stranger".to_owned()]
}

/// What is asked for, and how many changes it makes.
struct Asked {
    operation: &'static str,
    path: String,
    body: Value,
    changes: usize,
}

impl Asked {
    fn new(operation: &'static str, path: impl Into<String>, body: Value, changes: usize) -> Self {
        Self {
            operation,
            path: path.into(),
            body,
            changes,
        }
    }
}

async fn ask(beckon: &Beckon, asked: &Asked) -> Answer {
    let (method, _) = asked.operation.split_once(' ').unwrap();
    let call = beckon.call(method, &asked.path);
    let call = if method == "PUT" {
        call.header("if-match", "*")
    } else {
        call
    };
    match &asked.body {
        Value::String(file) => {
            let call = call.header("content-type", "text/csv");
            call.bare_body(file.clone()).answer().await
        }
        Value::Null if method == "DELETE" => call.answer().await,
        body => call.json(body).answer().await,
    }
}

/// Every operation of the document that is no mere look, once, in an order in which each can be
/// done.
#[expect(clippy::too_many_lines, reason = "one entry an operation")]
async fn everything_that_changes_something(beckon: &Beckon, ada: &Person) -> Vec<Asked> {
    let user = |rest: &str| format!("/v1/users/{}{rest}", ada.id);
    let bounced = beckon.add_uninvited("bounce@example.com").await;
    beckon.begin_batch(&[&bounced]).await;
    beckon.delivery(&bounced, "hardBounced").await;
    let declining = beckon.invite("declining@example.com").await;
    let token = beckon
        .newest_mail(&declining.email)
        .await
        .decline_token()
        .unwrap();
    let redeeming = beckon.invite("redeeming@example.com").await;
    let pin = beckon.newest_pin(&redeeming.email).await;
    let going_on = beckon.invite("going-on@example.com").await;
    let session = beckon.redeem(&going_on).await;
    let forgetful = beckon.invite("forgetful@example.com").await;
    beckon.newest_pin(&forgetful.email).await;
    let order = json!({ "selection": { "userIds": [ada.id] }, "ownership": null });
    let stoppable = beckon.begin_batch(&[ada]).await;
    let wording = beckon
        .get("/v1/templates/invitation/en")
        .await
        .with_status(200)["wording"]
        .take();
    let template = |rest: &str| format!("/v1/templates/invitation/en{rest}");
    let reason = json!({ "reason": "At the desk" });
    let pause = Pause {
        until: jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1),
        code: "byHand".to_owned(),
        reason: "held".to_owned(),
    };
    beckon
        .table()
        .set_delivery_pause(Some(&pause))
        .await
        .unwrap();
    let settings = json!({ "organisation": { "name": "Example Ltd" } });
    let job = json!({ "action": "enable", "selection": { "userIds": [ada.id] } });
    let over = beckon.post("/v1/jobs", &job).await.with_status(202)["id"].take();
    let over = format!("/v1/jobs/{}", over.as_str().unwrap());
    until("the job is over", async || {
        let job = beckon.get(&over).await.with_status(200);
        (!job["endedAt"].is_null()).then_some(())
    })
    .await;
    let sheets = json!({ "userIds": [ada.id], "reason": "At the desk" });
    let shown = json!({ "email": redeeming.email, "pin": pin });
    let report = json!({
        "email": redeeming.email,
        "device": { "id": "d-1", "platform": "ios" },
        "registeredAt": jiff::Timestamp::now(),
    });
    vec![
        Asked::new(
            "POST /v1/users",
            "/v1/users",
            json!({ "email": "new@example.com" }),
            1,
        ),
        Asked::new(
            "PATCH /v1/users/{id}",
            user(""),
            json!({ "displayName": "Ada" }),
            1,
        ),
        // The same again changes nothing.
        Asked::new(
            "PATCH /v1/users/{id}",
            user(""),
            json!({ "displayName": "Ada" }),
            0,
        ),
        Asked::new(
            "POST /v1/users/import",
            "/v1/users/import?invite=false",
            json!("email\nimported@example.com\n"),
            1,
        ),
        Asked::new(
            "POST /v1/users/import",
            "/v1/users/import?invite=false&dryRun=true",
            json!("email\ntried@example.com\n"),
            0,
        ),
        Asked::new(
            "POST /v1/invitations/preview",
            "/v1/invitations/preview",
            order.clone(),
            0,
        ),
        Asked::new("POST /v1/invitations", "/v1/invitations", order, 1),
        Asked::new(
            "POST /v1/batches/{id}/stop",
            format!("/v1/batches/{stoppable}/stop"),
            Value::Null,
            1,
        ),
        Asked::new(
            "POST /v1/users/{id}/invitation/resend",
            user("/invitation/resend"),
            Value::Null,
            1,
        ),
        Asked::new(
            "POST /v1/users/{id}/invitation/cancel",
            user("/invitation/cancel"),
            Value::Null,
            1,
        ),
        Asked::new(
            "POST /v1/users/{id}/invitation/restore",
            user("/invitation/restore"),
            Value::Null,
            1,
        ),
        Asked::new(
            "POST /v1/users/{id}/invitation/pin",
            user("/invitation/pin"),
            reason.clone(),
            1,
        ),
        Asked::new(
            "POST /v1/users/{id}/invitation/sheet",
            user("/invitation/sheet"),
            reason,
            1,
        ),
        Asked::new("POST /v1/sheets", "/v1/sheets", sheets, 1),
        Asked::new("POST /v1/jobs", "/v1/jobs", job, 1),
        Asked::new(
            "POST /v1/jobs/import",
            "/v1/jobs/import?invite=false",
            json!("email\nimported@example.com\n"),
            1,
        ),
        // What is over is not stopped.
        Asked::new(
            "POST /v1/jobs/{id}/stop",
            format!("{over}/stop"),
            Value::Null,
            0,
        ),
        Asked::new(
            "POST /v1/users/{id}/address/try-again",
            format!("/v1/users/{}/address/try-again", bounced.id),
            Value::Null,
            1,
        ),
        Asked::new(
            "POST /v1/delivery/resume",
            "/v1/delivery/resume",
            Value::Null,
            1,
        ),
        // Nothing is paused any more.
        Asked::new(
            "POST /v1/delivery/resume",
            "/v1/delivery/resume",
            Value::Null,
            0,
        ),
        Asked::new("PUT /v1/settings", "/v1/settings", settings, 1),
        Asked::new(
            "PUT /v1/templates/{kind}/{locale}",
            template(""),
            wording,
            1,
        ),
        Asked::new(
            "POST /v1/templates/{kind}/{locale}/preview",
            template("/preview"),
            json!({}),
            0,
        ),
        Asked::new(
            "POST /v1/templates/{kind}/{locale}/test",
            template("/test"),
            json!({ "to": "ada@example.com" }),
            1,
        ),
        Asked::new(
            "DELETE /v1/templates/{kind}/{locale}",
            template(""),
            Value::Null,
            1,
        ),
        Asked::new(
            "POST /v1/pin-requests",
            "/v1/pin-requests",
            json!({ "email": forgetful.email }),
            1,
        ),
        // Nobody has this address, and the answer is the same.
        Asked::new(
            "POST /v1/pin-requests",
            "/v1/pin-requests",
            json!({ "email": "nobody@example.com" }),
            0,
        ),
        Asked::new(
            "POST /v1/declines",
            "/v1/declines",
            json!({ "token": token }),
            1,
        ),
        Asked::new("POST /v1/redemptions", "/v1/redemptions", shown.clone(), 1),
        Asked::new("POST /v1/mdm/redemptions", "/v1/mdm/redemptions", shown, 1),
        // No address carries a token here, so none is made.
        Asked::new(
            "POST /v1/registrations/{id}/address",
            format!("/v1/registrations/{session}/address"),
            Value::Null,
            0,
        ),
        Asked::new(
            "POST /v1/mdm/registrations",
            "/v1/mdm/registrations",
            report.clone(),
            1,
        ),
        // The same report changes nothing the second time.
        Asked::new(
            "POST /v1/mdm/registrations",
            "/v1/mdm/registrations",
            report,
            0,
        ),
        Asked::new("DELETE /v1/users/{id}", user(""), Value::Null, 1),
    ]
}

/// What is asked of sources of device events, and what they send.
#[expect(clippy::too_many_lines, reason = "a table: one entry for each request")]
async fn everything_that_changes_sources(beckon: &Beckon) -> Vec<Asked> {
    const NEEDED: &str = "the-secret-of-ours";
    let mapping = json!({
        "rules": [{ "says": "enrolled", "when": [{ "of": "/event", "in": ["added"] }] }],
        "person": { "email": { "from": ["/who"] } },
        "device": { "id": { "from": ["/udid"] } },
        "time": { "from": ["/when"] },
    });
    let authentication = json!({ "type": "query", "parameter": "token" });
    let source = json!({ "name": "ours", "kind": "generic", "mapping": mapping, "authentication": authentication });
    let api = json!({ "address": "https://mdm.invalid" });
    let asked = json!({ "name": "asked", "kind": "kandji", "api": api });
    beckon
        .settings(&json!({ "deviceSources": [source, asked] }))
        .await;
    let secrets = "/v1/device-event-sources/ours/secrets";
    let credentials = "/v1/device-event-sources/asked/credentials";
    let secret = json!({ "secret": NEEDED });
    beckon.post(secrets, &secret).await.with_status(201);
    let address = format!("/v1/device-events/ours?token={NEEDED}");
    let enrolled = json!({ "event": "added", "udid": "U-1", "who": "nobody@example.com", "when": jiff::Timestamp::now() });
    let unfit = json!({ "event": "added" });
    for message in [&enrolled, &unfit] {
        let sent = beckon.call("POST", &address).json(message).answer().await;
        assert_eq!(sent.status, 200, "{}", sent.text);
    }
    let first_of = async |path: &str| {
        until("it is listed", async || {
            let page = beckon.get(path).await.with_status(200);
            page["items"].get(0).cloned()
        })
        .await
    };
    let device = first_of("/v1/unassigned-devices").await;
    let failed = first_of("/v1/device-event-sources/failures").await;
    let owner = beckon.add_uninvited("owner@example.com").await;
    let order = json!({ "deviceId": device["id"], "userId": owner.id });
    let trial = json!({ "mapping": mapping, "body": "{}" });
    let replayed = failed["id"].as_str().unwrap();
    vec![
        Asked::new(
            "POST /v1/device-event-sources/{name}/secrets",
            secrets,
            json!({}),
            1,
        ),
        Asked::new(
            "DELETE /v1/device-event-sources/{name}/secrets/{id}",
            format!("{secrets}/2"),
            Value::Null,
            1,
        ),
        Asked::new(
            "PUT /v1/device-event-sources/{name}/credentials",
            credentials,
            secret,
            1,
        ),
        Asked::new(
            "DELETE /v1/device-event-sources/{name}/credentials",
            credentials,
            Value::Null,
            1,
        ),
        Asked::new(
            "POST /v1/device-event-sources/try",
            "/v1/device-event-sources/try",
            trial,
            0,
        ),
        Asked::new(
            "POST /v1/device-event-sources/failures/{id}/replay",
            format!("/v1/device-event-sources/failures/{replayed}/replay"),
            Value::Null,
            1,
        ),
        Asked::new("POST /v1/device-events/{source}", address, unfit, 1),
        Asked::new(
            "POST /v1/device-assignments",
            "/v1/device-assignments",
            order.clone(),
            1,
        ),
        // The same again changes nothing.
        Asked::new(
            "POST /v1/device-assignments",
            "/v1/device-assignments",
            order,
            0,
        ),
    ]
}

/// What is asked of the tokens of the directory.
fn everything_that_changes_tokens() -> [Asked; 2] {
    let tokens = "/v1/directory/tokens";
    let remove = "DELETE /v1/directory/tokens/{id}";
    [
        Asked::new("POST /v1/directory/tokens", tokens, Value::Null, 1),
        Asked::new(remove, format!("{tokens}/1"), Value::Null, 1),
    ]
}

#[tokio::test]
async fn each_change_is_one_line_that_says_who_made_it_and_what_it_was() {
    let log = Log::finest();
    let beckon = Beckon::start_with(quick).await;
    let ada = beckon.invite("ada@example.com").await;
    let mut everything = everything_that_changes_sources(&beckon).await;
    everything.extend(everything_that_changes_tokens());
    everything.extend(everything_that_changes_something(&beckon, &ada).await);

    let mut asked_for = BTreeSet::new();
    for asked in &everything {
        let answer = ask(&beckon, asked).await;
        assert!(answer.status < 300, "{}: {}", asked.operation, answer.text);

        let lines = log.made_by(&answer);
        assert_eq!(
            lines.len(),
            asked.changes,
            "{}: {lines:#?}",
            asked.operation
        );
        for line in &lines {
            assert_eq!(line["level"], "INFO");
            assert_eq!(line["actor"], "local", "{line}");
            assert!(!line["who"].as_str().unwrap().is_empty(), "{line}");
            assert!(!line["what"].as_str().unwrap().is_empty(), "{line}");
        }
        asked_for.insert(asked.operation.to_owned());
    }

    // An operation that is added to the document must be added above.
    let document = beckon.openapi()["paths"].as_object().unwrap();
    let of_document: BTreeSet<String> = document
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().keys();
            methods.map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .filter(|operation| !operation.starts_with("GET "))
        .collect();
    assert_eq!(
        of_document.difference(&asked_for).collect::<Vec<_>>(),
        Vec::<&String>::new()
    );
}

#[tokio::test]
async fn what_is_refused_is_no_change() {
    let log = Log::finest();
    let beckon = Beckon::start().await;
    let ada = beckon.add_uninvited("ada@example.com").await;

    for asked in [
        Asked::new(
            "POST ",
            "/v1/users",
            json!({ "email": "ada@example.com" }),
            0,
        ),
        Asked::new("PUT ", "/v1/settings", json!({ "locale": 7 }), 0),
        Asked::new(
            "POST ",
            format!("/v1/users/{}/invitation/cancel", ada.id),
            Value::Null,
            0,
        ),
    ] {
        let answer = ask(&beckon, &asked).await;

        assert!(answer.status >= 400, "{}", answer.text);
        assert_eq!(log.made_by(&answer).len(), 0, "{}", asked.path);
        assert_eq!(
            answer.json()["requestId"],
            answer.header("x-request-id"),
            "{}",
            answer.text
        );
    }
}

#[tokio::test]
async fn a_repeated_request_changes_nothing_and_says_nothing() {
    let log = Log::finest();
    let beckon = Beckon::start().await;
    let ada = beckon.add_uninvited("ada@example.com").await;
    let order = json!({ "selection": { "userIds": [ada.id] }, "ownership": null });
    let send = async || {
        let call = beckon.call("POST", "/v1/invitations").key("once");
        call.json(&order).answer().await
    };

    let (first, second) = (send().await, send().await);

    assert_eq!(first.text, second.text);
    assert_eq!(log.made_by(&first).len(), 1);
    assert_eq!(log.made_by(&second).len(), 0);
}

#[tokio::test]
async fn one_id_joins_a_request_with_its_batch_its_mails_and_what_became_of_them() {
    let log = Log::finest();
    let beckon = Beckon::start_with(quick).await;
    let people = [
        beckon.add_uninvited("ada@example.com").await,
        beckon.add_uninvited("ben@example.com").await,
    ];
    let ids: Vec<&str> = people.iter().map(|person| person.id.as_str()).collect();
    let order = json!({ "selection": { "userIds": ids }, "ownership": null });

    let sent = beckon.post("/v1/invitations", &order).await;
    let request = sent.header("x-request-id").to_owned();
    let batch = sent.with_status(202)["batch"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for person in &people {
        beckon.delivery(person, "delivered").await;
    }

    let expanded = log.until_told("pageExpanded", Some(&request), 1).await;
    assert_eq!((expanded.len(), &expanded[0]["batch"]), (1, &json!(batch)));
    let issued = log.until_told("invitationIssued", Some(&request), 2).await;
    let mails = |lines: &[Value]| -> BTreeSet<String> {
        lines.iter().map(|line| line["mail"].to_string()).collect()
    };
    // A report can overtake the answer; then the mail is delivered at once.
    let mailed = until("the mails are told of", async || {
        let mut lines = log.changes(&request);
        lines.retain(|line| line["what"] == "mailSent" || line["what"] == "mailDelivered");
        (mails(&lines).len() == 2).then_some(lines)
    })
    .await;
    assert_eq!(issued.len(), 2);
    assert_eq!(mails(&issued), mails(&mailed));
    assert!(mailed.iter().all(|line| line["batch"] == batch.as_str()));
    // What SES reports names the mail by its tag, and so the request.
    let delivered = until("what SES reports is logged", async || {
        let mut lines = log.changes(&request);
        lines.retain(|line| line["what"] == "mailDelivered");
        (mails(&lines).len() == 2).then_some(lines)
    })
    .await;
    assert_eq!(mails(&delivered), mails(&mailed));
}

#[tokio::test]
async fn the_mail_of_a_request_without_a_batch_names_it_too() {
    let log = Log::finest();
    let beckon = Beckon::start_with(quick).await;
    let ada = beckon.invite("ada@example.com").await;
    beckon.delivery(&ada, "delivered").await;

    let path = format!("/v1/users/{}/invitation/resend", ada.id);
    let again = beckon.post(&path, &Value::Null).await;

    let request = again.header("x-request-id");
    let told = until("the mail is told of", async || {
        let mut lines = log.changes(request);
        lines.retain(|line| line["what"] == "mailSent" || line["what"] == "mailDelivered");
        (!lines.is_empty()).then_some(lines)
    })
    .await;
    assert_eq!(told[0]["user"], ada.id.as_str());
}

#[tokio::test]
async fn what_maintenance_ends_is_told_once_and_by_whom() {
    let log = Log::finest();
    let beckon = Beckon::start_with(quick).await;
    let ada = beckon.invite("ada@example.com").await;
    beckon.delivery(&ada, "delivered").await;

    beckon.let_time_run_out(&ada).await;
    let expired = until("the invitation has expired", async || {
        let mut lines = log.lines();
        lines.retain(|line| line["what"] == "invitationExpired" && line["user"] == ada.id.as_str());
        (!lines.is_empty()).then_some(lines)
    })
    .await;

    assert_eq!(expired.len(), 1);
    assert_eq!(expired[0]["who"], "clock");
    assert!(expired[0]["actor"].is_null(), "{}", expired[0]);
}
