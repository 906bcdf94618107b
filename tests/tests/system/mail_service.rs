//! What the mail service may answer and report, and what people see of it: nothing is lost, and
//! nothing goes out twice that need not.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the functions beside the tests fail the tests, as they should"
)]

use std::collections::BTreeSet;
use std::time::Duration;

use beckon_local::Options;
use beckon_tests::{Api, Beckon, Person, until};
use jiff::SignedDuration;
use serde_json::{Value, json};

/// No pause ends by itself and no unanswered mail is sent again; maintenance comes by often.
fn patient(options: &mut Options) {
    options.maintenance_every = Duration::from_millis(200);
    options.delivery.pause = SignedDuration::from_hours(1);
    options.delivery.unknown_wait = SignedDuration::from_hours(1);
}

/// An unanswered mail is sent again soon, though not before a busy machine can hear of it.
fn impatient(options: &mut Options) {
    patient(options);
    options.delivery.unknown_wait = SignedDuration::from_secs(4);
}

/// This many who were never invited.
async fn crowd(beckon: &Beckon, size: usize) -> Vec<Person> {
    let mut people = Vec::new();
    for number in 0..size {
        let email = format!("u{number}@example.com");
        people.push(beckon.add_uninvited(&email).await);
    }
    people
}

/// Waits until a batch was expanded and none of its mails is under way any more.
async fn settled(beckon: &Beckon, batch: &str) -> Value {
    until("the batch is expanded", async || {
        (beckon.batch(batch).await["batch"]["state"] != "expanding").then_some(())
    })
    .await;
    beckon.quiet().await;
    beckon.batch(batch).await["batch"]["counts"].take()
}

/// What became of the recipients of a batch; the first hundred of them.
async fn recipients(beckon: &Beckon, batch: &str) -> Vec<Value> {
    let path = format!("/v1/batches/{batch}/recipients");
    let page = beckon.get(&path).await.with_status(200);
    page["items"].as_array().unwrap().clone()
}

async fn how_many_mails(beckon: &Api, person: &Person) -> usize {
    beckon.mailbox_of(&person.email).await.len()
}

// Answers.

#[tokio::test]
async fn what_is_throttled_waits_in_sight_and_is_then_delivered_once() {
    let beckon = Beckon::start_with(patient).await;
    let people = crowd(&beckon, 3).await;
    let everyone: Vec<_> = people.iter().collect();
    beckon
        .break_mail_service(&json!({ "fault": "throttle" }))
        .await;

    let batch = beckon.begin_batch(&everyone).await;
    let told = until("the mail service is known to be too busy", async || {
        let invitation = beckon.user(everyone[0]).await["invitation"].take();
        (invitation["delivery"] == "waiting" && invitation["deliveryReason"].is_string())
            .then_some(invitation)
    })
    .await;
    let delivery = beckon.delivery_state().await;
    beckon.mend_mail_service().await;
    beckon.delivered(&batch).await;

    assert_eq!(
        told["deliveryReason"],
        "the mail service asked to go slower"
    );
    assert_eq!(delivery["state"], "running");
    let after = beckon.user(everyone[0]).await;
    assert_eq!(after["invitation"]["deliveryReason"], Value::Null);
    assert_eq!(beckon.mails_taken().await, 3);
}

#[tokio::test]
async fn a_used_up_quota_pauses_delivery_and_loses_nothing() {
    let beckon = Beckon::start_with(patient).await;
    let people = crowd(&beckon, 8).await;
    let everyone: Vec<_> = people.iter().collect();
    beckon.mail_account(&json!({ "max24HourSend": 3 })).await;

    let batch = beckon.begin_batch(&everyone).await;
    let pause = beckon.paused().await;
    let three = until("the room there was is used", async || {
        let counts = beckon.batch(&batch).await["batch"]["counts"].take();
        (counts["delivered"] == 3).then_some(counts)
    })
    .await;
    beckon
        .mail_account(&json!({ "max24HourSend": 1_000 }))
        .await;
    beckon.resume().await;
    beckon.delivered(&batch).await;

    assert_eq!(pause["code"], "dailyQuota");
    assert_eq!(
        pause["reason"],
        "the daily quota of the mail account is used up"
    );
    let ends: jiff::Timestamp = pause["until"].as_str().unwrap().parse().unwrap();
    assert!(ends > jiff::Timestamp::now());
    assert_eq!((&three["sent"], &three["failed"]), (&json!(3), &json!(0)));
    assert_eq!(beckon.mails_taken().await, 8);
    for person in everyone {
        assert_eq!(how_many_mails(&beckon, person).await, 1, "{}", person.email);
    }
}

