//! What numbers and jobs take with many people, on the system that `cargo run` starts:
//! `cargo bench -p beckon-tests --bench large_numbers [-- 100000]`.
//!
//! It times the state of a batch and the overview for 200 people, for 8,000, and for as many as it is told; and an
//! import, an expansion, *mail again* and *disable* for 10,000. It fails if a question takes much longer for many
//! than for few, or a job much longer than the expansion.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a benchmark prints, and ends at the first surprise"
)]

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use beckon_tests::{Api, Beckon};
use serde_json::{Value, json};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The most that a file holds.
const FILE: usize = 10_000;

/// How often each question is asked.
const QUESTIONS: usize = 15;

/// A question reads of up to so many people what is not counted yet, and may take so long at most, however large
/// the batch: processors are shared with whatever else runs.
const MAX_QUESTION: Duration = Duration::from_secs(1);

/// How much longer than an expansion a job may take.
const MAX_OF_EXPANSION: f64 = 1.2;

/// How often it is asked whether something is done: asking costs something, too.
const LOOK: Duration = Duration::from_secs(1);

/// How long anything is waited for.
const PATIENCE: Duration = Duration::from_mins(30);

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --benches` asks for tests, of which there are none here.
    if arguments.iter().any(|argument| argument == "--test") {
        return ExitCode::SUCCESS;
    }
    let told = arguments.iter().find_map(|argument| argument.parse().ok());
    let most: usize = told.unwrap_or(FILE);
    let beckon = Beckon::start().await;
    let api = &*beckon;
    let closed = json!({ "sendingEnabled": false });
    let account = api.call("PUT", "/local/ses/account").json(&closed);
    account.answer().await.with_status(200);

    let mut importing = Duration::ZERO;
    for first in (0..most).step_by(FILE) {
        importing = import(api, first, FILE.min(most - first)).await;
    }
    let mut is_within = true;
    let mut expanding = Duration::ZERO;
    for (group, people) in [("few", 200), ("some", 8_000), ("all", most)] {
        let began = Instant::now();
        let batch = invite(api, group, people.min(most)).await;
        expanding = began.elapsed();
        println!("{people} people: expanded after {}", shown(expanding));
        counted(api, &batch, people.min(most)).await;
        let state = asked(api, &format!("/v1/batches/{batch}")).await;
        let overview = asked(api, "/v1/overview").await;
        println!(
            "{people} people: state of the batch {}, overview {}",
            shown(state),
            shown(overview)
        );
        is_within &= state < MAX_QUESTION && overview < MAX_QUESTION;
    }
    // What an expansion takes for as many as a file holds.
    let expansion = expanding.as_secs_f64() * FILE as f64 / most as f64;
    println!("import of the last {FILE}: {}", shown(importing));
    let mut jobs = vec![("import", importing.as_secs_f64())];
    for action in ["resend", "disable"] {
        let took = job(api, action).await.as_secs_f64() * FILE as f64 / most as f64;
        println!("{action} of {most}: {took:.1} s for each {FILE}");
        jobs.push((action, took));
    }
    for (action, took) in jobs {
        let share = took / expansion;
        println!("{action}: {share:.2} of what the expansion takes");
        is_within &= share <= MAX_OF_EXPANSION;
    }
    if is_within {
        ExitCode::SUCCESS
    } else {
        println!("BEYOND bounds");
        ExitCode::FAILURE
    }
}

/// Imports so many people as a job, who hold the group `all`, the first of them others too.
async fn import(api: &Api, first: usize, count: usize) -> Duration {
    let mut file = "email,groups\n".to_owned();
    for number in first..first + count {
        let groups = match number {
            0..200 => "all|some|few",
            200..8_000 => "all|some",
            _ => "all",
        };
        writeln!(file, "p{number:06}@example.com,{groups}").unwrap();
    }
    let began = Instant::now();
    let call = api.call("POST", "/v1/jobs/import?invite=false");
    let call = call.header("Content-Type", "text/csv").bare_body(file);
    ended(api, &call.answer().await.with_status(202)).await;
    began.elapsed()
}

/// Invites a group; when this returns, everybody has an outcome.
async fn invite(api: &Api, group: &str, people: usize) -> String {
    let order = json!({ "selection": { "filter": { "groups": [group] } } });
    let sent = api.post("/v1/invitations", &order).await.with_status(202);
    let batch = sent["batch"]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/batches/{batch}");
    until(async || {
        let state = api.get(&path).await.with_status(200);
        state["batch"]["state"] == "expanded"
            && state["batch"]["counts"]["issued"].as_u64() == Some(people as u64)
    })
    .await;
    batch
}

/// Waits until everybody is in the numbers.
async fn counted(api: &Api, batch: &str, people: usize) {
    let path = format!("/v1/batches/{batch}");
    until(async || {
        let state = api.get(&path).await.with_status(200);
        let overview = api.get("/v1/overview").await.with_status(200);
        let invited = state["funnel"][0]["count"].as_u64();
        invited == Some(people as u64) && overview["complete"] == true
    })
    .await;
}

/// Does something to everybody.
async fn job(api: &Api, action: &str) -> Duration {
    let order = json!({ "action": action, "selection": { "filter": { "groups": ["all"] } } });
    let began = Instant::now();
    let started = api.post("/v1/jobs", &order).await.with_status(202);
    ended(api, &started).await;
    began.elapsed()
}

async fn ended(api: &Api, job: &Value) {
    let path = format!("/v1/jobs/{}", job["id"].as_str().unwrap());
    until(async || api.get(&path).await.with_status(200)["state"] == "done").await;
}

async fn until(is_so: impl AsyncFn() -> bool) {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < PATIENCE, "it never ends");
        tokio::time::sleep(LOOK).await;
    }
}

/// The median of how long the answer takes.
async fn asked(api: &Api, path: &str) -> Duration {
    let mut times = Vec::new();
    for _ in 0..QUESTIONS {
        let began = Instant::now();
        api.get(path).await.with_status(200);
        times.push(began.elapsed());
    }
    times.sort();
    times[times.len() / 2]
}

fn shown(time: Duration) -> String {
    if time < Duration::from_secs(2) {
        format!("{} ms", time.as_millis())
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}
