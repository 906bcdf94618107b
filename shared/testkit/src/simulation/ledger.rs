//! The ledger: what was written, read, handed over and shown, in order, and the rules that must
//! hold at each of these moments. It knows the rules in its own words, not by asking the domain.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use beckon_domain::model::batch::{Batch, Cursor, Page};
use beckon_domain::model::group::Memberships;
use beckon_domain::model::history::HistoryEntry;
use beckon_domain::model::idempotency::IdempotencyRecord;
use beckon_domain::model::invitation::Invitation;
use beckon_domain::model::mail::Mail;
use beckon_domain::model::ownership::OwnershipChoice;
use beckon_domain::model::registration::{DeviceRegistered, Registration};
use beckon_domain::model::settings::VersionedSettings;
use beckon_domain::model::stored::RowKey;
use beckon_domain::model::template::Template;
use beckon_domain::model::user::User;
use beckon_domain::values::ids::{
    BatchId, DeviceId, EventId, IssueNumber, JobId, MailId, RunId, UserId, Version,
};
use beckon_domain::values::names::GroupName;
use beckon_domain::values::session_ids::{RegistrationId, SessionDigest};
use jiff::Timestamp;

use super::jobs::{Job, Record};
use super::report::Counts;
use super::stage::{Stage, Weather};
use super::system::Enrolled;
use crate::MemoryStore;

/// The stage and the ledger of one story. Clones are the same.
#[derive(Debug, Clone)]
pub(super) struct Watch {
    scene: Arc<Mutex<(Stage, Ledger)>>,
}

impl Watch {
    pub(super) fn new(stage: Stage, ledger: Ledger) -> Self {
        Self {
            scene: Arc::new(Mutex::new((stage, ledger))),
        }
    }

    pub(super) fn both<T>(&self, then: impl FnOnce(&mut Stage, &mut Ledger) -> T) -> T {
        let mut scene = self.scene.lock().expect("nothing panics on the stage");
        let (stage, ledger) = &mut *scene;
        (ledger.task, ledger.now) = (stage.task, stage.now);
        let result = then(stage, ledger);
        // Mostly there is nothing, and this is asked some thousand times a story.
        if !ledger.told.is_empty() {
            for line in std::mem::take(&mut ledger.told) {
                stage.trace.write(stage.now, &line);
            }
        }
        if !ledger.asked.is_empty() {
            for record in std::mem::take(&mut ledger.asked) {
                stage.record(record);
            }
        }
        if !ledger.to_publish.is_empty() {
            stage.history.extend(std::mem::take(&mut ledger.to_publish));
        }
        result
    }

    pub(super) fn stage<T>(&self, then: impl FnOnce(&mut Stage) -> T) -> T {
        self.both(|stage, _| then(stage))
    }

    pub(super) fn with<T>(&self, then: impl FnOnce(&mut Ledger) -> T) -> T {
        self.both(|_, ledger| then(ledger))
    }
}

/// A moment: its place in the order of everything, and its time.
pub(super) type Moment = (u64, Timestamp);

/// What a task has seen.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a thing that it saw or did not"
)]
#[derive(Debug)]
pub(super) struct View {
    pub(super) job: Job,
    /// When it began.
    pub(super) began: Moment,
    /// The users it wrote.
    pub(super) wrote: BTreeSet<UserId>,
    /// Whether the mail service told it that nothing goes for the whole account.
    pub(super) pausing: bool,
    pub(super) users: BTreeMap<UserId, Moment>,
    /// When it took up which mail.
    pub(super) mails: BTreeMap<MailId, Moment>,
    pub(super) settings: Option<VersionedSettings>,
    /// Tries it took with the right PIN, and whether one was given back.
    pub(super) tries: Vec<(UserId, IssueNumber)>,
    pub(super) given_back: bool,
    /// What the person who shows a secret chooses of whose their device is to be.
    pub(super) choosing: Option<OwnershipChoice>,
    /// Whether it wrote a registration.
    pub(super) registered: bool,
    /// The page of a batch that it is at.
    pub(super) page: Option<(BatchId, u32)>,
    /// Whether something was out of its reach since.
    pub(super) failed: bool,
    pub(super) run: Option<RunId>,
    /// Since when another run has the lease, and since when this one was told so.
    pub(super) lease_lost: Option<u64>,
    pub(super) told_so: Option<u64>,
    pub(super) ever_lost: bool,
    pub(super) claims_since: usize,
    /// When it claimed which mail.
    pub(super) claims: BTreeMap<MailId, u64>,
}

