//! `/v1/mdm`: what a device management does for people. It shows who it is by a token with the
//! scope `mdm`.

use std::net::IpAddr;

use axum::Json;
use axum::extract::State;
use beckon_domain::model::ownership::{Ownership, OwnershipChoice, OwnershipRule};
use beckon_domain::usecases::confirm_registration::ConfirmRefused;
use beckon_domain::usecases::redeem::{Redemption, RedemptionDevice};
use beckon_domain::values::ids::IssueNumber;
use beckon_domain::values::permission::Permission;
use beckon_domain::values::problem::FieldProblem;
use beckon_runtime::problem::FieldError;
use beckon_runtime::routes;
use beckon_runtime::routes::Routes;
use beckon_runtime::wire::NotCompletedView;
use beckon_runtime::{Authorised, DeviceReport, JsonBody, Problem, device_report};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::Redemptions;
use crate::routes::{RedeemedView, redeemed};

pub(crate) fn router<R: Routes<Redemptions>>() -> R {
    R::new()
        .routes(routes!(redeem_for_somebody))
        .routes(routes!(report))
}

/// What somebody showed to the device management. Either address and PIN, or a token.
#[derive(Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct RedemptionForSomebody {
    /// The address that was invited.
    email: Option<String>,
    /// The PIN, grouped and cased as you like.
    pin: Option<String>,
    /// The token of a link, instead.
    token: Option<String>,
    /// The device this is for, if known.
    device: Option<RedemptionDevice>,
    /// Whose the device is to be, where the person may choose.
    ownership: Option<OwnershipChoice>,
    /// The IP address of whoever showed it to you. Wrong secrets count against it, as if they had
    /// come from there; left out, they count against the invitation alone.
    #[schema(value_type = Option<String>)]
    client_address: Option<IpAddr>,
}

/// Redeem a PIN or a link's token for somebody
///
/// Does what `POST /v1/redemptions` does, for a device management that asks people for their PIN
/// itself. Wrong tries count against the person's own address, and never against yours, so that
/// nobody's typing errors keep others out.
#[utoipa::path(
    post, path = "/v1/mdm/redemptions", operation_id = "redeemForSomebody", security(("bearer" = ["mdm"])), tag = "Device management", request_body = RedemptionForSomebody,
    responses(
        (status = 200, body = RedeemedView),
        (status = 403, description = "Address and secret do not fit, or the token lacks the scope mdm", body = Problem),
        (status = 410, description = "The invitation has ended", body = Problem),
        (status = 422, description = "Fields are wrong", body = Problem),
        (status = 429, description = "Too many sessions are open, or too many wrong tries came from the client's address", body = Problem),
    )
)]
async fn redeem_for_somebody(
    State(redemptions): State<Redemptions>,
    caller: Authorised,
    body: JsonBody<RedemptionForSomebody>,
) -> Result<Json<RedeemedView>, Problem> {
    caller.to(Permission::ManageDevices)?;
    let RedemptionForSomebody {
        email,
        pin,
        token,
        device,
        ownership,
        client_address,
    } = body.value;
    let shown = Redemption {
        email,
        pin,
        token,
        device,
        ownership,
    };
    Box::pin(redeemed(&redemptions, &shown, client_address)).await
}

/// What a report came to.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct ReportedView {
    /// `recorded` for a device that was not known, or was wiped and enrolled again; `decidedAgain`
    /// when more became known of it; `knownBefore` when nothing new was said.
    outcome: &'static str,
    /// Whose the device is.
    ownership: Ownership,
    /// The rule that decided it.
    rule: OwnershipRule,
    /// The issue of the invitation that the device completed, by this report or by an earlier one;
    /// null if it completed none.
    issue: Option<u32>,
    /// The invitation that waits for a device and that this report did not complete, and why; null
    /// if there is none.
    not_completed: Option<NotCompletedView>,
    /// Whether the invitation had been taken back before the report came.
    after_end: bool,
    /// Whether it is unknown when the device was registered: the report did not say, or what it said
    /// cannot be. The time of the report stands in for it.
    time_unknown: bool,
    /// What of the report was not understood and let be, by field, with the reason.
    #[schema(value_type = Vec<FieldError>)]
    ignored: Vec<FieldProblem>,
}

/// Report a device that was registered
///
/// Does what a *Device Registered* event on the bus does, and answers what came of it. The same
/// report again changes nothing. The device is recorded in any case; it completes the person's
/// invitation if the report names a registration of that very issue, or names none and the device was
/// registered no earlier than ten minutes before the invitation was made. A fact that is not understood is let be and
/// named under `ignored`.
#[utoipa::path(
    post, path = "/v1/mdm/registrations", operation_id = "reportRegistration", security(("bearer" = ["mdm"])), tag = "Device management", request_body = DeviceReport,
    responses(
        (status = 200, body = ReportedView),
        (status = 404, description = "The report names nobody who is known here", body = Problem),
        (status = 422, description = "Fields are wrong", body = Problem),
    )
)]
async fn report(
    State(redemptions): State<Redemptions>,
    caller: Authorised,
    body: JsonBody<DeviceReport>,
) -> Result<Json<ReportedView>, Problem> {
    caller.to(Permission::ManageDevices)?;
    let read = body.value.parse().map_err(Problem::invalid_fields)?;
    let reported =
        redemptions
            .confirm
            .run(&read.report)
            .await
            .map_err(|refusal| match refusal {
                ConfirmRefused::Unknown => nobody_known(),
                ConfirmRefused::Unavailable(error) => error.into(),
            })?;
    device_report::note(&reported, &read.ignored);
    let decided = reported.outcome.decided();
    Ok(Json(ReportedView {
        outcome: reported.outcome.name(),
        ownership: decided.ownership,
        rule: decided.rule,
        issue: reported.issue.map(IssueNumber::get),
        not_completed: reported.not_completed.map(NotCompletedView::from),
        after_end: reported.after_end,
        time_unknown: reported.time_unknown,
        ignored: [read.ignored, reported.ignored].concat(),
    }))
}

fn nobody_known() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "nobody-known",
        "Nobody known",
        "The report names nobody who is known here, and nothing was recorded. Check how it names the person, or add them with POST /v1/users, and report the device again.",
    )
}
