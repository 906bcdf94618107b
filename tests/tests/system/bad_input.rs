//! Every refusal says what is wrong, in which field, and what to do; and leaves everything as it
//! was.

use beckon_tests::{Answer, Beckon, Person};
use insta::assert_json_snapshot;
use serde_json::{Value, json};

/// An id that is well formed and nobody's.
const NOBODY: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

/// A Beckon with one invited user, and all there was to see before something was refused.
struct Scene {
    beckon: Beckon,
    ada: Person,
    before: Value,
}

impl Scene {
    async fn set() -> Self {
        let beckon = Beckon::start().await;
        Self::of(beckon).await
    }

    async fn with_method(method: &str) -> Self {
        let beckon = Beckon::start().await;
        beckon.method(method).await;
        Self::of(beckon).await
    }

    async fn of(beckon: Beckon) -> Self {
        let ada = beckon
            .add_user(&json!({ "email": "ada@example.com", "externalId": "e-1" }))
            .await;
        beckon.quiet().await;
        let before = beckon.everything().await;
        Self {
            beckon,
            ada,
            before,
        }
    }

    async fn add_user(&self, user: &Value) -> Answer {
        self.beckon.post("/v1/users", user).await
    }

    async fn put_settings(&self, settings: &Value) -> Answer {
        self.beckon
            .call("PUT", "/v1/settings")
            .header("If-Match", "*")
            .json(settings)
            .answer()
            .await
    }

    /// The refusal of a preview, which must be the same as that of a batch.
    async fn order(&self, order: &Value) -> Answer {
        let previewed = self.beckon.post("/v1/invitations/preview", order).await;
        let sent = self.beckon.post("/v1/invitations", order).await;
        assert_eq!(previewed.said(), sent.said());
        sent
    }

    /// Asserts that all there is to see is as it was.
    async fn is_as_it_was(&self) {
        self.beckon.quiet().await;
        assert_eq!(self.beckon.everything().await, self.before);
    }
}

#[tokio::test]
async fn a_selection_with_unknown_users_names_them_and_invites_nobody() {
    let scene = Scene::set().await;

    let refused = scene
        .order(&json!({ "selection": { "userIds": [scene.ada.id, NOBODY] } }))
        .await;

    assert_json_snapshot!(refused.problem(422));
    scene.is_as_it_was().await;
}

#[tokio::test]
async fn an_id_in_a_selection_that_is_none_is_named() {
    let scene = Scene::set().await;

    let refused = scene
        .order(&json!({ "selection": { "userIds": [scene.ada.id, "ada", ""] } }))
        .await;

    assert_json_snapshot!(refused.problem(422));
    scene.is_as_it_was().await;
}

#[tokio::test]
async fn an_empty_selection_is_refused() {
    let scene = Scene::set().await;

    let nobody = scene
        .order(&json!({ "selection": { "userIds": [] } }))
        .await;
    let nothing = scene.order(&json!({ "selection": {} })).await;
    let no_selection = scene.order(&json!({})).await;

    assert_json_snapshot!(nobody.problem(422));
    assert_json_snapshot!(nothing.problem(422));
    assert_eq!(no_selection.problem(422), nothing.problem(422));
    scene.is_as_it_was().await;
}

#[tokio::test]
async fn a_selection_by_ids_and_by_filter_at_once_is_refused() {
    let scene = Scene::set().await;

    let both = scene
        .order(&json!({ "selection": { "userIds": [scene.ada.id], "filter": {} } }))
        .await;
    let except = scene
        .order(&json!({ "selection": { "userIds": [scene.ada.id], "except": [scene.ada.id] } }))
        .await;

    assert_json_snapshot!(both.problem(422));
    assert_json_snapshot!(except.problem(422));
    scene.is_as_it_was().await;
}

