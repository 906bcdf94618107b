//! What the machinery around Beckon does: each function, as it runs its use cases.

use beckon_domain::model::history::HistoryEntry;
use beckon_domain::model::registration::DeviceRegistered;
use beckon_domain::ports::clock::Clock as _;
use beckon_domain::ports::dead_letters::DeadLetters as _;
use beckon_domain::ports::wake_up::WakeUp as _;
use beckon_domain::usecases::confirm_registration::{ConfirmRefused, Confirmed};
use beckon_domain::usecases::deliver::RunEnd;
use beckon_domain::usecases::erase_ended::Erased;
use beckon_domain::usecases::expand::Expanded;
use beckon_domain::usecases::publish::Fate;
use beckon_domain::usecases::record_feedback::{Feedback, FeedbackOutcome};

use super::breakage::Breakage;
use super::cast::Cast;
use super::jobs::{Record, failed};
use super::tasks::Ended;
use super::use_case::{Answer, UseCase};

impl Cast {
    pub(super) async fn report(&self, report: &DeviceRegistered) -> Ended {
        let mut told = report.clone();
        if self.table.broken(Breakage::EveryReportIsOfNow) {
            told.registered_at = Some(self.clock.now());
        }
        let answer = match self.confirm_registration().run(&told).await {
            Err(ConfirmRefused::Unavailable(error)) => return failed(&error),
            Ok(reported) => {
                self.watch.with(|ledger| ledger.report_answered(report));
                match reported.outcome {
                    Confirmed::Recorded(_) | Confirmed::DecidedAgain(_) => Answer::Accepted,
                    Confirmed::KnownBefore(_) => Answer::Refused,
                }
            }
            Err(ConfirmRefused::Unknown) => Answer::Refused,
        };
        self.answered(UseCase::ConfirmRegistration, answer)
    }

    pub(super) async fn feedback(&self, feedback: &Feedback) -> Ended {
        let outcome = match self.record_feedback().run(feedback).await {
            Ok(outcome) => outcome,
            Err(error) => return failed(&error),
        };
        self.watch.with(|ledger| ledger.reported(feedback));
        let answer = match outcome {
            FeedbackOutcome::Changed | FeedbackOutcome::Bounced { .. } => Answer::Accepted,
            FeedbackOutcome::Nothing | FeedbackOutcome::NotOurs => Answer::Refused,
        };
        if let FeedbackOutcome::Bounced { batch } = outcome {
            match self.stop_batch().after_bounce(batch, feedback.mail).await {
                Ok(_) => {}
                // As the function does: the mail is recorded.
                Err(error) if error.unreadable().is_some() => {}
                Err(_) => return Ended::Again,
            }
        }
        self.answered(UseCase::RecordFeedback, answer)
    }

    /// Does what the function of that name does with a batch of stream records.
    pub(super) async fn carry_out(&self, records: &[Record]) -> Ended {
        let expand = self.expand();
        let mut wake = false;
        let mut ended = Ended::Done;
        for record in records {
            match record {
                Record::Mail => wake = true,
                Record::Job(job) => ended = self.carry_on(*job).await,
                // What goes wrong here is left to maintenance, as the function leaves it.
                Record::DeviceEvent(event) => {
                    self.carry_event(*event).await;
                }
                Record::Aside(key) => {
                    let noted = self.watch.with(|ledger| ledger.told_of.contains(key));
                    let told = self.tell_of_unreadable().run(key).await;
                    self.watch.with(|ledger| {
                        let again = noted && matches!(told, Ok(Some(_)));
                        ledger.must(!again, || format!("of {} people were told twice", key.pk));
                        if told.is_ok() {
                            ledger.told_of.insert(key.clone());
                        }
                    });
                    let answer = match told {
                        Ok(Some(_)) => Answer::Accepted,
                        Ok(None) => Answer::Refused,
                        Err(_) => Answer::Unavailable,
                    };
                    ended = self.answered(UseCase::TellOfUnreadable, answer);
                }
                Record::Cursor(batch) => {
                    let answer = match expand.run(*batch).await {
                        Ok(Expanded::More | Expanded::Done) => Answer::Accepted,
                        Ok(Expanded::Overtaken | Expanded::Unknown | Expanded::SetAside) => {
                            Answer::Refused
                        }
                        Err(_) => Answer::Unavailable,
                    };
                    ended = self.answered(UseCase::Expand, answer);
                }
            }
            if ended == Ended::Again {
                break;
            }
        }
        if wake {
            // Maintenance comes by within a minute.
            let _ = self.wake_up.wake_delivery().await;
        }
        ended
    }

    pub(super) async fn deliver(&self) -> Ended {
        let run = self.delivering().run().await;
        let answer = match run.as_ref().map(|run| &run.end) {
            Ok(RunEnd::NothingDue | RunEnd::OutOfTime | RunEnd::LeaseLost) => Answer::Accepted,
            Ok(RunEnd::LeaseHeld | RunEnd::Paused(_)) => Answer::Refused,
            Err(_) => Answer::Unavailable,
        };
        let ended = self.answered(UseCase::Deliver, answer);
        if run.is_ok_and(|run| run.end == RunEnd::OutOfTime)
            && self.wake_up.wake_delivery().await.is_err()
        {
            return Ended::Again;
        }
        ended
    }

    pub(super) async fn go_round(&self) -> Ended {
        self.carry_left_behind().await;
        let answer = match self.run_maintenance().run().await {
            Ok(round) => {
                let done = round.pushed + round.expired + round.reminded;
                if done > 0 || round.woke {
                    Answer::Accepted
                } else {
                    Answer::Idle
                }
            }
            Err(_) => Answer::Unavailable,
        };
        self.answered(UseCase::RunMaintenance, answer)
    }

    /// Runs the erasure, the other work of the function `maintenance`.
    pub(super) async fn erase(&self) -> Ended {
        let answer = match self.erase_ended().run().await {
            Ok(erased) if erased == Erased::default() => Answer::Idle,
            Ok(_) => Answer::Accepted,
            Err(_) => Answer::Unavailable,
        };
        self.answered(UseCase::EraseEnded, answer)
    }

    /// Does what the function `publish` does with a batch of stream records: what the bus cannot take
    /// now comes again, with what is behind it; what it refuses goes to the dead-letter queue.
    pub(super) async fn tell_world(&self, rows: &[HistoryEntry]) -> Ended {
        let progress = self.publish().run(rows).await;
        let done = progress.fates.len();
        for (row, fate) in rows.iter().zip(progress.fates) {
            let answer = match fate {
                Fate::Published => Answer::Accepted,
                Fate::KeptInside => Answer::Idle,
                Fate::Refused { code } => {
                    let kept = self
                        .failures
                        .keep_dead_letter(&row.id.to_string(), &code)
                        .await;
                    if kept.is_ok() {
                        self.watch.with(|ledger| ledger.off_bus.insert(row.id));
                    }
                    Answer::Refused
                }
            };
            self.answered(UseCase::Publish, answer);
        }
        self.watch.both(|stage, _| {
            for row in rows.iter().skip(done).rev() {
                stage.history.push_front(row.clone());
            }
        });
        Ended::Done
    }
}
