//! What people do with secrets: they show them, ask for them once more, say that one is not for them;
//! administrators mail them again, take them back, give them back, and give them out without a mail.

use std::net::{IpAddr, Ipv4Addr};

use beckon_domain::model::ownership::{Ownership, OwnershipChoice};
use beckon_domain::usecases::change_invitation::{ChangeInvitationRefused, InvitationChange};
use beckon_domain::usecases::decline::Declined;
use beckon_domain::usecases::hand_over::HandOverRefused;
use beckon_domain::usecases::redeem::{RedeemRefused, Redemption, Source};
use beckon_domain::usecases::request_pin::PinRequested;
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::ids::{IssueNumber, UserId};
use beckon_domain::values::pin::Pin;
use beckon_domain::values::token::{Token, TokenPurpose};

use super::cast::Cast;
use super::jobs::Shown;
use super::tasks::Ended;
use super::use_case::{Answer, UseCase};
use crate::builders::an_administrator;

impl Cast {
    pub(super) async fn show(&self, task: u64, user: UserId, shown: Shown, counted: bool) -> Ended {
        let Some(mut redemption) = self.redemption(user, shown) else {
            return Ended::Done;
        };
        // Whose the device is to be is asked of those whose invitation says that it is theirs. Others seldom say so.
        let invitation = self.table.row_of(user).and_then(|row| row.invitation);
        let is_asked = invitation.is_some_and(|open| open.ownership == Ownership::UserOwned);
        let choice = self.watch.stage(|stage| {
            let choices = [OwnershipChoice::UserOwned, OwnershipChoice::CompanyOwned];
            let choice = choices[stage.dice.below(2)];
            let says_so = stage.dice.happens(if is_asked { 700 } else { 30 });
            says_so.then_some(choice)
        });
        redemption.ownership = choice;
        self.watch.with(|ledger| ledger.view().choosing = choice);
        let source = counted.then(|| Source::of(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        let answer = Box::pin(self.redeem().run(&redemption, source.as_ref())).await;
        let given_back = matches!(answer, Ok(_) | Err(RedeemRefused::TooManySessions { .. }));
        if let Ok(redeemed) = &answer {
            let id = redeemed.registration_id.clone();
            self.watch
                .with(|ledger| ledger.accepted(task, (user, shown), id));
        }
        self.watch.with(|ledger| ledger.showed(task, given_back));
        if matches!(answer, Err(RedeemRefused::Invalid(_))) {
            self.watch.with(|ledger| {
                ledger.must(choice.is_some(), || {
                    format!("user {user} chose nothing and was told that it is not theirs")
                });
            });
        }
        let answer = match answer {
            Ok(_) => Answer::Accepted,
            Err(RedeemRefused::Unavailable(_)) => Answer::Unavailable,
            Err(
                RedeemRefused::Invalid(_)
                | RedeemRefused::DoesNotFit
                | RedeemRefused::Ended(_)
                | RedeemRefused::SourceSpent
                | RedeemRefused::TooManySessions { .. },
            ) => Answer::Refused,
        };
        self.answered(UseCase::Redeem, answer)
    }

    /// What a person types who has the mail of that issue, or who guesses.
    fn redemption(&self, user: UserId, shown: Shown) -> Option<Redemption> {
        let row = self.table.row_of(user)?;
        let issue = match shown {
            Shown::Pin(issue) | Shown::Token(issue) => issue,
            Shown::WrongPin => row.latest_issue,
        };
        let invitation = self.watch.with(|ledger| ledger.issue(user, issue))?;
        let ring = self.keys.ring();
        let key = ring.get(&invitation.key)?;
        let email = Some(row.email.as_str().to_owned());
        let typed = |pin: String| Redemption {
            email,
            pin: Some(pin),
            ..Redemption::default()
        };
        Some(match shown {
            Shown::Pin(_) => {
                let pin = Pin::derive(key, user, issue, &invitation.nonce, invitation.pin);
                typed(pin.expose().to_owned())
            }
            Shown::WrongPin => {
                let pin = Pin::derive(key, user, issue, &invitation.nonce, invitation.pin);
                let mut pin = pin.expose().to_owned();
                let last = pin.pop();
                pin.push(if last == Some('4') { '7' } else { '4' });
                typed(pin)
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

    pub(super) async fn ask_for_pin(&self, address: &EmailAddress) -> Ended {
        let answer = match self.request_pin().run(address).await {
            Ok(PinRequested::MailedAgain | PinRequested::Renewed) => Answer::Accepted,
            Ok(PinRequested::Nothing) => Answer::Refused,
            Err(_) => Answer::Unavailable,
        };
        self.answered(UseCase::RequestPin, answer)
    }

    pub(super) async fn change(&self, user: UserId, change: InvitationChange) -> Ended {
        let who = an_administrator();
        let answer = self.change_invitation().run(user, change, &who).await;
        self.watch
            .with(|ledger| ledger.judge_changed(user, change, &answer));
        let answer = match answer {
            Ok(_) => Answer::Accepted,
            Err(ChangeInvitationRefused::Unavailable(_)) => Answer::Unavailable,
            Err(
                ChangeInvitationRefused::UnknownUser
                | ChangeInvitationRefused::NotNow(_)
                | ChangeInvitationRefused::Disabled
                | ChangeInvitationRefused::AddressMarked
                | ChangeInvitationRefused::DomainNotAllowed
                | ChangeInvitationRefused::RegisteredMeanwhile
                | ChangeInvitationRefused::ExpiredMeanwhile,
            ) => Answer::Refused,
        };
        self.answered(UseCase::ChangeInvitation, answer)
    }

    /// Somebody says "this was not me", with the token that is for that or with another.
    pub(super) async fn say_no(&self, user: UserId, issue: IssueNumber, genuine: bool) -> Ended {
        let Some(invitation) = self.watch.with(|ledger| ledger.issue(user, issue)) else {
            return Ended::Done;
        };
        let ring = self.keys.ring();
        let Some(key) = ring.get(&invitation.key) else {
            return Ended::Done;
        };
        let purpose = if genuine {
            TokenPurpose::Decline
        } else {
            TokenPurpose::Redeem
        };
        let token = Token::derive(key, purpose, user, issue, &invitation.nonce);
        let answer = match self.decline().run(token.expose()).await {
            Ok(declined) => {
                self.watch.with(|ledger| {
                    ledger.judge_declined((user, issue, genuine), &invitation, declined);
                });
                match declined {
                    Declined::Declined => Answer::Accepted,
                    Declined::EndedBefore | Declined::DoesNotFit => Answer::Refused,
                }
            }
            Err(_) => Answer::Unavailable,
        };
        self.answered(UseCase::Decline, answer)
    }

    /// An administrator gives a secret out without a mail.
    pub(super) async fn give_out(&self, user: UserId, reason: &str) -> Ended {
        let who = an_administrator();
        let answer = self.hand_over().run(user, reason, &who).await;
        self.watch
            .with(|ledger| ledger.judge_handed_over(user, &self.keys, &answer));
        let answer = match answer {
            Ok(_) => Answer::Accepted,
            Err(HandOverRefused::Unavailable(_)) => Answer::Unavailable,
            Err(
                HandOverRefused::Invalid(_)
                | HandOverRefused::UnknownUser
                | HandOverRefused::Disabled
                | HandOverRefused::DomainNotAllowed
                | HandOverRefused::NothingToHandOver,
            ) => Answer::Refused,
        };
        self.answered(UseCase::HandOver, answer)
    }
}
