//! "Send me a PIN again": who gets a mail, what is in it, and that the answer tells nobody
//! anything.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the functions beside the tests fail the tests, as they should"
)]

use std::time::{Duration, Instant};

use beckon_tests::{Answer, Beckon, Mail, Person, until};
use serde_json::{Value, json};

async fn invitation(beckon: &Beckon, person: &Person) -> Value {
    beckon.user(person).await["invitation"].take()
}

/// Asks as somebody does who knows the address and nothing else, and waits until the mail, if
/// there is one, has gone: one whose invitation ends before it goes is dropped.
async fn ask(beckon: &Beckon, person: &Person) {
    let answer = beckon.request_pin(&person.email).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    beckon.quiet().await;
}

/// Every mail to somebody, once nothing is under way any more.
async fn mails(beckon: &Beckon, person: &Person) -> Vec<Mail> {
    beckon.quiet().await;
    beckon.mailbox_of(&person.email).await
}

fn pins(mails: &[Mail]) -> Vec<String> {
    mails.iter().map(|mail| mail.pin().unwrap()).collect()
}

/// Takes a try with a PIN that is another one, and as long as one is.
async fn guess(beckon: &Beckon, person: &Person) {
    let pin = beckon.newest_pin(&person.email).await;
    let first = if pin.starts_with('4') { '7' } else { '4' };
    let wrong = format!("{first}{}", &pin[1..]);
    let refused = beckon.show_pin(&person.email, &wrong).await;
    assert_eq!(refused.status, 403, "{}", refused.text);
}

/// Uses up every try of somebody's invitation.
async fn lock(beckon: &Beckon, person: &Person) {
    for _ in 0..5 {
        guess(beckon, person).await;
    }
    assert_eq!(invitation(beckon, person).await["state"], "locked");
}

/// Status, body, and every header but the moment.
fn all_of(answer: &Answer) -> String {
    let mut headers = answer.headers.clone();
    headers.remove("x-request-id");
    headers.remove("date");
    format!("{} {headers:?} {:?}", answer.status, answer.said())
}

#[tokio::test]
async fn whoever_asks_reads_the_same_answer_and_no_sooner_than_set() {
    const DELAY: Duration = Duration::from_millis(150);
    let beckon = Beckon::start_with(|options| options.refuse_after = DELAY).await;
    let pending = beckon.invite("pending@example.com").await;
    let expired = beckon.invite("expired@example.com").await;
    beckon.let_time_run_out(&expired).await;
    let cancelled = beckon.invite("cancelled@example.com").await;
    beckon.cancel(&cancelled).await;
    let uninvited = beckon.add_uninvited("uninvited@example.com").await;

    let mut answers = Vec::new();
    for address in [
        "nobody@example.com",
        "nobody@elsewhere.example",
        &pending.email,
        &expired.email,
        &cancelled.email,
        &uninvited.email,
    ] {
        let began = Instant::now();
        answers.push((address, beckon.request_pin(address).await, began.elapsed()));
    }

    let (_, first, _) = &answers[0];
    assert_eq!(first.status, 202);
    assert_eq!(first.text, "");
    for (address, answer, took) in &answers {
        assert_eq!(all_of(answer), all_of(first), "{address}");
        assert!(*took >= DELAY, "{address}: {took:?}");
    }
}

#[tokio::test]
async fn a_live_invitation_is_mailed_again_with_the_same_pin_and_the_same_end() {
    let beckon = Beckon::start().await;
    let ada = beckon.invite("ada@example.com").await;
    guess(&beckon, &ada).await;
    let before = invitation(&beckon, &ada).await;

    ask(&beckon, &ada).await;

    let mails = mails(&beckon, &ada).await;
    let after = invitation(&beckon, &ada).await;
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0].pin(), mails[1].pin());
    let end = |mail: &Mail| {
        let line = mail.text.lines().find(|line| line.contains("Valid until"));
        line.unwrap().to_owned()
    };
    assert_eq!(end(&mails[0]), end(&mails[1]));
    for kept in ["state", "issue", "issuedAt", "expiresAt", "triesLeft"] {
        assert_eq!(after[kept], before[kept], "{kept}");
    }
    assert_eq!(before["triesLeft"], 4);
    let history = beckon.history(&ada).await;
    let again = history
        .iter()
        .find(|entry| entry.what == "invitationMailedAgain");
    assert_eq!(again.unwrap().who, "Somebody on the enrolment page");
    beckon.redeem(&ada).await;
}

