//! `/v1/redemptions` and `/v1/registrations`. Both are public: the PIN, the token, and the id of
//! the session are what lets somebody in.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::ownership::{Ownership, OwnershipRule};
use beckon_domain::model::registration::{DeviceFacts, Registration};
use beckon_domain::model::session::Session;
use beckon_domain::model::user::User;
use beckon_domain::ports::devices::Devices as _;
use beckon_domain::ports::users::Users as _;
use beckon_domain::rules::enrolment::NextStep;
use beckon_domain::usecases::redeem::{RedeemRefused, Redemption, Source};
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::ids::DeviceId;
use beckon_domain::values::method::Method;
use beckon_domain::values::session_ids::RegistrationId;
use beckon_runtime::metrics::{self, Metric};
use beckon_runtime::routes;
use beckon_runtime::routes::Routes;
use beckon_runtime::{ClientAddress, JsonBody, Path, Problem};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Redemptions;

pub(crate) fn router<R: Routes<Redemptions>>() -> R {
    R::new()
        .routes(routes!(redeem))
        .routes(routes!(request_pin))
        .routes(routes!(decline))
        .routes(routes!(registration))
        .routes(routes!(continue_registration))
}

/// A registration session was opened.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RedeemedView {
    /// A bearer secret: by it the registration is reported and looked up.
    registration_id: String,
    method: Method,
    /// Whether the device management will ask for a password as well.
    password_required: bool,
    /// What the invitation gives the device, or what the person chose.
    ownership: Ownership,
    /// Whether the person may choose another: redeem again with `ownership`.
    may_choose_ownership: bool,
    /// Where to go on; null if the settings name no address that fits, or if it is made on request.
    continue_url: Option<String>,
    /// Whether the address to go on at is made when it is asked for, since it carries a token of the device management:
    /// `POST /v1/registrations/{id}/address`, when the person goes on.
    continue_on_request: bool,
    /// What to do where there is nothing to open, as the settings word it; line breaks part paragraphs. Null beside
    /// an address.
    continue_text: Option<String>,
    /// What the company can see and erase, as the settings word it; null if they say nothing.
    agreement: Option<AgreementView>,
    /// Until when the session lets the person go on. Reporting is not bound by it.
    #[schema(value_type = String)]
    expires_at: Timestamp,
}

/// What the person agrees to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct AgreementView {
    /// Line breaks part paragraphs.
    text: String,
    /// Where there is more to read.
    url: Option<String>,
}

/// Redeem a PIN or a link's token
///
/// Opens a registration session. The secret is spent when the registration is reported, not by
/// this; the same secret may open three sessions at a time. Whoever shows the right secret of an
/// invitation that has ended is told what became of it; every other refusal is the same.
#[utoipa::path(
    post, path = "/v1/redemptions", operation_id = "redeemInvitation", tag = "Enrolment", request_body = Redemption, security(()),
    responses(
        (status = 200, body = RedeemedView),
        (status = 403, description = "Address and secret do not fit", body = Problem),
        (status = 410, description = "The invitation has ended", body = Problem),
        (status = 422, description = "Fields are wrong", body = Problem),
        (status = 429, description = "Too many sessions are open, or too many wrong tries came from here", body = Problem),
    )
)]
async fn redeem(
    State(redemptions): State<Redemptions>,
    ClientAddress(address): ClientAddress,
    body: JsonBody<Redemption>,
) -> Result<Json<RedeemedView>, Problem> {
    Box::pin(redeemed(&redemptions, &body.value, address)).await
}

