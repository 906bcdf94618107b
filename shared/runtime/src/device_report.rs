//! What a device management says of a device that was registered: the `detail` of its event, and the
//! body of the same report over HTTP.

use beckon_domain::address::EmailAddress;
use beckon_domain::ids::{DeviceId, ExternalId};
use beckon_domain::names::Label;
use beckon_domain::ownership::EnrollmentType;
use beckon_domain::problem::{FieldProblem, Problems};
use beckon_domain::registration::{DeviceFacts, DeviceRegistered, Registrant};
use beckon_domain::session::RegistrationId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A device that was registered, and whose it is, as the device management writes it: nothing is
/// checked yet. The person is named by one of `registrationId`, `userId`, `externalId` and `email`;
/// the first of them that is given counts. Fields that are not ours are let be.
#[derive(Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceReport {
    /// What redeeming answered.
    registration_id: Option<String>,
    /// Beckon's id of the user.
    user_id: Option<String>,
    /// What your directory calls them.
    external_id: Option<String>,
    /// Their address.
    email: Option<String>,
    /// Which device.
    #[schema(required)]
    device: Option<ReportedDevice>,
    /// When it was registered, as RFC 3339 writes it.
    #[schema(required, format = DateTime)]
    registered_at: Option<String>,
}

/// What is known of a device; what is left out is unknown, and may be reported later.
#[derive(Default, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ReportedDevice {
    /// The device management's own id for it.
    #[schema(required)]
    id: Option<String>,
    /// What it is called.
    name: Option<String>,
    /// Its platform, like `ios`.
    platform: Option<String>,
    /// The version of its system.
    os_version: Option<String>,
    /// Its serial number.
    serial: Option<String>,
    /// Whether it is supervised; one that is, is company owned.
    supervised: Option<bool>,
    /// `user` for an enrolment that the person's own account carries.
    enrollment_type: Option<EnrollmentType>,
}

impl DeviceReport {
    /// Reads a report; everything wrong is named.
    pub fn read(self) -> Result<DeviceRegistered, Vec<FieldProblem>> {
        let mut problems = Problems::default();
        let registrant = registrant(&self, &mut problems);
        let device = if let Some(device) = self.device {
            facts(device, &mut problems)
        } else {
            problems.add(FieldProblem::new(
                "device",
                "missing",
                "must be an object with at least the device's id",
            ));
            None
        };
        let at = self.registered_at.as_deref().map(str::parse::<Timestamp>);
        let registered_at = if let Some(Ok(at)) = at {
            Some(at)
        } else {
            problems.add(FieldProblem::new(
                "registeredAt",
                "malformedTime",
                "must be a time as RFC 3339 writes it, like 2026-01-31T09:30:00Z",
            ));
            None
        };
        match (registrant, device, registered_at) {
            (Some(registrant), Some(device), Some(registered_at)) if problems.is_empty() => {
                Ok(DeviceRegistered {
                    registrant,
                    device,
                    registered_at,
                })
            }
            _ => Err(problems.into_vec()),
        }
    }
}

fn registrant(report: &DeviceReport, problems: &mut Problems) -> Option<Registrant> {
    let under = |field: &'static str| move |problem: FieldProblem| problem.under(field);
    // The most certain first; one is enough, and the others are then only additional.
    if let Some(text) = &report.registration_id {
        return problems.check(
            RegistrationId::read(text)
                .map(Registrant::Session)
                .ok_or_else(|| {
                    FieldProblem::new(
                        "registrationId",
                        "malformedId",
                        "must be the registrationId that redeeming answered",
                    )
                }),
        );
    }
    if let Some(text) = &report.user_id {
        return problems.check(text.parse().map(Registrant::User).map_err(under("userId")));
    }
    if let Some(text) = &report.external_id {
        return problems.check(
            ExternalId::parse(text)
                .map(Registrant::External)
                .map_err(under("externalId")),
        );
    }
    if let Some(text) = &report.email {
        return problems.check(
            EmailAddress::parse(text)
                .map(Registrant::Address)
                .map_err(under("email")),
        );
    }
    problems.add(FieldProblem::new(
        "",
        "missing",
        "must name the person by registrationId, userId, externalId or email",
    ));
    None
}

fn facts(device: ReportedDevice, problems: &mut Problems) -> Option<DeviceFacts> {
    let id = device.id.map_or_else(
        || {
            Err(FieldProblem::new(
                "",
                "missing",
                "must be the device management's id for the device",
            ))
        },
        |text| DeviceId::parse(&text),
    );
    let id = problems.check(id.map_err(|p| p.under("device.id")));
    // What a device calls itself is for people to read; what cannot be shown is left out rather
    // than losing the registration.
    let label = |text: Option<String>| text.and_then(|text| Label::parse(&text).ok());
    Some(DeviceFacts {
        id: id?,
        name: label(device.name),
        platform: label(device.platform),
        os_version: label(device.os_version),
        serial: label(device.serial),
        supervised: device.supervised,
        enrollment_type: device.enrollment_type,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(report: Value) -> Result<DeviceRegistered, Vec<FieldProblem>> {
        serde_json::from_value::<DeviceReport>(report)
            .unwrap()
            .read()
    }

    #[test]
    fn a_whole_report_is_read() {
        let report = read(json!({
            "email": "a.user@example.com",
            "device": { "id": "d-1", "name": "A's phone", "platform": "ios", "supervised": true, "enrollmentType": "device" },
            "registeredAt": "2026-01-31T09:30:00Z",
        }))
        .unwrap();

        assert!(matches!(report.registrant, Registrant::Address(_)));
        assert_eq!(report.device.supervised, Some(true));
    }

    #[test]
    fn everything_wrong_with_a_report_is_named() {
        let problems = read(json!({ "device": {}, "registeredAt": "yesterday" })).unwrap_err();

        let fields: Vec<&str> = problems
            .iter()
            .map(|problem| problem.field.as_str())
            .collect();
        assert_eq!(fields, ["", "device.id", "registeredAt"]);
    }

    #[test]
    fn what_a_report_says_to_others_is_let_be() {
        let report = read(json!({
            "externalId": "hr-1",
            "device": { "id": "d-1", "colour": "blue" },
            "registeredAt": "2026-01-31T09:30:00Z",
            "tenant": { "id": 7 },
        }));

        assert!(matches!(
            report.unwrap().registrant,
            Registrant::External(_)
        ));
    }
}
