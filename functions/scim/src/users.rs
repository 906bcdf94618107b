//! `/scim/v2/Users`.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use beckon_domain::model::actor::Actor;
use beckon_domain::model::directory::{DirectoryAttribute, DirectoryPerson};
use beckon_domain::model::user::User;
use beckon_domain::ports::settings::SettingsStore as _;
use beckon_domain::ports::users::Users as _;
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::ids::{ExternalId, UserId, Version};
use beckon_domain::values::user_name::UserName;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::Value;

use crate::Scim;
use crate::answer::{self, Refusal};
use crate::attributes::Wanted;
use crate::filter::{Comparison, Filter};
use crate::patch::Patch;
use crate::person::{self, resource, version_of};
use crate::request::{Asked, Query, object};

/// How many entries of the list are read at a time when it is gone through.
const LISTED_AT_ONCE: usize = 5_000;

/// How many users are gone through: their number is counted anew for each page, since SCIM wants it, and the gateway
/// waits 30 seconds. An entry of the list is some 100 bytes.
const MAX_LISTED: usize = 100_000;

fn id_of(id: &str) -> Result<UserId, Refusal> {
    id.parse().map_err(|_| Refusal::unknown_user())
}

/// The version that If-Match names; `None`: any.
fn expected(headers: &HeaderMap) -> Result<Option<Version>, Refusal> {
    let Some(named) = headers.get(header::IF_MATCH) else {
        return Ok(None);
    };
    let named = named.to_str().unwrap_or_default().trim();
    if named == "*" {
        return Ok(None);
    }
    let number = named.trim_start_matches("W/").trim_matches('"').parse();
    number
        .map(|number| Some(Version::from_number(number)))
        .map_err(|_| Refusal::stale())
}

impl Scim {
    fn answer(&self, status: StatusCode, user: &User, wanted: &Wanted) -> Response {
        let location = format!("{}/Users/{}", self.base, user.id);
        let seen = wanted.of(resource(user, &self.base));
        let mut response = answer::resource(status, &location, &seen);
        if let Ok(tag) = HeaderValue::from_str(&version_of(user)) {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response
    }

    async fn user(&self, id: &str) -> Result<User, Refusal> {
        let found = self.table.load_user(id_of(id)?).await?;
        found.ok_or_else(Refusal::unknown_user)
    }

    /// Which attributes the settings have kept for mails.
    pub(crate) async fn taken(&self) -> Result<BTreeSet<DirectoryAttribute>, Refusal> {
        let settings = self.table.current_settings().await?;
        Ok(settings.settings.directory.attributes)
    }

    /// Whoever a filter can mean: by the first of its comparisons that names somebody.
    async fn meant_by(&self, filter: &Filter) -> Result<Option<User>, Refusal> {
        for Comparison { attribute, value } in filter.comparisons() {
            let Value::String(value) = value else {
                continue;
            };
            let found = match attribute.as_str() {
                "id" => match value.parse() {
                    Ok(id) => self.table.load_user(id).await?,
                    Err(_) => None,
                },
                "userName" => match UserName::parse(value) {
                    Ok(name) => self.follow.of_user_name(&name).await?,
                    Err(_) => None,
                },
                "externalId" => match ExternalId::parse(value) {
                    Ok(id) => self.table.user_by_external_id(&id).await?,
                    Err(_) => None,
                },
                "emails" | "emails.value" => match EmailAddress::parse(value) {
                    Ok(address) => self.table.user_by_address(&address.normalised()).await?,
                    Err(_) => None,
                },
                _ => continue,
            };
            return Ok(found);
        }
        Err(Refusal::filter(
            "A filter must name somebody by id, userName, externalId or emails.value; other attributes may be compared beside that.",
        ))
    }
}

/// A user as filters see them: whoever has no other address is found by the one that mail goes to.
fn searched(user: &User, base: &str) -> Value {
    let mut seen = resource(user, base);
    if let Some(fields) = seen.as_object_mut() {
        let address = || serde_json::json!([{ "value": user.email.as_str() }]);
        fields.entry("emails").or_insert_with(address);
    }
    seen
}

pub(crate) async fn list(State(scim): State<Scim>, query: RawQuery) -> Result<Response, Refusal> {
    scim.listed(&Asked::in_query(&Query::parse(query))?).await
}

/// The same, asked in a body (RFC 7644, section 3.4.3): a filter may hold an address, and addresses of requests are
/// logged on the way.
pub(crate) async fn search(
    State(scim): State<Scim>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let body = object(&headers, body).await?;
    scim.listed(&Asked::in_body(&body)?).await
}

impl Scim {
    pub(crate) async fn listed(&self, asked: &Asked) -> Result<Response, Refusal> {
        let (total, page) = self.users_from(asked, asked.start, asked.count).await?;
        Ok(answer::list(total, asked.start, &page))
    }

