//! What each use case's refusals are in HTTP: matched without a catch-all, so that a new refusal
//! gets its status before it can be answered.

use beckon_domain::model::invitation::InvitationRefusal;
use beckon_domain::model::job::JobReason;
use beckon_domain::model::settings::UNSAVED;
use beckon_domain::model::template::TemplateKind;
use beckon_domain::ports::error::Unavailable;
use beckon_domain::usecases::add_user::AddUserRefused;
use beckon_domain::usecases::change_invitation::ChangeInvitationRefused;
use beckon_domain::usecases::change_settings::ChangeSettingsRefused;
use beckon_domain::usecases::change_template::ChangeTemplateRefused;
use beckon_domain::usecases::change_user::ChangeUserRefused;
use beckon_domain::usecases::delete_user::DeleteUserRefused;
use beckon_domain::usecases::hand_over::HandOverRefused;
use beckon_domain::usecases::import_users::ImportRefused;
use beckon_domain::usecases::redeem::continuing::ContinueRefused;
use beckon_domain::usecases::redeem::{BUDGET_TTL, Ended, RedeemRefused};
use beckon_domain::usecases::send_invitations::SendRefused;
use beckon_domain::usecases::start_job::StartJobRefused;
use beckon_domain::usecases::test_template::TestTemplateRefused;
use beckon_domain::usecases::try_address_again::TryAddressAgainRefused;
use beckon_domain::values::problem::FieldProblem;
use http::StatusCode;

use crate::Problem;

fn key_reused() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "idempotency-key-reused",
        "Idempotency key used before",
        "This Idempotency-Key came with another body within the last 24 hours; use a new key for a new request.",
    )
}

fn taken(field: &str, name: &str, what: &str) -> Problem {
    Problem {
        errors: vec![FieldProblem::new(
            field,
            "taken",
            "is taken by another user",
        )],
        ..Problem::new(
            StatusCode::CONFLICT,
            name,
            "Taken",
            format!(
                "Another user has this {what}; GET /v1/users/lookup?{field}= finds them. Or give another one."
            ),
        )
    }
}

fn address_taken() -> Problem {
    taken("email", "address-taken", "address")
}

fn external_id_taken() -> Problem {
    taken("externalId", "external-id-taken", "external id")
}

fn user_name_taken() -> Problem {
    taken("userName", "user-name-taken", "user name")
}

fn no_such_template() -> Problem {
    let kinds = TemplateKind::ALL.map(TemplateKind::name).join(", ");
    Problem::new(
        StatusCode::NOT_FOUND,
        "not-found",
        "Not found",
        format!(
            "There is no such template. The kinds are {kinds}; GET /v1/templates lists them with their languages."
        ),
    )
}

impl From<Unavailable> for Problem {
    fn from(error: Unavailable) -> Self {
        match error.unreadable() {
            Some(row) => Self::unreadable(row),
            None => Self::unavailable(&error),
        }
    }
}

impl From<AddUserRefused> for Problem {
    fn from(refusal: AddUserRefused) -> Self {
        match refusal {
            AddUserRefused::Invalid(errors) => Self::invalid_fields(errors),
            AddUserRefused::AddressTaken => address_taken(),
            AddUserRefused::ExternalIdTaken => external_id_taken(),
            AddUserRefused::UserNameTaken => user_name_taken(),
            AddUserRefused::KeyReused => key_reused(),
            AddUserRefused::Unavailable(error) => error.into(),
        }
    }
}

impl From<SendRefused> for Problem {
    fn from(refusal: SendRefused) -> Self {
        match refusal {
            SendRefused::Invalid(errors) => Self::invalid_fields(errors),
            SendRefused::UnknownUsers(errors) => Self {
                errors,
                ..Self::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "unknown-users",
                    "Unknown users selected",
                    "Some of the selected users do not exist, and nobody was invited; take them out and send again.",
                )
            },
            SendRefused::UnknownSettings => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "unknown-settings",
                "Unknown settings version",
                "There are no settings of this version; preview again and send what the preview answers.",
            ),
            SendRefused::SettingsChanged { shown, current } => Self::new(
                StatusCode::CONFLICT,
                "settings-changed",
                "The settings have changed",
                format!(
                    "The preview showed version {} of the settings, and version {} holds now. Nobody was invited; preview again, and send what that answers.",
                    shown.get(),
                    current.get()
                ),
            ),
            SendRefused::KeyReused => key_reused(),
            SendRefused::Unavailable(error) => error.into(),
        }
    }
}

