use jiff::SignedDuration;

use super::*;

#[tokio::test]
async fn an_accepted_mail_is_in_the_mailbox_with_all_its_parts() {
    let room = Room::new();

    let id = room
        .send_to("A. User <a.user@example.com>")
        .await
        .message_id();

    let items = room.mailbox().await;
    assert_eq!(items.len(), 1);
    let item = &items[0];
    assert_eq!(item["id"], json!(id));
    assert_eq!(item["to"], "a.user@example.com");
    assert_eq!(item["subject"], "Register your device");
    assert_eq!(item["text"], "Your PIN: 1234 5678");
    assert_eq!(item["sentAt"], "2026-01-02T03:04:05.600Z");
    assert_eq!(item["from"], "Beckon <beckon@example.com>");
    assert_eq!(item["replyTo"], json!(["help@example.com"]));
    assert_eq!(
        item["headers"],
        json!([{ "name": "Auto-Submitted", "value": "auto-generated" }])
    );
    assert_eq!(item["tags"]["beckon-mail"], "01ARZ3NDEKTSV4RRFFQ69G5FAV");
    assert_eq!(item["attachments"][0]["contentId"], "qr");
    assert_eq!(item["attachments"][0]["contentType"], "image/png");
    assert_eq!(item["attachments"][0]["contentBase64"], "iVBORw==");
}

#[tokio::test]
async fn a_delivered_mail_is_told_as_sent_and_then_delivered() {
    let mut room = Room::new();

    let id = room.send_to("a.user@example.com").await.message_id();

    let events = room.events();
    assert_eq!(events.len(), 2);
    let [sent, delivered] = [&events[0], &events[1]];
    assert_eq!(sent["version"], "0");
    assert_eq!(sent["source"], "aws.ses");
    assert_eq!(sent["detail-type"], "Email Sent");
    assert_eq!(sent["account"], "000000000000");
    assert_eq!(sent["region"], "us-east-1");
    assert_eq!(sent["time"], "2026-01-02T03:04:05Z");
    assert_eq!(
        sent["resources"],
        json!(["arn:aws:ses:us-east-1:000000000000:configuration-set/beckon"])
    );
    assert_ne!(sent["id"], delivered["id"]);
    assert_eq!(sent["detail"]["eventType"], "Send");
    assert_eq!(sent["detail"]["send"], json!({}));
    let mail = &sent["detail"]["mail"];
    assert_eq!(mail["messageId"], json!(id));
    assert_eq!(mail["timestamp"], "2026-01-02T03:04:05.600Z");
    assert_eq!(mail["source"], "Beckon <beckon@example.com>");
    assert_eq!(mail["destination"], json!(["a.user@example.com"]));
    assert_eq!(
        mail["tags"]["beckon-mail"],
        json!(["01ARZ3NDEKTSV4RRFFQ69G5FAV"])
    );
    assert_eq!(mail["tags"]["ses:configuration-set"], json!(["beckon"]));
    assert_eq!(delivered["detail-type"], "Email Delivered");
    assert_eq!(delivered["detail"]["eventType"], "Delivery");
    assert_eq!(
        delivered["detail"]["delivery"]["recipients"],
        json!(["a.user@example.com"])
    );
}

#[tokio::test]
async fn simulator_addresses_get_their_own_ending() {
    let mut room = Room::new();
    for (address, endings) in [
        ("bounce@example.com", &["Email Bounced"][..]),
        ("bounce+one@example.com", &["Email Bounced"]),
        ("softbounce@example.com", &["Email Bounced"]),
        (
            "Complaint@example.com",
            &["Email Delivered", "Email Complaint Received"],
        ),
        ("delay@example.com", &["Email Delivery Delayed"]),
        ("reject+x@example.com", &["Email Rejected"]),
        ("suppressed@example.com", &["Email Bounced"]),
        ("bouncer@example.com", &["Email Delivered"]),
    ] {
        room.send_to(address).await.message_id();

        let types = room.event_types();
        assert_eq!(types[0], "Email Sent", "{address}");
        assert_eq!(&types[1..], endings, "{address}");
    }
}

#[tokio::test]
async fn bounces_say_whether_they_are_for_good() {
    let mut room = Room::new();

    let mut kinds = Vec::new();
    for address in [
        "bounce@example.com",
        "softbounce@example.com",
        "suppressed@example.com",
    ] {
        room.send_to(address).await.message_id();
        let bounce = room.events()[1]["detail"]["bounce"].clone();
        assert_eq!(bounce["bouncedRecipients"][0]["emailAddress"], address);
        kinds.push(format!(
            "{} {}",
            bounce["bounceType"].as_str().unwrap(),
            bounce["bounceSubType"].as_str().unwrap()
        ));
    }

    assert_eq!(
        kinds,
        [
            "Permanent General",
            "Transient MailboxFull",
            "Permanent OnAccountSuppressionList"
        ]
    );
}

