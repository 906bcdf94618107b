//! The history of the settings: who changed what, when, from what to what.

use beckon_tests::Beckon;
use serde_json::{Value, json};

async fn history(beckon: &Beckon, query: &str) -> Value {
    let path = format!("/v1/settings/history{query}");
    beckon.get(&path).await.with_status(200)
}

#[tokio::test]
async fn each_change_says_who_made_it_when_and_what_was_before() {
    let beckon = Beckon::start().await;
    let began = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(1);
    assert_eq!(
        history(&beckon, "").await,
        json!({ "items": [], "next": null })
    );

    beckon.settings(&json!({ "locale": "de" })).await;
    beckon
        .settings(&json!({
            "registration": { "lifetimeHours": 48 },
            "groups": [{ "group": "staff", "registration": { "method": "qrCode" } }],
        }))
        .await;
    let items = history(&beckon, "").await["items"].take();

    assert_eq!(items.as_array().unwrap().len(), 2);
    for item in items.as_array().unwrap() {
        assert_eq!(item["by"], "Local administrator");
        let at: jiff::Timestamp = item["at"].as_str().unwrap().parse().unwrap();
        assert!(at >= began);
    }
    assert_eq!(items[0]["version"], "2");
    assert_eq!(
        items[1]["changes"],
        json!([{ "field": "locale", "before": "en", "after": "de" }])
    );
    let changes = items[0]["changes"].as_array().unwrap();
    for expected in [
        json!({ "field": "locale", "before": "de", "after": "en" }),
        json!({ "field": "registration.lifetimeHours", "before": 168, "after": 48 }),
        json!({ "field": "groups[staff].group", "before": null, "after": "staff" }),
        json!({ "field": "groups[staff].registration.method", "before": null, "after": "qrCode" }),
    ] {
        assert!(changes.contains(&expected), "{expected} in {changes:#?}");
    }
}

#[tokio::test]
async fn pages_follow_one_another_and_a_change_at_their_border_is_told_whole() {
    let beckon = Beckon::start().await;
    for hours in 1..=7 {
        beckon
            .settings(&json!({ "registration": { "lifetimeHours": hours } }))
            .await;
    }

    let mut told = Vec::new();
    let mut query = "?limit=3".to_owned();
    for _ in 0..4 {
        let mut page = history(&beckon, &query).await;
        for item in page["items"].as_array().unwrap() {
            let changes = item["changes"].as_array().unwrap();
            assert_eq!(changes.len(), 1, "{item}");
            told.push((changes[0]["before"].clone(), changes[0]["after"].clone()));
        }
        let Value::String(next) = page["next"].take() else {
            break;
        };
        query = format!("?limit=3&cursor={next}");
    }

    let expected: Vec<(Value, Value)> = (1..=7)
        .rev()
        .map(|hours| {
            (
                json!(if hours == 1 { 168 } else { hours - 1 }),
                json!(hours),
            )
        })
        .collect();
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_cursor_that_no_page_gave_is_refused() {
    let beckon = Beckon::start().await;

    let answer = beckon.get("/v1/settings/history?cursor=bm9uZQ").await;

    assert_eq!(answer.problem(422)["errors"][0]["field"], "cursor");
}
