//! A person as a document of SCIM, and back.

use std::collections::BTreeSet;

use beckon_domain::model::directory::{
    DirectoryAttribute, DirectoryEmail, DirectoryFacts, DirectoryName, DirectoryPerson,
    DirectoryProfile, DirectoryText, MAX_EMAILS,
};
use beckon_domain::model::user::User;
use beckon_domain::rules::directory::chosen_address;
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::ids::ExternalId;
use beckon_domain::values::text::is_blank;
use beckon_domain::values::user_name::UserName;
use serde_json::{Map, Value, json};

use crate::answer::Refusal;
use crate::attributes::{self, ENTERPRISE, USER};

/// A user as the directory reads them.
pub(crate) fn resource(user: &User, base: &str) -> Value {
    let mut resource = written(&DirectoryPerson::of(user));
    let meta = json!({
        "resourceType": "User",
        "created": user.added_at.to_string(),
        "location": format!("{base}/Users/{}", user.id),
        "version": version_of(user),
    });
    let groups: Vec<Value> = user
        .memberships
        .named()
        .map(|(id, name)| json!({ "value": id.to_string(), "display": name.as_str(), "type": "direct" }))
        .collect();
    if !groups.is_empty() {
        resource.insert("groups".to_owned(), groups.into());
    }
    let mut schemas = vec![USER];
    if resource.contains_key(ENTERPRISE) {
        schemas.push(ENTERPRISE);
    }
    resource.insert("schemas".to_owned(), json!(schemas));
    resource.insert("id".to_owned(), user.id.to_string().into());
    resource.insert("meta".to_owned(), meta);
    Value::Object(resource)
}

/// The version of a user, as an entity tag.
pub(crate) fn version_of(user: &User) -> String {
    format!("W/\"{}\"", user.version.get())
}

/// What a directory may write of a person; what is not said is left out.
pub(crate) fn written(person: &DirectoryPerson) -> Map<String, Value> {
    let profile = &person.profile;
    let line = |text: &Option<DirectoryText>| text.as_ref().map(|text| json!(text.as_str()));
    let name = [
        ("formatted", line(&profile.name.formatted)),
        ("familyName", line(&profile.name.family_name)),
        ("givenName", line(&profile.name.given_name)),
    ];
    let name = object(name);
    let emails: Vec<Value> = profile
        .emails
        .iter()
        .map(|email| {
            Value::Object(object([
                ("value", Some(json!(email.value.as_str()))),
                ("type", line(&email.kind)),
                ("primary", email.primary.map(Value::from)),
            ]))
        })
        .collect();
    let mut title = None;
    let mut enterprise = Map::new();
    for attribute in DirectoryAttribute::ALL {
        let Some(said) = profile.facts.get(attribute) else {
            continue;
        };
        if attributes::is_of_enterprise(attribute) {
            enterprise.insert(attribute.name().to_owned(), json!(said.as_str()));
        } else {
            title = Some(json!(said.as_str()));
        }
    }
    object([
        ("title", title),
        (
            ENTERPRISE,
            (!enterprise.is_empty()).then_some(Value::Object(enterprise)),
        ),
        ("userName", Some(json!(person.user_name.as_str()))),
        (
            "externalId",
            person.external_id.as_ref().map(|id| json!(id.as_str())),
        ),
        ("displayName", line(&profile.display_name)),
        ("name", (!name.is_empty()).then_some(Value::Object(name))),
        (
            "emails",
            (!emails.is_empty()).then_some(Value::Array(emails)),
        ),
        ("active", Some(json!(person.active))),
        ("preferredLanguage", line(&profile.preferred_language)),
        ("locale", line(&profile.locale)),
        ("timezone", line(&profile.time_zone)),
    ])
}

fn object<const N: usize>(fields: [(&str, Option<Value>); N]) -> Map<String, Value> {
    let given = fields.into_iter();
    given
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}

/// A person as a document says them. What Beckon does not keep is passed over, and so is what only Beckon says.
/// `active` is who says nothing of it; of the attributes that mails may use, those are kept that are `taken`.
pub(crate) fn parse(
    document: &Map<String, Value>,
    active: bool,
    taken: &BTreeSet<DirectoryAttribute>,
) -> Result<DirectoryPerson, Refusal> {
    let fields: Map<String, Value> = document
        .iter()
        .map(|(name, value)| (attributes::spelt(name), value.clone()))
        .collect();
    let user_name = text_of(&fields, "userName")?.unwrap_or_default();
    let user_name = UserName::parse(&user_name).map_err(|problem| problem.under("userName"))?;
    let external_id = text_of(&fields, "externalId")?.filter(|id| !id.trim().is_empty());
    let external_id = external_id
        .map(|id| ExternalId::parse(&id).map_err(|problem| problem.under("externalId")))
        .transpose()?;
    let active = match fields.get("active") {
        None | Some(Value::Null) => active,
        Some(value) => truth(value, "active")?,
    };
    Ok(DirectoryPerson {
        user_name,
        external_id,
        active,
        profile: DirectoryProfile {
            display_name: line_of(&fields, "displayName", "displayName")?,
            name: name_of(fields.get("name"))?,
            emails: emails_of(fields.get("emails"))?,
            preferred_language: line_of(&fields, "preferredLanguage", "preferredLanguage")?,
            locale: line_of(&fields, "locale", "locale")?,
            time_zone: line_of(&fields, "timezone", "timezone")?,
            facts: facts_of(&fields, taken)?,
        },
    })
}

