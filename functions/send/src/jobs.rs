//! `/v1/jobs`: actions for many people, and imports, as jobs.

use axum::Json;
use axum::extract::State;
use beckon_domain::model::job::{Job, JobAction, JobCursor, JobState};
use beckon_domain::model::ownership::{OwnerSwitch, OwnershipChoice};
use beckon_domain::ports::clock::Clock as _;
use beckon_domain::ports::jobs::Jobs as _;
use beckon_domain::usecases::report_job::JobReport;
use beckon_domain::usecases::start_job::{JobAccepted, JobOrder};
use beckon_domain::values::ids::JobId;
use beckon_domain::values::names::{GroupName, Label, parse_groups};
use beckon_domain::values::permission::Permission;
use beckon_domain::values::problem::{FieldProblem, Problems};
use beckon_runtime::parameters::PageQuery;
use beckon_runtime::routes;
use beckon_runtime::routes::Routes;
use beckon_runtime::wire::{LineProblemView, OwnerSettings, SelectionBody, actor_name, id_in_path};
use beckon_runtime::{Authorised, JsonBody, Pages, Path, Problem, Query, SystemClock, idempotency};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Sending;

/// How many jobs are on a page.
const PAGE_SIZE: usize = 20;

pub(crate) fn router<R: Routes<Sending>>() -> R {
    R::new()
        .routes(routes!(start, list))
        .routes(routes!(show))
        .routes(routes!(stop))
}

/// What a job does to each person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
enum ActionName {
    /// Mail the open invitation again.
    Resend,
    /// Take the open invitation back.
    Cancel,
    /// Undo a cancel or a decline.
    Restore,
    /// Try an address again that takes no mail any more.
    TryAddressAgain,
    /// Issue an invitation without a mail to whoever has none that is open.
    GeneratePins,
    /// Let them be invited and register again.
    Enable,
    /// Keep them from being invited and from registering.
    Disable,
    /// Make `groups` their groups.
    SetGroups,
    /// Add them to `groups`.
    AddGroups,
    /// Take them out of `groups`.
    RemoveGroups,
    /// Delete them.
    Delete,
}

/// A job.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct JobBody {
    /// What to do.
    action: ActionName,
    /// To whom.
    #[serde(default)]
    selection: SelectionBody,
    /// With `generatePins`: the device owner setting; null: off; left out: as preset for each one's
    /// group.
    #[serde(
        default,
        deserialize_with = "OwnerSwitch::read",
        serialize_with = "OwnerSwitch::write",
        skip_serializing_if = "OwnerSwitch::is_preset"
    )]
    #[schema(value_type = Option<OwnershipChoice>)]
    ownership: OwnerSwitch,
    /// With `generatePins`: why, in one line. The job keeps it.
    #[serde(default)]
    reason: Option<String>,
    /// With `setGroups`, `addGroups` and `removeGroups`: which.
    #[serde(default)]
    groups: Option<Vec<String>>,
}

impl JobBody {
    /// What is to be done; every field that is wrong is named.
    fn action(&self) -> Result<JobAction, Problem> {
        let mut problems = Problems::default();
        let takes_groups = matches!(
            self.action,
            ActionName::SetGroups | ActionName::AddGroups | ActionName::RemoveGroups
        );
        let makes_pins = self.action == ActionName::GeneratePins;
        problems.ensure(takes_groups || self.groups.is_none(), || {
            does_not_apply("groups", "setGroups, addGroups and removeGroups")
        });
        problems.ensure(makes_pins || self.reason.is_none(), || {
            does_not_apply("reason", "generatePins")
        });
        problems.ensure(makes_pins || self.ownership.is_preset(), || {
            does_not_apply("ownership", "generatePins")
        });
        let groups = parse_groups(self.groups.as_deref().unwrap_or_default(), &mut problems);
        let may_be_empty = self.action == ActionName::SetGroups && self.groups.is_some();
        problems.ensure(!takes_groups || !groups.is_empty() || may_be_empty, || {
            FieldProblem::new("groups", "missing", "must name at least one group")
        });
        let action = match self.action {
            ActionName::Resend => Some(JobAction::Resend),
            ActionName::Cancel => Some(JobAction::Cancel),
            ActionName::Restore => Some(JobAction::Restore),
            ActionName::TryAddressAgain => Some(JobAction::TryAddressAgain),
            ActionName::GeneratePins => {
                let reason = Label::parse(self.reason.as_deref().unwrap_or_default());
                let reason = problems.check(reason.map_err(|problem| problem.under("reason")));
                reason.map(|reason| JobAction::GeneratePins {
                    ownership: self.ownership,
                    reason,
                })
            }
            ActionName::Enable => Some(JobAction::Enable),
            ActionName::Disable => Some(JobAction::Disable),
            ActionName::SetGroups => Some(JobAction::SetGroups { groups }),
            ActionName::AddGroups => Some(JobAction::AddGroups { groups }),
            ActionName::RemoveGroups => Some(JobAction::RemoveGroups { groups }),
            ActionName::Delete => Some(JobAction::Delete),
        };
        match action {
            Some(action) if problems.is_empty() => Ok(action),
            _ => Err(Problem::invalid_fields(problems.into_vec())),
        }
    }

