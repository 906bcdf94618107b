//! What somebody does: each job is one use case, run on the table of the simulation.

use std::net::{IpAddr, Ipv4Addr};

use beckon_domain::address::EmailAddress;
use beckon_domain::history::Actor;
use beckon_domain::idempotency::RepeatableRequest;
use beckon_domain::ids::{BatchId, IssueNumber, UserId, Version};
use beckon_domain::ownership::OwnershipChoice;
use beckon_domain::pin::Pin;
use beckon_domain::ports::{
    Clock as _, PauseOutbox as _, SaveError, SaveSettings as _, Unavailable, WakePostman as _,
};
use beckon_domain::registration::DeviceRegistered;
use beckon_domain::settings::Settings;
use beckon_domain::stored::RowKey;
use beckon_domain::token::{Token, TokenPurpose};
use beckon_domain::usecases::add_user::{AddUserRefused, NewUser};
use beckon_domain::usecases::change_invitation::{ChangeInvitationRefused, InvitationChange};
use beckon_domain::usecases::change_user::{ChangeUserRefused, UserPatch};
use beckon_domain::usecases::confirm_registration::ConfirmRefused;
use beckon_domain::usecases::deliver::RunEnd;
use beckon_domain::usecases::record_feedback::{Feedback, FeedbackOutcome};
use beckon_domain::usecases::redeem::{RedeemRefused, Redemption, Source};
use beckon_domain::usecases::send::{SendOrder, SendRefused};

use super::breakage::Breakage;
use super::cast::Cast;
use super::tasks::{Ended, Play};
use crate::builders::an_administrator;

/// A record of the table's stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Record {
    /// A cursor moved.
    Cursor(BatchId),
    /// A mail waits.
    Mail,
    /// A row was set aside.
    Aside(RowKey),
}

/// A secret as somebody shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    Pin(IssueNumber),
    WrongPin,
    Token(IssueNumber),
}

/// What somebody does.
#[derive(Debug, Clone)]
pub(super) enum Job {
    Add {
        number: usize,
        invite: bool,
        staff: bool,
    },
    Send {
        order: SendOrder,
        key: Option<u64>,
    },
    Show {
        user: UserId,
        shown: Shown,
        counted: bool,
    },
    RequestPin(EmailAddress),
    Change(UserId, InvitationChange),
    Enable(UserId, bool),
    Stop(BatchId),
    SaveSettings(Version, Box<Settings>),
    LiftPause,
    Report(DeviceRegistered),
    Feedback(Feedback),
    Outbox(Vec<Record>),
    Deliver,
    Tick,
}

impl Job {
    /// Whether somebody outside does it, and not Beckon's own machinery.
    pub(super) const fn is_a_call(&self) -> bool {
        !matches!(
            self,
            Self::Report(_) | Self::Feedback(_) | Self::Outbox(_) | Self::Deliver | Self::Tick
        )
    }
}

/// The address of the user with this number.
pub(super) fn address_of(number: usize) -> String {
    format!("person-{number}@example.com")
}

impl Cast {
    /// The job as a task of this number.
    pub(super) fn play(&self, job: Job, task: u64) -> Play {
        let cast = self.clone();
        Box::pin(async move {
            match job {
                Job::Add {
                    number,
                    invite,
                    staff,
                } => cast.add(number, invite, staff).await,
                Job::Send { order, key } => cast.send(&order, key).await,
                Job::Show {
                    user,
                    shown,
                    counted,
                } => cast.show(task, user, shown, counted).await,
                Job::RequestPin(address) => again(&cast.request_pin().run(&address).await),
                Job::Change(user, change) => cast.change(user, change).await,
                Job::Enable(user, enabled) => cast.enable(user, enabled).await,
                Job::Stop(batch) => again(
                    &cast
                        .stop()
                        .run(batch, &crate::builders::an_administrator())
                        .await,
                ),
                Job::SaveSettings(before, settings) => {
                    let stamp = crate::builders::a_stamp();
                    match cast.table.save_settings(&settings, before, &stamp).await {
                        Ok(_) | Err(SaveError::Conflict) => Ended::Done,
                        Err(SaveError::Unavailable(_)) => Ended::Again,
                    }
                }
                Job::LiftPause => again(&cast.table.set_outbox_pause(None).await),
                Job::Report(report) => cast.report(&report).await,
                Job::Feedback(feedback) => cast.feedback(&feedback).await,
                Job::Outbox(records) => cast.outbox(&records).await,
                Job::Deliver => cast.deliver().await,
                Job::Tick => again(&cast.tick().run().await),
            }
        })
    }

