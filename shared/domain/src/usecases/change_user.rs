//! Changing a user's particulars, and disabling them.

use serde::{Deserialize, Serialize};

use crate::history::{Actor, Happening, HistoryRow};
use crate::ids::{EventId, UserId};
use crate::locale::{Locale, TimeZoneName};
use crate::names::DisplayName;
use crate::ports::{Chance, ChangeOutcome, Clock, LoadUsers, SaveUsers, Unavailable, UserChange};
use crate::problem::{FieldProblem, Problems};
use crate::usecases::add_user::parse_groups;
use crate::user::User;

/// What to change: what is left out stays.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct UserPatch {
    /// What they are called; an empty text takes the name away.
    pub display_name: Option<String>,
    /// The groups they belong to, all of them.
    pub groups: Option<Vec<String>>,
    /// Their language; an empty text: the settings'.
    pub locale: Option<String>,
    /// Their IANA time zone; an empty text: the settings'.
    pub time_zone: Option<String>,
    /// Whether they may be invited and register. Whoever is disabled gets no mail, and no secret
    /// of theirs opens anything, until they are enabled again.
    pub enabled: Option<bool>,
}

/// Why a user was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeUserRefused {
    /// Fields are wrong.
    #[error("the change is not well formed")]
    Invalid(Vec<FieldProblem>),
    /// There is no such user.
    #[error("there is no such user")]
    UnknownUser,
    /// Try again later.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Changes users.
#[derive(Debug, Clone)]
pub struct ChangeUser<S, C, R> {
    /// The table.
    pub store: S,
    /// Time.
    pub clock: C,
    /// Ids.
    pub chance: R,
}

impl<S, C, R> ChangeUser<S, C, R>
where
    S: LoadUsers + SaveUsers + Sync,
    C: Clock + Sync,
    R: Chance + Sync,
{
    /// Changes the user, and gives them as they are then.
    pub async fn run(
        &self,
        id: UserId,
        patch: &UserPatch,
        who: &Actor,
    ) -> Result<User, ChangeUserRefused> {
        loop {
            let before = self
                .store
                .load_users(&[id])
                .await?
                .pop()
                .ok_or(ChangeUserRefused::UnknownUser)?;
            let after = patched(&before, patch).map_err(ChangeUserRefused::Invalid)?;
            if after == before {
                return Ok(before);
            }
            let row = HistoryRow {
                id: EventId::new(self.chance.ulid()),
                user: id,
                at: self.clock.now(),
                who: who.clone(),
                what: Happening::UserChanged,
            };
            let after = User {
                version: before.version.next(),
                ..after
            };
            let change = UserChange {
                history: vec![row],
                ..UserChange::of(after.clone())
            };
            match self.store.save_users(&[change]).await?.first() {
                Some(ChangeOutcome::Saved) => return Ok(after),
                Some(ChangeOutcome::Conflict | ChangeOutcome::DoneBefore) | None => {}
            }
        }
    }
}

fn patched(user: &User, patch: &UserPatch) -> Result<User, Vec<FieldProblem>> {
    let mut problems = Problems::default();
    let mut after = user.clone();
    if let Some(text) = &patch.display_name {
        after.display_name = cleared(text, "displayName", DisplayName::parse, &mut problems);
    }
    if let Some(text) = &patch.locale {
        after.locale = cleared(text, "locale", Locale::parse, &mut problems);
    }
    if let Some(text) = &patch.time_zone {
        after.time_zone = cleared(text, "timeZone", TimeZoneName::parse, &mut problems);
    }
    if let Some(names) = &patch.groups {
        after.groups = parse_groups(names, &mut problems);
    }
    if let Some(enabled) = patch.enabled {
        after.enabled = enabled;
    }
    if problems.is_empty() {
        Ok(after)
    } else {
        Err(problems.into_vec())
    }
}

/// An empty text clears a field.
fn cleared<T>(
    text: &str,
    field: &str,
    parse: impl Fn(&str) -> Result<T, FieldProblem>,
    problems: &mut Problems,
) -> Option<T> {
    if text.trim().is_empty() {
        return None;
    }
    problems.check(parse(text).map_err(|problem| problem.under(field)))
}