    /// What the route needs that does it to one person.
    const fn permission(&self) -> Permission {
        match self.action {
            ActionName::Resend
            | ActionName::TryAddressAgain
            | ActionName::Enable
            | ActionName::Disable
            | ActionName::SetGroups
            | ActionName::AddGroups
            | ActionName::RemoveGroups => Permission::AssistUsers,
            ActionName::Cancel | ActionName::Restore | ActionName::Delete => Permission::Invite,
            ActionName::GeneratePins => Permission::HandOver,
        }
    }
}

fn does_not_apply(field: &str, actions: &str) -> FieldProblem {
    FieldProblem::new(
        field,
        "doesNotApply",
        format!("goes with {actions} only; leave it out"),
    )
}

/// What whoever stops a job needs: the same as whoever starts it.
const fn permission_of(action: &JobAction) -> Permission {
    match action {
        JobAction::Resend
        | JobAction::TryAddressAgain
        | JobAction::Enable
        | JobAction::Disable
        | JobAction::SetGroups { .. }
        | JobAction::AddGroups { .. }
        | JobAction::RemoveGroups { .. }
        | JobAction::Import { invite: false, .. } => Permission::AssistUsers,
        JobAction::Cancel
        | JobAction::Restore
        | JobAction::Delete
        | JobAction::Import { invite: true, .. } => Permission::Invite,
        JobAction::GeneratePins { .. } => Permission::HandOver,
    }
}

/// How many people came to which outcome.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ActionCounts {
    /// It was done.
    done: u64,
    /// Nothing was to be done.
    unchanged: u64,
    /// It could not be done.
    refused: u64,
    /// Their record cannot be read by this version of Beckon.
    unreadable: u64,
    /// Nobody had the id, or no more.
    gone: u64,
}

/// How many lines of a file came to which outcome.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct LineCounts {
    /// Somebody was added.
    added: u64,
    /// Somebody was changed.
    updated: u64,
    /// Nothing was to be done.
    unchanged: u64,
    /// Something is wrong with it.
    invalid: u64,
}

/// A job.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobView {
    /// Which.
    id: String,
    /// What it does: one of the actions, or `import`.
    action: &'static str,
    /// Where it stands.
    state: JobState,
    /// Who ordered it.
    started_by: String,
    /// Since when.
    #[schema(value_type = String)]
    created_at: Timestamp,
    /// When its last step was done; null before.
    #[schema(value_type = Option<String>)]
    ended_at: Option<Timestamp>,
    /// When it was stopped; null if it was not.
    #[schema(value_type = Option<String>)]
    stopped_at: Option<Timestamp>,
    /// Who stopped it.
    stopped_by: Option<String>,
    /// Where *Device owner settings* stood for `generatePins`; null: off, or another action.
    ownership: Option<OwnerSettings>,
    /// Why PINs were generated.
    reason: Option<String>,
    /// The groups that it sets, adds or takes away; null for other actions.
    groups: Option<Vec<String>>,
    /// Whether an import invites; null for actions.
    invite: Option<bool>,
    /// How many people or lines it is for; null until its filter has gone through the list.
    selected: Option<u64>,
    /// How many people came to which outcome so far; null for an import.
    counts: Option<ActionCounts>,
    /// How many lines came to which outcome so far; null for an action.
    rows: Option<LineCounts>,
    /// The share of those who have their outcome, from 0 to 1; null until `selected` is known.
    progress: Option<f64>,
    /// When it will be done if it goes on as it has so far; null where that cannot be said.
    #[schema(value_type = Option<String>)]
    expected_end: Option<Timestamp>,
    /// The batch that invites the people of an import; null if there is none yet.
    batch_id: Option<String>,
    /// The columns of an import that mean nothing to Beckon.
    ignored_columns: Vec<String>,
    /// What is worth knowing of an import and stopped nothing; `field` is the column.
    warnings: Vec<LineProblemView>,
}

