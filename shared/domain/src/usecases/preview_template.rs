//! Shows a wording as somebody would get it, with invented data. It writes nothing down.

use crate::model::letter::Message;
use crate::model::template::{OwnWordings, WordingDraft};
use crate::ports::clock::Clock;
use crate::ports::composer::{ComposeLetter, ComposeOwn, written};
use crate::ports::error::Unavailable;
use crate::ports::settings::ReadSettings;
use crate::ports::templates::LoadTemplates;
use crate::rules::sample::Sample;
use crate::rules::writing::Links;
use crate::usecases::change_template::{ChangeTemplateRefused, checked, named};
use crate::values::method::Method;

/// Shows wordings.
#[derive(Debug, Clone)]
pub struct PreviewTemplate<S, L, C> {
    /// The table.
    pub store: S,
    /// The composer.
    pub composer: L,
    /// Time.
    pub clock: C,
    /// Where links lead.
    pub links: Links,
}

impl<S, L, C> PreviewTemplate<S, L, C>
where
    S: LoadTemplates + ReadSettings + Sync,
    L: ComposeLetter + ComposeOwn + Sync,
    C: Clock + Sync,
{
    /// The mail that a draft would make, or the wording that holds now; under the current
    /// settings, or by another method.
    pub async fn run(
        &self,
        (kind, locale): (&str, &str),
        draft: Option<WordingDraft>,
        method: Option<Method>,
    ) -> Result<Message, ChangeTemplateRefused> {
        let name = named(&self.composer, kind, locale).ok_or(ChangeTemplateRefused::Unknown)?;
        let draft = draft
            .map(|draft| checked(&self.composer, &name, draft))
            .transpose()
            .map_err(ChangeTemplateRefused::Invalid)?;
        let settings = self.store.current_settings().await?.settings;
        let now = self.clock.now();
        let mut sample = Sample::under(&settings, &self.links, name.locale.clone(), now);
        sample.method = method.unwrap_or(sample.method);
        let letter = sample.letter(name.kind);
        let message = if let Some(draft) = draft {
            self.composer.compose_own(&name.locale, &draft, &letter)
        } else {
            let kept = self.store.template(&name).await?;
            let own = OwnWordings::of(kept.into_iter().collect());
            written(&self.composer, &own, &letter).map(|written| written.message)
        };
        message.map_err(|error| Unavailable::new("the preview", error).into())
    }
}
