//! What the messages of a device management mean, as data: where in a message a fact stands, which message
//! says that a device enrolled, and what is let be. The built-in ones stand in `rules/mapping/built_in`;
//! reading a message by one is a rule, [`crate::rules::mapping`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::values::problem::{FieldProblem, Problems};

/// The most entries of any list in a mapping.
const MAX_ENTRIES: usize = 64;

/// The most bytes of a mapping, as JSON: the settings are one row.
const MAX_BYTES: usize = 8 * 1024;

/// How the messages of one system are read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Mapping {
    /// Documents inside the message, unpacked in this order before anything else is looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unwrap: Vec<Unwrap>,
    /// Messages for which any of these holds are passed over.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<Condition>,
    /// What messages say; the first whose conditions all hold. A message for which none holds is passed over.
    pub rules: Vec<MessageRule>,
    /// Whose the device is.
    pub person: PersonFields,
    /// The device.
    pub device: DeviceFields,
    /// When it happened: a time with its offset, or seconds or milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Field>,
}

/// A document inside the message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Unwrap {
    /// Where it stands, as a JSON pointer (RFC 6901). Where nothing stands, nothing is unpacked.
    pub from: String,
    /// How it is packed.
    #[serde(rename = "as")]
    pub form: Packed,
    /// The name that it has from then on, at the top of the message.
    pub to: String,
    /// Whether something else may stand there: then nothing is unpacked. Otherwise the message is not understood.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

/// How a document is packed into a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum Packed {
    /// The text is JSON.
    Json,
    /// The text is JSON in Base64.
    Base64Json,
    /// The text is a property list of Apple's, of either form, in Base64.
    Base64Plist,
}

/// Something that holds of a message, or does not. All that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Condition {
    /// Of which value, as a JSON pointer.
    pub of: String,
    /// It is one of these.
    #[serde(rename = "in", skip_serializing_if = "Vec::is_empty")]
    pub one_of: Vec<Value>,
    /// Whether it is there at all; null and an empty text are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub present: Option<bool>,
}

/// What a message says of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum Said {
    /// It enrolled.
    Enrolled,
    /// More is known of it.
    Facts,
    /// It is managed no longer.
    Unenrolled,
}

/// Which messages say so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MessageRule {
    /// What they say.
    pub says: Said,
    /// What holds of them, all of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<Condition>,
    /// When it happened, where these messages say so elsewhere than the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Field>,
    /// Whether devices that are enrolled already send such messages, too. One that names nobody, or whom the device named
    /// when it enrolled, then leaves it with whom it is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub repeats: bool,
}

/// Where a fact stands, and what is made of it. Without any of `map`, `startsWith` and `whenPresent` it is taken
/// as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Field {
    /// JSON pointers; the first at which something stands counts. Null and an empty text are nothing.
    pub from: Vec<String>,
    /// Values that mean that there is none, like `"-1"`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<Value>,
    /// What each value means; one that is not named means nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub map: Option<BTreeMap<String, Value>>,
    /// What a text means that begins like this; one that begins otherwise means nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_with: Option<BTreeMap<String, Value>>,
    /// What it means that anything stands there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when_present: Option<Value>,
}

/// Whose a device is: the first of these, in this order, that names somebody who is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PersonFields {
    /// What `{reference}` in an enrolment address was filled with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<Field>,
    /// The person's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<Field>,
    /// What the directory calls them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<Field>,
    /// What they sign in by. One that is an address names whoever has that address, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_name: Option<Field>,
}

/// Where the facts of a device stand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DeviceFields {
    /// The system's own id for it, which every message of the device must hold.
    pub id: Field,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Field>,
    /// Its platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<Field>,
    /// The version of its operating system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os_version: Option<Field>,
    /// Its serial number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<Field>,
    /// Whether it is supervised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supervised: Option<Field>,
    /// How it enrolled: `user` or `device`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enrollment_type: Option<Field>,
    /// Whose it is as the system says: `company` or `personal`, or any of their usual names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ownership: Option<Field>,
}

impl DeviceFields {
    /// The facts beside the id, by their names in a report.
    pub fn facts(&self) -> impl Iterator<Item = (&'static str, &Field)> {
        [
            ("name", &self.name),
            ("platform", &self.platform),
            ("osVersion", &self.os_version),
            ("serial", &self.serial),
            ("supervised", &self.supervised),
            ("enrollmentType", &self.enrollment_type),
            ("ownership", &self.ownership),
        ]
        .into_iter()
        .filter_map(|(name, field)| Some((name, field.as_ref()?)))
    }
}

impl PersonFields {
    /// What names a person, the most certain first.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, &Field)> {
        [
            ("reference", &self.reference),
            ("email", &self.email),
            ("externalId", &self.external_id),
            ("userName", &self.user_name),
        ]
        .into_iter()
        .filter_map(|(name, field)| Some((name, field.as_ref()?)))
    }
}

