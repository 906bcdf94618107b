//! The walk-through: people are invited, enrol their devices, and are told that it worked.

use beckon_tests::{Beckon, HistoryEntry, Person};
use serde_json::{Value, json};

fn phone(id: &str) -> Value {
    json!({ "id": id, "name": "Phone", "platform": "ios" })
}

fn for_staff() -> Value {
    json!({ "confirmation": { "enabled": true, "distribution": { "groups": ["staff"] } } })
}

async fn staff_user(beckon: &Beckon) -> Person {
    beckon
        .add_user(&json!({
            "email": "staff.user@example.com", "displayName": "Staff User", "groups": ["staff"],
        }))
        .await
}

async fn other_user(beckon: &Beckon) -> Person {
    beckon
        .add_user(&json!({
            "email": "other.user@example.com", "displayName": "Other User",
            "locale": "de", "timeZone": "Europe/Berlin",
        }))
        .await
}

#[tokio::test]
async fn two_people_are_invited_enrol_their_devices_and_the_one_in_staff_is_told_so() {
    let beckon = Beckon::start().await;
    beckon.settings(&for_staff()).await;
    let staff = staff_user(&beckon).await;
    let other = other_user(&beckon).await;

    let preview = beckon
        .preview(&[&staff, &other], Some("companyOwned"))
        .await;
    let sent = beckon.send(&[&staff, &other], Some("companyOwned")).await;
    let mut registrations = Vec::new();
    // The one who gets no confirmation first: if there were one it would be the older of the two.
    for person in [&other, &staff] {
        let id = beckon.redeem(person).await;
        assert_eq!(beckon.registration(&id).await["state"], "open");
        let device = phone(&format!("device of {}", person.email));
        beckon
            .report_device(&json!({ "registrationId": id }), &device)
            .await;
        registrations.push(beckon.registration(&id).await);
    }
    beckon.mail_number(3, &staff.email).await;
    beckon.quiet().await;

    assert_eq!(
        preview["ownership"],
        json!({ "applies": true, "result": "companyOwned", "supervised": "companyOwned", "reason": null })
    );
    assert_eq!(
        preview["counts"],
        json!({ "selected": 2, "willSend": 2, "skipped": 0, "exact": true })
    );
    let confirmations: Vec<&Value> = preview["recipients"]
        .as_array()
        .unwrap()
        .iter()
        .map(|recipient| &recipient["confirmation"])
        .collect();
    assert_eq!(
        confirmations,
        [
            &json!({ "willSend": true, "reason": null }),
            &json!({ "willSend": false, "reason": "notInDistribution" }),
        ]
    );
    assert_eq!(
        sent["confirmation"],
        json!({ "confirmationEnabled": true, "willReceive": 1, "willNotReceive": 1 })
    );
    for registration in &registrations {
        assert_eq!(registration["state"], "confirmed");
        assert_eq!(registration["ownership"], "companyOwned");
        assert_eq!(registration["rule"], "invitation");
    }
    for person in [&staff, &other] {
        let user = beckon.user(person).await;
        assert_eq!(user["devices"], 1);
        assert_eq!(user["invitation"]["state"], "completed");
    }
    let subjects = |mails: Vec<beckon_tests::Mail>| -> Vec<String> {
        mails.into_iter().map(|mail| mail.subject).collect()
    };
    assert_eq!(
        subjects(beckon.mailbox_of(&staff.email).await),
        [
            "Register your device for work",
            "Register your device for work",
            "Your device is registered",
        ]
    );
    assert_eq!(
        subjects(beckon.mailbox_of(&other.email).await),
        [
            "Registrieren Sie Ihr Gerät für die Arbeit",
            "Registrieren Sie Ihr Gerät für die Arbeit",
        ]
    );
}

#[tokio::test]
async fn adding_a_user_invites_them_by_default_and_says_whether_a_confirmation_will_follow() {
    let beckon = Beckon::start().await;
    beckon.settings(&for_staff()).await;

    let added = beckon
        .post(
            "/v1/users",
            &json!({ "email": "ada@example.com", "groups": ["staff"], "ownership": "userOwned" }),
        )
        .await;
    let quietly = beckon
        .post(
            "/v1/users",
            &json!({ "email": "bob@example.com", "invite": false }),
        )
        .await;

    let body = added.with_status(201);
    beckon
        .delivered(body["batch"]["id"].as_str().unwrap())
        .await;
    assert_eq!(
        added.header("location"),
        format!("/v1/users/{}", body["user"]["id"].as_str().unwrap())
    );
    assert_eq!(
        body["confirmation"],
        json!({ "confirmationEnabled": true, "willReceive": 1, "willNotReceive": 0 })
    );
    let users = beckon.users().await;
    assert_eq!(users[0]["invitation"]["state"], "pending");
    assert_eq!(users[0]["invitation"]["ownership"], "userOwned");
    assert_eq!(users[0]["invitation"]["triesLeft"], 5);
    let quietly = quietly.with_status(201);
    assert!(quietly["batch"].is_null());
    assert!(quietly["confirmation"].is_null());
    assert_eq!(users[1]["invitation"], json!({ "state": "none" }));
    assert_eq!(beckon.mailbox_of("bob@example.com").await, []);
}