    /// How many users are asked for, and of them at most `count` from the one at `start` on, which counts from 1.
    pub(crate) async fn users_from(
        &self,
        asked: &Asked,
        start: usize,
        count: usize,
    ) -> Result<(usize, Vec<Value>), Refusal> {
        let seen = |user: &User| asked.wanted.of(resource(user, &self.base));
        if let Some(filter) = &asked.filter {
            let filter = Filter::parse(filter)?;
            let found = self.meant_by(&filter).await?;
            let found = found.filter(|user| filter.fits(&searched(user, &self.base)));
            let page: Vec<Value> = found.iter().skip(start - 1).take(count).map(seen).collect();
            return Ok((usize::from(found.is_some()), page));
        }
        // Only whoever is on the page is read: of the others their number alone is wanted.
        let (mut total, mut wanted, mut position) = (0, Vec::new(), None::<String>);
        loop {
            let some = self
                .table
                .list_user_ids(position.as_deref(), LISTED_AT_ONCE)
                .await?;
            for id in some.items {
                total += 1;
                if total >= start && wanted.len() < count {
                    wanted.push(id);
                }
            }
            if total > MAX_LISTED {
                return Err(Refusal::too_many(format!(
                    "There are more than {MAX_LISTED} users; ask for one by a filter.",
                )));
            }
            position = some.next;
            if position.is_none() {
                break;
            }
        }
        let read = self.table.load_users(&wanted).await?;
        let mut page: Vec<(usize, Value)> = read
            .iter()
            .filter_map(|user| {
                let place = wanted.iter().position(|id| *id == user.id)?;
                Some((place, seen(user)))
            })
            .collect();
        page.sort_by_key(|(place, _)| *place);
        Ok((total, page.into_iter().map(|(_, seen)| seen).collect()))
    }
}

pub(crate) async fn read(
    State(scim): State<Scim>,
    Path(id): Path<String>,
    headers: HeaderMap,
    query: RawQuery,
) -> Result<Response, Refusal> {
    let user = scim.user(&id).await?;
    let known = headers.get(header::IF_NONE_MATCH);
    if known.is_some_and(|known| known.as_bytes() == version_of(&user).as_bytes()) {
        return Ok(StatusCode::NOT_MODIFIED.into_response());
    }
    Ok(scim.answer(StatusCode::OK, &user, &Query::parse(query).wanted()))
}

pub(crate) async fn add(
    State(scim): State<Scim>,
    query: RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let taken = scim.taken().await?;
    let person = person::parse(&object(&headers, body).await?, true, &taken)?;
    let user = scim.follow.add(&person).await?;
    Ok(scim.answer(StatusCode::CREATED, &user, &Query::parse(query).wanted()))
}

impl Scim {
    /// Changes what the directory says of a user, if they are in the version that the request names, and answers them.
    async fn changed(
        &self,
        id: &str,
        headers: &HeaderMap,
        query: RawQuery,
        edit: impl Fn(DirectoryPerson) -> Result<DirectoryPerson, Refusal> + Send,
    ) -> Result<Response, Refusal> {
        let (id, expected) = (id_of(id)?, expected(headers)?);
        let user = self.follow.change(id, expected, edit).await?;
        Ok(self.answer(StatusCode::OK, &user, &Query::parse(query).wanted()))
    }
}

pub(crate) async fn replace(
    State(scim): State<Scim>,
    Path(id): Path<String>,
    query: RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let body = object(&headers, body).await?;
    let taken = scim.taken().await?;
    let edit = |known: DirectoryPerson| person::parse(&body, known.active, &taken);
    scim.changed(&id, &headers, query, edit).await
}

pub(crate) async fn change(
    State(scim): State<Scim>,
    Path(id): Path<String>,
    query: RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let patch = Patch::parse(&object(&headers, body).await?)?;
    let taken = scim.taken().await?;
    let edit = |known: DirectoryPerson| {
        let document = patch.applied_to(person::written(&known))?;
        person::parse(&document, known.active, &taken)
    };
    scim.changed(&id, &headers, query, edit).await
}

pub(crate) async fn delete(
    State(scim): State<Scim>,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    scim.delete.run(id_of(&id)?, &Actor::Directory).await?;
    Ok(StatusCode::NO_CONTENT)
}
