//! PATCH (RFC 7644, section 3.5.2), in the dialects of Entra ID and Okta: operations are named in any case; a value
//! without a path is an object whose keys may be paths themselves; what Beckon does not keep is passed over.

use beckon_domain::model::directory::DirectoryAttribute;
use serde_json::{Map, Value};

use crate::answer::Refusal;
use crate::attributes::{self, ENTERPRISE, KEPT, READ_ONLY, USER};
use crate::filter::Filter;
use crate::person::truth;

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Add,
    Replace,
    Remove,
}

/// An operation on what a path leads to.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) kind: Kind,
    /// `None`: the value says by its keys what it is of.
    pub(crate) path: Option<Path>,
    pub(crate) value: Option<Value>,
}

/// `emails[type eq "work"].value`.
#[derive(Debug, Clone)]
pub(crate) struct Path {
    pub(crate) attribute: String,
    pub(crate) filter: Option<Filter>,
    pub(crate) part: Option<String>,
}

/// A request to change a resource.
#[derive(Debug, Clone)]
pub(crate) struct Patch(Vec<Operation>);

impl Patch {
    /// Parses the body of a PATCH.
    pub(crate) fn parse(body: &Map<String, Value>) -> Result<Self, Refusal> {
        let operations = field(body, "Operations").and_then(Value::as_array);
        let operations = operations.ok_or_else(|| {
            Refusal::syntax("The body of a PATCH must have Operations, a list of operations.")
        })?;
        operations
            .iter()
            .map(Operation::parse)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The operations, in their order.
    pub(crate) fn operations(&self) -> &[Operation] {
        &self.0
    }

    /// A document as it is after the operations, one after the other.
    pub(crate) fn applied_to(
        &self,
        mut document: Map<String, Value>,
    ) -> Result<Map<String, Value>, Refusal> {
        for operation in &self.0 {
            let value = operation.value.as_ref();
            match operation.path_in(USER)? {
                Some(path) => apply(&mut document, operation.kind, path, value)?,
                None => apply_keys(&mut document, operation.kind, value)?,
            }
        }
        Ok(document)
    }
}

/// A field of an object, its name in any case.
fn field<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let mut fields = object.iter();
    let (_, value) = fields.find(|(own, _)| own.eq_ignore_ascii_case(name))?;
    Some(value)
}

impl Operation {
    fn parse(operation: &Value) -> Result<Self, Refusal> {
        let wrong = || Refusal::syntax("An operation must have op: add, replace or remove.");
        let operation = operation.as_object().ok_or_else(wrong)?;
        let op = field(operation, "op")
            .and_then(Value::as_str)
            .ok_or_else(wrong)?;
        let kind = match op.to_ascii_lowercase().as_str() {
            "add" => Kind::Add,
            "replace" => Kind::Replace,
            "remove" => Kind::Remove,
            _ => return Err(wrong()),
        };
        let path = match field(operation, "path") {
            None | Some(Value::Null) => None,
            Some(Value::String(path)) if path.trim().is_empty() => None,
            Some(Value::String(path)) => Some(Path::parse(path)?),
            Some(_) => return Err(Refusal::path("path must be a text.")),
        };
        let value = field(operation, "value").cloned();
        if kind == Kind::Remove && path.is_none() {
            return Err(nothing_to_remove());
        }
        if kind != Kind::Remove && value.is_none() {
            return Err(Refusal::value(format!("{op} must have a value.")));
        }
        Ok(Self { kind, path, value })
    }

    /// The path to an attribute of a resource with this schema. The schema by itself says no more than no path.
    pub(crate) fn path_in(&self, schema: &str) -> Result<Option<&Path>, Refusal> {
        let path = self.path.as_ref().filter(|path| !path.is(schema));
        if path.is_none() && self.kind == Kind::Remove {
            return Err(nothing_to_remove());
        }
        Ok(path)
    }
}

fn nothing_to_remove() -> Refusal {
    Refusal::no_target("remove must have a path to an attribute.")
}

impl Path {
    fn is(&self, schema: &str) -> bool {
        self.filter.is_none() && self.attribute.eq_ignore_ascii_case(schema)
    }

