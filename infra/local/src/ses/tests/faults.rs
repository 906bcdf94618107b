use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use tokio::net::TcpListener;

use super::*;

async fn order(room: &Room, order: Value) {
    let answer = room.ask("POST", "/local/ses/faults", Some(order)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
}

/// Sends one mail over a raw connection and returns every byte of the answer.
async fn send_raw(room: &Room) -> std::io::Result<Vec<u8>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let endpoint = room.endpoint.clone();
    let server = tokio::spawn(async move { endpoint.serve(listener).await });
    let body = mail_to("a.user@example.com").to_string();
    let request = format!(
        "POST /v2/email/outbound-emails HTTP/1.1\r\nHost: {address}\r\nContent-Type: \
         application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );

    let answer = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(answer)
    })
    .await?;
    server.abort();
    answer
}

#[tokio::test]
async fn every_refusing_fault_has_the_answer_of_the_real_service() {
    let room = Room::new();
    for (fault, status, error_type, message) in [
        (
            "throttle",
            429,
            "TooManyRequestsException",
            "Maximum sending rate",
        ),
        (
            "dailyQuota",
            429,
            "TooManyRequestsException",
            "Daily message quota",
        ),
        (
            "limitExceeded",
            400,
            "LimitExceededException",
            "Daily message quota",
        ),
        ("serverError", 500, "InternalFailure", "processing"),
        ("accountPaused", 400, "SendingPausedException", "paused"),
        (
            "accountSuspended",
            400,
            "AccountSuspendedException",
            "permanently",
        ),
        (
            "notVerified",
            400,
            "MessageRejected",
            "Email address is not verified",
        ),
        (
            "mailFromNotVerified",
            400,
            "MailFromDomainNotVerifiedException",
            "MAIL FROM",
        ),
        (
            "configurationSetMissing",
            404,
            "NotFoundException",
            "Configuration set",
        ),
        (
            "accessDenied",
            403,
            "AccessDeniedException",
            "ses:SendEmail",
        ),
        ("rejected", 400, "MessageRejected", "invalid content"),
        ("badRequest", 400, "BadRequestException", "invalid"),
    ] {
        order(&room, json!({ "next": 1, "fault": fault })).await;

        let refusal = room.send_to("a.user@example.com").await.refusal();

        assert_eq!(
            (refusal.0, refusal.1.as_str()),
            (status, error_type),
            "{fault}"
        );
        assert!(refusal.2.contains(message), "{fault}: {}", refusal.2);
    }
    assert_eq!(room.mailbox().await.len(), 0);
    assert_eq!(room.send_to("a.user@example.com").await.status, 200);
}

#[tokio::test]
async fn a_served_mail_is_answered_over_tcp() {
    let room = Room::new();

    let answer = String::from_utf8(send_raw(&room).await.unwrap()).unwrap();

    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("x-amzn-requestid: "), "{answer}");
    assert!(answer.contains("MessageId"), "{answer}");
}

#[tokio::test]
async fn a_reset_closes_without_a_byte_and_accepts_nothing() {
    let room = Room::new();
    order(&room, json!({ "next": 1, "fault": "reset" })).await;

    let answer = send_raw(&room).await;

    assert_eq!(answer.unwrap_or_default(), b"");
    assert_eq!(room.mailbox().await.len(), 0);
}

#[tokio::test]
async fn a_dropped_answer_closes_without_a_byte_and_the_mail_is_there() {
    let mut room = Room::new();
    order(&room, json!({ "next": 1, "fault": "dropAnswer" })).await;

    let answer = send_raw(&room).await;

    assert_eq!(answer.unwrap_or_default(), b"");
    assert_eq!(room.mailbox().await.len(), 1);
    assert_eq!(room.event_types(), ["Email Sent", "Email Delivered"]);
}

#[tokio::test]
async fn a_dropped_answer_does_not_hide_a_refusal() {
    let room = Room::with(|config| config.max_24_hour_send = 0.0);
    order(&room, json!({ "next": 1, "fault": "dropAnswer" })).await;

    let answer = String::from_utf8(send_raw(&room).await.unwrap()).unwrap();

    assert!(answer.starts_with("HTTP/1.1 429 "), "{answer}");
}

