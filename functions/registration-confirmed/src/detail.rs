//! The `detail` of a *Device Registered* event.

use beckon_domain::address::EmailAddress;
use beckon_domain::ids::{DeviceId, ExternalId};
use beckon_domain::names::Label;
use beckon_domain::ownership::EnrollmentType;
use beckon_domain::problem::{FieldProblem, Problems};
use beckon_domain::registration::{DeviceFacts, DeviceRegistered, Registrant};
use beckon_domain::session::RegistrationId;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// What is written; unknown fields are let be, since an event may say more to others.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Detail {
    registration_id: Option<String>,
    user_id: Option<String>,
    external_id: Option<String>,
    email: Option<String>,
    device: Option<Device>,
    registered_at: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Device {
    id: Option<String>,
    name: Option<String>,
    platform: Option<String>,
    os_version: Option<String>,
    serial: Option<String>,
    supervised: Option<bool>,
    enrollment_type: Option<EnrollmentType>,
}

/// Reads a report; everything wrong is named.
pub fn parse(detail: &Value) -> Result<DeviceRegistered, Vec<FieldProblem>> {
    let detail: Detail = serde_path_to_error::deserialize(detail).map_err(|error| {
        let path = error.path().to_string();
        let field = if path == "." {
            "detail".to_owned()
        } else {
            format!("detail.{path}")
        };
        vec![FieldProblem::new(
            field,
            "wrongType",
            "has the wrong type; see the event's schema in the README",
        )]
    })?;
    let mut problems = Problems::default();
    let registrant = registrant(&detail, &mut problems);
    let device = if let Some(device) = detail.device {
        facts(device, &mut problems)
    } else {
        problems.add(FieldProblem::new(
            "detail.device",
            "missing",
            "must be an object with at least the device's id",
        ));
        None
    };
    let registered_at =
        if let Some(Ok(at)) = detail.registered_at.as_deref().map(str::parse::<Timestamp>) {
            Some(at)
        } else {
            problems.add(FieldProblem::new(
                "detail.registeredAt",
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

fn registrant(detail: &Detail, problems: &mut Problems) -> Option<Registrant> {
    let under = |field: &'static str| {
        move |problem: FieldProblem| problem.under(&format!("detail.{field}"))
    };
    // The most certain first; one is enough, and the others are then only additional.
    if let Some(text) = &detail.registration_id {
        return problems.check(
            RegistrationId::read(text)
                .map(Registrant::Session)
                .ok_or_else(|| {
                    FieldProblem::new(
                        "detail.registrationId",
                        "malformedId",
                        "must be the registrationId that redeeming answered",
                    )
                }),
        );
    }
    if let Some(text) = &detail.user_id {
        return problems.check(text.parse().map(Registrant::User).map_err(under("userId")));
    }
    if let Some(text) = &detail.external_id {
        return problems.check(
            ExternalId::parse(text)
                .map(Registrant::External)
                .map_err(under("externalId")),
        );
    }
    if let Some(text) = &detail.email {
        return problems.check(
            EmailAddress::parse(text)
                .map(Registrant::Address)
                .map_err(under("email")),
        );
    }
    problems.add(FieldProblem::new(
        "detail",
        "missing",
        "must name the person by registrationId, userId, externalId or email",
    ));
    None
}

fn facts(device: Device, problems: &mut Problems) -> Option<DeviceFacts> {
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
    let id = problems.check(id.map_err(|p| p.under("detail.device.id")));
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
    use serde_json::json;

    use super::*;

    #[test]
    fn a_whole_report_is_read() {
        let report = parse(&json!({
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
        let problems = parse(&json!({ "device": {}, "registeredAt": "yesterday" })).unwrap_err();

        let fields: Vec<&str> = problems
            .iter()
            .map(|problem| problem.field.as_str())
            .collect();
        assert_eq!(
            fields,
            ["detail", "detail.device.id", "detail.registeredAt"]
        );
    }

    #[test]
    fn a_field_of_the_wrong_type_is_named_with_its_path() {
        let problems = parse(&json!({ "device": { "supervised": "yes" } })).unwrap_err();

        assert_eq!(problems[0].field, "detail.device.supervised");
    }
}