    /// What becomes of an attribute that is not kept: nothing, if there is such an attribute. `whose` it would be is said.
    pub(crate) fn passed_over(&self, whose: &str) -> Result<(), Refusal> {
        let attribute = self.attribute.as_str();
        if attributes::is_malformed(attribute) {
            return Err(Refusal::path(format!(
                "{attribute} is no path: an attribute stands behind the schema and a colon."
            )));
        }
        if attributes::is_not_kept(attribute) {
            return Ok(());
        }
        Err(Refusal::path(format!(
            "A {whose} has no attribute {attribute}; Schemas lists what there is."
        )))
    }

    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let wrong = || {
            Refusal::path(
                "A path must be like displayName, name.givenName or emails[type eq \"work\"].value.",
            )
        };
        let text = text.trim();
        let Some((head, rest)) = text.split_once('[') else {
            let spelt = attributes::spelt(text);
            let (attribute, part) = match spelt.split_once('.') {
                Some((attribute, part)) if !spelt.contains(':') => (attribute, Some(part)),
                _ => (spelt.as_str(), None),
            };
            if !attributes::is_path(attribute)
                || part.is_some_and(|part| !attributes::is_path(part))
            {
                return Err(wrong());
            }
            return Ok(Self {
                attribute: attribute.to_owned(),
                filter: None,
                part: part.map(str::to_owned),
            });
        };
        let (filter, rest) = rest.rsplit_once(']').ok_or_else(wrong)?;
        let part = match rest {
            "" => None,
            rest => Some(rest.strip_prefix('.').ok_or_else(wrong)?),
        };
        if !attributes::is_path(head) || part.is_some_and(|part| !attributes::is_path(part)) {
            return Err(wrong());
        }
        Ok(Self {
            attribute: attributes::spelt(head),
            filter: Some(Filter::of_elements(filter)?),
            part: part.map(attributes::spelt),
        })
    }
}

/// What a value without a path says, key by key.
fn apply_keys(
    document: &mut Map<String, Value>,
    kind: Kind,
    value: Option<&Value>,
) -> Result<(), Refusal> {
    let fields = value
        .and_then(Value::as_object)
        .ok_or_else(|| Refusal::value("A value without a path must be an object of attributes."))?;
    for (key, value) in fields {
        if key.eq_ignore_ascii_case(USER) {
            apply_keys(document, kind, Some(value))?;
            continue;
        }
        if key.eq_ignore_ascii_case(ENTERPRISE) {
            apply_enterprise(document, kind, Some(value))?;
            continue;
        }
        let path = Path::parse(key)?;
        // Okta sends the id along; nothing is to become of it.
        if !READ_ONLY.contains(&path.attribute.as_str()) {
            apply(document, kind, &path, Some(value))?;
        }
    }
    Ok(())
}

/// What is said of somebody in a company. What is not kept of it is passed over.
fn apply_enterprise(
    document: &mut Map<String, Value>,
    kind: Kind,
    value: Option<&Value>,
) -> Result<(), Refusal> {
    if kind == Kind::Remove || value.is_some_and(Value::is_null) {
        document.remove(ENTERPRISE);
        return Ok(());
    }
    let fields = value
        .and_then(Value::as_object)
        .ok_or_else(|| Refusal::value(format!("{ENTERPRISE} must be an object.")))?;
    for (name, value) in fields {
        if let Some(attribute) = attributes::fact_at(&format!("{ENTERPRISE}:{name}")) {
            set_fact(document, attribute, kind, Some(value))?;
        }
    }
    Ok(())
}

fn set_fact(
    document: &mut Map<String, Value>,
    attribute: DirectoryAttribute,
    kind: Kind,
    value: Option<&Value>,
) -> Result<(), Refusal> {
    let place = if attributes::is_of_enterprise(attribute) {
        let part = document
            .entry(ENTERPRISE)
            .or_insert_with(|| Value::Object(Map::new()));
        part.as_object_mut()
            .ok_or_else(|| Refusal::value(format!("{ENTERPRISE} must be an object.")))?
    } else {
        document
    };
    match (kind, value) {
        (Kind::Remove, _) | (_, None) => {
            place.remove(attribute.name());
        }
        (_, Some(value)) => {
            place.insert(attribute.name().to_owned(), value.clone());
        }
    }
    Ok(())
}

fn apply(
    document: &mut Map<String, Value>,
    kind: Kind,
    path: &Path,
    value: Option<&Value>,
) -> Result<(), Refusal> {
    let attribute = path.attribute.as_str();
    if attribute.eq_ignore_ascii_case(ENTERPRISE) {
        return apply_enterprise(document, kind, value);
    }
    if let Some(fact) = attributes::fact_at(attribute) {
        return set_fact(document, fact, kind, value);
    }
    if READ_ONLY.contains(&attribute) {
        return Err(Refusal::mutability(format!(
            "{attribute} cannot be changed."
        )));
    }
    if !KEPT.contains(&attribute) {
        return path.passed_over("user");
    }
    match attribute {
        "emails" => apply_to_emails(document, kind, path, value),
        _ if path.filter.is_some() => Err(Refusal::path(format!(
            "{attribute} is no list, so it takes no filter."
        ))),
        "name" => apply_to_name(document, kind, path, value),
        _ if path.part.is_some() => Err(Refusal::path(format!("{attribute} has no parts."))),
        _ => match (kind, value) {
            (Kind::Remove, _) if matches!(attribute, "userName" | "active") => {
                Err(Refusal::mutability(format!("{attribute} must stay.")))
            }
            (Kind::Remove, _) | (_, None) => {
                document.remove(attribute);
                Ok(())
            }
            (_, Some(value)) => {
                document.insert(attribute.to_owned(), value.clone());
                Ok(())
            }
        },
    }
}

