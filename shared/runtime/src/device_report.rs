//! What a device management says of a device that was registered: the `detail` of its event, and the
//! body of the same report over HTTP.
//!
//! A report is refused if it names nobody or no device. Everything else in it is additional: what is
//! not understood is let be and named, and the report counts.

use beckon_domain::model::registration::{DeviceFacts, DeviceRegistered, Registrant};
use beckon_domain::rules::device_facts::{self as facts, Facts, time};
use beckon_domain::usecases::confirm_registration::Reported;
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::ids::{DeviceId, ExternalId, IssueNumber};
use beckon_domain::values::problem::{FieldProblem, Problems};
use beckon_domain::values::session_ids::RegistrationId;
use beckon_domain::values::user_name::UserName;
use serde::Deserialize;
use serde_json::{Map, Value};

/// A device that was registered, and whose it is, as the device management writes it: nothing is
/// checked yet. The person is named by one of `registrationId`, `userId`, `externalId`, `userName` and
/// `email`; the first of them that is known counts. Fields that are not ours are let be. Text may be given as
/// a number, and one value as a list of one; what is null or empty is as good as left out, and what
/// is not understood is let be and named in the answer.
#[derive(Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct DeviceReport {
    /// What redeeming answered.
    #[schema(value_type = Option<String>)]
    registration_id: Value,
    /// Beckon's id of the user.
    #[schema(value_type = Option<String>)]
    user_id: Value,
    /// What your directory calls them.
    #[schema(value_type = Option<String>)]
    external_id: Value,
    /// What they sign in by.
    #[schema(value_type = Option<String>)]
    user_name: Value,
    /// Their address.
    #[schema(value_type = Option<String>)]
    email: Value,
    /// Which device.
    #[schema(value_type = ReportedDevice, required)]
    device: Value,
    /// When it was registered: as RFC 3339 writes it, or in seconds or milliseconds since 1970. If it
    /// is left out or cannot be, the time counts as unknown.
    #[schema(value_type = Option<String>, format = DateTime)]
    registered_at: Value,
}

/// What is known of a device; what is left out is unknown, and may be reported later.
#[derive(utoipa::ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes what `Facts` reads")]
pub struct ReportedDevice {
    /// The device management's own id for it.
    id: String,
    /// What it is called.
    name: Option<String>,
    /// Its platform, like `ios`. One that is known is kept by its name here, whatever you call it.
    platform: Option<String>,
    /// The version of its system.
    os_version: Option<String>,
    /// Its serial number.
    serial: Option<String>,
    /// Whether it is supervised; one that is, is company owned.
    supervised: Option<bool>,
    /// `user` for an enrolment that the person's own account carries, `device` for any other.
    /// `userEnrollment` and `appleUserEnrollment` are `user`. What is not understood decides nothing.
    enrollment_type: Option<String>,
    /// Whose it is as the device management says: `company` or `personal`, or any of their usual names, such as
    /// `companyOwned` and `EmployeeOwned`. It counts if `registration.useStatedOwnership` of the settings is on. What
    /// is not understood decides nothing.
    ownership: Option<String>,
}

/// A report that can be recorded.
#[derive(Debug)]
pub struct ReadReport {
    /// What it says.
    pub report: DeviceRegistered,
    /// What of it was let be, and why.
    pub ignored: Vec<FieldProblem>,
}

impl DeviceReport {
    /// Reads a report; everything that has to be put right is named.
    pub fn parse(self) -> Result<ReadReport, Vec<FieldProblem>> {
        let mut problems = Problems::default();
        let mut ignored = Vec::new();
        let registrants = self.registrants(&mut problems, &mut ignored);
        let device = match &self.device {
            Value::Object(device) => read_device(device, &mut problems, &mut ignored),
            other => {
                problems.add(FieldProblem::new(
                    "device",
                    if other.is_null() {
                        "missing"
                    } else {
                        "wrongType"
                    },
                    "must be an object with at least the device's id",
                ));
                None
            }
        };
        let registered_at = time::read(&self.registered_at, "registeredAt", &mut ignored);
        match device {
            Some(device) if problems.is_empty() => Ok(ReadReport {
                report: DeviceRegistered {
                    registrants,
                    device,
                    registered_at,
                },
                ignored,
            }),
            _ => Err(problems.into_vec()),
        }
    }

