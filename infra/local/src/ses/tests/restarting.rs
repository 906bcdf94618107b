use std::io::Write as _;

use super::*;

#[tokio::test]
async fn mail_and_quota_survive_a_restart() {
    let room = Room::new();
    let first = room.send_to("a@example.com").await.message_id();
    let second = room.send_to("b@example.com").await.message_id();

    let room = room.reopened();
    let third = room.send_to("c@example.com").await.message_id();

    let ids: Vec<Value> = room
        .mailbox()
        .await
        .iter()
        .map(|item| item["id"].clone())
        .collect();
    assert_eq!(ids, [json!(first), json!(second), json!(third)]);
    let account = room.ask("GET", "/v2/email/account", None).await.json();
    assert_eq!(account["SendQuota"]["SentLast24Hours"], 3);
}

#[tokio::test]
async fn a_suppressed_address_stays_suppressed_after_a_restart() {
    let room = Room::new();
    room.send_to("bounce@example.com").await.message_id();

    let mut room = room.reopened();
    room.send_to("BOUNCE@example.com").await.message_id();

    let bounce = &room.events()[1]["detail"]["bounce"];
    assert_eq!(bounce["bounceSubType"], "OnAccountSuppressionList");
}

#[tokio::test]
async fn a_fault_does_not_outlive_the_process() {
    let room = Room::new();
    room.ask(
        "POST",
        "/local/ses/faults",
        Some(json!({ "fault": "throttle" })),
    )
    .await;

    let room = room.reopened();

    assert_eq!(room.send_to("a@example.com").await.status, 200);
}

#[tokio::test]
async fn an_unfinished_last_mail_is_cut_off_wherever_it_broke() {
    let room = Room::new();
    let id = room.send_to("a@example.com").await.message_id();
    let path = room.endpoint.mailbox().path().to_owned();
    let whole = std::fs::read(&path).unwrap();
    let summary_ends = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let mut room = room;

    for broken_at in [1, summary_ends - 1, summary_ends, whole.len() - 1] {
        let mut file = std::fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .unwrap();
        file.write_all(&whole[..broken_at]).unwrap();
        room = room.reopened();

        let items = room.mailbox().await;
        assert_eq!(items.len(), 1, "broken at {broken_at}");
        assert_eq!(items[0]["id"], json!(id));
        assert_eq!(std::fs::read(&path).unwrap(), whole);
    }
    room.send_to("b@example.com").await.message_id();
    assert_eq!(room.reopened().mailbox().await.len(), 2);
}

#[tokio::test]
async fn damage_in_the_middle_is_reported_and_nothing_is_thrown_away() {
    let room = Room::new();
    room.send_to("a@example.com").await.message_id();
    let path = room.endpoint.mailbox().path().to_owned();
    let mut damaged = b"{\"not\":\"a summary\"}\n".to_vec();
    damaged.extend(std::fs::read(&path).unwrap());
    std::fs::write(&path, &damaged).unwrap();

    let opened = SesEndpoint::open(SesConfig::new(room.directory.path()), None);

    assert!(
        opened
            .unwrap_err()
            .to_string()
            .contains("damaged at byte 0")
    );
    assert_eq!(std::fs::read(&path).unwrap(), damaged);
}
