//! Mails a wording to somebody who wants to see it in their own mail program, with invented data.
//! It goes the way of every mail: a row in the outbox.

use serde::{Deserialize, Serialize};

use crate::model::mail::{Mail, MailClass, MailKind, TestMail};
use crate::model::template::WordingDraft;
use crate::ports::clock::Clock;
use crate::ports::composer::ComposeOwn;
use crate::ports::entropy::Chance;
use crate::ports::error::{SaveError, Unavailable};
use crate::ports::idempotency::RecallAnswer;
use crate::ports::mails::AddMail;
use crate::ports::settings::ReadSettings;
use crate::usecases::change_template::{checked, named};
use crate::usecases::idempotency::{Recalled, RepeatableRequest, recall};
use crate::values::address::EmailAddress;
use crate::values::ids::{MailId, UserId};
use crate::values::problem::FieldProblem;

/// What to mail, and to whom.
#[derive(Clone)]
pub struct TestOrder {
    /// To whom; nothing is checked yet.
    pub to: String,
    /// A wording that is not kept yet; what holds now if absent.
    pub draft: Option<WordingDraft>,
}

/// It holds an address.
impl std::fmt::Debug for TestOrder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestOrder").finish_non_exhaustive()
    }
}

/// A test mail that is on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestSent {
    /// Which mail.
    pub mail: MailId,
}

/// Why no test was mailed.
#[derive(Debug, thiserror::Error)]
pub enum TestTemplateRefused {
    /// There is no such kind, or no mail in that language.
    #[error("there is no such template")]
    Unknown,
    /// The address or the wording cannot be used.
    #[error("the test is not well formed")]
    Invalid(Vec<FieldProblem>),
    /// The idempotency key came with another body.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// Try again later.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Mails tests.
#[derive(Debug, Clone)]
pub struct TestTemplate<S, L, C, R> {
    /// The table.
    pub store: S,
    /// The composer.
    pub composer: L,
    /// Time.
    pub clock: C,
    /// Ids.
    pub chance: R,
}

impl<S, L, C, R> TestTemplate<S, L, C, R>
where
    S: ReadSettings + RecallAnswer + AddMail + Sync,
    L: ComposeOwn + Sync,
    C: Clock + Sync,
    R: Chance + Sync,
{
    /// Puts the mail into the outbox.
    pub async fn run(
        &self,
        (kind, locale): (&str, &str),
        order: TestOrder,
        request: Option<&RepeatableRequest>,
    ) -> Result<TestSent, TestTemplateRefused> {
        let name = named(&self.composer, kind, locale).ok_or(TestTemplateRefused::Unknown)?;
        let TestOrder { to, draft } = order;
        let draft = draft.map(|draft| checked(&self.composer, &name, draft));
        let draft = draft.transpose().map_err(|problems| {
            let of_draft = problems.into_iter().map(|problem| problem.under("draft"));
            TestTemplateRefused::Invalid(of_draft.collect())
        })?;
        let invalid = |problem| TestTemplateRefused::Invalid(vec![problem]);
        let to = EmailAddress::parse(&to).map_err(|problem| invalid(problem.under("to")))?;
        loop {
            let now = self.clock.now();
            match recall(&self.store, request, now).await? {
                Recalled::Answered(answer) => return Ok(answer),
                Recalled::OtherBody => return Err(TestTemplateRefused::KeyReused),
                Recalled::New => {}
            }
            let settings = self.store.current_settings().await?;
            if !settings.settings.sender.may_invite(&to) {
                return Err(invalid(FieldProblem::new(
                    "to",
                    "domainNotAllowed",
                    "must be an address of a domain that may be invited; see sender.recipientDomains of the settings",
                )));
            }
            let test = TestMail {
                to: to.clone(),
                template: name.clone(),
                draft: draft.clone(),
            };
            let mut mail = Mail::waiting(
                MailId::new(self.chance.ulid()),
                MailKind::Test(Box::new(test)),
                // Nobody: the id is new, and no user will ever have it.
                UserId::new(self.chance.ulid()),
                None,
                MailClass::Small,
                settings.version,
                now,
            );
            mail.request_id = self.chance.request();
            let answer = TestSent { mail: mail.id };
            let remembered = request
                .map(|request| request.remember(&answer, now))
                .transpose()?;
            match self.store.add_mail(&mail, remembered.as_ref()).await {
                Ok(()) => return Ok(answer),
                // The same request came twice at once; the other one has the answer.
                Err(SaveError::Conflict) => {}
                Err(SaveError::Unavailable(error)) => return Err(error.into()),
            }
        }
    }
}
