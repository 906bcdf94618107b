//! Nothing secret is stored or logged: known PINs, tokens and registration ids are looked for in
//! every file and in every line of the log.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the functions beside the tests fail the tests, as they should"
)]

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use beckon_tests::{Beckon, Person};
use serde_json::json;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// What the log holds down to the finest: every function, and what else Beckon and its calls to AWS are made of.
fn levels() -> Targets {
    let functions = Path::new(env!("CARGO_MANIFEST_DIR")).join("../functions");
    let functions = fs::read_dir(functions).unwrap().map(|folder| {
        folder
            .unwrap()
            .file_name()
            .into_string()
            .unwrap()
            .replace('-', "_")
    });
    let others = ["beckon", "aws_runtime", "aws_sdk", "aws_smithy"].map(String::from);
    Targets::new().with_default(LevelFilter::WARN).with_targets(
        functions
            .chain(others)
            .map(|target| (target, LevelFilter::TRACE)),
    )
}

/// The log, in memory.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn start() -> Self {
        let log = Self::default();
        let lines = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_writer(log.clone());
        tracing_subscriber::registry()
            .with(lines.with_filter(levels()))
            .init();
        log
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Every secret that was given out.
#[derive(Debug, Default)]
struct Secrets(Vec<String>);

impl Secrets {
    fn pin(&mut self, grouped: &str) {
        assert!(grouped.contains(' '), "{grouped}");
        self.0.push(grouped.to_owned());
        self.0.push(grouped.replace(' ', ""));
    }

    fn token(&mut self, token: &str) {
        self.0.push(token.to_owned());
        // The last 16 of its 36 bytes are the part that nobody else can make.
        self.0.push(token[token.len() - 21..].to_owned());
    }

    fn registration(&mut self, id: String) {
        self.0.push(id);
    }

    /// Those of them that stand in these bytes, in whatever case.
    fn found_in(&self, bytes: &[u8]) -> Vec<&str> {
        let text = String::from_utf8_lossy(bytes).to_lowercase();
        self.0
            .iter()
            .map(String::as_str)
            .filter(|secret| text.contains(&secret.to_lowercase()))
            .collect()
    }
}

/// Every file under a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

/// Goes through all that happens to a secret, and notes every one.
async fn live_through_everything(beckon: &Beckon) -> (Secrets, Vec<Person>) {
    let mut secrets = Secrets::default();
    let everybody = json!({ "confirmation": { "enabled": true } });
    beckon.settings(&everybody).await;

    // Redeemed, registered, reported again.
    let done = beckon.invite("done@example.com").await;
    secrets.pin(&beckon.newest_pin(&done.email).await);
    let session = beckon.redeem(&done).await;
    let _ = beckon.registration(&session).await;
    let by_session = json!({ "registrationId": session });
    beckon
        .report_device(&by_session, &json!({ "id": "d-1", "platform": "ios" }))
        .await;
    beckon
        .report_device(&by_session, &json!({ "id": "d-1", "supervised": true }))
        .await;
    let _ = beckon.registration(&session).await;
    beckon.mail_number(2, &done.email).await;
    secrets.registration(session);

    // Locked by wrong PINs, which are somebody's typing errors; then invited again with a key.
    let locked = beckon.invite("locked@example.com").await;
    secrets.pin(&beckon.newest_pin(&locked.email).await);
    for number in 0..6 {
        let wrong = format!("9876 543{number}");
        secrets.pin(&wrong);
        assert_eq!(beckon.show_pin(&locked.email, &wrong).await.status, 403);
    }
    let again = beckon.send_once("key-1", &[&locked], None).await;
    let again = again.with_status(202);
    beckon
        .delivered(again["batch"]["id"].as_str().unwrap())
        .await;
    secrets.pin(&beckon.newest_pin(&locked.email).await);

    // Requested again by the person, and with letters.
    let letters = json!({ "pin": { "alphabet": "unambiguous", "length": 12 } });
    beckon.settings(&json!({ "registration": letters })).await;
    let asking = beckon.invite("asking@example.com").await;
    secrets.pin(&beckon.newest_pin(&asking.email).await);
    beckon
        .post("/v1/pin-requests", &json!({ "email": asking.email }))
        .await;
    beckon.mail_number(2, &asking.email).await;

    // A link: redeemed, refused the fourth time, taken back.
    beckon.method("qrCode").await;
    let scanning = beckon.invite("scanning@example.com").await;
    let token = beckon.newest_token(&scanning.email).await;
    secrets.token(&token);
    for _ in 0..3 {
        let opened = beckon.show_token(&token).await.with_status(200);
        secrets.registration(opened["registrationId"].as_str().unwrap().to_owned());
    }
    assert_eq!(beckon.show_token(&token).await.status, 429);
    beckon.cancel(&scanning).await;
    assert_eq!(beckon.show_token(&token).await.status, 410);

    // What is refused is not kept either.
    let malformed = beckon
        .post(
            "/v1/redemptions",
            &json!({ "token": token, "pin": "4815 1623" }),
        )
        .await;
    assert_eq!(malformed.status, 422);
    secrets.pin("4815 1623");
    (secrets, vec![done, locked, asking, scanning])
}

#[tokio::test(flavor = "multi_thread")]
async fn no_pin_token_or_registration_id_is_on_disk_in_an_answer_or_in_the_log() {
    let log = Log::start();
    // Without maintenance's rounds, which would make up most of the log and tell nothing.
    let beckon =
        Beckon::start_with(|options| options.maintenance_every = Duration::from_hours(1)).await;

    let (secrets, people) = live_through_everything(&beckon).await;
    beckon.quiet().await;

    let mut shown = beckon.everything().await;
    shown["mails"].take();
    assert_eq!(secrets.found_in(shown.to_string().as_bytes()), [""; 0]);

    let mut read = Vec::new();
    for file in files(beckon.folder()) {
        let name = file.strip_prefix(beckon.folder()).unwrap().to_owned();
        // The mails themselves, and the key that they are derived from.
        if name.starts_with("mailbox") || name == Path::new("keys.json") {
            continue;
        }
        let bytes = fs::read(&file).unwrap();
        assert_eq!(secrets.found_in(&bytes), [""; 0], "{}", name.display());
        read.push(name.to_str().unwrap().to_owned());
    }
    assert!(read.contains(&"table.db".to_owned()), "{read:?}");
    assert!(read.contains(&"table.db-wal".to_owned()), "{read:?}");

    let log = log.text();
    println!("{} bytes of log were searched", log.len());
    assert!(log.contains("a registration was reported"));
    assert!(log.contains(" TRACE "));
    assert_eq!(secrets.found_in(log.as_bytes()), [""; 0]);
    for line in log.lines() {
        let is_shown = [" INFO ", " WARN ", "ERROR "]
            .iter()
            .any(|level| line.contains(level));
        for person in people.iter().filter(|_| is_shown) {
            assert!(!line.contains(&person.email), "{line}");
        }
    }
    drop(beckon);
}
