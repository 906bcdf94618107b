//! Reading, keeping and taking back own wordings.

use jiff::Timestamp;

use crate::model::actor::Actor;
use crate::model::settings::UNSAVED;
use crate::model::template::{Template, TemplateKind, TemplateName, Wording, WordingDraft};
use crate::ports::clock::Clock;
use crate::ports::composer::Composer;
use crate::ports::env::{Env, WithComposer};
use crate::ports::error::{SaveError, Unavailable};
use crate::ports::settings::SettingsStore;
use crate::ports::turns::Turns;
use crate::values::ids::Version;
use crate::values::locale::Locale;
use crate::values::problem::FieldProblem;

/// A wording and whose it is.
#[derive(Debug, Clone)]
pub struct TemplateView {
    /// Which.
    pub name: TemplateName,
    /// Which version; 0 before anybody kept one.
    pub version: Version,
    /// Whether it is an own one; otherwise it is ours, to begin from.
    pub own: bool,
    /// What it says.
    pub wording: Wording,
    /// When it was kept or taken back last.
    pub changed_at: Option<Timestamp>,
}

/// Why a wording was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeTemplateRefused {
    /// There is no such kind, or no mail in that language.
    #[error("there is no such template")]
    Unknown,
    /// The wording cannot be used.
    #[error("the wording cannot be used")]
    Invalid(Vec<FieldProblem>),
    /// Somebody else changed it since it was read.
    #[error("the wording has changed since it was read")]
    Stale {
        /// The version that holds now.
        current: Version,
    },
    /// Try again later.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Reads, keeps and takes back own wordings.
#[derive(Debug, Clone)]
pub struct ChangeTemplate<E> {
    /// What it runs in.
    pub env: E,
}

/// The template of this kind in this language, as a path names them; `None` if there is no such
/// kind or no mail in that language.
pub fn named(composer: &impl Composer, kind: &str, locale: &str) -> Option<TemplateName> {
    let kind = TemplateKind::named(kind)?;
    let locale = Locale::parse(locale).ok()?;
    composer
        .locales()
        .contains(&locale)
        .then_some(TemplateName { kind, locale })
}

/// A draft that may be kept, or everything that is wrong with it.
pub fn checked(
    composer: &impl Composer,
    name: &TemplateName,
    draft: WordingDraft,
) -> Result<Wording, Vec<FieldProblem>> {
    let wording = draft.parse()?;
    let problems = composer.check_wording(name, &wording);
    if problems.is_empty() {
        Ok(wording)
    } else {
        Err(problems)
    }
}

impl<E> ChangeTemplate<E>
where
    E: Env<Store: SettingsStore> + WithComposer,
{
    /// Every wording there can be, own or ours, by kind and language.
    pub async fn list(&self) -> Result<Vec<TemplateView>, Unavailable> {
        let mut kept = self.env.store().templates().await?;
        let mut views = Vec::new();
        for kind in TemplateKind::ALL {
            for locale in self.env.composer().locales() {
                let name = TemplateName { kind, locale };
                let place = kept.iter().position(|template| template.name == name);
                let template = place.map(|place| kept.swap_remove(place));
                views.push(self.view(name, template));
            }
        }
        Ok(views)
    }

    /// One of them.
    pub async fn show(
        &self,
        kind: &str,
        locale: &str,
    ) -> Result<TemplateView, ChangeTemplateRefused> {
        let name =
            named(self.env.composer(), kind, locale).ok_or(ChangeTemplateRefused::Unknown)?;
        let template = self.env.store().template(&name).await?;
        Ok(self.view(name, template))
    }

    /// Puts a draft in the place of the version that it was made from, or takes the own wording
    /// back where there is no draft. `None` as the version replaces whatever there is.
    pub async fn run(
        &self,
        (kind, locale): (&str, &str),
        draft: Option<WordingDraft>,
        expected: Option<Version>,
        who: Actor,
    ) -> Result<TemplateView, ChangeTemplateRefused> {
        let name =
            named(self.env.composer(), kind, locale).ok_or(ChangeTemplateRefused::Unknown)?;
        let wording = draft
            .map(|draft| checked(self.env.composer(), &name, draft))
            .transpose()
            .map_err(ChangeTemplateRefused::Invalid)?;
        let mut turns = Turns::new(&self.env, "replacing a wording");
        loop {
            let before = self.env.store().template(&name).await?;
            let current = before.as_ref().map_or(UNSAVED, |before| before.version);
            if expected.is_some_and(|expected| expected != current) {
                return Err(ChangeTemplateRefused::Stale { current });
            }
            // What says the same is not a new version, and ours need not be taken back twice.
            if before.as_ref().and_then(|before| before.wording.as_ref()) == wording.as_ref() {
                return Ok(self.view(name, before));
            }
            let template = Template {
                name: name.clone(),
                version: current.next(),
                wording: wording.clone(),
                changed_by: who.clone(),
                changed_at: self.env.clock().now(),
                carried: before.map(|before| before.carried).unwrap_or_default(),
            };
            match self.env.store().save_template(&template).await {
                Ok(()) => return Ok(self.view(name, Some(template))),
                // Whoever expects a version is told at the next turn; whoever does not, wins.
                Err(SaveError::Conflict) => turns.another().await?,
                Err(SaveError::Unavailable(error)) => return Err(error.into()),
            }
        }
    }

    fn view(&self, name: TemplateName, kept: Option<Template>) -> TemplateView {
        let version = kept.as_ref().map_or(UNSAVED, |template| template.version);
        let changed_at = kept.as_ref().map(|template| template.changed_at);
        let own = kept.and_then(|template| template.wording);
        TemplateView {
            version,
            changed_at,
            own: own.is_some(),
            wording: own.unwrap_or_else(|| self.env.composer().our_wording(&name)),
            name,
        }
    }
}
