//! The invitation preview.

use axum::extract::State;
use axum::{Json, Router};
use beckon_aws::Table;
use beckon_domain::model::batch::SkipReason;
use beckon_domain::model::ownership::Ownership;
use beckon_domain::model::selection::Selection;
use beckon_domain::rules::confirmation::NoConfirmation;
use beckon_domain::rules::content::Links;
use beckon_domain::rules::issuing::Eligibility;
use beckon_domain::usecases::preview_invitations::{
    Preview, PreviewInvitations, PreviewOrder, PreviewedRecipient,
};
use beckon_domain::values::locale::Locale;
use beckon_domain::values::method::Method;
use beckon_domain::values::permission::Permission;
use beckon_domain::values::problem::FieldProblem;
use beckon_mail::Composer;
use beckon_runtime::parameters::Parameters;
use beckon_runtime::routes;
use beckon_runtime::routes::{OpenApiRouter, Routes};
use beckon_runtime::wire::OrderBody;
use beckon_runtime::{Authorised, FunctionEnv, JsonBody, NotGiven, Pages, Problem, Query};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What the use cases run in.
type PreviewEnv = FunctionEnv<Table, NotGiven, Composer>;

/// What the route works with.
#[derive(Debug, Clone)]
pub struct Previews {
    show: Arc<PreviewInvitations<PreviewEnv>>,
}

impl Previews {
    /// Previews of what this table holds.
    #[must_use]
    pub fn new(table: Table, composer: Composer, links: Links) -> Self {
        let env = FunctionEnv::over(table).with_composer(composer);
        Self {
            show: Arc::new(PreviewInvitations { env, links }),
        }
    }

    /// The route, with its part of the OpenAPI document.
    #[must_use]
    pub fn routes(self) -> OpenApiRouter {
        all::<OpenApiRouter<_>>().with_state(self)
    }

    /// The route alone.
    pub fn router(self) -> Router {
        all::<Router<_>>().with_state(self)
    }
}

fn all<R: Routes<Previews>>() -> R {
    R::new().routes(routes!(preview))
}

/// What would be sent.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct PreviewView {
    /// Give it to Send, so that what is sent is what was shown.
    settings_version: String,
    method: Method,
    ownership: OwnershipView,
    counts: CountsView,
    recipients: Vec<RecipientView>,
    /// Where the next page begins; null at the end.
    next: Option<String>,
    /// The mail as the first of them would get it, its secret masked; null if nobody on this page
    /// would get one.
    mail: Option<MailView>,
}

/// What the device owner setting does.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct OwnershipView {
    /// Whether it applies to the registration method.
    applies: bool,
    /// What invitations will carry.
    result: Ownership,
    /// What a supervised device becomes, whatever is chosen.
    supervised: Ownership,
    /// Why it does not apply.
    reason: Option<&'static str>,
}

/// How many.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct CountsView {
    selected: u64,
    /// Replacements included.
    will_send: u64,
    skipped: u64,
    /// Whether the counts are of the whole selection, as a rule on the first page of one of up to
    /// 2,000 users; otherwise `willSend` and `skipped` are of this page. A filter that looks at
    /// many to find few is not counted through.
    exact: bool,
}

/// One of the selected.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct RecipientView {
    user_id: String,
    /// What they are called.
    display_name: Option<String>,
    email: Option<String>,
    /// `willSend`, `willReplace`, `willMailAgain` (they were invited a moment ago and nothing has
    /// changed, so the same issue is mailed again) or `skipped`.
    outcome: &'static str,
    /// Why skipped.
    reason: Option<SkipReason>,
    /// The language that the mail will be written in.
    locale: String,
    method: Method,
    ownership: Ownership,
    /// Whose the device was to be by their earlier invitation; null if they have none, or it was not set.
    earlier_ownership: Option<Ownership>,
    /// Why the device owner setting does not reach them, if it does not.
    ownership_reason: Option<&'static str>,
    confirmation: ConfirmationView,
    /// How many devices are registered for them already. An invitation stays open whatever they enrolled before it.
    devices: u32,
}

/// Whether they would get a confirmation when they succeed.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct ConfirmationView {
    will_send: bool,
    /// Why not.
    reason: Option<NoConfirmation>,
}

/// A mail.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct MailView {
    subject: String,
    /// The whole document. Pictures, which the mail carries beside it, stand in it.
    html: String,
    text: String,
}

