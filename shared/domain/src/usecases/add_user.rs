//! Adding a user; they are invited by default.

use serde::{Deserialize, Serialize};

use crate::model::actor::Actor;
use crate::model::batch::Batch;
use crate::model::history::HistoryEvent;
use crate::model::ownership::OwnerSwitch;
#[cfg(feature = "schema")]
use crate::model::ownership::OwnershipChoice;
use crate::model::user::User;
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;
use crate::ports::env::Env;
use crate::ports::error::Unavailable;
use crate::ports::idempotency::Idempotency;
use crate::ports::settings::SettingsStore;
use crate::ports::turns::Turns;
use crate::ports::users::{AddUserError, Users};
use crate::rules::confirmation::{self, ConfirmationForecast};
use crate::usecases::idempotency::{Recalled, RepeatableRequest, recall};
use crate::usecases::send_invitations::{batch_and_cursor, choice_refused};
use crate::values::address::EmailAddress;
use crate::values::ids::{ExternalId, UserId};
use crate::values::locale::{Locale, TimeZoneName};
use crate::values::method::choice_applies;
use crate::values::names::{DisplayName, parse_groups};
use crate::values::problem::{FieldProblem, Problems};
use crate::values::user_name::UserName;

/// A user as somebody writes them: nothing is checked yet.
#[derive(Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewUser {
    /// Where mail goes.
    #[serde(default)]
    pub email: String,
    /// What they are called.
    #[serde(default)]
    pub display_name: Option<String>,
    /// The groups they belong to; at most 20.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Their language; default: the settings'.
    #[serde(default)]
    pub locale: Option<String>,
    /// Their IANA time zone; default: the settings'.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// What a directory outside Beckon calls them.
    #[serde(default)]
    pub external_id: Option<String>,
    /// What they sign in by elsewhere; no two users have the same.
    #[serde(default)]
    pub user_name: Option<String>,
    /// Whether to invite them at once; default true.
    #[serde(default)]
    pub invite: Option<bool>,
    /// The device owner setting of the invitation; null: off; absent: as preset for their group.
    #[serde(default, deserialize_with = "OwnerSwitch::read")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<OwnershipChoice>))]
    pub ownership: OwnerSwitch,
}

/// It holds an address and a name as somebody typed them.
impl std::fmt::Debug for NewUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewUser")
            .field("invite", &self.invite)
            .field("ownership", &self.ownership)
            .finish_non_exhaustive()
    }
}

/// What was done.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UserAdded {
    /// The new user.
    pub user: User,
    /// The batch that invites them.
    pub batch: Option<Batch>,
    /// What to tell the administrator about the confirmation.
    #[serde(rename = "reminder")]
    pub confirmation: Option<ConfirmationForecast>,
}