fn apply_to_name(
    document: &mut Map<String, Value>,
    kind: Kind,
    path: &Path,
    value: Option<&Value>,
) -> Result<(), Refusal> {
    let name = document
        .entry("name")
        .or_insert_with(|| Value::Object(Map::new()));
    let Some(name) = name.as_object_mut() else {
        return Err(Refusal::value("name must be an object."));
    };
    match (kind, &path.part, value) {
        (Kind::Remove, Some(part), _) => {
            name.remove(part);
        }
        (Kind::Remove, None, _) | (_, None, Some(Value::Null)) => name.clear(),
        (_, Some(part), Some(value)) => {
            name.insert(part.clone(), value.clone());
        }
        (_, None, Some(value)) => merge(name, value, "name")?,
        (_, _, None) => {}
    }
    Ok(())
}

/// Sets the parts that a value has, and leaves the others.
fn merge(into: &mut Map<String, Value>, value: &Value, field: &str) -> Result<(), Refusal> {
    let parts = value
        .as_object()
        .ok_or_else(|| Refusal::value(format!("{field} must be an object.")))?;
    for (part, value) in parts {
        into.insert(attributes::spelt(part), value.clone());
    }
    Ok(())
}

fn apply_to_emails(
    document: &mut Map<String, Value>,
    kind: Kind,
    path: &Path,
    value: Option<&Value>,
) -> Result<(), Refusal> {
    let list = document
        .entry("emails")
        .or_insert_with(|| Value::Array(Vec::new()));
    let Some(list) = list.as_array_mut() else {
        return Err(Refusal::value("emails must be a list."));
    };
    let fits = |email: &Value| path.filter.as_ref().is_none_or(|filter| filter.fits(email));
    match (kind, value) {
        (Kind::Remove, value) => {
            let part = path.part.as_deref().filter(|part| *part != "value");
            match part {
                // An address without its value is none.
                None => list.retain(|email| !fits(email) || !is_named(email, value)),
                Some(part) => {
                    let fitting = list.iter_mut().filter(|email| fits(email));
                    for email in fitting.filter_map(Value::as_object_mut) {
                        email.remove(part);
                    }
                }
            }
        }
        (Kind::Replace, Some(value)) if path.filter.is_none() && path.part.is_none() => {
            *list = elements(value).to_vec();
        }
        (Kind::Add, Some(value)) if path.filter.is_none() && path.part.is_none() => {
            for element in elements(value) {
                add_email(list, element)?;
            }
        }
        (_, Some(value)) => {
            if !list.iter().any(fits) {
                list.push(Value::Object(begun(path)));
            }
            let primary = sets_primary(path, value)?;
            for email in list.iter_mut() {
                let fitting = fits(email);
                let Some(email) = email.as_object_mut() else {
                    continue;
                };
                if !fitting {
                    if primary && email.get("primary") == Some(&Value::Bool(true)) {
                        email.insert("primary".to_owned(), Value::Bool(false));
                    }
                    continue;
                }
                match &path.part {
                    Some(part) => {
                        email.insert(part.clone(), value.clone());
                    }
                    None => merge(email, value, "an address")?,
                }
            }
        }
        (_, None) => {}
    }
    Ok(())
}

/// Adds an address; the same one again changes what else is said of it. There is one primary address at most.
fn add_email(list: &mut Vec<Value>, element: &Value) -> Result<(), Refusal> {
    let is_primary = element
        .get("primary")
        .is_some_and(|value| truth(value, "primary").is_ok_and(|is| is));
    if is_primary {
        for other in list.iter_mut().filter_map(Value::as_object_mut) {
            if other.get("primary") == Some(&Value::Bool(true)) {
                other.insert("primary".to_owned(), Value::Bool(false));
            }
        }
    }
    let same = |other: &&mut Value| other.get("value") == element.get("value");
    if let Some(known) = list.iter_mut().find(same).and_then(Value::as_object_mut) {
        return merge(known, element, "an address");
    }
    list.push(element.clone());
    Ok(())
}

/// Whether an address is among those that a remove names by its value; without a value, all are meant.
fn is_named(email: &Value, value: Option<&Value>) -> bool {
    let Some(value) = value.filter(|value| !value.is_null()) else {
        return true;
    };
    let address = |element: &Value| match element {
        Value::Object(fields) => fields.get("value").cloned(),
        element => Some(element.clone()),
    };
    elements(value)
        .iter()
        .any(|element| address(element) == address(email))
}

pub(crate) fn elements(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        Value::Null => &[],
        one => std::slice::from_ref(one),
    }
}

/// An address that does not exist yet, with what the path's filter says of it: Entra ID replaces one so that is not there.
fn begun(path: &Path) -> Map<String, Value> {
    let comparisons = path.filter.iter().flat_map(Filter::comparisons);
    comparisons
        .map(|comparison| (comparison.attribute.clone(), comparison.value.clone()))
        .collect()
}

fn sets_primary(path: &Path, value: &Value) -> Result<bool, Refusal> {
    match (path.part.as_deref(), value) {
        (Some("primary"), value) => truth(value, "emails.primary"),
        (None, Value::Object(fields)) => fields
            .get("primary")
            .map_or(Ok(false), |value| truth(value, "emails.primary")),
        _ => Ok(false),
    }
}

#[cfg(test)]
mod tests;
