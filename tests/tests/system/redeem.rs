//! Showing a PIN or a token: what a guesser cannot do, what a forgetful person can, and what a
//! link's QR code holds.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the functions beside the tests fail the tests, as they should"
)]

use std::io::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

use base64::Engine as _;
use beckon_tests::{Answer, Beckon, Mail, Person, until};
use serde_json::{Value, json};

/// PINs that are not this one, each another.
fn wrong_pins(right: &str) -> impl Iterator<Item = String> {
    let right = right.replace(' ', "");
    (10_000_000_u32..)
        .map(|number| number.to_string())
        .filter(move |pin| *pin != right)
}

/// A PIN that is not theirs, of the same length.
async fn a_wrong_pin(beckon: &Beckon, person: &Person) -> String {
    let right = beckon.newest_pin(&person.email).await.replace(' ', "");
    let wrong = wrong_pins(&right).next().unwrap();
    assert_eq!(wrong.len(), right.len());
    wrong
}

/// Shows this many wrong PINs, one after the other.
async fn guess(beckon: &Beckon, person: &Person, times: usize) -> Vec<Answer> {
    let right = beckon.newest_pin(&person.email).await;
    let mut answers = Vec::new();
    for pin in wrong_pins(&right).take(times) {
        answers.push(beckon.show_pin(&person.email, &pin).await);
    }
    answers
}

async fn invitation(beckon: &Beckon, person: &Person) -> Value {
    beckon.user(person).await["invitation"].take()
}

#[tokio::test]
async fn five_wrong_pins_lock_that_issue_and_nothing_else() {
    let beckon = Beckon::start().await;
    let ada = beckon.invite("ada@example.com").await;
    let bob = beckon.invite("bob@example.com").await;
    let pin = beckon.newest_pin(&ada.email).await;

    guess(&beckon, &ada, 4).await;
    let after_four = invitation(&beckon, &ada).await;
    guess(&beckon, &ada, 1).await;

    assert_eq!(after_four["state"], "pending");
    assert_eq!(after_four["triesLeft"], 1);
    let locked = invitation(&beckon, &ada).await;
    assert_eq!(locked["state"], "locked");
    assert_eq!(locked["triesLeft"], 0);
    assert_eq!(beckon.show_pin(&ada.email, &pin).await.status, 403);
    assert_eq!(invitation(&beckon, &bob).await["triesLeft"], 5);
    beckon.redeem(&bob).await;
    let history = beckon.history(&ada).await;
    let last = history.last().unwrap();
    assert_eq!(last.what, "invitationLocked");
    assert_eq!(
        last.text,
        "Issue 1 was locked: wrong PINs were entered until its tries were used up."
    );
}

#[tokio::test]
async fn somebody_who_is_locked_out_is_invited_again_at_once_with_all_tries() {
    let beckon = Beckon::start().await;
    let ada = beckon.invite("ada@example.com").await;
    guess(&beckon, &ada, 5).await;

    beckon.send(&[&ada], None).await;

    assert_eq!(invitation(&beckon, &ada).await["triesLeft"], 5);
    beckon.redeem(&ada).await;
}

#[tokio::test]
async fn a_locked_person_whose_device_is_registered_is_enrolled_all_the_same() {
    let beckon = Beckon::start().await;
    let ada = beckon
        .add_user(&json!({ "email": "ada@example.com", "ownership": "companyOwned" }))
        .await;
    guess(&beckon, &ada, 5).await;

    beckon
        .report_device(&json!({ "userId": ada.id }), &json!({ "id": "d-1" }))
        .await;

    let user = beckon.user(&ada).await;
    assert_eq!(user["devices"], 1);
    assert_eq!(user["invitation"]["state"], "completed");
}