/// An issue of an invitation.
#[derive(Debug)]
pub(super) struct Issue {
    pub(super) invitation: Invitation,
    /// Tries taken by wrong PINs.
    pub(super) wrong: u32,
    /// Tries taken by right PINs and never given back, for somebody was killed in between.
    pub(super) kept: u32,
    /// When its sessions end.
    pub(super) sessions: Vec<Timestamp>,
}

/// A mail that was handed to the service.
#[derive(Debug, Clone, Copy)]
pub(super) struct HandOver {
    pub(super) seq: u64,
    pub(super) task: u64,
    pub(super) taken: bool,
    pub(super) silent: bool,
}

/// What has become of a mail.
#[derive(Debug)]
pub(super) struct MailStory {
    pub(super) row: Mail,
    /// Whether the expansion of a batch wrote it.
    pub(super) expanded: bool,
    pub(super) hand_overs: Vec<HandOver>,
    /// When its row first said that it was sent.
    pub(super) sent: Option<u64>,
    /// When a report that it was sent was taken in.
    pub(super) reported: Option<u64>,
    /// Whether the service refused it, or did not know its recipient.
    pub(super) refused: bool,
    pub(super) unverified: bool,
}

/// How a task is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gone {
    Well,
    Failed,
    Killed,
}

/// The ledger of one story.
#[derive(Debug)]
pub(super) struct Ledger {
    pub(super) store: MemoryStore,
    /// What the system that is asked lists, in its order.
    pub(super) system: Vec<Enrolled>,
    /// Which message each of them became, by its id and its time.
    pub(super) polled: BTreeMap<(String, String), EventId>,
    /// How often messages were deleted with a device of somebody who was erased.
    pub(super) erased_messages: u64,
    pub(super) task: u64,
    pub(super) now: Timestamp,
    pub(super) seq: u64,
    /// The first rule that did not hold.
    pub(super) violation: Option<String>,
    pub(super) views: BTreeMap<u64, View>,
    pub(super) gone: BTreeMap<u64, (Gone, bool)>,
    /// Every user as they were written, with the moment of it.
    pub(super) users: BTreeMap<UserId, Vec<(u64, User)>>,
    pub(super) issues: BTreeMap<(UserId, IssueNumber), Issue>,
    pub(super) mails: BTreeMap<MailId, MailStory>,
    pub(super) sessions: BTreeMap<SessionDigest, (UserId, IssueNumber, u64)>,
    pub(super) opened_at: BTreeMap<SessionDigest, Timestamp>,
    /// The latest time at which each recorded device was said to have been registered.
    pub(super) enrolments: BTreeMap<(UserId, DeviceId), Option<Timestamp>>,
    /// With which session which device was reported.
    pub(super) named: BTreeSet<(SessionDigest, DeviceId)>,
    /// What people chose of whose their device is to be: the latest of an issue, and what it was when a session opened.
    pub(super) chosen: BTreeMap<(UserId, IssueNumber), OwnershipChoice>,
    pub(super) chosen_in: BTreeMap<SessionDigest, OwnershipChoice>,
    /// What is recorded of each device of somebody.
    pub(super) recorded: BTreeMap<UserId, BTreeMap<DeviceId, Registration>>,
    /// The reports that were answered.
    pub(super) reports: Vec<DeviceRegistered>,
    pub(super) stopped: BTreeMap<BatchId, Moment>,
    /// Jobs that somebody stopped.
    pub(super) stopped_jobs: BTreeSet<JobId>,
    /// Whom jobs did something to, and how often.
    pub(super) touched: BTreeMap<(JobId, UserId), u32>,
    /// Whether a step of a job is being written.
    pub(super) in_step: bool,
    pub(super) invited: BTreeMap<(BatchId, UserId), u64>,
    pub(super) keys: BTreeMap<String, Vec<Timestamp>>,
    /// Pages that two runs were at, at the same time.
    pub(super) shared_pages: BTreeSet<(BatchId, u32)>,
    pub(super) lease: Option<RunId>,
    pub(super) in_flight: usize,
    pub(super) asked: Vec<Record>,
    /// What it has to say for the trace, if anybody reads it.
    pub(super) told: Vec<String>,
    pub(super) traced: bool,
    /// Sessions that somebody was told of.
    pub(super) registration_ids: Vec<(UserId, RegistrationId)>,
    pub(super) counts: Counts,
    /// Rows of which it was noted that people were told.
    pub(super) told_of: BTreeSet<RowKey>,
    /// Rows that could not be read at some time.
    pub(super) spoilt: BTreeSet<RowKey>,
    /// The users who were deleted, when, and since when they were over.
    pub(super) deleted: BTreeMap<UserId, (u64, Timestamp)>,
    /// Deleted users of whom nothing is left.
    pub(super) erased: BTreeSet<UserId>,
    /// The settings as they were saved, with the moment of it.
    pub(super) settings: Vec<(Moment, VersionedSettings)>,
    /// Own wordings as they were kept: the moment, the version, the subject.
    pub(super) wordings: BTreeMap<String, Vec<(u64, Version, Option<String>)>>,
    /// What groups of the directory were called at some time.
    pub(super) group_names: Vec<GroupName>,
    /// Every row of every history.
    pub(super) rows: BTreeMap<EventId, HistoryEntry>,
    pub(super) to_publish: Vec<HistoryEntry>,
    /// What the bus has taken, and what was put on the dead-letter queue because it never will.
    pub(super) on_bus: BTreeSet<EventId>,
    pub(super) off_bus: BTreeSet<EventId>,
    /// When each user was reminded of which issue.
    pub(super) reminders: BTreeMap<(UserId, IssueNumber), Vec<Timestamp>>,
    /// Issues that were given out without a mail.
    pub(super) given_out: BTreeSet<(UserId, IssueNumber)>,
    /// When the mail service was asked last to forget what it holds against an address.
    pub(super) cleared: BTreeMap<String, u64>,
    /// Whether lists are behind, and since when that is so.
    pub(super) lagging: bool,
    pub(super) lag_since: u64,
}

