//! What becomes of an invitation after the first mail: invited again, taken back, declined, handed
//! over, and what administrators are told and see of it.
#![expect(
    clippy::indexing_slicing,
    reason = "the functions beside the tests fail the tests, as they should"
)]

use beckon_tests::{Beckon, Person};
use serde_json::{Value, json};

async fn invitation(beckon: &Beckon, person: &Person) -> Value {
    beckon.user(person).await["invitation"].take()
}

/// Sends to one person and waits until the mail has gone.
async fn send(beckon: &Beckon, person: &Person, ownership: Option<&str>) {
    beckon.send(&[person], ownership).await;
    beckon.quiet().await;
}

#[tokio::test]
async fn who_is_sent_the_same_twice_by_mistake_gets_the_same_pin_again() {
    let beckon = Beckon::start().await;
    let ada = beckon.invite("ada@example.com").await;
    beckon.delivery(&ada, "delivered").await;
    let pin = beckon.newest_pin(&ada.email).await;

    let preview = beckon.preview(&[&ada], None).await;
    send(&beckon, &ada, None).await;
    let same = beckon.newest_pin(&ada.email).await;
    let issue = invitation(&beckon, &ada).await["issue"].clone();
    let other = beckon.preview(&[&ada], Some("companyOwned")).await;
    send(&beckon, &ada, Some("companyOwned")).await;
    let new = beckon.newest_pin(&ada.email).await;

    assert_eq!(preview["recipients"][0]["outcome"], "willMailAgain");
    assert!(
        preview["mail"]["subject"]
            .as_str()
            .unwrap()
            .contains("Sent again")
    );
    assert_eq!(issue, 1);
    assert_eq!(same, pin);
    assert_eq!(other["recipients"][0]["outcome"], "willReplace");
    assert_ne!(new, pin);
    assert_eq!(beckon.mailbox_of(&ada.email).await.len(), 3);
    assert_eq!(beckon.show_pin(&ada.email, &pin).await.status, 403);
    beckon.redeem(&ada).await;
}

#[tokio::test]
async fn an_invitation_that_is_declined_tells_the_administrator_who_restores_it() {
    let beckon = Beckon::start().await;
    beckon
        .settings(&json!({"administrators": {"addresses": ["it@example.com"]}}))
        .await;
    let ada = beckon.invite("ada@example.com").await;
    let pin = beckon.newest_pin(&ada.email).await;
    let token = beckon
        .newest_mail(&ada.email)
        .await
        .decline_token()
        .unwrap();

    let as_a_secret = beckon.show_token(&token).await;
    let nonsense = beckon
        .post("/v1/declines", &json!({"token": "nonsense"}))
        .await;
    assert_eq!(invitation(&beckon, &ada).await["state"], "pending");
    let declined = beckon.post("/v1/declines", &json!({"token": token})).await;

    assert_eq!(as_a_secret.status, 403);
    assert_eq!(
        (nonsense.status, nonsense.text),
        (declined.status, declined.text)
    );
    assert_eq!(declined.status, 202);
    assert_eq!(invitation(&beckon, &ada).await["state"], "declined");
    assert_eq!(beckon.show_pin(&ada.email, &pin).await.status, 403);
    let told = beckon.mail_number(1, "it@example.com").await;
    assert!(told.text.contains("ada@example.com"), "{}", told.subject);
    assert_eq!(told.pin(), None);

    let path = format!("/v1/users/{}/invitation/restore", ada.id);
    beckon.post(&path, &Value::Null).await.with_status(200);

    beckon.redeem(&ada).await;
    let history: Vec<_> = beckon
        .history(&ada)
        .await
        .into_iter()
        .map(|entry| (entry.what, entry.who))
        .filter(|(what, _)| what != "invitationDelivered")
        .collect();
    let expected = [
        ("userAdded", "Local administrator"),
        ("invitationIssued", "Local administrator"),
        ("invitationDeclined", "Invited person"),
        ("invitationRestored", "Local administrator"),
        ("invitationRedeemed", "Invited person"),
    ];
    assert_eq!(
        history,
        expected.map(|(what, who)| (what.to_owned(), who.to_owned()))
    );
}