#[tokio::test]
async fn a_stall_answers_late_and_accepts_nothing() {
    let room = Room::new();
    order(
        &room,
        json!({ "next": 1, "fault": "stall", "stallSeconds": 0.2 }),
    )
    .await;
    let start = Instant::now();

    let answer = room.send_to("a.user@example.com").await;

    assert!(start.elapsed() >= Duration::from_millis(200));
    assert_eq!(answer.refusal().0, 503);
    assert_eq!(room.mailbox().await.len(), 0);
}

#[tokio::test]
async fn faults_are_shown_and_cleared() {
    let room = Room::new();
    order(
        &room,
        json!({ "fault": "throttle", "next": null, "events": "none" }),
    )
    .await;

    let shown = room.ask("GET", "/local/ses/faults", None).await.json();
    let cleared = room.ask("DELETE", "/local/ses/faults", None).await.status;
    let after = room.ask("GET", "/local/ses/faults", None).await.json();

    assert_eq!(
        shown,
        json!({ "fault": "throttle", "next": null, "events": "none" })
    );
    assert_eq!(cleared, StatusCode::NO_CONTENT);
    assert_eq!(
        after,
        json!({ "fault": null, "next": null, "events": "normal" })
    );
}

#[tokio::test]
async fn an_order_that_is_not_understood_is_refused_with_the_reason() {
    let room = Room::new();

    for bad in [
        json!({}),
        json!({ "fault": "plague" }),
        json!({ "fualt": "throttle" }),
    ] {
        let answer = room.ask("POST", "/local/ses/faults", Some(bad)).await;

        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
}

#[tokio::test]
async fn events_can_be_lost_doubled_or_turned_round() {
    let mut room = Room::new();
    let mut told = Vec::new();
    for mode in ["none", "twice", "reversed", "normal"] {
        order(&room, json!({ "events": mode })).await;
        room.send_to("a.user@example.com").await.message_id();
        told.push(room.events());
    }

    let types = |events: &[Value]| -> Vec<String> {
        events
            .iter()
            .map(|event| event["detail"]["eventType"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(types(&told[0]), [""; 0]);
    assert_eq!(types(&told[1]), ["Send", "Delivery", "Send", "Delivery"]);
    assert_eq!(told[1][0]["id"], told[1][2]["id"]);
    assert_eq!(types(&told[2]), ["Delivery", "Send"]);
    assert_eq!(types(&told[3]), ["Send", "Delivery"]);
}

#[tokio::test]
async fn a_switched_off_account_refuses_and_says_so() {
    let room = Room::new();
    room.ask(
        "PUT",
        "/local/ses/account",
        Some(json!({ "sendingEnabled": false })),
    )
    .await;

    let refused = room.send_to("a.user@example.com").await;
    let account = room.ask("GET", "/v2/email/account", None).await.json();

    assert_eq!(refused.refusal().1, "SendingPausedException");
    assert_eq!(account["SendingEnabled"], false);
}

#[tokio::test]
async fn in_the_sandbox_each_identity_that_is_not_verified_is_named() {
    let room = Room::new();
    room.ask(
        "PUT",
        "/local/ses/account",
        Some(json!({
            "productionAccess": false,
            "verifiedIdentities": ["beckon@example.com", "corp.example"],
        })),
    )
    .await;

    let stranger = room.send_to("A. User <a.user@example.com>").await.refusal();
    let colleague = room.send_to("b.user@mail.corp.example").await;
    let account = room.ask("GET", "/v2/email/account", None).await.json();

    assert_eq!((stranger.0, stranger.1.as_str()), (400, "MessageRejected"));
    assert_eq!(
        stranger.2,
        "Email address is not verified. The following identities failed the check in region \
         US-EAST-1: a.user@example.com"
    );
    assert_eq!(colleague.status, 200);
    assert_eq!(account["ProductionAccessEnabled"], false);
}

#[tokio::test]
async fn a_sender_must_be_verified_outside_the_sandbox_too() {
    let room = Room::new();
    room.ask(
        "PUT",
        "/local/ses/account",
        Some(json!({ "verifiedIdentities": ["other.example"] })),
    )
    .await;

    let refusal = room.send_to("a.user@example.com").await.refusal();

    assert!(
        refusal.2.ends_with("Beckon <beckon@example.com>"),
        "{}",
        refusal.2
    );
}