#[tokio::test]
async fn the_quota_is_known_under_both_of_its_names() {
    let beckon = Beckon::start_with(patient).await;
    let ada = beckon.add_uninvited("ada@example.com").await;

    for fault in ["dailyQuota", "limitExceeded"] {
        beckon.break_mail_service(&json!({ "fault": fault })).await;
        let batch = beckon.begin_batch(&[&ada]).await;
        let pause = beckon.paused().await;
        beckon.mend_mail_service().await;
        beckon.resume().await;
        beckon.delivered(&batch).await;

        assert_eq!(pause["code"], "dailyQuota", "{fault}");
    }
}

#[tokio::test]
async fn whatever_is_refused_for_the_account_pauses_delivery_with_the_reason() {
    let beckon = Beckon::start_with(patient).await;
    let people = crowd(&beckon, 3).await;
    let everyone: Vec<_> = people.iter().collect();

    for (fault, said) in [
        ("accountPaused", "Sending paused for this account"),
        ("accountSuspended", "permanently restricted"),
        ("notVerified", "Email address is not verified"),
        ("mailFromNotVerified", "MAIL FROM domain isn't verified"),
        ("configurationSetMissing", "does not exist"),
        ("accessDenied", "AccessDenied"),
    ] {
        let taken = beckon.mails_taken().await;
        beckon.break_mail_service(&json!({ "fault": fault })).await;
        let batch = beckon.begin_batch(&everyone).await;
        let pause = beckon.paused().await;
        let counts = beckon.batch(&batch).await["batch"]["counts"].take();
        let user = beckon.user(everyone[0]).await;
        beckon.mend_mail_service().await;
        beckon.resume().await;
        beckon.delivered(&batch).await;

        assert_eq!(pause["code"], "accountRefused", "{fault}");
        let reason = pause["reason"].as_str().unwrap();
        assert!(reason.contains(said), "{fault}: {reason}");
        assert!(!reason.contains('@'), "{fault}: {reason}");
        assert_eq!(counts["failed"], 0, "{fault}");
        assert_eq!(counts["sent"], 0, "{fault}");
        assert_eq!(user["invitation"]["state"], "pending", "{fault}");
        assert_eq!(beckon.mails_taken().await - taken, 3, "{fault}");
    }
}

/// Mail goes to two people and to nobody else.
async fn sandboxed(beckon: &Api) {
    beckon
        .mail_account(&json!({
            "productionAccess": false,
            "verifiedIdentities": ["beckon@example.com", "ada@example.com", "cleo@example.com"],
        }))
        .await;
}

#[tokio::test]
async fn in_the_sandbox_an_unverified_recipient_fails_alone_and_says_what_to_do() {
    let beckon = Beckon::start_with(patient).await;
    let mut people = Vec::new();
    for name in ["ada@example.com", "bob@example.com", "cleo@example.com"] {
        people.push(beckon.add_uninvited(name).await);
    }
    sandboxed(&beckon).await;

    let everyone: Vec<_> = people.iter().collect();
    let batch = beckon.begin_batch(&everyone).await;
    let failed = beckon.delivery(&people[1], "failed").await;
    let counts = settled(&beckon, &batch).await;

    let reason = failed["deliveryReason"].as_str().unwrap();
    assert!(
        reason.contains("sandbox") && reason.contains("production access"),
        "{reason}"
    );
    assert!(!reason.contains('@'), "{reason}");
    assert_eq!(failed["state"], "pending");
    assert_eq!(beckon.delivery_state().await["state"], "running");
    assert_eq!((&counts["sent"], &counts["failed"]), (&json!(2), &json!(1)));

    // The account leaves the sandbox, and the same issue is mailed again.
    beckon
        .mail_account(&json!({ "productionAccess": true }))
        .await;
    let path = format!("/v1/users/{}/invitation/resend", people[1].id);
    let _ = beckon.post(&path, &Value::Null).await.with_status(200);
    beckon.delivery(&people[1], "delivered").await;
    beckon.redeem(&people[1]).await;
}

