//! One mail on its way: judged once more, written, claimed, handed over, and recorded.

use jiff::{SignedDuration, Timestamp};

use super::Deliver;
use super::composing::Words;
use super::round::{Due, Step};
use crate::model::actor::Actor;
use crate::model::delivery::Pause;
use crate::model::history::HistoryEvent;
use crate::model::mail::{Mail, MailEvent, MailKind, MailReason, MailState};
use crate::model::mail_service::SendAnswer;
use crate::model::template::TemplateName;
use crate::model::user::User;
use crate::ports::clock::Clock;
use crate::ports::devices::Devices;
use crate::ports::env::{Env, WithComposer, WithMailService};
use crate::ports::error::{SaveError, Unavailable};
use crate::ports::mail_service::MailService;
use crate::ports::mails::Mails;
use crate::ports::turns::Turns;
use crate::ports::users::Users;
use crate::rules::issuing::zone_of;
use crate::rules::sending::{DropReason, retry_at};
use crate::values::ids::RunId;

/// How long a mail waits whose user, batch or settings cannot be read: operators take hours.
const READ_AGAIN_LATER: SignedDuration = SignedDuration::from_hours(1);

/// What is written into a mail's row: what happened to it, and what goes with that.
struct Entry {
    event: MailEvent,
    /// When it is due again; as before if absent.
    due_at: Option<Timestamp>,
    why: Option<MailReason>,
    /// What the mail service calls it.
    service_id: Option<String>,
}

impl Entry {
    const fn of(event: MailEvent) -> Self {
        Self {
            event,
            due_at: None,
            why: None,
            service_id: None,
        }
    }

    fn due(self, at: Timestamp) -> Self {
        Self {
            due_at: Some(at),
            ..self
        }
    }

    fn because(self, why: MailReason) -> Self {
        Self {
            why: Some(why),
            ..self
        }
    }
}

/// Until when nobody is reminded where this reminder goes; `None`: now is a good time. It was
/// written at one, and may have waited since.
fn quiet_until(
    mail: &Mail,
    user: Option<&User>,
    words: Words<'_>,
    now: Timestamp,
) -> Option<Timestamp> {
    let MailKind::Reminder { .. } = mail.kind else {
        return None;
    };
    let (user, settings) = (user?, words.settings?);
    let plan = user.invitation.as_ref()?.reminders?;
    let zone = zone_of(user, &settings.settings);
    let until = plan.policy.quiet_hours?.after(now, &zone);
    (until > now).then_some(until)
}

