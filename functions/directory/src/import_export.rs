//! `/v1/users/import` and `/v1/users/export`: users as files of spreadsheets.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use beckon_domain::model::batch::{Batch, BatchState};
use beckon_domain::ports::clock::Clock as _;
use beckon_domain::ports::error::Unavailable;
use beckon_domain::rules::importing::FieldChange;
use beckon_domain::usecases::import_users::{
    ImportCounts, ImportOrder, ImportReport, ImportedRow, RowOutcome,
};
use beckon_domain::values::permission::Permission;
use beckon_domain::values::problem::{FieldProblem, Problems};
use beckon_runtime::parameters::Parameters;
use beckon_runtime::problem::FieldError;
use beckon_runtime::routes;
use beckon_runtime::routes::Routes;
use beckon_runtime::user_files::{charset_in, file_of};
use beckon_runtime::wire::{BatchView, Traffic};
use beckon_runtime::{Authorised, Pages, Problem, Query};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::{Deserialize, Serialize};

use crate::Directory;
use crate::routes::ListQuery;

/// How many wrong rows get every reason; the others get the first. An answer has 6 MB at most.
const ROWS_WITH_EVERY_REASON: usize = 1_000;

/// How much text of changes an answer tells; the rows behind it name the columns alone.
const TEXT_OF_CHANGES: usize = 2 * 1024 * 1024;

/// What an answer says of a file that was not finished.
const NOT_COMPLETE: &str = "Time ran out, or somebody changed the same users meanwhile, and nobody was invited by this import yet. Send the same file again: what was done is found done, and the rest is done then.";

/// Where the next page of an export begins.
const NEXT: HeaderName = HeaderName::from_static("beckon-next");

pub(crate) fn router<R: Routes<Directory>>() -> R {
    R::new().routes(routes!(import)).routes(routes!(export))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ImportQuery {
    /// `true`: say what would become of the file, and do nothing. Default `false`.
    dry_run: Option<String>,
    /// `true` or `false`: whether to invite everyone in the file who was never invited. It must
    /// be said.
    #[param(required = true)]
    invite: Option<String>,
}

impl ImportQuery {
    fn order(&self, caller: &Authorised, headers: &HeaderMap) -> ImportOrder {
        let is_true = |text: Option<&String>| text.is_some_and(|text| text == "true");
        ImportOrder {
            dry_run: is_true(self.dry_run.as_ref()),
            invite: is_true(self.invite.as_ref()),
            charset: charset_in(headers),
            who: caller.actor(),
        }
    }
}

impl Parameters for ImportQuery {
    fn problems(&self) -> Vec<FieldProblem> {
        let mut problems = Problems::default();
        for (name, text) in [("dryRun", &self.dry_run), ("invite", &self.invite)] {
            let is_said = matches!(text.as_deref(), None | Some("true" | "false"));
            problems.ensure(is_said, || {
                FieldProblem::new(name, "notABoolean", "must be true or false")
            });
        }
        problems.ensure(self.invite.is_some(), || {
            FieldProblem::new(
                "invite",
                "missing",
                "must be said: true invites everyone in the file who was never invited, false invites nobody",
            )
        });
        problems.into_vec()
    }
}

/// What became of a file.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct ImportView {
    /// Whether every row has had its turn. If not, import the same file again: what was done is
    /// found done.
    complete: bool,
    /// What to do where `complete` is false; absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'static str>,
    /// Whether nothing was done.
    dry_run: bool,
    /// How many rows of each outcome there are.
    counts: ImportCounts,
    /// How many people this import invites, or would.
    invited: u64,
    /// The batch that invites the people of this file, as it stands now; null if there is none.
    batch: Option<BatchView>,
    /// The columns that mean nothing to Beckon, at most 50; what stands in them was passed over.
    ignored_columns: Vec<String>,
    /// What is worth knowing and stopped nothing; `field` is the column.
    #[schema(value_type = Vec<FieldError>)]
    warnings: Vec<FieldProblem>,
    /// Each row, in the order of the file.
    rows: Vec<RowView>,
}

