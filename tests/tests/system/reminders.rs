//! Reminders as they arrive: with the same secret, no more than the settings say, the last one
//! saying so, and none in somebody's quiet hours or after the end.

use beckon_tests::{Beckon, Person, until};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const REMINDER: &str = "Reminder: register your device for work";
const LAST: &str = "Last reminder: register your device for work";

/// The same time of day twice: there are no quiet hours.
fn at_any_hour() -> Value {
    json!({ "from": "00:00", "to": "00:00" })
}

async fn remind(beckon: &Beckon, most: u32, quiet_hours: Value) {
    beckon
        .settings(&json!({ "reminders": {
            "enabled": true, "startAfterDays": 1, "everyDays": 1, "most": most,
            "quietHours": quiet_hours,
        }}))
        .await;
}

async fn subjects(beckon: &Beckon, person: &Person) -> Vec<String> {
    let mails = beckon.mailbox_of(&person.email).await;
    mails.into_iter().map(|mail| mail.subject).collect()
}

#[tokio::test]
async fn who_does_not_answer_is_reminded_with_the_same_pin_and_never_after_the_end() {
    let beckon = Beckon::start().await;
    remind(&beckon, 3, at_any_hour()).await;
    let ada = beckon.invite("ada@example.com").await;
    let bob = beckon.invite("bob@example.com").await;
    let pin = beckon.newest_pin(&ada.email).await;

    beckon.let_the_reminder_come(&ada).await;
    beckon.let_the_reminder_come_too_late(&bob).await;

    let reminder = beckon.mail_number(2, &ada.email).await;
    assert_eq!(reminder.subject, REMINDER);
    assert_eq!(reminder.pin().unwrap(), pin);
    until("maintenance has ended the other one", async || {
        let happened = beckon.history_events(&bob).await;
        happened
            .contains(&"invitationExpired".to_owned())
            .then_some(())
    })
    .await;
    beckon.quiet().await;
    assert_eq!(beckon.mailbox_of(&bob.email).await.len(), 1);
    let happened = beckon.history_events(&ada).await;
    assert!(
        happened.contains(&"reminderWritten".to_owned()),
        "{happened:?}"
    );
    beckon.redeem(&ada).await;
}

#[tokio::test]
async fn no_more_reminders_arrive_than_the_settings_say_and_the_last_one_says_that_it_is() {
    let beckon = Beckon::start().await;
    remind(&beckon, 2, at_any_hour()).await;
    let ada = beckon.invite("ada@example.com").await;
    let pin = beckon.newest_pin(&ada.email).await;

    for number in 2..=3 {
        beckon.let_the_reminder_come(&ada).await;
        beckon.mail_number(number, &ada.email).await;
        beckon.delivery(&ada, "delivered").await;
    }
    // The moment of another one comes, and maintenance finds that there is none.
    beckon.let_the_reminder_come(&ada).await;
    until("no further reminder is planned", async || {
        beckon.next_reminder(&ada).await.is_none().then_some(())
    })
    .await;
    beckon.quiet().await;

    assert_eq!(subjects(&beckon, &ada).await.split_off(1), [REMINDER, LAST]);
    let last = beckon.newest_mail(&ada.email).await;
    assert!(
        last.text.contains("This is the last reminder"),
        "{}",
        last.text
    );
    assert_eq!(last.pin().unwrap(), pin);
    let told = beckon.history(&ada).await;
    let told = told.iter().filter(|entry| entry.what == "reminderWritten");
    let told: Vec<&str> = told.map(|entry| entry.text.as_str()).collect();
    assert_eq!(
        told,
        [
            "Reminder 1 of issue 1 was written.",
            "Reminder 2 of issue 1 was written; it is the last.",
        ]
    );
    beckon.redeem(&ada).await;
}

