//! The delivery worker: one run at a time, held by a lease, that takes what is due and hands it to the
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
use self::finding::ReadForMail;
use self::round::{Due, Finished, LOOK_AGAIN, Round, Sought, Step};
use crate::model::delivery::Pause;
use crate::model::mail::MailClass;
use crate::model::mail_service::SendingLimits;
use crate::model::template::TemplateName;
use crate::ports::batches::Batches;
use crate::ports::clock::Clock;
use crate::ports::delivery::Delivery;
use crate::ports::devices::Devices;
use crate::ports::entropy::Entropy;
use crate::ports::env::{Env, WithComposer, WithKeys, WithMailService};
use crate::ports::error::Unavailable;
use crate::ports::keys::Keys;
use crate::ports::mail_service::MailService;
use crate::ports::mails::Mails;
use crate::ports::settings::SettingsStore;
use crate::ports::users::Users;
use crate::rules::content::Links;
use crate::rules::sending::TokenBucket;
use crate::values::ids::RunId;
use crate::values::keys::KeyRing;

/// How the delivery worker goes about it.
#[derive(Debug, Clone)]
pub struct DeliveryPolicy {
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
    /// How long delivery pauses when the account or its quota refuses.
    pub pause: SignedDuration,
}

impl Default for DeliveryPolicy {
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
    /// Delivery stands still.
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
    /// How many got no answer.
    pub unknown: u64,
    /// How many of those nobody reported in time, and go out again.
    pub again: u64,
    /// How many were refused for good.
    pub failed: u64,
    /// Own wordings that did not fit a mail, and how many mails went out in ours instead.
    pub unfit: BTreeMap<TemplateName, u64>,
}

/// Delivers what is due.
#[derive(Debug, Clone)]
pub struct Deliver<E> {
    /// What it runs in.
    pub env: E,
    /// Where links lead.
    pub links: Links,
    /// How to go about it.
    pub policy: DeliveryPolicy,
}

/// How often the limits of the account are read again.
const LIMITS_TTL: SignedDuration = SignedDuration::from_secs(2);

/// How often a run begins anew at once for what became due while it ended.
const MAX_ROUNDS: u32 = 100;

/// A mail deferred for no longer than this is waited for; a later one is maintenance's.
const WORTH_WAITING: SignedDuration = SignedDuration::from_secs(20);

