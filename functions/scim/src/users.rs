//! `/scim/v2/Users`.

use axum::body::{Body, to_bytes};
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use beckon_domain::model::actor::Actor;
use beckon_domain::model::directory::DirectoryPerson;
use beckon_domain::model::selection::UserFilter;
use beckon_domain::model::user::User;
use beckon_domain::ports::clock::Clock as _;
use beckon_domain::ports::users::Users as _;
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::ids::{ExternalId, UserId, Version};
use beckon_domain::values::user_name::UserName;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::Scim;
use crate::answer::{self, Refusal};
use crate::attributes::Wanted;
use crate::filter::{Comparison, Filter};
use crate::patch::Patch;
use crate::person::{self, resource, version_of};

/// The most users on a page.
pub(crate) const PAGE_SIZE: usize = 100;

/// How many users are read at a time when a list is gone through.
const READ_SIZE: usize = 500;

/// How many users are gone through: their number is counted anew for each page, since SCIM wants it, and the gateway
/// waits 30 seconds.
const MAX_LISTED: usize = 20_000;

/// The largest body, in bytes.
const MAX_BODY_BYTES: usize = 256 * 1024;

/// What stands behind the question mark.
struct Query(Vec<(String, String)>);

impl Query {
    fn parse(RawQuery(query): RawQuery) -> Self {
        let decoded = |text: &str| {
            let text = text.replace('+', " ");
            percent_decode_str(&text).decode_utf8_lossy().into_owned()
        };
        let query = query.unwrap_or_default();
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        Self(
            pairs
                .map(|(name, value)| (decoded(name), decoded(value)))
                .collect(),
        )
    }

    fn get(&self, name: &str) -> Option<&str> {
        let mut pairs = self.0.iter();
        let (_, value) = pairs.find(|(own, _)| own.eq_ignore_ascii_case(name))?;
        Some(value)
    }

    fn wanted(&self) -> Wanted {
        Wanted::new(self.get("attributes"), self.get("excludedAttributes"))
    }

    fn number(&self, name: &str) -> Result<Option<usize>, Refusal> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let number: i64 = text
            .trim()
            .parse()
            .map_err(|_| Refusal::value(format!("{name} must be a number.")))?;
        // RFC 7644 reads a negative number as the least there may be.
        Ok(Some(usize::try_from(number).unwrap_or(0)))
    }
}

/// The body of a request, an object.
async fn object(headers: &HeaderMap, body: Body) -> Result<Map<String, Value>, Refusal> {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.map(|kind| kind.to_str().unwrap_or_default());
    let kind = kind.map(|kind| kind.split(';').next().unwrap_or_default().trim());
    let is_json = |kind: &str| {
        let known = ["application/scim+json", "application/json"];
        known.iter().any(|known| kind.eq_ignore_ascii_case(known))
    };
    if !kind.is_none_or(is_json) {
        return Err(Refusal::media_type());
    }
    let bytes = to_bytes(body, MAX_BODY_BYTES)
        .await
        .map_err(|_| Refusal::syntax("The body may have 256 KiB."))?;
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Refusal::syntax("The body must be an object.")),
        Err(error) => Err(Refusal::syntax(format!(
            "The body is no JSON: line {}, column {}.",
            error.line(),
            error.column()
        ))),
    }
}

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
        let resource = resource(user, &self.base);
        let mut response = answer::document(status, &wanted.of(resource));
        let headers = response.headers_mut();
        if let Ok(tag) = HeaderValue::from_str(&version_of(user)) {
            headers.insert(header::ETAG, tag);
        }
        let location = format!("{}/Users/{}", self.base, user.id);
        if let Ok(location) = HeaderValue::from_str(&location)
            && status == StatusCode::CREATED
        {
            headers.insert(header::LOCATION, location);
        }
        response
    }

    async fn user(&self, id: &str) -> Result<User, Refusal> {
        let found = self.table.load_user(id_of(id)?).await?;
        found.ok_or_else(Refusal::unknown_user)
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

/// What a list is asked for, behind a question mark or in the body of a search.
struct Asked {
    filter: Option<String>,
    start: usize,
    count: usize,
    wanted: Wanted,
}

impl Asked {
    fn in_query(query: &Query) -> Result<Self, Refusal> {
        Ok(Self {
            filter: query.get("filter").map(str::to_owned),
            start: query.number("startIndex")?.unwrap_or(1).max(1),
            count: query.number("count")?.unwrap_or(PAGE_SIZE).min(PAGE_SIZE),
            wanted: query.wanted(),
        })
    }

    fn in_body(body: &Map<String, Value>) -> Result<Self, Refusal> {
        let pairs = body.iter().filter_map(|(name, value)| {
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                Value::Array(names) => {
                    let names = names.iter().filter_map(Value::as_str);
                    names.collect::<Vec<_>>().join(",")
                }
                Value::Null | Value::Bool(_) | Value::Object(_) => return None,
            };
            Some((name.clone(), text))
        });
        Self::in_query(&Query(pairs.collect()))
    }
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
    async fn listed(&self, asked: &Asked) -> Result<Response, Refusal> {
        let (start, count) = (asked.start, asked.count);
        let seen = |user: &User| asked.wanted.of(resource(user, &self.base));
        if let Some(filter) = &asked.filter {
            let filter = Filter::parse(filter)?;
            let found = self.meant_by(&filter).await?;
            let found = found.filter(|user| filter.fits(&searched(user, &self.base)));
            let page: Vec<Value> = found.iter().skip(start - 1).take(count).map(seen).collect();
            return Ok(answer::list(usize::from(found.is_some()), start, &page));
        }
        let (now, everybody) = (self.clock.now(), UserFilter::default());
        let (mut total, mut page, mut position) = (0, Vec::new(), None::<String>);
        loop {
            let some = self
                .table
                .list_users(&everybody, position.as_deref(), READ_SIZE, now)
                .await?;
            for user in &some.items {
                total += 1;
                if total >= start && page.len() < count {
                    page.push(seen(user));
                }
            }
            if total > MAX_LISTED {
                return Err(Refusal::too_many(
                    "There are more than 20000 users; ask for one by a filter.",
                ));
            }
            position = some.next;
            if position.is_none() {
                return Ok(answer::list(total, start, &page));
            }
        }
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
    let person = person::parse(&object(&headers, body).await?, true)?;
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
    let edit = |known: DirectoryPerson| person::parse(&body, known.active);
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
    let edit = |known: DirectoryPerson| {
        let document = patch.applied_to(person::written(&known))?;
        person::parse(&document, known.active)
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
