//! The overview over HTTP: the funnel, what needs attention, and whose invitation ends tomorrow.

use beckon_tests::{Beckon, until};
use serde_json::{Value, json};

/// The numbers of a funnel, in the order of its steps.
fn numbers(funnel: &Value) -> Vec<u64> {
    let steps = funnel.as_array().into_iter().flatten();
    steps
        .map(|step| step["count"].as_u64().unwrap_or(u64::MAX))
        .collect()
}

async fn overview(beckon: &Beckon, query: &str) -> Value {
    let answer = beckon.get(&format!("/v1/overview{query}")).await;
    answer.with_status(200)
}

#[tokio::test]
async fn the_overview_the_group_and_the_batch_tell_the_same_of_one_person() {
    let beckon = Beckon::start().await;
    let confirming =
        json!({ "confirmation": { "enabled": true, "distribution": { "everyone": true } } });
    beckon.settings(&confirming).await;
    let ada = beckon
        .add_user(&json!({ "email": "ada@example.com", "groups": ["sales"], "invite": false }))
        .await;
    let ben = beckon.add_uninvited("ben@example.com").await;
    let sent = beckon.send(&[&ada, &ben], None).await;
    assert_eq!(sent["funnel"], Value::Null);
    let batch = sent["batch"]["id"].as_str().unwrap().to_owned();
    beckon.delivered(&batch).await;
    let session = beckon.redeem(&ada).await;
    let registrant = json!({ "registrationId": session });
    beckon
        .report_device(&registrant, &json!({ "id": "d-1" }))
        .await;

    let all = until("the funnel is complete", async || {
        let all = overview(&beckon, "").await;
        (numbers(&all["funnel"]) == [2, 2, 1, 1, 1]).then_some(all)
    })
    .await;

    assert_eq!(all["complete"], true);
    assert_eq!(all["open"], 1);
    let sales = overview(&beckon, "?group=Sales").await;
    assert_eq!(numbers(&sales["funnel"]), [1, 1, 1, 1, 1]);
    let report = beckon.batch(&batch).await;
    assert_eq!(numbers(&report["funnel"]), [2, 2, 1, 1, 1]);
    assert_eq!(report["batch"]["counts"]["delivered"], 2);
    let path = format!("/v1/batches/{batch}/recipients");
    let left = beckon.get(&format!("{path}?outcome=unregistered")).await;
    let left = left.with_status(200);
    assert_eq!(left["items"][0]["email"], "ben@example.com");
    assert_eq!(left["items"].as_array().unwrap().len(), 1);
    let wrong = beckon
        .get(&format!("{path}?outcome=lost"))
        .await
        .problem(422);
    assert_eq!(wrong["errors"][0]["code"], "unknownOutcome");
    let ending = beckon.get("/v1/overview/expiring").await.with_status(200);
    assert_eq!(ending["items"], json!([]));
}
