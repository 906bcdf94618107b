//! The table in memory: every store port, with exactly what their contracts say, and ways to
//! make it misbehave as a real one may. Every call passes one gate ([`Call`], [`Fault`]).
//!
//! The rows and the rules for them are in `rows`; here is who may look at them, and when.

mod batches;
mod counters;
mod delivery;
mod devices;
mod gate;
mod history;
mod idempotency;
mod jobs;
mod mails;
mod rows;
mod settings;
mod spoilt;
mod users;

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use beckon_domain::model::batch::{Batch, Cursor, Page};
use beckon_domain::model::delivery::Pause;
use beckon_domain::model::group::Group;
use beckon_domain::model::history::HistoryEntry;
use beckon_domain::model::mail::Mail;
use beckon_domain::model::registration::Registration;
use beckon_domain::model::session::Session;
use beckon_domain::model::settings::{Settings, VersionedSettings};
use beckon_domain::model::user::User;
use beckon_domain::ports::error::{SaveError, Unavailable};
use beckon_domain::values::ids::{BatchId, GroupId, MailId, RunId, UserId, Version};
use jiff::Timestamp;

use gate::{Admission, Gate};
pub use gate::{Call, Fault};
use rows::Rows;
pub use spoilt::{SPOILT, keys};

/// The table in memory. Clones share their rows.
#[derive(Clone)]
pub struct MemoryStore {
    inner: Arc<Mutex<Inner>>,
}

struct Inner {
    rows: Rows,
    gate: Gate,
    /// The rows as they were before each of the last writes, oldest first: what index reads see.
    past: VecDeque<Rows>,
    /// How many writes index reads are behind.
    lag: usize,
    /// How many rows of the list one page looks at.
    page_reads: usize,
}

impl std::fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

/// An empty table.
impl MemoryStore {
    /// An empty table in which `defaults` hold until somebody saves settings.
    pub fn new(defaults: Settings) -> Self {
        Self {
            inner: Arc::new(Mutex::new(Inner {
                rows: Rows::new(defaults),
                gate: Gate::default(),
                past: VecDeque::new(),
                lag: 0,
                page_reads: usize::MAX,
            })),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner
            .lock()
            .expect("nothing panics while it holds the rows")
    }
}

/// The ways to the rows that the ports take. Each passes the gate first.
impl MemoryStore {
    /// Lets other tasks in, then has the gate decide, what comes before the call included.
    async fn admit(&self, call: Call) -> Admission {
        tokio::task::yield_now().await;
        let hook = self.lock().gate.hook(call);
        if let Some(hook) = hook {
            hook(self);
        }
        self.lock().gate.admit(call)
    }

    /// A read of rows as last written.
    async fn read<T>(
        &self,
        call: Call,
        read: impl FnOnce(&Rows) -> T + Send,
    ) -> Result<T, Unavailable> {
        match self.admit(call).await {
            Admission::Pass | Admission::Outraced => Ok(read(&self.lock().rows)),
            Admission::Refuse | Admission::LoseAnswer | Admission::CutShort(_) => {
                Err(out_of_reach())
            }
        }
    }

    /// A read of rows that may be a moment old.
    async fn read_index<T>(
        &self,
        call: Call,
        read: impl FnOnce(&Rows) -> T + Send,
    ) -> Result<T, Unavailable> {
        match self.admit(call).await {
            Admission::Pass | Admission::Outraced => {
                let inner = self.lock();
                Ok(read(inner.past.front().unwrap_or(&inner.rows)))
            }
            Admission::Refuse | Admission::LoseAnswer | Admission::CutShort(_) => {
                Err(out_of_reach())
            }
        }
    }

    /// A write that cannot be overtaken.
    async fn write<T, E: From<Unavailable>>(
        &self,
        call: Call,
        write: impl FnOnce(&mut Rows) -> Result<T, E> + Send,
    ) -> Result<T, E> {
        match self.admit(call).await {
            Admission::Pass | Admission::Outraced => self.lock().change(write),
            Admission::Refuse => Err(out_of_reach().into()),
            Admission::LoseAnswer | Admission::CutShort(_) => {
                self.lock().change(write)?;
                Err(out_of_reach().into())
            }
        }
    }