impl JobView {
    fn new(report: &JobReport, now: Timestamp) -> Self {
        let (job, cursor) = (&report.job, &report.cursor);
        let is_import = matches!(job.action, JobAction::Import { .. });
        let counts = cursor.counts;
        let (ignored_columns, warnings) = match &job.action {
            JobAction::Import {
                unknown_columns,
                warnings,
                ..
            } => (unknown_columns.clone(), warnings.clone()),
            _ => (Vec::new(), Vec::new()),
        };
        Self {
            id: job.id.to_string(),
            action: job.action.name(),
            state: cursor.state(),
            started_by: actor_name(&job.who),
            created_at: job.created_at,
            ended_at: cursor.done_at,
            stopped_at: cursor.stopped_at,
            stopped_by: cursor.stopped_by.as_ref().map(actor_name),
            ownership: match &job.action {
                JobAction::GeneratePins { ownership, .. } => OwnerSettings::of(*ownership),
                _ => None,
            },
            reason: match &job.action {
                JobAction::GeneratePins { reason, .. } => Some(reason.as_str().to_owned()),
                _ => None,
            },
            groups: match &job.action {
                JobAction::SetGroups { groups }
                | JobAction::AddGroups { groups }
                | JobAction::RemoveGroups { groups } => {
                    let names = groups.iter().map(GroupName::as_str);
                    Some(names.map(str::to_owned).collect())
                }
                _ => None,
            },
            invite: match &job.action {
                JobAction::Import { invite, .. } => Some(*invite),
                _ => None,
            },
            selected: report.selected(),
            counts: (!is_import).then_some(ActionCounts {
                done: counts.done,
                unchanged: counts.unchanged,
                refused: counts.refused,
                unreadable: counts.unreadable,
                gone: counts.gone,
            }),
            rows: is_import.then_some(LineCounts {
                added: counts.added,
                updated: counts.updated,
                unchanged: counts.unchanged,
                invalid: counts.invalid,
            }),
            progress: report.progress(),
            expected_end: report.expected_end(now),
            batch_id: cursor.batch.map(|batch| batch.to_string()),
            ignored_columns,
            warnings: warnings.into_iter().map(LineProblemView::from).collect(),
        }
    }
}

/// Start a job
///
/// Does something to many people. Answers as soon as the job is written down; it is carried out a
/// few people at a time, whether or not anybody waits for it, and each person has an outcome. Each is
/// treated as by the route that does it to one, and a job needs the role of that route: `helpdesk` for
/// `resend`, `tryAddressAgain`, `enable`, `disable` and the groups, `inviter` for `cancel`, `restore`
/// and `delete`, `pindesk` for `generatePins`.
///
/// Up to 100 named users are read before, so that an unknown one is refused. A filter means whom it
/// finds when the job begins and who still fits it when their turn comes. PINs that are generated are
/// stored nowhere: hand them over by `POST /v1/users/{id}/invitation/pin` or print them by `POST
/// /v1/sheets`.
#[utoipa::path(
    post, path = "/v1/jobs", operation_id = "startJob", security(("bearer" = ["helpdesk"])), tag = "Jobs", request_body = JobBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable for 24 hours")),
    responses(
        (status = 202, description = "Will be carried out", body = JobView),
        (status = 422, description = "Fields are wrong, or selected users do not exist", body = Problem),
    )
)]
async fn start(
    State(sending): State<Sending>,
    caller: Authorised,
    headers: HeaderMap,
    body: JsonBody<JobBody>,
) -> Result<(StatusCode, Json<JobView>), Problem> {
    caller.to(body.value.permission())?;
    let request = idempotency::repeatable(&headers, &caller, "POST /v1/jobs", &body.bytes)?;
    let order = JobOrder {
        action: body.value.action()?,
        selection: body.value.selection.parse()?,
        who: caller.actor(),
    };
    let accepted = sending.start_job.run(&order, request.as_ref()).await?;
    Ok((StatusCode::ACCEPTED, Json(accepted_view(&accepted))))
}

