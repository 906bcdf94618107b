//! The mail service of a story: it takes mails, refuses, hesitates, falls silent, and reports
//! what it took late, twice, in any order or never.

use beckon_domain::model::mail::{MailEvent, MailReason};
use beckon_domain::model::mail_content::OutgoingMail;
use beckon_domain::model::mail_service::{SendAnswer, SendingLimits};
use beckon_domain::ports::clock::Clock as _;
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::mail_service::MailService;
use beckon_domain::usecases::record_feedback::Feedback;
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::ids::MailId;
use jiff::SignedDuration;

use super::breakage::Breakage;
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
    fn treat(stage: &mut Stage, id: MailId, to: &EmailAddress) -> Treatment {
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
            Mood::Trial if !is_verified(to) => {
                (false, SendAnswer::RecipientNotVerified { reason: no() })
            }
            Mood::Open | Mood::Trial if stage.dice.happens(stage.rates.post) => {
                match stage.dice.below(8) {
                    0 | 1 => (false, SendAnswer::TooFast),
                    2 => (false, SendAnswer::MailRefused { reason: no() }),
                    3 => (false, silence()),
                    4 | 5 => (true, silence()),
                    _ => (true, accepted()),
                }
            }
            Mood::Open | Mood::Trial => (true, accepted()),
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
    fn plan_reports(stage: &mut Stage, id: MailId, to: &EmailAddress) {
        let (rates, now) = (stage.rates, stage.now);
        if stage.dice.happens(rates.lost) {
            return;
        }
        let suppressed = stage.suppressed.contains(to.as_str());
        let fate = match stage.dice.below(20) {
            _ if suppressed => Some(MailEvent::HardBounce),
            0 => Some(MailEvent::HardBounce),
            1 | 2 => Some(MailEvent::SoftBounce),
            3 => Some(MailEvent::Delay),
            4..8 => None,
            _ => Some(MailEvent::Deliver),
        };
        if fate == Some(MailEvent::HardBounce) {
            stage.suppressed.insert(to.as_str().to_owned());
        }
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

/// Whether the service knows an address while the account is on trial.
fn is_verified(address: &EmailAddress) -> bool {
    let digits = address.as_str().bytes().filter(u8::is_ascii_digit);
    digits.map(u32::from).sum::<u32>() % 2 == 0
}

impl MailService for Post {
    async fn send_mail(&self, mail: &OutgoingMail) -> SendAnswer {
        tokio::task::yield_now().await;
        let treatment = self.watch.both(|stage, ledger| {
            let treatment = Self::treat(stage, mail.id, &mail.to);
            if treatment.taken {
                Self::plan_reports(stage, mail.id, &mail.to);
            }
            let (task, name, answer) = (stage.task, mail.id, treatment.answer.clone());
            stage.say(u64::from(treatment.taken), || {
                format!("  #{task} hands over mail {name}: {answer:?}")
            });
            ledger.handed_over(mail.id, treatment.taken, &answer);
            match treatment.answer {
                SendAnswer::RecipientNotVerified { reason }
                    if stage.broken(Breakage::UnverifiedStopsAll) =>
                {
                    Treatment {
                        answer: SendAnswer::AccountRefused { reason },
                        ..treatment
                    }
                }
                answer => Treatment {
                    answer,
                    ..treatment
                },
            }
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

    async fn clear_suppression(&self, address: &EmailAddress) -> Result<(), Unavailable> {
        tokio::task::yield_now().await;
        self.watch.both(|stage, ledger| {
            if stage.dice.happens(stage.rates.refuse) {
                return Err(Unavailable::new("the mail service", "the story has it so"));
            }
            stage.suppressed.remove(address.as_str());
            let seq = ledger.moment().0;
            ledger.cleared.insert(address.as_str().to_owned(), seq);
            Ok(())
        })
    }
}
