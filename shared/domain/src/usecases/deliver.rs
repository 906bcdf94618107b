//! The postman: one run at a time, held by a lease, that takes what is due and hands it to the
//! mail service at the account's pace.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::pin::pin;
use std::sync::Arc;

use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use jiff::{SignedDuration, Timestamp};

use crate::ids::{BatchId, MailId, RunId, UserId, Version};
use crate::keys::KeyRing;
use crate::letter::{InvitationOccasion, NoticeAbout, OutgoingMail};
use crate::mail::{
    Mail, MailClass, MailEvent, MailKind, MailReason, MailState, NoticeOf, TestMail,
};
use crate::ports::{
    Chance, ClaimMail, Clock, ComposeLetter, ComposeOwn, FindDue, HoldLease, LoadBatch, LoadKeys,
    LoadMails, LoadRegistration, LoadTemplates, LoadUsers, NotePace, Pause, PauseOutbox,
    ReadSettings, SaveError, SaveMail, SendMail, Unavailable, Uncomposable,
};
use crate::sample::Sample;
use crate::sending::{SendAnswer, SendingLimits, TokenBucket, Unwanted, retry_at, wanted};
use crate::settings::VersionedSettings;
use crate::template::{Letter, OwnWordings, TemplateName, Written, written};
use crate::user::User;
use crate::writing::{
    GivenOut, Links, Sealed, confirmation_letter, hand_over_letter, invitation_letter,
    notice_letter,
};

/// How the postman goes about it.
#[derive(Debug, Clone)]
pub struct PostmanPolicy {
    /// How long a lease holds; it is renewed after a third of that.
    pub lease: SignedDuration,
    /// How long to wait for the mail service's own report of a mail whose answer was lost.
    pub unknown_wait: SignedDuration,
    /// The most mails a second, whatever the account allows.
    pub most_per_second: f64,
    /// The most mails handed over at the same time.
    pub in_flight: usize,
    /// How long a run may take before it leaves the rest to its successor.
    pub longest_run: SignedDuration,
    /// How long the outbox pauses when the account or its quota refuses.
    pub pause: SignedDuration,
}

impl Default for PostmanPolicy {
    fn default() -> Self {
        Self {
            lease: SignedDuration::from_secs(30),
            unknown_wait: SignedDuration::from_mins(5),
            most_per_second: f64::INFINITY,
            // At 60 ms a call and the highest rate seen, 500 a second, thirty are under way.
            in_flight: 64,
            longest_run: SignedDuration::from_mins(10),
            pause: SignedDuration::from_mins(15),
        }
    }
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunEnd {
    /// Another run holds the lease.
    LeaseHeld,
    /// Nothing is due any more.
    NothingDue,
    /// The outbox stands still.
    Paused(Pause),
    /// Time ran out; a successor must go on.
    OutOfTime,
    /// Another run took the lease.
    LeaseLost,
}

/// What a run came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// How it ended.
    pub end: RunEnd,
    /// How many mails the service took.
    pub sent: u64,
    /// How many were dropped because nobody wanted them any more.
    pub dropped: u64,
    /// How many were lost sight of.
    pub unknown: u64,
    /// How many of those nobody reported in time, and go out again.
    pub again: u64,
    /// How many were refused for good.
    pub failed: u64,
    /// Own wordings that did not fit a letter, and how many mails went out in ours instead.
    pub unfit: BTreeMap<TemplateName, u64>,
}

/// Delivers what is due.
#[derive(Debug, Clone)]
pub struct Deliver<S, M, L, K, C, R> {
    /// The table.
    pub store: S,
    /// The mail service.
    pub service: M,
    /// The composer.
    pub composer: L,
    /// The keys.
    pub keys: K,
    /// Time.
    pub clock: C,
    /// Ids.
    pub chance: R,
    /// Where links lead.
    pub links: Links,
    /// How to go about it.
    pub policy: PostmanPolicy,
}

/// A mail that is due, with what it is judged by.
struct Due {
    mail: Mail,
    user: Option<User>,
    /// Whether its Send was stopped.
    stopped: bool,
}

impl Due {
    fn judged(&self, now: Timestamp) -> Result<(), Unwanted> {
        if self.stopped {
            Err(Unwanted::BatchStopped)
        } else {
            wanted(&self.mail, self.user.as_ref(), now)
        }
    }
}

