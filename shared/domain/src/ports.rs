//! What the use cases need from outside, one small trait a need, so that the bounds of a use case
//! read like the permissions it has. Adapters implement them; the contract suites in the test kit
//! hold every adapter to what the methods say here.

use std::collections::HashSet;
use std::future::Future;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::address::{EmailAddress, NormalisedAddress};
use crate::batch::{Batch, Cursor, Page};
use crate::erasure::Tombstone;
use crate::history::HistoryRow;
use crate::ids::{
    BatchId, DeviceId, ExternalId, IssueNumber, MailId, RequestId, RunId, UserId, Version,
};
use crate::invitation::{InvitationState, Nonce};
use crate::keys::KeyRing;
use crate::letter::{
    ConfirmationLetter, HandOverLetter, InvitationLetter, Message, NoticeLetter, OutgoingMail,
    Reader,
};
use crate::locale::Locale;
use crate::mail::{Mail, MailClass};
use crate::problem::FieldProblem;
use crate::published::PublishedEvent;
use crate::registration::Registration;
use crate::selection::UserFilter;
use crate::sending::{SendAnswer, SendingLimits};
use crate::session::{RegistrationId, Session, SessionDigest};
use crate::settings::{SavedSettings, Settings, SettingsStamp, VersionedSettings};
use crate::stored::{Loaded, Readable, RowKey, SetAside, Unreadable};
use crate::template::{Letter, Template, TemplateKind, TemplateName, Variable, Wording};
use crate::user::User;

/// Something outside cannot be reached, or answered what nobody expected. Trying again later may
/// do. Adapters report everything they do not recognise as this, never as absence.
#[derive(Debug, thiserror::Error)]
#[error("{what} is unavailable")]
pub struct Unavailable {
    /// What could not be reached: `the table`, `the mail service`.
    pub what: &'static str,
    /// What it said. It must hold no secret and no address.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl Unavailable {
    /// `what` failed with `source`.
    pub fn new(
        what: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self {
            what,
            source: source.into(),
        }
    }
}

/// Why something was not written. Nothing is, then.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// Somebody else wrote one of the rows since it was read: read again, decide again.
    #[error("somebody else wrote first")]
    Conflict,
    /// The store cannot be reached; whether it was written is not known.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// What the world finds a user by. Each belongs to one user at a time.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Name {
    /// Their address.
    Address(NormalisedAddress),
    /// Their external id.
    External(ExternalId),
}

impl Name {
    /// Everything that a user is found by.
    #[must_use]
    pub fn all_of(user: &User) -> Vec<Self> {
        let external = user.external_id.clone().map(Self::External);
        std::iter::once(Self::Address(user.email.normalised()))
            .chain(external)
            .collect()
    }
}

/// A change of one user with everything that must be written with it: one change, one write.
#[derive(Debug, Clone)]
pub struct UserChange {
    /// The user as they are after it; the row must hold the version before. A first version must
    /// not exist yet.
    pub user: User,
    /// What they were found by and are no longer.
    pub frees: Vec<Name>,
    /// What they are found by from now on; nobody may have it yet.
    pub claims: Vec<Name>,
    /// Mails, each in its version; a first version must not exist yet.
    pub mails: Vec<Mail>,
    /// What happened.
    pub history: Vec<HistoryRow>,
    /// A registration to set.
    pub registration: Option<Registration>,
    /// A session to set.
    pub session: Option<Session>,
}

impl UserChange {
    /// A change of the user alone, to be completed.
    #[must_use]
    pub fn of(user: User) -> Self {
        Self {
            user,
            frees: Vec::new(),
            claims: Vec::new(),
            mails: Vec::new(),
            history: Vec::new(),
            registration: None,
            session: None,
        }
    }

    /// The same, done for this request: its mails say so.
    #[must_use]
    pub fn for_request(mut self, request: Option<&RequestId>) -> Self {
        for mail in &mut self.mails {
            mail.request_id = mail.request_id.take().or_else(|| request.cloned());
        }
        self
    }
}