/// A job as it stands when it was just accepted: repeated, the request gets the same answer.
pub(crate) fn accepted_view(accepted: &JobAccepted) -> JobView {
    let job = accepted.job.clone();
    let now = job.created_at;
    let cursor = JobCursor::at_the_start(&job, 0, accepted.selected, now);
    JobView::new(&JobReport { job, cursor }, now)
}

/// A page of jobs, newest first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct JobsPage {
    items: Vec<JobView>,
    /// Where the next page begins; null at the end.
    next: Option<String>,
    /// How many entries are left out because this version of Beckon cannot read their records.
    unreadable: usize,
}

/// List jobs, newest first
///
/// A page has at most 20.
#[utoipa::path(
    get, path = "/v1/jobs", operation_id = "listJobs", security(("bearer" = ["viewer"])), tag = "Jobs", params(PageQuery<PAGE_SIZE>),
    responses((status = 200, body = JobsPage), (status = 422, body = Problem))
)]
async fn list(
    State(sending): State<Sending>,
    caller: Authorised,
    Query(query): Query<PageQuery<PAGE_SIZE>>,
) -> Result<Json<JobsPage>, Problem> {
    caller.to(Permission::View)?;
    let pages = Pages::of("jobs");
    let position = pages.position(query.cursor.as_deref())?;
    let page = sending
        .table
        .list_jobs(position.as_deref(), query.limit())
        .await?;
    let now = SystemClock.now();
    let mut items = Vec::with_capacity(page.items.len());
    let mut unreadable = page.unreadable;
    for id in page.items {
        match sending.report_job.run(id).await {
            Ok(report) => items.extend(report.map(|report| JobView::new(&report, now))),
            Err(error) if error.unreadable().is_some() => unreadable += 1,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Json(JobsPage {
        items,
        next: page.next.map(|next| pages.cursor(&next)),
        unreadable,
    }))
}

/// What has become of a job
#[utoipa::path(
    get, path = "/v1/jobs/{id}", operation_id = "getJob", security(("bearer" = ["viewer"])), tag = "Jobs", params(("id" = String, Path)),
    responses((status = 200, body = JobView), (status = 404, body = Problem))
)]
async fn show(
    State(sending): State<Sending>,
    caller: Authorised,
    Path(id): Path<String>,
) -> Result<Json<JobView>, Problem> {
    caller.to(Permission::View)?;
    let report = report(&sending, &id).await?;
    Ok(Json(JobView::new(&report, SystemClock.now())))
}

/// The job with this id in a path.
pub(crate) async fn report(sending: &Sending, id: &str) -> Result<JobReport, Problem> {
    let id: JobId = id_in_path(id, "job")?;
    let found = sending.report_job.run(id).await?;
    found.ok_or_else(|| Problem::not_found("job"))
}

/// Stop a job
///
/// What was done stays done, and nobody further is touched. One that is done or stopped stays as it
/// is. It needs the role that starting it needs.
#[utoipa::path(
    post, path = "/v1/jobs/{id}/stop", operation_id = "stopJob", security(("bearer" = ["viewer"])), tag = "Jobs", params(("id" = String, Path)),
    responses((status = 200, body = JobView), (status = 404, body = Problem))
)]
async fn stop(
    State(sending): State<Sending>,
    caller: Authorised,
    Path(id): Path<String>,
) -> Result<Json<JobView>, Problem> {
    caller.to(Permission::View)?;
    let job: Job = report(&sending, &id).await?.job;
    caller.to(permission_of(&job.action))?;
    let stopped = sending.stop_job.run(job.id, &caller.actor()).await?;
    let (job, cursor) = stopped.ok_or_else(|| Problem::not_found("job"))?;
    let report = JobReport { job, cursor };
    Ok(Json(JobView::new(&report, SystemClock.now())))
}
