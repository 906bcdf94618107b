//! Many messages of a device management at once: each that is answered 200 takes effect exactly once.
//!
//! `BECKON_DEVICE_EVENTS=10000` before it sends so many, and `--nocapture` shows what each took: see docs/figures.md.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "the functions beside the tests fail the tests, as they should"
)]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use beckon_tests::{Beckon, Person, until};
use jiff::Timestamp;
use serde_json::{Value, json};

const CONNECTIONS: usize = 50;

/// How many messages are sent where nothing else is said.
const FEW: usize = 60;

/// How many of the messages are about a device of somebody invited, one in so many.
const INVITED_ONE_IN: usize = 20;

const SECRET: &str = "beckon:a-password-for-jamf";

async fn with_jamf() -> Beckon {
    let beckon = Beckon::start().await;
    let settings = json!({
        "confirmation": { "enabled": true },
        "deviceSources": [{ "name": "macs", "kind": "jamf" }],
    });
    beckon.settings(&settings).await;
    let path = "/v1/device-event-sources/macs/secrets";
    let secret = json!({ "secret": SECRET });
    beckon.post(path, &secret).await.with_status(201);
    beckon
}

fn message(number: usize, address: &str) -> String {
    let now = Timestamp::now().as_millisecond();
    json!({
        "webhook": { "webhookEvent": "ComputerAdded", "eventTimestamp": now },
        "event": {
            "udid": format!("U-{number}"), "deviceName": "Mac", "model": "MacBookPro18,3", "osVersion": "15.1",
            "serialNumber": format!("C{number}"), "emailAddress": address, "username": "",
        },
    })
    .to_string()
}

/// Sends these messages, a connection each for their share; how often which answer came.
async fn send_all(beckon: &Beckon, messages: Vec<String>) -> BTreeMap<u16, usize> {
    let address = format!("{}/v1/device-events/macs", beckon.address());
    let credentials = format!("Basic {}", STANDARD.encode(SECRET));
    let mut shares = vec![Vec::new(); CONNECTIONS];
    for (number, message) in messages.into_iter().enumerate() {
        shares[number % CONNECTIONS].push(message);
    }
    let mut senders = tokio::task::JoinSet::new();
    for share in shares {
        let (address, credentials) = (address.clone(), credentials.clone());
        senders.spawn(async move {
            let client = reqwest::Client::new();
            let mut answers = Vec::new();
            for body in share {
                let call = client.post(&address).header("Authorization", &credentials);
                answers.push(call.body(body).send().await.unwrap().status().as_u16());
            }
            answers
        });
    }
    let mut counts = BTreeMap::new();
    for status in senders.join_all().await.into_iter().flatten() {
        *counts.entry(status).or_default() += 1;
    }
    counts
}

/// How many devices belong to nobody.
async fn unassigned(beckon: &Beckon) -> usize {
    let mut found = 0;
    let mut path = "/v1/unassigned-devices?limit=50".to_owned();
    loop {
        let page = beckon.get(&path).await.with_status(200);
        found += page["items"].as_array().unwrap().len();
        match page["next"].as_str() {
            None => return found,
            Some(next) => path = format!("/v1/unassigned-devices?limit=50&cursor={next}"),
        }
    }
}

async fn devices(beckon: &Beckon, person: &Person) -> Vec<Value> {
    let path = format!("/v1/users/{}/devices", person.id);
    let page = beckon.get(&path).await.with_status(200);
    page["items"].as_array().unwrap().clone()
}

/// The seconds for which this process had a processor, all its threads together.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, behind_name) = stat.rsplit_once(')').unwrap();
    let fields: Vec<&str> = behind_name.split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    ticks / 100.0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_message_that_is_answered_200_takes_effect_exactly_once() {
    let beckon = with_jamf().await;
    let many = std::env::var("BECKON_DEVICE_EVENTS").map_or(FEW, |text| text.parse().unwrap());
    let mut people = Vec::new();
    for number in 0..(many / INVITED_ONE_IN).min(50) {
        let email = format!("user{number}@example.com");
        people.push(beckon.invite(&email).await);
    }
    beckon.quiet().await;
    // What is told of a person's device is told twice, and at about the same time.
    let strangers = many - 2 * people.len();
    let mut messages: Vec<String> = (0..strangers)
        .map(|number| message(number, "nobody@example.com"))
        .collect();
    for (number, person) in people.iter().enumerate() {
        for half in [number * INVITED_ONE_IN / 2, number * INVITED_ONE_IN / 2 + 1] {
            let of_person = message(strangers + number, &person.email);
            messages.insert(half.min(messages.len()), of_person);
        }
    }

    let (began, before) = (Instant::now(), processor_seconds());
    let answers = send_all(&beckon, messages).await;
    let (answered, in_all) = (began.elapsed(), processor_seconds() - before);

    let each = in_all * 1_000.0 / f64::from(u32::try_from(many).unwrap());
    println!(
        "{many} messages over {CONNECTIONS} connections were answered in {answered:.1?}; {each:.2} ms of processor time each, with sending them, the table, and what was carried on meanwhile"
    );
    assert_eq!(answers, BTreeMap::from([(200, many)]));
    for person in &people {
        let device = until("the device is recorded", async || {
            devices(&beckon, person).await.pop()
        })
        .await;
        assert_eq!(device["issue"], 1, "{device}");
    }
    let mut there = 0;
    while there < strangers {
        there = until("more devices are there", async || {
            // Each look reads all of them.
            tokio::time::sleep(Duration::from_millis(500)).await;
            Some(unassigned(&beckon).await).filter(|now| *now > there)
        })
        .await;
    }
    beckon.quiet().await;
    println!(
        "all of them had taken effect {:.1?} after the first was sent",
        began.elapsed()
    );
    assert_eq!(unassigned(&beckon).await, strangers);
    let failures = beckon.get("/v1/device-event-sources/failures").await;
    assert_eq!(failures.with_status(200)["items"], json!([]));
    for person in &people {
        assert_eq!(devices(&beckon, person).await.len(), 1);
        let history = beckon.history_events(person).await;
        let recorded = history
            .iter()
            .filter(|what| *what == "registrationConfirmed");
        assert_eq!(recorded.count(), 1, "{history:?}");
        // The invitation, and one confirmation.
        assert_eq!(beckon.mailbox_of(&person.email).await.len(), 2);
    }
}