impl Ledger {
    pub(super) fn new(store: MemoryStore, in_flight: usize, now: Timestamp, traced: bool) -> Self {
        let settings = vec![((0, now), store.settings())];
        Self {
            store,
            system: Vec::new(),
            polled: BTreeMap::new(),
            erased_messages: 0,
            task: 0,
            now,
            seq: 0,
            violation: None,
            views: BTreeMap::new(),
            gone: BTreeMap::new(),
            users: BTreeMap::new(),
            issues: BTreeMap::new(),
            mails: BTreeMap::new(),
            sessions: BTreeMap::new(),
            opened_at: BTreeMap::new(),
            enrolments: BTreeMap::new(),
            named: BTreeSet::new(),
            chosen: BTreeMap::new(),
            chosen_in: BTreeMap::new(),
            recorded: BTreeMap::new(),
            reports: Vec::new(),
            stopped: BTreeMap::new(),
            stopped_jobs: BTreeSet::new(),
            touched: BTreeMap::new(),
            in_step: false,
            invited: BTreeMap::new(),
            keys: BTreeMap::new(),
            shared_pages: BTreeSet::new(),
            lease: None,
            in_flight,
            asked: Vec::new(),
            told: Vec::new(),
            traced,
            registration_ids: Vec::new(),
            told_of: BTreeSet::new(),
            spoilt: BTreeSet::new(),
            deleted: BTreeMap::new(),
            erased: BTreeSet::new(),
            settings,
            group_names: Vec::new(),
            wordings: BTreeMap::new(),
            rows: BTreeMap::new(),
            to_publish: Vec::new(),
            on_bus: BTreeSet::new(),
            off_bus: BTreeSet::new(),
            reminders: BTreeMap::new(),
            given_out: BTreeSet::new(),
            cleared: BTreeMap::new(),
            lagging: false,
            lag_since: 0,
            counts: Counts::default(),
        }
    }

