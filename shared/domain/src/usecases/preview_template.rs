//! Shows a wording as somebody would get it, with invented data. It writes nothing down.

use crate::model::mail_content::Message;
use crate::model::settings::SettingsDraft;
use crate::model::template::{OwnWordings, WordingDraft};
use crate::ports::clock::Clock;
use crate::ports::composer::{Composer, written};
use crate::ports::env::{Env, WithComposer};
use crate::ports::error::Unavailable;
use crate::ports::settings::SettingsStore;
use crate::rules::content::Links;
use crate::rules::sample::Sample;
use crate::usecases::change_template::{ChangeTemplateRefused, checked, named};
use crate::values::address::EmailAddress;
use crate::values::method::Method;
use crate::values::problem::FieldProblem;

/// What to show; what is left out is as it holds now.
#[derive(Debug, Clone, Default)]
pub struct ShownWording {
    /// A wording that is not kept.
    pub draft: Option<WordingDraft>,
    /// Settings that are not saved.
    pub settings: Option<SettingsDraft>,
    /// For a registration method.
    pub method: Option<Method>,
}

/// Shows wordings.
#[derive(Debug, Clone)]
pub struct PreviewTemplate<E> {
    /// What it runs in.
    pub env: E,
    /// Where links lead.
    pub links: Links,
    /// The sender that holds where none is written.
    pub deployed_from: EmailAddress,
}

impl<E> PreviewTemplate<E>
where
    E: Env<Store: SettingsStore> + WithComposer,
{
    /// The mail that a draft would make, or the wording that holds now; under given settings or
    /// the current ones. Both are checked as if they were saved.
    pub async fn run(
        &self,
        (kind, locale): (&str, &str),
        order: ShownWording,
    ) -> Result<Message, ChangeTemplateRefused> {
        let name =
            named(self.env.composer(), kind, locale).ok_or(ChangeTemplateRefused::Unknown)?;
        let draft = order
            .draft
            .map(|draft| checked(self.env.composer(), &name, draft))
            .transpose()
            .map_err(ChangeTemplateRefused::Invalid)?;
        let settings = match order.settings {
            Some(given) => given.parse(&self.deployed_from).map_err(under_settings)?,
            None => self.env.store().current_settings().await?.settings,
        };
        let now = self.env.clock().now();
        let mut sample = Sample::under(&settings, &self.links, name.locale.clone(), now);
        sample.method = order.method.unwrap_or(sample.method);
        let content = sample.content(name.kind);
        let message = if let Some(draft) = draft {
            self.env
                .composer()
                .compose_own(&name.locale, &draft, &content)
        } else {
            let kept = self.env.store().template(&name).await?;
            let own = OwnWordings::of(kept.into_iter().collect());
            written(self.env.composer(), &own, &content).map(|written| written.message)
        };
        message.map_err(|error| Unavailable::new("the preview", error).into())
    }
}

fn under_settings(problems: Vec<FieldProblem>) -> ChangeTemplateRefused {
    let problems = problems
        .into_iter()
        .map(|problem| problem.under("settings"));
    ChangeTemplateRefused::Invalid(problems.collect())
}