/// Whether no two of these changes are of one user, as [`SaveUsers::save_users`] wants them.
#[must_use]
pub fn of_different_users(changes: &[UserChange]) -> bool {
    let mut seen = HashSet::new();
    changes.iter().all(|change| seen.insert(change.user.id))
}

/// Loads users by id.
pub trait LoadUsers: Sync {
    /// The users with these ids, as last written, in any order; an unknown id is left out. A row
    /// that cannot be read says nothing of the others; it is set aside and told of once.
    fn read_users(
        &self,
        ids: &[UserId],
    ) -> impl Future<Output = Result<Loaded<User, UserId>, Unavailable>> + Send;

    /// Those of them that can be read.
    fn load_users(
        &self,
        ids: &[UserId],
    ) -> impl Future<Output = Result<Vec<User>, Unavailable>> + Send {
        async move { Ok(self.read_users(ids).await?.found) }
    }

    /// One user. A row that cannot be read is an error that says so ([`Unavailable::unreadable`]).
    fn load_user(
        &self,
        id: UserId,
    ) -> impl Future<Output = Result<Option<User>, Unavailable>> + Send {
        async move { self.read_users(&[id]).await?.one() }
    }
}

/// Finds one user by what the world calls them. A row that cannot be read is an error that says so.
pub trait FindUser {
    /// The user with exactly this address.
    fn user_by_address(
        &self,
        address: &NormalisedAddress,
    ) -> impl Future<Output = Result<Option<User>, Unavailable>> + Send;

    /// The user with exactly this external id.
    fn user_by_external_id(
        &self,
        id: &ExternalId,
    ) -> impl Future<Output = Result<Option<User>, Unavailable>> + Send;
}

/// Finds many users by what the world calls them.
pub trait FindUsers {
    /// Whoever has one of these names, as last written, each once, in any order. Who cannot be
    /// read is left out.
    fn users_by_names(
        &self,
        names: &[Name],
    ) -> impl Future<Output = Result<Vec<User>, Unavailable>> + Send;
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct ListPage<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Where the next one begins; `None` at the end. A page may be short, even empty, and still
    /// have a next one: an adapter bounds the reads of one page.
    pub next: Option<String>,
    /// How many rows were left out because they cannot be read.
    pub unreadable: usize,
}

/// Lists users in the order of their addresses.
pub trait ListUsers {
    /// The users that the filter finds from `position` on, at most `limit`. While users are added,
    /// pages neither repeat nor skip one that was there before. The list may be a moment old.
    fn list_users(
        &self,
        filter: &UserFilter,
        position: Option<&str>,
        limit: usize,
        now: Timestamp,
    ) -> impl Future<Output = Result<ListPage<User>, Unavailable>> + Send;
}

/// Why a user was not added. Nothing is written then.
#[derive(Debug, thiserror::Error)]
pub enum AddUserError {
    /// Another user has this address.
    #[error("the address is taken")]
    AddressTaken,
    /// Another user has this external id.
    #[error("the external id is taken")]
    ExternalIdTaken,
    /// The idempotency key was used in the meantime: look it up again.
    #[error("the request is being answered already")]
    KeyTaken,
    /// The store cannot be reached.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Adds a user.
pub trait AddUserRow {
    /// Writes the user, what happened, and the batch that invites them, if they are invited, and
    /// what the request is answered with, as one. Addresses and external ids stay unique.
    fn add_user(
        &self,
        user: &User,
        history: &HistoryRow,
        batch: Option<(&Batch, &Cursor)>,
        answer: Option<&RememberedAnswer>,
    ) -> impl Future<Output = Result<(), AddUserError>> + Send;
}

/// What became of one change among several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeOutcome {
    /// Written, with everything that belongs to it.
    Saved,
    /// Somebody else wrote the user first: read again, decide again.
    Conflict,
    /// One of its mails exists already: this very change was written before.
    DoneBefore,
    /// The user is as they were read, and somebody else has the address that it claims.
    AddressTaken,
    /// The user is as they were read, and somebody else has the external id that it claims.
    ExternalIdTaken,
}