#[tokio::test]
async fn the_device_management_may_name_a_person_in_each_of_four_ways() {
    let beckon = Beckon::start().await;
    let mut people = Vec::new();
    for name in ["by-session", "by-id", "by-external-id", "by-address"] {
        people.push(
            beckon
                .add_user(&json!({
                    "email": format!("{name}@example.com"), "externalId": name,
                    "ownership": "companyOwned",
                }))
                .await,
        );
    }
    let session = beckon.redeem(&people[0]).await;

    let ways = [
        json!({ "registrationId": session }),
        json!({ "userId": people[1].id }),
        json!({ "externalId": "by-external-id" }),
        json!({ "email": "By-Address@EXAMPLE.com" }),
    ];
    for (number, way) in ways.iter().enumerate() {
        beckon
            .report_device(way, &phone(&format!("d-{number}")))
            .await;
    }

    for (number, person) in people.iter().enumerate() {
        let user = beckon.user(person).await;
        assert_eq!(user["devices"], 1, "{}", person.email);
        assert_eq!(user["invitation"]["state"], "completed", "{}", person.email);
        let history = beckon.history(person).await;
        assert_eq!(
            history[history.len() - 2].text,
            format!("Device d-{number} was registered: company owned, as the invitation says.")
        );
    }
    assert_eq!(beckon.failures().await, [] as [Value; 0]);
}

#[tokio::test]
async fn nobody_gets_a_confirmation_while_confirmations_are_off() {
    let beckon = Beckon::start().await;
    let ada = beckon
        .add_user(&json!({ "email": "ada@example.com", "groups": ["staff"] }))
        .await;

    let preview = beckon.preview(&[&ada], None).await;
    let sent = beckon.send(&[&ada], None).await;
    beckon
        .report_device(&json!({ "userId": ada.id }), &phone("d-1"))
        .await;
    beckon.quiet().await;

    assert_eq!(
        preview["recipients"][0]["confirmation"],
        json!({ "willSend": false, "reason": "switchedOff" })
    );
    assert_eq!(sent["confirmation"]["confirmationEnabled"], false);
    assert_eq!(beckon.user(&ada).await["devices"], 1);
    assert_eq!(beckon.mailbox_of(&ada.email).await.len(), 2);
}

#[tokio::test]
async fn a_second_device_is_registered_after_a_second_invitation() {
    let beckon = Beckon::start().await;
    beckon
        .settings(&json!({ "confirmation": { "enabled": true } }))
        .await;
    let ada = beckon.invite("ada@example.com").await;
    let first = beckon.redeem(&ada).await;
    beckon
        .report_device(&json!({ "registrationId": first }), &phone("d-1"))
        .await;

    beckon.mail_number(2, &ada.email).await;
    beckon.send(&[&ada], Some("userOwned")).await;
    let second = beckon.redeem(&ada).await;
    beckon
        .report_device(&json!({ "registrationId": second }), &phone("d-2"))
        .await;

    beckon.mail_number(4, &ada.email).await;
    let user = beckon.user(&ada).await;
    assert_eq!(user["devices"], 2);
    assert_eq!(user["invitation"]["issue"], 2);
    assert_eq!(user["invitation"]["state"], "completed");
    let first = beckon.registration(&first).await;
    let second = beckon.registration(&second).await;
    assert_eq!(first["device"]["id"], "d-1");
    assert_eq!(first["ownership"], "notSet");
    assert_eq!(second["device"]["id"], "d-2");
    assert_eq!(second["ownership"], "userOwned");
}

#[tokio::test]
async fn an_earlier_pin_is_dead_once_somebody_is_invited_again() {
    let beckon = Beckon::start().await;
    let ada = beckon.invite("ada@example.com").await;
    let old = beckon.newest_pin(&ada.email).await;
    beckon.let_eleven_minutes_pass(&ada).await;

    let preview = beckon.preview(&[&ada], None).await;
    beckon.send(&[&ada], None).await;

    assert_eq!(preview["recipients"][0]["outcome"], "willReplace");
    let new = beckon.newest_pin(&ada.email).await;
    assert_ne!(old, new);
    assert_eq!(beckon.show_pin(&ada.email, &old).await.status, 403);
    assert_eq!(beckon.show_pin(&ada.email, &new).await.status, 200);
    assert_eq!(beckon.user(&ada).await["invitation"]["triesLeft"], 4);
}

