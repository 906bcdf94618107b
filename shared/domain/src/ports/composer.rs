//! Whoever puts a mail into words.

use crate::model::mail_content::{
    ConfirmationContent, HandOverContent, InvitationContent, Message, NoticeContent, Reader,
};
use crate::model::template::{
    MailContent, OwnWordings, TemplateKind, TemplateName, Variable, Wording,
};
use crate::values::locale::Locale;
use crate::values::problem::FieldProblem;

/// Mail content that cannot be put into words, now or later; the next one may do. Its text holds no
/// secret and no address.
#[derive(Debug, thiserror::Error)]
#[error("the mail cannot be composed: {0}")]
pub struct Uncomposable(pub String);

/// Puts mail contents into words: ours, or an administrator's own, which it judges.
pub trait Composer {
    /// The mail of an invitation.
    fn compose_invitation(&self, content: &InvitationContent) -> Result<Message, Uncomposable>;

    /// The mail of a confirmation.
    fn compose_confirmation(&self, content: &ConfirmationContent) -> Result<Message, Uncomposable>;

    /// The mail that tells somebody of a secret that was given out without a mail.
    fn compose_hand_over(&self, content: &HandOverContent) -> Result<Message, Uncomposable>;

    /// The mail that tells an administrator what became of an invitation.
    fn compose_notice(&self, content: &NoticeContent) -> Result<Message, Uncomposable>;

    /// The languages that mails can be written in.
    fn locales(&self) -> Vec<Locale>;

    /// The one of them that our own words to this reader would be in.
    fn language_of(&self, reader: &Reader) -> Locale;

    /// What may stand in a wording of this kind.
    fn variables(&self, kind: TemplateKind) -> Vec<Variable>;

    /// Our own wording, as somebody would write it who begins from it. It passes
    /// [`Composer::check_wording`].
    fn our_wording(&self, name: &TemplateName) -> Wording;

    /// Everything for which a wording MUST not be kept: it does what it may not, does not come
    /// to an end, or leaves out what people need. Empty for a good one.
    fn check_wording(&self, name: &TemplateName, wording: &Wording) -> Vec<FieldProblem>;

    /// The content in an administrator's own words. What was checked may still not fit a mail; then there is an
    /// error, and never a mail in which a value has become markup, or that lacks its secret.
    fn compose_own(
        &self,
        locale: &Locale,
        wording: &Wording,
        content: &MailContent,
    ) -> Result<Message, Uncomposable>;
}

/// Mail content in words.
#[derive(Debug)]
pub struct Written {
    /// The words.
    pub message: crate::model::mail_content::Message,
    /// The own wording that could not be used, so that ours was.
    pub unfit: Option<TemplateName>,
}

/// Puts a mail into the words that its reader gets: in the language that ours would be in, and
/// there an own wording before ours. So nobody reads a language that is not theirs because
/// somebody wrote an own wording in it. An own wording that cannot be filled costs nobody their
/// mail: ours takes its place.
pub fn written(
    composer: &impl Composer,
    own: &OwnWordings,
    content: &MailContent,
) -> Result<Written, Uncomposable> {
    let mut unfit = None;
    if let Some(kind) = content.kind() {
        let locale = composer.language_of(content.reader());
        if let Some(wording) = own.named(kind, &locale) {
            match composer.compose_own(&locale, wording, content) {
                Ok(message) => return Ok(Written { message, unfit }),
                Err(_) => unfit = Some(TemplateName { kind, locale }),
            }
        }
    }
    let message = match content {
        MailContent::Invitation(content) => composer.compose_invitation(content),
        MailContent::Confirmation(content) => composer.compose_confirmation(content),
        MailContent::HandOver(content) => composer.compose_hand_over(content),
        MailContent::Notice(content) => composer.compose_notice(content),
    }?;
    Ok(Written { message, unfit })
}
