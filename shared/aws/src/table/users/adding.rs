//! Adding a user, and the batch that invites them.

use beckon_domain::model::batch::{Batch, Cursor};
use beckon_domain::model::history::HistoryEntry;
use beckon_domain::model::idempotency::IdempotencyRecord;
use beckon_domain::model::user::User;
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::users::AddUserError;
use beckon_domain::values::ids::Version;

use super::pointer;
use crate::table::rows::part;
use crate::table::{Cancelled, Table, changes, keys, rows};

impl Table {
    pub(super) async fn write_new_user(
        &self,
        user: &User,
        history: &HistoryEntry,
        batch: Option<(&Batch, &Cursor)>,
        answer: Option<&IdempotencyRecord>,
    ) -> Result<(), AddUserError> {
        enum Part {
            Address,
            ExternalId,
            UserName,
            Answer,
            Else,
        }
        let mut meanings = vec![Part::Else, Part::Address, Part::Else];
        let mut items = vec![
            part(self.replace(rows::user(user)?, Version::FIRST)?),
            part(self.replace(
                pointer(keys::address(&user.email.normalised()), user.id),
                Version::FIRST,
            )?),
            part(self.set(rows::history(history)?)?),
        ];
        if let Some(external) = &user.external_id {
            meanings.push(Part::ExternalId);
            items.push(part(self.replace(
                pointer(keys::external(external), user.id),
                Version::FIRST,
            )?));
        }
        if let Some(name) = &user.user_name {
            meanings.push(Part::UserName);
            items.push(part(self.replace(
                pointer(keys::user_name(&name.key()), user.id),
                Version::FIRST,
            )?));
        }
        if let Some((batch, cursor)) = batch {
            meanings.extend([Part::Else, Part::Else]);
            items.push(part(self.replace(rows::batch(batch)?, Version::FIRST)?));
            items.push(part(self.replace(rows::cursor(cursor)?, Version::FIRST)?));
        }
        if let Some(answer) = answer {
            meanings.push(Part::Answer);
            items.push(part(self.remember(answer)?));
        }
        let refused = match self.transact(items).await {
            Ok(()) => {
                changes::of_user(history, batch.map(|(batch, _)| batch));
                return Ok(());
            }
            Err(Cancelled::Unavailable(error)) => return Err(error.into()),
            Err(Cancelled::Because(places)) => places,
        };
        // A repeated request meets its own address as well: the key is the better reason.
        let because = |wanted: fn(&Part) -> bool| {
            refused
                .iter()
                .any(|place| meanings.get(*place).is_some_and(wanted))
        };
        if because(|part| matches!(part, Part::Answer)) {
            Err(AddUserError::KeyTaken)
        } else if because(|part| matches!(part, Part::Address)) {
            Err(AddUserError::AddressTaken)
        } else if because(|part| matches!(part, Part::ExternalId)) {
            Err(AddUserError::ExternalIdTaken)
        } else if because(|part| matches!(part, Part::UserName)) {
            Err(AddUserError::UserNameTaken)
        } else {
            Err(Unavailable::new("the table", "a new id exists already").into())
        }
    }
}
