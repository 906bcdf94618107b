//! Events of SES in the whole form that AWS documents, as EventBridge hands them over. The values
//! in `ses` are made up; the fields are those of "Contents of event data" in the SES developer guide.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a broken expectation is a failed test"
)]

use std::path::{Path, PathBuf};

use aws_lambda_events::eventbridge::EventBridgeEvent;
use beckon_domain::model::mail::{Mail, MailEvent, MailReason, MailState};
use beckon_domain::model::user::{AddressSuppression, User};
use beckon_testkit::builders::a_user;
use beckon_testkit::{MemoryDeadLetters, World};
use feedback::{Read, Reports, parse};
use serde_json::{Value, json};

/// When SES took the mail, and when it heard of it.
const TAKEN: &str = "2026-01-31T09:30:00.214Z";
const HEARD: &str = "2026-01-31T09:30:04.871Z";

/// What SES calls the mail.
const MESSAGE: &str = "0100019bd2a1c3e4-5f6a7b8c-1d2e-4f30-9a4b-6c7d8e9f0a1b-000000";

/// What an event comes to.
struct Expected {
    event: MailEvent,
    reason: Option<(&'static str, &'static str)>,
    at: &'static str,
    state: MailState,
    mark: Option<AddressSuppression>,
}

/// What the event in this file comes to.
#[expect(clippy::too_many_lines, reason = "a table: one entry for each file")]
fn expected(file: &str) -> Expected {
    let hard = (
        MailEvent::HardBounce,
        MailState::HardBounced,
        Some(AddressSuppression::HardBounced),
    );
    let soft = (MailEvent::SoftBounce, MailState::SoftBounced, None);
    let failed = (MailEvent::Reject, MailState::Failed, None);
    let ((event, state, mark), reason, at) = match file {
        "send" => ((MailEvent::Accept, MailState::Sent, None), None, TAKEN),
        "delivery" => (
            (MailEvent::Deliver, MailState::Delivered, None),
            None,
            HEARD,
        ),
        "bounce-permanent-general" => (
            hard,
            Some((
                "bounced",
                "the recipient's server refuses such mails; its administrator can allow the sender (General, 5.7.1)",
            )),
            HEARD,
        ),
        "bounce-permanent-no-email" => (
            hard,
            Some(("bounced", "there is no such mailbox (NoEmail, 5.1.1)")),
            HEARD,
        ),
        "bounce-permanent-suppressed" => (
            hard,
            Some((
                "bounced",
                "SES keeps the address on a list of those that bounce (Suppressed, 5.1.1)",
            )),
            HEARD,
        ),
        "bounce-permanent-on-account-suppression-list" => (
            hard,
            Some((
                "bounced",
                "the address is on the account's suppression list of SES, which trying it again clears (OnAccountSuppressionList)",
            )),
            HEARD,
        ),
        "bounce-transient-general" => (
            soft,
            Some((
                "bounced",
                "the recipient's server was not reached (General, 4.4.7)",
            )),
            HEARD,
        ),
        "bounce-transient-mailbox-full" => (
            soft,
            Some(("bounced", "the mailbox is full (MailboxFull, 4.2.2)")),
            HEARD,
        ),
        "bounce-undetermined" => (
            soft,
            Some((
                "bounced",
                "the recipient's server returned it (Undetermined)",
            )),
            HEARD,
        ),
        "complaint" => (
            (
                MailEvent::Complain,
                MailState::Complained,
                Some(AddressSuppression::Complained),
            ),
            Some(("complained", "abuse")),
            HEARD,
        ),
        "delivery-delay" => (
            (MailEvent::Delay, MailState::Delayed, None),
            Some(("delayed", "TransientCommunicationFailure")),
            HEARD,
        ),
        "reject" => (failed, Some(("rejected", "Bad content")), TAKEN),
        "rendering-failure" => (
            failed,
            Some(("renderingFailed", "no cause was given")),
            TAKEN,
        ),
        other => panic!("what does {other} come to?"),
    };
    Expected {
        event,
        reason,
        at,
        state,
        mark,
    }
}

