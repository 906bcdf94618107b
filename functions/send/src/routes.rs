//! `/v1/invitations` and `/v1/batches`.

use axum::Json;
use axum::extract::State;
use beckon_domain::model::batch::{BatchState, RecipientResult, SkipReason};
use beckon_domain::model::mail::MailState;
use beckon_domain::ports::batches::Batches as _;
use beckon_domain::ports::clock::Clock as _;
use beckon_domain::usecases::report_batch::{BatchReport, ReportedRecipient};
use beckon_domain::usecases::send_invitations::SendRequest;
use beckon_domain::values::ids::BatchId;
use beckon_domain::values::permission::Permission;
use beckon_runtime::parameters::PageQuery;
use beckon_runtime::routes;
use beckon_runtime::routes::Routes;
use beckon_runtime::wire::{BatchView, OrderBody, SentView, Traffic, id_in_path};
use beckon_runtime::{Authorised, JsonBody, Pages, Path, Problem, Query, SystemClock, idempotency};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::Serialize;

use crate::Sending;

/// How many batches are on a page.
const PAGE_SIZE: usize = 20;

/// Of how many recipients at most a batch is counted in the list of them.
const COUNTED_IN_LISTS: u64 = 500;

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
        choice: body.value.ownership,
        settings: body.value.settings()?,
        who: caller.actor(),
    };
    let sent = sending.send.run(&order, request.as_ref()).await?;
    Ok((
        StatusCode::ACCEPTED,
        Json(SentView {
            batch: BatchView::new(&sent.batch, BatchState::Expanding, sent.counts),
            confirmation: sent.confirmation,
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
/// A page has at most 20. `counts` of a batch to more than 500 users are with the batch itself.
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
        match sending.report.within(id, COUNTED_IN_LISTS).await {
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
        }
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
/// In the order in which they were invited or skipped. A page has at most 100.
#[utoipa::path(
    get, path = "/v1/batches/{id}/recipients", operation_id = "listBatchRecipients", security(("bearer" = ["viewer"])), tag = "Invitations", params(("id" = String, Path), PageQuery<RECIPIENTS_PAGE_SIZE>),
    responses((status = 200, body = RecipientsView), (status = 404, body = Problem), (status = 422, body = Problem))
)]
async fn recipients(
    State(sending): State<Sending>,
    caller: Authorised,
    Path(id): Path<String>,
    Query(query): Query<PageQuery<RECIPIENTS_PAGE_SIZE>>,
) -> Result<Json<RecipientsView>, Problem> {
    caller.to(Permission::View)?;
    let id: BatchId = id_in_path(&id, "batch")?;
    let pages = Pages::of(format!("batches/{id}/recipients"));
    let position = pages.position(query.cursor.as_deref())?;
    let page = sending
        .report
        .recipients(id, position.as_deref(), query.limit())
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
