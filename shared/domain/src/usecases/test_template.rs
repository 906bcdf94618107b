//! Mails a wording to somebody who wants to see it in their own mail program, with invented data.
//! It goes the way of every mail: a row that waits.

use serde::{Deserialize, Serialize};

use crate::model::mail::{Mail, MailClass, MailKind, TestMail};
use crate::model::template::WordingDraft;
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;
use crate::ports::env::{Env, WithComposer};
use crate::ports::error::{SaveError, Unavailable};
use crate::ports::idempotency::Idempotency;
use crate::ports::mails::Mails;
use crate::ports::settings::SettingsStore;
use crate::ports::turns::Turns;
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
pub struct TestTemplate<E> {
    /// What it runs in.
    pub env: E,
}

impl<E> TestTemplate<E>
where
    E: Env<Store: Mails + SettingsStore + Idempotency> + WithComposer,
{
    /// Writes the mail's row.
    pub async fn run(
        &self,
        (kind, locale): (&str, &str),
        order: TestOrder,
        request: Option<&RepeatableRequest>,
    ) -> Result<TestSent, TestTemplateRefused> {
        let name = named(self.env.composer(), kind, locale).ok_or(TestTemplateRefused::Unknown)?;
        let TestOrder { to, draft } = order;
        let draft = draft.map(|draft| checked(self.env.composer(), &name, draft));
        let draft = draft.transpose().map_err(|problems| {
            let of_draft = problems.into_iter().map(|problem| problem.under("draft"));
            TestTemplateRefused::Invalid(of_draft.collect())
        })?;
        let invalid = |problem| TestTemplateRefused::Invalid(vec![problem]);
        let to = EmailAddress::parse(&to).map_err(|problem| invalid(problem.under("to")))?;
        let mut turns = Turns::new(&self.env, "ordering a test mail");
        loop {
            let now = self.env.clock().now();
            match recall(self.env.store(), request, now).await? {
                Recalled::Answered(answer) => return Ok(answer),
                Recalled::OtherBody => return Err(TestTemplateRefused::KeyReused),
                Recalled::New => {}
            }
            let settings = self.env.store().current_settings().await?;
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
                MailId::new(self.env.entropy().ulid()),
                MailKind::Test(Box::new(test)),
                // Nobody: the id is new, and no user will ever have it.
                UserId::new(self.env.entropy().ulid()),
                None,
                MailClass::Small,
                settings.version,
                now,
            );
            mail.request_id = self.env.entropy().request();
            let answer = TestSent { mail: mail.id };
            let remembered = request
                .map(|request| request.remember(&answer, now))
                .transpose()?;
            match self.env.store().add_mail(&mail, remembered.as_ref()).await {
                Ok(()) => return Ok(answer),
                // The same request came twice at once; the other one has the answer.
                Err(SaveError::Conflict) => turns.another().await?,
                Err(SaveError::Unavailable(error)) => return Err(error.into()),
            }
        }
    }
}