#[tokio::test]
async fn an_invitation_that_is_cancelled_and_restored_opens_with_the_pin_that_was_mailed() {
    let beckon = Beckon::start().await;
    let ada = beckon.invite("ada@example.com").await;
    let pin = beckon.newest_pin(&ada.email).await;

    beckon.cancel(&ada).await;
    let cancelled = invitation(&beckon, &ada).await;
    let refused = beckon.show_pin(&ada.email, &pin).await.problem(410);
    let path = format!("/v1/users/{}/invitation/restore", ada.id);
    let restored = beckon.post(&path, &Value::Null).await.with_status(200);
    let session = beckon.redeem(&ada).await;
    let registrant = json!({ "registrationId": session });
    beckon
        .report_device(&registrant, &json!({ "id": "d-1" }))
        .await;

    assert_eq!(cancelled["state"], "cancelled");
    assert_eq!(refused["ended"], "cancelled");
    for same in ["issue", "expiresAt", "triesLeft"] {
        assert_eq!(restored["invitation"][same], cancelled[same], "{same}");
    }
    assert_eq!(restored["invitation"]["state"], "pending");
    assert_eq!(invitation(&beckon, &ada).await["state"], "completed");
    // Who has the mail needs no other.
    assert_eq!(beckon.mailbox_of(&ada.email).await.len(), 1);
    let happened = beckon.history_events(&ada).await;
    let taken_back_and_on = [
        "invitationCancelled",
        "invitationRestored",
        "invitationRedeemed",
        "registrationConfirmed",
        "invitationCompleted",
    ];
    assert!(
        happened.ends_with(&taken_back_and_on.map(str::to_owned)),
        "{happened:?}"
    );
}

#[tokio::test]
async fn a_pin_and_a_handout_are_handed_over_with_a_reason_and_a_notice() {
    let beckon = Beckon::start().await;
    let ada = beckon.add_uninvited("ada@example.com").await;
    let path = |what: &str| format!("/v1/users/{}/invitation/{what}", ada.id);

    let unfounded = beckon.post(&path("pin"), &json!({})).await;
    let handed = beckon
        .post(&path("pin"), &json!({"reason": "No mailbox yet"}))
        .await;
    let handout = beckon
        .post(&path("sheet"), &json!({"reason": "For the folder"}))
        .await;

    let _ = unfounded.problem(422);
    assert_eq!(handed.headers["cache-control"], "no-store");
    let handed = handed.with_status(200);
    assert_eq!(
        (&handed["issued"], &handed["told"]),
        (&json!(true), &json!(true))
    );
    let pin = handed["pin"].as_str().unwrap();
    assert_eq!(handout.status, 200);
    assert_eq!(handout.headers["cache-control"], "no-store");
    assert!(handout.text.contains(pin), "the handout has the PIN");
    assert!(
        !handout.text.contains("decline"),
        "nobody declines a handout"
    );
    assert!(
        handout.text.contains(&ada.email),
        "it says which address is asked for"
    );
    assert!(
        !handout.text.contains("Sent automatically"),
        "nobody sent it"
    );
    assert!(handout.text.contains(".button{display:none"));
    beckon.mail_number(2, &ada.email).await;
    let told = beckon.mailbox_of(&ada.email).await;
    assert_eq!(told.len(), 2);
    for notice in &told {
        assert!(!notice.text.contains(pin) && !notice.html.contains(pin));
    }
    let history = beckon.history(&ada).await;
    let row = history
        .iter()
        .find(|entry| entry.what == "secretHandedOver" && entry.text.contains("No mailbox yet"));
    assert_eq!(row.unwrap().who, "Local administrator");
    let answer = beckon.show_pin(&ada.email, pin).await;
    answer.with_status(200);
}

#[tokio::test]
async fn a_handout_with_a_qr_code_holds_its_picture_and_fetches_nothing() {
    let beckon = Beckon::start().await;
    beckon.method("qrCode").await;
    let ada = beckon.add_uninvited("ada@example.com").await;
    let path = format!("/v1/users/{}/invitation/sheet", ada.id);

    let handout = beckon.post(&path, &json!({"reason": "Printed"})).await;

    assert_eq!(handout.status, 200);
    assert!(handout.text.contains("data:image/png;base64,"));
    assert!(!handout.text.contains("cid:"));
    let policy = handout.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
}

#[tokio::test]
async fn an_address_that_came_back_is_tried_again_by_the_mail_service_too() {
    let beckon = Beckon::start().await;
    let gone = beckon.add_uninvited("bounce@example.com").await;
    beckon.begin_batch(&[&gone]).await;
    let bounced = beckon.delivery(&gone, "hardBounced").await;
    assert!(bounced["deliveryReason"].is_string(), "{bounced}");
    let path = format!("/v1/users/{}/address/try-again", gone.id);

    let tried = beckon.post(&path, &Value::Null).await.with_status(200);
    let _ = beckon.mail_number(2, &gone.email).await;
    let again = beckon.delivery(&gone, "hardBounced").await;

    assert_eq!(tried["addressMark"], Value::Null);
    // Had it still been on the suppression list, the service would not have tried, and said so.
    assert_eq!(again["deliveryReason"], bounced["deliveryReason"]);
    beckon.redeem(&gone).await;
    let ada = beckon.add_uninvited("ada@example.com").await;
    let path = format!("/v1/users/{}/address/try-again", ada.id);
    let _ = beckon.post(&path, &Value::Null).await.problem(409);
    let happened = beckon.history_events(&gone).await;
    assert!(
        happened.contains(&"addressTriedAgain".to_owned()),
        "{happened:?}"
    );
}