impl<E> Deliver<E>
where
    E: Env<Store: Users + Devices + Mails> + WithMailService + WithComposer,
{
    /// One mail, from due to whatever becomes of it. One that needs a row that cannot be read is
    /// looked at again later; others do not wait for it.
    pub(super) async fn carry(
        &self,
        due: Due,
        run: RunId,
        words: Words<'_>,
        unfit: &mut Option<TemplateName>,
    ) -> Result<Step, Unavailable> {
        let mail = due.mail.clone();
        match self.carry_readable(due, run, words, unfit).await {
            Err(error) if error.unreadable().is_some() => self.postpone(mail).await,
            other => other,
        }
    }

    /// Has a mail looked at again later: what it needs cannot be read now.
    pub(super) async fn postpone(&self, mail: Mail) -> Result<Step, Unavailable> {
        let postponed = Mail {
            version: mail.version.next(),
            due_at: self.later(READ_AGAIN_LATER),
            reason: Some(MailReason::new(
                "unreadableRecord",
                "a record that it needs cannot be read by this version; an operator has been told",
            )),
            ..mail
        };
        match self.env.store().save_mail(&postponed, None).await {
            Ok(()) => Ok(Step::Later),
            Err(SaveError::Conflict) => Ok(Step::Overtaken),
            Err(SaveError::Unavailable(error)) => Err(error),
        }
    }

    async fn carry_readable(
        &self,
        due: Due,
        run: RunId,
        words: Words<'_>,
        unfit: &mut Option<TemplateName>,
    ) -> Result<Step, Unavailable> {
        let now = self.env.clock().now();
        let judged = due.judged(words.now_holding, now);
        match due.mail.state {
            MailState::Waiting => {}
            // Held by a run that is gone, for the lease is ours: what it did with the mail is
            // not known.
            MailState::Sending => {
                let entry = Entry::of(MailEvent::LoseAnswer)
                    .due(self.later(self.policy.unknown_wait))
                    .because(MailReason::new(
                        "runLost",
                        "the run that sent it ended before it could record the answer",
                    ));
                return self.settle(due.mail, entry, Step::LostSight).await;
            }
            // Due means that nobody reported it in time.
            MailState::Unknown => {
                if judged.is_ok() && due.held_up.is_none() {
                    let entry = Entry::of(MailEvent::StopWaiting).due(now);
                    return self.settle(due.mail, entry, Step::Again).await;
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
        if let Some(row) = &due.held_up {
            return Err(row.clone().into());
        }
        if let Err(why) = judged {
            return self.drop_unless_wanted(due, why, words, now).await;
        }
        if let Some(until) = quiet_until(&due.mail, due.user.as_ref(), words, now) {
            let entry = Entry::of(MailEvent::Defer)
                .due(until)
                .because(MailReason::new(
                    "quietHours",
                    "these are quiet hours where the person lives",
                ));
            return self.settle(due.mail, entry, Step::Later).await;
        }
        self.send(due.mail, due.user, run, words, unfit).await
    }

    /// Drops a mail that is not wanted, if it still is not. What it was judged by may be minutes old
    /// where mails go slowly, and dropping one for what holds no longer would leave somebody
    /// without it.
    async fn drop_unless_wanted(
        &self,
        due: Due,
        why: DropReason,
        words: Words<'_>,
        now: Timestamp,
    ) -> Result<Step, Unavailable> {
        let user = self.env.store().load_user(due.mail.user).await?;
        let seen_again = Due { user, ..due };
        if seen_again.judged(words.now_holding, now).is_ok() {
            return Ok(Step::Overtaken);
        }
        let why = MailReason::new(why.code(), why.in_words());
        let entry = Entry::of(MailEvent::Drop).because(why);
        self.settle(seen_again.mail, entry, Step::Dropped).await
    }

    /// Writes the message, claims the mail, and hands it over.
    async fn send(
        &self,
        mail: Mail,
        user: Option<User>,
        run: RunId,
        words: Words<'_>,
        unfit: &mut Option<TemplateName>,
    ) -> Result<Step, Unavailable> {
        let outgoing = match self.compose(&mail, user.as_ref(), words).await? {
            Ok((outgoing, in_ours)) => {
                *unfit = in_ours;
                outgoing
            }
            Err(why) => {
                let user_then = user.as_ref().map(|user| user.version);
                let user_now = self.env.store().load_user(mail.user).await?;
                if user_then != user_now.map(|user| user.version) {
                    // What is missing went with a change that the mail was not judged by.
                    return Ok(Step::Overtaken);
                }
                let entry = Entry::of(MailEvent::Refuse).because(why);
                return self.settle(mail, entry, Step::Refused).await;
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
            Some(user) => self.env.store().claim_mail(&claimed, user.version).await,
            // A mail of nobody was judged by nobody.
            None => self.env.store().save_mail(&claimed, None).await,
        };
        match written {
            Ok(()) => {}
            Err(SaveError::Conflict) => return Ok(Step::Overtaken),
            Err(SaveError::Unavailable(error)) => return Err(error),
        }
        let answer = self.env.mail_service().send_mail(&outgoing).await;
        self.record(claimed, answer).await
    }

    fn later(&self, by: SignedDuration) -> Timestamp {
        let now = self.env.clock().now();
        now.saturating_add(by).unwrap_or(now)
    }

    /// Records the answer of the mail service.
    async fn record(&self, claimed: Mail, answer: SendAnswer) -> Result<Step, Unavailable> {
        let now = self.env.clock().now();
        let (entry, step) = match answer {
            SendAnswer::Accepted { service_id } => {
                let entry = Entry {
                    service_id: Some(service_id),
                    ..Entry::of(MailEvent::Accept)
                };
                (entry, Step::Sent)
            }
            SendAnswer::TooFast => {
                let until = retry_at(claimed.attempts, now);
                let why = MailReason::new("throttled", "the mail service asked to go slower");
                let entry = Entry::of(MailEvent::Defer).due(until).because(why);
                (entry, Step::Defer(until))
            }
            SendAnswer::QuotaUsedUp => {
                let text = "the daily quota of the mail account is used up";
                self.pausing("dailyQuota", text)
            }
            SendAnswer::AccountRefused { reason } => self.pausing("accountRefused", &reason),
            SendAnswer::MailRefused { reason } => {
                let why = MailReason::new("refused", &reason);
                (Entry::of(MailEvent::Refuse).because(why), Step::Refused)
            }
            SendAnswer::RecipientNotVerified { reason } => {
                let why = MailReason::new("recipientNotVerified", &reason);
                (Entry::of(MailEvent::Refuse).because(why), Step::Refused)
            }
            SendAnswer::NoAnswer { reason } => {
                let entry = Entry::of(MailEvent::LoseAnswer)
                    .due(self.later(self.policy.unknown_wait))
                    .because(MailReason::new("noAnswer", &reason));
                (entry, Step::LostSight)
            }
        };
        self.settle(claimed, entry, step).await
    }

    /// The mail is due as before, and delivery stands still for a while.
    fn pausing(&self, code: &str, reason: &str) -> (Entry, Step) {
        let pause = Pause {
            until: self.later(self.policy.pause),
            code: code.to_owned(),
            reason: reason.to_owned(),
        };
        let entry = Entry::of(MailEvent::Defer)
            .due(self.env.clock().now())
            .because(MailReason::new(code, reason));
        (entry, Step::Pause(pause))
    }

    /// Records what happened to a mail. Somebody else may write it meanwhile (a report of the
    /// mail service overtakes its answer); then the event is applied to what they wrote.
    async fn settle(&self, mail: Mail, entry: Entry, step: Step) -> Result<Step, Unavailable> {
        let mut turns = Turns::new(&self.env, "recording what became of a mail");
        let mut current = mail;
        loop {
            let Ok(after) = current.after(entry.event) else {
                return Ok(Step::Overtaken);
            };
            // A report said more than the answer does, and why.
            let overtaken = after.state == current.state && after.state.was_sent();
            let after = Mail {
                due_at: entry.due_at.unwrap_or(after.due_at),
                reason: if overtaken || (entry.why.is_none() && !after.state.was_sent()) {
                    after.reason.clone()
                } else {
                    entry.why.clone()
                },
                service_id: entry
                    .service_id
                    .clone()
                    .or_else(|| after.service_id.clone()),
                ..after
            };
            let who = if after.was_dropped() {
                Actor::Clock
            } else {
                Actor::MailService
            };
            let now = self.env.clock().now();
            let row = HistoryEvent::failure_of(&after)
                .map(|what| self.env.happened(after.user, now, who, what));
            match self.env.store().save_mail(&after, row.as_ref()).await {
                Ok(()) => return Ok(step),
                Err(SaveError::Conflict) => {
                    let next = turns.another().await;
                    match self.env.store().load_mail(current.id).await {
                        // Perhaps two writes met, and the row is the one that is known. What the mail
                        // service answered must not get lost: the mail would go out twice.
                        Err(error) if error.unreadable().is_some() && next.is_ok() => continue,
                        Err(error) => return Err(error),
                        Ok(Some(reloaded)) => current = reloaded,
                        Ok(None) => return Ok(Step::Overtaken),
                    }
                    next?;
                }
                Err(SaveError::Unavailable(error)) => return Err(error),
            }
        }
    }
}
