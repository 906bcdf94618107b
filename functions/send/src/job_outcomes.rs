//! `/v1/jobs/{id}/outcomes` and `/v1/jobs/{id}/history`: what became of each person of a job, and of the
//! job itself.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::State;
use beckon_domain::model::job::{Job, JobAction, JobReason, JobResult, JobSelection};
use beckon_domain::usecases::report_job::{JobReport, ReportedOutcome};
use beckon_domain::values::names::GroupName;
use beckon_domain::values::permission::Permission;
use beckon_domain::values::problem::{FieldProblem, Problems};
use beckon_runtime::parameters::{Parameters, named, page_size};
use beckon_runtime::refusals::sentence_of;
use beckon_runtime::routes;
use beckon_runtime::routes::Routes;
use beckon_runtime::wire::{LineProblemView, SelectedView, actor_name};
use beckon_runtime::{Authorised, Pages, Path, Problem, Query};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Sending;
use crate::history::selected;
use crate::jobs::report;

/// How many outcomes are on a page.
const PAGE_SIZE: usize = 100;

pub(crate) fn router<R: Routes<Sending>>() -> R {
    R::new().routes(routes!(list)).routes(routes!(history))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct OutcomesQuery {
    /// Outcomes, separated by commas: `refused,gone`. Left out: all.
    outcome: Option<String>,
    /// 1 to 100; default 100.
    #[param(value_type = Option<usize>, minimum = 1, maximum = 100)]
    limit: Option<String>,
    /// Where the page begins: `next` of the page before.
    cursor: Option<String>,
}

impl OutcomesQuery {
    fn names(&self) -> Result<BTreeSet<&'static str>, FieldProblem> {
        let names = named(
            "outcome",
            self.outcome.as_deref(),
            &JobResult::NAMES,
            |name| name,
        )?;
        Ok(names.into_iter().collect())
    }
}

impl Parameters for OutcomesQuery {
    fn problems(&self) -> Vec<FieldProblem> {
        let mut problems = Problems::default();
        problems.check(self.names());
        problems.check(page_size(self.limit.as_deref(), PAGE_SIZE));
        problems.into_vec()
    }
}

/// What became of one person, or of one line of a file.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct JobOutcomeView {
    /// The line of the file in which it begins; null for an action.
    line: Option<u64>,
    /// Who; null for a line that is about nobody known.
    user_id: Option<String>,
    /// Where mail to them goes; null if they were deleted.
    email: Option<String>,
    /// What they are called, if they are called anything.
    display_name: Option<String>,
    /// `done`, `unchanged`, `refused`, `unreadable` or `gone`; of a line `added`, `updated`, `unchanged`
    /// or `invalid`.
    outcome: &'static str,
    /// Why it was refused, or left as it was.
    reason: Option<JobReason>,
    /// The same as a sentence.
    detail: Option<String>,
    /// The columns by which a line changed somebody.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<String>,
    /// What is wrong with a line; `field` is the column.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<LineProblemView>,
}

impl From<ReportedOutcome> for JobOutcomeView {
    fn from(reported: ReportedOutcome) -> Self {
        let (outcome, user) = (reported.outcome, reported.user);
        let name = outcome.result.name();
        let (mut reason, mut changes, mut errors) = (None, Vec::new(), Vec::new());
        match outcome.result {
            JobResult::Refused { reason: why } => reason = Some(why),
            JobResult::Unchanged { reason: why } => reason = why,
            JobResult::Updated { changes: columns } => changes = columns,
            JobResult::Invalid { problems } => errors = problems,
            JobResult::Done | JobResult::Unreadable | JobResult::Gone | JobResult::Added => {}
        }
        Self {
            line: outcome.line,
            user_id: outcome.user.map(|id| id.to_string()),
            email: user.as_ref().map(|user| user.email.as_str().to_owned()),
            display_name: user
                .and_then(|user| user.display_name)
                .map(|name| name.as_str().to_owned()),
            outcome: name,
            reason,
            detail: reason.map(sentence_of),
            changes,
            errors: errors.into_iter().map(LineProblemView::from).collect(),
        }
    }
}

/// A page of outcomes.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct JobOutcomesPage {
    items: Vec<JobOutcomeView>,
    /// Where the next page begins; null at the end. A page may be short, even empty, and still have a
    /// next.
    next: Option<String>,
    /// How many steps' outcomes are left out because this version of Beckon cannot read their records.
    unreadable: usize,
}

/// What became of each person of a job
///
/// In the order of the selection; of an import, each line of the file. A page has at most 100. What
/// became of the lines of a file is kept for 30 days.
#[utoipa::path(
    get, path = "/v1/jobs/{id}/outcomes", operation_id = "listJobOutcomes", security(("bearer" = ["viewer"])), tag = "Jobs", params(("id" = String, Path), OutcomesQuery),
    responses((status = 200, body = JobOutcomesPage), (status = 404, body = Problem), (status = 422, body = Problem))
)]
async fn list(
    State(sending): State<Sending>,
    caller: Authorised,
    Path(id): Path<String>,
    Query(query): Query<OutcomesQuery>,
) -> Result<Json<JobOutcomesPage>, Problem> {
    caller.to(Permission::View)?;
    let job = report(&sending, &id).await?.job.id;
    let pages = Pages::of(format!("jobs/{job}/outcomes"));
    let position = pages.position(query.cursor.as_deref())?;
    let page = sending
        .report_job
        .outcomes(
            job,
            &query.names().unwrap_or_default(),
            position.as_deref(),
            page_size(query.limit.as_deref(), PAGE_SIZE).unwrap_or(PAGE_SIZE),
        )
        .await?
        .ok_or_else(|| Problem::not_found("job"))?;
    Ok(Json(JobOutcomesPage {
        items: page
            .outcomes
            .into_iter()
            .map(JobOutcomeView::from)
            .collect(),
        next: page.next.map(|next| pages.cursor(&next)),
        unreadable: page.unreadable,
    }))
}

