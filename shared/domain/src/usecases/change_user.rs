//! Changing a user's particulars, their address included, and disabling them.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use crate::model::actor::Actor;
use crate::model::change::{ChangeOutcome, UserChange};
use crate::model::user::User;
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;
use crate::ports::env::{Env, WithKeys};
use crate::ports::error::Unavailable;
use crate::ports::keys::Keys;
use crate::ports::mails::Mails;
use crate::ports::reads::readable;
use crate::ports::settings::SettingsStore;
use crate::ports::turns::Turns;
use crate::ports::users::Users;
use crate::rules::issuing::ResendSpec;
use crate::rules::user_update::{FreshIds, UserUpdate, correct, may_have_missed, missed_mail};
use crate::values::address::EmailAddress;
use crate::values::ids::{EventId, ExternalId, MailId, UserId, Version};
use crate::values::locale::{Locale, TimeZoneName};
use crate::values::names::{DisplayName, parse_groups_beside};
use crate::values::problem::{FieldProblem, Problems};
use crate::values::text;
use crate::values::user_name::UserName;

/// What to change, as a JSON merge patch: what is left out stays, and null clears a field, as an empty
/// text does.
#[derive(Clone, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct UserPatch {
    /// Where mail goes. An open invitation is issued again to the new address, and what was sent
    /// to the old one stops working. It cannot be cleared.
    #[serde(deserialize_with = "said")]
    pub email: Option<String>,
    /// What a directory outside Beckon calls them; null or an empty text takes it away.
    #[serde(deserialize_with = "said")]
    pub external_id: Option<String>,
    /// What they sign in by elsewhere; null or an empty text takes it away.
    #[serde(deserialize_with = "said")]
    pub user_name: Option<String>,
    /// What they are called; null or an empty text takes the name away.
    #[serde(deserialize_with = "said")]
    pub display_name: Option<String>,
    /// The groups they belong to, all of them; null: none.
    #[serde(deserialize_with = "said")]
    pub groups: Option<Vec<String>>,
    /// Their language; null or an empty text: the settings'.
    #[serde(deserialize_with = "said")]
    pub locale: Option<String>,
    /// Their IANA time zone; null or an empty text: the settings'.
    #[serde(deserialize_with = "said")]
    pub time_zone: Option<String>,
    /// Whether they may be invited and register. Whoever is disabled gets no mail, and no secret
    /// of theirs opens anything, until they are enabled again.
    pub enabled: Option<bool>,
}

/// Null says that a field is to be empty; only what is left out says nothing.
fn said<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Default + Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(deserializer).map(|said| Some(said.unwrap_or_default()))
}

/// It holds an address and a name as somebody typed them.
impl std::fmt::Debug for UserPatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserPatch")
            .field("enabled", &self.enabled)
            .finish_non_exhaustive()
    }
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
    /// The user was changed since they were read.
    #[error("the user was changed meanwhile")]
    Stale,
    /// Another user has this address.
    #[error("another user has this address")]
    AddressTaken,
    /// Another user has this external id.
    #[error("another user has this external id")]
    ExternalIdTaken,
    /// Another user has this user name.
    #[error("another user has this user name")]
    UserNameTaken,
    /// Try again later.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Changes users.
#[derive(Debug, Clone)]
pub struct ChangeUser<E> {
    /// What it runs in.
    pub env: E,
}

impl<E> ChangeUser<E>
where
    E: Env<Store: Users + Mails + SettingsStore> + WithKeys,
{
    /// Changes the user, and gives them as they are then. Whoever is enabled again is reminded
    /// again, and gets the mail of an open invitation that was dropped meanwhile.
    pub async fn run(
        &self,
        id: UserId,
        patch: &UserPatch,
        who: &Actor,
    ) -> Result<User, ChangeUserRefused> {
        self.run_if(id, None, patch, who).await
    }

    /// The same, if the user is as in this version still; `None`: however they are.
    pub async fn run_if(
        &self,
        id: UserId,
        expected: Option<Version>,
        patch: &UserPatch,
        who: &Actor,
    ) -> Result<User, ChangeUserRefused> {
        let decide = |before: &User, with: &UserUpdate<'_>, now| {
            corrected(&self.env, before, patch, with, now)
        };
        correct_until_saved(&self.env, id, expected, who, decide).await
    }
}

/// Why a correction was not made, whoever asked for it.
pub(super) enum CorrectionRefused {
    /// There is no such user.
    UnknownUser,
    /// The user is in another version than the one that was named.
    Stale,
    /// Another user has this address.
    AddressTaken,
    /// Another user has this external id.
    ExternalIdTaken,
    /// Another user has this user name.
    UserNameTaken,
}

impl From<CorrectionRefused> for ChangeUserRefused {
    fn from(refused: CorrectionRefused) -> Self {
        match refused {
            CorrectionRefused::UnknownUser => Self::UnknownUser,
            CorrectionRefused::Stale => Self::Stale,
            CorrectionRefused::AddressTaken => Self::AddressTaken,
            CorrectionRefused::ExternalIdTaken => Self::ExternalIdTaken,
            CorrectionRefused::UserNameTaken => Self::UserNameTaken,
        }
    }
}