/// What a mail is written with.
#[derive(Clone, Copy)]
struct Words<'a> {
    keys: &'a KeyRing,
    settings: Option<&'a VersionedSettings>,
    own: &'a OwnWordings,
}

/// What became of one mail.
enum Step {
    Sent,
    Dropped,
    LostSight,
    Again,
    PutOff(Timestamp),
    Refused,
    Overtaken,
    Pause(Pause),
}

/// What a look is to find.
struct Sought {
    /// Mails that the run has already.
    holds: HashSet<MailId>,
    /// The Sends of those that are not handed over yet.
    waits_of: BTreeSet<BatchId>,
    /// How many mails of a kind to list, those it has included.
    room: usize,
    /// Whether there is room for more than small Sends.
    bulk: bool,
}

/// What a look found, small Sends apart.
struct Found {
    small: VecDeque<Due>,
    bulk: VecDeque<Due>,
    /// Which Sends were stopped.
    stopped: HashSet<BatchId>,
}

/// What was under way and has come to its end.
enum Finished {
    Mail(MailId, Result<Step, Unavailable>, Option<TemplateName>),
    Look(Result<Found, Unavailable>),
}

/// How often the limits of the account are read again.
const LIMITS_HOLD: SignedDuration = SignedDuration::from_secs(2);

/// For how long own wordings are taken as they were read.
const WORDINGS_HOLD: SignedDuration = SignedDuration::from_secs(10);

/// How often a run that has a backlog looks for small Sends that go first.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(1);

/// How often it looks at most when the queue runs low.
const LOOK_AT_MOST: SignedDuration = SignedDuration::from_millis(100);

/// A mail put off for no longer than this is waited for; a later one is the clock's.
const WORTH_WAITING: SignedDuration = SignedDuration::from_secs(20);

/// State of a run that is kept outside the futures in flight.
struct Round {
    run: RunId,
    keys: Arc<KeyRing>,
    settings: HashMap<Version, Arc<VersionedSettings>>,
    wordings: Option<(Timestamp, Arc<OwnWordings>)>,
    queue: VecDeque<Due>,
    holds: HashSet<MailId>,
    bucket: TokenBucket,
    leased_at: Timestamp,
    limits_at: Timestamp,
    looked_at: Option<Timestamp>,
    looking: bool,
    /// Whether the last look found nothing, and nothing happened since.
    found_nothing: bool,
    retry: Option<Timestamp>,
    stop: Option<RunEnd>,
    failure: Option<Unavailable>,
    tally: Run,
}

impl Round {
    /// What was handed over already must be waited for and recorded, or people get it twice; so
    /// a failure only keeps anything new from being begun.
    fn fail(&mut self, failure: Unavailable) {
        self.failure.get_or_insert(failure);
    }

    fn stops(&self) -> bool {
        self.stop.is_some() || self.failure.is_some()
    }

    /// Whether to look for what is due: every second for small Sends that go first, sooner when
    /// the queue runs low.
    fn wants_to_look(&self, now: Timestamp, low: usize) -> bool {
        if self.looking || self.stops() || (self.found_nothing && self.queue.is_empty()) {
            return false;
        }
        self.looked_at.is_none_or(|at| {
            let since = now.duration_since(at);
            since >= LOOK_AGAIN || (self.queue.len() < low && since >= LOOK_AT_MOST)
        })
    }

    /// What the next look is for. A queue that is long enough takes no more of large Sends, or a
    /// slow account would have the run list all of one again and again.
    fn seeks(&self, low: usize) -> Sought {
        Sought {
            holds: self.holds.clone(),
            waits_of: self.queue.iter().filter_map(|due| due.mail.batch).collect(),
            room: self.holds.len() + low * 4,
            bulk: self.queue.len() < low * 4,
        }
    }

    /// Puts what was found into the queue: small Sends first, bulk ones behind what waits. What
    /// waits of a Send that was stopped meanwhile is judged anew when its turn comes.
    fn take_in(&mut self, found: Found) {
        self.looking = false;
        for due in &mut self.queue {
            due.stopped |= due.mail.batch.is_some_and(|id| found.stopped.contains(&id));
        }
        self.found_nothing = found.small.is_empty() && found.bulk.is_empty();
        let fresh = |due: &Due, holds: &mut HashSet<MailId>| holds.insert(due.mail.id);
        let mut ahead: VecDeque<Due> = found.small;
        ahead.retain(|due| fresh(due, &mut self.holds));
        ahead.append(&mut self.queue);
        let mut behind = found.bulk;
        behind.retain(|due| fresh(due, &mut self.holds));
        ahead.append(&mut behind);
        self.queue = ahead;
    }
}

