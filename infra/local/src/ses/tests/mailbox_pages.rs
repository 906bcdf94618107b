use super::*;

#[tokio::test]
async fn an_empty_mailbox_is_an_empty_list() {
    let room = Room::new();

    assert_eq!(room.mailbox().await, [Value::Null; 0]);
}

#[tokio::test]
async fn the_list_is_oldest_first_filtered_by_address_and_cut_to_the_newest() {
    let room = Room::new();
    for address in [
        "a@example.com",
        "b@example.com",
        "a@example.com",
        "aa@example.com",
    ] {
        room.send_to(address).await.message_id();
    }
    let listed = async |query: &str| -> Vec<String> {
        let answer = room
            .ask("GET", &format!("/local/mailbox{query}"), None)
            .await;
        assert_eq!(answer.header("content-type"), "application/json");
        answer.json()["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["to"].as_str().unwrap().to_owned())
            .collect()
    };

    assert_eq!(
        listed("").await,
        [
            "a@example.com",
            "b@example.com",
            "a@example.com",
            "aa@example.com"
        ]
    );
    assert_eq!(listed("?to=a%40example.com").await, ["a@example.com"; 2]);
    assert_eq!(
        listed("?limit=2").await,
        ["a@example.com", "aa@example.com"]
    );
    assert_eq!(
        listed("?to=a%40example.com&limit=1").await,
        ["a@example.com"]
    );
    assert_eq!(listed("?to=nobody%40example.com").await, [""; 0]);
}

#[tokio::test]
async fn a_mail_is_shown_with_its_pictures_and_without_any_power() {
    let room = Room::new();
    let id = room.send_to("a.user@example.com").await.message_id();

    let shown = room
        .ask("GET", &format!("/local/mailbox/{id}/view"), None)
        .await;

    assert!(
        shown
            .text
            .contains("src=\"data:image/png;base64,iVBORw==\"")
    );
    assert_eq!(shown.header("content-type"), "text/html; charset=utf-8");
    let policy = shown.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert!(policy.contains("sandbox"), "{policy}");
    assert!(!policy.contains("script"), "{policy}");
}

#[tokio::test]
async fn one_mail_is_the_same_as_in_the_list_and_an_unknown_one_is_not_found() {
    let room = Room::new();
    let id = room.send_to("a.user@example.com").await.message_id();

    let one = room.ask("GET", &format!("/local/mailbox/{id}"), None).await;
    let unknown = room.ask("GET", "/local/mailbox/unknown", None).await;
    let unknown_view = room.ask("GET", "/local/mailbox/unknown/view", None).await;

    assert_eq!(one.json(), room.mailbox().await[0]);
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert_eq!(unknown_view.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn emptying_removes_the_mail_and_keeps_the_quota() {
    let room = Room::new();
    let id = room.send_to("a.user@example.com").await.message_id();

    let emptied = room.ask("DELETE", "/local/mailbox", None).await.status;
    room.send_to("b.user@example.com").await.message_id();

    assert_eq!(emptied, StatusCode::NO_CONTENT);
    assert_eq!(room.mailbox().await.len(), 1);
    let gone = room.ask("GET", &format!("/local/mailbox/{id}"), None).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    let room = room.reopened();
    let account = room.ask("GET", "/v2/email/account", None).await.json();
    assert_eq!(account["SendQuota"]["SentLast24Hours"], 2);
}

#[tokio::test]
async fn the_page_gets_newest_first_then_only_what_is_new() {
    let room = Room::new();
    let first = room.send_to("a@example.com").await.message_id();
    let second = room.send_to("b@example.com").await.message_id();
    let ids = async |query: &str| -> Vec<String> {
        let page = room
            .ask("GET", &format!("/mailbox/list{query}"), None)
            .await
            .json();
        assert_eq!(page["more"], false);
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["id"].as_str().unwrap().to_owned())
            .collect()
    };

    assert_eq!(ids("").await, [second.clone(), first.clone()]);
    assert_eq!(
        ids(&format!("?after={first}")).await,
        std::slice::from_ref(&second)
    );
    assert_eq!(
        ids(&format!("?before={second}")).await,
        std::slice::from_ref(&first)
    );
    assert_eq!(ids("?q=B%40EXAMPLE").await, [second]);
    let page = room.ask("GET", "/mailbox/list", None).await.json();
    assert_eq!(page["total"], 2);
    assert_eq!(page["items"][0]["kind"], "invitation");
    assert_eq!(page["items"][0]["outcome"], "delivered");
}

#[tokio::test]
async fn more_than_one_page_of_mails_says_that_there_is_more() {
    let room = Room::new();
    for _ in 0..201 {
        room.send_to("a@example.com").await.message_id();
    }

    let page = room.ask("GET", "/mailbox/list", None).await.json();

    assert_eq!(page["items"].as_array().unwrap().len(), 200);
    assert_eq!(page["more"], true);
    assert_eq!(room.mailbox().await.len(), 201);
}

#[tokio::test]
async fn the_page_runs_nothing_that_is_written_into_it() {
    let room = Room::new();

    let page = room.ask("GET", "/mailbox", None).await;
    let script = room.ask("GET", "/mailbox/mailbox.js", None).await;
    let style = room.ask("GET", "/mailbox/mailbox.css", None).await;

    assert!(
        page.header("content-security-policy")
            .contains("script-src 'self';")
    );
    assert!(!page.text.contains(" onclick="));
    assert!(!page.text.contains(" style="));
    assert_eq!(
        script.header("content-type"),
        "text/javascript; charset=utf-8"
    );
    assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
    for id in script
        .text
        .split("element(\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
    {
        assert!(
            page.text.contains(&format!("id=\"{id}\"")),
            "{id} is in the script only"
        );
    }
}
