//! `/v1/users`: adding, listing, reading.

use axum::Json;
use axum::extract::State;
use beckon_domain::model::batch::BatchState;
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::mail::MailState;
use beckon_domain::model::selection::UserFilter;
use beckon_domain::model::user::User;
use beckon_domain::ports::clock::Clock as _;
use beckon_domain::ports::reads::ListOrder;
use beckon_domain::ports::users::Users as _;
use beckon_domain::usecases::add_user::NewUser;
use beckon_domain::usecases::change_user::UserPatch;
use beckon_domain::values::ids::{UserId, Version};
use beckon_domain::values::names::GroupName;
use beckon_domain::values::permission::Permission;
use beckon_domain::values::problem::{FieldProblem, Problems};
use beckon_runtime::parameters::{PageQuery, Parameters, either_of, named, page_size};
use beckon_runtime::routes;
use beckon_runtime::routes::Routes;
use beckon_runtime::wire::{BatchView, UserView, id_in_path};
use beckon_runtime::{Authorised, JsonBody, Pages, Path, Problem, Query, etag, idempotency};
use http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Directory;
use crate::history::{HistoryPage, HistoryView};

impl Directory {
    /// A user as the API shows them.
    pub(crate) async fn seen(&self, user: User) -> Result<UserView, Problem> {
        Ok(UserView::of_one(user, &self.table, self.clock.now()).await?)
    }
}

/// A user with the version they are in.
type Tagged = ([(header::HeaderName, String); 1], Json<UserView>);

impl Directory {
    async fn tagged(&self, user: User) -> Result<Tagged, Problem> {
        let tag = format!("\"{}\"", user.version.get());
        Ok(([(header::ETAG, tag)], Json(self.seen(user).await?)))
    }
}

/// The most users on a page.
const PAGE_SIZE: usize = 100;

pub(crate) fn router<R: Routes<Directory>>() -> R {
    R::new()
        .routes(routes!(add, list))
        .routes(routes!(show, change, delete))
        .routes(routes!(history))
}

/// A user was added.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Added {
    user: UserView,
    /// The batch that invites them; absent if they were not invited.
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<BatchView>,
    /// About the confirmation.
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmation: Option<beckon_domain::rules::confirmation::ConfirmationForecast>,
}

/// Add a user
///
/// Invites them at once unless `invite` is false.
#[utoipa::path(
    post, path = "/v1/users", operation_id = "addUser", security(("bearer" = ["helpdesk"])), tag = "Users", request_body = NewUser,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable for 24 hours")),
    responses(
        (status = 201, description = "Added", body = Added),
        (status = 409, description = "The address or the external id is taken", body = Problem),
        (status = 422, description = "Fields are wrong", body = Problem),
    )
)]
async fn add(
    State(directory): State<Directory>,
    caller: Authorised,
    headers: HeaderMap,
    body: JsonBody<NewUser>,
) -> Result<(StatusCode, [(header::HeaderName, String); 1], Json<Added>), Problem> {
    caller.to(Permission::AssistUsers)?;
    if body.value.invite != Some(false) {
        caller.to(Permission::Invite)?;
    }
    let request = idempotency::repeatable(&headers, &caller, "POST /v1/users", &body.bytes)?;
    let added = directory
        .add
        .run(&body.value, caller.actor(), request.as_ref())
        .await?;
    let now = directory.clock.now();
    let location = format!("/v1/users/{}", added.user.id);
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, location)],
        Json(Added {
            user: UserView::new(added.user, None, now),
            batch: added
                .batch
                .map(|batch| BatchView::new(&batch, BatchState::Expanding, None)),
            confirmation: added.confirmation,
        }),
    ))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// States, separated by commas: `none,expired`. `begun` counts as one: those whose secret was accepted and who have
    /// registered no device yet, who are `pending` or `locked` too.
    pub(crate) state: Option<String>,
    /// `true`: only those who are enabled; `false`: only those who are disabled.
    pub(crate) enabled: Option<String>,
    /// Where the mail of the invitation stands, separated by commas: `hardBounced,failed`.
    pub(crate) delivery: Option<String>,
    /// A moment, RFC 3339: those whose open invitation ends then or later.
    pub(crate) expires_from: Option<String>,
    /// A moment, RFC 3339: those whose open invitation ends before it.
    pub(crate) expires_before: Option<String>,
    /// A group, case aside; given more than once, any of them. Given once, it may be several with
    /// commas between them; a backslash before a comma says that it belongs to the name.
    #[serde(default)]
    pub(crate) group: Vec<String>,
    /// Words, each of which the address, the external id, the name or a word of the name begins
    /// with. Case and accents do not matter.
    pub(crate) text: Option<String>,
    /// By address: `ascending`, the default, or `descending`. A cursor belongs to the order that it was given in.
    pub(crate) order: Option<String>,
    /// 1 to 100; default 100.
    #[param(value_type = Option<usize>, minimum = 1, maximum = 100)]
    pub(crate) limit: Option<String>,
    /// Where the page begins: `next` of the page before.
    pub(crate) cursor: Option<String>,
}

