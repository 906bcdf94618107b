//! Batches over HTTP: what their histories tell, and whom one by filter reaches.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the functions beside the tests fail the tests, as they should"
)]

use beckon_tests::{Beckon, Person, until};
use serde_json::{Value, json};

/// What happened to a batch, oldest first: by its stable name, and as a sentence.
async fn history(beckon: &Beckon, batch: &str) -> Vec<(String, String)> {
    let path = format!("/v1/batches/{batch}/history");
    let page = beckon.get(&path).await.with_status(200);
    let items = page["items"].as_array().unwrap().iter().rev();
    items
        .map(|item| {
            assert_eq!(item["who"], "Local administrator");
            let text = |field: &str| item[field].as_str().unwrap().to_owned();
            (text("what"), text("text"))
        })
        .collect()
}

fn entries(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let pair = |(what, text): &(&str, &str)| ((*what).to_owned(), (*text).to_owned());
    expected.iter().map(pair).collect()
}

async fn stop(beckon: &Beckon, batch: &str) -> Value {
    let path = format!("/v1/batches/{batch}/stop");
    let stopped = beckon.post(&path, &Value::Null).await.with_status(200);
    stopped["batch"].clone()
}

/// Sends by a filter, and gives the batch's id.
async fn send_by(beckon: &Beckon, filter: &Value, except: &[&Person]) -> String {
    let except: Vec<&str> = except.iter().map(|person| person.id.as_str()).collect();
    let order = json!({ "selection": { "filter": filter, "except": except } });
    let sent = beckon.post("/v1/invitations", &order).await;
    let sent = sent.with_status(202);
    sent["batch"]["id"].as_str().unwrap().to_owned()
}

async fn expanded(beckon: &Beckon, batch: &str) {
    until("the batch is expanded", async || {
        (beckon.batch(batch).await["batch"]["state"] == "expanded").then_some(())
    })
    .await;
}

const STARTED: &str = "Sent to 3 users; device owner settings: company owned.";
const EXPANDED: &str = "Everyone selected has an outcome: 2 invited, 1 skipped.";

#[tokio::test]
async fn a_batch_tells_of_its_beginning_of_its_outcomes_and_of_being_stopped_after_them() {
    let beckon = Beckon::start().await;
    let ada = beckon.add_uninvited("ada@example.com").await;
    let ben = beckon.add_uninvited("ben@example.com").await;
    let off = beckon.add_uninvited("off@example.com").await;
    beckon.disable(&off).await;

    let sent = beckon.send(&[&ada, &ben, &off], Some("companyOwned")).await;
    let batch = sent["batch"]["id"].as_str().unwrap();
    let at_first = history(&beckon, batch).await;
    let stopped = stop(&beckon, batch).await;
    let again = stop(&beckon, batch).await;

    assert_eq!(
        at_first,
        entries(&[("started", STARTED), ("expanded", EXPANDED)])
    );
    assert_eq!((&stopped["state"], &stopped), (&json!("stopped"), &again));
    assert_eq!(
        history(&beckon, batch).await,
        entries(&[
            ("started", STARTED),
            ("expanded", EXPANDED),
            (
                "stopped",
                "Stopped. Nobody further is invited, and mails that wait are dropped; 2 had been sent."
            ),
        ])
    );
    // What went out stays good.
    beckon.redeem(&ada).await;
}

#[tokio::test]
async fn a_batch_by_filter_that_is_stopped_before_its_mails_go_says_so() {
    let beckon = Beckon::start().await;
    let ada = beckon.add_uninvited("ada@example.com").await;
    let ben = beckon.add_uninvited("ben@example.com").await;
    beckon
        .break_mail_service(&json!({ "fault": "throttle" }))
        .await;

    let batch = send_by(&beckon, &json!({ "states": ["none"] }), &[&ben]).await;
    expanded(&beckon, &batch).await;
    stop(&beckon, &batch).await;
    beckon.mend_mail_service().await;
    beckon.quiet().await;

    assert_eq!(
        history(&beckon, &batch).await,
        entries(&[
            (
                "started",
                "Sent to everyone in state none, less 1; device owner settings as preset for each one's group."
            ),
            (
                "expanded",
                "Everyone selected has an outcome: 1 invited, 0 skipped."
            ),
            (
                "stopped",
                "Stopped. Nobody further is invited, and mails that wait are dropped; 0 had been sent. 1 had not been: whoever of those got no earlier mail of the same issue has nothing to register with until they are invited again."
            ),
        ])
    );
    assert_eq!(beckon.user(&ada).await["invitation"]["delivery"], "dropped");
    assert!(beckon.mailbox().await.is_empty());
}

#[tokio::test]
async fn a_batch_that_nobody_started_has_no_history() {
    let beckon = Beckon::start().await;

    for id in ["00000000000000000000000000", "nonsense"] {
        let answer = beckon.get(&format!("/v1/batches/{id}/history")).await;

        assert_eq!(answer.status, 404, "{}", answer.text);
    }
}

/// The errand of the second week: whoever has not answered, and nobody else.
#[tokio::test]
async fn those_who_have_not_answered_are_invited_again_by_filter_and_nobody_else_is() {
    let beckon = Beckon::start().await;
    let open = beckon.invite("open@example.com").await;
    let late = beckon.invite("late@example.com").await;
    let done = beckon.invite("done@example.com").await;
    let declined = beckon.invite("declined@example.com").await;
    let never = beckon.add_uninvited("never@example.com").await;
    let session = beckon.redeem(&done).await;
    let registrant = json!({ "registrationId": session });
    beckon
        .report_device(&registrant, &json!({ "id": "d-1" }))
        .await;
    beckon.decline(&declined).await;
    beckon.let_eleven_minutes_pass(&open).await;
    beckon.let_time_run_out(&late).await;
    let mut before = Vec::new();
    for person in [&done, &declined, &never] {
        before.push(beckon.user(person).await);
    }
    let old_pins = [
        beckon.newest_pin(&open.email).await,
        beckon.newest_pin(&late.email).await,
    ];

    let filter = json!({ "states": ["pending", "expired"] });
    let order = json!({ "selection": { "filter": filter } });
    let preview = beckon.post("/v1/invitations/preview", &order).await;
    let preview = preview.with_status(200);
    let batch = send_by(&beckon, &filter, &[]).await;
    let sent = beckon.delivered(&batch).await;

    let shown = preview["recipients"].as_array().unwrap().iter();
    let shown: Vec<(&Value, &Value)> = shown
        .map(|recipient| (&recipient["email"], &recipient["outcome"]))
        .collect();
    assert_eq!(
        shown,
        [
            (&json!("late@example.com"), &json!("willSend")),
            (&json!("open@example.com"), &json!("willReplace")),
        ]
    );
    assert_eq!(
        (&sent["counts"]["selected"], &sent["counts"]["issued"]),
        (&json!(2), &json!(2))
    );
    for (person, before) in [&done, &declined, &never].into_iter().zip(before) {
        assert_eq!(beckon.user(person).await, before);
    }
    for (person, old_pin) in [&open, &late].into_iter().zip(old_pins) {
        assert_eq!(beckon.user(person).await["invitation"]["issue"], 2);
        assert_eq!(beckon.mailbox_of(&person.email).await.len(), 2);
        assert_eq!(beckon.show_pin(&person.email, &old_pin).await.status, 403);
        beckon.redeem(person).await;
    }
}
