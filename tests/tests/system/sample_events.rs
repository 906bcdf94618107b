//! The sample events, with which functions are invoked by hand: each is handed to its function as
//! Lambda would, and does there what it is a sample of.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the functions beside the tests fail the tests, as they should"
)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_lambda_events::eventbridge::EventBridgeEvent;
use axum::Router;
use beckon_aws::table::stream::StreamEvent;
use beckon_aws::{DeliveryWakeUp, KeySource, LambdaWakeUp, SesMailService, clients};
use beckon_domain::model::mail::MailState;
use beckon_domain::model::settings::{Settings, SettingsDraft};
use beckon_domain::ports::keys::Keys as _;
use beckon_domain::ports::users::Users as _;
use beckon_domain::rules::content::Links;
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::sender_secrets::SenderSecret;
use beckon_domain::values::source_name::SourceName;
use beckon_mail::Composer;
use beckon_outgoing::HttpsClient;
use beckon_runtime::edge;
use beckon_testkit::builders::{a_mail, a_row, a_user, an_invitation, monday_morning};
use beckon_testkit::{MemoryKeys, World};
use beckon_tests::Beckon;
use expand::Expand;
use feedback::Reports;
use lambda_http::{Body, IntoResponse as _};
use publish::Publish;
use registration_confirmed::Confirmations;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// The mail of which the samples of streams and of the mail service tell.
const MAIL: &str = "01KG4JZ3M0000000000000000A";

/// The user in the path of `desk`'s sample.
const AT_THE_DESK: &str = "01J000000000000000000000ZZ";

fn here(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)
}

/// The names of what is in a folder, without endings, in order.
fn names_in(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(here(folder)).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().path())
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

fn text_of(function: &str) -> String {
    std::fs::read_to_string(here("events").join(format!("{function}.json"))).unwrap()
}

/// The sample as the function's `main` has Lambda's runtime read it.
fn sample<T: DeserializeOwned>(function: &str) -> T {
    serde_json::from_str(&text_of(function)).unwrap()
}

/// What a function answers to its sample, which is a request of API Gateway's.
async fn requested(function: &str, router: Router) -> (u16, String) {
    let request = lambda_http::request::from_str(&text_of(function)).unwrap();
    let answer = edge::in_lambda(router).oneshot(request).await.unwrap();
    let answer = answer.into_response().await;
    let status = answer.status().as_u16();
    match answer.into_body() {
        Body::Text(body) => (status, body),
        other => panic!("{function} answers {other:?}"),
    }
}

fn links() -> Links {
    Links {
        enrolment_page: "https://beckon.example.com/enroll".to_owned(),
    }
}

/// The routes of a function that answers HTTP, wired as its `main` does it; `None` if it is none.
fn routes_of(function: &str, beckon: &Beckon) -> Option<Router> {
    let table = beckon.table().clone();
    let keys = KeySource::held(
        MemoryKeys::new().ring(),
        beckon.folder().join("senders.json"),
    );
    let composer = Composer::new().unwrap();
    Some(match function {
        "console" => console::Console::new(console::Setup::default()).router(),
        "desk" => desk::Desk::new(table, keys, composer, links()).router(),
        "device-events" => {
            let outgoing = HttpsClient::new();
            device_events::DeviceEvents::new(table, keys, outgoing).router()
        }
        "directory" => directory::Directory::new(table, keys).router(),
        "preview" => preview::Previews::new(table, composer, links()).router(),
        "scim" => scim::Scim::new(table, keys, &links().enrolment_page).router(),
        "redeem" => {
            let limits = redeem::Limits {
                refuse_after: Duration::ZERO,
                wrong_tries_per_hour: 100,
            };
            redeem::Redemptions::new(table, keys, HttpsClient::on_one_machine(), limits).router()
        }
        "send" => {
            // None of the samples gets as far as to the mail service.
            let nowhere = clients::local("http://127.0.0.1:9");
            send::Sending::new(
                table,
                SesMailService::new(&nowhere, None),
                DeliveryWakeUp::Lambda(LambdaWakeUp::new(&nowhere, "deliver")),
            )
            .router()
        }
        "settings" => {
            let from = EmailAddress::parse("beckon@example.com").unwrap();
            settings::SettingsRoutes::new(table, keys, from, composer, links()).router()
        }
        _ => return None,
    })
}

/// A world with a mail of the samples' id, which has been sent.
fn world_with_the_mail() -> World {
    let world = World::new();
    let user = world.with(a_user());
    let mail = a_mail(user.id).with_id(MAIL.parse().unwrap());
    world
        .store
        .put_mail(&mail.in_state(MailState::Sent).build());
    world
}

/// Settings with a source that is asked.
fn asking() -> Settings {
    let api = json!({ "address": "https://mdm.example.com" });
    let source = json!({ "name": "asked", "kind": "kandji", "api": api });
    let draft: SettingsDraft =
        serde_json::from_value(json!({ "deviceSources": [source] })).unwrap();
    let from = EmailAddress::parse("beckon@example.com").unwrap();
    draft.parse(&from).unwrap()
}

