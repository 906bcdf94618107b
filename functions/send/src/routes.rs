//! `/v1/invitations` and `/v1/batches`.

use axum::Json;
use axum::extract::State;
use beckon_domain::model::batch::{BatchState, RecipientResult, SkipReason};
use beckon_domain::model::mail::MailState;
use beckon_domain::ports::batches::Batches as _;
use beckon_domain::ports::clock::Clock as _;
use beckon_domain::usecases::report_batch::{BatchReport, RecipientOutcome, ReportedRecipient};
use beckon_domain::usecases::send_invitations::SendRequest;
use beckon_domain::values::ids::BatchId;
use beckon_domain::values::permission::Permission;
use beckon_domain::values::problem::{FieldProblem, Problems};
use beckon_runtime::funnel::{Attention, FunnelStep};
use beckon_runtime::parameters::{PageQuery, Parameters, page_size};
use beckon_runtime::routes;
use beckon_runtime::routes::Routes;
use beckon_runtime::wire::{BatchView, OrderBody, SentView, Traffic, id_in_path};
use beckon_runtime::{Authorised, JsonBody, Pages, Path, Problem, Query, SystemClock, idempotency};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Sending;

/// How many batches are on a page.
const PAGE_SIZE: usize = 20;

/// How many recipients are on a page.
const RECIPIENTS_PAGE_SIZE: usize = 100;

pub(crate) fn router<R: Routes<Sending>>() -> R {
    R::new()
        .routes(routes!(send))
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(recipients))
        .routes(routes!(stop))
}

/// Send invitations
///
/// Answers as soon as the batch is written down; mails follow from it. Up to 100 named users are
/// read before, so that an unknown one is refused and the counts are exact; beyond that and for a
/// filter, counts and confirmation are filled in as the batch is worked on: read the batch.
#[utoipa::path(
    post, path = "/v1/invitations", operation_id = "sendInvitations", security(("bearer" = ["inviter"])), tag = "Invitations", request_body = OrderBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable for 24 hours")),
    responses(
        (status = 202, description = "Will be sent", body = SentView),
        (status = 409, description = "The settings changed since the preview", body = Problem),
        (status = 422, description = "Fields are wrong, or selected users do not exist", body = Problem),
    )
)]
async fn send(
    State(sending): State<Sending>,
    caller: Authorised,
    headers: HeaderMap,
    body: JsonBody<OrderBody>,
) -> Result<(StatusCode, Json<SentView>), Problem> {
    caller.to(Permission::Invite)?;
    let request = idempotency::repeatable(&headers, &caller, "POST /v1/invitations", &body.bytes)?;
    let order = SendRequest {
        selection: body.value.selection.parse()?,
        choice: body.value.switch()?,
        settings: body.value.settings()?,
        who: caller.actor(),
    };
    let sent = sending.send.run(&order, request.as_ref()).await?;
    Ok((
        StatusCode::ACCEPTED,
        Json(SentView {
            batch: BatchView::new(&sent.batch, BatchState::Expanding, sent.counts),
            confirmation: sent.confirmation,
            funnel: None,
            attention: None,
        }),
    ))
}

/// A page of batches, newest first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct BatchesPage {
    items: Vec<SentView>,
    /// Where the next page begins; null at the end.
    next: Option<String>,
    /// How many entries are left out because this version of Beckon cannot read their records.
    unreadable: usize,
}

