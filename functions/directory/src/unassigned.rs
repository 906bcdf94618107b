//! `/v1/unassigned-devices`: devices that a device management told of and that belong to nobody who is known; and whose
//! each is, as an administrator says.

use axum::Json;
use axum::extract::State;
use beckon_domain::model::ownership::{Ownership, OwnershipRule};
use beckon_domain::model::reported_device::{Claimant, ReportedDevice};
use beckon_domain::rules::reported_device::facts_of;
use beckon_domain::usecases::assign_device::AssignRefused;
use beckon_domain::usecases::confirm_registration::Reported;
use beckon_domain::values::ids::{DeviceId, IssueNumber};
use beckon_domain::values::permission::Permission;
use beckon_domain::values::problem::{FieldProblem, Problems};
use beckon_runtime::parameters::PageQuery;
use beckon_runtime::routes;
use beckon_runtime::routes::Routes;
use beckon_runtime::wire::NotCompletedView;
use beckon_runtime::{Authorised, JsonBody, Pages, Problem, Query};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Directory;

/// How many devices are on a page.
const PAGE_SIZE: usize = 50;

pub(crate) fn router<R: Routes<Directory>>() -> R {
    R::new().routes(routes!(list)).routes(routes!(assign))
}

/// A page of devices that belong to nobody.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct UnassignedDevices {
    items: Vec<UnassignedDevice>,
    /// Where the next page begins; null at the end.
    next: Option<String>,
    /// How many entries are left out because this version of Beckon cannot read their records.
    unreadable: usize,
}

/// A device that belongs to nobody who is known.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct UnassignedDevice {
    /// The source's name, a colon, and what the source calls it.
    id: String,
    /// Its name; null here and below: nobody told.
    name: Option<String>,
    platform: Option<String>,
    os_version: Option<String>,
    serial: Option<String>,
    supervised: Option<bool>,
    /// When it enrolled, as its source says; null if it does not.
    #[schema(value_type = Option<String>)]
    enrolled_at: Option<Timestamp>,
    /// When something new was told of it last.
    #[schema(value_type = String)]
    changed_at: Timestamp,
    /// The address that its source names; null if it names none.
    email: Option<String>,
    /// The external id that its source names; null if it names none.
    external_id: Option<String>,
    /// The user name that its source names; null if it names none.
    user_name: Option<String>,
}

impl From<ReportedDevice> for UnassignedDevice {
    fn from(device: ReportedDevice) -> Self {
        let facts = facts_of(&device);
        let mut view = Self {
            id: device.id.as_str().to_owned(),
            name: facts.name.map(String::from),
            platform: facts.platform.map(String::from),
            os_version: facts.os_version.map(String::from),
            serial: facts.serial.map(String::from),
            supervised: facts.supervised,
            enrolled_at: None,
            changed_at: device.changed_at,
            email: None,
            external_id: None,
            user_name: None,
        };
        if let Some(enrolment) = device.enrolment {
            view.enrolled_at = enrolment.at;
            for claimant in enrolment.claimants {
                match claimant {
                    Claimant::Reference(_) => {}
                    Claimant::Address(address) => view.email = Some(address.as_str().to_owned()),
                    Claimant::External(id) => view.external_id = Some(id.as_str().to_owned()),
                    Claimant::UserName(name) => view.user_name = Some(name.as_str().to_owned()),
                }
            }
        }
        view
    }
}