impl ListQuery {
    /// Whom the list is of, and what is wrong with the parameters that say so.
    fn parse(&self) -> (UserFilter, Problems) {
        let mut problems = Problems::default();
        let states = named("state", self.state.as_deref(), &Wanted::ALL, Wanted::name);
        let states = problems.check(states).into_iter().flatten();
        let states: Vec<Wanted> = states.collect();
        let deliveries = named(
            "delivery",
            self.delivery.as_deref(),
            &MailState::ALL,
            MailState::name,
        );
        let named = either_of(&self.group);
        let whole_list = self.group.len() == 1 && named.len() > 1;
        let groups = named
            .iter()
            .enumerate()
            .filter_map(|(place, name)| match GroupName::parse(name) {
                // A list may be no name as a whole.
                Err(_) if whole_list && place == 0 => None,
                parsed => problems.check(parsed.map_err(|problem| problem.under("group"))),
            })
            .collect();
        let filter = UserFilter {
            states: states.iter().filter_map(|one| one.state()).collect(),
            begun: states.contains(&Wanted::Begun),
            enabled: problems.check(enabled(self.enabled.as_deref())).flatten(),
            deliveries: problems.check(deliveries).into_iter().flatten().collect(),
            expires_from: problems
                .check(moment_of("expiresFrom", self.expires_from.as_deref()))
                .flatten(),
            expires_before: problems
                .check(moment_of("expiresBefore", self.expires_before.as_deref()))
                .flatten(),
            groups,
            text: self.text.clone().unwrap_or_default(),
        };
        problems.check(page_size(self.limit.as_deref(), PAGE_SIZE));
        problems.check(order_of(self.order.as_deref()));
        (filter, problems)
    }

    pub(crate) fn filter(&self) -> UserFilter {
        self.parse().0
    }
}

/// What `state` may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    In(InvitationState),
    Begun,
}

impl Wanted {
    const ALL: [Self; 8] = [
        Self::In(InvitationState::None),
        Self::In(InvitationState::Pending),
        Self::Begun,
        Self::In(InvitationState::Completed),
        Self::In(InvitationState::Expired),
        Self::In(InvitationState::Cancelled),
        Self::In(InvitationState::Declined),
        Self::In(InvitationState::Locked),
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::In(state) => state.name(),
            Self::Begun => "begun",
        }
    }

    const fn state(self) -> Option<InvitationState> {
        match self {
            Self::In(state) => Some(state),
            Self::Begun => None,
        }
    }
}

fn enabled(wanted: Option<&str>) -> Result<Option<bool>, FieldProblem> {
    match wanted {
        None => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(_) => Err(FieldProblem::new(
            "enabled",
            "notBoolean",
            "must be true or false",
        )),
    }
}

fn moment_of(field: &str, wanted: Option<&str>) -> Result<Option<Timestamp>, FieldProblem> {
    let parsed = wanted.map(str::parse).transpose();
    parsed.map_err(|_: jiff::Error| {
        FieldProblem::new(
            field,
            "notMoment",
            "must be a moment like 2026-11-28T09:00:00Z",
        )
    })
}

/// Which end of the list comes first.
fn order_of(order: Option<&str>) -> Result<ListOrder, FieldProblem> {
    match order {
        None | Some("ascending") => Ok(ListOrder::Ascending),
        Some("descending") => Ok(ListOrder::Descending),
        Some(_) => Err(FieldProblem::new(
            "order",
            "unknownOrder",
            "must be ascending or descending",
        )),
    }
}

impl Parameters for ListQuery {
    const REPEATED: &'static [&'static str] = &["group"];

    fn problems(&self) -> Vec<FieldProblem> {
        self.parse().1.into_vec()
    }
}

/// A page of users, by address.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct UsersPage {
    items: Vec<UserView>,
    /// Where the next page begins; null at the end. A page may be short and still have a next.
    next: Option<String>,
    /// How many entries are left out because this version of Beckon cannot read their records.
    unreadable: usize,
}

/// List users, each with their invitation
#[utoipa::path(
    get, path = "/v1/users", operation_id = "listUsers", security(("bearer" = ["viewer"])), tag = "Users", params(ListQuery),
    responses((status = 200, body = UsersPage), (status = 422, body = Problem))
)]
async fn list(
    State(directory): State<Directory>,
    caller: Authorised,
    Query(query): Query<ListQuery>,
) -> Result<Json<UsersPage>, Problem> {
    caller.to(Permission::View)?;
    let filter = query.filter();
    let order = order_of(query.order.as_deref()).unwrap_or_default();
    let pages = Pages::of(match order {
        ListOrder::Ascending => "users",
        ListOrder::Descending => "users descending",
    });
    let position = pages.position(query.cursor.as_deref())?;
    let now = directory.clock.now();
    let page = directory
        .table
        .list_users_in(
            order,
            &filter,
            position.as_deref(),
            page_size(query.limit.as_deref(), PAGE_SIZE).unwrap_or(PAGE_SIZE),
            now,
        )
        .await?;
    Ok(Json(UsersPage {
        items: UserView::of_all(page.items, &directory.table, now).await?,
        next: page.next.map(|next| pages.cursor(&next)),
        unreadable: page.unreadable,
    }))
}