/// List batches, newest first
///
/// A page has at most 20.
#[utoipa::path(
    get, path = "/v1/batches", operation_id = "listBatches", security(("bearer" = ["viewer"])), tag = "Invitations", params(PageQuery<PAGE_SIZE>),
    responses((status = 200, body = BatchesPage), (status = 422, body = Problem))
)]
async fn list(
    State(sending): State<Sending>,
    caller: Authorised,
    Query(query): Query<PageQuery<PAGE_SIZE>>,
) -> Result<Json<BatchesPage>, Problem> {
    caller.to(Permission::View)?;
    let pages = Pages::of("batches");
    let position = pages.position(query.cursor.as_deref())?;
    let page = sending
        .table
        .list_batches(position.as_deref(), query.limit())
        .await?;
    let mut items = Vec::with_capacity(page.items.len());
    let mut unreadable = page.unreadable;
    let now = SystemClock.now();
    let traffic = Traffic::now(&sending.table, now).await?;
    for id in page.items {
        match sending.report.run(id).await {
            Ok(report) => items.extend(report.map(|report| sent(&report, &traffic, now))),
            Err(error) if error.unreadable().is_some() => unreadable += 1,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Json(BatchesPage {
        items,
        next: page.next.map(|next| pages.cursor(&next)),
        unreadable,
    }))
}

fn sent(report: &BatchReport, traffic: &Traffic, now: Timestamp) -> SentView {
    SentView {
        batch: BatchView::reported(report, traffic, now),
        confirmation: report.confirmation,
        funnel: report.counted.then(|| FunnelStep::all(&report.figures)),
        attention: report.counted.then(|| Attention::of(&report.figures)),
    }
}

async fn report(sending: &Sending, id: BatchId) -> Result<Option<SentView>, Problem> {
    let now = SystemClock.now();
    let traffic = Traffic::now(&sending.table, now).await?;
    let report = sending.report.run(id).await?;
    Ok(report.map(|report| sent(&report, &traffic, now)))
}

/// What has become of a batch
#[utoipa::path(
    get, path = "/v1/batches/{id}", operation_id = "getBatch", security(("bearer" = ["viewer"])), tag = "Invitations", params(("id" = String, Path)),
    responses((status = 200, body = SentView), (status = 404, body = Problem))
)]
async fn show(
    State(sending): State<Sending>,
    caller: Authorised,
    Path(id): Path<String>,
) -> Result<Json<SentView>, Problem> {
    caller.to(Permission::View)?;
    let id: BatchId = id_in_path(&id, "batch")?;
    report(&sending, id)
        .await?
        .map(Json)
        .ok_or_else(|| Problem::not_found("batch"))
}

/// Stop a batch
///
/// Nobody further is invited by it, and its mails that wait are dropped when their turn comes.
/// What went out stays good: cancel those invitations one by one, or send anew.
#[utoipa::path(
    post, path = "/v1/batches/{id}/stop", operation_id = "stopBatch", security(("bearer" = ["inviter"])), tag = "Invitations", params(("id" = String, Path)),
    responses((status = 200, body = SentView), (status = 404, body = Problem))
)]
async fn stop(
    State(sending): State<Sending>,
    caller: Authorised,
    Path(id): Path<String>,
) -> Result<Json<SentView>, Problem> {
    caller.to(Permission::Invite)?;
    let id: BatchId = id_in_path(&id, "batch")?;
    sending.stop.run(id, &caller.actor()).await?;
    report(&sending, id)
        .await?
        .map(Json)
        .ok_or_else(|| Problem::not_found("batch"))
}

/// What became of one selected user.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct BatchRecipient {
    user_id: String,
    /// Where mail to them goes; null if they were deleted.
    email: Option<String>,
    /// What they are called, if they are called anything.
    display_name: Option<String>,
    /// `issued` or `skipped`.
    outcome: &'static str,
    /// Why skipped.
    reason: Option<SkipReason>,
    /// Where the mail stands.
    delivery: Option<MailState>,
    /// Why it stands there, if there is something to say.
    delivery_reason: Option<String>,
    /// The same as a stable name, such as `quietHours`.
    delivery_reason_code: Option<String>,
    /// Whether they will get a confirmation when they succeed.
    confirmation: bool,
    /// Where the invitation stands: `pending`, `locked`, `completed`, `expired`, `cancelled`, `declined`,
    /// `replaced` by a later one, or `gone` with the person; null if there is none.
    invitation: Option<&'static str>,
    /// When its secret was shown and accepted first; null if it was not, or if that is not known.
    #[schema(value_type = Option<String>)]
    redeemed_at: Option<Timestamp>,
    /// When a device was recorded that completed it; null if none was, or if that is not known.
    #[schema(value_type = Option<String>)]
    registered_at: Option<Timestamp>,
}

