//! The program as people start and stop it: in good order, by a kill, twice on one folder; and what
//! it writes meanwhile.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the functions beside the tests fail the tests, as they should"
)]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::extract::State;
use beckon_tests::{Api, Person};
use jiff::Timestamp;
use serde_json::{Value, json};

/// A running program.
struct Program {
    process: Child,
    /// What it says; read no further, and kept open.
    _says: BufReader<ChildStdout>,
    api: Api,
    took: Duration,
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_beckon"));
    command.args(["--port", "0", "--data"]).arg(folder);
    // A process that was killed leaves a lease and mails it had in hand; nobody here wants to
    // wait as long for them as in the field.
    for wait in ["LEASE", "UNKNOWN_WAIT", "PAUSE", "MAINTENANCE"] {
        command.env(format!("BECKON_{wait}_SECONDS"), "1");
    }
    command.env("BECKON_REFUSE_AFTER_MILLIS", "20");
    command
}

impl Program {
    /// Starts it, and returns as soon as it says where it is.
    fn start(folder: &Path) -> Self {
        Self::start_by(&mut command(folder))
    }

    fn start_by(command: &mut Command) -> Self {
        let began = Instant::now();
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        let mut says = BufReader::new(process.stdout.take().unwrap());
        says.read_line(&mut first).unwrap();
        let took = began.elapsed();
        let address = first
            .trim()
            .strip_prefix("Beckon is running at ")
            .unwrap_or_else(|| panic!("the first line holds the address: {first:?}"));
        Self {
            process,
            _says: says,
            api: Api::at(address),
            took,
        }
    }

    /// Kills it on the spot.
    fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Sends it a signal and waits for its end. Gives its exit code, if it ended by itself.
    #[cfg(unix)]
    async fn signal(mut self, name: &str) -> Option<i32> {
        send(name, &self.process);
        end_of(&mut self.process).await
    }
}

