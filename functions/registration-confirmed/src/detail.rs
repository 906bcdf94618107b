//! The `detail` of a *Device Registered* event.

use beckon_domain::problem::FieldProblem;
use beckon_domain::registration::DeviceRegistered;
use beckon_runtime::DeviceReport;
use serde_json::Value;

/// Reads a report; everything wrong is named, by its path in the event.
pub fn parse(detail: &Value) -> Result<DeviceRegistered, Vec<FieldProblem>> {
    let within = |problem: FieldProblem| problem.under("detail");
    let report: DeviceReport = serde_path_to_error::deserialize(detail).map_err(|error| {
        let path = error.path().to_string();
        vec![within(FieldProblem::new(
            if path == "." { String::new() } else { path },
            "wrongType",
            "has the wrong type; see the event's schema in the README",
        ))]
    })?;
    report
        .read()
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
        assert_eq!(
            fields,
            ["detail", "detail.device.id", "detail.registeredAt"]
        );
    }

    #[test]
    fn a_field_of_the_wrong_type_is_named_with_its_path() {
        let of = |detail| parse(&detail).unwrap_err().remove(0).field;

        assert_eq!(
            of(json!({ "device": { "supervised": "yes" } })),
            "detail.device.supervised"
        );
        assert_eq!(of(json!("a text")), "detail");
    }
}