impl Mapping {
    /// Everything for which a mapping cannot be used.
    #[must_use]
    pub fn check(&self) -> Vec<FieldProblem> {
        let mut problems = Problems::default();
        let size = serde_json::to_vec(self).map_or(usize::MAX, |text| text.len());
        problems.ensure(size <= MAX_BYTES, || {
            FieldProblem::new("", "tooLong", "must be at most 8 KiB of JSON")
        });
        problems.ensure(!self.rules.is_empty(), || {
            FieldProblem::new(
                "rules",
                "missing",
                "must say which messages mean that a device enrolled",
            )
        });
        for (index, unwrap) in self.unwrap.iter().enumerate() {
            let field = format!("unwrap[{index}]");
            check_pointer(&unwrap.from, &format!("{field}.from"), &mut problems);
            problems.ensure(is_name(&unwrap.to), || {
                FieldProblem::new(
                    format!("{field}.to"),
                    "malformedName",
                    "must be a name of letters and digits, like plist",
                )
            });
        }
        for (index, condition) in self.ignore.iter().enumerate() {
            check_condition(condition, &format!("ignore[{index}]"), &mut problems);
        }
        for (index, rule) in self.rules.iter().enumerate() {
            for (place, condition) in rule.when.iter().enumerate() {
                let field = format!("rules[{index}].when[{place}]");
                check_condition(condition, &field, &mut problems);
            }
            if let Some(time) = &rule.time {
                check_field(time, &format!("rules[{index}].time"), &mut problems);
            }
        }
        check_field(&self.device.id, "device.id", &mut problems);
        for (name, field) in self.device.facts() {
            check_field(field, &format!("device.{name}"), &mut problems);
        }
        for (name, field) in self.person.fields() {
            check_field(field, &format!("person.{name}"), &mut problems);
        }
        if let Some(time) = &self.time {
            check_field(time, "time", &mut problems);
        }
        let most = [self.unwrap.len(), self.ignore.len(), self.rules.len()];
        problems.ensure(
            most.into_iter().all(|entries| entries <= MAX_ENTRIES),
            || {
                FieldProblem::new("", "tooMany", "has a list of more than 64 entries")
                    .with("most", 64)
            },
        );
        problems.into_vec()
    }
}

fn is_name(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn check_pointer(pointer: &str, field: &str, problems: &mut Problems) {
    problems.ensure(pointer.is_empty() || pointer.starts_with('/'), || {
        FieldProblem::new(
            field,
            "malformedPointer",
            "must be a JSON pointer (RFC 6901), like /device/serialNumber",
        )
    });
}

fn check_condition(condition: &Condition, field: &str, problems: &mut Problems) {
    check_pointer(&condition.of, &format!("{field}.of"), problems);
    let says = !condition.one_of.is_empty() || condition.present.is_some();
    problems.ensure(says, || {
        FieldProblem::new(field, "missing", "must say what holds: in, or present")
    });
}

fn check_field(of: &Field, field: &str, problems: &mut Problems) {
    problems.ensure((1..=MAX_ENTRIES).contains(&of.from.len()), || {
        FieldProblem::new(
            format!("{field}.from"),
            "missing",
            "must hold at least one JSON pointer, and at most 64",
        )
    });
    for (index, pointer) in of.from.iter().enumerate() {
        check_pointer(pointer, &format!("{field}.from[{index}]"), problems);
    }
    let meanings = [
        of.map.is_some(),
        of.starts_with.is_some(),
        of.when_present.is_some(),
    ];
    let meanings = meanings.into_iter().filter(|given| *given).count();
    problems.ensure(meanings <= 1, || {
        FieldProblem::new(
            field,
            "ambiguous",
            "must have one of map, startsWith and whenPresent",
        )
    });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn everything_wrong_with_a_mapping_is_named_by_its_path() {
        let mapping: Mapping = serde_json::from_value(json!({
            "unwrap": [{ "from": "payload", "as": "base64Json", "to": "a/b" }],
            "rules": [{ "says": "enrolled", "when": [{ "of": "/type" }] }],
            "device": { "id": { "from": [] }, "serial": { "from": ["/s"], "map": {}, "whenPresent": 1 } },
            "time": { "from": ["when"] },
        }))
        .unwrap();

        let fields: Vec<String> = mapping.check().into_iter().map(|p| p.field).collect();

        assert_eq!(
            fields,
            [
                "unwrap[0].from",
                "unwrap[0].to",
                "rules[0].when[0]",
                "device.id.from",
                "device.serial",
                "time.from[0]"
            ]
        );
        assert!(!Mapping::default().check().is_empty());
        let huge = Mapping {
            rules: vec![
                MessageRule {
                    says: Said::Facts,
                    when: Vec::new(),
                    time: None,
                    repeats: false
                };
                1_000
            ],
            ..mapping
        };
        assert!(huge.check().iter().any(|problem| problem.code == "tooLong"));
    }
}
