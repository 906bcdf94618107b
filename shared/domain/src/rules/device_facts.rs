//! Facts of a device as device managements write them: each is read as far as it can be understood, and
//! what cannot is let be and named.

pub mod time;

use crate::model::ownership::{
    EnrollmentType, ReportedEnrollment, ReportedOwnership, StatedOwnership,
};
use crate::values::names::Label;
use crate::values::platform::Platform;
use crate::values::problem::FieldProblem;
use crate::values::text::is_blank;
use serde_json::{Map, Value};

/// The facts of an object.
pub struct Facts<'a> {
    /// The name of the object.
    pub within: &'static str,
    /// The object.
    pub of: &'a Map<String, Value>,
    /// What was let be, and why.
    pub ignored: &'a mut Vec<FieldProblem>,
}

/// A value by itself: a list of one holds what it lists.
#[must_use]
pub fn single(value: &Value) -> &Value {
    match value {
        Value::Array(elements) => match elements.as_slice() {
            [one] if !one.is_array() => one,
            [] => &Value::Null,
            _ => value,
        },
        _ => value,
    }
}

/// Text, also where it was given as a number. Nothing, where it is empty.
pub fn text(value: &Value) -> Result<Option<String>, FieldProblem> {
    match single(value) {
        Value::Null => Ok(None),
        Value::String(text) if is_blank(text) => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        Value::Number(number) => Ok(Some(number.to_string())),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            Err(FieldProblem::new("", "wrongType", "must be text"))
        }
    }
}

/// An id, also where it was given as a whole number. Of a number with a fraction or too many digits,
/// nobody knows any more how it was written, and two ids would be one.
pub fn id(value: &Value) -> Result<Option<String>, FieldProblem> {
    match single(value) {
        Value::Number(number) if number.is_f64() => Err(FieldProblem::new(
            "",
            "wrongType",
            "must be text; this number is not kept digit by digit",
        )),
        other => text(other),
    }
}

