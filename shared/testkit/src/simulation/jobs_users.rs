//! What administrators do with users.

use beckon_domain::usecases::add_user::{AddUserRefused, NewUser};
use beckon_domain::usecases::change_user::{ChangeUserRefused, UserPatch};
use beckon_domain::values::ids::UserId;

use super::cast::Cast;
use super::jobs::request;
use super::tasks::Ended;
use super::use_case::{Answer, UseCase};
use crate::builders::an_administrator;

/// The address of the user with this number.
pub(super) fn address_of(number: usize) -> String {
    format!("person-{number}@example.com")
}

impl Cast {
    pub(super) async fn add(&self, number: usize, invite: bool, staff: bool) -> Ended {
        let new = NewUser {
            email: address_of(number),
            groups: vec![if staff { "staff" } else { "field" }.to_owned()],
            external_id: Some(format!("external-{number}")),
            invite: Some(invite),
            ..NewUser::default()
        };
        let request = request("users", number as u64, &number.to_string());
        let adding = self.add_user();
        let answer = match adding.run(&new, an_administrator(), Some(&request)).await {
            Ok(_) => Answer::Accepted,
            Err(AddUserRefused::Unavailable(_)) => Answer::Unavailable,
            Err(
                AddUserRefused::Invalid(_)
                | AddUserRefused::AddressTaken
                | AddUserRefused::ExternalIdTaken
                | AddUserRefused::KeyReused,
            ) => Answer::Refused,
        };
        self.answered(UseCase::AddUser, answer)
    }

    pub(super) async fn enable(&self, user: UserId, enabled: bool) -> Ended {
        let patch = UserPatch {
            enabled: Some(enabled),
            ..UserPatch::default()
        };
        let who = an_administrator();
        let answer = match self.change_user().run(user, &patch, &who).await {
            Ok(_) => Answer::Accepted,
            Err(ChangeUserRefused::Unavailable(_)) => Answer::Unavailable,
            Err(
                ChangeUserRefused::Invalid(_)
                | ChangeUserRefused::UnknownUser
                | ChangeUserRefused::AddressTaken
                | ChangeUserRefused::ExternalIdTaken,
            ) => Answer::Refused,
        };
        self.answered(UseCase::ChangeUser, answer)
    }
}