impl From<DeleteUserRefused> for Problem {
    fn from(refusal: DeleteUserRefused) -> Self {
        match refusal {
            DeleteUserRefused::UnknownUser => Self::not_found("user"),
            DeleteUserRefused::Unavailable(error) => error.into(),
        }
    }
}

impl From<ImportRefused> for Problem {
    fn from(refusal: ImportRefused) -> Self {
        match refusal {
            ImportRefused::Invalid(errors) => {
                let detail = match errors.as_slice() {
                    [one] if one.field.is_empty() => format!("The file {}.", one.detail),
                    [one] => format!("The column {} {}.", one.field, one.detail),
                    several => format!(
                        "{} columns must be put right in the file's first line; see errors.",
                        several.len()
                    ),
                };
                Self {
                    errors,
                    ..Self::new(
                        StatusCode::UNPROCESSABLE_ENTITY,
                        "invalid-file",
                        "The file is no list of users",
                        detail,
                    )
                }
            }
            ImportRefused::Unavailable(error) => error.into(),
        }
    }
}

impl From<ChangeUserRefused> for Problem {
    fn from(refusal: ChangeUserRefused) -> Self {
        match refusal {
            ChangeUserRefused::Invalid(errors) => Self::invalid_fields(errors),
            ChangeUserRefused::UnknownUser => Self::not_found("user"),
            ChangeUserRefused::Stale => Self::new(
                StatusCode::PRECONDITION_FAILED,
                "stale-user",
                "The user has changed",
                "Somebody changed the user since you read them, or something happened to their invitation. Read them again, make your change, and save with the new ETag.",
            ),
            ChangeUserRefused::AddressTaken => address_taken(),
            ChangeUserRefused::ExternalIdTaken => external_id_taken(),
            ChangeUserRefused::UserNameTaken => user_name_taken(),
            ChangeUserRefused::Unavailable(error) => error.into(),
        }
    }
}

const DOMAIN_NOT_ALLOWED: &str = "The user's address is of a domain that may not be invited; correct the address, or add the domain to sender.recipientDomains in the settings.";

/// What a user, an invitation or an address is not fit for as it stands.
fn not_now(reason: JobReason, detail: &str) -> Problem {
    Problem {
        reason: Some(reason),
        ..Problem::new(
            StatusCode::CONFLICT,
            "not-possible-now",
            "Not possible now",
            detail,
        )
    }
}

impl From<HandOverRefused> for Problem {
    fn from(refusal: HandOverRefused) -> Self {
        match refusal {
            HandOverRefused::Invalid(errors) => Self::invalid_fields(errors),
            HandOverRefused::UnknownUser => Self::not_found("user"),
            HandOverRefused::Disabled => not_now(
                JobReason::Disabled,
                "The user is disabled; enable them before you hand anything over.",
            ),
            HandOverRefused::DomainNotAllowed => {
                not_now(JobReason::DomainNotAllowed, DOMAIN_NOT_ALLOWED)
            }
            HandOverRefused::NothingToHandOver => not_now(
                JobReason::NoSecret,
                "With this user's registration method there is no secret: they register with their password alone.",
            ),
            HandOverRefused::Unavailable(error) => error.into(),
        }
    }
}

impl From<TryAddressAgainRefused> for Problem {
    fn from(refusal: TryAddressAgainRefused) -> Self {
        match refusal {
            TryAddressAgainRefused::UnknownUser => Self::not_found("user"),
            TryAddressAgainRefused::NotMarked => not_now(
                JobReason::NotMarked,
                "Nothing is held against this address; mail it again with POST …/invitation/resend, or invite again.",
            ),
            TryAddressAgainRefused::Unavailable(error) => error.into(),
        }
    }
}

