use serde_json::json;

use super::*;

fn parsed(drafts: serde_json::Value) -> (Option<Vec<DeviceSource>>, Vec<String>) {
    let drafts: Vec<DeviceSourceDraft> = serde_json::from_value(drafts).unwrap();
    let mut problems = Problems::default();
    let sources = parse(drafts, &mut problems);
    let fields = problems.into_vec().into_iter().map(|problem| problem.field);
    (sources, fields.collect())
}

#[test]
fn a_system_that_is_known_needs_a_name_alone_and_comes_back_as_it_is() {
    let (sources, problems) = parsed(json!([
        { "name": "phones", "kind": "nanomdm" },
        { "name": "macs", "kind": "jamf" },
        { "name": "fleet", "kind": "fleet" },
        { "name": "simple", "kind": "simplemdm", "api": {} },
    ]));

    assert_eq!(problems, [""; 0]);
    let sources = sources.unwrap();
    assert!(
        matches!(&sources[0].authentication, Authentication::Hmac { header, encoding: Encoding::Base64, .. } if header == "X-Hmac-Signature")
    );
    assert_eq!(sources[1].authentication, Authentication::Basic);
    let asked_at = sources[3].api.as_ref().unwrap().address.as_str();
    assert_eq!(asked_at, "https://a.simplemdm.com");
    let again: Vec<DeviceSourceDraft> = sources.iter().cloned().map(Into::into).collect();
    let mut problems = Problems::default();
    assert_eq!(parse(again, &mut problems), Some(sources));
}

#[test]
fn everything_wrong_with_sources_is_named_by_its_path() {
    let (_, problems) = parsed(json!([
        { "name": "Not a name", "kind": "jamf" },
        { "name": "one", "kind": "generic" },
        { "name": "two", "kind": "generic", "authentication": { "type": "hmac" }, "mapping": {} },
        { "name": "three", "kind": "android", "authentication": { "type": "google" } },
        { "name": "macs", "kind": "jamf" },
        { "name": "macs", "kind": "jamf" },
    ]));

    for field in [
        "deviceSources[0].name",
        "deviceSources[1].authentication",
        "deviceSources[1].mapping",
        "deviceSources[2].authentication.header",
        "deviceSources[2].mapping.rules",
        "deviceSources[3].authentication.audience",
        "deviceSources[3].authentication.account",
        "deviceSources[5].name",
    ] {
        assert!(
            problems.iter().any(|own| own == field),
            "{field}: {problems:?}"
        );
    }
}
