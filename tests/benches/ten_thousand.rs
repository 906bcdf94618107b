//! How fast a large batch is, on the system that `cargo run` starts: `cargo bench -p beckon-tests`.
//!
//! It measures four things side by side in one run, and fails if one is out of its bounds:
//! whether Send answers alike for 101 and for 10,000 people; whether 10,000 mails keep the
//! account's rate; whether a single invitation gets past them; whether a lowered rate is followed.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a benchmark prints, and ends at the first surprise"
)]

use std::process::ExitCode;
use std::time::{Duration, Instant};

use beckon_tests::{Api, Beckon};
use serde_json::{Value, json};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The people of the large batch.
const PEOPLE: usize = 10_000;

/// The smallest batch whose answer no longer depends on how many are selected.
const FEW: usize = 101;

/// The account's rate, in mails a second.
const RATE: usize = 500;

/// What the rate is lowered to on the way.
const LOWERED: usize = 100;

/// How often each of the two batches is timed.
const SENDS: usize = 9;

/// Rates are counted over so long.
const LOOK: Duration = Duration::from_millis(100);

/// What was measured, and whether it is within bounds.
struct Findings(bool);

impl Findings {
    fn say(&mut self, what: &str, within: bool) {
        self.0 &= within;
        println!("{} {what}", if within { "ok     " } else { "BEYOND " });
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    // `cargo test --benches` asks for tests, of which there are none here.
    if std::env::args().any(|argument| argument == "--test") {
        return ExitCode::SUCCESS;
    }
    let mut findings = Findings(true);
    let beckon = Beckon::start().await;
    let api = &*beckon;
    account(api, json!({ "maxSendRate": RATE, "max24HourSend": -1 })).await;
    let people = add(&beckon, PEOPLE).await;
    println!("{PEOPLE} users added");

    sends(api, &people, &mut findings).await;
    keeps_the_rate(api, &people, &mut findings).await;
    follows_the_rate(api, &people, &mut findings).await;
    if findings.0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Times batches of few and of many in turn. Each is stopped at once, so that none is timed beside
/// another's expansion.
async fn sends(api: &Api, people: &[String], findings: &mut Findings) {
    hold(api).await;
    let (few, many) = (order(&people[..FEW]), order(people));
    let (mut of_few, mut of_many) = (Vec::new(), Vec::new());
    for _ in 0..SENDS {
        for (order, times) in [(&few, &mut of_few), (&many, &mut of_many)] {
            let (batch, took) = send(api, order).await;
            times.push(took);
            let stop = format!("/v1/batches/{batch}/stop");
            api.post(&stop, &json!({})).await.with_status(200);
            expanded(api, &batch).await;
        }
    }
    let (of_few, of_many) = (median(of_few), median(of_many));
    let ratio = of_many.as_secs_f64() / of_few.as_secs_f64();
    findings.say(
        &format!(
            "Send answers {FEW} in {} ms and {PEOPLE} in {} ms: {ratio:.1} times as long",
            of_few.as_millis(),
            of_many.as_millis()
        ),
        of_many < Duration::from_secs(1),
    );
}

/// Times the mails of one batch from the first to the last, while somebody else is invited.
async fn keeps_the_rate(api: &Api, people: &[String], findings: &mut Findings) {
    let began = Instant::now();
    held(api, people).await;
    println!("expanded in {:.1} s", began.elapsed().as_secs_f64());
    let before = taken(api).await;
    release(api).await;
    let first = reached(api, before + 1).await;

    tokio::time::sleep(Duration::from_secs(5)).await;
    let asked = Instant::now();
    api.post("/v1/users", &json!({ "email": "single@example.com" }))
        .await
        .with_status(201);
    let single = beckon_tests::until("the single invitation", async || {
        let mailbox = api
            .get("/local/mailbox?to=single@example.com&limit=1")
            .await
            .with_status(200);
        (mailbox["items"].as_array()?.len() == 1).then(Instant::now)
    })
    .await;
    let waited = single - asked;
    let under_way = taken(api).await - before < PEOPLE;

    let last = reached(api, before + PEOPLE + 1).await;
    let took = (last - first).as_secs_f64();
    let ideal = PEOPLE as f64 / RATE as f64;
    findings.say(
        &format!(
            "{PEOPLE} mails at {RATE}/s took {took:.1} s, {:.1} % of {ideal} s",
            took / ideal * 100.0
        ),
        took <= ideal * 1.05,
    );
    findings.say(
        &format!(
            "a single invitation sent meanwhile was out after {:.2} s",
            waited.as_secs_f64()
        ),
        under_way && waited < Duration::from_secs(5),
    );
}

/// Lowers the account's rate in the middle of a batch, and times how long the delivery worker takes to keep
/// to it.
async fn follows_the_rate(api: &Api, people: &[String], findings: &mut Findings) {
    let batch = held(api, people).await;
    let before = taken(api).await;
    release(api).await;
    reached(api, before + RATE * 3).await;

    account(api, json!({ "maxSendRate": LOWERED })).await;
    let lowered = Instant::now();
    let slow = LOWERED * 11 / 10;
    let mut counts = vec![(Instant::now(), taken(api).await)];
    let followed = loop {
        tokio::time::sleep(LOOK).await;
        let now = (Instant::now(), taken(api).await);
        counts.push(now);
        let (then, count) = counts[counts.len().saturating_sub(11)];
        let rate = (now.1 - count) as f64 / (now.0 - then).as_secs_f64();
        if counts.len() > 10 && rate <= slow as f64 {
            break then - lowered;
        }
        assert!(
            lowered.elapsed() < Duration::from_mins(1),
            "still {rate:.0} mails a second"
        );
    };
    findings.say(
        &format!(
            "a rate lowered from {RATE}/s to {LOWERED}/s was kept from {:.1} s on",
            followed.as_secs_f64()
        ),
        followed < Duration::from_secs(5),
    );
    api.post(&format!("/v1/batches/{batch}/stop"), &json!({}))
        .await
        .with_status(200);
}

async fn add(beckon: &Beckon, count: usize) -> Vec<String> {
    let mut adding = tokio::task::JoinSet::new();
    let at_a_time = 8;
    for part in 0..at_a_time {
        let api = beckon.api();
        adding.spawn(async move {
            let mut ids = Vec::new();
            for number in (part..count).step_by(at_a_time) {
                let user = json!({ "email": format!("p{number}@example.com"), "invite": false });
                let added = api.post("/v1/users", &user).await.with_status(201);
                ids.push(added["user"]["id"].as_str().unwrap().to_owned());
            }
            ids
        });
    }
    adding.join_all().await.concat()
}

fn order(people: &[String]) -> Vec<u8> {
    serde_json::to_vec(&json!({ "selection": { "userIds": people } })).unwrap()
}

/// Sends, and gives the batch with how long the answer took.
async fn send(api: &Api, order: &[u8]) -> (String, Duration) {
    let call = api.call("POST", "/v1/invitations").body(order.to_vec());
    let began = Instant::now();
    let answer = call.answer().await.with_status(202);
    let took = began.elapsed();
    (answer["batch"]["id"].as_str().unwrap().to_owned(), took)
}

/// Sends to everyone while nothing goes out; when this returns, every mail waits.
async fn held(api: &Api, people: &[String]) -> String {
    hold(api).await;
    let (batch, _) = send(api, &order(people)).await;
    expanded(api, &batch).await;
    batch
}

async fn expanded(api: &Api, batch: &str) {
    let began = Instant::now();
    loop {
        let batch = api.get(&format!("/v1/batches/{batch}")).await;
        if batch.with_status(200)["batch"]["state"] != "expanding" {
            return;
        }
        assert!(began.elapsed() < Duration::from_mins(5), "it never ends");
        tokio::time::sleep(LOOK).await;
    }
}

async fn hold(api: &Api) {
    account(api, json!({ "sendingEnabled": false })).await;
}

async fn release(api: &Api) {
    account(api, json!({ "sendingEnabled": true, "maxSendRate": RATE })).await;
    api.post("/v1/delivery/resume", &json!({}))
        .await
        .with_status(200);
}

async fn account(api: &Api, change: Value) {
    api.call("PUT", "/local/ses/account")
        .json(&change)
        .answer()
        .await
        .with_status(200);
}

/// How many mails the mail service has taken.
async fn taken(api: &Api) -> usize {
    let account = api.get("/local/ses/account").await.with_status(200);
    let taken = account["sentLast24Hours"].as_u64().unwrap();
    usize::try_from(taken).unwrap()
}

/// When it had taken so many.
async fn reached(api: &Api, count: usize) -> Instant {
    let began = Instant::now();
    while taken(api).await < count {
        assert!(
            began.elapsed() < Duration::from_mins(5),
            "it never comes to {count} mails"
        );
        tokio::time::sleep(LOOK / 4).await;
    }
    Instant::now()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