#[tokio::test]
async fn nobody_is_reminded_in_the_quiet_hours_of_where_they_live() {
    let beckon = Beckon::start().await;
    // In UTC quiet since an hour ago and for two more at least.
    let now = Timestamp::now().to_zoned(TimeZone::UTC);
    let hour = |offset: i64| {
        let at = &now + SignedDuration::from_hours(offset);
        format!("{:02}:00", at.hour())
    };
    let (from, to) = (hour(-1), hour(3));
    remind(&beckon, 3, json!({ "from": from, "to": to })).await;
    let add = async |name: &str, zone: &str| {
        let email = format!("{name}@example.com");
        let person = json!({ "email": email, "timeZone": zone });
        beckon.add_user(&person).await
    };
    let asleep = add("asleep", "UTC").await;
    // Where it is twelve hours later.
    let awake = add("awake", "Etc/GMT-12").await;

    beckon.let_the_reminder_come(&asleep).await;
    beckon.let_the_reminder_come(&awake).await;

    let reminder = beckon.mail_number(2, &awake.email).await;
    assert_eq!(reminder.subject, REMINDER);
    let next = until("the reminder is put off", async || {
        let next = beckon.next_reminder(&asleep).await?;
        (next > Timestamp::now()).then_some(next)
    })
    .await;
    let ends = next.to_zoned(TimeZone::UTC).strftime("%H:%M").to_string();
    assert_eq!(ends, to);
    assert!(next.duration_since(Timestamp::now()) < SignedDuration::from_hours(4));
    beckon.quiet().await;
    assert_eq!(beckon.mailbox_of(&asleep.email).await.len(), 1);
}

#[tokio::test]
async fn a_reminder_arrives_in_own_words_with_a_working_pin() {
    let beckon = Beckon::start().await;
    remind(&beckon, 3, at_any_hour()).await;
    let path = "/v1/templates/reminder/en";
    let ours = beckon.get(path).await.with_status(200);
    let mut wording = ours["wording"].clone();
    wording["subject"] = json!("Still waiting for you, {{ name }}");
    for part in ["html", "text"] {
        let letter = wording[part].as_str().unwrap();
        let own = letter.replace("{{ greeting }}", "Hello again from the help desk!");
        assert_ne!(own, letter);
        wording[part] = json!(own);
    }
    let kept = beckon.call("PUT", path).header("If-Match", "*");
    let _ = kept.json(&wording).answer().await.with_status(200);
    let ada = json!({ "email": "ada@example.com", "displayName": "Ada" });
    let ada = beckon.add_user(&ada).await;

    beckon.let_the_reminder_come(&ada).await;
    let reminder = beckon.mail_number(2, &ada.email).await;

    assert_eq!(reminder.subject, "Still waiting for you, Ada");
    for part in [&reminder.text, &reminder.html] {
        assert!(part.contains("Hello again from the help desk!"), "{part}");
    }
    let invitation = beckon.mailbox_of(&ada.email).await.remove(0);
    assert!(!invitation.text.contains("Hello again"));
    assert_eq!(reminder.pin(), invitation.pin());
    beckon.redeem(&ada).await;
}

/// Somebody whose mailbox was gone when the reminder's moment came.
#[tokio::test]
async fn who_is_tried_again_is_reminded_again() {
    let beckon = Beckon::start().await;
    remind(&beckon, 3, at_any_hour()).await;
    let gone = beckon.add_uninvited("bounce@example.com").await;
    beckon.begin_batch(&[&gone]).await;
    beckon.delivery(&gone, "hardBounced").await;
    beckon.let_the_reminder_come(&gone).await;
    until("maintenance has found nobody to remind", async || {
        beckon.next_reminder(&gone).await.is_none().then_some(())
    })
    .await;

    let path = format!("/v1/users/{}/address/try-again", gone.id);
    let _ = beckon.post(&path, &Value::Null).await.with_status(200);
    let next = beckon.next_reminder(&gone).await.unwrap();

    let ahead = next.duration_since(Timestamp::now());
    assert!(ahead > SignedDuration::from_hours(23), "{ahead}");
    assert!(ahead <= SignedDuration::from_hours(24), "{ahead}");
}
