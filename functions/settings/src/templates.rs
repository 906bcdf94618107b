//! Own wordings of mails, by kind and language.

use axum::Json;
use axum::extract::State;
use beckon_domain::model::mail_content::Message;
use beckon_domain::model::settings::SettingsDraft;
use beckon_domain::model::template::{TemplateKind, Variable, WordingDraft};
use beckon_domain::ports::composer::Composer as _;
use beckon_domain::ports::env::WithComposer as _;
use beckon_domain::rules::content::Links;
use beckon_domain::usecases::change_template::{ChangeTemplate, TemplateView};
use beckon_domain::usecases::preview_template::{PreviewTemplate, ShownWording};
use beckon_domain::usecases::test_template::{TestOrder, TestTemplate};
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::ids::Version;
use beckon_domain::values::method::Method;
use beckon_domain::values::permission::Permission;
use beckon_runtime::routes;
use beckon_runtime::routes::Routes;
use beckon_runtime::{Authorised, JsonBody, Path, Problem, etag, idempotency};
use http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::{SettingsEnv, SettingsRoutes};

/// What the routes do.
#[derive(Debug, Clone)]
pub(crate) struct TemplateUses(Arc<Uses>);

#[derive(Debug)]
struct Uses {
    change: ChangeTemplate<SettingsEnv>,
    preview: PreviewTemplate<SettingsEnv>,
    test: TestTemplate<SettingsEnv>,
}

impl TemplateUses {
    pub(crate) fn new(env: SettingsEnv, links: Links, deployed_from: EmailAddress) -> Self {
        Self(Arc::new(Uses {
            change: ChangeTemplate { env: env.clone() },
            preview: PreviewTemplate {
                env: env.clone(),
                links,
                deployed_from,
            },
            test: TestTemplate { env },
        }))
    }
}

pub(crate) fn router<R: Routes<SettingsRoutes>>() -> R {
    R::new()
        .routes(routes!(list))
        .routes(routes!(show, keep, take_back))
        .routes(routes!(preview))
        .routes(routes!(test))
}

/// Which wording there is, without what it says.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct TemplateEntry {
    kind: TemplateKind,
    locale: String,
    /// Whether mails have an own wording; otherwise ours.
    own: bool,
    /// Which version; 0 before anybody kept one.
    version: String,
    #[schema(value_type = Option<String>)]
    changed_at: Option<Timestamp>,
}

/// Every kind in every language.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct TemplateList {
    items: Vec<TemplateEntry>,
}

/// A wording.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct TemplateBody {
    #[serde(flatten)]
    entry: TemplateEntry,
    /// What mails say; where there is no own wording ours, to begin from. What is kept by `PUT`.
    wording: WordingDraft,
    /// What may stand in it, in double braces.
    variables: Vec<Variable>,
}

fn entry(view: &TemplateView) -> TemplateEntry {
    TemplateEntry {
        kind: view.name.kind,
        locale: view.name.locale.to_string(),
        own: view.own,
        version: view.version.get().to_string(),
        changed_at: view.changed_at,
    }
}

type Answer = ([(header::HeaderName, String); 1], Json<TemplateBody>);

fn answer(routes: &SettingsRoutes, view: TemplateView) -> Answer {
    let entry = entry(&view);
    let composer = routes.templates.0.change.env.composer();
    (
        [(header::ETAG, format!("\"{}\"", entry.version))],
        Json(TemplateBody {
            entry,
            variables: composer.variables(view.name.kind),
            wording: view.wording.into(),
        }),
    )
}

/// The version of a template that may be replaced; `None` if any may be.
async fn expected(
    routes: &SettingsRoutes,
    headers: &HeaderMap,
    (kind, locale): (&str, &str),
) -> Result<Option<Version>, Problem> {
    let expected = etag::expected(headers, "templates", "/v1/templates")?;
    let current = async {
        let view = routes.templates.0.change.show(kind, locale).await;
        view.map(|view| view.version)
    };
    Ok(expected.against(current).await?)
}