/// Opens a session for what was shown; the answer to a wrong secret leaves after a fixed time.
pub(crate) async fn redeemed(
    redemptions: &Redemptions,
    shown: &Redemption,
    from: Option<IpAddr>,
) -> Result<Json<RedeemedView>, Problem> {
    let began = Instant::now();
    let source = from.map(Source::of);
    match Box::pin(redemptions.redeem.run(shown, source.as_ref())).await {
        Ok(redeemed) => {
            let continue_on_request = redeemed.next_step == Some(NextStep::Ask);
            let (continue_url, continue_text) = parts_of(redeemed.next_step);
            Ok(Json(RedeemedView {
                registration_id: redeemed.registration_id.expose().to_owned(),
                method: redeemed.method,
                password_required: redeemed.method.asks_for_password(),
                ownership: redeemed.ownership,
                may_choose_ownership: redeemed.may_choose_ownership,
                continue_url,
                continue_on_request,
                continue_text,
                agreement: redeemed.agreement.map(|agreement| AgreementView {
                    text: agreement.text,
                    url: agreement.url,
                }),
                expires_at: redeemed.expires_at,
            }))
        }
        Err(refusal) => {
            if matches!(
                refusal,
                RedeemRefused::DoesNotFit | RedeemRefused::SourceSpent
            ) {
                metrics::record(&[(Metric::WrongSecrets, 1)]);
            }
            hold_back(began, redemptions.refuse_after).await;
            Err(refusal.into())
        }
    }
}

/// How a person goes on: the address to open, and the text to read instead.
fn parts_of(step: Option<NextStep>) -> (Option<String>, Option<String>) {
    match step {
        Some(NextStep::Open(url)) => (Some(url), None),
        Some(NextStep::Read(text)) => (None, Some(text)),
        Some(NextStep::Ask) | None => (None, None),
    }
}

/// How to go on with a registration.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct ContinueView {
    /// Where to go on; null if the settings name no address that fits. It may carry a token that enrols a device: open it,
    /// and keep it nowhere.
    continue_url: Option<String>,
    /// What to do where there is nothing to open; null beside an address.
    continue_text: Option<String>,
}

/// Ask where to go on
///
/// For a registration session whose address is made on request: the device management issues a token for the person. It is
/// made once; who asks again gets the same one while it is good, and then another. Where the device management does not
/// answer as it should, nothing is lost: ask again.
#[utoipa::path(
    post, path = "/v1/registrations/{id}/address", operation_id = "continueRegistration", tag = "Enrolment", params(("id" = String, Path)), security(()),
    responses(
        (status = 200, body = ContinueView),
        (status = 404, body = Problem),
        (status = 410, description = "The session has ended", body = Problem),
        (status = 503, description = "The device management issues no token now; ask again", body = Problem),
    )
)]
async fn continue_registration(
    State(redemptions): State<Redemptions>,
    Path(id): Path<String>,
) -> Result<Json<ContinueView>, Problem> {
    let id = RegistrationId::parse(&id).ok_or_else(|| Problem::not_found("registration"))?;
    let step = Box::pin(redemptions.redeem.continue_at(&id)).await?;
    let (continue_url, continue_text) = parts_of(step);
    Ok(Json(ContinueView {
        continue_url,
        continue_text,
    }))
}

/// Whose PIN to mail again.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct PinRequestBody {
    /// The address that was invited.
    email: String,
}

/// Ask for the PIN again
///
/// Mails the open invitation once more to the registered address, or renews one that expired or
/// was locked, where the settings allow it. The answer is the same whatever was done, so that it
/// tells nobody who is invited.
#[utoipa::path(
    post, path = "/v1/pin-requests", operation_id = "requestPin", tag = "Enrolment", request_body = PinRequestBody, security(()),
    responses((status = 202), (status = 422, description = "The address is malformed", body = Problem))
)]
async fn request_pin(
    State(redemptions): State<Redemptions>,
    body: JsonBody<PinRequestBody>,
) -> Result<StatusCode, Problem> {
    let began = Instant::now();
    let address = EmailAddress::parse(&body.value.email)
        .map_err(|problem| Problem::invalid_fields(vec![problem.under("email")]))?;
    let answer = redemptions.request.run(&address).await;
    hold_back(began, redemptions.refuse_after).await;
    answer?;
    Ok(StatusCode::ACCEPTED)
}

