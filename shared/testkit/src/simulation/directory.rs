//! What the directory of a story says of people, and what administrators do with its tokens.

use beckon_domain::model::directory::{
    DirectoryEmail, DirectoryPerson, DirectoryProfile, DirectoryRefusal, DirectoryText,
};
use beckon_domain::model::user::User;
use beckon_domain::usecases::follow_directory::{FollowDirectory, FollowRefused};
use beckon_domain::usecases::manage_directory_tokens::{ManageDirectoryTokens, TokenRefused};
use beckon_domain::usecases::watch_directory::WatchDirectory;
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::ids::UserId;
use beckon_domain::values::user_name::UserName;

use super::cast::Cast;
use super::dice::Dice;
use super::jobs::Job;
use super::jobs_users::address_of;
use super::ledger::Ledger;
use super::people::who;
use super::tasks::Ended;
use super::use_case::{Answer, UseCase};

/// What the directory says: of somebody new, or of a user.
#[derive(Debug, Clone)]
pub(super) struct Saying {
    of: Option<UserId>,
    person: DirectoryPerson,
}

/// What the directory says next.
pub(super) fn said(dice: &mut Dice, ledger: &Ledger, known: &User) -> Job {
    let user = who(dice, ledger, known);
    let number = dice.below(12);
    let of = dice.happens(650).then_some(user);
    let email = if of.is_some() && dice.happens(700) {
        known.email.clone()
    } else {
        EmailAddress::parse(&address_of(number, dice.happens(100))).expect("an address")
    };
    let without = dice.happens(60);
    let user_name = if without {
        format!("name-{number}")
    } else {
        email.as_str().to_uppercase()
    };
    let emails = vec![DirectoryEmail {
        value: email,
        kind: None,
        primary: Some(true),
    }];
    let name = format!("Name {}", dice.below(3));
    Job::Follow(Box::new(Saying {
        of,
        person: DirectoryPerson {
            user_name: UserName::parse(&user_name).expect("a user name"),
            external_id: None,
            active: !dice.happens(200),
            profile: DirectoryProfile {
                display_name: DirectoryText::parse(&name).expect("a line"),
                emails: if without { Vec::new() } else { emails },
                ..DirectoryProfile::default()
            },
        },
    }))
}

impl Cast {
    pub(super) async fn follow(&self, saying: &Saying) -> Ended {
        let follow = FollowDirectory { env: self.clone() };
        let person = &saying.person;
        let answer = match saying.of {
            None => follow.add(person).await,
            Some(user) => follow.change(user, None, |_| Ok(person.clone())).await,
        };
        self.watch
            .with(|ledger| ledger.judge_followed(saying.of, person, &answer));
        let answer = match answer {
            Ok(_) => Answer::Accepted,
            Err(FollowRefused::Unavailable(_)) => Answer::Unavailable,
            Err(
                FollowRefused::Change(_)
                | FollowRefused::Invalid(_)
                | FollowRefused::UnknownUser
                | FollowRefused::Stale
                | FollowRefused::Taken(_),
            ) => Answer::Refused,
        };
        self.answered(UseCase::FollowDirectory, answer)
    }

    /// A request of the directory is noted, and an administrator looks what is known.
    pub(super) async fn watch_directory(&self, refused: bool) -> Ended {
        let watch = WatchDirectory { env: self.clone() };
        let at = self.watch.stage(|stage| stage.now);
        let refusal = refused.then(|| DirectoryRefusal {
            at,
            request: "POST /Users".to_owned(),
            status: 400,
            kind: None,
        });
        let noted = watch.note(refusal.clone()).await;
        let report = watch.report().await;
        let answer = match (noted, report) {
            (Ok(noted), Ok(report)) => {
                let news = report.news;
                self.watch.with(|ledger| {
                    let is_known = news.last_request_at.is_some()
                        && (refusal.is_none() || news.last_refusal.is_some());
                    ledger.must(is_known, || {
                        format!("a request at {noted} was noted, and known is {news:?}")
                    });
                });
                Answer::Accepted
            }
            _ => Answer::Unavailable,
        };
        self.answered(UseCase::WatchDirectory, answer)
    }

    /// An administrator makes a token; if there are two, the older one goes.
    pub(super) async fn look_after_tokens(&self) -> Ended {
        let manage = ManageDirectoryTokens { env: self.clone() };
        let answer = match manage.add().await {
            Ok(added) => {
                let shown = manage.is_valid(added.secret.expose()).await;
                let known = manage.list().await.map_or(0, |held| held.len());
                self.watch.with(|ledger| {
                    ledger.must(!matches!(shown, Ok(false)), || {
                        "a token that was made is not valid".to_owned()
                    });
                    ledger.must(known <= 2, || format!("there are {known} tokens"));
                });
                Answer::Accepted
            }
            Err(TokenRefused::TwoTokens | TokenRefused::UnknownToken) => {
                match manage.list().await.map(|held| held.first().cloned()) {
                    Ok(Some(oldest)) => {
                        // Somebody else may have taken it away.
                        let _ = manage.remove(oldest.id).await;
                        Answer::Refused
                    }
                    Ok(None) => Answer::Refused,
                    Err(_) => Answer::Unavailable,
                }
            }
            Err(TokenRefused::Unavailable(_)) => Answer::Unavailable,
        };
        self.answered(UseCase::ManageDirectoryTokens, answer)
    }
}