/// List the wordings of mails
///
/// Every kind of mail in every language: which of them has an own wording.
#[utoipa::path(get, path = "/v1/templates", operation_id = "listTemplates", security(("bearer" = ["viewer"])), tag = "Templates", responses((status = 200, body = TemplateList)))]
async fn list(
    State(routes): State<SettingsRoutes>,
    caller: Authorised,
) -> Result<Json<TemplateList>, Problem> {
    caller.to(Permission::View)?;
    let views = routes.templates.0.change.list().await?;
    Ok(Json(TemplateList {
        items: views.iter().map(entry).collect(),
    }))
}

/// Read the wording of a mail
///
/// The own wording, or ours where there is none: `own` says which. Ours is written with the same
/// variables, so that one can begin from it.
#[utoipa::path(
    get, path = "/v1/templates/{kind}/{locale}", operation_id = "getTemplate", security(("bearer" = ["viewer"])), tag = "Templates",
    params(("kind" = TemplateKind, Path, description = "Which mail"), ("locale" = String, Path, description = "In which language")),
    responses((status = 200, body = TemplateBody), (status = 404, body = Problem))
)]
async fn show(
    State(routes): State<SettingsRoutes>,
    caller: Authorised,
    Path((kind, locale)): Path<(String, String)>,
) -> Result<Answer, Problem> {
    caller.to(Permission::View)?;
    let view = routes.templates.0.change.show(&kind, &locale).await?;
    Ok(answer(&routes, view))
}

/// Keep an own wording
///
/// `wording` of the template that was read, changed. It is refused with the reason, by line, if it
/// calls what it may not, does not come to an end, holds anything but words and plain markup, or
/// leaves out what people need: the secret, where to go on, until when.
#[utoipa::path(
    put, path = "/v1/templates/{kind}/{locale}", operation_id = "saveTemplate", security(("bearer" = ["settings"])), tag = "Templates", request_body = WordingDraft,
    params(
        ("kind" = TemplateKind, Path, description = "Which mail"), ("locale" = String, Path, description = "In which language"),
        ("If-Match" = String, Header, description = "The ETag of the template you changed; * replaces any"),
    ),
    responses(
        (status = 200, body = TemplateBody),
        (status = 404, body = Problem),
        (status = 412, description = "Somebody changed it meanwhile", body = Problem),
        (status = 422, description = "The wording cannot be used", body = Problem),
        (status = 428, description = "If-Match is missing", body = Problem),
    )
)]
async fn keep(
    State(routes): State<SettingsRoutes>,
    caller: Authorised,
    Path((kind, locale)): Path<(String, String)>,
    headers: HeaderMap,
    body: JsonBody<WordingDraft>,
) -> Result<Answer, Problem> {
    caller.to(Permission::Configure)?;
    let expected = expected(&routes, &headers, (&kind, &locale)).await?;
    let (name, draft) = ((&*kind, &*locale), Some(body.value));
    let change = &routes.templates.0.change;
    let view = change.run(name, draft, expected, caller.actor()).await?;
    Ok(answer(&routes, view))
}

/// Take an own wording back
///
/// Mails are in our words again from the next one on. `If-Match` may be left out.
#[utoipa::path(
    delete, path = "/v1/templates/{kind}/{locale}", operation_id = "deleteTemplate", security(("bearer" = ["settings"])), tag = "Templates",
    params(
        ("kind" = TemplateKind, Path, description = "Which mail"), ("locale" = String, Path, description = "In which language"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the template that was read"),
    ),
    responses(
        (status = 200, description = "Our wording, which holds again", body = TemplateBody),
        (status = 404, body = Problem),
        (status = 412, description = "Somebody changed it meanwhile", body = Problem),
    )
)]
async fn take_back(
    State(routes): State<SettingsRoutes>,
    caller: Authorised,
    Path((kind, locale)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Answer, Problem> {
    caller.to(Permission::Configure)?;
    let expected = if headers.contains_key(header::IF_MATCH) {
        expected(&routes, &headers, (&kind, &locale)).await?
    } else {
        None
    };
    let change = &routes.templates.0.change;
    let view = change
        .run((&kind, &locale), None, expected, caller.actor())
        .await?;
    Ok(answer(&routes, view))
}

/// What to show.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct PreviewBody {
    /// A wording that is not kept yet; what holds now if absent.
    draft: Option<WordingDraft>,
    /// Settings that are not saved yet, as `PUT /v1/settings` takes them; those that hold now if absent.
    settings: Option<SettingsDraft>,
    /// For which registration method; that of the settings if absent.
    method: Option<Method>,
}

/// A mail.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct MailView {
    subject: String,
    /// The whole document. Pictures, which the mail carries beside it, stand in it.
    html: String,
    text: String,
}