#[tokio::test]
async fn more_than_ten_thousand_ids_or_a_thousand_exceptions_are_refused() {
    let scene = Scene::set().await;

    let ids = scene
        .order(&json!({ "selection": { "userIds": vec![NOBODY; 10_001] } }))
        .await;
    let exceptions: Vec<String> = (0..1_001)
        .map(|n| format!("01ARZ3NDEKTSV4RRFFQ69G{n:04}"))
        .collect();
    let exceptions = scene
        .order(&json!({ "selection": { "filter": {}, "except": exceptions } }))
        .await;

    assert_json_snapshot!(ids.problem(422));
    assert_json_snapshot!(exceptions.problem(422));
    scene.is_as_it_was().await;
}

#[tokio::test]
async fn an_unknown_version_of_the_settings_is_refused() {
    let scene = Scene::set().await;

    let unknown = scene
        .order(&json!({ "selection": { "userIds": [scene.ada.id] }, "settingsVersion": "99" }))
        .await;
    let malformed = scene
        .order(&json!({ "selection": { "userIds": [scene.ada.id] }, "settingsVersion": "new" }))
        .await;

    assert_json_snapshot!(unknown.problem(422));
    assert_json_snapshot!(malformed.problem(422));
    scene.is_as_it_was().await;
}

#[tokio::test]
async fn a_device_owner_setting_that_applies_to_nobody_is_refused() {
    let scene = Scene::with_method("qrCode").await;

    let refused = scene
        .order(&json!({ "selection": { "userIds": [scene.ada.id] }, "ownership": "companyOwned" }))
        .await;
    let adding = scene
        .add_user(&json!({ "email": "bob@example.com", "ownership": "userOwned" }))
        .await;

    assert_json_snapshot!(refused.problem(422));
    assert_json_snapshot!(adding.problem(422));
    scene.is_as_it_was().await;
}

#[tokio::test]
async fn a_malformed_address_is_refused() {
    let scene = Scene::set().await;

    let missing = scene.add_user(&json!({ "displayName": "Bob" })).await;
    let incomplete = scene.add_user(&json!({ "email": "bob" })).await;
    let split = scene
        .add_user(&json!({ "email": "bob@example.com\r\nBcc: eve@example.com" }))
        .await;
    let two = scene
        .add_user(&json!({ "email": "bob@example.com, eve@example.com" }))
        .await;

    assert_json_snapshot!(missing.problem(422));
    assert_json_snapshot!(incomplete.problem(422));
    assert_eq!(split.problem(422), incomplete.problem(422));
    assert_eq!(two.problem(422), incomplete.problem(422));
    scene.is_as_it_was().await;
}

#[tokio::test]
async fn a_taken_address_is_refused_whatever_its_case() {
    let scene = Scene::set().await;

    let same = scene.add_user(&json!({ "email": "ada@example.com" })).await;
    let other_case = scene.add_user(&json!({ "email": "Ada@EXAMPLE.com" })).await;

    assert_json_snapshot!(same.problem(409));
    assert_eq!(other_case.problem(409), same.problem(409));
    scene.is_as_it_was().await;
}

#[tokio::test]
async fn a_taken_external_id_is_refused() {
    let scene = Scene::set().await;

    let refused = scene
        .add_user(&json!({ "email": "bob@example.com", "externalId": "e-1" }))
        .await;

    assert_json_snapshot!(refused.problem(409));
    scene.is_as_it_was().await;
}

#[tokio::test]
async fn an_address_of_a_domain_that_may_not_be_invited_is_refused() {
    let scene = Scene::set().await;

    let other = scene.add_user(&json!({ "email": "bob@example.net" })).await;
    let below = scene
        .add_user(&json!({ "email": "bob@sub.example.com" }))
        .await;

    assert_json_snapshot!(other.problem(422));
    assert_json_snapshot!(below.problem(422));
    scene.is_as_it_was().await;
}