impl ChangeOutcome {
    /// Whether it was written. If not, somebody else wrote first: read again, decide again.
    #[must_use]
    pub const fn is_saved(self) -> bool {
        match self {
            Self::Saved => true,
            Self::Conflict | Self::DoneBefore | Self::AddressTaken | Self::ExternalIdTaken => false,
        }
    }
}

/// Saves changes of users.
pub trait SaveUsers {
    /// Writes each change as a whole or not at all; one that does not fit leaves the others be.
    /// Addresses and external ids stay unique: what a change frees is free with it, what it
    /// claims is the user's with it.
    /// The outcomes are in the order of the changes, each of which is of another user: two changes
    /// of one user in one call are refused as unavailable, and nothing of the call is written.
    fn save_users(
        &self,
        changes: &[UserChange],
    ) -> impl Future<Output = Result<Vec<ChangeOutcome>, Unavailable>> + Send;

    /// Writes one change.
    fn save_user(
        &self,
        change: &UserChange,
    ) -> impl Future<Output = Result<ChangeOutcome, Unavailable>> + Send
    where
        Self: Sync,
    {
        async move {
            let outcomes = self.save_users(std::slice::from_ref(change)).await?;
            Ok(outcomes.first().copied().unwrap_or(ChangeOutcome::Conflict))
        }
    }
}

/// Takes users away.
pub trait RemoveUser {
    /// Takes a user away with what they are found by, their devices and the sessions that their
    /// invitation holds, and writes what happened and what is left of them, as one.
    /// [`SaveError::Conflict`]: the user is not as they were read.
    fn remove_user(
        &self,
        user: &User,
        history: &HistoryRow,
        left: &Tombstone,
    ) -> impl Future<Output = Result<(), SaveError>> + Send;
}