impl From<Message> for MailView {
    fn from(message: Message) -> Self {
        Self {
            html: message.html_with_images(),
            subject: message.subject,
            text: message.text,
        }
    }
}

/// Preview a wording
///
/// With invented data; its secret is masked. Changes nothing.
#[utoipa::path(
    post, path = "/v1/templates/{kind}/{locale}/preview", operation_id = "previewTemplate", security(("bearer" = ["settings"])), tag = "Templates", request_body = PreviewBody,
    params(("kind" = TemplateKind, Path, description = "Which mail"), ("locale" = String, Path, description = "In which language")),
    responses(
        (status = 200, body = MailView),
        (status = 404, body = Problem),
        (status = 422, description = "The wording or the settings cannot be used", body = Problem),
    )
)]
async fn preview(
    State(routes): State<SettingsRoutes>,
    caller: Authorised,
    Path((kind, locale)): Path<(String, String)>,
    body: JsonBody<PreviewBody>,
) -> Result<Json<MailView>, Problem> {
    caller.to(Permission::Configure)?;
    let PreviewBody {
        draft,
        settings,
        method,
    } = body.value;
    let order = ShownWording {
        draft,
        settings,
        method,
    };
    let preview = &routes.templates.0.preview;
    let message = preview.run((&kind, &locale), order).await?;
    Ok(Json(message.into()))
}

/// What to mail, and to whom.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TestBody {
    /// An address of a domain that may be invited.
    to: String,
    /// A wording that is not kept yet; what holds when it is sent if absent.
    #[serde(default)]
    draft: Option<WordingDraft>,
}

/// A test mail.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct TestView {
    mail_id: String,
}

/// Mail a wording to try it
///
/// With invented data and a masked secret; its subject begins with `[Test]`.
#[utoipa::path(
    post, path = "/v1/templates/{kind}/{locale}/test", operation_id = "mailTestTemplate", security(("bearer" = ["settings"])), tag = "Templates", request_body = TestBody,
    params(
        ("kind" = TemplateKind, Path, description = "Which mail"), ("locale" = String, Path, description = "In which language"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request repeatable for 24 hours"),
    ),
    responses(
        (status = 202, description = "Will be sent", body = TestView),
        (status = 404, body = Problem),
        (status = 422, description = "The address or the wording cannot be used", body = Problem),
    )
)]
async fn test(
    State(routes): State<SettingsRoutes>,
    caller: Authorised,
    Path((kind, locale)): Path<(String, String)>,
    headers: HeaderMap,
    body: JsonBody<TestBody>,
) -> Result<(StatusCode, Json<TestView>), Problem> {
    caller.to(Permission::Configure)?;
    let route = format!("POST /v1/templates/{kind}/{locale}/test");
    let request = idempotency::repeatable(&headers, &caller, &route, &body.bytes)?;
    let TestBody { to, draft } = body.value;
    let order = TestOrder { to, draft };
    let test = &routes.templates.0.test;
    let sent = test.run((&kind, &locale), order, request.as_ref()).await?;
    let mail_id = sent.mail.to_string();
    Ok((StatusCode::ACCEPTED, Json(TestView { mail_id })))
}