impl From<ChangeInvitationRefused> for Problem {
    fn from(refusal: ChangeInvitationRefused) -> Self {
        match refusal {
            ChangeInvitationRefused::UnknownUser => Self::not_found("user"),
            ChangeInvitationRefused::NotNow(InvitationRefusal::NoInvitation) => not_now(
                JobReason::NoInvitation,
                "This user was never invited; send an invitation.",
            ),
            ChangeInvitationRefused::NotNow(InvitationRefusal::NotOpen) => not_now(
                JobReason::NotOpen,
                "The invitation is not open any more; send a new one.",
            ),
            ChangeInvitationRefused::NotNow(InvitationRefusal::NothingToRestore) => not_now(
                JobReason::NothingToRestore,
                "Only an invitation that was cancelled or declined can be restored.",
            ),
            ChangeInvitationRefused::Disabled => not_now(
                JobReason::Disabled,
                "The user is disabled, so no mail goes to them; enable them with PATCH /v1/users/{id} first.",
            ),
            ChangeInvitationRefused::AddressMarked => not_now(
                JobReason::AddressMarked,
                "A mail to this address came back for good or was called spam, so none goes there; correct the address, or try it again with POST /v1/users/{id}/address/try-again, which mails an open invitation again.",
            ),
            ChangeInvitationRefused::DomainNotAllowed => {
                not_now(JobReason::DomainNotAllowed, DOMAIN_NOT_ALLOWED)
            }
            ChangeInvitationRefused::RegisteredMeanwhile => not_now(
                JobReason::RegisteredMeanwhile,
                "A device was registered after the invitation had been taken back; see the history, and invite again.",
            ),
            ChangeInvitationRefused::ExpiredMeanwhile => not_now(
                JobReason::ExpiredMeanwhile,
                "The invitation's time has run out meanwhile; send a new one.",
            ),
            ChangeInvitationRefused::Unavailable(error) => error.into(),
        }
    }
}

impl From<StartJobRefused> for Problem {
    fn from(refusal: StartJobRefused) -> Self {
        match refusal {
            StartJobRefused::Invalid(errors) => Self::invalid_fields(errors),
            StartJobRefused::InvalidFile(errors) => ImportRefused::Invalid(errors).into(),
            StartJobRefused::FileTooLarge { at_most } => Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too-large",
                "The file is too large",
                format!(
                    "Packed as zlib packs it, a file may take at most {at_most} bytes; split it, and give each part the line with the columns."
                ),
            ),
            StartJobRefused::UnknownUsers(errors) => Self {
                errors,
                ..Self::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "unknown-users",
                    "Unknown users selected",
                    "Some of the selected users do not exist, and nothing was done; take them out and send again.",
                )
            },
            StartJobRefused::KeyReused => key_reused(),
            StartJobRefused::Unavailable(error) => error.into(),
        }
    }
}

/// What a job says of somebody whom it could not do anything for: the sentence of the route that does
/// it to one.
#[must_use]
pub fn sentence_of(reason: JobReason) -> String {
    use ChangeInvitationRefused as Invitation;
    let problem: Problem = match reason {
        JobReason::NoInvitation => Invitation::NotNow(InvitationRefusal::NoInvitation).into(),
        JobReason::NotOpen => Invitation::NotNow(InvitationRefusal::NotOpen).into(),
        JobReason::NothingToRestore => {
            Invitation::NotNow(InvitationRefusal::NothingToRestore).into()
        }
        JobReason::Disabled => {
            return "The user is disabled; enable them first.".to_owned();
        }
        JobReason::AddressMarked => Invitation::AddressMarked.into(),
        JobReason::DomainNotAllowed => Invitation::DomainNotAllowed.into(),
        JobReason::RegisteredMeanwhile => Invitation::RegisteredMeanwhile.into(),
        JobReason::ExpiredMeanwhile => Invitation::ExpiredMeanwhile.into(),
        JobReason::NotMarked => TryAddressAgainRefused::NotMarked.into(),
        JobReason::NoSecret => HandOverRefused::NothingToHandOver.into(),
        JobReason::OpenAlready => {
            return "They have an open invitation; hand its secret over.".to_owned();
        }
        JobReason::TooManyGroups => {
            return "They would be in more groups than somebody can be in; take them out of others first.".to_owned();
        }
        JobReason::OwnedByDirectory => {
            return "They come from the directory, which says whether they are enabled; change it there.".to_owned();
        }
        JobReason::NotSelected => {
            return "The filter found them when the job began, and they did not fit it any more when their turn came.".to_owned();
        }
    };
    problem.detail
}

impl From<ChangeSettingsRefused> for Problem {
    fn from(refusal: ChangeSettingsRefused) -> Self {
        match refusal {
            ChangeSettingsRefused::Invalid(errors) => Self::invalid_fields(errors),
            ChangeSettingsRefused::Stale { current } => {
                let current = if current == UNSAVED {
                    "0 (nothing was saved yet)".to_owned()
                } else {
                    current.get().to_string()
                };
                Self::new(
                    StatusCode::PRECONDITION_FAILED,
                    "stale-settings",
                    "The settings have changed",
                    format!(
                        "Somebody saved the settings since you read them; the current version is {current}. Read them again, make your change, and save with the new ETag."
                    ),
                )
            }
            ChangeSettingsRefused::Unavailable(error) => error.into(),
        }
    }
}

