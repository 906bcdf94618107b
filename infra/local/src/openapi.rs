//! All routes on one port, and the document that describes them. Each function brings its own
//! part of both.

use axum::Router;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder};
use utoipa_axum::router::OpenApiRouter;

/// The HTTP functions.
pub(crate) struct Parts {
    pub(crate) directory: directory::Directory,
    pub(crate) desk: desk::Desk,
    pub(crate) previews: preview::Previews,
    pub(crate) sending: send::Sending,
    pub(crate) settings: settings::SettingsRoutes,
    pub(crate) redemptions: redeem::Redemptions,
}

/// Their routes, and the document that describes them.
pub(crate) fn merged(parts: Parts) -> (Router, OpenApi) {
    OpenApiRouter::with_openapi(head())
        .merge(parts.directory.routes())
        .merge(parts.desk.routes())
        .merge(parts.previews.routes())
        .merge(parts.sending.routes())
        .merge(parts.settings.routes())
        .merge(parts.redemptions.routes())
        .split_for_parts()
}

fn head() -> OpenApi {
    let bearer = SecurityScheme::Http(
        HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some("A token of the user pool or the issuer Beckon was deployed with; none on one machine"))
            .build(),
    );
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Beckon")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some("Invites people to enrol their devices with the company's device management, and tells them when it worked."))
                .build(),
        )
        .components(Some(ComponentsBuilder::new().security_scheme("bearer", bearer).build()))
        .security(Some([utoipa::openapi::SecurityRequirement::new("bearer", Vec::<String>::new())]))
        .build()
}