/// Why a user was not added.
#[derive(Debug, thiserror::Error)]
pub enum AddUserRefused {
    /// Fields are wrong.
    #[error("the user is not well formed")]
    Invalid(Vec<FieldProblem>),
    /// Another user has this address.
    #[error("another user has this address")]
    AddressTaken,
    /// Another user has this external id.
    #[error("another user has this external id")]
    ExternalIdTaken,
    /// Another user has this user name.
    #[error("another user has this user name")]
    UserNameTaken,
    /// The idempotency key came with another body before.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// Try again later.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Adds a user.
#[derive(Debug, Clone)]
pub struct AddUser<E> {
    /// What it runs in.
    pub env: E,
}

impl<E: Env<Store: Users + SettingsStore + Idempotency>> AddUser<E> {
    /// Adds the user and, unless told not to, the batch that invites them, in one write.
    pub async fn run(
        &self,
        new: &NewUser,
        who: Actor,
        request: Option<&RepeatableRequest>,
    ) -> Result<UserAdded, AddUserRefused> {
        let mut turns = Turns::new(&self.env, "adding a user");
        loop {
            let now = self.env.clock().now();
            match recall(self.env.store(), request, now).await? {
                Recalled::Answered(answer) => return Ok(answer),
                Recalled::OtherBody => return Err(AddUserRefused::KeyReused),
                Recalled::New => {}
            }
            let settings = self.env.store().current_settings().await?;
            let invite = new.invite.unwrap_or(true);
            let user = parse(new, UserId::new(self.env.entropy().ulid()), now, |email| {
                invite && !settings.settings.sender.may_invite(email)
            })
            .map_err(AddUserRefused::Invalid)?;
            let method = settings.settings.for_user(&user).registration.method;
            if new.ownership.is_on() && !choice_applies(method) {
                return Err(AddUserRefused::Invalid(vec![choice_refused()]));
            }

            let batch = invite.then(|| {
                batch_and_cursor(
                    self.env.entropy(),
                    who.clone(),
                    vec![user.id],
                    new.ownership,
                    settings.version,
                    now,
                )
            });
            let gets_one =
                confirmation::check_recipient(&settings.settings.confirmation, &user).is_ok();
            let answer = UserAdded {
                confirmation: invite.then_some(ConfirmationForecast {
                    confirmation_enabled: settings.settings.confirmation.enabled,
                    will_receive: Some(u64::from(gets_one)),
                    will_not_receive: Some(u64::from(!gets_one)),
                }),
                batch: batch.as_ref().map(|(batch, _)| batch.clone()),
                user,
            };
            let id = answer.user.id;
            let row = self
                .env
                .happened(id, now, who.clone(), HistoryEvent::UserAdded);
            let remembered = request
                .map(|request| request.remember(&answer, now))
                .transpose()?;
            let written = self
                .env
                .store()
                .add_user(
                    &answer.user,
                    &row,
                    batch.as_ref().map(|(batch, cursor)| (batch, cursor)),
                    remembered.as_ref(),
                )
                .await;
            match written {
                Ok(()) => return Ok(answer),
                Err(AddUserError::AddressTaken) => return Err(AddUserRefused::AddressTaken),
                Err(AddUserError::ExternalIdTaken) => return Err(AddUserRefused::ExternalIdTaken),
                Err(AddUserError::UserNameTaken) => return Err(AddUserRefused::UserNameTaken),
                // The same request came twice at once; the other one has the answer.
                Err(AddUserError::KeyTaken) => turns.another().await?,
                Err(AddUserError::Unavailable(error)) => return Err(error.into()),
            }
        }
    }
}

fn parse(
    new: &NewUser,
    id: UserId,
    now: jiff::Timestamp,
    foreign: impl Fn(&EmailAddress) -> bool,
) -> Result<User, Vec<FieldProblem>> {
    let mut problems = Problems::default();
    let email = problems.check(EmailAddress::parse(&new.email).map_err(|p| p.under("email")));
    if let Some(email) = email.as_ref().filter(|email| foreign(email)) {
        problems.add(FieldProblem::new(
            "email",
            "domainNotAllowed",
            format!(
                "is of {}, whose addresses may not be invited; add the domain to sender.recipientDomains in the settings, or set invite to false",
                email.domain()
            ),
        ).with("domain", email.domain()));
    }
    let display_name = given(new.display_name.as_ref()).and_then(|text| {
        problems.check(DisplayName::parse(text).map_err(|p| p.under("displayName")))
    });
    let locale = given(new.locale.as_ref())
        .and_then(|text| problems.check(Locale::parse(text).map_err(|p| p.under("locale"))));
    let time_zone = given(new.time_zone.as_ref()).and_then(|text| {
        problems.check(TimeZoneName::parse(text).map_err(|p| p.under("timeZone")))
    });
    let external_id = given(new.external_id.as_ref()).and_then(|text| {
        problems.check(ExternalId::parse(text).map_err(|p| p.under("externalId")))
    });
    let user_name = given(new.user_name.as_ref())
        .and_then(|text| problems.check(UserName::parse(text).map_err(|p| p.under("userName"))));
    let groups = parse_groups(&new.groups, &mut problems);
    problems.ensure(!new.ownership.is_on() || new.invite != Some(false), || {
        FieldProblem::new(
            "ownership",
            "withoutInvitation",
            "belongs to an invitation, and invite is false; leave it out, or invite",
        )
    });
    match email {
        Some(email) if problems.is_empty() => Ok(User {
            external_id,
            user_name,
            display_name,
            groups,
            locale,
            time_zone,
            ..User::new(id, email, now)
        }),
        _ => Err(problems.into_vec()),
    }
}

/// A field that a form left empty was not given.
fn given(text: Option<&String>) -> Option<&str> {
    text.map(String::as_str)
        .filter(|text| !crate::values::text::is_blank(text))
}