#[tokio::test]
async fn the_mail_goes_to_the_registered_address_however_it_was_typed() {
    let beckon = Beckon::start().await;
    let ada = beckon.invite("Ada@Example.com").await;

    let answer = beckon.request_pin(" aDA@eXAMPLE.COM ").await;

    assert_eq!(answer.status, 202, "{}", answer.text);
    assert_eq!(mails(&beckon, &ada).await.len(), 2);
    assert_eq!(beckon.mailbox().await.len(), 2);
}

#[tokio::test]
async fn an_expired_or_locked_invitation_becomes_a_new_issue_on_the_same_terms() {
    let beckon = Beckon::start().await;
    let invite = async |email: &str| {
        let user = json!({ "email": email, "ownership": "companyOwned" });
        beckon.add_user(&user).await
    };
    let expired = invite("expired@example.com").await;
    let locked = invite("locked@example.com").await;
    beckon.let_time_run_out(&expired).await;
    lock(&beckon, &locked).await;

    for person in [&expired, &locked] {
        ask(&beckon, person).await;

        let pins = pins(&mails(&beckon, person).await);
        let invitation = invitation(&beckon, person).await;
        assert_eq!(pins.len(), 2, "{}", person.email);
        assert_ne!(pins[0], pins[1]);
        assert_eq!(invitation["state"], "pending");
        assert_eq!(invitation["issue"], 2);
        assert_eq!(invitation["ownership"], "companyOwned");
        assert_eq!(invitation["triesLeft"], 5);
        let with_the_old = beckon.show_pin(&person.email, &pins[0]).await;
        assert_eq!(with_the_old.status, 403);
        let with_the_new = beckon.show_pin(&person.email, &pins[1]).await;
        assert_eq!(with_the_new.status, 200, "{}", with_the_new.text);
    }
}

#[tokio::test]
async fn a_batch_is_renewed_three_times_and_the_next_batch_counts_anew() {
    let beckon = Beckon::start().await;
    let ada = beckon.invite("ada@example.com").await;

    let mut issues = Vec::new();
    for _ in 0..4 {
        beckon.let_time_run_out(&ada).await;
        ask(&beckon, &ada).await;
        issues.push(invitation(&beckon, &ada).await["issue"].clone());
    }
    let mailed = mails(&beckon, &ada).await;
    beckon.send(&[&ada], None).await;
    beckon.let_time_run_out(&ada).await;
    ask(&beckon, &ada).await;

    assert_eq!(issues, [2, 3, 4, 4]);
    assert_eq!(mailed.len(), 4);
    let mut different = pins(&mailed);
    different.sort();
    different.dedup();
    assert_eq!(different.len(), 4);
    assert_eq!(invitation(&beckon, &ada).await["issue"], 6);
    assert_eq!(mails(&beckon, &ada).await.len(), 6);
}

#[tokio::test]
async fn who_has_no_invitation_to_go_on_with_gets_nothing() {
    let beckon = Beckon::start().await;
    let uninvited = beckon.add_uninvited("uninvited@example.com").await;
    let cancelled = beckon.invite("cancelled@example.com").await;
    let declined = beckon.invite("declined@example.com").await;
    let completed = beckon.invite("completed@example.com").await;
    let disabled = beckon.invite("disabled@example.com").await;
    let bounced = beckon.add_uninvited("bounce@example.com").await;
    beckon.begin_batch(&[&bounced]).await;
    beckon.cancel(&cancelled).await;
    beckon.decline(&declined).await;
    beckon
        .report_device(&json!({ "userId": completed.id }), &json!({ "id": "d-1" }))
        .await;
    beckon.disable(&disabled).await;
    beckon.method("qrCode").await;
    let by_link = beckon.invite("by-link@example.com").await;
    beckon.method("password").await;
    let by_password = beckon.invite("by-password@example.com").await;
    // Left on: what they lack is a PIN.
    beckon.method("pin").await;
    until("the bounce is known", async || {
        (beckon.user(&bounced).await["addressMark"] == "hardBounced").then_some(())
    })
    .await;
    beckon.quiet().await;
    let before = beckon.everything().await;

    let unknown = Person {
        id: String::new(),
        email: "nobody@example.com".to_owned(),
    };
    for person in [
        &uninvited,
        &cancelled,
        &declined,
        &completed,
        &disabled,
        &bounced,
        &by_link,
        &by_password,
        &unknown,
    ] {
        ask(&beckon, person).await;
    }

    beckon.quiet().await;
    assert_eq!(beckon.everything().await, before);
}