#[tokio::test]
async fn a_name_that_would_split_a_header_turn_the_text_or_plant_a_link_is_refused() {
    let scene = Scene::set().await;
    let named = |name: &str| json!({ "email": "bob@example.com", "displayName": name });

    let line_break = scene.add_user(&named("Bob\r\nBcc: eve@example.com")).await;
    let null = scene.add_user(&named("Bob\u{0}")).await;
    let bidi = scene.add_user(&named("Bob\u{202E}nimda")).await;
    let link = scene.add_user(&named("Win at https://evil.example")).await;
    let long = scene.add_user(&named(&"B".repeat(101))).await;
    let group = scene
        .add_user(&json!({ "email": "bob@example.com", "groups": ["staff", "a\tb"] }))
        .await;

    assert_json_snapshot!(line_break.problem(422));
    assert_eq!(null.problem(422), line_break.problem(422));
    assert_eq!(bidi.problem(422), line_break.problem(422));
    assert_json_snapshot!(link.problem(422));
    assert_json_snapshot!(long.problem(422));
    assert_json_snapshot!(group.problem(422));
    scene.is_as_it_was().await;
}

#[tokio::test]
async fn everything_wrong_with_a_user_is_named_at_once() {
    let scene = Scene::set().await;

    let refused = scene
        .add_user(&json!({
            "email": "bob", "displayName": " ", "groups": ["www.evil.example"],
            "locale": "not a language", "timeZone": "Mars/Olympus", "externalId": "\u{7}",
        }))
        .await;

    assert_json_snapshot!(refused.problem(422));
    scene.is_as_it_was().await;
}

#[tokio::test]
async fn settings_out_of_range_are_refused_all_at_once() {
    let scene = Scene::set().await;

    let high = scene
        .put_settings(&json!({
            "registration": { "lifetimeHours": 721, "pin": { "length": 13, "tries": 11 } },
        }))
        .await;
    let low = scene
        .put_settings(&json!({
            "registration": { "lifetimeHours": 0, "pin": { "length": 3, "tries": -1 } },
        }))
        .await;
    let others = scene
        .put_settings(&json!({
            "confirmation": { "enabled": true, "distribution": { "groups": [] } },
            "reminders": { "enabled": true, "everyDays": 0, "most": 31, "quietHours": { "from": "8 pm", "to": "08:00" } },
            "groups": [{ "group": "a", "registration": { "method": "qrCode" }, "ownership": "userOwned" }],
            "administrators": { "addresses": ["nobody"] },
            "agreements": [{ "text": "", "url": "http://example.com" }],
            "sender": { "from": "beckon", "recipientDomains": ["localhost"] },
            "organisation": { "name": "Win at https://evil.example", "helpDesk": { "email": "?" } },
            "enrolment": { "addresses": [{ "url": "javascript:alert(1)" }] },
            "locale": "?", "timeZone": "Mars/Olympus",
        }))
        .await;

    assert_json_snapshot!(high.problem(422));
    assert_json_snapshot!(low.problem(422));
    assert_json_snapshot!(others.problem(422));
    scene.is_as_it_was().await;
}

#[tokio::test]
async fn a_pin_that_is_easily_guessed_is_refused_with_the_chance() {
    let scene = Scene::set().await;

    let refused = scene
        .put_settings(&json!({ "registration": { "pin": { "length": 4, "tries": 10 } } }))
        .await;

    let document = refused.problem(422);
    assert!(refused.text.contains("a chance of 1 in 250"));
    assert_json_snapshot!(document);
    scene.is_as_it_was().await;
}

