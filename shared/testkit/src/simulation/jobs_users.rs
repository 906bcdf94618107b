//! What administrators do with users.

use beckon_domain::model::selection::UserFilter;
use beckon_domain::usecases::add_user::{AddUserRefused, NewUser};
use beckon_domain::usecases::change_user::{ChangeUserRefused, UserPatch};
use beckon_domain::usecases::delete_user::DeleteUserRefused;
use beckon_domain::usecases::try_address_again::TryAddressAgainRefused;
use beckon_domain::values::ids::UserId;

use super::cast::Cast;
use super::jobs::request;
use super::tasks::Ended;
use super::use_case::{Answer, UseCase};
use crate::builders::an_administrator;

/// The address of the user with this number.
pub(super) fn address_of(number: usize, foreign: bool) -> String {
    let domain = if foreign {
        "example.org"
    } else {
        "example.com"
    };
    format!("person-{number}@{domain}")
}

impl Cast {
    pub(super) async fn add(&self, new: &NewUser, key: Option<u64>) -> Ended {
        let body = format!("{} {:?} {:?}", new.email, new.invite, new.groups);
        let request = key.map(|key| request("users", key, &body));
        let adding = self.add_user();
        let answer = adding.run(new, an_administrator(), request.as_ref()).await;
        self.watch.with(|ledger| ledger.judge_added(new, &answer));
        let answer = match answer {
            Ok(_) => Answer::Accepted,
            Err(AddUserRefused::Unavailable(_)) => Answer::Unavailable,
            Err(
                AddUserRefused::Invalid(_)
                | AddUserRefused::AddressTaken
                | AddUserRefused::ExternalIdTaken
                | AddUserRefused::UserNameTaken
                | AddUserRefused::KeyReused,
            ) => Answer::Refused,
        };
        self.answered(UseCase::AddUser, answer)
    }

    pub(super) async fn patch(&self, user: UserId, patch: &UserPatch) -> Ended {
        let who = an_administrator();
        let answer = self.change_user().run(user, patch, &who).await;
        self.watch
            .with(|ledger| ledger.judge_patched(user, patch, &answer));
        let answer = match answer {
            Ok(_) => Answer::Accepted,
            Err(ChangeUserRefused::Unavailable(_)) => Answer::Unavailable,
            Err(
                ChangeUserRefused::Invalid(_)
                | ChangeUserRefused::UnknownUser
                | ChangeUserRefused::AddressTaken
                | ChangeUserRefused::ExternalIdTaken
                | ChangeUserRefused::UserNameTaken
                | ChangeUserRefused::Stale,
            ) => Answer::Refused,
        };
        self.answered(UseCase::ChangeUser, answer)
    }

    pub(super) async fn delete(&self, user: UserId) -> Ended {
        let answer = self.delete_user().run(user, &an_administrator()).await;
        self.watch
            .with(|ledger| ledger.judge_deleted(user, &answer));
        let answer = match answer {
            Ok(()) => Answer::Accepted,
            Err(DeleteUserRefused::UnknownUser) => Answer::Refused,
            Err(DeleteUserRefused::Unavailable(_)) => Answer::Unavailable,
        };
        self.answered(UseCase::DeleteUser, answer)
    }

    pub(super) async fn try_again(&self, user: UserId) -> Ended {
        let trying = self.try_address_again();
        let answer = trying.run(user, &an_administrator()).await;
        self.watch.with(|ledger| ledger.judge_tried(user, &answer));
        let answer = match answer {
            Ok(_) => Answer::Accepted,
            Err(TryAddressAgainRefused::UnknownUser | TryAddressAgainRefused::NotMarked) => {
                Answer::Refused
            }
            Err(TryAddressAgainRefused::Unavailable(_)) => Answer::Unavailable,
        };
        self.answered(UseCase::TryAddressAgain, answer)
    }

    /// Exports everybody, page by page.
    pub(super) async fn export(&self) -> Ended {
        let (mut file, mut position) = (Vec::new(), None);
        loop {
            let exporting = self.export_users();
            let everybody = UserFilter::default();
            let page = exporting.run(&everybody, position.as_deref()).await;
            let Ok(page) = page else {
                return self.answered(UseCase::ExportUsers, Answer::Unavailable);
            };
            file.extend(page.file);
            position = page.next;
            if position.is_none() {
                break;
            }
        }
        let text = String::from_utf8(file).unwrap_or_default();
        self.watch.with(|ledger| ledger.judge_export(&text));
        self.answered(UseCase::ExportUsers, Answer::Accepted)
    }
}
