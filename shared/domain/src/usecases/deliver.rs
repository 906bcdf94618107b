//! The postman: one run at a time, held by a lease, that takes what is due and hands it to the
//! mail service at the account's pace.

mod carrying;
mod composing;
mod finding;
mod round;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::pin::pin;
use std::sync::Arc;

use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use jiff::{SignedDuration, Timestamp};

use self::composing::Words;
use self::round::{Finished, LOOK_AGAIN, Round, Step};
use crate::model::delivery::Pause;
use crate::model::mail::MailClass;
use crate::model::mail_service::SendingLimits;
use crate::model::template::TemplateName;
use crate::ports::batches::LoadBatch;
use crate::ports::clock::Clock;
use crate::ports::composer::{ComposeLetter, ComposeOwn};
use crate::ports::delivery::{FindDue, HoldLease, NotePace, PauseOutbox};
use crate::ports::devices::LoadRegistration;
use crate::ports::entropy::Chance;
use crate::ports::error::Unavailable;
use crate::ports::keys::LoadKeys;
use crate::ports::mail_service::SendMail;
use crate::ports::mails::{ClaimMail, LoadMails, SaveMail};
use crate::ports::settings::ReadSettings;
use crate::ports::templates::LoadTemplates;
use crate::ports::users::LoadUsers;
use crate::rules::sending::TokenBucket;
use crate::rules::writing::Links;
use crate::values::ids::RunId;

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

/// How often the limits of the account are read again.
const LIMITS_HOLD: SignedDuration = SignedDuration::from_secs(2);

/// How often a run begins anew at once for what became due while it ended.
const MOST_TURNS: u32 = 100;

/// A mail put off for no longer than this is waited for; a later one is the clock's.
const WORTH_WAITING: SignedDuration = SignedDuration::from_secs(20);

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
        let mut turns = 0;
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
            // for must not wait for the clock. What cannot be taken up in so many turns does.
            turns += 1;
            let goes_on = match &tally.end {
                RunEnd::NothingDue => self.anything_due().await?,
                // Somebody may have ended the pause while the last mails were under way.
                RunEnd::Paused(pause) => self.store.outbox_pause().await?.as_ref() != Some(pause),
                RunEnd::LeaseHeld | RunEnd::OutOfTime | RunEnd::LeaseLost => false,
            };
            if turns == MOST_TURNS || !goes_on {
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
            now_holding: None,
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
            if round.wants_to_look(now, self.policy.in_flight, under_way.len()) {
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
                let read = self.read_for(&mut round, due.mail.settings, now).await;
                let read = match read {
                    Ok(read) => Ok(read),
                    Err(error) if error.unreadable().is_some() => Err(error),
                    Err(error) => {
                        round.fail(error);
                        break;
                    }
                };
                let (id, keys) = (due.mail.id, Arc::clone(&round.keys));
                let step = async move {
                    let mut unfit = None;
                    let Ok((settings, now_holding, own)) = read else {
                        return Finished::Mail(id, self.postpone(due.mail).await, None);
                    };
                    let words = Words {
                        keys: &keys,
                        settings: settings.as_deref(),
                        now_holding: &now_holding,
                        own: &own,
                    };
                    let step = self.carry(due, run, words, &mut unfit).await;
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
            Ok(Step::Later | Step::Overtaken) => {}
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
}