#[tokio::test]
async fn settings_that_were_changed_meanwhile_are_not_overwritten() {
    let scene = Scene::set().await;
    let read = scene.beckon.get("/v1/settings").await;
    let etag = read.header("etag").to_owned();
    let longer = json!({ "registration": { "lifetimeHours": 24 } });
    let shorter = json!({ "registration": { "lifetimeHours": 12 } });
    let put = async |settings: &Value| {
        let call = scene.beckon.call("PUT", "/v1/settings");
        call.header("If-Match", &etag).json(settings).answer().await
    };

    let first = put(&longer).await;
    let second = put(&shorter).await;

    assert_eq!(first.status, 200);
    assert_json_snapshot!(second.problem(412));
    let now = scene.beckon.get("/v1/settings").await;
    assert_eq!(now.json(), first.json());
    assert_eq!(now.header("etag"), first.header("etag"));
    assert_ne!(now.header("etag"), etag);
}

#[tokio::test]
async fn settings_without_if_match_or_with_one_that_is_no_etag_are_refused() {
    let scene = Scene::set().await;
    let put = || scene.beckon.call("PUT", "/v1/settings").json(&json!({}));

    let missing = put().answer().await;
    let malformed = put().header("If-Match", "latest").answer().await;

    assert_json_snapshot!(missing.problem(428));
    assert_json_snapshot!(malformed.problem(422));
    scene.is_as_it_was().await;
}

/// Every route that takes a body.
const TAKES_A_BODY: [(&str, &str); 6] = [
    ("POST", "/v1/users"),
    ("POST", "/v1/invitations"),
    ("POST", "/v1/invitations/preview"),
    ("PUT", "/v1/settings"),
    ("POST", "/v1/redemptions"),
    ("POST", "/local/events"),
];

/// The one refusal that every route gives to the same wrong body.
async fn refusal_of_every_route(
    scene: &Scene,
    status: u16,
    with: impl Fn(beckon_tests::Call) -> beckon_tests::Call,
) -> Value {
    let mut refusals = Vec::new();
    for (method, path) in TAKES_A_BODY {
        let call = scene.beckon.call(method, path).header("If-Match", "*");
        refusals.push(with(call).answer().await.problem(status));
    }
    let first = refusals.remove(0);
    for other in refusals {
        assert_eq!(other, first);
    }
    first
}

#[tokio::test]
async fn an_oversized_body_is_refused() {
    let scene = Scene::set().await;
    let body = format!("{{\"email\": \"{}\"}}", "a".repeat(1024 * 1024));

    let refused = refusal_of_every_route(&scene, 413, |call| call.body(body.clone())).await;

    assert_json_snapshot!(refused);
    scene.is_as_it_was().await;
}

#[tokio::test]
async fn a_body_that_is_not_json_is_refused() {
    let scene = Scene::set().await;

    let form = refusal_of_every_route(&scene, 400, |call| call.body("email=bob@example.com")).await;
    let cut = refusal_of_every_route(&scene, 400, |call| call.body("{\"")).await;
    let empty = refusal_of_every_route(&scene, 400, |call| call.body("")).await;

    assert_json_snapshot!(form);
    assert_json_snapshot!(cut);
    assert_json_snapshot!(empty);
    scene.is_as_it_was().await;
}

#[tokio::test]
async fn a_body_that_is_not_said_to_be_json_is_refused() {
    let scene = Scene::set().await;
    let body = "{\"email\": \"bob@example.com\"}";

    let silent = refusal_of_every_route(&scene, 415, |call| call.bare_body(body)).await;
    let plain = refusal_of_every_route(&scene, 415, |call| {
        call.header("Content-Type", "text/plain").bare_body(body)
    })
    .await;

    assert_json_snapshot!(silent);
    assert_eq!(plain, silent);
    scene.is_as_it_was().await;
}

