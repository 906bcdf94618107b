//! `/v1/users/{id}/devices`: what is registered for somebody, and whose it is.

use axum::Json;
use axum::extract::State;
use beckon_domain::model::ownership::{EnrollmentType, Ownership, OwnershipRule};
use beckon_domain::model::registration::{Registration, RegistrationFlag};
use beckon_domain::ports::devices::Devices as _;
use beckon_domain::ports::users::Users as _;
use beckon_domain::values::ids::{IssueNumber, UserId};
use beckon_domain::values::permission::Permission;
use beckon_runtime::routes;
use beckon_runtime::routes::Routes;
use beckon_runtime::wire::{NotCompletedView, id_in_path};
use beckon_runtime::{Authorised, Path, Problem};
use jiff::Timestamp;
use serde::Serialize;

use crate::Directory;

/// The most devices that are read of a user. People have a handful; somebody who registers whole
/// rooms has more, and an answer has an end.
const MAX_DEVICES: usize = 500;

pub(crate) fn router<R: Routes<Directory>>() -> R {
    R::new().routes(routes!(devices))
}

/// A user's devices.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct DevicesView {
    /// Newest registration first.
    items: Vec<RegisteredDevice>,
    /// How many entries are left out because this version of Beckon cannot read their records.
    unreadable: usize,
}

/// A registered device.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct RegisteredDevice {
    /// What the device management calls it.
    id: String,
    /// Its name; null here and below: nobody told.
    name: Option<String>,
    platform: Option<String>,
    os_version: Option<String>,
    serial: Option<String>,
    supervised: Option<bool>,
    /// How it enrolled.
    enrollment_type: Option<EnrollmentType>,
    /// Whose it is.
    ownership: Ownership,
    /// Which rule decided that.
    rule: OwnershipRule,
    /// The issue of the invitation that it completed; null if it completed none.
    issue: Option<u32>,
    /// When it was registered, as reported; if that is unknown, when the report came.
    #[schema(value_type = String)]
    registered_at: Timestamp,
    /// Whether it is unknown when it was registered.
    time_unknown: bool,
    /// Whether the invitation had been taken back before the report came.
    after_end: bool,
    /// The issue of the registration that the report named, where that is not the one it completed.
    session_issue: Option<u32>,
    /// The invitation that waited for a device when this one was recorded and that it did not
    /// complete, and why; null if there was none.
    not_completed: Option<NotCompletedView>,
    /// Why it completes and confirms nothing, whatever waits: `userDisabled`, the user was disabled when it enrolled, and
    /// still is, or is again;
    /// `beyondDeviceLimit`, the user had as many devices as `registration.deviceLimit` of the settings allows.
    flags: Vec<RegistrationFlag>,
    /// Since when it is managed no longer, as its source says; null while it is.
    #[schema(value_type = Option<String>)]
    unenrolled_at: Option<Timestamp>,
}

impl RegisteredDevice {
    fn new(registration: Registration, person_is_enabled: bool) -> Self {
        let flags = registration.flags_now(person_is_enabled);
        let device = registration.device;
        Self {
            id: device.id.as_str().to_owned(),
            name: device.name.map(String::from),
            platform: device.platform.map(String::from),
            os_version: device.os_version.map(String::from),
            serial: device.serial.map(String::from),
            supervised: device.supervised,
            enrollment_type: device.enrollment_type,
            ownership: registration.decided.ownership,
            rule: registration.decided.rule,
            issue: registration.issue.map(IssueNumber::get),
            registered_at: registration.registered_at,
            time_unknown: registration.time_unknown,
            after_end: registration.after_end,
            session_issue: registration.session_issue.map(IssueNumber::get),
            not_completed: registration.not_completed.map(NotCompletedView::from),
            flags,
            unenrolled_at: registration.unenrolled_at,
        }
    }
}

/// List a user's devices
///
/// What the device management reported of each, whose it is and which rule decided that. At most
/// 500.
#[utoipa::path(
    get, path = "/v1/users/{id}/devices", operation_id = "listUserDevices", security(("bearer" = ["viewer"])), tag = "Users", params(("id" = String, Path)),
    responses((status = 200, body = DevicesView), (status = 404, body = Problem))
)]
async fn devices(
    State(directory): State<Directory>,
    caller: Authorised,
    Path(id): Path<String>,
) -> Result<Json<DevicesView>, Problem> {
    caller.to(Permission::View)?;
    let id: UserId = id_in_path(&id, "user")?;
    let registrations = directory.table.registrations_of(id, MAX_DEVICES).await?;
    let nothing = registrations.items.is_empty() && registrations.unreadable == 0;
    let user = directory.table.load_user(id).await?;
    if nothing && user.is_none() {
        return Err(Problem::not_found("user"));
    }
    let is_enabled = user.is_some_and(|user| user.enabled);
    Ok(Json(DevicesView {
        unreadable: registrations.unreadable,
        items: registrations
            .items
            .into_iter()
            .map(|registration| RegisteredDevice::new(registration, is_enabled))
            .collect(),
    }))
}