#[tokio::test]
async fn in_the_sandbox_a_sender_who_is_not_verified_pauses_all_whoever_the_recipient_is() {
    let beckon = Beckon::start_with(patient).await;
    let ada = beckon.add_uninvited("ada@example.com").await;
    beckon
        .mail_account(
            &json!({ "productionAccess": false, "verifiedIdentities": ["other.example"] }),
        )
        .await;

    beckon.begin_batch(&[&ada]).await;
    let pause = beckon.paused().await;

    assert_eq!(pause["code"], "accountRefused");
    let invitation = beckon.user(&ada).await["invitation"].take();
    assert_eq!(invitation["delivery"], "waiting");
}

#[tokio::test]
async fn who_resumes_does_not_wait_for_maintenance() {
    let beckon = Beckon::start_with(|options| {
        patient(options);
        options.maintenance_every = Duration::from_hours(24);
    })
    .await;
    let ada = beckon.add_uninvited("ada@example.com").await;
    beckon
        .mail_account(&json!({ "sendingEnabled": false }))
        .await;
    let batch = beckon.begin_batch(&[&ada]).await;
    beckon.paused().await;
    beckon
        .mail_account(&json!({ "sendingEnabled": true }))
        .await;

    beckon.resume().await;

    beckon.delivered(&batch).await;
}

#[tokio::test]
async fn three_hundred_mails_survive_that_the_account_may_not_send() {
    const SIZE: usize = 300;
    let beckon = Beckon::start_with(patient).await;
    let people = crowd(&beckon, SIZE).await;
    let everyone: Vec<_> = people.iter().collect();
    beckon
        .mail_account(&json!({ "sendingEnabled": false }))
        .await;

    let batch = beckon.begin_batch(&everyone).await;
    let pause = beckon.paused().await;
    until("everyone is invited", async || {
        let counts = beckon.batch(&batch).await["batch"]["counts"].take();
        (counts["issued"] == SIZE).then_some(())
    })
    .await;
    let halted = beckon.batch(&batch).await["batch"].take();
    let taken_meanwhile = beckon.mails_taken().await;
    beckon
        .mail_account(&json!({ "sendingEnabled": true }))
        .await;
    beckon.resume().await;
    beckon.delivered(&batch).await;

    assert_eq!(pause["code"], "accountRefused");
    assert_eq!(halted["counts"]["failed"], 0);
    assert_eq!(halted["counts"]["sent"], 0);
    assert_eq!(taken_meanwhile, 0);
    let mails = beckon.mailbox().await;
    let addresses: BTreeSet<_> = mails.iter().map(|mail| mail.to.as_str()).collect();
    assert_eq!(mails.len(), SIZE);
    assert_eq!(addresses.len(), SIZE);
}

#[tokio::test]
async fn a_pause_ends_by_itself_when_its_time_has_come() {
    let beckon = Beckon::start_with(|options| {
        patient(options);
        options.delivery.pause = SignedDuration::from_secs(1);
    })
    .await;
    let ada = beckon.add_uninvited("ada@example.com").await;
    beckon
        .break_mail_service(&json!({ "fault": "accountPaused", "next": 1 }))
        .await;

    let batch = beckon.begin_batch(&[&ada]).await;
    beckon.paused().await;
    beckon.delivered(&batch).await;

    let delivery = beckon.delivery_state().await;
    assert_eq!(
        (&delivery["state"], &delivery["pause"]),
        (&json!("running"), &Value::Null)
    );
    assert_eq!(how_many_mails(&beckon, &ada).await, 1);
}

#[tokio::test]
async fn one_refused_mail_fails_with_its_reason_and_the_others_go() {
    let beckon = Beckon::start_with(patient).await;
    let people = crowd(&beckon, 4).await;
    let everyone: Vec<_> = people.iter().collect();

    for (fault, said) in [
        ("rejected", "contains invalid content"),
        ("badRequest", "input you provided is invalid"),
    ] {
        beckon
            .break_mail_service(&json!({ "fault": fault, "next": 1 }))
            .await;
        let batch = beckon.begin_batch(&everyone).await;
        let counts = settled(&beckon, &batch).await;
        until("the others arrive", async || {
            let counts = beckon.batch(&batch).await["batch"]["counts"].take();
            (counts["delivered"] == 3).then_some(())
        })
        .await;

        assert_eq!(counts["failed"], 1, "{fault}");
        let recipients = recipients(&beckon, &batch).await;
        let failed: Vec<_> = recipients
            .iter()
            .filter(|recipient| recipient["delivery"] == "failed")
            .collect();
        assert_eq!(failed.len(), 1, "{fault}");
        let reason = failed[0]["deliveryReason"].as_str().unwrap();
        assert!(reason.contains(said), "{fault}: {reason}");
        assert_eq!(beckon.delivery_state().await["state"], "running");
    }
}