impl<S, M, L, K, C, R> Deliver<S, M, L, K, C, R>
where
    S: HoldLease
        + PauseOutbox
        + FindDue
        + LoadMails
        + LoadUsers
        + LoadBatch
        + LoadRegistration
        + NotePace
        + ReadSettings
        + LoadTemplates
        + ClaimMail
        + SaveMail
        + Sync,
    M: SendMail + Sync,
    L: ComposeLetter + ComposeOwn + Sync,
    K: LoadKeys + Sync,
    C: Clock + Sync,
    R: Chance + Sync,
{
    /// One run.
    pub async fn run(&self) -> Result<Run, Unavailable> {
        let run = RunId::new(self.chance.ulid());
        let mut tally = Run {
            end: RunEnd::LeaseHeld,
            sent: 0,
            dropped: 0,
            unknown: 0,
            again: 0,
            failed: 0,
            unfit: BTreeMap::new(),
        };
        loop {
            let now = self.clock.now();
            if let Some(pause) = self
                .store
                .outbox_pause()
                .await?
                .filter(|pause| now < pause.until)
            {
                tally.end = RunEnd::Paused(pause);
                return Ok(tally);
            }
            if !self.store.take_lease(run, now, self.until(now)).await? {
                return Ok(tally);
            }
            tally = match self.with_lease(run, now, tally).await {
                Ok(tally) => tally,
                Err(failure) => {
                    // Nothing is under way any more. A lease that cannot be given back ends by
                    // itself.
                    let _ = self.store.give_lease_back(run).await;
                    return Err(failure);
                }
            };
            if tally.end != RunEnd::LeaseLost {
                self.store.give_lease_back(run).await?;
            }
            // A wake-up that came while the lease was still held has ended at once; what it was
            // for must not wait for the clock.
            if tally.end != RunEnd::NothingDue || !self.anything_due().await? {
                return Ok(tally);
            }
        }
    }

    fn until(&self, now: Timestamp) -> Timestamp {
        now.saturating_add(self.policy.lease).unwrap_or(now)
    }

    async fn anything_due(&self) -> Result<bool, Unavailable> {
        let now = self.clock.now();
        Ok(!self
            .store
            .due_mails(MailClass::Small, now, 1)
            .await?
            .is_empty()
            || !self
                .store
                .due_mails(MailClass::Bulk, now, 1)
                .await?
                .is_empty())
    }

    /// `leased_at` is the moment the lease was asked for: it ends so long after that, however
    /// long the answer took.
    #[expect(
        clippy::too_many_lines,
        reason = "one loop, whose turns share all of its state"
    )]
    async fn with_lease(
        &self,
        run: RunId,
        leased_at: Timestamp,
        tally: Run,
    ) -> Result<Run, Unavailable> {
        let began = self.clock.now();
        let limits = self.service.sending_limits().await?;
        self.store.note_pace(self.pace(limits)).await?;
        let mut round = Round {
            run,
            keys: Arc::new(self.keys.key_ring().await?),
            settings: HashMap::new(),
            wordings: None,
            queue: VecDeque::new(),
            holds: HashSet::new(),
            bucket: TokenBucket::new(self.pace(limits), began),
            leased_at,
            limits_at: began,
            looked_at: None,
            looking: false,
            found_nothing: false,
            retry: None,
            stop: None,
            failure: None,
            tally,
        };
        let mut under_way = FuturesUnordered::new();
        loop {
            let now = self.clock.now();
            if now.duration_since(began) >= self.policy.longest_run {
                round.stop.get_or_insert(RunEnd::OutOfTime);
            }
            if let Err(error) = self.keep_up(&mut round, now).await {
                round.fail(error);
            }
            if round.wants_to_look(now, self.policy.in_flight) {
                // Beside the mails under way, which must not wait for it.
                round.looking = true;
                round.looked_at = Some(now);
                let look = self.look(round.seeks(self.policy.in_flight), now);
                under_way.push(async move { Finished::Look(look.await) }.left_future());
            }
            let mut wait = LOOK_AGAIN;
            while !round.stops()
                && under_way.len() < self.policy.in_flight
                && !round.queue.is_empty()
            {
                if let Err(longer) = round.bucket.take(self.clock.now()) {
                    wait = wait.min(longer);
                    break;
                }
                let Some(due) = round.queue.pop_front() else {
                    break;
                };
                let settings = match self.settings_for(&mut round, due.mail.settings).await {
                    Ok(settings) => settings,
                    Err(error) => {
                        round.fail(error);
                        break;
                    }
                };
                let own = match self.wordings(&mut round, now).await {
                    Ok(own) => own,
                    Err(error) => {
                        round.fail(error);
                        break;
                    }
                };
                let (id, keys) = (due.mail.id, Arc::clone(&round.keys));
                let step = async move {
                    let mut unfit = None;
                    let words = Words {
                        keys: &keys,
                        settings: settings.as_deref(),
                        own: &own,
                    };
                    let step = self.one(due, run, words, &mut unfit).await;
                    Finished::Mail(id, step, unfit)
                };
                under_way.push(step.right_future());
            }
            if round.stops() {
                round.queue.clear();
            }
            if under_way.is_empty() && round.queue.is_empty() {
                if let Some(failure) = round.failure.take() {
                    return Err(failure);
                }
                if let Some(end) = round.stop.take() {
                    round.tally.end = end;
                    return Ok(round.tally);
                }
                if !round.found_nothing {
                    // Something was done since the last look; the next turn looks at once.
                    round.looked_at = None;
                    continue;
                }
                let soon = round
                    .retry
                    .take()
                    .map(|at| at.duration_since(self.clock.now()));
                match soon {
                    Some(soon) if soon <= WORTH_WAITING => {
                        self.clock
                            .sleep(soon.clamp(SignedDuration::ZERO, WORTH_WAITING))
                            .await;
                        round.looked_at = None;
                        round.found_nothing = false;
                        continue;
                    }
                    _ => {
                        round.tally.end = RunEnd::NothingDue;
                        return Ok(round.tally);
                    }
                }
            }
            if under_way.is_empty() {
                self.clock.sleep(wait).await;
                continue;
            }
            let finished = {
                let sleep = pin!(self.clock.sleep(wait));
                match select(under_way.next(), sleep).await {
                    Either::Left((finished, _)) => finished,
                    Either::Right(_) => None,
                }
            };
            match finished {
                None => {}
                Some(Finished::Mail(id, step, unfit)) => {
                    round.holds.remove(&id);
                    if let Some(unfit) = unfit {
                        *round.tally.unfit.entry(unfit).or_default() += 1;
                    }
                    round.found_nothing = false;
                    self.note(&mut round, step).await;
                }
                Some(Finished::Look(Ok(found))) => round.take_in(found),
                Some(Finished::Look(Err(error))) => {
                    round.looking = false;
                    round.fail(error);
                }
            }
        }
    }

    fn pace(&self, limits: SendingLimits) -> f64 {
        limits.per_second.min(self.policy.most_per_second)
    }

    /// Renews the lease and follows the account's limits.
    async fn keep_up(&self, round: &mut Round, now: Timestamp) -> Result<(), Unavailable> {
        if now.duration_since(round.leased_at) >= self.policy.lease / 3 {
            if self
                .store
                .take_lease(round.run, now, self.until(now))
                .await?
            {
                round.leased_at = now;
            } else {
                round.stop = Some(RunEnd::LeaseLost);
            }
        }
        if now.duration_since(round.limits_at) >= LIMITS_HOLD {
            round.limits_at = now;
            // A limit that cannot be read for a moment stays as it was.
            if let Ok(limits) = self.service.sending_limits().await {
                let pace = self.pace(limits);
                if round.bucket.set_rate(pace, now) {
                    self.store.note_pace(pace).await?;
                }
            }
        }
        Ok(())
    }

    /// Finds what is due and not held yet, and which Sends were stopped.
    async fn look(&self, sought: Sought, now: Timestamp) -> Result<Found, Unavailable> {
        let Sought { holds, room, .. } = sought;
        let small = self.store.due_mails(MailClass::Small, now, room).await?;
        let bulk = if sought.bulk && small.len() < room {
            self.store.due_mails(MailClass::Bulk, now, room).await?
        } else {
            Vec::new()
        };
        let fresh = |ids: Vec<MailId>| ids.into_iter().filter(|id| !holds.contains(id)).collect();
        let (small, bulk) = (
            self.load(fresh(small), now).await?,
            self.load(fresh(bulk), now).await?,
        );
        let found = small.iter().chain(&bulk);
        let of_batches = sought
            .waits_of
            .into_iter()
            .chain(found.filter_map(|due| due.mail.batch));
        let stopped = self.stopped(of_batches.collect()).await?;
        let judged = |mut due: Due| {
            due.stopped = due.mail.batch.is_some_and(|id| stopped.contains(&id));
            due
        };
        Ok(Found {
            small: small.into_iter().map(judged).collect(),
            bulk: bulk.into_iter().map(judged).collect(),
            stopped,
        })
    }

    /// Those of these Sends that were stopped.
    async fn stopped(&self, batches: BTreeSet<BatchId>) -> Result<HashSet<BatchId>, Unavailable> {
        let mut stopped = HashSet::new();
        for id in batches {
            if let Some((batch, _)) = self.store.load_batch(id).await?
                && batch.stopped_at.is_some()
            {
                stopped.insert(id);
            }
        }
        Ok(stopped)
    }

    /// Loads due mails with what they are judged by. The list may be a moment old: whether a mail
    /// is due is read from its row, or one that was put off or lost sight of a moment ago would go
    /// out again at once.
    async fn load(&self, ids: Vec<MailId>, now: Timestamp) -> Result<VecDeque<Due>, Unavailable> {
        if ids.is_empty() {
            return Ok(VecDeque::new());
        }
        let mut mails: HashMap<MailId, Mail> = self
            .store
            .load_mails(&ids)
            .await?
            .into_iter()
            .map(|mail| (mail.id, mail))
            .collect();
        let whose: BTreeSet<UserId> = mails.values().map(|mail| mail.user).collect();
        let users: HashMap<UserId, User> = self
            .store
            .load_users(&whose.into_iter().collect::<Vec<_>>())
            .await?
            .into_iter()
            .map(|user| (user.id, user))
            .collect();
        let due_now = |mail: &Mail| mail.state.is_unsettled() && mail.due_at <= now;
        Ok(ids
            .iter()
            .filter_map(|id| mails.remove(id).filter(due_now))
            .map(|mail| Due {
                user: users.get(&mail.user).cloned(),
                stopped: false,
                mail,
            })
            .collect())
    }

    async fn settings_for(
        &self,
        round: &mut Round,
        version: Version,
    ) -> Result<Option<Arc<VersionedSettings>>, Unavailable> {
        if let Some(settings) = round.settings.get(&version) {
            return Ok(Some(Arc::clone(settings)));
        }
        let settings = self.store.settings_at(version).await?.map(Arc::new);
        if let Some(settings) = &settings {
            round.settings.insert(version, Arc::clone(settings));
        }
        Ok(settings)
    }

    async fn wordings(
        &self,
        round: &mut Round,
        now: Timestamp,
    ) -> Result<Arc<OwnWordings>, Unavailable> {
        if let Some((read_at, own)) = &round.wordings
            && now.duration_since(*read_at) < WORDINGS_HOLD
        {
            return Ok(Arc::clone(own));
        }
        let own = Arc::new(OwnWordings::of(self.store.templates().await?));
        round.wordings = Some((now, Arc::clone(&own)));
        Ok(own)
    }

    /// Draws the conclusions for the run from what became of one mail.
    async fn note(&self, round: &mut Round, step: Result<Step, Unavailable>) {
        match step {
            Err(error) => round.fail(error),
            Ok(Step::Sent) => round.tally.sent += 1,
            Ok(Step::Dropped) => round.tally.dropped += 1,
            Ok(Step::LostSight) => round.tally.unknown += 1,
            // It waits again, and the next look finds it.
            Ok(Step::Again) => round.tally.again += 1,
            Ok(Step::Refused) => round.tally.failed += 1,
            Ok(Step::Overtaken) => {}
            Ok(Step::PutOff(until)) => {
                round.bucket.drain(self.clock.now());
                round.retry = Some(round.retry.map_or(until, |at| at.min(until)));
            }
            Ok(Step::Pause(pause)) => {
                // Many in flight are refused alike; one row says so.
                if !matches!(round.stop, Some(RunEnd::Paused(_))) {
                    if let Err(error) = self.store.set_outbox_pause(Some(&pause)).await {
                        round.fail(error);
                    }
                    round.stop = Some(RunEnd::Paused(pause));
                }
            }
        }
    }

    /// One mail, from due to whatever becomes of it.
    async fn one(
        &self,
        due: Due,
        run: RunId,
        words: Words<'_>,
        unfit: &mut Option<TemplateName>,
    ) -> Result<Step, Unavailable> {
        let now = self.clock.now();
        let judged = due.judged(now);
        let Due { mail, user, .. } = due;
        match mail.state {
            MailState::Waiting => {}
            // Held by a run that is gone, for the lease is ours: what it did with the mail is
            // not known.
            MailState::Sending => {
                let until = now.saturating_add(self.policy.unknown_wait).unwrap_or(now);
                let reason = reason(
                    "runLost",
                    "the run that sent it ended before it could record the answer",
                );
                return self
                    .settle(
                        mail,
                        MailEvent::LoseSight,
                        Some(until),
                        Some(reason),
                        None,
                        Step::LostSight,
                    )
                    .await;
            }
            // Due means that nobody reported it in time.
            MailState::Unknown => {
                if judged.is_ok() {
                    return self
                        .settle(
                            mail,
                            MailEvent::GiveUpWaiting,
                            Some(now),
                            None,
                            None,
                            Step::Again,
                        )
                        .await;
                }
            }
            MailState::Sent
            | MailState::Delayed
            | MailState::Delivered
            | MailState::SoftBounced
            | MailState::HardBounced
            | MailState::Complained
            | MailState::Failed
            | MailState::Dropped => return Ok(Step::Overtaken),
        }
        if let Err(why) = judged {
            let reason = reason(why.code(), "it was no longer wanted when its turn came");
            return self
                .settle(
                    mail,
                    MailEvent::Drop,
                    None,
                    Some(reason),
                    None,
                    Step::Dropped,
                )
                .await;
        }
        let outgoing = match self.compose(&mail, user.as_ref(), words).await? {
            Ok((outgoing, in_ours)) => {
                *unfit = in_ours;
                outgoing
            }
            Err(why) => {
                return self
                    .settle(
                        mail,
                        MailEvent::Refuse,
                        None,
                        Some(why),
                        None,
                        Step::Refused,
                    )
                    .await;
            }
        };
        let Ok(claimed) = mail.after(MailEvent::Claim) else {
            return Ok(Step::Overtaken);
        };
        let claimed = Mail {
            run: Some(run),
            attempts: mail.attempts + 1,
            ..claimed
        };
        let written = match &user {
            Some(user) => self.store.claim_mail(&claimed, user.version).await,
            // A mail of nobody was judged by nobody.
            None => self.store.save_mail(&claimed, None).await,
        };
        match written {
            Ok(()) => {}
            Err(SaveError::Conflict) => return Ok(Step::Overtaken),
            Err(SaveError::Unavailable(error)) => return Err(error),
        }
        let answer = self.service.send_mail(&outgoing).await;
        self.record(claimed, answer).await
    }

    /// Puts the letter into words, and names the own wording that could not be used. The inner
    /// error is this mail's own fault.
    async fn compose(
        &self,
        mail: &Mail,
        user: Option<&User>,
        words: Words<'_>,
    ) -> Result<Result<(OutgoingMail, Option<TemplateName>), MailReason>, Unavailable> {
        let Some(settings) = words.settings else {
            return Ok(Err(reason(
                "settingsMissing",
                "the settings it was to be written under are gone; invite again",
            )));
        };
        let settings = &settings.settings;
        let (letter, to) = match (&mail.kind, user) {
            (MailKind::Test(test), _) => {
                let TemplateName { kind, locale } = test.template.clone();
                let sample = Sample::under(settings, &self.links, locale, self.clock.now());
                (sample.letter(kind), &test.to)
            }
            (_, None) => return Ok(Err(reason("noUser", "the user is gone"))),
            (MailKind::Invitation { .. } | MailKind::Reminder { .. }, Some(user)) => {
                let Some(invitation) = &user.invitation else {
                    return Ok(Err(reason("noInvitation", "the user has no invitation")));
                };
                let Some(key) = words.keys.get(&invitation.key) else {
                    return Ok(Err(reason(
                        "keyMissing",
                        "the key this invitation was issued under has been taken away; invite again",
                    )));
                };
                let (occasion, replaces) = occasion_of(&mail.kind);
                let letter = invitation_letter(
                    user,
                    invitation,
                    settings,
                    &self.links,
                    Sealed::derive(user, invitation, key),
                    occasion,
                    replaces,
                );
                (Letter::Invitation(letter), &user.email)
            }
            (MailKind::Confirmation { device }, Some(user)) => {
                let Some(registration) = self.store.load_registration(user.id, device).await?
                else {
                    return Ok(Err(reason(
                        "noRegistration",
                        "the registration it confirms is gone",
                    )));
                };
                let letter = confirmation_letter(user, &registration, settings);
                (Letter::Confirmation(letter), &user.email)
            }
            (
                MailKind::HandOver {
                    issue,
                    method,
                    expires_at,
                    by,
                    reason,
                },
                Some(user),
            ) => {
                // Only the issue that was given out may be declined by this mail.
                let current = user
                    .invitation
                    .as_ref()
                    .filter(|invitation| invitation.issue == *issue)
                    .and_then(|invitation| Some((invitation, words.keys.get(&invitation.key)?)));
                let given = GivenOut {
                    by: by.clone(),
                    reason: reason.clone(),
                    method: *method,
                    at: mail.created_at,
                    expires_at: *expires_at,
                };
                let letter = hand_over_letter(user, current, given, settings, &self.links);
                (Letter::HandOver(letter), &user.email)
            }
            (MailKind::Notice { about, to }, Some(user)) => {
                let about = match self.told(user, about).await? {
                    Ok(about) => about,
                    Err(why) => return Ok(Err(why)),
                };
                let letter = notice_letter(user, about, settings, mail.created_at);
                (Letter::Notice(letter), to)
            }
        };
        let Written { message, unfit } = match self.written(&mail.kind, &letter, words.own) {
            Ok(written) => written,
            Err(error) => return Ok(Err(reason("notComposed", &error.to_string()))),
        };
        let outgoing = OutgoingMail {
            id: mail.id,
            kind: mail.kind.name(),
            from: settings.sender.from_header(),
            reply_to: settings.sender.reply_to.clone(),
            to: to.clone(),
            message,
        };
        Ok(Ok((outgoing, unfit)))
    }

    fn written(
        &self,
        kind: &MailKind,
        letter: &Letter,
        own: &OwnWordings,
    ) -> Result<Written, Uncomposable> {
        let MailKind::Test(test) = kind else {
            return written(&self.composer, own, letter);
        };
        let TestMail {
            template, draft, ..
        } = &**test;
        let mut tried = match draft {
            None => written(&self.composer, own, letter)?,
            Some(draft) => Written {
                message: self.composer.compose_own(&template.locale, draft, letter)?,
                unfit: None,
            },
        };
        tried.message.subject = format!("[Test] {}", tried.message.subject);
        Ok(tried)
    }

    /// What a notice tells.
    async fn told(
        &self,
        user: &User,
        about: &NoticeOf,
    ) -> Result<Result<NoticeAbout, MailReason>, Unavailable> {
        Ok(match about {
            NoticeOf::Declined {
                issued_at,
                invited_by,
            } => Ok(NoticeAbout::Declined {
                issued_at: *issued_at,
                invited_by: invited_by.clone(),
            }),
            NoticeOf::Completed { device } => {
                match self.store.load_registration(user.id, device).await? {
                    None => Err(reason(
                        "noRegistration",
                        "the registration it tells of is gone",
                    )),
                    Some(registration) => Ok(NoticeAbout::Completed {
                        device_name: registration.device.name,
                        platform: registration.device.platform,
                        ownership: registration.decided.ownership,
                        rule: registration.decided.rule,
                    }),
                }
            }
        })
    }

    async fn record(&self, claimed: Mail, answer: SendAnswer) -> Result<Step, Unavailable> {
        let now = self.clock.now();
        let later = |by: SignedDuration| now.saturating_add(by).unwrap_or(now);
        match answer {
            SendAnswer::Accepted { service_id } => {
                self.settle(
                    claimed,
                    MailEvent::Accept,
                    None,
                    None,
                    Some(service_id),
                    Step::Sent,
                )
                .await
            }
            SendAnswer::TooFast => {
                let until = retry_at(claimed.attempts, now);
                let why = reason("throttled", "the mail service asked to go slower");
                self.settle(
                    claimed,
                    MailEvent::PutOff,
                    Some(until),
                    Some(why),
                    None,
                    Step::PutOff(until),
                )
                .await
            }
            SendAnswer::QuotaUsedUp => {
                let text = "the daily quota of the mail account is used up";
                let pause = Pause {
                    until: later(self.policy.pause),
                    code: "dailyQuota".to_owned(),
                    reason: text.to_owned(),
                };
                let why = reason("dailyQuota", text);
                self.settle(
                    claimed,
                    MailEvent::PutOff,
                    Some(now),
                    Some(why),
                    None,
                    Step::Pause(pause),
                )
                .await
            }
            SendAnswer::AccountRefused { reason: text } => {
                let pause = Pause {
                    until: later(self.policy.pause),
                    code: "accountRefused".to_owned(),
                    reason: text.clone(),
                };
                let why = reason("accountRefused", &text);
                self.settle(
                    claimed,
                    MailEvent::PutOff,
                    Some(now),
                    Some(why),
                    None,
                    Step::Pause(pause),
                )
                .await
            }
            SendAnswer::MailRefused { reason: text } => {
                let why = reason("refused", &text);
                self.settle(
                    claimed,
                    MailEvent::Refuse,
                    None,
                    Some(why),
                    None,
                    Step::Refused,
                )
                .await
            }
            SendAnswer::NoAnswer { reason: text } => {
                let why = reason("noAnswer", &text);
                let until = later(self.policy.unknown_wait);
                self.settle(
                    claimed,
                    MailEvent::LoseSight,
                    Some(until),
                    Some(why),
                    None,
                    Step::LostSight,
                )
                .await
            }
        }
    }

    /// Records what happened to a mail. Somebody else may write it meanwhile (a report of the
    /// mail service overtakes its answer); then the event is applied to what they wrote.
    async fn settle(
        &self,
        mail: Mail,
        event: MailEvent,
        due_at: Option<Timestamp>,
        why: Option<MailReason>,
        service_id: Option<String>,
        step: Step,
    ) -> Result<Step, Unavailable> {
        let mut current = mail;
        loop {
            let Ok(after) = current.after(event) else {
                return Ok(Step::Overtaken);
            };
            // A report said more than the answer does, and why.
            let overtaken = after.state == current.state && after.state.was_sent();
            let after = Mail {
                due_at: due_at.unwrap_or(after.due_at),
                reason: if overtaken || (why.is_none() && !after.state.was_sent()) {
                    after.reason.clone()
                } else {
                    why.clone()
                },
                service_id: service_id.clone().or_else(|| after.service_id.clone()),
                ..after
            };
            match self.store.save_mail(&after, None).await {
                Ok(()) => return Ok(step),
                Err(SaveError::Conflict) => {
                    match self.store.load_mails(&[current.id]).await?.pop() {
                        Some(reloaded) => current = reloaded,
                        None => return Ok(Step::Overtaken),
                    }
                }
                Err(SaveError::Unavailable(error)) => return Err(error),
            }
        }
    }
}

/// Why a mail that carries a secret is sent now, and whether that secret replaces another.
const fn occasion_of(kind: &MailKind) -> (InvitationOccasion, bool) {
    match kind {
        MailKind::Invitation {
            again: true,
            replaces,
            ..
        } => (InvitationOccasion::Again, *replaces),
        MailKind::Invitation { replaces, .. } => (InvitationOccasion::First, *replaces),
        MailKind::Reminder { last, .. } => (InvitationOccasion::Reminder { last: *last }, false),
        MailKind::Confirmation { .. }
        | MailKind::HandOver { .. }
        | MailKind::Notice { .. }
        | MailKind::Test(_) => (InvitationOccasion::First, false),
    }
}

fn reason(code: &str, detail: &str) -> MailReason {
    MailReason {
        code: code.to_owned(),
        detail: detail.to_owned(),
    }
}