    async fn add(&self, number: usize, invite: bool, staff: bool) -> Ended {
        let new = NewUser {
            email: address_of(number),
            groups: vec![if staff { "staff" } else { "field" }.to_owned()],
            external_id: Some(format!("external-{number}")),
            invite: Some(invite),
            ..NewUser::default()
        };
        let request = request("users", number as u64);
        match self
            .adding()
            .run(&new, an_administrator(), Some(&request))
            .await
        {
            Err(AddUserRefused::Unavailable(_)) => Ended::Again,
            Ok(_) | Err(_) => Ended::Done,
        }
    }

    async fn send(&self, order: &SendOrder, key: Option<u64>) -> Ended {
        let request = key.map(|key| request("invitations", key));
        match self.sending().run(order, request.as_ref()).await {
            Err(SendRefused::Unavailable(_)) => Ended::Again,
            Ok(_) | Err(_) => Ended::Done,
        }
    }

    async fn show(&self, task: u64, user: UserId, shown: Shown, counted: bool) -> Ended {
        let Some(redemption) = self.redemption(user, shown) else {
            return Ended::Done;
        };
        let source = counted.then(|| Source::of(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        let answer = self.redeem().run(&redemption, source.as_ref()).await;
        let given_back = matches!(answer, Ok(_) | Err(RedeemRefused::TooManySessions { .. }));
        if let Ok(redeemed) = &answer {
            let id = redeemed.registration_id.clone();
            self.watch
                .with(|ledger| ledger.accepted(task, (user, shown), id));
        }
        self.watch.with(|ledger| ledger.showed(task, given_back));
        match answer {
            Err(RedeemRefused::Unavailable(_)) => Ended::Again,
            Ok(_) | Err(_) => Ended::Done,
        }
    }

    /// What a person types who has the mail of that issue, or who guesses.
    fn redemption(&self, user: UserId, shown: Shown) -> Option<Redemption> {
        let row = self
            .table
            .rows()
            .all_users()
            .into_iter()
            .find(|row| row.id == user)?;
        let issue = match shown {
            Shown::Pin(issue) | Shown::Token(issue) => issue,
            Shown::WrongPin => row.latest_issue,
        };
        let invitation = self.watch.with(|ledger| ledger.issue(user, issue))?;
        let ring = self.keys.ring();
        let key = ring.get(&invitation.key)?;
        let email = Some(row.email.as_str().to_owned());
        Some(match shown {
            Shown::Pin(_) => {
                let pin = Pin::derive(key, user, issue, &invitation.nonce, invitation.pin);
                Redemption {
                    email,
                    pin: Some(pin.expose().to_owned()),
                    ..Redemption::default()
                }
            }
            Shown::WrongPin => {
                let pin = Pin::derive(key, user, issue, &invitation.nonce, invitation.pin);
                let mut pin = pin.expose().to_owned();
                let last = pin.pop();
                pin.push(if last == Some('4') { '7' } else { '4' });
                Redemption {
                    email,
                    pin: Some(pin),
                    ..Redemption::default()
                }
            }
            Shown::Token(_) => {
                let purpose = TokenPurpose::Redeem;
                let token = Token::derive(key, purpose, user, issue, &invitation.nonce);
                Redemption {
                    token: Some(token.expose().to_owned()),
                    ..Redemption::default()
                }
            }
        })
    }

    async fn change(&self, user: UserId, change: InvitationChange) -> Ended {
        let change = self.changing().run(user, change, &an_administrator()).await;
        match change {
            Err(ChangeInvitationRefused::Unavailable(_)) => Ended::Again,
            Ok(_) | Err(_) => Ended::Done,
        }
    }

    async fn enable(&self, user: UserId, enabled: bool) -> Ended {
        let patch = UserPatch {
            enabled: Some(enabled),
            ..UserPatch::default()
        };
        match self.patching().run(user, &patch, &an_administrator()).await {
            Err(ChangeUserRefused::Unavailable(_)) => Ended::Again,
            Ok(_) | Err(_) => Ended::Done,
        }
    }

    async fn report(&self, report: &DeviceRegistered) -> Ended {
        let mut told = report.clone();
        if self.table.broken(Breakage::EveryReportIsOfNow) {
            told.registered_at = Some(self.clock.now());
        }
        match self.confirm().run(&told).await {
            Err(ConfirmRefused::Unavailable(error)) => failed(&error),
            Ok(_) => {
                self.watch.with(|ledger| ledger.report_answered(report));
                Ended::Done
            }
            Err(ConfirmRefused::Unknown) => Ended::Done,
        }
    }

    async fn feedback(&self, feedback: &Feedback) -> Ended {
        let outcome = self.recording().run(feedback).await;
        if outcome.is_ok() {
            self.watch.with(|ledger| ledger.reported(feedback));
        }
        match outcome {
            Ok(FeedbackOutcome::Bounced { batch }) => {
                match self.stop().after_bounce(batch, feedback.mail).await {
                    // As the function does: the mail is recorded.
                    Err(error) if error.unreadable().is_some() => Ended::Done,
                    other => again(&other),
                }
            }
            Err(error) => failed(&error),
            Ok(_) => Ended::Done,
        }
    }

    /// Does what the function of that name does with a batch of stream records.
    async fn outbox(&self, records: &[Record]) -> Ended {
        let expand = self.expanding();
        let mut wake = false;
        let mut ended = Ended::Done;
        for record in records {
            match record {
                Record::Mail => wake = true,
                Record::Aside(key) => {
                    let noted = self.watch.with(|ledger| ledger.told_of.contains(key));
                    let told = self.telling().run(key).await;
                    self.watch.with(|ledger| {
                        let again = noted && matches!(told, Ok(Some(_)));
                        ledger.must(!again, || format!("of {} people were told twice", key.pk));
                        if told.is_ok() {
                            ledger.told_of.insert(key.clone());
                        }
                    });
                    if told.is_err() {
                        ended = Ended::Again;
                        break;
                    }
                }
                Record::Cursor(batch) => {
                    if expand.run(*batch).await.is_err() {
                        ended = Ended::Again;
                        break;
                    }
                }
            }
        }
        if wake {
            // The clock comes by within a minute.
            let _ = self.bell.wake_postman().await;
        }
        ended
    }

    async fn deliver(&self) -> Ended {
        match self.delivering().run().await {
            Ok(run) if run.end == RunEnd::OutOfTime => again(&self.bell.wake_postman().await),
            other => again(&other),
        }
    }
}

/// What an administrator orders.
pub(super) fn order(
    selection: beckon_domain::selection::Selection,
    choice: Option<OwnershipChoice>,
) -> SendOrder {
    SendOrder {
        selection,
        choice: choice.into(),
        settings: None,
        who: an_administrator(),
    }
}

fn request(route: &str, key: u64) -> RepeatableRequest {
    let Actor::Caller(caller) = an_administrator() else {
        unreachable!("an administrator calls");
    };
    RepeatableRequest::new(&caller, route, &key.to_string(), key.to_string().as_bytes())
}

/// What needs a row that nobody can read is put on the failure queue, until somebody repairs it.
fn failed(error: &Unavailable) -> Ended {
    if error.unreadable().is_some() {
        Ended::PutBy
    } else {
        Ended::Again
    }
}

fn again<T, E>(result: &Result<T, E>) -> Ended {
    if result.is_ok() {
        Ended::Done
    } else {
        Ended::Again
    }
}