impl Facts<'_> {
    fn value(&self, field: &str) -> &Value {
        self.of.get(field).unwrap_or(&Value::Null)
    }

    fn ignore(&mut self, field: &str, problem: FieldProblem) {
        let within = format!("{}.{field}", self.within);
        self.ignored.push(problem.under(&within));
    }

    fn understood<T>(&mut self, field: &str, read: Result<Option<T>, FieldProblem>) -> Option<T> {
        read.unwrap_or_else(|problem| {
            self.ignore(field, problem);
            None
        })
    }

    /// A line for people to read.
    pub fn label(&mut self, field: &str) -> Option<Label> {
        let read = text(self.value(field));
        let read = read.and_then(|text| text.map(|text| Label::parse(&text)).transpose());
        self.understood(field, read)
    }

    /// A platform, by its name here if it is known, and the version that stands in it.
    pub fn platform(&mut self, field: &str) -> (Option<Label>, Option<Label>) {
        let Some(told) = self.label(field) else {
            return (None, None);
        };
        let Some(known) = Platform::of(told.as_str()) else {
            return (Some(told), None);
        };
        // `Windows 10` names a version, `iPhone15,2` a model.
        let version = told
            .as_str()
            .rsplit_once(' ')
            .filter(|(name, _)| name.eq_ignore_ascii_case(known.brand()))
            .map(|(_, version)| version)
            .filter(|version| version.starts_with(|c: char| c.is_ascii_digit()));
        let version = version.and_then(|version| Label::parse(version).ok());
        (Label::parse(known.id()).ok(), version)
    }

    /// True or false, also where it was given as text or as a number.
    pub fn truth(&mut self, field: &str) -> Option<bool> {
        let value = single(self.value(field)).clone();
        let told = match &value {
            Value::Bool(truth) => return Some(*truth),
            other => text(other).ok().flatten(),
        };
        let truth = match told.map(|told| told.trim().to_ascii_lowercase()).as_deref() {
            Some("true" | "1" | "1.0") => Some(true),
            Some("false" | "0" | "0.0") => Some(false),
            _ => None,
        };
        let empty = matches!(text(&value), Ok(None));
        if truth.is_none() && !empty {
            let problem = FieldProblem::new("", "wrongType", "must be true or false");
            self.ignore(field, problem);
        }
        truth
    }

    /// Whose the device is, as the device management says.
    pub fn ownership(&mut self, field: &str) -> Option<StatedOwnership> {
        let read = text(self.value(field)).and_then(|told| {
            let Some(told) = told else { return Ok(None) };
            match StatedOwnership::parse(&told) {
                ReportedOwnership::Known(whose) => Ok(Some(whose)),
                ReportedOwnership::Unknown => Ok(None),
                ReportedOwnership::NotUnderstood => Err(FieldProblem::new(
                    "",
                    "unknownOwnership",
                    "must be company or personal, and decides nothing as it is",
                )),
            }
        });
        self.understood(field, read)
    }

    /// How the device enrolled.
    pub fn enrollment(&mut self, field: &str) -> Option<EnrollmentType> {
        let read = text(self.value(field)).and_then(|told| {
            let Some(told) = told else { return Ok(None) };
            match EnrollmentType::parse(&told) {
                ReportedEnrollment::Known(kind) => Ok(Some(kind)),
                ReportedEnrollment::Unknown => Ok(None),
                ReportedEnrollment::NotUnderstood => Err(FieldProblem::new(
                    "",
                    "unknownEnrollmentType",
                    "must be user or device, and decides nothing as it is",
                )),
            }
        });
        self.understood(field, read)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_of_one_is_what_it_lists_and_a_list_in_a_list_is_nothing_else() {
        assert_eq!(single(&json!(["a"])), &json!("a"));
        assert_eq!(single(&json!([])), &Value::Null);
        assert_eq!(single(&json!(["a", "b"])), &json!(["a", "b"]));
        assert_eq!(single(&json!([["a"]])), &json!([["a"]]));
    }

    #[test]
    fn an_id_is_kept_digit_by_digit_or_refused() {
        assert_eq!(id(&json!(42)).unwrap().unwrap(), "42");
        assert_eq!(id(&json!("042")).unwrap().unwrap(), "042");
        assert_eq!(id(&json!(null)).unwrap(), None);
        for number in [json!(1.5), json!(1e30), json!([4.0])] {
            assert_eq!(id(&number).unwrap_err().code, "wrongType", "{number}");
        }
    }

    #[test]
    fn whose_a_device_is_is_what_the_system_says_and_anything_else_is_named() {
        let read = |told: Value| {
            let of = json!({ "ownership": told });
            let mut ignored = Vec::new();
            let mut facts = Facts {
                within: "device",
                of: of.as_object().unwrap(),
                ignored: &mut ignored,
            };
            (facts.ownership("ownership"), ignored.len())
        };

        assert_eq!(read(json!("company")), (Some(StatedOwnership::Company), 0));
        assert_eq!(
            read(json!("personal")),
            (Some(StatedOwnership::Personal), 0)
        );
        assert_eq!(read(Value::Null), (None, 0));
        assert_eq!(read(json!("the moon's")), (None, 1));
    }

    #[test]
    fn true_and_false_are_understood_as_text_and_numbers_and_anything_else_is_named() {
        let read = |told: Value| {
            let of = json!({ "supervised": told });
            let mut ignored = Vec::new();
            let mut facts = Facts {
                within: "device",
                of: of.as_object().unwrap(),
                ignored: &mut ignored,
            };
            let truth = facts.truth("supervised");
            let named: Vec<String> = ignored.into_iter().map(|problem| problem.field).collect();
            (truth, named)
        };

        for told in [
            json!(true),
            json!(" True "),
            json!(1),
            json!("1"),
            json!(1.0),
            json!([true]),
        ] {
            assert_eq!(read(told.clone()), (Some(true), vec![]), "{told}");
        }
        for told in [
            json!(false),
            json!("FALSE"),
            json!(0),
            json!("0"),
            json!(0.0),
        ] {
            assert_eq!(read(told.clone()), (Some(false), vec![]), "{told}");
        }
        for told in [Value::Null, json!(""), json!(" "), json!([])] {
            assert_eq!(read(told.clone()), (None, vec![]), "{told}");
        }
        for told in [json!("yes"), json!(2), json!([true, false]), json!({})] {
            let named = vec!["device.supervised".to_owned()];
            assert_eq!(read(told.clone()), (None, named), "{told}");
        }
    }
}
