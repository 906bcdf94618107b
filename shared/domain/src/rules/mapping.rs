//! Reading a message of a device management by a mapping: what it says, of which device, and whose that is.
//! A message is hostile until it is read: documents inside it are bounded in size and depth.

pub mod built_in;
mod unwrapping;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::model::mapping::{Condition, DeviceFields, Field, Mapping, PersonFields, Said};
use crate::model::registration::DeviceFacts;
use crate::model::reported_device::{Claimant, DeviceMessage, add_once};
use crate::rules::device_facts::{self, Facts, time};
use crate::values::address::EmailAddress;
use crate::values::ids::{DeviceId, ExternalId};
use crate::values::problem::FieldProblem;
use crate::values::session_ids::Reference;
use crate::values::source_name::SourceName;
use crate::values::user_name::UserName;

/// Why a message says nothing of a device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotRead {
    /// It is about something else.
    #[error("the message is passed over: {}", .0.as_str())]
    PassedOver(Passed),
    /// It cannot be understood; another mapping may do.
    #[error("{0}")]
    NotUnderstood(Fault),
}

/// Why a message is passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passed {
    /// The mapping says so.
    Ignored,
    /// The mapping says nothing of such messages.
    NoRule,
}

impl Passed {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ignored => "the mapping ignores it",
            Self::NoRule => "no rule of the mapping is for it",
        }
    }

    /// A stable name for programs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ignored => "ignored",
            Self::NoRule => "noRule",
        }
    }
}

/// Why a message cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Fault {
    /// A stable name for programs.
    pub code: &'static str,
    /// A sentence for people, which holds nothing of the message.
    pub detail: String,
}

impl Fault {
    /// A fault of this name.
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
        }
    }
}

impl NotRead {
    /// A stable name for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::PassedOver(why) => why.code(),
            Self::NotUnderstood(fault) => fault.code,
        }
    }
}

/// Where a mapping looked for a value in a message, and what it found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traced {
    /// The field of the mapping: `device.serial`, `person.email`, `time`.
    pub field: String,
    /// Where it was looked for, in this order.
    pub pointers: Vec<String>,
    /// Where something stood; nothing if nowhere.
    pub found_by: Option<String>,
    /// What was made of it, as text; nothing if it means nothing.
    pub value: Option<String>,
}

/// Where a mapping looks in a message for each of its fields, whatever the message says.
pub fn trace(mapping: &Mapping, body: &[u8]) -> Result<Vec<Traced>, Fault> {
    let message = unpacked(mapping, body)?;
    let device = mapping.device.facts();
    let device = device.map(|(name, field)| (format!("device.{name}"), field));
    let person = mapping.person.fields();
    let person = person.map(|(name, field)| (format!("person.{name}"), field));
    let time = mapping.time.iter().map(|field| ("time".to_owned(), field));
    let of_rules = mapping.rules.iter().enumerate();
    let of_rules = of_rules
        .filter_map(|(index, rule)| Some((format!("rules[{index}].time"), rule.time.as_ref()?)));
    let time = time.chain(of_rules);
    let id = std::iter::once(("device.id".to_owned(), &mapping.device.id));
    let fields = id.chain(device).chain(person).chain(time);
    Ok(fields
        .map(|(name, field)| Traced {
            field: name,
            pointers: field.from.clone(),
            found_by: standing(field, &message).map(|(pointer, _)| pointer.to_owned()),
            value: found(field, &message).map(written),
        })
        .collect())
}