/// An invitation that was not meant for whoever got it.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct DeclineBody {
    /// The token of the mail's own "this was not me" link; it redeems nothing.
    token: String,
}

/// Say "this was not me"
///
/// The invitation's secret is dead at once, and administrators are told, who can undo it. The
/// answer is the same whatever the token was.
#[utoipa::path(
    post, path = "/v1/declines", operation_id = "declineInvitation", tag = "Enrolment", request_body = DeclineBody, security(()),
    responses((status = 202))
)]
async fn decline(
    State(redemptions): State<Redemptions>,
    body: JsonBody<DeclineBody>,
) -> Result<StatusCode, Problem> {
    let began = Instant::now();
    let answer = redemptions.decline.run(&body.value.token).await;
    hold_back(began, redemptions.refuse_after).await;
    answer?;
    Ok(StatusCode::ACCEPTED)
}

/// Refusals differ in the work they took; after this they no longer differ in time.
async fn hold_back(began: Instant, until: Duration) {
    if let Some(rest) = until.checked_sub(began.elapsed()) {
        tokio::time::sleep(rest).await;
    }
}

/// A registration and what was decided.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct RegistrationView {
    id: String,
    user_id: String,
    /// `open` while it may be gone on with, `confirmed` once a device was reported, `ended`
    /// otherwise; a device may still be reported then.
    state: &'static str,
    /// What was decided; null until then.
    ownership: Option<Ownership>,
    /// The rule that decided it; null until then.
    rule: Option<OwnershipRule>,
    /// What is known of the device; null until it was reported.
    #[schema(value_type = Option<Object>)]
    device: Option<DeviceFacts>,
    /// When it was registered; null until then.
    #[schema(value_type = Option<String>)]
    registered_at: Option<Timestamp>,
}

/// What became of a registration
#[utoipa::path(
    get, path = "/v1/registrations/{id}", operation_id = "getRegistration", tag = "Enrolment", params(("id" = String, Path)), security(()),
    responses((status = 200, body = RegistrationView), (status = 404, body = Problem))
)]
async fn registration(
    State(redemptions): State<Redemptions>,
    Path(id): Path<String>,
) -> Result<Json<RegistrationView>, Problem> {
    let nothing = || Problem::not_found("registration");
    let id = RegistrationId::parse(&id).ok_or_else(nothing)?;
    let table = &redemptions.table;
    let session = table
        .load_session(&id.digest())
        .await?
        .ok_or_else(nothing)?;
    let user = table.load_user(session.user).await?.ok_or_else(nothing)?;
    let registration = match reported_device(&session, &user) {
        Some(device) => table.load_registration(user.id, &device).await?,
        None => None,
    };
    Ok(Json(view(&id, &session, &user, registration)))
}

/// The device that was reported for a session: with its id, or otherwise for the issue it is of.
fn reported_device(session: &Session, user: &User) -> Option<DeviceId> {
    session.device.clone().or_else(|| {
        user.invitation
            .as_ref()
            .filter(|invitation| {
                invitation.issue == session.issue && invitation.state == InvitationState::Completed
            })
            .and_then(|invitation| invitation.completed_by.clone())
    })
}

fn view(
    id: &RegistrationId,
    session: &Session,
    user: &User,
    registration: Option<Registration>,
) -> RegistrationView {
    let now = Timestamp::now();
    let invitation = user.invitation.as_ref().filter(|_| user.enabled);
    let honoured = invitation.is_some_and(|invitation| invitation.honours(session, now));
    let state = match &registration {
        Some(_) => "confirmed",
        None if honoured && now < session.expires_at => "open",
        None => "ended",
    };
    RegistrationView {
        id: id.expose().to_owned(),
        user_id: session.user.to_string(),
        state,
        ownership: registration.as_ref().map(|r| r.decided.ownership),
        rule: registration.as_ref().map(|r| r.decided.rule),
        registered_at: registration.as_ref().map(|r| r.registered_at),
        device: registration.map(|r| r.device),
    }
}
