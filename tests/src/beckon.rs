//! A Beckon in the test's own process.

use std::ops::Deref;
use std::path::Path;
use std::time::Duration;

use beckon_aws::Table;
use beckon_domain::model::change::{ChangeOutcome, UserChange};
use beckon_domain::model::mail::{MailClass, MailState};
use beckon_domain::model::user::User;
use beckon_domain::ports::delivery::Delivery as _;
use beckon_domain::ports::entropy::Entropy as _;
use beckon_domain::ports::mails::Mails as _;
use beckon_domain::ports::users::Users as _;
use beckon_domain::values::ids::RunId;
use beckon_local::{Options, System};
use beckon_runtime::SystemEntropy;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use crate::api::Api;
use crate::mail::Mail;
use crate::people::Person;
use crate::waiting::until;

/// A running system with a folder of its own; spoken to as an [`Api`].
#[derive(Debug)]
pub struct Beckon {
    api: Api,
    system: System,
    folder: TempDir,
}

impl Deref for Beckon {
    type Target = Api;

    fn deref(&self) -> &Api {
        &self.api
    }
}

impl Beckon {
    /// How soon a refused redemption is answered here.
    pub const REFUSE_AFTER: Duration = Duration::from_millis(20);

    /// A system with nobody in it.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// The same with other options.
    pub async fn start_with(change: impl FnOnce(&mut Options)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut options = Options::new(folder.path().to_owned(), 0);
        options.refuse_after = Self::REFUSE_AFTER;
        change(&mut options);
        let system = System::start(options).await.unwrap();
        Self {
            api: Api::at(system.address()),
            system,
            folder,
        }
    }

    /// The document of all routes, as the code has them.
    #[must_use]
    pub fn openapi(&self) -> &serde_json::Value {
        self.system.openapi()
    }

    /// A handle for another task.
    #[must_use]
    pub fn api(&self) -> Api {
        self.api.clone()
    }

    /// Where its data is kept.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The table, for whoever looks behind the API.
    #[must_use]
    pub fn table(&self) -> &Table {
        self.system.table()
    }

    /// Puts an item into the table past the API: as another version may have left it there.
    pub fn put_item(&self, item: serde_json::Value) {
        self.system.put_item(item).unwrap();
    }

    /// The row of a user, as it stands in the table.
    #[must_use]
    pub fn row_of(&self, person: &Person) -> serde_json::Value {
        let row = self.system.row_of_user(person.id.parse().unwrap());
        row.unwrap().unwrap()
    }

    /// Write and read units that the table charged so far, indexes included.
    #[must_use]
    pub fn consumed_units(&self) -> (f64, f64) {
        self.system.table().consumed_units()
    }

    /// The person's invitation is completed by this device, and they were told once.
    pub async fn completed_once(&self, person: &Person, device: &str) {
        let user = self.user(person).await;
        assert_eq!(user["invitation"]["state"], "completed", "{device}");
        self.mail_number(2, &person.email).await;
        self.quiet().await;
        let mails = self.mailbox_of(&person.email).await;
        assert_eq!(
            mails.len(),
            2,
            "{device}: the invitation, and one confirmation"
        );
    }

    /// Waits until every mail that was ever written has gone, or will never go.
    pub async fn quiet(&self) {
        let one_day = Timestamp::now() + SignedDuration::from_hours(24);
        let table = self.system.table();
        until("no mail is under way", async || {
            for class in [MailClass::Small, MailClass::Bulk] {
                if !table.due_mails(class, one_day, 1).await.unwrap().is_empty() {
                    return None;
                }
            }
            Some(())
        })
        .await;
    }

    /// Takes the delivery worker's place for an hour, so that mail waits.
    pub async fn hold_the_post(&self) {
        let run = RunId::new(SystemEntropy::new().ulid());
        until("the delivery worker has finished", async || {
            let now = Timestamp::now();
            let until = now + SignedDuration::from_hours(1);
            let taken = self.system.table().take_lease(run, now, until).await;
            taken.unwrap().then_some(())
        })
        .await;
    }

