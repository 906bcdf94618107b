//! The attributes of users and groups: how they are spelt, which of them are the provider's alone, which are known and not kept,
//! and which a request wants to see.

use beckon_domain::model::directory::DirectoryAttribute;
use serde_json::{Map, Value};

/// The schema of a user.
pub(crate) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

/// The schema of a group.
pub(crate) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// The schema of what a user has besides in a company (RFC 7643, section 4.3).
pub(crate) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Whether an attribute belongs to the schema of a company's users.
pub(crate) const fn is_of_enterprise(attribute: DirectoryAttribute) -> bool {
    match attribute {
        DirectoryAttribute::Title => false,
        DirectoryAttribute::Department
        | DirectoryAttribute::Division
        | DirectoryAttribute::EmployeeNumber
        | DirectoryAttribute::CostCenter => true,
    }
}

/// The attribute at a path, if it is one that the settings may have kept.
pub(crate) fn fact_at(path: &str) -> Option<DirectoryAttribute> {
    let bare = path.get(..ENTERPRISE.len());
    let inside = bare
        .filter(|schema| schema.eq_ignore_ascii_case(ENTERPRISE))
        .and_then(|_| path.get(ENTERPRISE.len()..)?.strip_prefix([':', '.']));
    let (name, of_enterprise) = inside.map_or((path, false), |name| (name, true));
    DirectoryAttribute::ALL.into_iter().find(|attribute| {
        is_of_enterprise(*attribute) == of_enterprise && attribute.name().eq_ignore_ascii_case(name)
    })
}

/// What a group has that its members are not among the others of.
pub(crate) const MEMBERS: &str = "members";

/// What is kept of a user, as the schema spells it.
pub(crate) const KEPT: [&str; 9] = [
    "userName",
    "externalId",
    "displayName",
    "name",
    "emails",
    "active",
    "preferredLanguage",
    "locale",
    "timezone",
];

/// The parts of those that have parts.
const PARTS: [&str; 6] = [
    "formatted",
    "familyName",
    "givenName",
    "value",
    "type",
    "primary",
];

/// What only Beckon says.
pub(crate) const READ_ONLY: [&str; 3] = ["id", "meta", "groups"];

/// What RFC 7643 gives a user and Beckon does not keep: directories send it as they are set up at first, and a request
/// with it must not fail for that.
const NOT_KEPT: [&str; 12] = [
    "schemas",
    "nickName",
    "profileUrl",
    "title",
    "userType",
    "password",
    "phoneNumbers",
    "ims",
    "photos",
    "addresses",
    "entitlements",
    "roles",
];

/// Whether a path, spelt already, begins with the schema of users or of groups: what stands behind the schema is no attribute.
pub(crate) fn is_malformed(path: &str) -> bool {
    [USER, GROUP].into_iter().any(|schema| {
        let begins = path.get(..schema.len());
        begins.is_some_and(|own| own.eq_ignore_ascii_case(schema))
    })
}

/// Whether a text can be an attribute's path.
pub(crate) fn is_path(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '_' | '-' | '$');
    !text.is_empty() && text.chars().all(plain)
}

/// Whether an attribute's texts differ by case.
pub(crate) fn is_case_exact(path: &str) -> bool {
    matches!(path, "id" | "externalId")
}

/// A path without the schema before it, and spelt as the schema spells it where it is known there.
pub(crate) fn spelt(path: impl AsRef<str>) -> String {
    let path = path.as_ref();
    let behind = |schema: &str| {
        path.get(..schema.len())
            .filter(|own| own.eq_ignore_ascii_case(schema))
            .and_then(|_| path.get(schema.len()..)?.strip_prefix(':'))
    };
    let bare = behind(USER).or_else(|| behind(GROUP)).unwrap_or(path);
    // The dots of a schema's version are none between attributes.
    if bare.contains(':') {
        return bare.to_owned();
    }
    let known = |part: &str| {
        let all = KEPT.iter().chain(&PARTS).chain(&READ_ONLY).chain(&NOT_KEPT);
        let all = all.chain(std::iter::once(&MEMBERS));
        let mut same = all.filter(|name| name.eq_ignore_ascii_case(part));
        same.next()
            .map_or_else(|| part.to_owned(), |name| (*name).to_owned())
    };
    bare.split('.').map(known).collect::<Vec<_>>().join(".")
}

/// Whether an attribute is known and not kept.
pub(crate) fn is_not_kept(attribute: &str) -> bool {
    attribute.contains(':') || attribute == "x509Certificates" || NOT_KEPT.contains(&attribute)
}