#[cfg(unix)]
fn send(signal: &str, process: &Child) {
    let sent = Command::new("kill")
        .args([format!("-{signal}"), process.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
}

/// Waits for the end of a process. Gives its exit code, if it ended by itself.
#[cfg(unix)]
async fn end_of(process: &mut Child) -> Option<i32> {
    let process = RefCell::new(process);
    let ended = beckon_tests::until("the program ends", async || {
        process.borrow_mut().try_wait().unwrap()
    });
    ended.await.code()
}

/// A test that fails leaves no program behind.
impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What the person who walks through it has noted so far.
#[derive(Default)]
struct Notes {
    staff: Option<Person>,
    other: Option<Person>,
    sent: Value,
    staff_session: String,
    other_session: String,
}

/// The steps of the walk-through.
const STEPS: usize = 9;

impl Notes {
    async fn step(&mut self, number: usize, api: &Api) {
        match number {
            0 => {
                api.settings(&json!({
                    "confirmation": { "enabled": true, "distribution": { "groups": ["staff"] } },
                }))
                .await;
            }
            1 => {
                let user = json!({ "email": "staff.user@example.com", "groups": ["staff"] });
                self.staff = Some(added(api, &user).await);
            }
            2 => {
                let user = json!({ "email": "other.user@example.com", "locale": "de" });
                self.other = Some(added(api, &user).await);
            }
            3 => {
                let preview = api.preview(&self.both(), Some("companyOwned")).await;
                assert_eq!(preview["counts"]["willSend"], 2);
            }
            4 => {
                let answer = api.send_once("k", &self.both(), Some("companyOwned")).await;
                self.sent = answer.with_status(202);
            }
            5 => self.staff_session = redeemed(api, &self.sent, self.both()[0]).await,
            6 => report(api, &self.staff_session, "d-staff").await,
            7 => self.other_session = redeemed(api, &self.sent, self.both()[1]).await,
            8 => report(api, &self.other_session, "d-other").await,
            _ => panic!("there is no step {number}"),
        }
    }

    fn both(&self) -> [&Person; 2] {
        [self.staff.as_ref().unwrap(), self.other.as_ref().unwrap()]
    }

    /// Asserts that the walk came to its good end.
    async fn came_through(&self, api: &Api) {
        let [staff, other] = self.both();
        assert_eq!(
            self.sent["confirmation"],
            json!({ "confirmationEnabled": true, "willReceive": 1, "willNotReceive": 1 })
        );
        for (person, session) in [(staff, &self.staff_session), (other, &self.other_session)] {
            let registration = api.registration(session).await;
            assert_eq!(registration["state"], "confirmed");
            assert_eq!(registration["ownership"], "companyOwned");
            assert_eq!(registration["rule"], "invitation");
            let user = api.user(person).await;
            assert_eq!(user["devices"], 1);
            assert_eq!(user["invitation"]["state"], "completed");
            assert_eq!(user["invitation"]["issue"], 2);
        }
        beckon_tests::until("the confirmation arrives", async || {
            let mails = api.mailbox_of(&staff.email).await;
            let last = mails.last()?;
            (last.subject == "Your device is registered").then_some(())
        })
        .await;
        for mail in api.mailbox_of(&other.email).await {
            assert_eq!(mail.subject, "Registrieren Sie Ihr Gerät für die Arbeit");
        }
        assert_eq!(api.batches().await.len(), 3);
        assert_eq!(api.failures().await, [] as [Value; 0]);
    }
}

/// Adds somebody without waiting for their invitation.
async fn added(api: &Api, user: &Value) -> Person {
    let added = api.post("/v1/users", user).await.with_status(201);
    Person {
        id: added["user"]["id"].as_str().unwrap().to_owned(),
        email: user["email"].as_str().unwrap().to_owned(),
    }
}

/// Redeems what a batch brought somebody, once it is there.
async fn redeemed(api: &Api, sent: &Value, person: &Person) -> String {
    api.taken(sent["batch"]["id"].as_str().unwrap()).await;
    api.redeem(person).await
}

async fn report(api: &Api, session: &str, device: &str) {
    let by_session = json!({ "registrationId": session });
    api.report_device(&by_session, &json!({ "id": device }))
        .await;
}

#[tokio::test]
async fn the_walk_goes_on_where_it_was_though_the_process_is_killed_after_every_step() {
    let folder = tempfile::tempdir().unwrap();
    let mut notes = Notes::default();

    for number in 0..STEPS {
        let program = Program::start(folder.path());
        println!("started in {:?}", program.took);
        notes.step(number, &program.api).await;
        program.kill();
    }

    let program = Program::start(folder.path());
    notes.came_through(&program.api).await;
}

#[cfg(unix)]
#[tokio::test]
async fn the_walk_goes_on_where_it_was_though_the_process_is_stopped_after_every_step() {
    let folder = tempfile::tempdir().unwrap();
    let mut notes = Notes::default();

    for number in 0..STEPS {
        let program = Program::start(folder.path());
        notes.step(number, &program.api).await;
        let signal = if number % 2 == 0 { "INT" } else { "TERM" };
        program.signal(signal).await;
    }

    let program = Program::start(folder.path());
    notes.came_through(&program.api).await;
}

#[cfg(unix)]
#[tokio::test]
async fn ctrl_c_and_a_request_to_terminate_end_the_program_in_good_order() {
    let folder = tempfile::tempdir().unwrap();

    for signal in ["INT", "TERM"] {
        let program = Program::start(folder.path());

        let code = program.signal(signal).await;

        assert_eq!(code, Some(0), "{signal}");
    }
}

#[tokio::test]
async fn what_was_there_before_a_kill_is_there_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(folder.path());
    let ada = program.api.invite("ada@example.com").await;
    let session = program.api.redeem(&ada).await;
    report(&program.api, &session, "d-1").await;
    let pin = program.api.newest_pin(&ada.email).await;
    let before = program.api.everything().await;

    program.kill();
    let program = Program::start(folder.path());

    assert_eq!(program.api.everything().await, before);
    let used = program.api.show_pin(&ada.email, &pin).await.problem(410);
    assert_eq!(used["ended"], "used");
}

#[tokio::test]
async fn a_pin_sent_before_a_restart_opens_a_session_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(folder.path());
    let ada = program.api.invite("ada@example.com").await;

    program.kill();
    let program = Program::start(folder.path());

    program.api.redeem(&ada).await;
}

