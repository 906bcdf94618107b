//! A group as a document of SCIM, and back; and what a PATCH makes of it, in the dialects of Entra ID and Okta.

use beckon_domain::model::group::Group;
use beckon_domain::usecases::follow_groups::{DirectoryGroup, MembersSaid};
use beckon_domain::values::ids::{ExternalId, UserId};
use beckon_domain::values::names::GroupName;
use serde_json::{Map, Value, json};

use crate::answer::Refusal;
use crate::attributes::{GROUP, MEMBERS};
use crate::filter::Filter;
use crate::patch::{Kind, Patch, Path, elements};

/// A group as the directory reads it, with its members, if they are wanted.
pub(crate) fn resource(group: &Group, members: Option<&[UserId]>, base: &str) -> Value {
    let mut resource = json!({
        "schemas": [GROUP],
        "id": group.id.to_string(),
        "displayName": group.name.as_str(),
        "meta": {
            "resourceType": "Group",
            "created": group.added_at.to_string(),
            "location": format!("{base}/Groups/{}", group.id),
        },
    });
    let members = members.map(|members| {
        let members = members.iter();
        let members = members.map(|user| {
            let stands_at = format!("{base}/Users/{user}");
            json!({ "value": user.to_string(), "$ref": stands_at, "type": "User" })
        });
        members.collect::<Vec<_>>()
    });
    let external_id = group.external_id.as_ref();
    if let Some(fields) = resource.as_object_mut() {
        fields.extend(external_id.map(|id| ("externalId".to_owned(), id.as_str().into())));
        let members = members.filter(|members| !members.is_empty());
        fields.extend(members.map(|members| (MEMBERS.to_owned(), members.into())));
    }
    resource
}

/// What a document says of a group and of its members. One that does not name members says nothing of them.
pub(crate) fn parse(
    document: &Map<String, Value>,
) -> Result<(DirectoryGroup, MembersSaid), Refusal> {
    let mut said = Said::default();
    for (name, value) in document {
        let path = Path::parse(name)?;
        // What Beckon does not keep is passed over, and so is what only Beckon says.
        if matches!(
            path.attribute.as_str(),
            "displayName" | "externalId" | MEMBERS
        ) {
            said.apply(Kind::Replace, &path, Some(value))?;
        }
    }
    let members = said.members.clone();
    let name = said
        .name
        .ok_or_else(|| Refusal::value("displayName must not be missing."))?;
    let external_id = said.external_id.flatten();
    Ok((DirectoryGroup { name, external_id }, members))
}

/// What a request says of a group; `None`: nothing.
#[derive(Debug, Default)]
#[expect(
    clippy::option_option,
    reason = "an external id may be taken away, which is not the same as saying nothing of it"
)]
pub(crate) struct Said {
    name: Option<GroupName>,
    external_id: Option<Option<ExternalId>>,
    pub(crate) members: MembersSaid,
}

impl Said {
    /// What the operations of a PATCH say, one after the other.
    pub(crate) fn by(asked: &Patch) -> Result<Self, Refusal> {
        let mut said = Self::default();
        for operation in asked.operations() {
            let value = operation.value.as_ref();
            match operation.path_in(GROUP)? {
                Some(path) => said.apply(operation.kind, path, value)?,
                None => said.apply_keys(operation.kind, value)?,
            }
        }
        Ok(said)
    }

    /// A group as it is then.
    pub(crate) fn applied_to(&self, group: DirectoryGroup) -> DirectoryGroup {
        DirectoryGroup {
            name: self.name.clone().unwrap_or(group.name),
            external_id: self.external_id.clone().unwrap_or(group.external_id),
        }
    }

    /// What a value without a path says, key by key.
    fn apply_keys(&mut self, kind: Kind, value: Option<&Value>) -> Result<(), Refusal> {
        let fields = value.and_then(Value::as_object).ok_or_else(|| {
            Refusal::value("A value without a path must be an object of attributes.")
        })?;
        for (key, value) in fields {
            if key.eq_ignore_ascii_case(GROUP) {
                self.apply_keys(kind, Some(value))?;
                continue;
            }
            let path = Path::parse(key)?;
            // Okta sends the id along; nothing is to become of it.
            if !matches!(path.attribute.as_str(), "id" | "meta" | "schemas") {
                self.apply(kind, &path, Some(value))?;
            }
        }
        Ok(())
    }

