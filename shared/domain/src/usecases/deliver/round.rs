//! The state of a run: what it holds in its hands, what it has found, and when it looks again.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Run, RunEnd};
use crate::model::delivery::Pause;
use crate::model::mail::Mail;
use crate::model::settings::VersionedSettings;
use crate::model::stored::Unreadable;
use crate::model::template::{OwnWordings, TemplateName};
use crate::model::user::User;
use crate::ports::error::Unavailable;
use crate::rules::sending::{DropReason, TokenBucket, should_send};
use crate::values::ids::{BatchId, MailId, RunId, Version};
use crate::values::keys::KeyRing;

/// A mail that is due, with what it is judged by.
pub(super) struct Due {
    pub(super) mail: Mail,
    pub(super) user: Option<User>,
    /// Whether its batch was stopped.
    pub(super) stopped: bool,
    /// A row without which it cannot be judged, and which cannot be read.
    pub(super) held_up: Option<Unreadable>,
}

impl Due {
    /// Whether the mail is wanted, under the settings that hold now: whom mails may go to is not
    /// what it was when it was ordered.
    pub(super) fn judged(
        &self,
        now_holding: &VersionedSettings,
        now: Timestamp,
    ) -> Result<(), DropReason> {
        match should_send(&self.mail, self.user.as_ref(), now) {
            Ok(()) if self.stopped => return Err(DropReason::BatchStopped),
            // Who is enabled or mended later must not get the mail of a batch that was stopped.
            Err(DropReason::NoUser | DropReason::AddressMarked)
                if self.stopped && self.user.is_some() =>
            {
                return Err(DropReason::BatchStopped);
            }
            other => other?,
        }
        let sender = &now_holding.settings.sender;
        match &self.user {
            Some(user) if self.mail.kind.invites() && !sender.may_invite(&user.email) => {
                Err(DropReason::DomainNotAllowed)
            }
            _ => Ok(()),
        }
    }
}

/// What became of one mail.
pub(super) enum Step {
    Sent,
    Dropped,
    LostSight,
    Again,
    Defer(Timestamp),
    Refused,
    /// It is due later.
    Later,
    Overtaken,
    Pause(Pause),
}

/// What a look is to find.
pub(super) struct Sought {
    /// Mails that the run has already.
    pub(super) holds: HashSet<MailId>,
    /// The batches of those that are not handed over yet.
    pub(super) waits_of: BTreeSet<BatchId>,
    /// How many mails of a kind to list, those it has included.
    pub(super) room: usize,
    /// Whether there is room for more than small batches.
    pub(super) bulk: bool,
}

/// What a look found, small batches apart.
pub(super) struct Found {
    pub(super) small: VecDeque<Due>,
    pub(super) bulk: VecDeque<Due>,
    /// Which batches were stopped.
    pub(super) stopped: HashSet<BatchId>,
}

/// What was under way and has come to its end.
pub(super) enum Finished {
    Mail(MailId, Result<Step, Unavailable>, Option<TemplateName>),
    Look(Result<Found, Unavailable>),
}

/// How often a run that has a backlog looks for small batches that go first.
pub(super) const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(1);

/// How often it looks at most when the queue runs low.
pub(super) const LOOK_AT_MOST: SignedDuration = SignedDuration::from_millis(100);

/// State of a run that is kept outside the futures in flight.
pub(super) struct Round {
    pub(super) run: RunId,
    pub(super) keys: Arc<KeyRing>,
    pub(super) settings: HashMap<Version, Arc<VersionedSettings>>,
    pub(super) now_holding: Option<(Timestamp, Arc<VersionedSettings>)>,
    pub(super) wordings: Option<(Timestamp, Arc<OwnWordings>)>,
    pub(super) queue: VecDeque<Due>,
    pub(super) holds: HashSet<MailId>,
    pub(super) bucket: TokenBucket,
    pub(super) began: Timestamp,
    pub(super) leased_at: Timestamp,
    pub(super) limits_at: Timestamp,
    pub(super) looked_at: Option<Timestamp>,
    pub(super) looking: bool,
    /// Whether the last look found nothing, and nothing happened since.
    pub(super) found_nothing: bool,
    pub(super) retry: Option<Timestamp>,
    pub(super) stop: Option<RunEnd>,
    pub(super) failure: Option<Unavailable>,
    pub(super) tally: Run,
}

impl Round {
    /// What was handed over already must be waited for and recorded, or people get it twice; so
    /// a failure only keeps anything new from being begun.
    pub(super) fn fail(&mut self, failure: Unavailable) {
        self.failure.get_or_insert(failure);
    }

    pub(super) fn stops(&self) -> bool {
        self.stop.is_some() || self.failure.is_some()
    }

    /// Whether to look for what is due: every second for small batches that go first, also while a
    /// mail is under way that the service is slow with; sooner when the queue runs low.
    pub(super) fn wants_to_look(&self, now: Timestamp, low: usize, under_way: usize) -> bool {
        let idle = self.found_nothing && self.queue.is_empty();
        if self.looking || self.stops() || (idle && under_way == 0) {
            return false;
        }
        self.looked_at.is_none_or(|at| {
            let since = now.duration_since(at);
            let runs_low = !self.found_nothing && self.queue.len() < low;
            since >= LOOK_AGAIN || (runs_low && since >= LOOK_AT_MOST)
        })
    }

    /// Notes that a look begins, and says what it is for.
    pub(super) fn begin_look(&mut self, now: Timestamp, low: usize) -> Sought {
        self.looking = true;
        self.looked_at = Some(now);
        self.seeks(low)
    }

    /// What the next look is for. A queue that is long enough takes no more of large batches, or a
    /// slow account would have the run list all of one again and again.
    fn seeks(&self, low: usize) -> Sought {
        Sought {
            holds: self.holds.clone(),
            waits_of: self.queue.iter().filter_map(|due| due.mail.batch).collect(),
            room: self.holds.len() + low * 4,
            bulk: self.queue.len() < low * 4,
        }
    }

    /// Puts what was found into the queue: small batches first, bulk ones behind what waits. What
    /// waits of a batch that was stopped meanwhile is judged anew when its turn comes.
    pub(super) fn take_in(&mut self, found: Found) {
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
