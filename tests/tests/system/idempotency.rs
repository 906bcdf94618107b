//! What is asked for twice is done once.

use beckon_tests::Beckon;
use serde_json::{Value, json};

#[tokio::test]
async fn two_equal_requests_with_one_key_make_one_batch() {
    let beckon = Beckon::start().await;
    let ada = beckon.add_uninvited("ada@example.com").await;

    let first = beckon.send_once("key-1", &[&ada], None).await;
    let second = beckon.send_once("key-1", &[&ada], None).await;

    let first = first.with_status(202);
    assert_eq!(second.with_status(202), first);
    beckon
        .delivered(first["batch"]["id"].as_str().unwrap())
        .await;
    beckon.quiet().await;
    assert_eq!(beckon.batches().await.len(), 1);
    assert_eq!(beckon.mailbox_of(&ada.email).await.len(), 1);
    assert_eq!(beckon.user(&ada).await["invitation"]["issue"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_equal_requests_at_once_with_one_key_make_one_batch() {
    let beckon = Beckon::start().await;
    let ada = beckon.add_uninvited("ada@example.com").await;

    let mut sends = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let (api, ada) = (beckon.api(), ada.clone());
        sends.spawn(async move { api.send_once("key-1", &[&ada], None).await });
    }
    let answers = sends.join_all().await;

    let first = answers[0].with_status(202);
    for answer in &answers {
        assert_eq!(answer.with_status(202), first);
    }
    beckon
        .delivered(first["batch"]["id"].as_str().unwrap())
        .await;
    beckon.quiet().await;
    assert_eq!(beckon.batches().await.len(), 1);
    assert_eq!(beckon.mailbox_of(&ada.email).await.len(), 1);
}

#[tokio::test]
async fn two_requests_without_a_key_are_two_batches() {
    let beckon = Beckon::start().await;
    let ada = beckon.add_uninvited("ada@example.com").await;

    beckon.send(&[&ada], None).await;
    beckon.send(&[&ada], None).await;

    assert_eq!(beckon.batches().await.len(), 2);
    // The second within ten minutes is the same issue, mailed again.
    assert_eq!(beckon.user(&ada).await["invitation"]["issue"], 1);
    beckon.quiet().await;
    assert_eq!(beckon.mailbox_of(&ada.email).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_added_twice_with_one_key_is_one_user_with_one_invitation() {
    let beckon = Beckon::start().await;
    let body = json!({ "email": "ada@example.com", "displayName": "Ada" });

    let mut adding = tokio::task::JoinSet::new();
    for _ in 0..5 {
        let (api, body) = (beckon.api(), body.clone());
        adding.spawn(async move {
            api.call("POST", "/v1/users")
                .key("key-1")
                .json(&body)
                .answer()
                .await
        });
    }
    let answers = adding.join_all().await;

    let first = answers[0].with_status(201);
    for answer in &answers {
        assert_eq!(answer.with_status(201), first);
    }
    beckon
        .delivered(first["batch"]["id"].as_str().unwrap())
        .await;
    beckon.quiet().await;
    assert_eq!(beckon.users().await.len(), 1);
    assert_eq!(beckon.batches().await.len(), 1);
    assert_eq!(beckon.mailbox_of("ada@example.com").await.len(), 1);
}

#[tokio::test]
async fn one_key_serves_each_route_by_itself() {
    let beckon = Beckon::start().await;
    let ada = beckon.add_uninvited("ada@example.com").await;
    let sent = beckon.send_once("key-1", &[&ada], None).await;

    let added = beckon
        .call("POST", "/v1/users")
        .key("key-1")
        .json(&json!({ "email": "bob@example.com", "invite": false }))
        .answer()
        .await;

    assert_eq!(sent.status, 202);
    assert_eq!(added.status, 201);
}

#[tokio::test]
async fn the_same_device_registered_event_twice_changes_nothing() {
    let beckon = Beckon::start().await;
    beckon
        .settings(&json!({ "confirmation": { "enabled": true } }))
        .await;
    let ada = beckon.invite("ada@example.com").await;
    let session = beckon.redeem(&ada).await;
    let detail = json!({
        "registrationId": session,
        "device": { "id": "d-1", "name": "Phone", "platform": "ios" },
        "registeredAt": "2026-11-22T22:00:00Z",
    });
    let _ = beckon.report(&detail).await.with_status(200);
    beckon.mail_number(2, &ada.email).await;
    beckon.quiet().await;
    let before = beckon.everything().await;

    let mut by_address = detail.clone();
    by_address["registrationId"].take();
    by_address["email"] = json!(ada.email);
    let answers = [
        beckon.report(&detail).await,
        beckon.report(&by_address).await,
    ];

    for answer in answers {
        assert_eq!(answer.with_status(200)["FailedEntryCount"], 0);
    }
    beckon.quiet().await;
    assert_eq!(beckon.everything().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_device_registered_event_ten_times_at_once_counts_once() {
    let beckon = Beckon::start().await;
    beckon
        .settings(&json!({ "confirmation": { "enabled": true } }))
        .await;
    let ada = beckon.invite("ada@example.com").await;

    let registered_at = jiff::Timestamp::now();
    let mut reports = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let (api, email) = (beckon.api(), ada.email.clone());
        reports.spawn(async move {
            let device: Value = json!({ "id": "d-1" });
            api.report_device_at(&json!({ "email": email }), &device, registered_at)
                .await;
        });
    }
    reports.join_all().await;

    beckon.mail_number(2, &ada.email).await;
    beckon.quiet().await;
    assert_eq!(beckon.user(&ada).await["devices"], 1);
    assert_eq!(beckon.mailbox_of(&ada.email).await.len(), 2);
    let confirmed = beckon.history_events(&ada).await;
    let times = |what: &str| confirmed.iter().filter(|name| *name == what).count();
    assert_eq!(times("registrationConfirmed"), 1);
    assert_eq!(times("invitationCompleted"), 1);
}