/// What became of a row.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct RowView {
    /// The line of the file in which it begins, counted from 1.
    line: u64,
    /// What became of it.
    outcome: RowOutcome,
    /// Whom it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    /// What of that user it changes, or would.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<ChangeView>,
    /// What is wrong with it; `field` is the column.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<FieldError>)]
    errors: Vec<FieldProblem>,
}

/// What a row changes of a user: a column, what it held and what it holds now, as in a file.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[expect(clippy::option_option, reason = "null and absent are two things")]
struct ChangeView {
    /// The column.
    field: &'static str,
    /// What was there; null if nothing was. Absent in the last rows of a file that changes very much.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    from: Option<Option<String>>,
    /// What is there now; null if nothing is. Absent like `from`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    to: Option<Option<String>>,
}

/// What is told of changes in one answer, in bytes of text.
struct Room(usize);

impl Room {
    fn show(&mut self, change: FieldChange) -> ChangeView {
        let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let needed = length(&change.from) + length(&change.to);
        let left = self.0.checked_sub(needed);
        self.0 = left.unwrap_or(0);
        ChangeView {
            field: change.field,
            from: left.map(|_| change.from),
            to: left.map(|_| change.to),
        }
    }
}

impl ImportView {
    fn of(report: ImportReport, batch: Option<BatchView>, dry_run: bool) -> Self {
        let counts = report.counts();
        let mut wrong = 0;
        let mut room = Room(TEXT_OF_CHANGES);
        let rows = report.rows.into_iter().map(|row: ImportedRow| {
            let mut errors = row.problems;
            wrong += usize::from(!errors.is_empty());
            if wrong > ROWS_WITH_EVERY_REASON {
                errors.truncate(1);
            }
            RowView {
                line: row.line,
                outcome: row.outcome,
                user_id: row.user.map(|id| id.to_string()),
                changes: row
                    .changes
                    .into_iter()
                    .map(|change| room.show(change))
                    .collect(),
                errors,
            }
        });
        Self {
            complete: report.complete,
            detail: (!report.complete).then_some(NOT_COMPLETE),
            dry_run,
            counts,
            invited: report.invited,
            rows: rows.collect(),
            batch,
            ignored_columns: report.unknown_columns,
            warnings: report.warnings,
        }
    }
}

/// Import a file of users
///
/// The first line names the columns, in any order and case: `externalId`, `email`, `name`,
/// `groups`, `locale`, `timeZone`, `enabled`, `userId`. `userId`, `externalId` or `email` must be
/// there. Names that other exports have are known as well: `mail`, `userPrincipalName`,
/// `Email Address`, `employeeId`, first and last name. A column that means nothing to Beckon is
/// passed over and named in the answer. Commas, semicolons or tabs separate cells; a file in which
/// semicolons do needs quotation marks around a cell that holds one, so separate groups by `|`.
/// UTF-8, or what a byte order mark or the `charset` of `Content-Type` says; send what is not UTF-8
/// as `application/octet-stream; charset=windows-1252`.
///
/// A row is about the user with its `userId`, else with its external id, else with its address,
/// else about somebody new. An empty cell leaves what there is. A wrong row is named and harms no
/// other, as is one that a spreadsheet damaged (`#N/A`, `1.23457E+11`). A row that changes somebody
/// says what, from what to what; an address that changes is corrected as by
/// `PATCH /v1/users/{id}`.
///
/// Import the same file again while `complete` is false, or if no answer came: what was done is
/// found done. Invitations go out in one batch once the whole file is in.
#[utoipa::path(
    post, path = "/v1/users/import", operation_id = "importUsers", security(("bearer" = ["helpdesk"])), tag = "Users", params(ImportQuery),
    request_body(content((String = "text/csv"), (String = "application/octet-stream"))),
    responses(
        (status = 200, description = "What became of each row", body = ImportView),
        (status = 413, description = "More than 4 MiB", body = Problem),
        (status = 415, description = "No CSV", body = Problem),
        (status = 422, description = "The file or a parameter is wrong", body = Problem),
    )
)]
async fn import(
    State(directory): State<Directory>,
    caller: Authorised,
    Query(query): Query<ImportQuery>,
    request: Request,
) -> Result<Json<ImportView>, Problem> {
    caller.to(Permission::AssistUsers)?;
    let order = query.order(&caller, request.headers());
    if order.invite {
        caller.to(Permission::Invite)?;
    }
    let file = file_of(request).await?;
    let report = directory.import.run(&file, &order).await?;
    let batch = match &report.batch {
        Some(batch) => Some(as_it_stands(&directory, batch).await?),
        None => None,
    };
    Ok(Json(ImportView::of(report, batch, order.dry_run)))
}