    /// Waits until the mail service has said that a mail was delivered.
    pub async fn arrived(&self, mail: &Mail) {
        let id = mail.beckon_id.parse().unwrap();
        until("a mail is delivered", async || {
            let mails = self.system.table().load_mails(&[id]).await.unwrap();
            (mails[0].state == MailState::Delivered).then_some(())
        })
        .await;
    }

    /// Lets the time of somebody's invitation run out at once, which takes an hour at least
    /// where nobody looks behind the API.
    pub async fn let_time_run_out(&self, person: &Person) {
        self.change(person, |user| {
            user.invitation.as_mut().unwrap().expires_at = Timestamp::now();
        })
        .await;
    }

    /// Makes somebody's invitation eleven minutes older: too old to be mailed again unchanged.
    pub async fn let_eleven_minutes_pass(&self, person: &Person) {
        self.change(person, |user| {
            let invitation = user.invitation.as_mut().unwrap();
            invitation.issued_at -= SignedDuration::from_mins(11);
            invitation.expires_at -= SignedDuration::from_mins(11);
        })
        .await;
    }

    /// Makes somebody's next reminder due at once, which takes a day at least.
    pub async fn let_the_reminder_come(&self, person: &Person) {
        self.change(person, |user| {
            let plan = user.invitation.as_mut().unwrap().reminders.as_mut();
            plan.unwrap().next_at = Some(Timestamp::now());
        })
        .await;
    }

    /// Makes somebody's next reminder due at once, when the time of their invitation has run out
    /// with it.
    pub async fn let_the_reminder_come_too_late(&self, person: &Person) {
        self.change(person, |user| {
            let invitation = user.invitation.as_mut().unwrap();
            let now = Timestamp::now();
            invitation.expires_at = now;
            invitation.reminders.as_mut().unwrap().next_at = Some(now);
        })
        .await;
    }

    /// When somebody is reminded next, which the API does not say.
    pub async fn next_reminder(&self, person: &Person) -> Option<Timestamp> {
        let id = person.id.parse().unwrap();
        let users = self.system.table().load_users(&[id]).await.unwrap();
        let invitation = users.first().unwrap().invitation.as_ref();
        invitation.unwrap().reminders.as_ref().unwrap().next_at
    }

    /// Makes somebody's invitation, which has ended, so many days older.
    pub async fn let_days_pass_since_the_end(&self, person: &Person, days: i64) {
        self.change(person, |user| {
            let invitation = user.invitation.as_mut().unwrap();
            let by = SignedDuration::from_hours(24 * days);
            invitation.issued_at -= by;
            invitation.expires_at -= by;
            invitation.ended_at = invitation.ended_at.map(|end| end - by);
        })
        .await;
    }

    /// Makes it yesterday that somebody last asked for their PIN.
    pub async fn let_a_day_pass_since_the_pin_was_asked_for(&self, person: &Person) {
        self.change(person, |user| {
            let asked = user.asked.as_mut().unwrap();
            asked.day = asked.day.yesterday().unwrap();
        })
        .await;
    }

    /// Changes somebody's row behind the API.
    async fn change(&self, person: &Person, change: impl Fn(&mut User)) {
        let table = self.system.table();
        until("the user is saved", async || {
            let id = person.id.parse().unwrap();
            let mut user = table.load_users(&[id]).await.unwrap().remove(0);
            user.version = user.version.next();
            change(&mut user);
            let outcome = table.save_users(&[UserChange::of(user)]).await.unwrap();
            (outcome == [ChangeOutcome::Saved]).then_some(())
        })
        .await;
    }

    /// Ends the system in good order and leaves its folder.
    pub async fn stop(self) -> TempDir {
        self.system.stop().await;
        self.folder
    }
}