    fn apply(&mut self, kind: Kind, path: &Path, value: Option<&Value>) -> Result<(), Refusal> {
        let attribute = path.attribute.as_str();
        if attribute == MEMBERS {
            return self.apply_to_members(kind, path, value);
        }
        if path.filter.is_some() || path.part.is_some() {
            let detail = format!("{attribute} is no list and has no parts.");
            return Err(Refusal::path(detail));
        }
        match attribute {
            "id" | "meta" | "schemas" => Err(Refusal::mutability(format!(
                "{attribute} cannot be changed."
            ))),
            "displayName" if kind == Kind::Remove => {
                Err(Refusal::mutability("displayName must stay."))
            }
            "displayName" => {
                let name = text_of(value, "displayName")?.unwrap_or_default();
                let name = GroupName::parse(&name);
                self.name = Some(name.map_err(|problem| problem.under("displayName"))?);
                Ok(())
            }
            "externalId" => {
                let id = match kind {
                    Kind::Remove => None,
                    Kind::Add | Kind::Replace => text_of(value, "externalId")?,
                };
                let id = id.filter(|id| !id.trim().is_empty());
                let id = id.map(|id| ExternalId::parse(&id)).transpose();
                self.external_id = Some(id.map_err(|problem| problem.under("externalId"))?);
                Ok(())
            }
            _ => path.passed_over("group"),
        }
    }

    fn apply_to_members(
        &mut self,
        kind: Kind,
        path: &Path,
        value: Option<&Value>,
    ) -> Result<(), Refusal> {
        if path.part.as_deref().is_some_and(|part| part != "value") {
            return Err(Refusal::path("Of a member, only value can be named."));
        }
        match (kind, &path.filter, value) {
            (Kind::Remove, Some(filter), _) => {
                for id in named_by(filter)? {
                    self.leaves(&id);
                }
            }
            (_, Some(_), _) => {
                return Err(Refusal::path(
                    "A member that a filter names can be removed alone; add it with the path members.",
                ));
            }
            (Kind::Remove, None, None | Some(Value::Null)) => self.everybody_leaves(),
            (Kind::Remove, None, Some(value)) => {
                for element in elements(value) {
                    let id = id_in(element)?;
                    self.leaves(&id);
                }
            }
            (Kind::Add | Kind::Replace, None, value) => {
                if kind == Kind::Replace {
                    self.everybody_leaves();
                }
                for element in value.map(elements).unwrap_or_default() {
                    let id = id_in(element)?;
                    let user: UserId = id.parse().map_err(|_| {
                        Refusal::value(format!(
                            "There is no user with the id {id:?}; members must be users of Users."
                        ))
                    })?;
                    self.members.are_members.insert(user, true);
                }
            }
        }
        Ok(())
    }

    fn everybody_leaves(&mut self) {
        self.members.others_leave = true;
        self.members.are_members.clear();
    }

    /// Somebody who never was there is no member already.
    fn leaves(&mut self, id: &str) {
        let Ok(user) = id.parse() else { return };
        if self.members.others_leave {
            self.members.are_members.remove(&user);
        } else {
            self.members.are_members.insert(user, false);
        }
    }
}

fn text_of(value: Option<&Value>, field: &str) -> Result<Option<String>, Refusal> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Refusal::value(format!("{field} must be a text."))),
    }
}

/// The ids in `members[value eq "…"]`.
fn named_by(filter: &Filter) -> Result<Vec<String>, Refusal> {
    let ids = filter.comparisons().iter().map(|comparison| {
        match (comparison.attribute.as_str(), &comparison.value) {
            ("value", Value::String(id)) => Ok(id.clone()),
            _ => Err(Refusal::path(
                "A path of one member must be like members[value eq \"01J…\"].",
            )),
        }
    });
    ids.collect()
}

/// Whom an element of a list of members means. Groups in groups are not taken.
fn id_in(element: &Value) -> Result<String, Refusal> {
    let fields = match element {
        Value::String(id) => return Ok(id.clone()),
        Value::Object(fields) => fields,
        _ => {
            return Err(Refusal::value(
                "A member must be an object with value, the id of a user.",
            ));
        }
    };
    let named = |name: &str| {
        let mut fields = fields.iter();
        let (_, value) = fields.find(|(own, _)| own.eq_ignore_ascii_case(name))?;
        value.as_str()
    };
    if named("type").is_some_and(|kind| kind.eq_ignore_ascii_case("Group")) {
        return Err(Refusal::value(
            "A member must be a user: groups that are members of groups are not taken.",
        ));
    }
    named("value")
        .map(str::to_owned)
        .ok_or_else(|| Refusal::value("A member must have value, the id of a user, as a text."))
}

#[cfg(test)]
mod tests;