/// Every event, with the name of its file.
fn events() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ses");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert_eq!(files.len(), 13);
    files
        .iter()
        .map(|file| {
            let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
            let event = std::fs::read_to_string(file).unwrap();
            (name, serde_json::from_str(&event).unwrap())
        })
        .collect()
}

/// A world in which a mail was handed over and no answer has come, and that mail.
async fn handed_over() -> (World, User, Mail) {
    let world = World::new();
    let user = world.with(a_user());
    world.invite(&[&user]).await;
    world.post().await;
    let mail = world.store.mails_of(user.id).pop().unwrap();
    world.store.change_mail(mail.id, |mail| {
        mail.state = MailState::Sending;
        mail.service_id = None;
    });
    (world, user, mail)
}

/// Hands an event over that is about this mail. Gives what could not be used.
async fn report(world: &World, mail: &Mail, mut event: Value) -> MemoryDeadLetters {
    event["detail"]["mail"]["tags"]["beckon-mail"] = json!([mail.id]);
    let failures = MemoryDeadLetters::default();
    let env = World {
        failures: failures.clone(),
        ..world.clone()
    };
    let reports = Reports { env };
    let event: EventBridgeEvent = serde_json::from_value(event).unwrap();
    reports.handle(event).await.unwrap();
    failures
}

/// Every text in a document.
fn texts(document: &Value) -> Vec<&str> {
    match document {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

#[test]
fn each_event_of_ses_is_read_as_what_it_says() {
    for (file, event) in events() {
        let expected = expected(&file);
        let event: EventBridgeEvent = serde_json::from_value(event).unwrap();

        let Read::Report(feedback) = parse(&event.detail) else {
            panic!("{file} is no report");
        };

        assert_eq!(feedback.event, expected.event, "{file}");
        let reason = expected
            .reason
            .map(|(code, detail)| MailReason::new(code, detail));
        assert_eq!(feedback.reason, reason, "{file}");
        assert_eq!(feedback.at, expected.at.parse().unwrap(), "{file}");
        assert_eq!(feedback.service_id.as_deref(), Some(MESSAGE), "{file}");
        assert_eq!(
            feedback.mail.to_string(),
            "01KG4JZ3M0000000000000000A",
            "{file}"
        );
    }
}

#[tokio::test]
async fn each_event_of_ses_is_recorded_on_the_mail_and_where_it_says_so_on_the_address() {
    for (file, event) in events() {
        let expected = expected(&file);
        let (world, user, mail) = handed_over().await;

        let failures = report(&world, &mail, event).await;

        let recorded = world.store.mail(mail.id);
        assert_eq!(recorded.state, expected.state, "{file}");
        assert_eq!(recorded.service_id.as_deref(), Some(MESSAGE), "{file}");
        assert_eq!(world.now_of(&user).address_mark, expected.mark, "{file}");
        assert_eq!(failures.all(), [], "{file}");
    }
}

/// Addresses, names, subjects, and what other servers say, which quotes them.
#[tokio::test]
async fn nothing_that_an_event_of_ses_says_of_people_is_kept() {
    for (file, event) in events() {
        let (world, user, mail) = handed_over().await;
        let cause = expected(&file).reason.map_or("", |(_, detail)| detail);
        let said: Vec<String> = texts(&event)
            .into_iter()
            .filter(|text| text.contains(['@', ' ']) && *text != cause)
            .map(str::to_owned)
            .collect();
        assert!(said.len() > 10, "{file}: {said:?}");

        report(&world, &mail, event).await;

        let kept = json!({
            "users": world.store.all_users(),
            "histories": world.store.history(user.id),
            "mails": world.store.all_mails(),
            "batches": world.store.all_batches(),
        })
        .to_string();
        assert!(kept.contains(MESSAGE), "{file}");
        for text in said
            .iter()
            .map(String::as_str)
            .chain(["recipient.example", "Erika"])
        {
            assert!(!kept.contains(text), "{file} leaves {text} behind: {kept}");
        }
    }
}