impl From<ReportedRecipient> for BatchRecipient {
    fn from(reported: ReportedRecipient) -> Self {
        let (user, mail) = (reported.user.as_ref(), reported.mail);
        let told = mail.as_ref().and_then(|mail| mail.reason.clone());
        let (outcome, reason) = match reported.recipient.result {
            RecipientResult::Issued { .. } => ("issued", None),
            RecipientResult::Skipped { reason } => ("skipped", Some(reason)),
        };
        Self {
            user_id: reported.recipient.user.to_string(),
            email: user.map(|user| user.email.as_str().to_owned()),
            display_name: user
                .and_then(|user| user.display_name.as_ref())
                .map(|name| name.as_str().to_owned()),
            outcome,
            reason,
            delivery: mail.as_ref().map(|mail| mail.state),
            delivery_reason: told.as_ref().map(|reason| reason.detail.clone()),
            delivery_reason_code: told.map(|reason| reason.code),
            confirmation: reported.recipient.confirmation,
            invitation: reported.fate.map(|fate| fate.standing.name()),
            redeemed_at: reported.redeemed_at,
            registered_at: reported.registered_at,
        }
    }
}

/// Which recipients.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct RecipientsQuery {
    /// Those alone of whom this is so: `issued`, `skipped`; of the mail, `waiting`, `sent`, `bounced`,
    /// `refused`, `dropped`; reached, `delivered`, `redeemed`, `registered`, `confirmed`; `unregistered`;
    /// of the invitation, `open`, `locked`, `expired`, `declined`, `cancelled`, `replaced`.
    outcome: Option<String>,
    /// Where the page begins, as the page before said.
    cursor: Option<String>,
    /// 1 to 100; default 100.
    #[param(value_type = Option<usize>, minimum = 1, maximum = 100)]
    limit: Option<String>,
}

impl RecipientsQuery {
    fn outcome(&self) -> Option<RecipientOutcome> {
        RecipientOutcome::named(self.outcome.as_deref()?.trim())
    }

    fn limit(&self) -> usize {
        page_size(self.limit.as_deref(), RECIPIENTS_PAGE_SIZE).unwrap_or(RECIPIENTS_PAGE_SIZE)
    }
}

impl Parameters for RecipientsQuery {
    fn problems(&self) -> Vec<FieldProblem> {
        let mut problems = Problems::default();
        problems.check(page_size(self.limit.as_deref(), RECIPIENTS_PAGE_SIZE));
        problems.ensure(self.outcome.is_none() || self.outcome().is_some(), || {
            let names = RecipientOutcome::NAMES.join(", ");
            FieldProblem::new(
                "outcome",
                "unknownOutcome",
                format!("must be one of {names}"),
            )
        });
        problems.into_vec()
    }
}

/// A page of recipients.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct RecipientsView {
    items: Vec<BatchRecipient>,
    /// Where the next page begins; null at the end.
    next: Option<String>,
}

/// What became of each selected user
///
/// In the order in which they were invited or skipped. A page has at most 100. With `outcome` a page
/// may be short, even empty, while `next` is not null.
#[utoipa::path(
    get, path = "/v1/batches/{id}/recipients", operation_id = "listBatchRecipients", security(("bearer" = ["viewer"])), tag = "Invitations", params(("id" = String, Path), RecipientsQuery),
    responses((status = 200, body = RecipientsView), (status = 404, body = Problem), (status = 422, body = Problem))
)]
async fn recipients(
    State(sending): State<Sending>,
    caller: Authorised,
    Path(id): Path<String>,
    Query(query): Query<RecipientsQuery>,
) -> Result<Json<RecipientsView>, Problem> {
    caller.to(Permission::View)?;
    let id: BatchId = id_in_path(&id, "batch")?;
    let pages = Pages::of(format!("batches/{id}/recipients"));
    let position = pages.position(query.cursor.as_deref())?;
    let page = sending
        .report
        .recipients(id, query.outcome(), position.as_deref(), query.limit())
        .await?
        .ok_or_else(|| Problem::not_found("batch"))?;
    Ok(Json(RecipientsView {
        items: page
            .recipients
            .into_iter()
            .map(BatchRecipient::from)
            .collect(),
        next: page.next.map(|next| pages.cursor(&next)),
    }))
}