#[tokio::test]
async fn a_value_of_the_wrong_type_is_named_by_its_field_and_never_repeated() {
    let scene = Scene::set().await;

    let answers = [
        scene.add_user(&json!({ "email": 48_151_623 })).await,
        scene
            .add_user(&json!({ "email": "bob@example.com", "groups": "48151623" }))
            .await,
        scene
            .put_settings(&json!({ "registration": { "pin": { "tries": "48151623" } } }))
            .await,
        scene
            .put_settings(&json!({ "registration": { "method": "48151623" } }))
            .await,
        scene
            .order(&json!({ "selection": { "userIds": [48_151_623] } }))
            .await,
        scene
            .beckon
            .post(
                "/v1/redemptions",
                &json!({ "email": "ada@example.com", "pin": 48_151_623 }),
            )
            .await,
        scene.add_user(&json!(["48151623@example.com"])).await,
        scene.add_user(&json!("48151623")).await,
    ];

    for answer in &answers {
        assert!(!answer.text.contains("48151623"), "{}", answer.text);
    }
    let documents: Vec<Value> = answers.iter().map(|answer| answer.problem(422)).collect();
    assert_json_snapshot!(documents);
    scene.is_as_it_was().await;
}

#[tokio::test]
async fn all_that_is_wrong_with_the_form_of_a_body_is_named_at_once() {
    let scene = Scene::set().await;

    let answers = [
        scene
            .add_user(&json!({ "email": 1, "displayName": 2, "groups": ["a", 3], "admin": true }))
            .await,
        scene
            .put_settings(&json!({
                "registration": { "method": "magic", "pin": { "length": "8", "size": 8 } },
                "reminders": { "quietHours": { "from": 8 } },
                "colour": "red",
            }))
            .await,
        scene
            .beckon
            .post("/v1/declines", &json!({ "tokens": "t" }))
            .await,
    ];

    let documents: Vec<Value> = answers.iter().map(|answer| answer.problem(422)).collect();
    assert_json_snapshot!(documents);
    scene.is_as_it_was().await;
}

#[tokio::test]
async fn an_unknown_field_is_refused() {
    let scene = Scene::set().await;

    let answers = [
        scene
            .add_user(&json!({ "email": "bob@example.com", "admin": true }))
            .await,
        scene
            .put_settings(&json!({ "registration": { "pin": { "size": 8 } } }))
            .await,
        scene.order(&json!({ "selection": { "users": [] } })).await,
        scene
            .beckon
            .post("/v1/redemptions", &json!({ "mail": "ada@example.com" }))
            .await,
    ];

    let documents: Vec<Value> = answers.iter().map(|answer| answer.problem(422)).collect();
    assert_json_snapshot!(documents);
    scene.is_as_it_was().await;
}

#[tokio::test]
async fn an_idempotency_key_that_came_with_another_body_is_refused() {
    let beckon = Beckon::start().await;
    let ada = beckon.add_uninvited("ada@example.com").await;
    let bob = beckon.add_uninvited("bob@example.com").await;
    let add = async |email: &str| {
        let call = beckon.call("POST", "/v1/users").key("key-2");
        call.json(&json!({ "email": email, "invite": false }))
            .answer()
            .await
    };
    let sent = beckon
        .send_once("key-1", &[&ada], None)
        .await
        .with_status(202);
    beckon
        .delivered(sent["batch"]["id"].as_str().unwrap())
        .await;
    assert_eq!(add("eve@example.com").await.status, 201);
    beckon.quiet().await;
    let before = beckon.everything().await;

    let other_people = beckon.send_once("key-1", &[&ada, &bob], None).await;
    let other_choice = beckon.send_once("key-1", &[&ada], Some("userOwned")).await;
    let other_user = add("mallory@example.com").await;

    assert_json_snapshot!(other_people.problem(422));
    assert_eq!(other_choice.problem(422), other_people.problem(422));
    assert_eq!(other_user.problem(422), other_people.problem(422));
    beckon.quiet().await;
    assert_eq!(beckon.everything().await, before);
}

#[tokio::test]
async fn a_malformed_idempotency_key_is_refused() {
    let scene = Scene::set().await;

    for key in ["", "   ", &"k".repeat(256)] {
        let refused = scene.beckon.send_once(key, &[&scene.ada], None).await;

        assert_json_snapshot!("a_malformed_idempotency_key", refused.problem(422));
    }
    scene.is_as_it_was().await;
}