    /// Whom it may be about, the most certain first. What names nobody is only let be if another
    /// field may name somebody.
    fn registrants(
        &self,
        problems: &mut Problems,
        ignored: &mut Vec<FieldProblem>,
    ) -> Vec<Registrant> {
        let mut named = Vec::new();
        let mut unread = Vec::new();
        let mut take =
            |field: &str, value: &Value, read: fn(&str) -> Result<Registrant, FieldProblem>| {
                let parsed = match facts::id(value) {
                    Ok(None) => return,
                    Ok(Some(text)) => read(&text),
                    Err(problem) => Err(problem),
                };
                match parsed {
                    Ok(registrant) => named.push(registrant),
                    Err(problem) => unread.push(problem.under(field)),
                }
            };
        take("registrationId", &self.registration_id, |text| {
            let malformed = || {
                FieldProblem::new(
                    "",
                    "malformedId",
                    "must be the registrationId that redeeming answered",
                )
            };
            let id = RegistrationId::parse(text).ok_or_else(malformed)?;
            Ok(Registrant::Session(id))
        });
        take("userId", &self.user_id, |text| {
            Ok(Registrant::User(text.parse()?))
        });
        take("externalId", &self.external_id, |text| {
            Ok(Registrant::External(ExternalId::parse(text)?))
        });
        take("userName", &self.user_name, |text| {
            Ok(Registrant::UserName(UserName::parse(text)?))
        });
        take("email", &self.email, |text| {
            Ok(Registrant::Address(EmailAddress::parse(text)?))
        });
        if !named.is_empty() {
            ignored.append(&mut unread);
        } else if unread.is_empty() {
            problems.add(FieldProblem::new(
                "",
                "missing",
                "must name the person by registrationId, userId, externalId, userName or email",
            ));
        }
        for problem in unread {
            problems.add(problem);
        }
        named
    }
}

/// Writes a line of the log about a report that was recorded. A fact that was let be is named by its
/// path, never by its value.
pub fn note(reported: &Reported, ignored: &[FieldProblem]) {
    let ignored: Vec<String> = ignored
        .iter()
        .chain(&reported.ignored)
        .map(|problem| format!("{} {}", problem.field, problem.code))
        .collect();
    tracing::info!(
        outcome = reported.outcome.name(),
        issue = reported.issue.map(IssueNumber::get),
        not_completed = ?reported.not_completed.map(|not_completed| not_completed.why),
        time_unknown = reported.time_unknown,
        ignored = ignored.join(", "),
        "a registration was reported"
    );
}

fn read_device(
    device: &Map<String, Value>,
    problems: &mut Problems,
    ignored: &mut Vec<FieldProblem>,
) -> Option<DeviceFacts> {
    let id = match facts::id(device.get("id").unwrap_or(&Value::Null)) {
        Ok(Some(text)) => DeviceId::parse(&text),
        Ok(None) => Err(FieldProblem::new(
            "",
            "missing",
            "must be the device management's id for the device",
        )),
        Err(problem) => Err(problem),
    };
    let id = problems.check(id.map_err(|problem| problem.under("device.id")));
    let mut facts = Facts {
        within: "device",
        of: device,
        ignored,
    };
    let (platform, version) = facts.platform("platform");
    Some(DeviceFacts {
        name: facts.label("name"),
        os_version: facts.label("osVersion").or(version),
        serial: facts.label("serial"),
        supervised: facts.truth("supervised"),
        enrollment_type: facts.enrollment("enrollmentType"),
        ownership: facts.ownership("ownership"),
        platform,
        id: id?,
    })
}

#[cfg(test)]
mod tests;