/// The history of a job.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct JobHistory {
    items: Vec<JobHistoryEntry>,
}

/// Something that happened to a job.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct JobHistoryEntry {
    #[schema(value_type = String)]
    at: Timestamp,
    /// By whom.
    who: String,
    /// What, as a stable name: `started`, `done` or `stopped`.
    what: &'static str,
    /// What, as a sentence.
    text: String,
    /// What the sentence is made of, so that it can be said in another language.
    facts: JobFacts,
}

/// What is known of something that happened to a job. Which fields are there depends on `what`.
#[derive(Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
struct JobFacts {
    /// What was to be done, by the name that the request had.
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'static str>,
    /// How many users were named; absent if a filter was, or a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    selected: Option<u64>,
    /// How many had each outcome by then; what nobody had is left out.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    outcomes: BTreeMap<&'static str, u64>,
}

/// What happened to a job, newest first
///
/// What it did to each person stands in their history.
#[utoipa::path(
    get, path = "/v1/jobs/{id}/history", operation_id = "listJobHistory", security(("bearer" = ["viewer"])), tag = "Jobs", params(("id" = String, Path)),
    responses((status = 200, body = JobHistory), (status = 404, body = Problem))
)]
async fn history(
    State(sending): State<Sending>,
    caller: Authorised,
    Path(id): Path<String>,
) -> Result<Json<JobHistory>, Problem> {
    caller.to(Permission::View)?;
    let report = report(&sending, &id).await?;
    Ok(Json(JobHistory {
        items: entries_of(&report),
    }))
}

fn entries_of(report: &JobReport) -> Vec<JobHistoryEntry> {
    let (job, cursor) = (&report.job, &report.cursor);
    let mut items = vec![JobHistoryEntry {
        at: job.created_at,
        who: actor_name(&job.who),
        what: "started",
        text: format!("{}.", ordered(job)),
        facts: JobFacts {
            action: Some(job.action.name()),
            selected: match &job.selection {
                JobSelection::People { whom } => SelectedView::from(whom).users,
                JobSelection::File { .. } => None,
            },
            outcomes: BTreeMap::new(),
        },
    }];
    let outcomes = outcomes_of(report);
    let counted = counted(&outcomes);
    let facts = JobFacts {
        outcomes: outcomes
            .into_iter()
            .map(|(count, name)| (name, count))
            .collect(),
        ..JobFacts::default()
    };
    if let (Some(at), Some(who)) = (cursor.stopped_at, &cursor.stopped_by) {
        items.push(JobHistoryEntry {
            at,
            who: actor_name(who),
            what: "stopped",
            text: format!("Stopped; nobody further is touched. Until then: {counted}."),
            facts,
        });
    } else if let Some(at) = cursor.done_at {
        items.push(JobHistoryEntry {
            at,
            who: actor_name(&job.who),
            what: "done",
            text: format!("Everyone selected has an outcome: {counted}."),
            facts,
        });
    }
    items.reverse();
    items
}

/// How many had each outcome, of those that somebody had.
fn outcomes_of(report: &JobReport) -> Vec<(u64, &'static str)> {
    let counts = report.cursor.counts;
    let outcomes = [
        (counts.done, "done"),
        (counts.added, "added"),
        (counts.updated, "updated"),
        (counts.unchanged, "unchanged"),
        (counts.refused, "refused"),
        (counts.invalid, "invalid"),
        (counts.unreadable, "unreadable"),
        (counts.gone, "gone"),
    ];
    outcomes
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .collect()
}

fn counted(outcomes: &[(u64, &'static str)]) -> String {
    let parts: Vec<String> = outcomes
        .iter()
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    if parts.is_empty() {
        "none".to_owned()
    } else {
        parts.join(", ")
    }
}

/// What was ordered, and for whom.
fn ordered(job: &Job) -> String {
    let groups = |groups: &BTreeSet<GroupName>| {
        let names: Vec<&str> = groups.iter().map(GroupName::as_str).collect();
        names.join(", ")
    };
    let what = match &job.action {
        JobAction::Resend => "Mail the invitation again".to_owned(),
        JobAction::Cancel => "Cancel the invitation".to_owned(),
        JobAction::Restore => "Restore the invitation".to_owned(),
        JobAction::TryAddressAgain => "Try the address again".to_owned(),
        JobAction::GeneratePins { reason, .. } => {
            format!("Generate PINs without mail ({})", reason.as_str())
        }
        JobAction::Enable => "Enable".to_owned(),
        JobAction::Disable => "Disable".to_owned(),
        JobAction::SetGroups { groups: to } if to.is_empty() => "Set no groups".to_owned(),
        JobAction::SetGroups { groups: to } => format!("Set the groups {}", groups(to)),
        JobAction::AddGroups { groups: to } => format!("Add to {}", groups(to)),
        JobAction::RemoveGroups { groups: from } => format!("Take out of {}", groups(from)),
        JobAction::Delete => "Delete".to_owned(),
        JobAction::Import { invite: true, .. } => "Import and invite".to_owned(),
        JobAction::Import { invite: false, .. } => "Import".to_owned(),
    };
    match &job.selection {
        JobSelection::People { whom } => format!("{what}: {}", selected(whom)),
        JobSelection::File { lines: 1 } => format!("{what}: one line"),
        JobSelection::File { lines } => format!("{what}: {lines} lines"),
    }
}