    /// A rule did not hold.
    pub(super) fn blame(&mut self, what: impl FnOnce() -> String) {
        if self.violation.is_none() {
            self.violation = Some(what());
        }
    }

    pub(super) fn must(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.blame(what);
        }
    }

    pub(super) fn tell(&mut self, line: impl FnOnce() -> String) {
        if self.traced {
            let line = format!("    #{} {}", self.task, line());
            self.told.push(line);
        }
    }

    pub(super) fn moment(&mut self) -> Moment {
        self.seq += 1;
        (self.seq, self.now)
    }

    /// The view of the task that goes on now.
    pub(super) fn view(&mut self) -> &mut View {
        self.views
            .get_mut(&self.task)
            .expect("only tasks call ports")
    }

    pub(super) fn begins(&mut self, task: u64, job: Job) {
        let view = View {
            job,
            began: self.moment(),
            wrote: BTreeSet::new(),
            pausing: false,
            users: BTreeMap::new(),
            mails: BTreeMap::new(),
            settings: None,
            tries: Vec::new(),
            given_back: false,
            choosing: None,
            registered: false,
            page: None,
            failed: false,
            run: None,
            lease_lost: None,
            told_so: None,
            ever_lost: false,
            claims_since: 0,
            claims: BTreeMap::new(),
        };
        self.views.insert(task, view);
    }

    pub(super) fn ends(&mut self, task: u64, gone: Gone) {
        let Some(view) = self.views.remove(&task) else {
            return;
        };
        for (user, issue) in view.tries {
            if !view.given_back
                && let Some(issue) = self.issues.get_mut(&(user, issue))
            {
                issue.kept += 1;
            }
        }
        let gone = if view.failed && gone == Gone::Well {
            Gone::Failed
        } else {
            gone
        };
        self.gone.insert(task, (gone, view.ever_lost));
    }

    pub(super) fn called(&mut self, weather: Weather) {
        if weather != Weather::Fair && weather != Weather::Outraced {
            self.view().failed = true;
        }
    }

    pub(super) fn is_report(&mut self) -> bool {
        matches!(self.view().job, Job::Feedback(_))
    }

    pub(super) fn read_user(&mut self, user: UserId) {
        let moment = self.moment();
        self.view().users.insert(user, moment);
    }

    /// What a session says is read after its user, and both are judged by that time.
    pub(super) fn read_session(&mut self, user: UserId) {
        let now = self.now;
        if let Some((_, read_at)) = self.view().users.get_mut(&user) {
            *read_at = now;
        }
    }

    pub(super) fn read_mail(&mut self, mail: MailId) {
        let moment = self.moment();
        self.view().mails.entry(mail).or_insert(moment);
    }

    /// Whoever tries this mail again reads it again.
    pub(super) fn let_go(&mut self, mail: MailId) {
        self.view().mails.remove(&mail);
    }

    pub(super) fn read_settings(&mut self, settings: &VersionedSettings) {
        self.view().settings = Some(settings.clone());
    }

    pub(super) fn issue(&self, user: UserId, issue: IssueNumber) -> Option<Invitation> {
        self.issues
            .get(&(user, issue))
            .map(|issue| issue.invitation.clone())
    }

    /// Whether a user was, at any moment since then, as `is` has it.
    pub(super) fn was(&self, user: UserId, since: u64, is: impl Fn(&User) -> bool) -> bool {
        if self
            .deleted
            .get(&user)
            .is_some_and(|(gone, _)| *gone <= since)
        {
            return false;
        }
        let versions = self.users.get(&user).map_or(&[][..], Vec::as_slice);
        let first = versions
            .iter()
            .rposition(|(seq, _)| *seq <= since)
            .unwrap_or(0);
        versions[first..].iter().any(|(_, user)| is(user))
    }

    /// Whether a user who was answered was so at some moment since. A group of the directory that is gone is left out
    /// when somebody is read, before the answer or after it, and no version of their row tells of it.
    pub(super) fn was_as_answered(&self, answered: &User, since: u64) -> bool {
        let row = |user: &User| User {
            memberships: Memberships::default(),
            ..user.clone()
        };
        let groups = self.store.all_groups();
        let is_gone = |group| groups.iter().all(|one| one.id != group);
        self.was(answered.id, since, |one| {
            let mut answered_groups = answered.memberships.ids();
            row(one) == row(answered)
                && answered_groups.all(|group| one.memberships.contains(group) || is_gone(group))
        })
    }

    /// Whether a user ever got another address.
    pub(super) fn has_moved(&self, user: UserId) -> bool {
        let versions = self.users.get(&user).map_or(&[][..], Vec::as_slice);
        let first = versions.first().map(|(_, user)| &user.email);
        versions.iter().any(|(_, user)| Some(&user.email) != first)
    }

    /// Lists are so many writes behind from now on.
    pub(super) fn lists_lag(&mut self, writes: usize) {
        self.lag_since = self.moment().0;
        self.lagging = writes > 0;
    }

    /// An own wording was kept or taken back.
    pub(super) fn wording_kept(&mut self, template: &Template) {
        let seq = self.moment().0;
        let name = format!("{}#{}", template.name.kind.name(), template.name.locale);
        let subject = template.wording.as_ref().map(|own| own.subject.clone());
        let kept = self.wordings.entry(name).or_default();
        kept.push((seq, template.version, subject));
    }

    /// Settings were saved.
    pub(super) fn settings_saved(&mut self, saved: &VersionedSettings) {
        let moment = self.moment();
        self.settings.push((moment, saved.clone()));
    }
}