#[tokio::test]
async fn a_mail_that_was_refused_can_be_mailed_again() {
    let beckon = Beckon::start_with(patient).await;
    let ada = beckon.add_uninvited("ada@example.com").await;
    beckon
        .break_mail_service(&json!({ "fault": "rejected", "next": 1 }))
        .await;
    beckon.begin_batch(&[&ada]).await;
    let refused = beckon.delivery(&ada, "failed").await;

    let path = format!("/v1/users/{}/invitation/resend", ada.id);
    let _ = beckon.post(&path, &Value::Null).await.with_status(200);

    let delivered = beckon.delivery(&ada, "delivered").await;
    assert_eq!(refused["state"], "pending");
    assert_eq!(delivered["issue"], refused["issue"]);
    beckon.redeem(&ada).await;
}

/// What may go wrong between handing a mail over and hearing of it; whether the mail is taken.
fn silences() -> [(Value, bool, &'static str); 4] {
    [
        (
            json!({ "fault": "serverError", "next": 1 }),
            false,
            "an error of its own",
        ),
        (
            json!({ "fault": "reset", "next": 1 }),
            false,
            "the connection to SES broke",
        ),
        (
            json!({ "fault": "stall", "stallSeconds": 0.1, "next": 1 }),
            false,
            "an error of its own",
        ),
        (
            json!({ "fault": "dropAnswer", "next": 1, "events": "none" }),
            true,
            "the connection to SES broke",
        ),
    ]
}

#[tokio::test]
async fn without_an_answer_a_mail_is_unknown_and_says_why() {
    let beckon = Beckon::start_with(patient).await;

    for (number, (silence, taken, said)) in silences().into_iter().enumerate() {
        let person = beckon
            .add_uninvited(&format!("u{number}@example.com"))
            .await;
        beckon.break_mail_service(&silence).await;
        let batch = beckon.begin_batch(&[&person]).await;

        let invitation = beckon.delivery(&person, "unknown").await;

        let reason = invitation["deliveryReason"].as_str().unwrap();
        assert!(reason.contains(said), "{silence}: {reason}");
        let counts = beckon.batch(&batch).await["batch"]["counts"].take();
        assert_eq!((&counts["sent"], &counts["failed"]), (&json!(0), &json!(0)));
        let arrived = how_many_mails(&beckon, &person).await;
        assert_eq!(arrived, usize::from(taken), "{silence}");
        assert_eq!(beckon.delivery_state().await["state"], "running");
    }
}

/// Waits until the fault has met the mail that it is for: whose mail goes first of two that wait is not known.
async fn fault_struck(beckon: &Beckon) {
    until("the fault strikes", async || {
        let faults = beckon.get("/local/ses/faults").await.with_status(200);
        faults["fault"].is_null().then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_mail_service_that_hangs_is_not_waited_for_for_ever() {
    let beckon = Beckon::start_with(patient).await;
    let ada = beckon.add_uninvited("ada@example.com").await;
    let bob = beckon.add_uninvited("bob@example.com").await;
    beckon
        .break_mail_service(&json!({ "fault": "stall", "stallSeconds": 600, "next": 1 }))
        .await;

    beckon.begin_batch(&[&ada]).await;
    fault_struck(&beckon).await;
    let of_the_other = beckon.begin_batch(&[&bob]).await;
    let invitation = beckon.delivery(&ada, "unknown").await;

    assert_eq!(invitation["deliveryReason"], "SES did not answer in time");
    // One that hangs holds up no other.
    beckon.delivered(&of_the_other).await;
}

#[tokio::test]
async fn a_mail_that_nobody_reports_is_sent_again_with_the_same_pin() {
    let beckon = Beckon::start_with(impatient).await;
    let mut people = Vec::new();
    for (number, (silence, taken, _)) in silences().into_iter().enumerate() {
        let email = format!("u{number}@example.com");
        let person = beckon.add_uninvited(&email).await;
        beckon.break_mail_service(&silence).await;
        beckon.begin_batch(&[&person]).await;
        fault_struck(&beckon).await;
        people.push((person, silence, taken));
    }

    for (person, silence, taken) in people {
        let expected = usize::from(taken) + 1;
        beckon.mail_number(expected, &person.email).await;
        beckon.quiet().await;

        let mails = beckon.mailbox_of(&person.email).await;
        assert_eq!(mails.len(), expected, "{silence}");
        assert!(mails.iter().all(|mail| mail.pin() == mails[0].pin()));
        assert_eq!(beckon.user(&person).await["invitation"]["issue"], 1);
        beckon.redeem(&person).await;
    }
}

#[tokio::test]
async fn a_mail_whose_answer_was_lost_is_not_sent_again_if_an_event_names_it() {
    let beckon = Beckon::start_with(impatient).await;
    // Of what SES tells, a delay says least about where a mail is; it names it all the same.
    let named = beckon.add_uninvited("ada@example.com").await;
    let delayed = beckon.add_uninvited("delay@example.com").await;
    let unnamed = beckon.add_uninvited("zoe@example.com").await;
    beckon
        .break_mail_service(&json!({ "fault": "dropAnswer" }))
        .await;
    beckon.begin_batch(&[&named, &delayed]).await;
    beckon.delivery(&named, "delivered").await;
    beckon.delivery(&delayed, "delayed").await;

    // Lost after the others: when it is sent again, their time is up as well.
    beckon
        .break_mail_service(&json!({ "fault": "dropAnswer", "next": 1, "events": "none" }))
        .await;
    beckon.begin_batch(&[&unnamed]).await;
    let again = beckon.mail_number(2, &unnamed.email).await;

    beckon.quiet().await;
    assert_eq!(how_many_mails(&beckon, &named).await, 1);
    assert_eq!(how_many_mails(&beckon, &delayed).await, 1);
    assert_eq!(how_many_mails(&beckon, &unnamed).await, 2);
    let first = beckon.mailbox_of(&unnamed.email).await.remove(0);
    assert_eq!(first.pin(), again.pin());
}

#[tokio::test]
async fn what_nobody_wants_any_more_is_not_sent_again() {
    let beckon = Beckon::start_with(impatient).await;
    let ada = beckon.add_uninvited("ada@example.com").await;
    beckon
        .break_mail_service(&json!({ "fault": "reset", "next": 1 }))
        .await;
    beckon.begin_batch(&[&ada]).await;
    beckon.delivery(&ada, "unknown").await;

    beckon.cancel(&ada).await;

    beckon.delivery(&ada, "dropped").await;
    assert_eq!(beckon.mails_taken().await, 0);
}

// Events.

/// Somebody whose mailbox does as its name says, and how the fate of their mail is shown.
const FATES: [(&str, &str); 7] = [
    ("ada", "delivered"),
    ("delay", "delayed"),
    ("softbounce", "softBounced"),
    ("bounce", "hardBounced"),
    ("suppressed", "hardBounced"),
    ("complaint", "complained"),
    ("reject", "failed"),
];

/// What is said of an address to which a mail had this fate.
fn mark(fate: &str) -> Value {
    match fate {
        "hardBounced" | "complained" => json!(fate),
        _ => Value::Null,
    }
}

#[tokio::test]
async fn each_report_is_shown_and_neither_order_nor_repetition_changes_what_is() {
    for events in ["normal", "twice", "reversed"] {
        let beckon = Beckon::start_with(patient).await;
        let mut people = Vec::new();
        for (name, fate) in FATES {
            let person = beckon.add_uninvited(&format!("{name}@example.com")).await;
            people.push((person, fate));
        }
        let everyone: Vec<_> = people.iter().map(|(person, _)| person).collect();
        beckon
            .break_mail_service(&json!({ "events": events }))
            .await;

        let batch = beckon.begin_batch(&everyone).await;
        for (person, fate) in &people {
            beckon.delivery(person, fate).await;
        }
        // Whatever comes a second time has come when a later mail is known to be delivered.
        beckon.invite("zoe@example.com").await;

        for (person, fate) in &people {
            let user = beckon.user(person).await;
            let context = format!("{events}, {}", person.email);
            assert_eq!(user["invitation"]["delivery"], *fate, "{context}");
            assert_eq!(user["invitation"]["state"], "pending", "{context}");
            assert_eq!(user["addressMark"], mark(fate), "{context}");
            let history_events = beckon.history_events(person).await;
            let times = |what: &str| history_events.iter().filter(|this| *this == what).count();
            assert_eq!(
                times("invitationBounced"),
                usize::from(matches!(
                    *fate,
                    "softBounced" | "hardBounced" | "complained"
                )),
                "{context}: {history_events:?}"
            );
            // A complaint says that the mail arrived; if it comes first, nothing more is to say.
            let told_of_arrival = times("invitationDelivered");
            match *fate {
                "delivered" => assert_eq!(told_of_arrival, 1, "{context}"),
                "complained" => assert!(told_of_arrival <= 1, "{context}"),
                _ => assert_eq!(told_of_arrival, 0, "{context}"),
            }
        }
        let counts = beckon.batch(&batch).await["batch"]["counts"].take();
        assert_eq!(counts["delivered"], 2, "{events}: {counts}");
        assert_eq!(counts["failed"], 5, "{events}: {counts}");
        assert_eq!(beckon.mails_taken().await, 8, "{events}");
    }
}

#[tokio::test]
async fn why_a_mail_did_not_arrive_is_said_without_addresses() {
    let beckon = Beckon::start_with(patient).await;

    for (name, fate, reason) in [
        ("delay", "delayed", "TransientCommunicationFailure"),
        (
            "softbounce",
            "softBounced",
            "the mailbox is full (MailboxFull, 4.2.2)",
        ),
        (
            "bounce",
            "hardBounced",
            "there is no such mailbox (General, 5.1.1)",
        ),
        (
            "suppressed",
            "hardBounced",
            "the address is on the account's suppression list of SES, which trying it again clears (OnAccountSuppressionList, 5.1.1)",
        ),
        ("complaint", "complained", "abuse"),
        ("reject", "failed", "Bad content"),
    ] {
        let person = beckon.add_uninvited(&format!("{name}@example.com")).await;
        beckon.begin_batch(&[&person]).await;

        let invitation = beckon.delivery(&person, fate).await;

        assert_eq!(invitation["deliveryReason"], reason, "{name}");
    }
}

#[tokio::test]
async fn without_any_report_a_mail_stays_sent_and_its_pin_enrols() {
    let beckon = Beckon::start_with(impatient).await;
    let ada = beckon.add_uninvited("ada@example.com").await;
    beckon
        .break_mail_service(&json!({ "events": "none" }))
        .await;

    beckon.begin_batch(&[&ada]).await;
    beckon.delivery(&ada, "sent").await;
    let session = beckon.redeem(&ada).await;
    beckon
        .report_device(
            &json!({ "registrationId": session }),
            &json!({ "id": "d-1" }),
        )
        .await;

    let user = beckon.user(&ada).await;
    assert_eq!(user["invitation"]["state"], "completed");
    assert_eq!(user["invitation"]["delivery"], "sent");
    assert_eq!(how_many_mails(&beckon, &ada).await, 1);
}

#[tokio::test]
async fn the_pin_of_a_mail_that_came_back_still_works_when_it_is_read_out() {
    let beckon = Beckon::start_with(patient).await;
    let person = beckon.add_uninvited("bounce@example.com").await;
    beckon.begin_batch(&[&person]).await;
    beckon.delivery(&person, "hardBounced").await;

    beckon.redeem(&person).await;

    assert_eq!(beckon.user(&person).await["invitation"]["state"], "pending");
}

#[tokio::test]
async fn nothing_more_is_sent_to_an_address_that_does_not_exist_or_complained() {
    let beckon = Beckon::start_with(patient).await;
    let gone = beckon.add_uninvited("bounce@example.com").await;
    let annoyed = beckon.add_uninvited("complaint@example.com").await;
    let full = beckon.add_uninvited("softbounce@example.com").await;
    beckon.begin_batch(&[&gone, &annoyed, &full]).await;
    beckon.delivery(&gone, "hardBounced").await;
    beckon.delivery(&annoyed, "complained").await;
    beckon.delivery(&full, "softBounced").await;

    let preview = beckon.preview(&[&gone, &annoyed, &full], None).await;
    let batch = beckon.begin_batch(&[&gone, &annoyed, &full]).await;
    let counts = settled(&beckon, &batch).await;

    let outcomes: Vec<_> = preview["recipients"]
        .as_array()
        .unwrap()
        .iter()
        .map(|recipient| &recipient["outcome"])
        .collect();
    assert_eq!(outcomes, ["skipped", "skipped", "willMailAgain"]);
    assert_eq!(
        (&counts["issued"], &counts["skipped"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(how_many_mails(&beckon, &gone).await, 1);
    assert_eq!(how_many_mails(&beckon, &annoyed).await, 1);
    assert_eq!(how_many_mails(&beckon, &full).await, 2);
}

#[tokio::test]
async fn a_batch_that_is_stopped_half_way_sends_no_more() {
    const SIZE: usize = 200;
    let beckon = Beckon::start_with(patient).await;
    let people = crowd(&beckon, SIZE).await;
    let everyone: Vec<_> = people.iter().collect();
    beckon.mail_account(&json!({ "maxSendRate": 20 })).await;
    let batch = beckon.begin_batch(&everyone).await;
    until("some mails went", async || {
        (beckon.mails_taken().await >= 5).then_some(())
    })
    .await;

    let path = format!("/v1/batches/{batch}/stop");
    let stopped = beckon.post(&path, &Value::Null).await.with_status(200);
    let counts = settled(&beckon, &batch).await;

    assert_eq!(stopped["batch"]["expectedEnd"], Value::Null);
    // The delivery worker looks every second, so this is far more than it needs on a busy machine.
    let sent = counts["sent"].as_u64().unwrap();
    assert!(sent < SIZE as u64 / 2, "{sent}");
    assert_eq!(beckon.mails_taken().await, sent);
}

#[tokio::test]
async fn a_batch_too_many_of_whose_mails_come_back_stops_itself() {
    const SIZE: usize = 240;
    let beckon = Beckon::start_with(patient).await;
    let mut people = Vec::new();
    for number in 0..SIZE {
        // One in eight does not exist.
        let name = if number % 8 == 7 { "bounce+" } else { "u" };
        let email = format!("{name}{number}@example.com");
        people.push(beckon.add_uninvited(&email).await);
    }
    let everyone: Vec<_> = people.iter().collect();
    beckon.mail_account(&json!({ "maxSendRate": 40 })).await;

    let batch = beckon.begin_batch(&everyone).await;
    until("the batch stops itself", async || {
        (beckon.batch(&batch).await["batch"]["state"] == "stopped").then_some(())
    })
    .await;
    let counts = settled(&beckon, &batch).await;

    let sent = counts["sent"].as_u64().unwrap();
    assert!((100..SIZE as u64).contains(&sent), "{sent}");
    assert_eq!(beckon.mails_taken().await, sent);
    let recipients = recipients(&beckon, &batch).await;
    assert!(
        recipients
            .iter()
            .any(|recipient| recipient["delivery"] == "dropped")
    );
}

// Headers.

#[tokio::test]
async fn a_senders_name_reaches_the_mail_service_in_ascii_and_people_as_it_was_written() {
    let beckon = Beckon::start().await;
    for (name, shown) in [
        ("Müller, Büro (IT)", "Müller, Büro (IT)"),
        ("=?utf-8?q?x?=", "=?utf-8?q?x?="),
        ("情報システム部、管理課", "情報システム部、管理課"),
    ] {
        beckon
            .settings(&json!({ "sender": { "name": name, "replyTo": "help@example.com" } }))
            .await;
        let person = beckon.invite(&format!("u{}@example.com", name.len())).await;
        let id = beckon.newest_mail(&person.email).await.id;

        let mail = beckon.get(&format!("/local/mailbox/{id}")).await.json();

        let from = mail["from"].as_str().unwrap();
        assert!(from.is_ascii() && from.starts_with("=?UTF-8?B?"), "{from}");
        assert!(from.ends_with(" <beckon@example.com>"), "{from}");
        assert_eq!(mail["fromShown"], format!("{shown} <beckon@example.com>"));
        assert_eq!(mail["replyTo"], json!(["help@example.com"]));
    }
}

#[tokio::test]
async fn mails_ask_for_no_answer_by_a_machine_and_for_no_silence_about_a_failed_delivery() {
    let beckon = Beckon::start().await;
    let person = beckon.invite("ada@example.com").await;
    let id = beckon.newest_mail(&person.email).await.id;

    let mail = beckon.get(&format!("/local/mailbox/{id}")).await.json();

    assert_eq!(
        mail["headers"],
        json!([
            { "name": "Auto-Submitted", "value": "auto-generated" },
            { "name": "X-Auto-Response-Suppress", "value": "RN, NRN, OOF, AutoReply" },
        ])
    );
}