/// Finds those who are over.
pub trait FindOver {
    /// Users who are over since this moment or longer ([`crate::erasure::over_since`]), the
    /// longest first, at most `limit`. The answer may be a moment old.
    fn users_over(
        &self,
        by: Timestamp,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<UserId>, Unavailable>> + Send;

    /// Deleted users of whom something is left, in the same way.
    fn tombstones(
        &self,
        by: Timestamp,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<UserId>, Unavailable>> + Send;
}

/// Erases what is left of deleted users.
pub trait EraseHistory {
    /// Erases at most `limit` rows of a deleted user's history, and, with the last of them, what
    /// says that something is left. Gives whether nothing is.
    fn erase_history(
        &self,
        user: UserId,
        limit: usize,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;
}

/// Takes a try from an invitation.
pub trait TakeTry {
    /// Takes one try if the invitation is still this issue, in this state, and has one left, and is
    /// not past `now` if it is pending; as one conditional write, so that however many guess at
    /// once, none gets a try too many. Gives the user as they are after it, or `None` if it did not fit.
    fn take_try(
        &self,
        user: UserId,
        issue: IssueNumber,
        state: InvitationState,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<User>, Unavailable>> + Send;
}

/// Reads registration sessions.
pub trait LoadSession {
    /// The session with this digest.
    fn load_session(
        &self,
        digest: &SessionDigest,
    ) -> impl Future<Output = Result<Option<Session>, Unavailable>> + Send;
}

/// Reads registrations.
pub trait LoadRegistration {
    /// What is recorded of this device of this user.
    fn load_registration(
        &self,
        user: UserId,
        device: &DeviceId,
    ) -> impl Future<Output = Result<Option<Registration>, Unavailable>> + Send;
}

/// Lists what is registered.
pub trait ListRegistrations {
    /// A user's registrations, each device once, the newest registration first. At most `limit` are
    /// read; of a user with more it is not said which.
    fn registrations_of(
        &self,
        user: UserId,
        limit: usize,
    ) -> impl Future<Output = Result<Readable<Registration>, Unavailable>> + Send;
}

/// Reads histories.
pub trait ReadHistory {
    /// What happened to a user, newest first.
    fn history_of(
        &self,
        user: UserId,
        position: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<ListPage<HistoryRow>, Unavailable>> + Send;
}

/// Reads the settings.
pub trait ReadSettings {
    /// The settings that hold now.
    fn current_settings(
        &self,
    ) -> impl Future<Output = Result<VersionedSettings, Unavailable>> + Send;

    /// The settings of an earlier version; `None` if there never was one.
    fn settings_at(
        &self,
        version: Version,
    ) -> impl Future<Output = Result<Option<VersionedSettings>, Unavailable>> + Send;
}

/// Reads what the settings were.
pub trait ListSettings {
    /// The versions that were saved, newest first, at most `limit`; below `below`, if that is
    /// given. The defaults, which nobody saved, are not among them.
    fn list_settings(
        &self,
        below: Option<Version>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<SavedSettings>, Unavailable>> + Send;
}

/// Changes the settings.
pub trait SaveSettings {
    /// Puts `settings` in the place of version `expected`, as its next version, and keeps with
    /// it who did so and when.
    fn save_settings(
        &self,
        settings: &Settings,
        expected: Version,
        stamp: &SettingsStamp,
    ) -> impl Future<Output = Result<VersionedSettings, SaveError>> + Send;
}

/// Reads own wordings.
pub trait LoadTemplates {
    /// Every wording as last written, those that were taken back included, by kind and locale. One
    /// that cannot be read is left out.
    fn templates(&self) -> impl Future<Output = Result<Vec<Template>, Unavailable>> + Send;

    /// The wording of this name as last written; `None` if there never was one.
    fn template(
        &self,
        name: &TemplateName,
    ) -> impl Future<Output = Result<Option<Template>, Unavailable>> + Send;
}

/// Changes own wordings.
pub trait SaveTemplate {
    /// Writes the wording's next version.
    fn save_template(
        &self,
        template: &Template,
    ) -> impl Future<Output = Result<(), SaveError>> + Send;
}

/// Counts open invitations.
pub trait CountOpenInvitations {
    /// How many invitations are pending or locked, a moment ago.
    fn open_invitations(&self) -> impl Future<Output = Result<u64, Unavailable>> + Send;
}

/// An answer kept for an idempotency key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RememberedAnswer {
    /// Digest of caller, route and key.
    pub key: String,
    /// Digest of the request's body.
    pub fingerprint: String,
    /// The answer, as the use case gave it.
    pub answer: String,
    /// Until when it is kept.
    pub until: Timestamp,
}

/// The answer may hold a whole user.
impl std::fmt::Debug for RememberedAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RememberedAnswer")
            .field("key", &self.key)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

/// Remembers what requests were answered with.
pub trait RecallAnswer {
    /// The answer kept under this key and not past its time.
    fn recall_answer(
        &self,
        key: &str,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<RememberedAnswer>, Unavailable>> + Send;
}

/// Starts batches.
pub trait StartBatch {
    /// Writes the batch, its cursor, its named users (rows of [`crate::batch::PAGE`] each) and the
    /// remembered answer, as one. [`SaveError::Conflict`]: the idempotency key was used in the
    /// meantime.
    fn start_batch(
        &self,
        batch: &Batch,
        cursor: &Cursor,
        named: &[Vec<UserId>],
        answer: Option<&RememberedAnswer>,
    ) -> impl Future<Output = Result<(), SaveError>> + Send;
}

/// Reads batches.
pub trait LoadBatch {
    /// The batch and its cursor.
    fn load_batch(
        &self,
        id: BatchId,
    ) -> impl Future<Output = Result<Option<(Batch, Cursor)>, Unavailable>> + Send;

    /// The users named for a page of a batch that keeps them in rows; nobody, if there is no such
    /// row.
    fn named_users(
        &self,
        id: BatchId,
        page: u32,
    ) -> impl Future<Output = Result<Vec<UserId>, Unavailable>> + Send;

    /// The expanded pages of a batch, from `first` on, at most `limit`, in their order. Those that
    /// cannot be read are left out, and those behind them are not.
    fn batch_pages(
        &self,
        id: BatchId,
        first: u32,
        limit: usize,
    ) -> impl Future<Output = Result<Readable<Page>, Unavailable>> + Send;
}

/// Lists batches.
pub trait ListBatches {
    /// Batches, newest first.
    fn list_batches(
        &self,
        position: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<ListPage<BatchId>, Unavailable>> + Send;
}

/// Finishes a page of an expansion.
pub trait FinishPage {
    /// Sets the page's outcomes and moves the cursor on, as one; the cursor's row must hold the
    /// version before.
    fn finish_page(
        &self,
        page: &Page,
        cursor: &Cursor,
    ) -> impl Future<Output = Result<(), SaveError>> + Send;
}

/// Pushes a cursor that stands still.
pub trait PushCursor {
    /// Writes the cursor's next version, so that its stream record starts its page again.
    fn push_cursor(&self, cursor: &Cursor) -> impl Future<Output = Result<(), SaveError>> + Send;
}

/// Stops batches.
pub trait StopBatch {
    /// Writes the batch's next version.
    fn save_batch(&self, batch: &Batch) -> impl Future<Output = Result<(), SaveError>> + Send;
}

/// Reads mails.
pub trait LoadMails: Sync {
    /// The mails with these ids, as last written, in any order; an unknown id is left out. A row
    /// that cannot be read says nothing of the others; it is set aside and told of once.
    fn read_mails(
        &self,
        ids: &[MailId],
    ) -> impl Future<Output = Result<Loaded<Mail, MailId>, Unavailable>> + Send;

    /// Those of them that can be read.
    fn load_mails(
        &self,
        ids: &[MailId],
    ) -> impl Future<Output = Result<Vec<Mail>, Unavailable>> + Send {
        async move { Ok(self.read_mails(ids).await?.found) }
    }

    /// One mail. A row that cannot be read is an error that says so.
    fn load_mail(
        &self,
        id: MailId,
    ) -> impl Future<Output = Result<Option<Mail>, Unavailable>> + Send {
        async move { self.read_mails(&[id]).await?.one() }
    }
}

/// Rows that this version cannot read. Whoever meets one goes around it, and the store sets it aside
/// in one conditional write that touches nothing but what says so: it leaves the index of what is
/// due, and its own stream record has it told of.
pub trait KeepAside {
    /// Those that are set aside, at most `limit`, the oldest first.
    fn rows_aside(
        &self,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<SetAside>, Unavailable>> + Send;

    /// The row, if it is set aside.
    fn row_aside(
        &self,
        key: &RowKey,
    ) -> impl Future<Output = Result<Option<SetAside>, Unavailable>> + Send;

    /// Notes that the row was put on the failure queue.
    fn note_reported(&self, key: &RowKey) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Sets a batch's cursor aside, which would come back at every round because of another row.
    fn set_cursor_aside(
        &self,
        batch: BatchId,
        because: &Unreadable,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// Puts the row back where it was, as if it had just been written; `false` if it is not set
    /// aside. If it still cannot be read, it is set aside again, and told of again.
    fn release_row(&self, key: &RowKey) -> impl Future<Output = Result<bool, Unavailable>> + Send;
}

/// Finds what is due.
pub trait FindDue {
    /// Mails of a class that somebody has to look at by `now`, oldest first, at most `limit`.
    /// The answer may be a moment old.
    fn due_mails(
        &self,
        class: MailClass,
        now: Timestamp,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<MailId>, Unavailable>> + Send;

    /// Batches whose cursor stands still.
    fn due_cursors(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<BatchId>, Unavailable>> + Send;

    /// Users whose open invitation has to be ended or reminded of.
    fn due_invitations(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<UserId>, Unavailable>> + Send;
}

/// Claims mails for the postman.
pub trait ClaimMail {
    /// Writes the mail's next version if the user it was judged by is still at the version that
    /// was read, so that nothing goes out that was cancelled or replaced meanwhile.
    fn claim_mail(
        &self,
        claimed: &Mail,
        judged_by: Version,
    ) -> impl Future<Output = Result<(), SaveError>> + Send;
}

/// Records what became of a mail.
pub trait SaveMail {
    /// Writes the mail's next version, and what happened, as one.
    fn save_mail(
        &self,
        mail: &Mail,
        history: Option<&HistoryRow>,
    ) -> impl Future<Output = Result<(), SaveError>> + Send;
}

/// Adds mails that tell of no change.
pub trait AddMail {
    /// Writes the first version of a mail, and what its request is answered with, as one.
    /// [`SaveError::Conflict`]: the idempotency key was used in the meantime.
    fn add_mail(
        &self,
        mail: &Mail,
        answer: Option<&RememberedAnswer>,
    ) -> impl Future<Output = Result<(), SaveError>> + Send;
}

/// Why the outbox stands still.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pause {
    /// Until when.
    pub until: Timestamp,
    /// A stable name.
    pub code: String,
    /// What the mail service said, without addresses.
    pub reason: String,
}

/// The one postman at a time.
pub trait HoldLease {
    /// Takes the lease if nobody holds it past `now`; `false` if somebody does. Taking it again
    /// with the same run renews it.
    fn take_lease(
        &self,
        run: RunId,
        now: Timestamp,
        until: Timestamp,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Gives the lease back, if this run still holds it.
    fn give_lease_back(&self, run: RunId) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

/// The pause of the outbox.
pub trait PauseOutbox {
    /// The pause that was set last, past or not.
    fn outbox_pause(&self) -> impl Future<Output = Result<Option<Pause>, Unavailable>> + Send;

    /// Sets or lifts the pause.
    fn set_outbox_pause(
        &self,
        pause: Option<&Pause>,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

/// Counts what may happen only so often within a while.
pub trait KeepTally {
    /// How much was added to this tally; 0 once its time is over.
    fn tally(
        &self,
        name: &str,
        now: Timestamp,
    ) -> impl Future<Output = Result<u64, Unavailable>> + Send;

    /// Adds one; a tally begun now is kept until `until`. However many add at once, none is lost.
    fn add_to_tally(
        &self,
        name: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

/// Counts hard bounces of a batch.
pub trait NoteBounce {
    /// Notes that this mail of the batch came back for good, and gives how many did. The same
    /// mail twice counts once.
    fn note_bounce(
        &self,
        batch: BatchId,
        mail: MailId,
    ) -> impl Future<Output = Result<u64, Unavailable>> + Send;
}

/// How fast mail goes out, for those who are shown when it will be done.
pub trait NotePace {
    /// Sets the mails a second.
    fn note_pace(&self, per_second: f64) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// What was set last.
    fn pace(&self) -> impl Future<Output = Result<Option<f64>, Unavailable>> + Send;
}

/// Hands mails to the mail service.
pub trait SendMail {
    /// Hands over one mail, once: no retries of its own. Whatever happens is an answer.
    fn send_mail(&self, mail: &OutgoingMail) -> impl Future<Output = SendAnswer> + Send;

    /// How fast the service lets us send now.
    fn sending_limits(&self) -> impl Future<Output = Result<SendingLimits, Unavailable>> + Send;
}

/// Has the mail service forget what it holds against an address.
pub trait ClearSuppression {
    /// Takes the address off the service's list of those it sends nothing to. One that is not on
    /// it is no error.
    fn clear_suppression(
        &self,
        address: &EmailAddress,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

/// Wakes the postman.
pub trait WakePostman {
    /// Has a run begin soon. A wake-up may be lost; the clock makes up for it.
    fn wake_postman(&self) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

/// Keeps what could not be understood, for a person to look at.
pub trait KeepRejected {
    /// Keeps the event whole, with the reason.
    fn keep_rejected(
        &self,
        event: &str,
        reason: &str,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

/// What the bus said of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Receipt {
    /// It has it.
    Taken,
    /// It does not have it; later it may take it.
    NotNow {
        /// What it called the reason.
        code: String,
    },
    /// It will never take it.
    Refused {
        /// What it called the reason.
        code: String,
    },
}

/// Tells the world.
pub trait PublishEvents {
    /// Puts events on the bus, at most [`crate::published::MOST_AT_ONCE`]. Gives a receipt for each,
    /// in their order: that one was not taken says nothing of the others. Whatever reason is not
    /// known to lie in the event itself is [`Receipt::NotNow`].
    fn publish_events(
        &self,
        events: &[PublishedEvent],
    ) -> impl Future<Output = Result<Vec<Receipt>, Unavailable>> + Send;
}

/// A letter that cannot be put into words, now or later; the next one may do. Its text holds no
/// secret and no address.
#[derive(Debug, thiserror::Error)]
#[error("the letter cannot be composed: {0}")]
pub struct Uncomposable(pub String);

/// Puts letters into words.
pub trait ComposeLetter {
    /// The mail of an invitation.
    fn compose_invitation(&self, letter: &InvitationLetter) -> Result<Message, Uncomposable>;

    /// The mail of a confirmation.
    fn compose_confirmation(&self, letter: &ConfirmationLetter) -> Result<Message, Uncomposable>;

    /// The mail that tells somebody of a secret that was given out without a mail.
    fn compose_hand_over(&self, letter: &HandOverLetter) -> Result<Message, Uncomposable>;

    /// The mail that tells an administrator what became of an invitation.
    fn compose_notice(&self, letter: &NoticeLetter) -> Result<Message, Uncomposable>;
}

/// Puts letters into an administrator's own words, and judges those.
pub trait ComposeOwn {
    /// The languages that mails can be written in.
    fn locales(&self) -> Vec<Locale>;

    /// The one of them that our own words to this reader would be in.
    fn language_of(&self, reader: &Reader) -> Locale;

    /// What may stand in a wording of this kind.
    fn variables(&self, kind: TemplateKind) -> Vec<Variable>;

    /// Our own wording, as somebody would write it who begins from it. It passes
    /// [`ComposeOwn::check_wording`].
    fn our_wording(&self, name: &TemplateName) -> Wording;

    /// Everything for which a wording MUST not be kept: it does what it may not, does not come
    /// to an end, or leaves out what people need. Empty for a good one.
    fn check_wording(&self, name: &TemplateName, wording: &Wording) -> Vec<FieldProblem>;

    /// The letter in these words. What was checked may still not fit a letter; then there is an
    /// error, and never a mail in which a value has become markup, or that lacks its secret.
    fn compose_own(
        &self,
        locale: &Locale,
        wording: &Wording,
        letter: &Letter,
    ) -> Result<Message, Uncomposable>;
}

/// The keys.
pub trait LoadKeys {
    /// The key ring as it is now.
    fn key_ring(&self) -> impl Future<Output = Result<KeyRing, Unavailable>> + Send;
}

/// Time.
pub trait Clock {
    /// Now.
    fn now(&self) -> Timestamp;

    /// Returns after this long.
    fn sleep(&self, how_long: SignedDuration) -> impl Future<Output = ()> + Send;
}

/// Chance.
pub trait Chance {
    /// An id that nobody has had, ordered by time.
    fn ulid(&self) -> Ulid;

    /// Random bytes for a secret.
    fn nonce(&self) -> Nonce;

    /// The id of a new registration session.
    fn registration_id(&self) -> RegistrationId;

    /// The id of the request that this is done for, so that it can be followed into the rows that
    /// come of it. `None` where nobody asked, or it is not known.
    fn request(&self) -> Option<RequestId> {
        None
    }
}