/// The values at a path: of every element where a list stands. Of an element of a list its `value` is meant.
pub(crate) fn values_at<'a>(resource: &'a Value, path: &str) -> Vec<&'a Value> {
    let mut found = vec![resource];
    for part in path.split('.') {
        found = found
            .into_iter()
            .filter_map(|value| value.get(part))
            .flat_map(|value| match value {
                Value::Array(items) => items.iter().collect::<Vec<_>>(),
                value => vec![value],
            })
            .collect();
    }
    let whole = |value: &'a Value| match value {
        Value::Object(fields) => fields.get("value").unwrap_or(value),
        value => value,
    };
    found.into_iter().map(whole).collect()
}

/// Which attributes a request wants to see.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    only: Option<Vec<String>>,
    without: Vec<String>,
}

impl Wanted {
    pub(crate) fn new(only: Option<&str>, without: Option<&str>) -> Self {
        let paths = |list: &str| {
            let paths = list.split(',').map(str::trim);
            paths.filter(|path| !path.is_empty()).map(spelt).collect()
        };
        Self {
            only: only
                .map(paths)
                .filter(|paths: &Vec<String>| !paths.is_empty()),
            without: without.map(paths).unwrap_or_default(),
        }
    }

    /// Whether anything of an attribute is wanted.
    pub(crate) fn includes(&self, attribute: &str) -> bool {
        let is_of = |path: &String| path.split('.').next() == Some(attribute);
        match &self.only {
            Some(only) => only.iter().any(is_of),
            None => !self.without.iter().any(|path| path == attribute),
        }
    }

    /// Whether the request names what it wants to see.
    pub(crate) const fn names_some(&self) -> bool {
        self.only.is_some()
    }

    /// A resource with what is wanted of it. Its id and its schemas are always there.
    pub(crate) fn of(&self, resource: Value) -> Value {
        let Value::Object(fields) = resource else {
            return resource;
        };
        let always = |name: &str| matches!(name, "id" | "schemas");
        let mut seen = Map::new();
        for (name, value) in fields {
            if always(&name) {
                seen.insert(name, value);
                continue;
            }
            let value = match &self.only {
                Some(only) => kept(&name, value, only, true),
                None => kept(&name, value, &self.without, false),
            };
            if let Some(value) = value {
                seen.insert(name, value);
            }
        }
        Value::Object(seen)
    }
}

/// An attribute as far as the paths name it, or as far as they do not.
fn kept(name: &str, value: Value, paths: &[String], named: bool) -> Option<Value> {
    if paths.iter().any(|path| path == name) {
        return named.then_some(value);
    }
    let parts: Vec<&str> = paths
        .iter()
        .filter_map(|path| path.strip_prefix(name)?.strip_prefix('.'))
        .collect();
    if parts.is_empty() {
        return (!named).then_some(value);
    }
    Some(in_part(value, &parts, named))
}

fn in_part(value: Value, parts: &[&str], named: bool) -> Value {
    match value {
        Value::Object(fields) => {
            let fits = |name: &String| parts.contains(&name.as_str()) == named;
            Value::Object(fields.into_iter().filter(|(name, _)| fits(name)).collect())
        }
        Value::Array(items) => {
            let items = items.into_iter();
            Value::Array(items.map(|item| in_part(item, parts, named)).collect())
        }
        value => value,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_is_spelt_as_the_schema_spells_it_and_another_schema_stays() {
        let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";
        for (path, spelling) in [
            ("USERNAME", "userName"),
            ("Name.GivenName", "name.givenName"),
            (
                "urn:ietf:params:scim:schemas:core:2.0:User:emails.Value",
                "emails.value",
            ),
            ("favouriteColour", "favouriteColour"),
            (enterprise, enterprise),
        ] {
            assert_eq!(spelt(path), spelling);
        }
        assert!(is_not_kept(enterprise) && is_not_kept("title"));
        assert!(!is_not_kept("userName") && !is_not_kept("favouriteColour"));
    }

    #[test]
    fn a_request_sees_what_it_wants_and_always_the_id() {
        let person = json!({
            "schemas": [USER], "id": "7", "userName": "ada",
            "name": { "givenName": "Ada", "familyName": "Lovelace" },
            "emails": [{ "value": "ada@example.com", "type": "work" }],
        });

        let only = Wanted::new(Some("username,name.givenName"), None).of(person.clone());
        let without = Wanted::new(None, Some("emails.type, NAME")).of(person.clone());

        assert_eq!(
            only,
            json!({ "schemas": [USER], "id": "7", "userName": "ada", "name": { "givenName": "Ada" } })
        );
        assert_eq!(
            without,
            json!({ "schemas": [USER], "id": "7", "userName": "ada", "emails": [{ "value": "ada@example.com" }] })
        );
        assert_eq!(Wanted::default().of(person.clone()), person);
    }
}