#[tokio::test]
async fn an_address_leaves_the_suppression_list_only_once() {
    let mut room = Room::new();
    room.send_to("bounce@example.com").await.message_id();
    room.send_to("suppressed@example.com").await.message_id();
    room.events();
    let remove = async |address: &str| {
        room.ask(
            "DELETE",
            &format!("/v2/email/suppression/addresses/{address}"),
            None,
        )
        .await
    };

    assert_eq!(remove("bounce%40example.com").await.text, "{}");
    assert_eq!(remove("suppressed%40example.com").await.status, 200);
    let again = remove("bounce%40example.com").await;

    assert_eq!(again.refusal().0, 404);
    assert_eq!(again.refusal().1, "NotFoundException");
    room.send_to("suppressed@example.com").await.message_id();
    assert_eq!(room.event_types(), ["Email Sent", "Email Delivered"]);
}

#[tokio::test]
async fn mail_without_a_configuration_set_is_silent_when_none_is_the_default() {
    let mut room = Room::with(|config| config.default_configuration_set = None);
    let mut mail = mail_to("a.user@example.com");
    mail.as_object_mut().unwrap().remove("ConfigurationSetName");

    room.send(mail).await.message_id();

    assert_eq!(room.event_types(), [""; 0]);
}

#[tokio::test]
async fn the_rate_is_kept_and_known_to_get_account() {
    let room = Room::with(|config| config.max_send_rate = 2.0);

    let answers = [
        room.send_to("a@example.com").await.status,
        room.send_to("b@example.com").await.status,
    ];
    let third = room.send_to("c@example.com").await;
    room.clock.advance(SignedDuration::from_millis(500));
    let later = room.send_to("c@example.com").await;

    assert_eq!(answers, [StatusCode::OK; 2]);
    assert_eq!(
        third.refusal(),
        (
            429,
            "TooManyRequestsException".to_owned(),
            "Maximum sending rate exceeded.".to_owned()
        )
    );
    assert_eq!(later.status, StatusCode::OK);
    let account = room.ask("GET", "/v2/email/account", None).await.json();
    assert_eq!(account["SendingEnabled"], true);
    assert_eq!(account["ProductionAccessEnabled"], true);
    assert_eq!(account["EnforcementStatus"], "HEALTHY");
    assert_eq!(account["SendQuota"]["MaxSendRate"], 2.0);
    assert_eq!(account["SendQuota"]["Max24HourSend"], 50_000.0);
    assert_eq!(account["SendQuota"]["SentLast24Hours"], 3);
}

#[tokio::test]
async fn the_daily_quota_holds_for_24_hours() {
    let room = Room::with(|config| config.max_24_hour_send = 1.0);
    room.send_to("a@example.com").await.message_id();

    let second = room.send_to("b@example.com").await;
    room.clock.advance(SignedDuration::from_hours(24));
    let a_day_later = room.send_to("b@example.com").await;

    assert_eq!(
        second.refusal(),
        (
            429,
            "TooManyRequestsException".to_owned(),
            "Daily message quota exceeded.".to_owned()
        )
    );
    assert_eq!(a_day_later.status, StatusCode::OK);
}

#[tokio::test]
async fn limits_change_while_it_runs() {
    let room = Room::new();

    let changed = room
        .ask(
            "PUT",
            "/local/ses/account",
            Some(json!({ "maxSendRate": 1, "max24HourSend": -1 })),
        )
        .await;
    let refused = room
        .ask(
            "PUT",
            "/local/ses/account",
            Some(json!({ "maxSendRate": 0 })),
        )
        .await;

    assert_eq!(changed.json()["maxSendRate"], 1.0);
    assert_eq!(changed.json()["max24HourSend"], -1.0);
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert_eq!(room.send_to("a@example.com").await.status, 200);
    assert_eq!(room.send_to("a@example.com").await.status, 429);
}

#[tokio::test]
async fn what_is_not_json_and_what_is_not_known_is_refused_clearly() {
    let room = Room::new();

    let no_mail = room.send(json!([])).await;
    let no_such_route = room.ask("GET", "/v2/email/identities", None).await;
    let no_such_method = room.ask("PUT", "/v2/email/account", None).await;

    assert_eq!(no_mail.refusal().1, "SerializationException");
    assert_eq!(no_such_route.refusal().1, "UnknownOperationException");
    assert!(no_such_route.refusal().2.contains("/v2/email/identities"));
    assert_eq!(no_such_method.refusal().0, 404);
}

#[tokio::test]
async fn a_name_in_encoded_words_is_kept_as_sent_and_shown_as_read() {
    let room = Room::new();
    let mut mail = mail_to("a.user@example.com");
    let from = "=?UTF-8?B?TcO8bGxlciwgQsO8cm8gKElUKQ==?= <beckon@example.com>";
    mail["FromEmailAddress"] = json!(from);

    room.send(mail).await.message_id();

    let items = room.mailbox().await;
    assert_eq!(items[0]["from"], from);
    assert_eq!(
        items[0]["fromShown"],
        "Müller, Büro (IT) <beckon@example.com>"
    );
}