/// Hands a function that takes events its sample, and looks whether it did what the sample is for.
async fn runs_with_its_sample_event(function: &str) {
    let world = world_with_the_mail();
    match function {
        "maintenance" => {
            // It is told nothing but that a minute has passed.
            let _: Value = sample(function);
            world.with(a_user().with(an_invitation().until(monday_morning())));
            let round = maintenance::handle(&world).await.unwrap();
            maintenance::erase(&world).await.unwrap();
            assert_eq!(round.expired, 1);
        }
        "poll" => {
            // It is told nothing but that a source is due.
            let _: Value = sample(function);
            world.store.put_settings(&asking());
            let name = SourceName::parse("asked").unwrap();
            world
                .keys
                .give_credentials(&name, "https://mdm.example.com", "token");
            poll::handle(&world).await.unwrap();
            assert_eq!(world.outgoing.calls().len(), 1);
        }
        "deliver" => {
            let _: Value = sample(function);
            let user = world.with(a_user());
            world.invite(&[&user]).await;
            let run = world.deliver().run().await.unwrap();
            deliver::conclude(run, &world.wake_up).await.unwrap();
            assert_eq!(world.service.taken().len(), 1);
        }
        "feedback" => {
            let reports = Reports { env: &world };
            let event: EventBridgeEvent = sample(function);
            reports.handle(event).await.unwrap();
            let mail = world.store.mail(MAIL.parse().unwrap());
            assert_eq!(mail.state, MailState::Delivered);
        }
        "expand" => {
            let expand = Expand { env: &world };
            let event: StreamEvent = sample(function);
            let answer = expand.handle(event).await;
            assert!(answer.batch_item_failures.is_empty());
            assert_eq!(world.wake_up.count(), 1);
        }
        "publish" => {
            let publish = Publish { env: &world };
            let event: StreamEvent = sample(function);
            let answer = publish.handle(event).await;
            assert!(answer.batch_item_failures.is_empty());
            let taken = world.bus.taken().into_iter();
            let types: Vec<&str> = taken.map(|event| event.event.detail_type()).collect();
            assert_eq!(types, ["Invitation Expired"]);
        }
        "registration-confirmed" => {
            let user = world.with(a_user().at("a.user@example.com"));
            let confirmations = Confirmations { env: &world };
            let event: EventBridgeEvent = sample(function);
            confirmations.handle(event).await.unwrap();
            assert_eq!(world.now_of(&user).devices, 1);
        }
        other => panic!("nobody hands {other} its sample"),
    }
    assert_eq!(world.failures.all(), [], "{function}");
}

/// Something that stands in a function's answer to its sample and in no other's.
fn said_by(function: &str) -> &'static str {
    match function {
        "console" => "core/start.js",
        "desk" => r#""told":true"#,
        // That a message is kept needs no words.
        "device-events" => "",
        "directory" => r#""email":"desk@example.com""#,
        "preview" => r#""selected":1"#,
        "redeem" => "<!doctype html>",
        "scim" => "ListResponse",
        "send" => r#"{"items":[]"#,
        "settings" => r#""registration":"#,
        other => panic!("nobody knows what {other} answers"),
    }
}

#[test]
fn there_is_a_sample_event_for_each_function_and_no_other() {
    let functions = names_in("../functions");

    assert!(functions.contains(&"deliver".to_owned()));
    assert_eq!(names_in("events"), functions);
}

#[tokio::test]
async fn each_function_does_with_its_sample_event_what_it_is_a_sample_of() {
    let beckon = Beckon::start().await;
    let sources = json!({ "deviceSources": [{ "name": "phones", "kind": "nanomdm" }] });
    beckon.settings(&sources).await;
    let secret = json!({ "secret": "the-secret-of-the-sample" });
    let secrets = "/v1/device-event-sources/phones/secrets";
    beckon.post(secrets, &secret).await.with_status(201);
    let keys = KeySource::held(
        MemoryKeys::new().ring(),
        beckon.folder().join("senders.json"),
    );
    let token = SenderSecret::made("the-token-of-the-samples".to_owned());
    let held = keys.latest_sender_secrets().await.unwrap();
    let (held, _) = held.with_token(token, monday_morning()).unwrap();
    keys.save_sender_secrets(&held).await.unwrap();
    let mut user = a_user().at("desk@example.com").build();
    user.id = AT_THE_DESK.parse().unwrap();
    let row = a_row(user.id, user.added_at);
    beckon
        .table()
        .add_user(&user, &row, None, None)
        .await
        .unwrap();

    for function in names_in("../functions") {
        let Some(routes) = routes_of(&function, &beckon) else {
            runs_with_its_sample_event(&function).await;
            continue;
        };
        let (status, body) = requested(&function, routes).await;
        assert_eq!(status, 200, "{function}: {body}");
        assert!(body.contains(said_by(&function)), "{function}: {body}");
    }
}