#[tokio::test]
async fn opening_pages_and_links_changes_nothing() {
    let beckon = Beckon::start().await;
    let ada = beckon.invite("ada@example.com").await;
    let mail = beckon.newest_mail(&ada.email).await;
    let session = beckon.redeem(&ada).await;
    beckon.quiet().await;
    let before = beckon.everything().await;

    let paths = [
        "/".to_owned(),
        "/enroll".to_owned(),
        "/enroll?email=ada@example.com".to_owned(),
        "/enroll/enroll.js".to_owned(),
        "/enroll/enroll.css".to_owned(),
        "/mailbox".to_owned(),
        format!("/local/mailbox/{}", mail.id),
        format!("/local/mailbox/{}/view", mail.id),
        "/openapi.json".to_owned(),
        "/v1/batches".to_owned(),
        format!("/v1/registrations/{session}"),
    ];
    for path in &paths {
        for _ in 0..3 {
            assert_eq!(beckon.get(path).await.status, 200, "{path}");
        }
        assert_eq!(
            beckon.call("HEAD", path).answer().await.status,
            200,
            "{path}"
        );
    }

    beckon.quiet().await;
    assert_eq!(beckon.everything().await, before);
}

#[tokio::test]
async fn a_preview_changes_nothing_and_shows_no_pin() {
    let beckon = Beckon::start().await;
    let ada = beckon.invite("ada@example.com").await;
    let pin = beckon.newest_pin(&ada.email).await;
    let before = beckon.everything().await;

    let preview = beckon.preview(&[&ada], Some("userOwned")).await;

    let whole = preview.to_string();
    assert!(!whole.contains(&pin));
    assert!(!whole.contains(&pin.replace(' ', "")));
    assert!(preview["mail"]["text"].as_str().unwrap().contains("PIN"));
    assert_eq!(beckon.everything().await, before);
}

#[tokio::test]
async fn the_history_tells_in_order_what_happened_and_who_did_it() {
    let beckon = Beckon::start().await;
    let ada = beckon.invite("ada@example.com").await;
    beckon.send(&[&ada], Some("companyOwned")).await;
    let session = beckon.redeem(&ada).await;

    beckon
        .report_device(&json!({ "registrationId": session }), &phone("d-1"))
        .await;

    let entry = |what: &str, who: &str, text: &str| HistoryEntry {
        what: what.to_owned(),
        who: who.to_owned(),
        text: text.to_owned(),
    };
    let admin = "Local administrator";
    assert_eq!(
        beckon.history(&ada).await,
        [
            entry("userAdded", admin, "Added."),
            entry(
                "invitationIssued",
                admin,
                "Invited (issue 1), ownership not set."
            ),
            entry(
                "invitationDelivered",
                "Mail service",
                "The mail of issue 1 was delivered."
            ),
            entry(
                "invitationIssued",
                admin,
                "Invited (issue 2), ownership company owned; the invitation before stopped working."
            ),
            entry(
                "invitationDelivered",
                "Mail service",
                "The mail of issue 2 was delivered."
            ),
            entry(
                "invitationRedeemed",
                "Invited person",
                "The secret of issue 2 was accepted; a registration began."
            ),
            entry(
                "registrationConfirmed",
                "Device management",
                "Device d-1 was registered: company owned, as the invitation says."
            ),
            entry(
                "invitationCompleted",
                "Device management",
                "Issue 2 was completed by device d-1."
            ),
        ]
    );
}

#[tokio::test]
async fn a_batch_counts_whom_it_invited_whom_it_skipped_and_what_arrived() {
    let beckon = Beckon::start().await;
    beckon
        .settings(&json!({ "sender": { "recipientDomains": ["example.com", "example.net"] } }))
        .await;
    let ada = beckon.add_uninvited("ada@example.com").await;
    let bob = beckon.add_uninvited("bob@example.net").await;
    beckon
        .settings(&json!({ "sender": { "recipientDomains": ["example.com"] } }))
        .await;

    let preview = beckon.preview(&[&ada, &bob], None).await;
    let sent = beckon.send(&[&ada, &bob], None).await;

    assert_eq!(
        preview["counts"],
        json!({ "selected": 2, "willSend": 1, "skipped": 1, "exact": true })
    );
    assert_eq!(preview["recipients"][1]["outcome"], "skipped");
    assert_eq!(preview["recipients"][1]["reason"], "domainNotAllowed");
    let id = sent["batch"]["id"].as_str().unwrap();
    assert_eq!(
        beckon.batch(id).await["batch"]["counts"],
        json!({ "selected": 2, "issued": 1, "skipped": 1, "sent": 1, "delivered": 1, "failed": 0,
            "waiting": 0, "refused": 0, "dropped": 0 })
    );
    let recipients = beckon
        .get(&format!("/v1/batches/{id}/recipients"))
        .await
        .with_status(200);
    assert_eq!(
        recipients["items"],
        json!([
            { "userId": ada.id, "email": ada.email, "displayName": null, "outcome": "issued", "reason": null, "delivery": "delivered",
              "deliveryReason": null, "deliveryReasonCode": null, "confirmation": false, "invitation": "pending", "redeemedAt": null, "registeredAt": null },
            { "userId": bob.id, "email": bob.email, "displayName": null, "outcome": "skipped", "reason": "domainNotAllowed",
              "delivery": null, "deliveryReason": null, "deliveryReasonCode": null, "confirmation": false, "invitation": null, "redeemedAt": null, "registeredAt": null },
        ])
    );
    assert_eq!(beckon.mailbox_of(&bob.email).await, []);
}
