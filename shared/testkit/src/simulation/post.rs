//! The mail service of a story: it takes mails, refuses, hesitates, falls silent, and reports
//! what it took late, twice, in any order or never.

use beckon_domain::model::mail::{MailEvent, MailReason};
use beckon_domain::model::mail_content::OutgoingMail;
use beckon_domain::model::mail_service::{SendAnswer, SendingLimits};
use beckon_domain::ports::clock::Clock as _;
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::mail_service::{ClearSuppression, SendMail};
use beckon_domain::usecases::record_feedback::Feedback;
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::ids::MailId;
use jiff::SignedDuration;

use super::ledger::Watch;
use super::stage::{Mood, Stage};
use crate::ManualClock;

#[derive(Debug, Clone)]
pub(super) struct Post {
    pub(super) watch: Watch,
    pub(super) clock: ManualClock,
    pub(super) per_second: f64,
}

/// What the service makes of a mail: whether it took it, what it answers, and how late.
struct Treatment {
    taken: bool,
    answer: SendAnswer,
    takes: SignedDuration,
}

impl Post {
    fn treat(stage: &mut Stage, id: MailId) -> Treatment {
        let accepted = || SendAnswer::Accepted {
            service_id: format!("service-{id}"),
        };
        let silence = || SendAnswer::NoAnswer {
            reason: "silence".to_owned(),
        };
        let no = || "the story has it so".to_owned();
        let (taken, answer) = match stage.mood {
            Mood::QuotaUsedUp => (false, SendAnswer::QuotaUsedUp),
            Mood::AccountRefused => (false, SendAnswer::AccountRefused { reason: no() }),
            Mood::Open if stage.dice.happens(stage.rates.post) => match stage.dice.below(8) {
                0 | 1 => (false, SendAnswer::TooFast),
                2 => (false, SendAnswer::MailRefused { reason: no() }),
                3 => (false, silence()),
                4 | 5 => (true, silence()),
                _ => (true, accepted()),
            },
            Mood::Open => (true, accepted()),
        };
        let delay = match stage.dice.below(40) {
            0 => stage.dice.between(1_000, 45_000),
            1..10 => stage.dice.between(1, 900),
            _ => 0,
        };
        Treatment {
            taken,
            answer,
            takes: SignedDuration::from_millis(delay),
        }
    }

    /// What will be heard of a mail that was taken.
    fn plan_reports(stage: &mut Stage, id: MailId) {
        let (rates, now) = (stage.rates, stage.now);
        if stage.dice.happens(rates.lost) {
            return;
        }
        let fate = match stage.dice.below(24) {
            0 => Some(MailEvent::HardBounce),
            1 | 2 => Some(MailEvent::SoftBounce),
            3 => Some(MailEvent::Delay),
            4..8 => None,
            _ => Some(MailEvent::Deliver),
        };
        let complaint = stage.dice.happens(20).then_some(MailEvent::Complain);
        for event in [Some(MailEvent::Accept), fate, complaint]
            .into_iter()
            .flatten()
        {
            if stage.dice.happens(rates.lost / 2) {
                continue;
            }
            let most = if stage.dice.happens(200) { 900 } else { 20 };
            let times = 1 + usize::from(stage.dice.happens(rates.repeat));
            for _ in 0..times {
                let at = now + SignedDuration::from_secs(stage.dice.between(0, most));
                let reason =
                    (event != MailEvent::Accept && event != MailEvent::Deliver).then(|| {
                        MailReason {
                            code: "reported".to_owned(),
                            detail: String::new(),
                        }
                    });
                let feedback = Feedback {
                    mail: id,
                    service_id: Some(format!("service-{id}")),
                    event,
                    reason,
                    at: now,
                };
                stage.reports.push((at, feedback));
            }
        }
    }
}

impl ClearSuppression for Post {
    async fn clear_suppression(&self, _: &EmailAddress) -> Result<(), Unavailable> {
        tokio::task::yield_now().await;
        Ok(())
    }
}

impl SendMail for Post {
    async fn send_mail(&self, mail: &OutgoingMail) -> SendAnswer {
        tokio::task::yield_now().await;
        let treatment = self.watch.both(|stage, ledger| {
            let treatment = Self::treat(stage, mail.id);
            if treatment.taken {
                Self::plan_reports(stage, mail.id);
            }
            let (task, name, answer) = (stage.task, mail.id, treatment.answer.clone());
            stage.say(u64::from(treatment.taken), || {
                format!("  #{task} hands over mail {name}: {answer:?}")
            });
            let silent = matches!(answer, SendAnswer::NoAnswer { .. });
            ledger.handed_over(mail.id, treatment.taken, silent);
            treatment
        });
        if treatment.takes > SignedDuration::ZERO {
            self.clock.sleep(treatment.takes).await;
        } else {
            tokio::task::yield_now().await;
        }
        treatment.answer
    }

    async fn sending_limits(&self) -> Result<SendingLimits, Unavailable> {
        tokio::task::yield_now().await;
        let refused = self
            .watch
            .stage(|stage| stage.dice.happens(stage.rates.refuse));
        if refused {
            return Err(Unavailable::new("the mail service", "the story has it so"));
        }
        Ok(SendingLimits {
            per_second: self.per_second,
            enabled: true,
        })
    }
}
