//! `/v1/users/counts`: how far it is, without reading everybody.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::ports::clock::Clock as _;
use beckon_domain::ports::users::Users as _;
use beckon_domain::values::permission::Permission;
use beckon_runtime::routes;
use beckon_runtime::routes::Routes;
use beckon_runtime::wire::UserView;
use beckon_runtime::{Authorised, Pages, Problem, Query};
use jiff::SignedDuration;
use serde::Serialize;

use crate::Directory;
use crate::routes::ListQuery;

/// How many users are read at a time.
const AT_ONCE: usize = 500;

/// How often at most, and for how long: an answer comes well before the gateway gives up, whatever
/// the filter has to look at.
const MAX_ROUNDS: usize = 20;
const COUNT_TIMEOUT: SignedDuration = SignedDuration::from_secs(5);

pub(crate) fn router<R: Routes<Directory>>() -> R {
    R::new().routes(routes!(count))
}

/// How many users there are, and how they stand.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Counts {
    /// How many were found.
    users: u64,
    /// How many are in each state; all states are named.
    states: BTreeMap<&'static str, u64>,
    /// Where the mails of their invitations stand; what no mail is in is left out.
    deliveries: BTreeMap<&'static str, u64>,
    /// How many have registered a device.
    registered: u64,
    /// How many devices they have registered.
    devices: u64,
    /// How many more there are whose records this version of Beckon cannot read.
    unreadable: u64,
    /// Where counting goes on; null at the end. What pages answer is added up.
    next: Option<String>,
}

impl Counts {
    fn add(&mut self, user: &UserView) {
        let invitation = &user.invitation;
        self.users += 1;
        *self.states.entry(invitation.state.name()).or_default() += 1;
        if let Some(delivery) = invitation.delivery {
            *self.deliveries.entry(delivery.name()).or_default() += 1;
        }
        self.registered += u64::from(user.devices > 0);
        self.devices += u64::from(user.devices);
    }
}

/// Count users by how they stand
///
/// Those that the list of users would find with the same parameters. An answer counts 10,000 at
/// most, and ends after some seconds; while `next` is not null, ask again with it as `cursor` and
/// add up. `limit` and `order` have no meaning here.
#[utoipa::path(
    get, path = "/v1/users/counts", operation_id = "countUsers", security(("bearer" = ["viewer"])), tag = "Users", params(ListQuery),
    responses((status = 200, body = Counts), (status = 422, body = Problem))
)]
async fn count(
    State(directory): State<Directory>,
    caller: Authorised,
    Query(query): Query<ListQuery>,
) -> Result<Json<Counts>, Problem> {
    caller.to(Permission::View)?;
    let filter = query.filter();
    let pages = Pages::of("users/counts");
    let mut position = pages.position(query.cursor.as_deref())?;
    let now = directory.clock.now();
    let mut counts = Counts {
        users: 0,
        states: InvitationState::ALL.map(|state| (state.name(), 0)).into(),
        deliveries: BTreeMap::new(),
        registered: 0,
        devices: 0,
        unreadable: 0,
        next: None,
    };
    for _ in 0..MAX_ROUNDS {
        let page = directory
            .table
            .list_users(&filter, position.as_deref(), AT_ONCE, now)
            .await?;
        counts.unreadable += page.unreadable as u64;
        for user in UserView::of_all(page.items, &directory.table, now).await? {
            counts.add(&user);
        }
        position = page.next;
        if position.is_none() || directory.clock.now().duration_since(now) > COUNT_TIMEOUT {
            break;
        }
    }
    counts.next = position.map(|next| pages.cursor(&next));
    Ok(Json(counts))
}