/// A value as text: without the quotes of JSON.
fn written(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// A message with the documents inside it unpacked.
fn unpacked(mapping: &Mapping, body: &[u8]) -> Result<Value, Fault> {
    let mut message = unwrapping::document(body)?;
    for unwrap in &mapping.unwrap {
        unwrapping::unwrap(&mut message, unwrap)?;
    }
    Ok(message)
}

/// Reads a message of a source.
pub fn read(mapping: &Mapping, source: &SourceName, body: &[u8]) -> Result<DeviceMessage, NotRead> {
    let message = unpacked(mapping, body).map_err(NotRead::NotUnderstood)?;
    if mapping.ignore.iter().any(|one| holds(one, &message)) {
        return Err(NotRead::PassedOver(Passed::Ignored));
    }
    let rule = mapping
        .rules
        .iter()
        .find(|rule| rule.when.iter().all(|one| holds(one, &message)))
        .ok_or(NotRead::PassedOver(Passed::NoRule))?;
    let mut ignored = Vec::new();
    let device = device(&mapping.device, source, &message, &mut ignored)?;
    let claimants = match rule.says {
        Said::Enrolled => claimants(&mapping.person, &message, &mut ignored),
        Said::Facts | Said::Unenrolled => Vec::new(),
    };
    let time = rule.time.as_ref().or(mapping.time.as_ref());
    let at = time.and_then(|field| found(field, &message));
    let at = at.and_then(|value| moment(&value, &mut ignored));
    Ok(DeviceMessage {
        says: rule.says,
        device,
        claimants,
        at,
        repeats: rule.repeats,
        ignored,
    })
}

fn moment(value: &Value, ignored: &mut Vec<FieldProblem>) -> Option<Timestamp> {
    time::read(value, "time", ignored)
}

fn device(
    fields: &DeviceFields,
    source: &SourceName,
    message: &Value,
    ignored: &mut Vec<FieldProblem>,
) -> Result<DeviceFacts, NotRead> {
    let id = found(&fields.id, message).unwrap_or(Value::Null);
    let id = device_facts::id(&id)
        .and_then(|id| id.ok_or_else(|| FieldProblem::new("", "missing", "is not there")))
        .and_then(|id| DeviceId::parse(&format!("{source}:{id}")))
        .map_err(|problem| {
            let detail = format!("the device's id {}", problem.detail);
            NotRead::NotUnderstood(Fault::new("noDeviceId", detail))
        })?;
    let told: Map<String, Value> = fields
        .facts()
        .filter_map(|(name, field)| Some((name.to_owned(), found(field, message)?)))
        .collect();
    let mut facts = Facts {
        within: "device",
        of: &told,
        ignored,
    };
    let (platform, version) = facts.platform("platform");
    Ok(DeviceFacts {
        id,
        name: facts.label("name"),
        os_version: facts.label("osVersion").or(version),
        serial: facts.label("serial"),
        supervised: facts.truth("supervised"),
        enrollment_type: facts.enrollment("enrollmentType"),
        ownership: facts.ownership("ownership"),
        platform,
    })
}

/// Whom a message names, the most certain first. What names nobody by its form is let be.
fn claimants(
    person: &PersonFields,
    message: &Value,
    ignored: &mut Vec<FieldProblem>,
) -> Vec<Claimant> {
    let mut named = Vec::new();
    for (name, field) in person.fields() {
        let Some(value) = found(field, message) else {
            continue;
        };
        let by_this = device_facts::text(&value).and_then(|text| match (name, text) {
            (_, None) => Ok(Vec::new()),
            ("reference", Some(text)) => Reference::parse(&text)
                .map(|reference| vec![Claimant::Reference(reference.digest())])
                .ok_or_else(|| FieldProblem::new("", "malformedId", "is no reference of ours")),
            ("email", Some(text)) => {
                EmailAddress::parse(&text).map(|address| vec![Claimant::Address(address)])
            }
            ("userName", Some(text)) => by_user_name(&text),
            (_, Some(text)) => ExternalId::parse(&text).map(|id| vec![Claimant::External(id)]),
        });
        match by_this {
            Ok(by_this) => add_once(&mut named, by_this),
            Err(problem) => ignored.push(problem.under(&format!("person.{name}"))),
        }
    }
    named
}

/// Whoever signs in by this; if it is an address, whoever has that address, too.
fn by_user_name(text: &str) -> Result<Vec<Claimant>, FieldProblem> {
    let mut named = vec![Claimant::UserName(UserName::parse(text)?)];
    named.extend(EmailAddress::parse(text).map(Claimant::Address));
    Ok(named)
}

/// What stands where a pointer points; null and an empty text are nothing.
fn at<'a>(message: &'a Value, pointer: &str) -> Option<&'a Value> {
    message.pointer(pointer).filter(|value| match value {
        Value::Null => false,
        Value::String(text) => !crate::values::text::is_blank(text),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => true,
    })
}

fn holds(condition: &Condition, message: &Value) -> bool {
    let value = at(message, &condition.of);
    let is_there = condition
        .present
        .is_none_or(|wanted| wanted == value.is_some());
    let is_one =
        condition.one_of.is_empty() || value.is_some_and(|value| condition.one_of.contains(value));
    is_there && is_one
}

/// The first place of a field at which something stands, and what does.
fn standing<'a>(field: &'a Field, message: &'a Value) -> Option<(&'a str, &'a Value)> {
    field
        .from
        .iter()
        .filter_map(|pointer| Some((pointer.as_str(), at(message, pointer)?)))
        .find(|(_, value)| !field.except.contains(value))
}

/// The value of a field, with what is made of it.
fn found(field: &Field, message: &Value) -> Option<Value> {
    let (_, value) = standing(field, message)?;
    if let Some(meaning) = &field.when_present {
        return Some(meaning.clone());
    }
    let text = || match value {
        Value::String(text) => Some(crate::values::text::trimmed(text).to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    if let Some(map) = &field.map {
        return map.get(&text()?).cloned();
    }
    if let Some(beginnings) = &field.starts_with {
        let text = text()?;
        // The longest that fits says most.
        let fitting = beginnings
            .iter()
            .filter(|(begin, _)| text.starts_with(*begin));
        return fitting
            .max_by_key(|(begin, _)| begin.len())
            .map(|(_, meaning)| meaning.clone());
    }
    Some(value.clone())
}

#[cfg(test)]
mod tests;
