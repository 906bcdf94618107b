//! People in and out: an address that was wrong, a whole list of people, somebody who leaves.

use beckon_tests::{Beckon, Person};
use serde_json::{Value, json};

async fn correct(beckon: &Beckon, person: &Person, email: &str) -> Person {
    let answer = beckon
        .call("PATCH", &format!("/v1/users/{}", person.id))
        .json(&json!({ "email": email }))
        .answer()
        .await
        .with_status(200);
    assert_eq!(answer["email"], email);
    Person {
        email: email.to_owned(),
        ..person.clone()
    }
}

#[tokio::test]
async fn an_address_is_corrected_after_a_bounce_and_the_person_enrols_with_the_new_pin() {
    let beckon = Beckon::start().await;
    let wrong = beckon.add_uninvited("bounce@example.com").await;
    beckon.begin_send(&[&wrong]).await;
    beckon.delivery(&wrong, "hardBounced").await;
    let old_pin = beckon.newest_pin(&wrong.email).await;

    let right = correct(&beckon, &wrong, "ada@example.com").await;
    beckon.mail_number(1, &right.email).await;
    beckon.delivery(&right, "delivered").await;

    for (address, pin) in [(&wrong.email, &old_pin), (&right.email, &old_pin)] {
        assert_eq!(beckon.show_pin(address, pin).await.status, 403);
    }
    let session = beckon.redeem(&right).await;
    beckon
        .report_device(
            &json!({ "registrationId": session }),
            &json!({ "id": "d-1" }),
        )
        .await;
    let user = beckon.user(&right).await;
    assert_eq!(user["invitation"]["state"], "completed");
    assert_eq!(user["addressMark"], Value::Null);
    let history = beckon.history(&right).await;
    let told: Vec<&str> = history.iter().map(|entry| entry.text.as_str()).collect();
    assert_eq!(
        told,
        [
            "Added.",
            "Invited (issue 1), ownership not set.",
            "The mail of issue 1 came back; nothing more is sent to this address until it is corrected.",
            "The address was corrected; the invitation was issued again to the new one, as issue 2.",
            "Invited (issue 2), ownership not set; the invitation before stopped working.",
            "The mail of issue 2 was delivered.",
            "The secret of issue 2 was accepted; a registration began.",
            "Device d-1 was registered: not set, because nothing decides it.",
            "Issue 2 was completed by device d-1.",
        ]
    );
    assert!(!told.concat().contains('@'));
    // The old address is free again.
    beckon.add_uninvited("bounce@example.com").await;
}

#[tokio::test]
async fn an_address_or_an_external_id_that_another_has_is_refused_by_name() {
    let beckon = Beckon::start().await;
    beckon
        .add_user(&json!({ "email": "ada@example.com", "externalId": "x-1", "invite": false }))
        .await;
    let bob = beckon.add_uninvited("bob@example.com").await;
    let before = beckon.everything().await;

    for (patch, field, kind) in [
        (
            json!({ "email": "Ada@Example.com" }),
            "email",
            "address-taken",
        ),
        (
            json!({ "externalId": "x-1" }),
            "externalId",
            "external-id-taken",
        ),
    ] {
        let answer = beckon
            .call("PATCH", &format!("/v1/users/{}", bob.id))
            .json(&patch)
            .answer()
            .await
            .with_status(409);
        assert_eq!(answer["type"], format!("urn:beckon:problem:{kind}"));
        assert_eq!(answer["errors"][0]["field"], field);
    }

    assert_eq!(beckon.everything().await, before);
}
