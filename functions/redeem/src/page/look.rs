//! Whose page it is: what the settings say of the organisation, its colour, its logo and its help
//! desk, which stand in every mail as well; and whether PINs may hold letters, for which a number pad would be of no use.
//! Nothing else of the settings is told here.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use beckon_domain::model::mail_content::Letterhead;
use beckon_domain::model::settings::Settings;
use beckon_domain::model::settings::branding::{Colour, Logo};
use beckon_domain::model::settings::help_desk::HelpDesk;
use beckon_domain::ports::settings::SettingsStore as _;
use beckon_domain::values::names::Label;
use beckon_domain::values::pin::PinAlphabet;
use beckon_runtime::Problem;
use http::{HeaderValue, header};
use serde::Serialize;

use crate::Redemptions;

/// What the page's script dresses it in.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Look {
    organisation: Option<String>,
    help_desk: Option<HelpDesk>,
    accent: Option<Accent>,
    logo: Option<Picture>,
    /// Whether anybody's PIN may hold letters, under the settings as they are.
    pin_letters: bool,
}

#[derive(Debug, Serialize)]
struct Accent {
    fill: String,
    text: String,
}

#[derive(Debug, Serialize)]
struct Picture {
    src: String,
    alt: String,
    width: u32,
    height: u32,
}

impl From<&Settings> for Look {
    fn from(settings: &Settings) -> Self {
        let head: Letterhead = settings.letterhead();
        let groups = settings.groups.iter();
        let own = groups.filter_map(|entry| entry.registration.as_ref());
        let pin_letters = std::iter::once(&settings.registration)
            .chain(own)
            .any(|registration| registration.pin.alphabet != PinAlphabet::Digits);
        let organisation = head.organisation.map(|name| name.as_str().to_owned());
        Self {
            accent: head.branding.accent_colour.map(Accent::from),
            logo: head
                .branding
                .logo
                .map(|logo| Picture::of(&logo, organisation.as_deref())),
            help_desk: head.help_desk,
            organisation,
            pin_letters,
        }
    }
}

impl From<Colour> for Accent {
    fn from(colour: Colour) -> Self {
        Self {
            fill: colour.to_string(),
            text: colour.text_on_it().to_string(),
        }
    }
}

impl Picture {
    /// Within the answer itself: a page that loads nothing from elsewhere tells nobody who opens it.
    fn of(logo: &Logo, organisation: Option<&str>) -> Self {
        let (width, height) = logo.shown_size();
        let alt = logo.alt.as_ref().map(Label::as_str);
        Self {
            src: format!(
                "data:{};base64,{}",
                logo.content_type.media_type(),
                logo.base64()
            ),
            alt: alt.or(organisation).unwrap_or_default().to_owned(),
            width,
            height,
        }
    }
}

pub(super) async fn look(State(redemptions): State<Redemptions>) -> Result<Response, Problem> {
    let current = redemptions.table.current_settings().await?;
    let mut response = Json(Look::from(&current.settings)).into_response();
    response.headers_mut().insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=60"),
    );
    Ok(response)
}