/// Corrects a user, and gives them as they are then; if a version is named, they must be in it. `decide` says what is
/// made of them, and is asked again when somebody else wrote first. Whoever missed their mail meanwhile gets it.
pub(super) async fn correct_until_saved<E, Refused>(
    env: &E,
    id: UserId,
    expected: Option<Version>,
    who: &Actor,
    decide: impl Fn(&User, &UserUpdate<'_>, Timestamp) -> Result<Option<Correction>, Refused> + Send,
) -> Result<User, Refused>
where
    E: Env<Store: Users + Mails + SettingsStore> + WithKeys,
    Refused: From<CorrectionRefused> + From<Unavailable>,
{
    let settings = env.store().current_settings().await?;
    let ring = env.keys().key_ring().await?;
    let with = UserUpdate {
        who,
        settings: &settings,
        key: ring.current(),
    };
    let mut turns = Turns::new(env, "changing a user");
    loop {
        let before = env.store().load_user(id).await?;
        let before = before.ok_or(CorrectionRefused::UnknownUser)?;
        if expected.is_some_and(|expected| expected != before.version) {
            return Err(CorrectionRefused::Stale.into());
        }
        let now = env.clock().now();
        let Some((change, missed)) = decide(&before, &with, now)? else {
            return Ok(before);
        };
        let change = match missed {
            Some(mail) => {
                let missed = readable(env.store().load_mail(mail).await)?;
                missed_mail(change, missed.as_ref(), resend(&with, env.entropy()), now)
            }
            None => change,
        };
        let change = change.for_request(env.entropy().request().as_ref());
        let after = change.user.clone();
        let refused = match env.store().save_user(&change).await? {
            ChangeOutcome::Saved => return Ok(after),
            ChangeOutcome::AddressTaken => CorrectionRefused::AddressTaken,
            ChangeOutcome::ExternalIdTaken => CorrectionRefused::ExternalIdTaken,
            ChangeOutcome::UserNameTaken => CorrectionRefused::UserNameTaken,
            ChangeOutcome::Conflict | ChangeOutcome::DoneBefore => {
                turns.another().await?;
                continue;
            }
        };
        return Err(refused.into());
    }
}

/// What is made of somebody, and the mail that they may have missed.
pub(super) type Correction = (UserChange, Option<MailId>);

/// What a patch makes of somebody; `None` if it changes nothing.
pub(super) fn corrected(
    env: &impl Env,
    before: &User,
    patch: &UserPatch,
    with: &UserUpdate<'_>,
    now: Timestamp,
) -> Result<Option<Correction>, ChangeUserRefused> {
    let after = patched(before, patch).map_err(ChangeUserRefused::Invalid)?;
    corrected_to(env, before, after, with, now)
        .map_err(|problem| ChangeUserRefused::Invalid(vec![problem]))
}

/// What makes somebody so; `None` if they are so already.
pub(super) fn corrected_to(
    env: &impl Env,
    before: &User,
    after: User,
    with: &UserUpdate<'_>,
    now: Timestamp,
) -> Result<Option<Correction>, FieldProblem> {
    if after == *before {
        return Ok(None);
    }
    let change = correct(before, after, with, fresh_ids(env.entropy()), now)?;
    let missed = may_have_missed(before, &change, with, now);
    Ok(Some((change, missed)))
}

/// What a correction needs of ids and random bytes. Ids rise as they are made, and a history is read by
/// them: so the order here is that of the rows.
pub(super) fn fresh_ids(entropy: &impl Entropy) -> FreshIds {
    FreshIds {
        changed: EventId::new(entropy.ulid()),
        corrected: EventId::new(entropy.ulid()),
        mail: MailId::new(entropy.ulid()),
        issued: EventId::new(entropy.ulid()),
        nonce: entropy.nonce(),
    }
}

/// How a mail that was missed goes once more.
pub(super) fn resend(with: &UserUpdate<'_>, entropy: &impl Entropy) -> ResendSpec {
    let mail = MailId::new(entropy.ulid());
    let event = EventId::new(entropy.ulid());
    ResendSpec::asked_for(with.who.clone(), with.settings.version, mail, event)
}

fn patched(user: &User, patch: &UserPatch) -> Result<User, Vec<FieldProblem>> {
    let mut problems = Problems::default();
    let mut after = user.clone();
    if let Some(text) = &patch.email {
        let parsed = EmailAddress::parse(text).map_err(|problem| problem.under("email"));
        after.email = problems.check(parsed).unwrap_or(after.email);
    }
    if let Some(text) = &patch.external_id {
        after.external_id = cleared(text, "externalId", ExternalId::parse, &mut problems);
    }
    if let Some(text) = &patch.user_name {
        after.user_name = cleared(text, "userName", UserName::parse, &mut problems);
    }
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
        let of_directory = user.memberships.names().cloned().collect();
        let groups = parse_groups_beside(names, &of_directory, &mut problems);
        after.set_groups(groups);
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
    typed: &str,
    field: &str,
    parse: impl Fn(&str) -> Result<T, FieldProblem>,
    problems: &mut Problems,
) -> Option<T> {
    if text::is_blank(typed) {
        return None;
    }
    problems.check(parse(typed).map_err(|problem| problem.under(field)))
}