/// Runs the program to an end that comes by itself.
fn run(command: &mut Command) -> (Output, String) {
    let output = command.output().unwrap();
    let errors = String::from_utf8(output.stderr.clone()).unwrap();
    (output, errors)
}

#[tokio::test]
async fn at_its_finest_the_log_shows_neither_an_address_nor_a_secret() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let log = elsewhere.path().join("log");
    let mut command = command(folder.path());
    command
        .env("BECKON_LOG", "trace,dynoxide=trace,hyper=trace")
        .stderr(File::create(&log).unwrap());
    let program = Program::start_by(&mut command);
    let mut notes = Notes::default();
    for number in 0..STEPS {
        notes.step(number, &program.api).await;
    }
    notes.came_through(&program.api).await;
    let mut hidden = vec![notes.staff_session.clone(), notes.other_session.clone()];
    for person in notes.both() {
        hidden.push(person.email.clone());
        hidden.push(person.email.replace('@', "%40"));
        hidden.push(format!("{:?}", person.email.as_bytes()));
        for mail in program.api.mailbox_of(&person.email).await {
            hidden.extend(mail.pin().map(|pin| pin.replace(' ', "")));
            hidden.extend(mail.pin());
        }
    }
    program.kill();

    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains("changed"), "{log}");
    for hidden in hidden {
        let hidden = hidden.trim_matches(['[', ']']);
        assert!(!log.contains(hidden), "{hidden} in {log}");
    }
}

#[tokio::test]
async fn a_second_process_on_the_same_folder_is_refused_and_the_first_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(folder.path());

    let (output, errors) = run(&mut command(folder.path()));

    assert!(!output.status.success());
    assert!(output.stdout.is_empty());
    let said = format!(
        "Beckon is running already on the folder {}; stop it, or choose another with --data",
        folder.path().display()
    );
    assert!(errors.contains(&said), "{errors}");
    program.api.invite("ada@example.com").await;
}

#[tokio::test]
async fn a_taken_port_is_named_with_what_to_do() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let program = Program::start(folder.path());
    let port = program.api.address().rsplit(':').next().unwrap();

    let mut second = Command::new(env!("CARGO_BIN_EXE_beckon"));
    second.args(["--port", port, "--data"]).arg(other.path());
    let (output, errors) = run(&mut second);

    assert!(!output.status.success());
    assert!(errors.contains(&format!("port {port}")), "{errors}");
    assert!(errors.contains("--port 0"), "{errors}");
}

#[cfg(unix)]
#[tokio::test]
async fn the_program_does_not_mind_when_nobody_reads_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let (unread, says) = std::io::pipe().unwrap();
    drop(unread);

    let mut process = command(folder.path()).stdout(says).spawn().unwrap();
    beckon_tests::until("the program holds its folder", async || {
        let lock = std::fs::File::open(folder.path().join("lock")).ok()?;
        lock.try_lock().is_err().then_some(())
    })
    .await;
    send("INT", &process);

    assert_eq!(end_of(&mut process).await, Some(0));
}

#[tokio::test]
async fn the_program_listens_on_this_machine_alone() {
    let folder = tempfile::tempdir().unwrap();

    let program = Program::start(folder.path());

    let address = program.api.address();
    assert!(address.starts_with("http://127.0.0.1:"), "{address}");
}

/// How often the process is killed while a batch is under way.
const KILLS: u32 = 50;

/// How many each batch invites.
const PEOPLE: usize = 200;

