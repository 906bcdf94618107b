//! `/scim/v2/Groups`.

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use beckon_domain::model::group::{Group, GroupIdentifier};
use beckon_domain::model::user::User;
use beckon_domain::ports::users::Users as _;
use beckon_domain::usecases::follow_groups::{MAX_MEMBERS_READ, MembersSaid};
use beckon_domain::values::ids::{ExternalId, GroupId, UserId};
use beckon_domain::values::names::GroupName;
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use crate::Scim;
use crate::answer::{self, Refusal};
use crate::attributes::{MEMBERS, Wanted};
use crate::filter::{Comparison, Filter};
use crate::group::{self, Said, resource};
use crate::patch::Patch;
use crate::request::{Asked, Query, object, object_of_group};

/// How many groups are read at a time when a list is gone through.
const READ_SIZE: usize = 500;

/// How many groups are gone through for a list.
const MAX_LISTED: usize = 5_000;

fn id_of(id: &str) -> Result<GroupId, Refusal> {
    id.parse().map_err(|_| Refusal::unknown_group())
}

impl Scim {
    /// A group as a request wants to see it.
    async fn seen(&self, group: &Group, wanted: &Wanted) -> Result<Value, Refusal> {
        let members = if wanted.includes(MEMBERS) {
            Some(self.groups.members(group.id).await?)
        } else {
            None
        };
        Ok(wanted.of(resource(group, members.as_deref(), &self.base)))
    }

    async fn answer_group(
        &self,
        status: StatusCode,
        group: &Group,
        wanted: &Wanted,
    ) -> Result<Response, Refusal> {
        let location = format!("{}/Groups/{}", self.base, group.id);
        let seen = self.seen(group, wanted).await?;
        Ok(answer::resource(status, &location, &seen))
    }

    async fn group(&self, id: GroupId) -> Result<Option<Group>, Refusal> {
        Ok(self.table.read_groups(&[id]).await?.one()?)
    }

    /// Groups that a filter can mean: by the first of its comparisons that names one, or those of the first of the members
    /// that it names.
    async fn groups_meant_by(
        &self,
        filter: &Filter,
        members: &[Option<User>],
    ) -> Result<Vec<Group>, Refusal> {
        for Comparison { attribute, value } in filter.comparisons() {
            let Value::String(value) = value else {
                continue;
            };
            let by = match attribute.as_str() {
                "id" => match value.parse() {
                    Ok(id) => return Ok(self.group(id).await?.into_iter().collect()),
                    Err(_) => None,
                },
                "displayName" => GroupName::parse(value).ok().map(GroupIdentifier::Name),
                "externalId" => ExternalId::parse(value).ok().map(GroupIdentifier::External),
                _ => continue,
            };
            return Ok(match by {
                Some(by) => self.table.find_group(&by).await?.into_iter().collect(),
                None => Vec::new(),
            });
        }
        let member = members.first().ok_or_else(|| {
            Refusal::filter(
                "A filter must name a group by id, displayName or externalId, or a member by members.value.",
            )
        })?;
        let Some(user) = member else {
            return Ok(Vec::new());
        };
        let ids: Vec<GroupId> = user.memberships.ids().collect();
        let mut groups = self.table.read_groups(&ids).await?.found;
        groups.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(groups)
    }

    async fn member_named(&self, id: &Value) -> Result<Option<User>, Refusal> {
        match id.as_str().and_then(|id| id.parse::<UserId>().ok()) {
            Some(id) => Ok(self.table.load_user(id).await?),
            None => Ok(None),
        }
    }

    /// The groups that fit a filter, all of it. Who is a member is asked of the member, however many there are.
    async fn groups_found(&self, filter: &Filter) -> Result<Vec<Group>, Refusal> {
        let (of_members, others): (Vec<&Comparison>, Vec<&Comparison>) = filter
            .comparisons()
            .iter()
            .partition(|comparison| is_of_members(&comparison.attribute));
        let mut members = Vec::with_capacity(of_members.len());
        for comparison in of_members {
            members.push(self.member_named(&comparison.value).await?);
        }
        let mut found = self.groups_meant_by(filter, &members).await?;
        found.retain(|group| {
            let is_in = |member: &Option<User>| {
                let member = member.as_ref();
                member.is_some_and(|member| member.memberships.contains(group.id))
            };
            members.iter().all(is_in)
        });
        found.retain(|group| {
            let seen = resource(group, None, &self.base);
            others.iter().all(|comparison| comparison.fits(&seen))
        });
        Ok(found)
    }

    async fn all_groups(&self) -> Result<Vec<Group>, Refusal> {
        let (mut all, mut position) = (Vec::new(), None::<String>);
        loop {
            let some = self
                .table
                .list_groups(position.as_deref(), READ_SIZE)
                .await?;
            all.extend(some.items);
            if all.len() > MAX_LISTED {
                let detail =
                    format!("There are more than {MAX_LISTED} groups; ask for one by a filter.");
                return Err(Refusal::too_many(detail));
            }
            position = some.next;
            if position.is_none() {
                return Ok(all);
            }
        }
    }