/// Read a user
#[utoipa::path(
    get, path = "/v1/users/{id}", operation_id = "getUser", security(("bearer" = ["viewer"])), tag = "Users", params(("id" = String, Path)),
    responses(
        (status = 200, body = UserView, headers(("ETag" = String, description = "For If-Match of a change"))),
        (status = 404, body = Problem),
    )
)]
async fn show(
    State(directory): State<Directory>,
    caller: Authorised,
    Path(id): Path<String>,
) -> Result<Tagged, Problem> {
    caller.to(Permission::View)?;
    let id: UserId = id_in_path(&id, "user")?;
    let found = directory.table.load_user(id).await?;
    let user = found.ok_or_else(|| Problem::not_found("user"))?;
    directory.tagged(user).await
}

/// Change a user
///
/// A JSON merge patch (RFC 7396), which may be sent as `application/json` as well. What is left out stays; null clears a
/// field, as an empty text does. A user who is disabled gets no mail, and no secret of theirs opens
/// anything, until they are enabled again.
///
/// With another `email`, an open invitation is issued again to the new address: what was sent to
/// the old one stops working. If the new address may not be invited, nothing is changed. What was
/// held against the old address, a bounce or a complaint, is not held against the new one.
///
/// With `If-Match`, which may be left out, the change is made only if the user is as they were when they were
/// read: two who change the same user do not overwrite each other.
#[utoipa::path(
    patch, path = "/v1/users/{id}", operation_id = "changeUser", security(("bearer" = ["helpdesk"])), tag = "Users", request_body = UserPatch,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The ETag that was read")),
    responses(
        (status = 200, body = UserView, headers(("ETag" = String, description = "Of the user as they are now"))),
        (status = 404, body = Problem),
        (status = 409, description = "The address or the external id is taken", body = Problem),
        (status = 412, description = "The user has changed since", body = Problem),
        (status = 422, description = "Fields are wrong", body = Problem),
    )
)]
async fn change(
    State(directory): State<Directory>,
    caller: Authorised,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: JsonBody<UserPatch>,
) -> Result<Tagged, Problem> {
    caller.to(Permission::AssistUsers)?;
    let id: UserId = id_in_path(&id, "user")?;
    let expected = match etag::if_given(&headers, "user", "/v1/users/{id}")? {
        None => None,
        Some(expected) => {
            let found = async { directory.table.load_user(id).await };
            let current = async {
                Ok::<_, Problem>(found.await?.map_or(Version::FIRST, |user| user.version))
            };
            expected.against(current).await?
        }
    };
    let user = directory
        .change
        .run_if(id, expected, &body.value, &caller.actor())
        .await?;
    directory.tagged(user).await
}

/// Delete a user
///
/// What is known of them goes at once, and every secret of theirs with it; mail that waits is
/// dropped, their address and external id are free. Only their history stays, without their name,
/// and is read under their id until it is erased (`retention` in the settings). Batches keep
/// their counts. A device that is reported for them afterwards is reported for nobody known.
#[utoipa::path(
    delete, path = "/v1/users/{id}", operation_id = "deleteUser", security(("bearer" = ["inviter"])), tag = "Users", params(("id" = String, Path)),
    responses((status = 204, description = "Deleted"), (status = 404, description = "There is none, or no more", body = Problem))
)]
async fn delete(
    State(directory): State<Directory>,
    caller: Authorised,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    caller.to(Permission::Invite)?;
    let id: UserId = id_in_path(&id, "user")?;
    directory.delete.run(id, &caller.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What happened to a user, newest first
///
/// Of a user who was deleted, too, until it is erased. A page has at most 100.
#[utoipa::path(
    get, path = "/v1/users/{id}/history", operation_id = "listUserHistory", security(("bearer" = ["viewer"])), tag = "Users", params(("id" = String, Path), PageQuery<PAGE_SIZE>),
    responses((status = 200, body = HistoryPage), (status = 404, body = Problem))
)]
async fn history(
    State(directory): State<Directory>,
    caller: Authorised,
    Path(id): Path<String>,
    Query(query): Query<PageQuery<PAGE_SIZE>>,
) -> Result<Json<HistoryPage>, Problem> {
    caller.to(Permission::View)?;
    let id: UserId = id_in_path(&id, "user")?;
    let pages = Pages::of(format!("users/{id}/history"));
    let position = pages.position(query.cursor.as_deref())?;
    let page = directory
        .table
        .history_of(id, position.as_deref(), query.limit())
        .await?;
    // Everybody has one, from the moment they were added until they are erased.
    if page.items.is_empty() && page.unreadable == 0 && position.is_none() {
        return Err(Problem::not_found("user"));
    }
    Ok(Json(HistoryPage {
        items: page.items.into_iter().map(HistoryView::from).collect(),
        next: page.next.map(|next| pages.cursor(&next)),
        unreadable: page.unreadable,
    }))
}