/// Batches and their pages.
impl Ledger {
    pub(super) fn batch_started(&mut self, batch: &Batch, answer: Option<&IdempotencyRecord>) {
        self.asked.push(Record::Cursor(batch.id));
        self.counts.batches += 1;
        let Some(answer) = answer else { return };
        let used = self.keys.entry(answer.key.clone()).or_default();
        used.retain(|until| batch.created_at <= *until);
        used.push(answer.until);
        if used.len() > 1 {
            self.blame(|| format!("one idempotency key started two batches, {} last", batch.id));
        }
    }

    /// A run looks where a batch stands, to expand its next page.
    pub(super) fn batch_read(&mut self, cursor: &Cursor) {
        if !matches!(self.view().job, Job::Expand(_)) {
            return;
        }
        let page = Some((cursor.batch, cursor.page));
        let shared = self.views.values().any(|view| view.page == page);
        self.view().page = page;
        if shared {
            self.shared_pages.extend(page);
        }
    }

    pub(super) fn batch_stopped(&mut self, batch: BatchId) {
        let moment = self.moment();
        self.stopped.entry(batch).or_insert(moment);
    }

    pub(super) fn cursor_moved(&mut self, cursor: &Cursor) {
        if !cursor.done {
            self.asked.push(Record::Cursor(cursor.batch));
        }
    }

    /// A page is set once, and names everyone once.
    pub(super) fn page_finished(&mut self, page: &Page) {
        let mut named: Vec<UserId> = page.recipients.iter().map(|one| one.user).collect();
        named.sort_unstable();
        named.dedup();
        self.tell(|| {
            format!(
                "page {} of batch {}: {:?}",
                page.number, page.batch, page.recipients
            )
        });
        self.must(named.len() == page.recipients.len(), || {
            format!(
                "page {} of batch {} names somebody twice",
                page.number, page.batch
            )
        });
    }
}

/// The delivery worker's lease.
impl Ledger {
    pub(super) fn lease_asked(&mut self, run: RunId, granted: bool) {
        let seq = self.moment().0;
        self.view().run = Some(run);
        if !granted {
            self.view().told_so = Some(seq);
            return;
        }
        if let Some(before) = self.lease.replace(run).filter(|before| *before != run) {
            let loser = self
                .views
                .values_mut()
                .find(|view| view.run == Some(before));
            if let Some(loser) = loser {
                loser.lease_lost = Some(seq);
                loser.ever_lost = true;
                loser.claims_since = 0;
                self.counts.leases_lost += 1;
            }
        }
        let view = self.view();
        (view.lease_lost, view.told_so) = (None, None);
    }

    pub(super) fn lease_given_back(&mut self, run: RunId) {
        if self.lease == Some(run) {
            self.lease = None;
        }
    }
}