/// A wording that cannot be used is a document with wrong fields.
impl From<ChangeTemplateRefused> for Problem {
    fn from(refusal: ChangeTemplateRefused) -> Self {
        match refusal {
            ChangeTemplateRefused::Unknown => no_such_template(),
            ChangeTemplateRefused::Invalid(errors) => Self::invalid_fields(errors),
            ChangeTemplateRefused::Stale { current } => Self::new(
                StatusCode::PRECONDITION_FAILED,
                "stale-template",
                "The template has changed",
                format!(
                    "Somebody changed the template since you read it; the current version is {}. Read it again, make your change, and save with the new ETag.",
                    current.get()
                ),
            ),
            ChangeTemplateRefused::Unavailable(error) => error.into(),
        }
    }
}

impl From<TestTemplateRefused> for Problem {
    fn from(refusal: TestTemplateRefused) -> Self {
        match refusal {
            TestTemplateRefused::Unknown => no_such_template(),
            TestTemplateRefused::Invalid(errors) => Self::invalid_fields(errors),
            TestTemplateRefused::KeyReused => key_reused(),
            TestTemplateRefused::Unavailable(error) => error.into(),
        }
    }
}

/// What the person is told is the same whatever the reason: it is in the source's state, and in the log.
fn no_token_now(retry_after: i64) -> Problem {
    Problem {
        retry_after: Some(retry_after),
        ..Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "no-token-now",
            "The device management gives no token at the moment",
            "The device management that is to give a token for this registration does not do so at the moment. Nothing was lost: ask again in a moment. Administrators see why in the state of the source.",
        )
    }
}

impl From<ContinueRefused> for Problem {
    fn from(refusal: ContinueRefused) -> Self {
        match refusal {
            ContinueRefused::UnknownSession => Self::not_found("registration"),
            ContinueRefused::Ended => Self::new(
                StatusCode::GONE,
                "session-ended",
                "The registration session has ended",
                "The time to go on is over, or the invitation has ended. Redeem it once more.",
            ),
            ContinueRefused::BeingMade { .. } => no_token_now(5),
            ContinueRefused::NotIssued(why) => {
                tracing::warn!(reason = %why, "a source issued no enrolment token");
                no_token_now(10)
            }
            ContinueRefused::Unavailable(error) => error.into(),
        }
    }
}

impl From<RedeemRefused> for Problem {
    fn from(refusal: RedeemRefused) -> Self {
        match refusal {
            RedeemRefused::Invalid(errors) => Self::invalid_fields(errors),
            RedeemRefused::DoesNotFit => Self::new(
                StatusCode::FORBIDDEN,
                "does-not-fit",
                "Address and secret do not fit",
                "Check the address and use the PIN or link of the newest invitation mail. If it still does not work, ask whoever invited you for a new invitation.",
            ),
            RedeemRefused::Ended(ended) => {
                let (name, detail) = match ended {
                    Ended::Expired => (
                        "expired",
                        "This invitation has expired. Ask whoever invited you for a new one.",
                    ),
                    Ended::Used => (
                        "used",
                        "This invitation was used: a device has been registered with it. For another device, ask for a new invitation.",
                    ),
                    Ended::Cancelled => (
                        "cancelled",
                        "This invitation was taken back. If you did expect it, ask whoever invited you.",
                    ),
                };
                Self {
                    ended: Some(name),
                    ..Self::new(
                        StatusCode::GONE,
                        "invitation-ended",
                        "The invitation has ended",
                        detail,
                    )
                }
            }
            RedeemRefused::SourceSpent => Self {
                retry_after: Some(BUDGET_TTL.as_secs()),
                ..Self::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "too-many-tries",
                    "Too many wrong tries",
                    "Too many wrong tries came from this network. Wait an hour, or use another network; invitations are not affected.",
                )
            },
            RedeemRefused::TooManySessions { until } => Self {
                until: Some(until),
                ..Self::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "too-many-sessions",
                    "Too many registrations are open",
                    "This invitation has opened as many registrations as may be open at a time. Go on with one of them, or try again later.",
                )
            },
            RedeemRefused::Unavailable(error) => error.into(),
        }
    }
}