async fn pace(api: &Api, per_second: u32) {
    let rate = json!({ "maxSendRate": per_second });
    api.call("PUT", "/local/ses/account")
        .json(&rate)
        .answer()
        .await
        .with_status(200);
}

/// Moments between 30 and 400 ms that are the same in every run of the test.
fn moments() -> impl Iterator<Item = Duration> {
    let mut state = 42_u64;
    std::iter::repeat_with(move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        Duration::from_millis(30 + (state >> 33) % 370)
    })
}

/// Sends to everyone, and does not wait for anything.
///
/// Each batch asks for another ownership than the one before: asked for unchanged so soon, the same
/// invitation would be mailed again, with the PIN that it has.
async fn begin_a_batch(api: &Api, people: &[Person], sends: usize) -> String {
    let ids: Vec<&str> = people.iter().map(|person| person.id.as_str()).collect();
    let ownership = ["userOwned", "companyOwned"][sends % 2];
    let order = json!({ "selection": { "userIds": ids }, "ownership": ownership });
    let sent = api.post("/v1/invitations", &order).await.with_status(202);
    sent["batch"]["id"].as_str().unwrap().to_owned()
}

/// How often the same mail went out once more. Only a kill between giving it to the mail service and noting
/// that does it.
fn sent_again_after_kills(
    sent_at: &[Timestamp],
    killed_at: &[Timestamp],
    person: &Person,
) -> usize {
    for pair in sent_at.windows(2) {
        let killed_between = killed_at.iter().any(|at| (pair[0]..pair[1]).contains(at));
        assert!(killed_between, "{}: twice without need", person.email);
    }
    sent_at.len().saturating_sub(1)
}

#[tokio::test]
async fn killed_fifty_times_between_send_and_sent_every_invitation_goes_out() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Program::start(folder.path());
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        let email = format!("p{number}@example.com");
        people.push(program.api.add_uninvited(&email).await);
    }
    // Slow enough that a kill finds mails on their way. The mail service keeps it over restarts.
    pace(&program.api, 20).await;
    let mut batch = begin_a_batch(&program.api, &people, 0).await;
    let mut sends = 1;

    let mut kills = 0;
    let mut killed_at = Vec::new();
    for moment in moments() {
        tokio::time::sleep(moment).await;
        program.kill();
        killed_at.push(Timestamp::now());
        program = Program::start(folder.path());
        let counts = program.api.batch(&batch).await["batch"]["counts"].clone();
        if counts["sent"].as_u64() == Some(PEOPLE as u64) {
            // It came too late; the next one is for everyone's next invitation.
            batch = begin_a_batch(&program.api, &people, sends).await;
            sends += 1;
        } else {
            kills += 1;
        }
        if kills == KILLS {
            break;
        }
    }
    pace(&program.api, 1000).await;
    program.api.taken(&batch).await;

    let mailbox = program.api.mailbox().await;
    let mut twice = 0;
    for person in &people {
        let mut mails: BTreeMap<_, Vec<Timestamp>> = BTreeMap::new();
        for mail in mailbox.iter().filter(|mail| mail.to == person.email) {
            mails.entry(mail.pin()).or_default().push(mail.sent_at);
        }
        assert_eq!(
            mails.len(),
            sends,
            "{}: one PIN for each batch",
            person.email
        );
        for times in mails.values() {
            twice += sent_again_after_kills(times, &killed_at, person);
        }
    }
    println!(
        "{KILLS} kills found mails on their way; {twice} of {} went out twice",
        PEOPLE * sends
    );
}

/// A system that lists devices, two at a time, and that stops answering when it is told to.
#[derive(Default)]
struct Listed {
    devices: Vec<Value>,
    /// At which of the calls from now on it answers no more.
    hangs_at: Option<usize>,
    /// Whether it does.
    hangs: bool,
}

type Shared = Arc<Mutex<Listed>>;