/// What is said where the device owner setting does not apply.
const NOT_REACHED: &str = "methodWithoutOwnership";

fn recipient(previewed: PreviewedRecipient) -> RecipientView {
    let (outcome, reason) = match previewed.eligibility {
        Eligibility::Send => ("willSend", None),
        Eligibility::Replace => ("willReplace", None),
        Eligibility::Again => ("willMailAgain", None),
        Eligibility::Skip(reason) => ("skipped", Some(reason)),
    };
    let devices = previewed.user.as_ref().map_or(0, |user| user.devices);
    let (user_id, email, display_name) = match previewed.user {
        Ok(user) => (
            user.id,
            Some(user.email.as_str().to_owned()),
            user.display_name.map(|name| name.as_str().to_owned()),
        ),
        Err(id) => (id, None, None),
    };
    RecipientView {
        user_id: user_id.to_string(),
        display_name,
        email,
        outcome,
        reason,
        locale: previewed.locale.to_string(),
        method: previewed.method,
        ownership: previewed.ownership,
        earlier_ownership: previewed.earlier_ownership,
        ownership_reason: (!previewed.choice_applies).then_some(NOT_REACHED),
        confirmation: ConfirmationView {
            will_send: previewed.confirmation.is_ok(),
            reason: previewed.confirmation.err(),
        },
        devices,
    }
}

/// Named users are counted through, those of a filter listed by address.
fn pages_of(selection: &Selection) -> Pages {
    Pages::of(match selection {
        Selection::Users(_) => "invitations/preview by id",
        Selection::Filter { .. } => "invitations/preview by filter",
    })
}

impl PreviewView {
    fn of(preview: Preview, pages: &Pages) -> Self {
        Self {
            settings_version: preview.settings.get().to_string(),
            method: preview.method,
            ownership: OwnershipView {
                applies: preview.choice_applies,
                result: preview.ownership,
                supervised: Ownership::CompanyOwned,
                reason: (!preview.choice_applies).then_some(NOT_REACHED),
            },
            counts: CountsView {
                selected: preview.counts.selected,
                will_send: preview.counts.will_send,
                skipped: preview.counts.skipped,
                exact: preview.counts.exact,
            },
            recipients: preview.recipients.into_iter().map(recipient).collect(),
            next: preview.next.map(|next| pages.cursor(&next)),
            mail: preview.mail.map(|mail| MailView {
                html: mail.html_with_images(),
                subject: mail.subject,
                text: mail.text,
            }),
        }
    }
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PreviewQuery {
    /// Where the page begins: `next` of the page before, with the same body.
    cursor: Option<String>,
    /// The language to show the mail in, like `de`; the recipient's own if absent. What is sent stays in theirs.
    locale: Option<String>,
}

impl PreviewQuery {
    fn locale(&self) -> Result<Option<Locale>, FieldProblem> {
        let parsed = self.locale.as_deref().map(Locale::parse).transpose();
        parsed.map_err(|problem| problem.under("locale"))
    }
}

impl Parameters for PreviewQuery {
    fn problems(&self) -> Vec<FieldProblem> {
        self.locale().err().into_iter().collect()
    }
}

/// Preview invitations
///
/// Changes nothing. Answers by the very rules by which Send will act, a hundred recipients a page.
#[utoipa::path(
    post, path = "/v1/invitations/preview", operation_id = "previewInvitations", security(("bearer" = ["inviter"])), tag = "Invitations", request_body = OrderBody, params(PreviewQuery),
    responses(
        (status = 200, body = PreviewView),
        (status = 409, description = "The settings changed since the page before", body = Problem),
        (status = 422, description = "Fields are wrong, or selected users do not exist", body = Problem),
    )
)]
async fn preview(
    State(previews): State<Previews>,
    caller: Authorised,
    Query(query): Query<PreviewQuery>,
    body: JsonBody<OrderBody>,
) -> Result<Json<PreviewView>, Problem> {
    caller.to(Permission::Invite)?;
    let selection = body.value.selection.parse()?;
    let pages = pages_of(&selection);
    let order = PreviewOrder {
        position: pages.position(query.cursor.as_deref())?,
        selection,
        choice: body.value.switch()?,
        settings: body.value.settings()?,
        locale: query.locale().unwrap_or_default(),
        who: caller.actor(),
    };
    let preview = previews.show.run(&order).await?;
    Ok(Json(PreviewView::of(preview, &pages)))
}