#[tokio::test]
async fn a_malformed_envelope_of_an_event_is_refused_whole() {
    let scene = Scene::set().await;
    let put = async |entries: Value| {
        let body = json!({ "Entries": entries });
        scene.beckon.post("/local/events", &body).await
    };
    let good = json!({
        "Source": "mdm.example", "DetailType": "Device Registered",
        "Detail": json!({
            "userId": scene.ada.id, "device": { "id": "d-1" }, "registeredAt": "2026-11-22T22:00:00Z",
        }).to_string(),
    });
    let entry = |source: &str, detail: &str| json!({ "Source": source, "DetailType": "Device Registered", "Detail": detail });

    let beside_a_good_one = put(json!([
        good,
        entry("aws.mdm", "{}"),
        entry("", "{}"),
        entry("mdm", "[1]"),
        entry("mdm", "no")
    ]))
    .await;
    let none = put(json!([])).await;
    let too_many = put(json!(vec![good.clone(); 11])).await;
    let nameless = put(json!([{ "Source": "mdm.example", "Detail": "{}" }])).await;

    assert_json_snapshot!(beside_a_good_one.problem(400));
    assert_json_snapshot!(none.problem(400));
    assert_eq!(too_many.problem(400), none.problem(400));
    assert_json_snapshot!(nameless.problem(422));
    scene.is_as_it_was().await;
}

#[tokio::test]
async fn a_malformed_detail_of_an_event_is_refused() {
    let scene = Scene::set().await;
    let report = async |detail: Value| scene.beckon.report(&detail).await.problem(400);

    let empty = report(json!({})).await;
    let nobody =
        report(json!({ "device": { "id": "d-1" }, "registeredAt": "2026-11-22T22:00:00Z" })).await;
    let types = report(json!({ "userId": 7, "device": "phone", "registeredAt": 0 })).await;
    let list = report(json!({ "userId": scene.ada.id, "device": ["d-1"] })).await;
    let values = report(json!({
        "registrationId": "not-one-of-ours", "device": { "id": "\u{7}" }, "registeredAt": "yesterday",
    }))
    .await;

    assert_json_snapshot!([empty, nobody, types, list, values]);
    scene.is_as_it_was().await;
}

#[tokio::test]
async fn an_event_that_names_nobody_known_is_kept_aside_with_the_reason() {
    let scene = Scene::set().await;
    let stranger = json!({ "email": "stranger@example.com" });

    scene
        .beckon
        .report_device(&stranger, &json!({ "id": "d-1" }))
        .await;

    let failures = scene.beckon.failures().await;
    assert_eq!(failures.len(), 1);
    assert_eq!(failures[0]["reason"], "it names no user we know");
    let event: Value = serde_json::from_str(failures[0]["event"].as_str().unwrap()).unwrap();
    assert_eq!(event["detail"]["device"]["id"], "d-1");
    let mut after = scene.beckon.everything().await;
    after["failures"] = json!([]);
    assert_eq!(after, scene.before);
}

#[tokio::test]
async fn an_unknown_route_is_told_so() {
    let scene = Scene::set().await;

    for path in [
        "/v1/user",
        "/v2/users",
        "/v1/users/",
        "/favicon.ico",
        "/v1/users/a/b/c",
    ] {
        let refused = scene.beckon.get(path).await;

        assert_json_snapshot!("an_unknown_route", refused.problem(404));
    }
    scene.is_as_it_was().await;
}

#[tokio::test]
async fn a_method_that_a_route_does_not_take_is_told_so() {
    let scene = Scene::set().await;

    for (method, path) in [
        ("DELETE", "/v1/settings"),
        ("GET", "/v1/invitations"),
        ("GET", "/v1/redemptions"),
        ("POST", "/v1/batches"),
        ("GET", "/v1/declines"),
        ("POST", "/enroll"),
    ] {
        let refused = scene.beckon.call(method, path).answer().await;

        assert_json_snapshot!("a_method_that_is_not_taken", refused.problem(405));
        assert_ne!(refused.header("allow"), "", "{method} {path}");
    }
    scene.is_as_it_was().await;
}