async fn page(State(listed): State<Shared>, uri: axum::http::Uri) -> axum::Json<Value> {
    let offset = uri.query().unwrap().split("offset=").nth(1).unwrap();
    let offset: usize = offset.parse().unwrap();
    let rows = {
        let mut listed = listed.lock().unwrap();
        if listed.hangs_at == Some(0) {
            listed.hangs = true;
        }
        listed.hangs_at = listed.hangs_at.map(|left| left.saturating_sub(1));
        let rows = listed.devices.iter().skip(offset).take(2).cloned();
        (!listed.hangs).then(|| rows.collect::<Vec<_>>())
    };
    match rows {
        Some(rows) => axum::Json(json!(rows)),
        None => std::future::pending().await,
    }
}

/// Sets the credentials of the source: it is asked at once, whoever held it.
async fn ask(api: &Api) {
    let path = "/v1/device-event-sources/asked/credentials";
    let set = api.call("PUT", path).json(&json!({ "secret": "token" }));
    assert_eq!(set.answer().await.status, 204);
}

#[tokio::test]
async fn what_a_system_lists_is_read_once_though_the_process_is_killed_at_every_page() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let listed = Shared::default();
    let router = axum::Router::new()
        .fallback(page)
        .with_state(Arc::clone(&listed));
    let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let folder = tempfile::tempdir().unwrap();
    let mut program = Program::start(folder.path());
    let source = json!({ "name": "asked", "kind": "kandji", "api": { "address": address } });
    let settings = json!({ "confirmation": { "enabled": true }, "deviceSources": [source] });
    program.api.settings(&settings).await;
    let mut people = Vec::new();
    for n in 0..5 {
        let person = program.api.invite(&format!("p{n}@example.com")).await;
        let device = json!({
            "device_id": format!("d-{n}"), "platform": "Mac", "user": { "email": person.email },
            "last_enrollment": Timestamp::now().to_string(),
        });
        listed.lock().unwrap().devices.push(device);
        people.push(person);
    }

    let mut killed_at = Vec::new();
    // Each round gets a page further than the one before.
    for hangs_at in [0, 1, 1, 1, 1] {
        listed.lock().unwrap().hangs_at = Some(hangs_at);
        ask(&program.api).await;
        beckon_tests::until("the system is asked and does not answer", async || {
            listed.lock().unwrap().hangs.then_some(())
        })
        .await;
        program.kill();
        killed_at.push(Timestamp::now());
        {
            let mut listed = listed.lock().unwrap();
            (listed.hangs_at, listed.hangs) = (None, false);
        }
        program = Program::start(folder.path());
    }
    ask(&program.api).await;

    for (n, person) in people.iter().enumerate() {
        let user = beckon_tests::until("the device is recorded", async || {
            let user = program.api.user(person).await;
            (user["devices"] == 1).then_some(user)
        })
        .await;
        assert_eq!(user["invitation"]["state"], "completed", "{n}");
        program.api.mail_number(2, &person.email).await;
    }
    // A second round reads everything again, and nothing follows from it.
    let asked = async || {
        let list = program.api.get("/v1/device-event-sources").await.json();
        list["items"][0]["asked"].clone()
    };
    let before = beckon_tests::until("the round ends well", async || {
        let asked = asked().await;
        (asked["lastError"].is_null() && !asked["lastSuccessAt"].is_null()).then_some(asked)
    })
    .await;
    ask(&program.api).await;
    beckon_tests::until("another round ends well", async || {
        (asked().await["lastSuccessAt"] != before["lastSuccessAt"]).then_some(())
    })
    .await;
    for person in &people {
        let mails = program.api.mailbox_of(&person.email).await;
        let (invited, confirmed): (Vec<_>, Vec<_>) =
            mails.iter().partition(|mail| mail.pin().is_some());
        for mails in [invited, confirmed] {
            let sent_at: Vec<_> = mails.iter().map(|mail| mail.sent_at).collect();
            assert!(!sent_at.is_empty(), "{}", person.email);
            sent_again_after_kills(&sent_at, &killed_at, person);
        }
        assert_eq!(program.api.user(person).await["devices"], 1);
    }
    server.abort();
}
