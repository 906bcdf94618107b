//! The domain's port, by our templates.

use beckon_domain::model::mail_content::{
    ConfirmationContent, HandOverContent, InvitationContent, Message, NoticeContent, Reader,
};
use beckon_domain::model::template::{MailContent, TemplateKind, TemplateName, Variable, Wording};
use beckon_domain::ports::composer::{self, Uncomposable};
use beckon_domain::values::locale::Locale;
use beckon_domain::values::problem::FieldProblem;

use crate::Composer;
use crate::catalogue::Catalogue;
use crate::own::{self, Unfit};

/// What cannot be composed cannot be sent; the reason is safe to log.
impl composer::Composer for Composer {
    fn compose_invitation(&self, content: &InvitationContent) -> Result<Message, Uncomposable> {
        self.invitation(content)
            .map_err(|error| Uncomposable(error.to_string()))
    }

    fn compose_confirmation(&self, content: &ConfirmationContent) -> Result<Message, Uncomposable> {
        self.confirmation(content)
            .map_err(|error| Uncomposable(error.to_string()))
    }

    fn compose_hand_over(&self, content: &HandOverContent) -> Result<Message, Uncomposable> {
        self.hand_over(content)
            .map_err(|error| Uncomposable(error.to_string()))
    }

    fn compose_notice(&self, content: &NoticeContent) -> Result<Message, Uncomposable> {
        self.notice(content)
            .map_err(|error| Uncomposable(error.to_string()))
    }

    fn locales(&self) -> Vec<Locale> {
        Self::locales()
            .iter()
            .filter_map(|tag| Locale::parse(tag).ok())
            .collect()
    }

    fn language_of(&self, reader: &Reader) -> Locale {
        Catalogue::for_chain(&reader.locales).locale()
    }

    fn variables(&self, kind: TemplateKind) -> Vec<Variable> {
        own::variables(kind)
    }

    fn our_wording(&self, name: &TemplateName) -> Wording {
        own::our_wording(
            Catalogue::for_chain(std::slice::from_ref(&name.locale)),
            name.kind,
        )
    }

    fn check_wording(&self, name: &TemplateName, wording: &Wording) -> Vec<FieldProblem> {
        self.problems_of(name, wording)
    }

    fn compose_own(
        &self,
        locale: &Locale,
        wording: &Wording,
        content: &MailContent,
    ) -> Result<Message, Uncomposable> {
        self.own(locale, wording, content)
            .map_err(|Unfit(problem)| Uncomposable(format!("{} {}", problem.field, problem.code)))
    }
}