#[tokio::test]
async fn a_foreign_host_is_refused_on_every_route() {
    let scene = Scene::set().await;

    for (method, path) in [
        ("GET", "/"),
        ("GET", "/v1/users"),
        ("POST", "/v1/users"),
        ("GET", "/local/mailbox"),
        ("DELETE", "/local/mailbox"),
        ("POST", "/local/events"),
        ("GET", "/nowhere"),
    ] {
        for host in [
            "evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil.example:80",
        ] {
            let call = scene.beckon.call(method, path).header("Host", host);
            let refused = call
                .json(&json!({ "email": "bob@example.com" }))
                .answer()
                .await;

            assert_json_snapshot!("a_foreign_host", refused.problem(421));
        }
    }
    scene.is_as_it_was().await;
}

#[tokio::test]
async fn a_page_of_another_site_is_refused_and_one_of_its_own_is_not() {
    let scene = Scene::set().await;
    let own = scene.beckon.address().to_owned();
    let cancel = format!("/v1/users/{}/invitation/cancel", scene.ada.id);
    let from = async |origin: &str| {
        let call = scene.beckon.call("POST", &cancel).header("Origin", origin);
        call.answer().await
    };

    for origin in ["http://evil.example", "null", "http://127.0.0.1:1", ""] {
        assert_json_snapshot!("a_foreign_host", from(origin).await.problem(421));
    }
    scene.is_as_it_was().await;
    assert_eq!(from(&own).await.status, 200);
}

#[tokio::test]
async fn an_unknown_id_in_a_path_is_not_found() {
    let scene = Scene::set().await;

    for id in [NOBODY, "ada@example.com", "%20", "%00", &"A".repeat(5_000)] {
        let user = scene.beckon.get(&format!("/v1/users/{id}")).await;
        let history = scene.beckon.get(&format!("/v1/users/{id}/history")).await;
        let devices = scene.beckon.get(&format!("/v1/users/{id}/devices")).await;
        let batch = scene.beckon.get(&format!("/v1/batches/{id}")).await;
        let recipients = scene
            .beckon
            .get(&format!("/v1/batches/{id}/recipients"))
            .await;
        let registration = scene.beckon.get(&format!("/v1/registrations/{id}")).await;

        assert_json_snapshot!("no_such_user", user.problem(404));
        assert_json_snapshot!("no_such_user", history.problem(404));
        assert_json_snapshot!("no_such_user", devices.problem(404));
        assert_json_snapshot!("no_such_batch", batch.problem(404));
        assert_json_snapshot!("no_such_batch", recipients.problem(404));
        assert_json_snapshot!("no_such_registration", registration.problem(404));
    }
    let not_even_text = scene.beckon.get("/v1/users/%FF").await;
    assert_json_snapshot!("nothing_at_this_address", not_even_text.problem(404));
    scene.is_as_it_was().await;
}

#[tokio::test]
async fn a_list_refuses_what_it_cannot_filter_by() {
    let scene = Scene::set().await;
    let list = async |query: &str| {
        let answer = scene.beckon.get(&format!("/v1/users?{query}")).await;
        answer.problem(422)
    };

    let state = list("state=pending,gone,went,gone").await;
    let limit = list("limit=101").await;
    let group = list("group=www.evil.example").await;
    let all_at_once =
        list("colour=red&state=gone&delivery=lost&limit=many&text=a&text=b&group=www.evil.example")
            .await;

    assert_json_snapshot!(state);
    assert_json_snapshot!(limit);
    for other in ["0", "-1", "many", ""] {
        assert_eq!(list(&format!("limit={other}")).await, limit);
    }
    assert_json_snapshot!(group);
    assert_json_snapshot!(all_at_once);
    scene.is_as_it_was().await;
}

