//! Whoever puts a letter into words.

use crate::model::letter::{
    ConfirmationLetter, HandOverLetter, InvitationLetter, Message, NoticeLetter, Reader,
};
use crate::model::template::{Letter, OwnWordings, TemplateKind, TemplateName, Variable, Wording};
use crate::values::locale::Locale;
use crate::values::problem::FieldProblem;

/// A letter that cannot be put into words, now or later; the next one may do. Its text holds no
/// secret and no address.
#[derive(Debug, thiserror::Error)]
#[error("the letter cannot be composed: {0}")]
pub struct Uncomposable(pub String);

/// Puts letters into words.
pub trait ComposeLetter {
    /// The mail of an invitation.
    fn compose_invitation(&self, letter: &InvitationLetter) -> Result<Message, Uncomposable>;

    /// The mail of a confirmation.
    fn compose_confirmation(&self, letter: &ConfirmationLetter) -> Result<Message, Uncomposable>;

    /// The mail that tells somebody of a secret that was given out without a mail.
    fn compose_hand_over(&self, letter: &HandOverLetter) -> Result<Message, Uncomposable>;

    /// The mail that tells an administrator what became of an invitation.
    fn compose_notice(&self, letter: &NoticeLetter) -> Result<Message, Uncomposable>;
}

/// Puts letters into an administrator's own words, and judges those.
pub trait ComposeOwn {
    /// The languages that mails can be written in.
    fn locales(&self) -> Vec<Locale>;

    /// The one of them that our own words to this reader would be in.
    fn language_of(&self, reader: &Reader) -> Locale;

    /// What may stand in a wording of this kind.
    fn variables(&self, kind: TemplateKind) -> Vec<Variable>;

    /// Our own wording, as somebody would write it who begins from it. It passes
    /// [`ComposeOwn::check_wording`].
    fn our_wording(&self, name: &TemplateName) -> Wording;

    /// Everything for which a wording MUST not be kept: it does what it may not, does not come
    /// to an end, or leaves out what people need. Empty for a good one.
    fn check_wording(&self, name: &TemplateName, wording: &Wording) -> Vec<FieldProblem>;

    /// The letter in these words. What was checked may still not fit a letter; then there is an
    /// error, and never a mail in which a value has become markup, or that lacks its secret.
    fn compose_own(
        &self,
        locale: &Locale,
        wording: &Wording,
        letter: &Letter,
    ) -> Result<Message, Uncomposable>;
}

/// A letter in words.
#[derive(Debug)]
pub struct Written {
    /// The words.
    pub message: crate::model::letter::Message,
    /// The own wording that could not be used, so that ours was.
    pub unfit: Option<TemplateName>,
}

/// Puts a letter into the words that its reader gets: in the language that ours would be in, and
/// there an own wording before ours. So nobody reads a language that is not theirs because
/// somebody wrote an own wording in it. An own wording that cannot be filled costs nobody their
/// mail: ours takes its place.
pub fn written(
    composer: &(impl ComposeLetter + ComposeOwn),
    own: &OwnWordings,
    letter: &Letter,
) -> Result<Written, Uncomposable> {
    let mut unfit = None;
    if let Some(kind) = letter.kind() {
        let locale = composer.language_of(letter.reader());
        if let Some(wording) = own.named(kind, &locale) {
            match composer.compose_own(&locale, wording, letter) {
                Ok(message) => return Ok(Written { message, unfit }),
                Err(_) => unfit = Some(TemplateName { kind, locale }),
            }
        }
    }
    let message = match letter {
        Letter::Invitation(letter) => composer.compose_invitation(letter),
        Letter::Confirmation(letter) => composer.compose_confirmation(letter),
        Letter::HandOver(letter) => composer.compose_hand_over(letter),
        Letter::Notice(letter) => composer.compose_notice(letter),
    }?;
    Ok(Written { message, unfit })
}