/// A batch as it stands now. The one that an import names may have been started by an earlier
/// import of the same file, and ended since.
async fn as_it_stands(directory: &Directory, batch: &Batch) -> Result<BatchView, Unavailable> {
    let now = directory.clock.now();
    let traffic = Traffic::now(&directory.table, now).await?;
    Ok(match directory.report.run(batch.id).await? {
        Some(report) => BatchView::reported(&report, &traffic, now),
        None => BatchView::new(batch, BatchState::Expanding, None),
    })
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ExportQuery {
    /// States, separated by commas: `none,expired`.
    state: Option<String>,
    /// `true`: only those who are enabled; `false`: only those who are disabled.
    enabled: Option<String>,
    /// Where the mail of the invitation stands, separated by commas: `hardBounced,failed`.
    delivery: Option<String>,
    /// A moment, RFC 3339: those whose open invitation ends then or later.
    expires_from: Option<String>,
    /// A moment, RFC 3339: those whose open invitation ends before it.
    expires_before: Option<String>,
    /// A group, case aside; given more than once, any of them. Given once, it may be several with
    /// commas between them; a backslash before a comma says that it belongs to the name.
    #[serde(default)]
    group: Vec<String>,
    /// Words, each of which the address, the external id, the name or a word of the name begins
    /// with. Case and accents do not matter.
    text: Option<String>,
    /// Where the page begins: `Beckon-Next` of the page before.
    cursor: Option<String>,
}

impl ExportQuery {
    /// The list that is exported: all of it but how it is read page by page.
    fn list(&self) -> ListQuery {
        ListQuery {
            state: self.state.clone(),
            enabled: self.enabled.clone(),
            delivery: self.delivery.clone(),
            expires_from: self.expires_from.clone(),
            expires_before: self.expires_before.clone(),
            group: self.group.clone(),
            text: self.text.clone(),
            order: None,
            limit: None,
            cursor: None,
        }
    }
}

impl Parameters for ExportQuery {
    const REPEATED: &'static [&'static str] = &["group"];

    fn problems(&self) -> Vec<FieldProblem> {
        self.list().problems()
    }
}

/// Export users as CSV
///
/// A page of at most 1,000 rows; if there is another, the header `Beckon-Next` holds the `cursor`
/// of it. Only the first page has the line with the columns, so pages behind one another are one
/// file, which an import reads. No secret is in it, and no cell begins a formula: an apostrophe
/// stands before one that would.
#[utoipa::path(
    get, path = "/v1/users/export", operation_id = "exportUsers", security(("bearer" = ["viewer"])), tag = "Users", params(ExportQuery),
    responses(
        (status = 200, description = "A page of the file", body = String, content_type = "text/csv",
            headers(("Beckon-Next" = String, description = "Where the next page begins; absent at the end"))),
        (status = 422, body = Problem),
    )
)]
async fn export(
    State(directory): State<Directory>,
    caller: Authorised,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Problem> {
    caller.to(Permission::View)?;
    let filter = query.list().filter();
    let pages = Pages::of("users/export");
    let position = pages.position(query.cursor.as_deref())?;
    let page = directory.export.run(&filter, position.as_deref()).await?;
    let mut response = page.file.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/csv; charset=utf-8"),
    );
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment; filename=\"users.csv\""),
    );
    let next = page.next.map(|next| pages.cursor(&next));
    if let Some(Ok(next)) = next.as_deref().map(HeaderValue::from_str) {
        headers.insert(NEXT, next);
    }
    Ok(response)
}