#[tokio::test]
async fn a_parameter_that_a_route_does_not_take_is_refused_and_not_passed_over() {
    let scene = Scene::set().await;
    let sent = scene.beckon.batches().await[0]["batch"]["id"].clone();
    let lists = [
        "/v1/users".to_owned(),
        "/v1/users/export".to_owned(),
        "/v1/batches".to_owned(),
        format!("/v1/users/{}/history", scene.ada.id),
        format!("/v1/batches/{}/recipients", sent.as_str().unwrap()),
    ];

    for list in &lists {
        let answer = scene.beckon.get(&format!("{list}?deliveries=failed")).await;

        let errors = &answer.problem(422)["errors"];
        assert_eq!(errors[0]["field"], "deliveries", "{list}");
        let detail = errors[0]["detail"].as_str().unwrap();
        assert!(detail.contains("it takes"), "{detail}");
    }
    let paged = lists.iter().filter(|list| !list.ends_with("export"));
    for list in paged {
        let one = scene.beckon.get(&format!("{list}?limit=1")).await;
        let none = scene.beckon.get(&format!("{list}?limit=0")).await;

        assert_eq!(one.with_status(200)["items"].as_array().unwrap().len(), 1);
        assert_eq!(none.problem(422)["errors"][0]["field"], "limit", "{list}");
    }
    scene.is_as_it_was().await;
}

#[tokio::test]
async fn a_cursor_that_a_list_never_gave_is_refused_by_every_list() {
    let scene = Scene::set().await;
    let sent = scene.beckon.batches().await[0]["batch"]["id"].clone();
    let lists = [
        "/v1/users".to_owned(),
        "/v1/users/export".to_owned(),
        "/v1/batches".to_owned(),
        format!("/v1/users/{}/history", scene.ada.id),
        format!("/v1/batches/{}/recipients", sent.as_str().unwrap()),
    ];

    for list in &lists {
        for cursor in [
            "nonsense",
            "%00",
            "%FF",
            "1.x",
            "-1.-1",
            "99999999999.0",
            "",
            "abc",
            "zzz",
            "ada@example.com%23",
            // The text `users`, as a cursor might look.
            "dXNlcnM",
            &"x".repeat(5_000),
        ] {
            let answer = scene.beckon.get(&format!("{list}?cursor={cursor}")).await;

            let errors = &answer.problem(422)["errors"];
            assert_eq!(errors[0]["field"], "cursor", "{list}?cursor={cursor}");
            assert_eq!(errors.as_array().unwrap().len(), 1);
        }
        let twice = scene.beckon.get(&format!("{list}?cursor=a&cursor=b")).await;
        let kind = twice.problem(422)["type"].clone();
        assert_eq!(kind, "urn:beckon:problem:invalid-fields", "{list}");
    }
    scene.is_as_it_was().await;
}

#[tokio::test]
async fn a_redemption_that_is_none_is_refused() {
    let scene = Scene::set().await;
    let redeem = async |body: Value| {
        scene
            .beckon
            .post("/v1/redemptions", &body)
            .await
            .problem(422)
    };

    let nothing = redeem(json!({})).await;
    let pin_alone = redeem(json!({ "pin": "48151623" })).await;
    let both = redeem(json!({ "email": "ada@example.com", "pin": "48151623", "token": "t" })).await;
    let address = redeem(json!({ "email": "ada", "pin": "48151623" })).await;
    let device =
        redeem(json!({ "email": "ada@example.com", "pin": "1", "device": { "id": "\u{7}" } }))
            .await;

    let documents = [nothing, pin_alone, both, address, device];
    for document in &documents {
        assert!(!document.to_string().contains("48151623"), "{document}");
    }
    assert_json_snapshot!(documents);
    scene.is_as_it_was().await;
}