impl<E> Deliver<E>
where
    E: Env<Store: Users + Devices + Batches + Mails + Delivery + SettingsStore>
        + WithMailService
        + WithComposer
        + WithKeys,
{
    /// One run.
    pub async fn run(&self) -> Result<Run, Unavailable> {
        let run = RunId::new(self.env.entropy().ulid());
        let mut tally = Run {
            end: RunEnd::LeaseHeld,
            sent: 0,
            dropped: 0,
            unknown: 0,
            again: 0,
            failed: 0,
            unfit: BTreeMap::new(),
        };
        // A wake-up that came while the lease was still held has ended at once; what it was for
        // must not wait for maintenance. What cannot be taken up in so many rounds does.
        for _ in 0..MAX_ROUNDS {
            let now = self.env.clock().now();
            let pause = self.env.store().delivery_pause().await?;
            if let Some(pause) = pause.filter(|pause| now < pause.until) {
                tally.end = RunEnd::Paused(pause);
                break;
            }
            let until = self.until(now);
            if !self.env.store().take_lease(run, now, until).await? {
                break;
            }
            tally = match self.with_lease(run, now, tally).await {
                Ok(tally) => tally,
                Err(failure) => {
                    // Nothing is under way any more. A lease that cannot be given back ends by
                    // itself.
                    let _ = self.env.store().give_lease_back(run).await;
                    return Err(failure);
                }
            };
            if tally.end != RunEnd::LeaseLost {
                self.env.store().give_lease_back(run).await?;
            }
            if !self.goes_on(&tally.end).await? {
                break;
            }
        }
        Ok(tally)
    }

    /// Whether a run that has come to this end begins anew at once.
    async fn goes_on(&self, end: &RunEnd) -> Result<bool, Unavailable> {
        Ok(match end {
            RunEnd::NothingDue => self.anything_due().await?,
            // Somebody may have ended the pause while the last mails were under way.
            RunEnd::Paused(pause) => {
                self.env.store().delivery_pause().await?.as_ref() != Some(pause)
            }
            RunEnd::LeaseHeld | RunEnd::OutOfTime | RunEnd::LeaseLost => false,
        })
    }

    fn until(&self, now: Timestamp) -> Timestamp {
        now.saturating_add(self.policy.lease).unwrap_or(now)
    }

    async fn anything_due(&self) -> Result<bool, Unavailable> {
        let now = self.env.clock().now();
        Ok(!self
            .env
            .store()
            .due_mails(MailClass::Small, now, 1)
            .await?
            .is_empty()
            || !self
                .env
                .store()
                .due_mails(MailClass::Bulk, now, 1)
                .await?
                .is_empty())
    }

    /// `leased_at` is the moment the lease was asked for: it ends so long after that, however
    /// long the answer took.
    async fn with_lease(
        &self,
        run: RunId,
        leased_at: Timestamp,
        tally: Run,
    ) -> Result<Run, Unavailable> {
        let in_flight = self.policy.in_flight;
        let mut round = self.begin(run, leased_at, tally).await?;
        let mut under_way = FuturesUnordered::new();
        loop {
            let now = self.env.clock().now();
            if let Err(error) = self.keep_up(&mut round, now).await {
                round.fail(error);
            }
            if round.wants_to_look(now, in_flight, under_way.len()) {
                // Beside the mails under way, which must not wait for it.
                let sought = round.begin_look(now, in_flight);
                under_way.push(self.find(sought, now).left_future());
            }
            let mut wait = LOOK_AGAIN;
            while !round.stops() && under_way.len() < in_flight && !round.queue.is_empty() {
                match self.next_mail(&mut round, now).await {
                    Ok((due, read)) => {
                        let keys = Arc::clone(&round.keys);
                        under_way.push(self.hand_over(due, run, keys, read).right_future());
                    }
                    Err(longer) => {
                        wait = wait.min(longer);
                        break;
                    }
                }
            }
            if round.stops() {
                round.queue.clear();
            }
            if under_way.is_empty() {
                if !round.queue.is_empty() {
                    self.env.clock().sleep(wait).await;
                } else if let Some(end) = self.end_of(&mut round).await? {
                    round.tally.end = end;
                    return Ok(round.tally);
                }
                continue;
            }
            let finished = {
                let sleep = pin!(self.env.clock().sleep(wait));
                match select(under_way.next(), sleep).await {
                    Either::Left((finished, _)) => finished,
                    Either::Right(_) => None,
                }
            };
            if let Some(finished) = finished {
                self.take_in(&mut round, finished).await;
            }
        }
    }

    async fn begin(
        &self,
        run: RunId,
        leased_at: Timestamp,
        tally: Run,
    ) -> Result<Round, Unavailable> {
        let began = self.env.clock().now();
        let limits = self.env.mail_service().sending_limits().await?;
        self.env.store().note_send_rate(self.pace(limits)).await?;
        Ok(Round {
            run,
            keys: Arc::new(self.env.keys().key_ring().await?),
            settings: HashMap::new(),
            now_holding: None,
            wordings: None,
            queue: VecDeque::new(),
            holds: HashSet::new(),
            bucket: TokenBucket::new(self.pace(limits), began),
            began,
            leased_at,
            limits_at: began,
            looked_at: None,
            looking: false,
            found_nothing: false,
            retry: None,
            stop: None,
            failure: None,
            tally,
        })
    }

    /// Looks for what is due.
    async fn find(&self, sought: Sought, now: Timestamp) -> Finished {
        Finished::Look(self.look(sought, now).await)
    }

    /// The next mail that may go now, with what it is written with, unless that cannot be read; or
    /// how long to wait for it.
    async fn next_mail(
        &self,
        round: &mut Round,
        now: Timestamp,
    ) -> Result<(Due, Option<ReadForMail>), SignedDuration> {
        round.bucket.take(self.env.clock().now())?;
        let due = round.queue.pop_front().ok_or(LOOK_AGAIN)?;
        match self.read_for(round, due.mail.settings, now).await {
            Ok(read) => Ok((due, Some(read))),
            Err(error) if error.unreadable().is_some() => Ok((due, None)),
            Err(error) => {
                round.fail(error);
                Err(LOOK_AGAIN)
            }
        }
    }

    /// Hands one mail over.
    async fn hand_over(
        &self,
        due: Due,
        run: RunId,
        keys: Arc<KeyRing>,
        read: Option<ReadForMail>,
    ) -> Finished {
        let id = due.mail.id;
        let Some((settings, now_holding, own)) = read else {
            return Finished::Mail(id, self.postpone(due.mail).await, None);
        };
        let words = Words {
            keys: &keys,
            settings: settings.as_deref(),
            now_holding: &now_holding,
            own: &own,
        };
        let mut unfit = None;
        let step = self.carry(due, run, words, &mut unfit).await;
        Finished::Mail(id, step, unfit)
    }

    /// The end of a round that has nothing under way and nothing in its hands; `None`: it looks
    /// once more.
    async fn end_of(&self, round: &mut Round) -> Result<Option<RunEnd>, Unavailable> {
        if let Some(failure) = round.failure.take() {
            return Err(failure);
        }
        if let Some(end) = round.stop.take() {
            return Ok(Some(end));
        }
        if !round.found_nothing {
            // Something was done since the last look; the next turn looks at once.
            round.looked_at = None;
            return Ok(None);
        }
        let now = self.env.clock().now();
        let soon = round.retry.take().map(|at| at.duration_since(now));
        let Some(soon) = soon.filter(|soon| *soon <= WORTH_WAITING) else {
            return Ok(Some(RunEnd::NothingDue));
        };
        let soon = soon.max(SignedDuration::ZERO);
        self.env.clock().sleep(soon).await;
        round.looked_at = None;
        round.found_nothing = false;
        Ok(None)
    }

    /// Takes note of what has come to its end.
    async fn take_in(&self, round: &mut Round, finished: Finished) {
        match finished {
            Finished::Mail(id, step, unfit) => {
                round.holds.remove(&id);
                if let Some(unfit) = unfit {
                    *round.tally.unfit.entry(unfit).or_default() += 1;
                }
                round.found_nothing = false;
                self.note(round, step).await;
            }
            Finished::Look(Ok(found)) => round.take_in(found),
            Finished::Look(Err(error)) => {
                round.looking = false;
                round.fail(error);
            }
        }
    }

    fn pace(&self, limits: SendingLimits) -> f64 {
        limits.per_second.min(self.policy.most_per_second)
    }

    /// Minds the time, renews the lease and follows the account's limits.
    async fn keep_up(&self, round: &mut Round, now: Timestamp) -> Result<(), Unavailable> {
        if now.duration_since(round.began) >= self.policy.longest_run {
            round.stop.get_or_insert(RunEnd::OutOfTime);
        }
        if now.duration_since(round.leased_at) >= self.policy.lease / 3 {
            if self
                .env
                .store()
                .take_lease(round.run, now, self.until(now))
                .await?
            {
                round.leased_at = now;
            } else {
                round.stop = Some(RunEnd::LeaseLost);
            }
        }
        if now.duration_since(round.limits_at) >= LIMITS_TTL {
            round.limits_at = now;
            // A limit that cannot be read for a moment stays as it was.
            if let Ok(limits) = self.env.mail_service().sending_limits().await {
                let pace = self.pace(limits);
                if round.bucket.set_rate(pace, now) {
                    self.env.store().note_send_rate(pace).await?;
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
            Ok(Step::Defer(until)) => {
                round.bucket.drain(self.env.clock().now());
                round.retry = Some(round.retry.map_or(until, |at| at.min(until)));
            }
            Ok(Step::Pause(pause)) => {
                // Many in flight are refused alike; one row says so.
                if !matches!(round.stop, Some(RunEnd::Paused(_))) {
                    if let Err(error) = self.env.store().set_delivery_pause(Some(&pause)).await {
                        round.fail(error);
                    }
                    round.stop = Some(RunEnd::Paused(pause));
                }
            }
        }
    }
}