/// List the devices that belong to nobody
///
/// Devices that a source of device events told of and whose person is not known, newest first. One leaves the list
/// when it is assigned, when somebody is added whom it names, when its source says that it left, and 90 days after
/// anything was told of it.
#[utoipa::path(
    get, path = "/v1/unassigned-devices", operation_id = "listUnassignedDevices",
    security(("bearer" = ["helpdesk"])), tag = "Device management", params(PageQuery<PAGE_SIZE>),
    responses((status = 200, body = UnassignedDevices), (status = 422, body = Problem))
)]
async fn list(
    State(directory): State<Directory>,
    caller: Authorised,
    Query(query): Query<PageQuery<PAGE_SIZE>>,
) -> Result<Json<UnassignedDevices>, Problem> {
    caller.to(Permission::AssistUsers)?;
    let pages = Pages::of("unassigned-devices");
    let position = pages.position(query.cursor.as_deref())?;
    let page = directory
        .assign
        .unassigned(position.as_deref(), query.limit())
        .await?;
    Ok(Json(UnassignedDevices {
        items: page.items.into_iter().map(UnassignedDevice::from).collect(),
        next: page.next.map(|position| pages.cursor(&position)),
        unreadable: page.unreadable,
    }))
}

/// Whose a device is.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DeviceAssignment {
    /// The device, as the list of those that belong to nobody calls it.
    device_id: String,
    /// The user whose it is.
    user_id: String,
}

/// What became of a device that was assigned.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct AssignedDevice {
    /// Whose the device is, of company and person.
    ownership: Ownership,
    /// The rule that decided it.
    rule: OwnershipRule,
    /// The issue of the invitation that the device completed; null if it completed none.
    issue: Option<u32>,
    /// The invitation that waits for a device and that this one did not complete, and why; null if there is none.
    not_completed: Option<NotCompletedView>,
}

impl From<Reported> for AssignedDevice {
    fn from(reported: Reported) -> Self {
        let decided = reported.outcome.decided();
        Self {
            ownership: decided.ownership,
            rule: decided.rule,
            issue: reported.issue.map(IssueNumber::get),
            not_completed: reported.not_completed.map(NotCompletedView::from),
        }
    }
}

/// Assign a device
///
/// Says whose a device is that belongs to nobody. It is recorded as any registration is, and completes the user's
/// invitation if it enrolled no earlier than ten minutes before that was made. The same again changes nothing.
#[utoipa::path(
    post, path = "/v1/device-assignments", operation_id = "assignDevice",
    security(("bearer" = ["inviter"])), tag = "Device management", request_body = DeviceAssignment,
    responses(
        (status = 200, body = AssignedDevice),
        (status = 404, description = "There is no such device, or no such user", body = Problem),
        (status = 409, description = "It belongs to somebody, or has left", body = Problem),
        (status = 422, description = "Fields are wrong", body = Problem),
    )
)]
async fn assign(
    State(directory): State<Directory>,
    caller: Authorised,
    body: JsonBody<DeviceAssignment>,
) -> Result<Json<AssignedDevice>, Problem> {
    caller.to(Permission::Invite)?;
    let mut problems = Problems::default();
    let device = DeviceId::parse(&body.value.device_id);
    let device = problems.check(device.map_err(|problem| problem.under("deviceId")));
    let user = body.value.user_id.parse();
    let user = problems.check(user.map_err(|problem: FieldProblem| problem.under("userId")));
    let Some((device, user)) = device.zip(user) else {
        return Err(Problem::invalid_fields(problems.into_vec()));
    };
    let assigned = directory.assign.run(&device, user, &caller.actor()).await;
    Ok(Json(assigned.map_err(refused)?.into()))
}

fn refused(refusal: AssignRefused) -> Problem {
    match refusal {
        AssignRefused::UnknownDevice => Problem::not_found("device"),
        AssignRefused::UnknownUser => Problem::not_found("user"),
        AssignRefused::Taken { user } => Problem::new(
            StatusCode::CONFLICT,
            "device-assigned",
            "Device assigned",
            format!(
                "The device belongs to user {user}. It changes hands when that person's device is enrolled anew."
            ),
        ),
        AssignRefused::Unenrolled => Problem::new(
            StatusCode::CONFLICT,
            "device-left",
            "Device left",
            "The device is managed no longer, as its source says. It can be assigned when it has enrolled again.",
        ),
        AssignRefused::Unavailable(error) => error.into(),
    }
}