    /// A write that somebody else may overtake.
    async fn save<T>(
        &self,
        call: Call,
        write: impl FnOnce(&mut Rows) -> Result<T, SaveError> + Send,
    ) -> Result<T, SaveError> {
        match self.admit(call).await {
            Admission::Pass => self.lock().change(write),
            Admission::Outraced => Err(SaveError::Conflict),
            Admission::Refuse => Err(out_of_reach().into()),
            Admission::LoseAnswer | Admission::CutShort(_) => {
                self.lock().change(write)?;
                Err(out_of_reach().into())
            }
        }
    }
}

impl Inner {
    fn change<T>(&mut self, write: impl FnOnce(&mut Rows) -> T) -> T {
        if self.lag > 0 {
            self.past.push_back(self.rows.clone());
            while self.past.len() > self.lag {
                self.past.pop_front();
            }
        }
        write(&mut self.rows)
    }
}

fn out_of_reach() -> Unavailable {
    Unavailable::new("the table", "the test told it to fail")
}

/// What a test can tell the table to do wrong.
impl MemoryStore {
    /// The next `n` calls are refused before they do anything.
    pub fn fail_next(&self, n: u64) {
        self.lock().gate.refuse_next(n);
    }

    /// The next `n` writes are carried out, and their answers lost.
    pub fn lose_ack_next(&self, n: u64) {
        self.lock().gate.lose_next(n);
    }

    /// The next `n` writes that somebody else can overtake are overtaken: nothing is written.
    pub fn conflict_next(&self, n: u64) {
        self.lock().gate.outrace_next(n);
    }

    /// The call that comes after `after` others goes wrong in this way.
    pub fn plan(&self, after: u64, fault: Fault) {
        self.lock().gate.plan(after, fault);
    }

    /// Every call after the next `after` ones is refused, as if whoever calls had died there,
    /// until [`MemoryStore::come_back`].
    pub fn go_down_after(&self, after: u64) {
        self.lock().gate.go_down_after(after);
    }

    /// Nothing is wrong any more; what was planned and has not happened is forgotten.
    pub fn come_back(&self) {
        self.lock().gate.come_back();
    }

    /// Does something just before the next call of this kind, as somebody else would between
    /// a read and a write. Several are done one a call, in the order in which they were told.
    pub fn before_next(&self, call: Call, then: impl FnOnce(&Self) + Send + 'static) {
        self.lock().gate.before_next(call, Box::new(then));
    }

    /// How many calls there were, and so whether what was planned has happened.
    pub fn calls(&self) -> u64 {
        self.lock().gate.passed()
    }

    /// Lists, counts and what is due are `writes` writes behind from now on.
    pub fn let_indexes_lag(&self, writes: usize) {
        let mut inner = self.lock();
        inner.lag = writes;
        inner.past.clear();
    }

    /// A page of a list looks at no more than this many rows, so that pages are short and may
    /// be empty.
    pub fn let_pages_read(&self, rows: usize) {
        self.lock().page_reads = rows.max(1);
    }
}

/// What a test can look at and put there, past every port.
impl MemoryStore {
    /// Every user, in the order of their ids.
    pub fn all_users(&self) -> Vec<User> {
        let held = self.lock();
        let ids = held.rows.users.keys();
        ids.filter_map(|id| held.rows.user(*id)).collect()
    }

    /// A user as last written.
    pub fn user(&self, id: UserId) -> User {
        self.find_user(id).expect("the user exists")
    }

    /// A user as last written, if there is one.
    pub fn find_user(&self, id: UserId) -> Option<User> {
        self.lock().rows.user(id)
    }

    /// Every group of the directory.
    pub fn all_groups(&self) -> Vec<Group> {
        self.lock().rows.groups.values().cloned().collect()
    }

    /// Who is a member of which group, by the rows that say so.
    pub fn all_members(&self) -> BTreeSet<(GroupId, UserId)> {
        self.lock().rows.members.clone()
    }

    /// Every mail, oldest first.
    pub fn all_mails(&self) -> Vec<Mail> {
        let mut mails: Vec<Mail> = self.lock().rows.mails.values().cloned().collect();
        mails.sort_by_key(|mail| (mail.created_at, mail.id));
        mails
    }

