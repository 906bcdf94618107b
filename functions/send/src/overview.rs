//! `/v1/overview`: how far everybody is, and whose invitation ends tomorrow.

use axum::Json;
use axum::extract::State;
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::user::User;
use beckon_domain::usecases::report_overview::Day;
use beckon_domain::values::names::GroupName;
use beckon_domain::values::permission::Permission;
use beckon_domain::values::problem::{FieldProblem, Problems};
use beckon_runtime::funnel::{self, Attention, FunnelStep};
use beckon_runtime::parameters::{Parameters, page_size};
use beckon_runtime::routes;
use beckon_runtime::routes::Routes;
use beckon_runtime::{Authorised, Pages, Problem, Query};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Sending;

/// How many people are on a page.
const PAGE_SIZE: usize = 100;

pub(crate) fn router<R: Routes<Sending>>() -> R {
    R::new().routes(routes!(show)).routes(routes!(ending))
}

/// Whom the numbers are of.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct OverviewQuery {
    /// Those alone who held this group when they were invited.
    group: Option<String>,
}

impl Parameters for OverviewQuery {
    fn problems(&self) -> Vec<FieldProblem> {
        group(self.group.as_deref()).err().into_iter().collect()
    }
}

fn group(name: Option<&str>) -> Result<Option<GroupName>, FieldProblem> {
    let parsed = name.map(GroupName::parse).transpose();
    parsed.map_err(|problem| problem.under("group"))
}

/// How far everybody is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct OverviewView {
    /// Whose numbers these are; null: everybody's.
    group: Option<String>,
    /// Whether everything is counted. If not, batches of an earlier version of Beckon are still being
    /// counted, or so much happens this moment that the numbers are a little behind.
    complete: bool,
    /// The steps, from `invited` to `confirmed`. Numbers name nobody: they stay when people are deleted.
    funnel: Vec<FunnelStep>,
    /// What needs attention.
    attention: Attention,
    /// How many invitations are open.
    open: u64,
    /// How many end tomorrow.
    expiring_tomorrow: ExpiringTomorrow,
}

/// How many invitations end tomorrow.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct ExpiringTomorrow {
    /// When tomorrow begins, in the time zone of the settings.
    #[schema(value_type = String)]
    from: Timestamp,
    /// When it ends.
    #[schema(value_type = String)]
    until: Timestamp,
    /// How many; with a group, of those who hold it now.
    count: u64,
    /// Whether there may be more: a thousand open invitations are looked at.
    more: bool,
}

/// How far everybody is
///
/// The funnel with numbers and median times, of everything that batches sent, or of a group; what needs
/// attention; and how many invitations end tomorrow. What was handed over at a desk is of no batch, and
/// is not in these numbers.
#[utoipa::path(
    get, path = "/v1/overview", operation_id = "getOverview", security(("bearer" = ["viewer"])), tag = "Invitations", params(OverviewQuery),
    responses((status = 200, body = OverviewView), (status = 422, body = Problem))
)]
async fn show(
    State(sending): State<Sending>,
    caller: Authorised,
    Query(query): Query<OverviewQuery>,
) -> Result<Json<OverviewView>, Problem> {
    caller.to(Permission::View)?;
    let group = group(query.group.as_deref()).ok().flatten();
    let overview = sending.overview.run(group.as_ref()).await?;
    let ending = overview.ending;
    Ok(Json(OverviewView {
        group: group.map(|group| group.as_str().to_owned()),
        complete: overview.complete,
        funnel: FunnelStep::all(&overview.counts),
        attention: Attention::of(&overview.counts),
        open: funnel::open(&overview.counts),
        expiring_tomorrow: ExpiringTomorrow {
            from: ending.day.from,
            until: ending.day.until,
            count: ending.count,
            more: ending.more,
        },
    }))
}

/// Which of those whose invitation ends tomorrow.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct EndingQuery {
    /// Those alone who hold this group.
    group: Option<String>,
    /// Where the page begins, as the page before said.
    cursor: Option<String>,
    /// 1 to 100; default 100.
    #[param(value_type = Option<usize>, minimum = 1, maximum = 100)]
    limit: Option<String>,
}

impl Parameters for EndingQuery {
    fn problems(&self) -> Vec<FieldProblem> {
        let mut problems = Problems::default();
        problems.check(group(self.group.as_deref()));
        problems.check(page_size(self.limit.as_deref(), PAGE_SIZE));
        problems.into_vec()
    }
}

/// Somebody whose invitation ends tomorrow.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct EndingUser {
    user_id: String,
    /// Where mail to them goes.
    email: String,
    /// What they are called, if they are called anything.
    display_name: Option<String>,
    /// The groups that they belong to.
    groups: Vec<String>,
    /// Where the invitation stands: `pending` or `locked`.
    state: InvitationState,
    /// When it ends.
    #[schema(value_type = String)]
    expires_at: Timestamp,
}

impl EndingUser {
    fn of(user: User) -> Option<Self> {
        let groups = user.all_groups();
        let groups = groups.iter().map(|group| group.as_str().to_owned());
        let groups = groups.collect();
        let invitation = user.invitation?;
        Some(Self {
            user_id: user.id.to_string(),
            email: user.email.as_str().to_owned(),
            display_name: user.display_name.map(|name| name.as_str().to_owned()),
            groups,
            state: invitation.state,
            expires_at: invitation.expires_at,
        })
    }
}

/// Some of those whose invitation ends tomorrow.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct EndingView {
    /// When tomorrow begins, in the time zone of the settings.
    #[schema(value_type = String)]
    from: Timestamp,
    /// When it ends.
    #[schema(value_type = String)]
    until: Timestamp,
    items: Vec<EndingUser>,
    /// Where the next page begins; null at the end. A page may be short and still have a next.
    next: Option<String>,
    /// How many entries are left out because this version of Beckon cannot read their records.
    unreadable: usize,
}

impl EndingView {
    fn of(day: Day, users: Vec<User>, next: Option<String>, unreadable: usize) -> Self {
        Self {
            from: day.from,
            until: day.until,
            items: users.into_iter().filter_map(EndingUser::of).collect(),
            next,
            unreadable,
        }
    }
}

/// List those whose invitation ends tomorrow
///
/// A page has at most 100, and may be short, even empty, while `next` is not null.
#[utoipa::path(
    get, path = "/v1/overview/expiring", operation_id = "listExpiring", security(("bearer" = ["viewer"])), tag = "Invitations", params(EndingQuery),
    responses((status = 200, body = EndingView), (status = 422, body = Problem))
)]
async fn ending(
    State(sending): State<Sending>,
    caller: Authorised,
    Query(query): Query<EndingQuery>,
) -> Result<Json<EndingView>, Problem> {
    caller.to(Permission::View)?;
    let group = group(query.group.as_deref()).ok().flatten();
    let pages = Pages::of("overview/expiring");
    let position = pages.position(query.cursor.as_deref())?;
    let limit = page_size(query.limit.as_deref(), PAGE_SIZE).unwrap_or(PAGE_SIZE);
    let overview = &sending.overview;
    let page = overview
        .ending(group.as_ref(), position.as_deref(), limit)
        .await?;
    let next = page.next.map(|next| pages.cursor(&next));
    Ok(Json(EndingView::of(
        page.day,
        page.users,
        next,
        page.unreadable,
    )))
}
