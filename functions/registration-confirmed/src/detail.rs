//! The `detail` of a *Device Registered* event.

use beckon_domain::values::problem::FieldProblem;
use beckon_runtime::DeviceReport;
use beckon_runtime::device_report::ReadReport;
use beckon_runtime::objects::Objects;
use serde_json::Value;

/// Reads a report; everything that has to be put right is named, by its path in the event.
pub fn parse(detail: &Value) -> Result<ReadReport, Vec<FieldProblem>> {
    let within = |problem: FieldProblem| problem.under("detail");
    let report: DeviceReport =
        serde_path_to_error::deserialize(Objects(detail)).map_err(|error| {
            let path = error.path().to_string();
            vec![within(FieldProblem::new(
                if path == "." { String::new() } else { path },
                "wrongType",
                "has the wrong type; see the event's fields in docs/events.md",
            ))]
        })?;
    report
        .parse()
        .map_err(|problems| problems.into_iter().map(within).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn everything_wrong_with_a_report_is_named_by_its_path() {
        let problems = parse(&json!({ "device": {}, "registeredAt": "yesterday" })).unwrap_err();

        let fields: Vec<&str> = problems
            .iter()
            .map(|problem| problem.field.as_str())
            .collect();
        assert_eq!(fields, ["detail", "detail.device.id"]);
    }

    #[test]
    fn a_detail_or_a_device_that_is_no_object_is_named() {
        let of = |detail| parse(&detail).unwrap_err().remove(0).field;
        let whole = ["id", "user", "external", "a@example.com"];

        assert_eq!(of(json!("a text")), "detail");
        assert_eq!(of(json!(whole)), "detail");
        assert_eq!(
            of(json!({ "email": "a@example.com", "device": ["a", "b"] })),
            "detail.device"
        );
    }

    #[test]
    fn what_is_not_understood_costs_no_report() {
        let read = parse(&json!({
            "email": "a@example.com",
            "device": { "id": "d-1", "supervised": "perhaps", "enrollmentType": "User" },
        }));

        assert_eq!(read.unwrap().ignored[0].field, "device.supervised");
    }
}