    /// A mail as last written.
    pub fn mail(&self, id: MailId) -> Mail {
        self.lock()
            .rows
            .mails
            .get(&id)
            .cloned()
            .expect("the mail exists")
    }

    /// The mails of one user, oldest first.
    pub fn mails_of(&self, user: UserId) -> Vec<Mail> {
        let mut mails = self.all_mails();
        mails.retain(|mail| mail.user == user);
        mails
    }

    /// What happened to a user, oldest first.
    pub fn history(&self, user: UserId) -> Vec<HistoryEntry> {
        let inner = self.lock();
        let rows = inner.rows.history.get(&user);
        rows.map(|rows| rows.values().cloned().collect())
            .unwrap_or_default()
    }

    /// Every registration.
    pub fn all_registrations(&self) -> Vec<Registration> {
        self.lock().rows.registrations.values().cloned().collect()
    }

    /// Every registration session.
    pub fn all_sessions(&self) -> Vec<Session> {
        self.lock().rows.sessions.values().cloned().collect()
    }

    /// Every batch with its cursor, oldest first.
    pub fn all_batches(&self) -> Vec<(Batch, Cursor)> {
        let inner = self.lock();
        let cursors = &inner.rows.cursors;
        inner
            .rows
            .batches
            .values()
            .map(|batch| (batch.clone(), cursors[&batch.id].clone()))
            .collect()
    }

    /// The expanded pages of a batch.
    pub fn pages(&self, batch: BatchId) -> Vec<Page> {
        self.lock().rows.pages_of(batch, 0, usize::MAX)
    }

    /// Who holds the delivery worker's lease, and until when.
    pub fn lease(&self) -> Option<(RunId, Timestamp)> {
        self.lock().rows.lease
    }

    /// The pause that was set last.
    pub fn pause(&self) -> Option<Pause> {
        self.lock().rows.pause.clone()
    }

    /// Writes a user whatever stood there.
    pub fn put_user(&self, user: &User) {
        let user = user.clone();
        self.lock().change(|rows| rows.put_user(user));
    }

    /// Writes a row of a history whatever stood there.
    pub fn put_row(&self, row: &HistoryEntry) {
        self.lock().change(|rows| rows.put_history(row));
    }

    /// Takes a user away.
    pub fn remove_user(&self, id: UserId) {
        self.lock().change(|rows| rows.remove_user(id));
    }

    /// Changes a user as somebody else would: as the next version.
    pub fn change_user(&self, id: UserId, change: impl FnOnce(&mut User)) {
        let mut user = self.user(id);
        change(&mut user);
        user.version = user.version.next();
        self.put_user(&user);
    }

    /// Writes a mail whatever stood there.
    pub fn put_mail(&self, mail: &Mail) {
        let mail = mail.clone();
        self.lock().change(|rows| rows.put_mail(mail));
    }

    /// Changes a mail as somebody else would: as the next version.
    pub fn change_mail(&self, id: MailId, change: impl FnOnce(&mut Mail)) {
        let mut mail = self.mail(id);
        change(&mut mail);
        mail.version = mail.version.next();
        self.put_mail(&mail);
    }

    /// Changes a batch as somebody else would: as the next version.
    pub fn change_batch(&self, id: BatchId, change: impl FnOnce(&mut Batch)) {
        self.lock().change(|rows| {
            let batch = rows.batches.get_mut(&id).expect("the batch exists");
            change(batch);
            batch.version = batch.version.next();
        });
    }

    /// Writes a registration whatever stood there.
    pub fn put_registration(&self, registration: &Registration) {
        let registration = registration.clone();
        self.lock()
            .change(|rows| rows.put_registration(registration));
    }

    /// Ends delivery's pause as somebody else would.
    pub fn lift_pause(&self) {
        self.lock().change(|rows| rows.pause = None);
    }

    /// Has another run hold the delivery worker's lease.
    pub fn steal_lease(&self, run: RunId, until: Timestamp) {
        self.lock().change(|rows| rows.lease = Some((run, until)));
    }

    /// Saves settings as the next version.
    pub fn put_settings(&self, settings: &Settings) -> Version {
        let settings = settings.clone();
        self.lock()
            .change(|rows| rows.put_settings(settings).version)
    }

    /// The settings that hold now.
    pub fn settings(&self) -> VersionedSettings {
        self.lock().rows.current_settings()
    }
}
