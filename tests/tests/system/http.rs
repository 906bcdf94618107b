//! What HTTP itself asks of a server: methods, media types, entity tags, and what stands at no address.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a broken expectation is a failed test"
)]

use beckon_tests::Beckon;
use serde_json::{Value, json};

#[tokio::test]
async fn of_several_etags_one_that_is_current_is_enough_and_a_weak_one_never_is() {
    let beckon = Beckon::start().await;
    let read = beckon.get("/v1/settings").await;
    let etag = read.header("etag").to_owned();
    let put = async |if_match: &str| {
        let call = beckon.call("PUT", "/v1/settings");
        let call = call.header("If-Match", if_match).json(&read.json());
        call.answer().await.status
    };

    for never in [
        format!("W/{etag}"),
        "\"latest\"".to_owned(),
        "\"998\", \"999\"".to_owned(),
        format!("\"998\", W/{etag}"),
    ] {
        assert_eq!(put(&never).await, 412, "{never}");
    }
    assert_eq!(beckon.get("/v1/settings").await.json(), read.json());
    assert_eq!(put(&format!("\"998\", {etag}")).await, 200);
}

#[tokio::test]
async fn a_body_may_begin_with_a_byte_order_mark_and_say_json_in_other_ways() {
    let beckon = Beckon::start().await;
    let add = async |number: u8, media: &str, before: &str| {
        let body =
            format!("{before}{{\"email\": \"new-{number}@example.com\", \"invite\": false}}");
        let call = beckon.call("POST", "/v1/users");
        let call = call.header("Content-Type", media).bare_body(body);
        call.answer().await.status
    };

    assert_eq!(add(1, "application/json", "\u{feff}").await, 201);
    assert_eq!(add(2, "application/json; charset=\"UTF-8\"", "").await, 201);
    assert_eq!(add(3, "application/vnd.example+json", "").await, 201);
    assert_eq!(
        add(4, "application/json; charset=iso-8859-1", "").await,
        201
    );
    assert_eq!(add(5, "application/json; charset=utf-16", "").await, 415);
    assert_eq!(add(6, "application/merge-patch+json", "").await, 415);
    assert_eq!(add(7, "text/json", "").await, 415);
    assert_eq!(add(8, "application/json", " \u{feff}").await, 400);
}

#[tokio::test]
async fn a_change_may_say_that_it_is_a_merge_patch_and_null_clears_what_it_names() {
    let beckon = Beckon::start().await;
    let new = json!({ "email": "new@example.com", "displayName": "New", "groups": ["staff"],
        "externalId": "E-1", "locale": "de", "timeZone": "Europe/Berlin", "invite": false });
    let person = beckon.add_user(&new).await;
    let change = async |media: &str, patch: Value| {
        let path = format!("/v1/users/{}", person.id);
        let call = beckon.call("PATCH", &path);
        let call = call
            .header("Content-Type", media)
            .bare_body(patch.to_string());
        call.answer().await
    };

    let everything = json!({ "displayName": null, "groups": null, "externalId": null, "locale": null, "timeZone": null });
    let cleared = change("application/merge-patch+json", everything)
        .await
        .with_status(200);

    for field in ["displayName", "externalId", "locale", "timeZone"] {
        assert_eq!(cleared[field], Value::Null, "{field}");
    }
    assert_eq!(cleared["groups"], json!([]));
    assert_eq!(cleared["email"], "new@example.com");
    let nothing = change("application/merge-patch+json; charset=utf-8", json!({})).await;
    assert_eq!(nothing.with_status(200), cleared);
    let operations = json!([{ "op": "remove", "path": "/displayName" }]);
    assert_eq!(
        change("application/json-patch+json", operations)
            .await
            .status,
        415
    );
    let no_address = change("application/merge-patch+json", json!({ "email": null })).await;
    assert_eq!(no_address.problem(422)["errors"][0]["field"], "email");
}

#[tokio::test]
async fn a_method_that_is_not_taken_is_told_which_are() {
    let beckon = Beckon::start().await;
    for (method, path, allow) in [
        ("PUT", "/v1/users", "GET,HEAD,POST"),
        ("DELETE", "/v1/settings", "GET,HEAD,PUT"),
        ("PATCH", "/openapi.json", "GET,HEAD"),
        ("POST", "/enroll", "GET,HEAD"),
    ] {
        let answer = beckon.call(method, path).answer().await;

        assert_eq!(answer.status, 405, "{method} {path}");
        let mut methods: Vec<&str> = answer.header("allow").split(',').collect();
        methods.sort_unstable();
        assert_eq!(methods.join(","), allow, "{method} {path}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let asked = beckon.call("OPTIONS", path).answer().await;
        assert_eq!((asked.status, asked.text.as_str()), (204, ""), "{path}");
        assert_eq!(asked.header("allow"), answer.header("allow"), "{path}");
    }
}

#[tokio::test]
async fn people_who_mistype_the_enrolment_page_reach_it_and_others_read_that_nothing_is_there() {
    let beckon = Beckon::start().await;
    let get = async |path: &str, accept: &str| {
        let call = beckon.call("GET", path).header("Accept", accept);
        call.answer().await
    };

    for path in [
        "/enroll/",
        "/Enroll",
        "/ENROLL//",
        "/enrol",
        "/enrolment",
        "/enroll.%20",
    ] {
        // The client follows the redirect, as browsers do.
        let page = get(path, "text/html").await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.text.contains("Register this device"), "{path}");
    }
    let page = get("/enroll/now", "text/html,*/*;q=0.8").await;
    assert_eq!(page.status, 404);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(
        page.header("content-security-policy")
            .starts_with("default-src 'none'")
    );
    assert!(page.text.contains("href=\"/enroll\""));
    let problem = get("/v1/user", "*/*").await.problem(404);
    assert_eq!(problem["type"], "urn:beckon:problem:no-such-route");
}

#[tokio::test]
async fn who_must_wait_is_told_for_how_long() {
    let beckon = Beckon::start_with(|options| options.wrong_tries_per_hour = 1).await;
    let ada = beckon.invite("ada@example.com").await;
    let wrong = async || beckon.show_pin(&ada.email, "0000 0001").await;

    let _ = wrong().await;
    let spent = wrong().await;

    assert_eq!(spent.status, 429, "{}", spent.text);
    assert_eq!(spent.header("retry-after"), "3600");
}