fn facts_of(
    fields: &Map<String, Value>,
    taken: &BTreeSet<DirectoryAttribute>,
) -> Result<DirectoryFacts, Refusal> {
    let mut facts = DirectoryFacts::default();
    let mut set = |path: &str, value: &Value| {
        let Some(attribute) = attributes::fact_at(path).filter(|one| taken.contains(one)) else {
            return Ok::<_, Refusal>(());
        };
        let one = Map::from_iter([("value".to_owned(), value.clone())]);
        let said = line_of(&one, "value", attribute.name())?;
        facts.set(attribute, said);
        Ok(())
    };
    for (name, value) in fields {
        if name.eq_ignore_ascii_case(ENTERPRISE) {
            for (part, value) in value.as_object().into_iter().flatten() {
                set(&format!("{ENTERPRISE}:{part}"), value)?;
            }
        } else {
            set(name, value)?;
        }
    }
    Ok(facts)
}

fn text_of(fields: &Map<String, Value>, name: &str) -> Result<Option<String>, Refusal> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Refusal::value(format!("{name} must be a text."))),
    }
}

fn line_of(
    fields: &Map<String, Value>,
    name: &str,
    field: &str,
) -> Result<Option<DirectoryText>, Refusal> {
    let Some(text) = text_of(fields, name)? else {
        return Ok(None);
    };
    let line = DirectoryText::parse(&text).map_err(|problem| problem.under(field))?;
    Ok(line)
}

/// True or false; Entra ID writes them as texts.
pub(crate) fn truth(value: &Value, field: &str) -> Result<bool, Refusal> {
    match value {
        Value::Bool(truth) => Ok(*truth),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Ok(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(Refusal::value(format!("{field} must be true or false."))),
    }
}

/// The fields of a part, spelt as the schema spells them.
fn parts_of(value: &Value, field: &str) -> Result<Map<String, Value>, Refusal> {
    let parts = value
        .as_object()
        .ok_or_else(|| Refusal::value(format!("{field} must be an object.")))?;
    let parts = parts.iter();
    Ok(parts
        .map(|(name, value)| (attributes::spelt(name), value.clone()))
        .collect())
}

fn name_of(value: Option<&Value>) -> Result<DirectoryName, Refusal> {
    let Some(value) = value.filter(|value| !value.is_null()) else {
        return Ok(DirectoryName::default());
    };
    let parts = parts_of(value, "name")?;
    Ok(DirectoryName {
        formatted: line_of(&parts, "formatted", "name.formatted")?,
        given_name: line_of(&parts, "givenName", "name.givenName")?,
        family_name: line_of(&parts, "familyName", "name.familyName")?,
    })
}

fn emails_of(value: Option<&Value>) -> Result<Vec<DirectoryEmail>, Refusal> {
    let items = match value {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(items)) => items.as_slice(),
        Some(one) => std::slice::from_ref(one),
    };
    let mut said = Vec::new();
    for item in items {
        said.extend(SaidEmail::of(item)?);
    }
    if said.iter().filter(|one| one.primary == Some(true)).count() > 1 {
        return Err(Refusal::value(
            "emails must hold one primary address at most.",
        ));
    }
    let uses = said.iter().map(|one| (one.kind.as_ref(), one.primary));
    let chosen = chosen_address(&uses.collect::<Vec<_>>());
    let mut emails = Vec::new();
    for (place, one) in said.into_iter().enumerate() {
        match EmailAddress::parse(&one.value) {
            Ok(value) => emails.push(DirectoryEmail {
                value,
                kind: one.kind,
                primary: one.primary,
            }),
            Err(problem) if chosen == Some(place) => {
                return Err(problem.under("emails.value").into());
            }
            // Nobody writes there.
            Err(_) => {}
        }
    }
    if emails.len() > MAX_EMAILS {
        return Err(Refusal::value(format!(
            "emails must hold at most {MAX_EMAILS} addresses."
        )));
    }
    Ok(emails)
}

/// An address as it is said, which may be none.
struct SaidEmail {
    value: String,
    kind: Option<DirectoryText>,
    primary: Option<bool>,
}

impl SaidEmail {
    /// What an element of the list says; `None`: it has no address, and says nothing.
    fn of(item: &Value) -> Result<Option<Self>, Refusal> {
        let parts = match item {
            Value::String(_) => Map::from_iter([("value".to_owned(), item.clone())]),
            item => parts_of(item, "emails")?,
        };
        let value = text_of(&parts, "value")?.filter(|value| !is_blank(value));
        let primary = match parts.get("primary") {
            None | Some(Value::Null) => None,
            Some(value) => Some(truth(value, "emails.primary")?),
        };
        let kind = line_of(&parts, "type", "emails.type")?;
        Ok(value.map(|value| Self {
            value,
            kind,
            primary,
        }))
    }
}

#[cfg(test)]
mod tests;