#[tokio::test]
async fn what_was_taken_back_stays_so_after_its_time_has_run_out() {
    let beckon = Beckon::start().await;
    let cancelled = beckon.invite("cancelled@example.com").await;
    let declined = beckon.invite("declined@example.com").await;
    beckon.cancel(&cancelled).await;
    beckon.decline(&declined).await;

    for person in [&cancelled, &declined] {
        beckon.let_time_run_out(person).await;
        ask(&beckon, person).await;

        assert_eq!(mails(&beckon, person).await.len(), 1, "{}", person.email);
    }
}

#[tokio::test]
async fn five_mails_a_day_go_to_one_address_whatever_is_asked() {
    let beckon = Beckon::start().await;
    let ada = beckon.invite("ada@example.com").await;
    let bob = beckon.invite("bob@example.com").await;

    for number in 0..8 {
        // Some of them are for a new issue, which counts like any other.
        if number == 2 {
            beckon.let_time_run_out(&ada).await;
        }
        ask(&beckon, &ada).await;
    }
    let on_the_first_day = mails(&beckon, &ada).await.len();
    ask(&beckon, &bob).await;
    beckon
        .let_a_day_pass_since_the_pin_was_asked_for(&ada)
        .await;
    ask(&beckon, &ada).await;

    // The first of each is the administrator's.
    assert_eq!(on_the_first_day, 1 + 5);
    assert_eq!(mails(&beckon, &ada).await.len(), 1 + 5 + 1);
    assert_eq!(mails(&beckon, &bob).await.len(), 1 + 1);
}

#[tokio::test]
async fn an_administrator_s_batch_is_not_held_up_by_what_was_asked_for() {
    let beckon = Beckon::start().await;
    let ada = beckon.invite("ada@example.com").await;
    for _ in 0..6 {
        ask(&beckon, &ada).await;
    }

    beckon.send(&[&ada], None).await;

    assert_eq!(mails(&beckon, &ada).await.len(), 1 + 5 + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_who_ask_at_once_get_five_mails_between_them() {
    let beckon = Beckon::start().await;
    let ada = beckon.invite("ada@example.com").await;

    let mut requests = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (api, email) = (beckon.api(), ada.email.clone());
        requests.spawn(async move { api.request_pin(&email).await.status });
    }
    let answers = requests.join_all().await;

    assert_eq!(answers, [202; 20]);
    let pins = pins(&mails(&beckon, &ada).await);
    assert_eq!(pins.len(), 1 + 5);
    assert!(pins.iter().all(|pin| *pin == pins[0]));
}

#[tokio::test]
async fn where_asking_is_switched_off_the_answer_is_the_same_and_nothing_is_mailed() {
    let beckon = Beckon::start().await;
    let ada = beckon.invite("ada@example.com").await;
    let expired = beckon.invite("expired@example.com").await;
    let while_on = beckon.request_pin("nobody@example.com").await;
    beckon
        .settings(&json!({ "registration": { "allowPinRequest": false } }))
        .await;
    beckon.let_time_run_out(&expired).await;

    for person in [&ada, &expired] {
        let answer = beckon.request_pin(&person.email).await;

        assert_eq!(all_of(&answer), all_of(&while_on), "{}", person.email);
        assert_eq!(mails(&beckon, person).await.len(), 1, "{}", person.email);
    }
    beckon
        .settings(&json!({ "registration": { "allowPinRequest": true } }))
        .await;
    ask(&beckon, &ada).await;
    assert_eq!(mails(&beckon, &ada).await.len(), 2);
}