    async fn groups_listed(&self, asked: &Asked) -> Result<Response, Refusal> {
        let found = match &asked.filter {
            Some(filter) => self.groups_found(&Filter::parse(filter)?).await?,
            None => self.all_groups().await?,
        };
        let page = self.page_of_groups(&found, asked).await?;
        Ok(answer::list(found.len(), asked.start, &page))
    }

    /// Those of these groups that are on the page, as they are read.
    async fn page_of_groups(&self, found: &[Group], asked: &Asked) -> Result<Vec<Value>, Refusal> {
        let mut page = Vec::new();
        let mut members = 0;
        for group in found.iter().skip(asked.start - 1).take(asked.count) {
            let seen = self.seen(group, &asked.wanted).await?;
            members += seen
                .get(MEMBERS)
                .and_then(Value::as_array)
                .map_or(0, Vec::len);
            if members > MAX_MEMBERS_READ {
                return Err(Refusal::too_many(format!(
                    "These groups have more than {MAX_MEMBERS_READ} members; ask with excludedAttributes=members, or for fewer groups by count.",
                )));
            }
            page.push(seen);
        }
        Ok(page)
    }
}

fn is_of_members(attribute: &str) -> bool {
    matches!(attribute, "members" | "members.value")
}

pub(crate) async fn list(State(scim): State<Scim>, query: RawQuery) -> Result<Response, Refusal> {
    let asked = Asked::in_query(&Query::parse(query))?;
    scim.groups_listed(&asked).await
}

pub(crate) async fn search(
    State(scim): State<Scim>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let body = object(&headers, body).await?;
    scim.groups_listed(&Asked::in_body(&body)?).await
}

/// Searches groups and users: a filter that means groups finds them, any other finds users. Without one all are found,
/// first the groups.
pub(crate) async fn search_all(
    State(scim): State<Scim>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let body = object(&headers, body).await?;
    let asked = Asked::in_body(&body)?;
    let Some(filter) = &asked.filter else {
        let groups = scim.all_groups().await?;
        let mut page = scim.page_of_groups(&groups, &asked).await?;
        let start = asked.start.saturating_sub(groups.len()).max(1);
        let (users, others) = scim
            .users_from(&asked, start, asked.count - page.len())
            .await?;
        page.extend(others);
        return Ok(answer::list(groups.len() + users, asked.start, &page));
    };
    match scim.groups_found(&Filter::parse(filter)?).await {
        Ok(groups) if !groups.is_empty() => {
            let page = scim.page_of_groups(&groups, &asked).await?;
            Ok(answer::list(groups.len(), asked.start, &page))
        }
        Ok(_) => scim.listed(&asked).await,
        // It can mean no group.
        Err(refusal) if refusal.code().0 == StatusCode::BAD_REQUEST => scim.listed(&asked).await,
        Err(refusal) => Err(refusal),
    }
}

pub(crate) async fn read(
    State(scim): State<Scim>,
    Path(id): Path<String>,
    query: RawQuery,
) -> Result<Response, Refusal> {
    let group = scim.group(id_of(&id)?).await?;
    let group = group.ok_or_else(Refusal::unknown_group)?;
    let wanted = Query::parse(query).wanted();
    scim.answer_group(StatusCode::OK, &group, &wanted).await
}

pub(crate) async fn add(
    State(scim): State<Scim>,
    query: RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let (said, members) = group::parse(&object_of_group(&headers, body).await?)?;
    let group = scim.groups.add(said, &members).await?;
    let wanted = Query::parse(query).wanted();
    scim.answer_group(StatusCode::CREATED, &group, &wanted)
        .await
}

pub(crate) async fn replace(
    State(scim): State<Scim>,
    Path(id): Path<String>,
    query: RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let (said, members) = group::parse(&object_of_group(&headers, body).await?)?;
    let edit = |_| Ok::<_, Refusal>(said.clone());
    let group = scim.groups.change(id_of(&id)?, &members, edit).await?;
    let wanted = Query::parse(query).wanted();
    scim.answer_group(StatusCode::OK, &group, &wanted).await
}

/// A change is answered without the group, which may have many members, unless the request names what it wants to see.
pub(crate) async fn change(
    State(scim): State<Scim>,
    Path(id): Path<String>,
    query: RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let said = Said::by(&Patch::parse(&object_of_group(&headers, body).await?)?)?;
    let edit = |known| Ok::<_, Refusal>(said.applied_to(known));
    let members: &MembersSaid = &said.members;
    let group = scim.groups.change(id_of(&id)?, members, edit).await?;
    let wanted = Query::parse(query).wanted();
    if wanted.names_some() {
        return scim.answer_group(StatusCode::OK, &group, &wanted).await;
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(crate) async fn delete(
    State(scim): State<Scim>,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    scim.groups.delete(id_of(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