#[tokio::test]
async fn the_right_pin_as_the_last_try_is_accepted_and_gives_its_try_back() {
    let beckon = Beckon::start().await;
    let ada = beckon.invite("ada@example.com").await;
    guess(&beckon, &ada, 4).await;

    beckon.redeem(&ada).await;

    let invitation = invitation(&beckon, &ada).await;
    assert_eq!(invitation["state"], "pending");
    assert_eq!(invitation["triesLeft"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_guesses_at_once_get_no_sixth_try() {
    let beckon = Beckon::start().await;
    let ada = beckon.invite("ada@example.com").await;
    let pin = beckon.newest_pin(&ada.email).await;

    let mut guesses = tokio::task::JoinSet::new();
    for wrong in wrong_pins(&pin).take(100) {
        let (api, email) = (beckon.api(), ada.email.clone());
        guesses.spawn(async move { api.show_pin(&email, &wrong).await });
    }
    let answers = guesses.join_all().await;
    let right = beckon.show_pin(&ada.email, &pin).await;

    for answer in &answers {
        assert_eq!(answer.status, 403, "{}", answer.text);
        assert_eq!(answer.said(), answers[0].said());
    }
    assert_eq!(right.said(), answers[0].said());
    let invitation = invitation(&beckon, &ada).await;
    assert_eq!(invitation["state"], "locked");
    assert_eq!(invitation["triesLeft"], 0);
    let history_events = beckon.history_events(&ada).await;
    let locked = history_events
        .iter()
        .filter(|what| *what == "invitationLocked");
    assert_eq!(locked.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn four_guesses_at_once_take_four_tries() {
    let beckon = Beckon::start().await;
    let ada = beckon.invite("ada@example.com").await;
    let pin = beckon.newest_pin(&ada.email).await;

    let mut guesses = tokio::task::JoinSet::new();
    for wrong in wrong_pins(&pin).take(4) {
        let (api, email) = (beckon.api(), ada.email.clone());
        guesses.spawn(async move { api.show_pin(&email, &wrong).await });
    }
    guesses.join_all().await;

    assert_eq!(invitation(&beckon, &ada).await["triesLeft"], 1);
    beckon.redeem(&ada).await;
}

#[tokio::test]
async fn unknown_disabled_wrong_locked_and_never_invited_answer_alike_and_no_sooner_than_set() {
    const DELAY: Duration = Duration::from_millis(150);
    let beckon = Beckon::start_with(|options| options.refuse_after = DELAY).await;
    let wrong = beckon.invite("wrong@example.com").await;
    let wrong_pin = a_wrong_pin(&beckon, &wrong).await;
    let disabled = beckon.invite("disabled@example.com").await;
    let disabled_pin = beckon.newest_pin(&disabled.email).await;
    let disabled_wrong_pin = a_wrong_pin(&beckon, &disabled).await;
    beckon.disable(&disabled).await;
    let locked = beckon.invite("locked@example.com").await;
    let locked_pin = beckon.newest_pin(&locked.email).await;
    let locked_wrong_pin = a_wrong_pin(&beckon, &locked).await;
    guess(&beckon, &locked, 5).await;
    let uninvited = beckon.add_uninvited("uninvited@example.com").await;
    let completed = beckon.invite("completed@example.com").await;
    let completed_wrong_pin = a_wrong_pin(&beckon, &completed).await;
    beckon
        .report_device(&json!({ "userId": completed.id }), &json!({ "id": "d-1" }))
        .await;
    let cancelled = beckon.invite("cancelled@example.com").await;
    let cancelled_wrong_pin = a_wrong_pin(&beckon, &cancelled).await;
    beckon.cancel(&cancelled).await;
    beckon.method("qrCode").await;
    let disabled_link = beckon.invite("disabled-link@example.com").await;
    let disabled_token = beckon.newest_token(&disabled_link.email).await;
    beckon.disable(&disabled_link).await;
    beckon.method("password").await;
    let without_pin = beckon.invite("without-pin@example.com").await;

    let mut answers = Vec::new();
    for (email, pin) in [
        ("nobody@example.com", "1234 5678"),
        (&wrong.email, &wrong_pin),
        (&wrong.email, "0"),
        (&wrong.email, "12345678901234567890"),
        (&disabled.email, &disabled_pin),
        (&disabled.email, &disabled_wrong_pin),
        (&locked.email, "0"),
        (&locked.email, &locked_wrong_pin),
        (&locked.email, &locked_pin),
        (&uninvited.email, "1234 5678"),
        (&completed.email, "0"),
        (&completed.email, &completed_wrong_pin),
        (&cancelled.email, "0"),
        (&cancelled.email, &cancelled_wrong_pin),
        (&without_pin.email, "1234 5678"),
    ] {
        let began = Instant::now();
        answers.push((email, beckon.show_pin(email, pin).await, began.elapsed()));
    }
    let (forged, long) = ("A".repeat(48), "A".repeat(5_000));
    for token in ["", "no-token", &forged, &long, &disabled_token] {
        let began = Instant::now();
        answers.push((token, beckon.show_token(token).await, began.elapsed()));
    }

    let (_, first, _) = answers[0].clone();
    insta::assert_json_snapshot!(first.problem(403));
    for (shown, answer, took) in &answers {
        assert_eq!(answer.status, first.status, "{shown}");
        assert_eq!(answer.said(), first.said(), "{shown}");
        let headers = |answer: &Answer| {
            let mut headers = answer.headers.clone();
            headers.remove("x-request-id");
            headers.remove("date");
            headers
        };
        assert_eq!(headers(answer), headers(&first), "{shown}");
        assert!(*took >= DELAY, "{shown}: {took:?}");
    }
    // What cannot be a PIN takes no try, what is no longer open has none to take.
    assert_eq!(invitation(&beckon, &wrong).await["triesLeft"], 4);
    assert_eq!(invitation(&beckon, &disabled).await["triesLeft"], 5);
}

#[tokio::test]
async fn whoever_shows_the_right_pin_of_an_ended_invitation_is_told_what_became_of_it() {
    let beckon = Beckon::start().await;
    let used = beckon.invite("used@example.com").await;
    let cancelled = beckon.invite("cancelled@example.com").await;
    let expired = beckon.invite("expired@example.com").await;
    beckon
        .report_device(&json!({ "userId": used.id }), &json!({ "id": "d-1" }))
        .await;
    beckon.cancel(&cancelled).await;
    beckon.let_time_run_out(&expired).await;

    let mut problems = Vec::new();
    for person in [&used, &cancelled, &expired] {
        let pin = beckon.newest_pin(&person.email).await;
        problems.push(beckon.show_pin(&person.email, &pin).await.problem(410));
        for wrong in guess(&beckon, person, 10).await {
            assert_eq!(wrong.status, 403, "{}", person.email);
        }
    }

    let ended: Vec<&Value> = problems.iter().map(|problem| &problem["ended"]).collect();
    assert_eq!(ended, ["used", "cancelled", "expired"]);
    insta::assert_json_snapshot!(problems);
}

#[tokio::test]
async fn whoever_shows_the_right_link_of_an_ended_invitation_is_told_what_became_of_it() {
    let beckon = Beckon::start().await;
    beckon.method("qrCode").await;
    let used = beckon.invite("used@example.com").await;
    let cancelled = beckon.invite("cancelled@example.com").await;
    let expired = beckon.invite("expired@example.com").await;
    let replaced = beckon.invite("replaced@example.com").await;
    let old = beckon.newest_token(&replaced.email).await;
    beckon
        .report_device(&json!({ "userId": used.id }), &json!({ "id": "d-1" }))
        .await;
    beckon.cancel(&cancelled).await;
    beckon.let_time_run_out(&expired).await;
    beckon.let_eleven_minutes_pass(&replaced).await;
    beckon.send(&[&replaced], None).await;

    let mut ended = Vec::new();
    for person in [&used, &cancelled, &expired] {
        let token = beckon.newest_token(&person.email).await;
        let problem = beckon.show_token(&token).await.problem(410);
        ended.push(problem["ended"].clone());
    }
    let of_the_old_issue = beckon.show_token(&old).await;

    assert_eq!(ended, ["used", "cancelled", "expired"]);
    assert_eq!(of_the_old_issue.status, 403);
}

#[tokio::test]
async fn an_expired_invitation_is_shown_as_such_and_its_history_says_so() {
    let beckon =
        Beckon::start_with(|options| options.maintenance_every = Duration::from_millis(500)).await;
    let ada = beckon.invite("ada@example.com").await;

    beckon.let_time_run_out(&ada).await;

    assert_eq!(invitation(&beckon, &ada).await["state"], "expired");
    until("maintenance ends the invitation", async || {
        let history_events = beckon.history_events(&ada).await;
        (history_events.last()? == "invitationExpired").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_fourth_session_has_to_wait_until_one_of_the_three_ends() {
    let beckon = Beckon::start().await;
    let ada = beckon.invite("ada@example.com").await;
    let pin = beckon.newest_pin(&ada.email).await;
    let first = beckon.show_pin(&ada.email, &pin).await.with_status(200);
    for _ in 0..2 {
        beckon.redeem(&ada).await;
    }

    let fourth = beckon.show_pin(&ada.email, &pin).await;

    let problem = fourth.problem(429);
    assert_eq!(problem["type"], "urn:beckon:problem:too-many-sessions");
    assert_eq!(problem["until"], first["expiresAt"]);
    assert_eq!(invitation(&beckon, &ada).await["triesLeft"], 5);
}

/// What somebody makes of a PIN as it stands in the mail.
type Typing = fn(&str) -> String;

#[tokio::test]
async fn a_pin_may_be_typed_as_people_type() {
    let beckon = Beckon::start().await;
    let as_typed: [(&str, Typing); 7] = [
        ("as it stands", |pin| pin.to_owned()),
        ("ungrouped", |pin| pin.replace(' ', "")),
        ("hyphens", |pin| pin.replace(' ', "-")),
        ("spaces", |pin| {
            format!("  {} ", pin.replace(' ', "\u{A0}\t "))
        }),
        ("one by one", |pin| {
            let symbols: Vec<String> = pin.chars().map(String::from).collect();
            symbols.join(" ")
        }),
        ("en dash", |pin| pin.replace(' ', "\u{2013}")),
        ("full width", |pin| {
            pin.chars()
                .map(|c| {
                    c.to_digit(10)
                        .and_then(|d| char::from_u32(0xFF10 + d))
                        .unwrap_or('\u{3000}')
                })
                .collect()
        }),
    ];

    for (number, (name, typed)) in as_typed.into_iter().enumerate() {
        let person = beckon.invite(&format!("u{number}@example.com")).await;
        let pin = beckon.newest_pin(&person.email).await;
        let opened = beckon.show_pin(&person.email, &typed(&pin)).await;

        assert_eq!(opened.status, 200, "{name}: {}", opened.text);
    }
}

#[tokio::test]
async fn letters_of_a_pin_may_be_small_and_the_address_in_any_case() {
    let beckon = Beckon::start().await;
    let pin = json!({ "alphabet": "unambiguous", "length": 12 });
    beckon
        .settings(&json!({ "registration": { "pin": pin } }))
        .await;
    let ada = beckon.invite("Ada@Example.com").await;
    let pin = beckon.newest_pin(&ada.email).await;

    let opened = beckon
        .show_pin(" ADA@example.COM ", &pin.to_lowercase())
        .await;

    assert_eq!(opened.status, 200, "{}", opened.text);
}

#[tokio::test]
async fn with_a_password_the_answer_says_that_one_will_be_asked_for() {
    let beckon = Beckon::start().await;
    beckon.method("passwordAndPin").await;
    let ada = beckon
        .add_user(&json!({ "email": "ada@example.com", "ownership": "userOwned" }))
        .await;
    let pin = beckon.newest_pin(&ada.email).await;

    let opened = beckon.show_pin(&ada.email, &pin).await.with_status(200);

    assert_eq!(opened["passwordRequired"], true);
    assert_eq!(opened["method"], "passwordAndPin");
    assert_eq!(opened["ownership"], "userOwned");
}

#[tokio::test]
async fn with_a_password_alone_the_mail_holds_no_secret_and_the_event_completes() {
    let beckon = Beckon::start().await;
    beckon.method("password").await;
    let ada = beckon.invite("ada@example.com").await;

    let mail = beckon.newest_mail(&ada.email).await;
    beckon
        .report_device(&json!({ "email": ada.email }), &json!({ "id": "d-1" }))
        .await;

    assert_eq!(mail.pin(), None);
    assert_eq!(mail.token(), None);
    assert_eq!(mail.attachments, [] as [Value; 0]);
    assert_eq!(invitation(&beckon, &ada).await["state"], "completed");
}

/// The PNG that hangs on a mail.
fn picture(mail: &Mail) -> Vec<u8> {
    let [attachment] = mail.attachments.as_slice() else {
        panic!("one attachment expected");
    };
    assert_eq!(attachment["contentType"], "image/png");
    let id = attachment["contentId"].as_str().unwrap();
    assert!(mail.html.contains(&format!("cid:{id}")), "{id}");
    base64::engine::general_purpose::STANDARD
        .decode(attachment["contentBase64"].as_str().unwrap())
        .unwrap()
}

/// What a camera would read, by the decoder `rqrr`.
fn scanned(png: &[u8]) -> String {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut points = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut points).unwrap();
    let (width, height) = (info.width as usize, info.height as usize);
    let samples = info.color_type.samples();

    let mut seen = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
        points[(y * width + x) * samples]
    });
    let codes = seen.detect_grids();

    assert_eq!(codes.len(), 1);
    codes[0].decode().unwrap().1
}

/// The same by `zbarimg`, which shares no code with us; `None` where it is not installed.
fn scanned_by_zbar(png: &[u8]) -> Option<String> {
    let file = tempfile::Builder::new().suffix(".png").tempfile().unwrap();
    std::fs::write(file.path(), png).unwrap();
    let output = match Command::new("zbarimg")
        .args(["--quiet", "--raw"])
        .arg(file.path())
        .output()
    {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => panic!("zbarimg cannot be run: {error}"),
    };
    assert!(
        output.status.success(),
        "zbarimg reads nothing: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Some(String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

#[tokio::test]
async fn the_qr_code_in_the_mail_is_the_link_in_its_text() {
    let beckon = Beckon::start().await;
    beckon.method("qrCode").await;
    let ada = beckon.invite("ada@example.com").await;

    let mail = beckon.newest_mail(&ada.email).await;

    let link = mail.link().unwrap();
    assert!(
        link.starts_with(&format!("{}/enroll?lang=en#t=", beckon.address())),
        "{link}"
    );
    assert_eq!(mail.pin(), None);
    assert_eq!(scanned(&picture(&mail)), link);
}

/// Set where `zbarimg` must be there, as in CI.
const REQUIRE_ZBAR: &str = "BECKON_REQUIRE_ZBAR";

#[tokio::test]
async fn a_decoder_that_is_not_ours_reads_the_same_link_from_the_qr_code() {
    let beckon = Beckon::start().await;
    beckon.method("qrCode").await;
    let ada = beckon.invite("ada@example.com").await;

    let mail = beckon.newest_mail(&ada.email).await;

    match scanned_by_zbar(&picture(&mail)) {
        Some(read) => assert_eq!(read, mail.link().unwrap()),
        None if std::env::var_os(REQUIRE_ZBAR).is_some() => {
            panic!("{REQUIRE_ZBAR} is set, but there is no zbarimg (apt-get install zbar-tools)")
        }
        // Past the test harness, which hides what a test that passes prints.
        None => writeln!(
            std::io::stderr(),
            "SKIPPED: there is no zbarimg here (apt-get install zbar-tools), so no second decoder read the QR code"
        )
        .unwrap(),
    }
}

#[tokio::test]
async fn the_token_of_a_link_opens_a_session_that_enrols() {
    let beckon = Beckon::start().await;
    beckon.method("qrCode").await;
    let ada = beckon.invite("ada@example.com").await;
    let token = beckon.newest_token(&ada.email).await;

    let opened = beckon.show_token(&token).await.with_status(200);
    let session = opened["registrationId"].as_str().unwrap();
    beckon
        .report_device(
            &json!({ "registrationId": session }),
            &json!({ "id": "d-1" }),
        )
        .await;

    assert_eq!(opened["method"], "qrCode");
    assert_eq!(opened["passwordRequired"], false);
    assert_eq!(beckon.registration(session).await["state"], "confirmed");
    assert_eq!(invitation(&beckon, &ada).await["state"], "completed");
}

#[tokio::test]
async fn requesting_the_link_any_number_of_times_changes_nothing() {
    let beckon = Beckon::start().await;
    beckon.method("qrCode").await;
    let ada = beckon.invite("ada@example.com").await;
    let mail = beckon.newest_mail(&ada.email).await;
    let link = mail.link().unwrap();
    let path = link.strip_prefix(beckon.address()).unwrap();
    beckon.quiet().await;
    let before = beckon.everything().await;

    for _ in 0..50 {
        for method in ["GET", "HEAD"] {
            assert_eq!(beckon.call(method, path).answer().await.status, 200);
        }
        // What a scanner makes of it that takes the fragment for a query.
        let as_query = path.replace('#', "?");
        assert_eq!(beckon.get(&as_query).await.status, 200);
    }

    assert_eq!(beckon.everything().await, before);
    let opened = beckon.show_token(&mail.token().unwrap()).await;
    assert_eq!(opened.status, 200);
}

#[tokio::test]
async fn a_link_works_however_many_pins_were_guessed() {
    let beckon = Beckon::start().await;
    beckon.method("qrCode").await;
    let ada = beckon.invite("ada@example.com").await;
    for pin in wrong_pins("").take(10) {
        assert_eq!(beckon.show_pin(&ada.email, &pin).await.status, 403);
    }

    let token = beckon.newest_token(&ada.email).await;

    assert_eq!(beckon.show_token(&token).await.status, 200);
}

#[tokio::test]
async fn a_token_with_one_symbol_changed_opens_nothing() {
    let beckon = Beckon::start().await;
    beckon.method("qrCode").await;
    let ada = beckon.invite("ada@example.com").await;
    let token = beckon.newest_token(&ada.email).await;

    for place in 0..token.len() {
        let mut forged = token.clone().into_bytes();
        forged[place] = if forged[place] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).unwrap();

        let refused = beckon.show_token(&forged).await;

        assert_eq!(refused.status, 403, "place {place}");
    }
    assert_eq!(beckon.show_token(&token).await.status, 200);
}

#[tokio::test]
async fn a_session_ends_with_the_invitation_that_opened_it() {
    let beckon = Beckon::start().await;
    let (ada, bob) = (
        beckon.invite("ada@example.com").await,
        beckon.invite("bob@example.com").await,
    );
    let of_ada = beckon.redeem(&ada).await;
    let of_bob = beckon.redeem(&bob).await;
    assert_eq!(beckon.registration(&of_ada).await["state"], "open");

    beckon.decline(&ada).await;
    beckon.cancel(&bob).await;

    for session in [of_ada, of_bob] {
        assert_eq!(beckon.registration(&session).await["state"], "ended");
    }
}

#[tokio::test]
async fn whoever_may_choose_says_whose_the_device_is_and_the_history_says_that_they_did() {
    let beckon = Beckon::start().await;
    let settings = json!({ "registration": { "personMayChoose": true } });
    beckon.settings(&settings).await;
    let user = json!({ "email": "ada@example.com", "ownership": "userOwned" });
    let added = beckon.post("/v1/users", &user).await.with_status(201);
    let path = format!("/v1/users/{}", added["user"]["id"].as_str().unwrap());
    // Adding somebody answers before their batch is expanded.
    let mail = beckon.mail_number(1, "ada@example.com").await;
    let pin = mail.pin().unwrap();
    let show = async |ownership: Value| {
        let shown = json!({ "email": "ada@example.com", "pin": pin, "ownership": ownership });
        beckon.post("/v1/redemptions", &shown).await
    };

    let first = show(json!(null)).await.with_status(200);
    let second = show(json!("companyOwned")).await.with_status(200);

    assert_eq!(first["mayChooseOwnership"], true);
    assert_eq!(first["ownership"], "userOwned");
    assert_eq!(second["ownership"], "companyOwned");
    let user = beckon.get(&path).await.with_status(200);
    assert_eq!(user["invitation"]["ownership"], "userOwned");
    assert_eq!(user["invitation"]["chosenOwnership"], "companyOwned");
    let history = beckon
        .get(&format!("{path}/history"))
        .await
        .with_status(200);
    // That the mail was delivered may be written after it.
    let entries = history["items"].as_array().unwrap();
    let redeemed = |entry: &&Value| entry["what"] == "invitationRedeemed";
    let newest = entries.iter().find(redeemed).unwrap();
    let text = newest["text"].as_str().unwrap();
    assert!(text.ends_with("The person chose: company owned."), "{text}");
}

#[tokio::test]
async fn a_choice_that_is_not_theirs_is_refused_by_its_field() {
    let beckon = Beckon::start().await;
    let ada = beckon.invite("ada@example.com").await;
    let pin = beckon.newest_pin(&ada.email).await;

    let shown = json!({ "email": ada.email, "pin": pin, "ownership": "companyOwned" });
    let refused = beckon
        .post("/v1/redemptions", &shown)
        .await
        .with_status(422);

    assert_eq!(refused["errors"][0]["field"], "ownership");
    assert_eq!(refused["errors"][0]["code"], "notYours");
    let invitation = invitation(&beckon, &ada).await;
    assert_eq!(invitation["triesLeft"], 5);
}