#[tokio::test]
async fn members_of_a_group_are_invited_under_its_settings() {
    let beckon = Beckon::start().await;
    beckon
        .settings(&json!({"groups": [
            {"group": "field", "registration": {"lifetimeHours": 24, "pin": {"length": 10}}, "ownership": "companyOwned"},
            {"group": "staff", "registration": {"method": "qrCode"}, "locale": "de"}]}))
        .await;
    let add = async |name: &str, groups: Value| {
        beckon
            .add_user(&json!({"email": format!("{name}@example.com"), "groups": groups}))
            .await
    };
    let ada = add("ada", json!(["field", "staff"])).await;
    let bob = add("bob", json!(["staff"])).await;
    let cid = add("cid", json!([])).await;

    let ada_mail = beckon.newest_mail(&ada.email).await;
    let bob_mail = beckon.newest_mail(&bob.email).await;
    let cid_mail = beckon.newest_mail(&cid.email).await;

    assert_eq!(ada_mail.pin().unwrap().replace(' ', "").len(), 10);
    assert!(ada_mail.text.contains("Company owned"));
    assert!(bob_mail.token().is_some() && bob_mail.text.contains("registrieren"));
    assert_eq!(cid_mail.pin().unwrap().replace(' ', "").len(), 8);
    assert_eq!(invitation(&beckon, &ada).await["ownership"], "companyOwned");
    assert_eq!(invitation(&beckon, &cid).await["ownership"], "notSet");
}

#[tokio::test]
async fn what_people_agree_to_stands_in_the_mail_and_in_the_answer_and_administrators_hear_of_success()
 {
    let beckon = Beckon::start().await;
    beckon
        .settings(&json!({
            "agreements": [{"ownership": "userOwned", "text": "We see the model, and nothing private.", "url": "https://example.com/byod"}],
            "administrators": {"addresses": ["it@example.com"], "onCompletion": true}}))
        .await;
    let ada = beckon.add_uninvited("ada@example.com").await;
    send(&beckon, &ada, Some("userOwned")).await;
    let bob = beckon.invite("bob@example.com").await;

    let mail = beckon.newest_mail(&ada.email).await;
    let other = beckon.newest_mail(&bob.email).await;
    let pin = mail.pin().unwrap();
    let redeemed = beckon.show_pin(&ada.email, &pin).await.with_status(200);
    beckon
        .report_device(
            &json!({"registrationId": redeemed["registrationId"]}),
            &json!({"id": "d1", "name": "Phone", "platform": "ios"}),
        )
        .await;

    assert!(mail.text.contains("nothing private"));
    assert!(mail.text.contains("https://example.com/byod"));
    assert!(!other.text.contains("nothing private"));
    assert_eq!(redeemed["agreement"]["url"], "https://example.com/byod");
    let told = beckon.mail_number(1, "it@example.com").await;
    assert!(told.text.contains("ada@example.com") && told.text.contains("Phone"));
}

#[tokio::test]
async fn a_person_with_two_devices_keeps_the_first_while_invited_for_the_second() {
    let beckon = Beckon::start().await;
    let ada = beckon.invite("ada@example.com").await;
    let first = beckon.redeem(&ada).await;
    beckon
        .report_device(&json!({"registrationId": first}), &json!({"id": "phone"}))
        .await;
    assert_eq!(invitation(&beckon, &ada).await["state"], "completed");

    send(&beckon, &ada, None).await;
    let user = beckon.user(&ada).await;
    assert_eq!(
        (&user["devices"], &user["invitation"]["state"]),
        (&json!(1), &json!("pending"))
    );
    let second = beckon.redeem(&ada).await;
    beckon
        .report_device(&json!({"registrationId": second}), &json!({"id": "laptop"}))
        .await;

    let user = beckon.user(&ada).await;
    assert_eq!(
        (&user["devices"], &user["invitation"]["state"]),
        (&json!(2), &json!("completed"))
    );
    assert_eq!(beckon.registration(&first).await["device"]["id"], "phone");
    assert_eq!(beckon.registration(&second).await["device"]["id"], "laptop");
    let completed = beckon.history_events(&ada).await;
    let completed = completed
        .iter()
        .filter(|what| *what == "invitationCompleted");
    assert_eq!(completed.count(), 2);
}
