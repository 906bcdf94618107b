//! What administrators do with own wordings of mails.

use beckon_domain::model::template::WordingDraft;
use beckon_domain::usecases::change_template::ChangeTemplateRefused;
use beckon_domain::usecases::preview_template::ShownWording;
use beckon_domain::usecases::test_template::{TestOrder, TestTemplateRefused};
use beckon_domain::values::ids::Version;

use super::cast::Cast;
use super::jobs::request;
use super::tasks::Ended;
use super::use_case::{Answer, UseCase};
use crate::builders::an_administrator;

/// What is done with a wording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    Show,
    /// Keep it in the place of this version, or of any.
    Keep(Option<Version>),
    /// Take the own one back.
    Revert,
    /// Mail it to somebody; the key of the request, if it has one.
    Try(Option<u64>),
}

/// What is done with which wording.
#[derive(Debug, Clone)]
pub(super) struct TemplateOrder {
    pub(super) kind: &'static str,
    pub(super) locale: &'static str,
    pub(super) subject: String,
    pub(super) scripted: bool,
    pub(super) to: String,
    pub(super) doing: Doing,
}

impl TemplateOrder {
    fn draft(&self) -> WordingDraft {
        let scripted = self.scripted;
        WordingDraft {
            subject: self.subject.clone(),
            html: scripted.then(|| "<script>alert()</script>".to_owned()),
            text: scripted.then(|| "alert".to_owned()),
            ..WordingDraft::default()
        }
    }

    pub(super) fn name(&self) -> (&'static str, &'static str) {
        (self.kind, self.locale)
    }
}

impl Cast {
    pub(super) async fn word(&self, order: TemplateOrder) -> Ended {
        match order.doing {
            Doing::Show => self.show_wording(&order).await,
            Doing::Keep(expected) => self.keep_wording(&order, true, expected).await,
            Doing::Revert => self.keep_wording(&order, false, None).await,
            Doing::Try(key) => self.try_wording(&order, key).await,
        }
    }

    async fn show_wording(&self, order: &TemplateOrder) -> Ended {
        let showing = self.preview_template();
        let shown = ShownWording {
            draft: Some(order.draft()),
            ..ShownWording::default()
        };
        let answer = showing.run(order.name(), shown).await;
        let answer = match answer {
            Ok(message) => {
                let right = message.subject == order.subject && !order.scripted;
                self.watch.with(|ledger| {
                    ledger.must(right, || format!("{order:?} shows {}", message.subject));
                });
                Answer::Accepted
            }
            Err(refused) => self.refused(order, &refused),
        };
        self.answered(UseCase::PreviewTemplate, answer)
    }

    async fn keep_wording(
        &self,
        order: &TemplateOrder,
        keep: bool,
        expected: Option<Version>,
    ) -> Ended {
        let draft = keep.then(|| order.draft());
        let changing = self.change_template();
        let who = an_administrator();
        let answer = match changing.run(order.name(), draft, expected, who).await {
            Ok(view) => {
                self.watch
                    .with(|ledger| ledger.judge_wording(order, keep, view.version));
                Answer::Accepted
            }
            Err(refused) => self.refused(order, &refused),
        };
        self.answered(UseCase::ChangeTemplate, answer)
    }

    fn refused(&self, order: &TemplateOrder, refused: &ChangeTemplateRefused) -> Answer {
        self.watch
            .with(|ledger| ledger.judge_wording_refused(order, refused));
        match refused {
            ChangeTemplateRefused::Unavailable(_) => Answer::Unavailable,
            ChangeTemplateRefused::Unknown
            | ChangeTemplateRefused::Invalid(_)
            | ChangeTemplateRefused::Stale { .. } => Answer::Refused,
        }
    }

    async fn try_wording(&self, order: &TemplateOrder, key: Option<u64>) -> Ended {
        let test = TestOrder {
            to: order.to.clone(),
            draft: Some(order.draft()),
        };
        let request = key.map(|key| request("tests", key, &format!("{order:?}")));
        let testing = self.test_template();
        let answer = testing.run(order.name(), test, request.as_ref()).await;
        self.watch.with(|ledger| ledger.judge_test(order, &answer));
        let answer = match answer {
            Ok(_) => Answer::Accepted,
            Err(TestTemplateRefused::Unavailable(_)) => Answer::Unavailable,
            Err(
                TestTemplateRefused::Unknown
                | TestTemplateRefused::Invalid(_)
                | TestTemplateRefused::KeyReused,
            ) => Answer::Refused,
        };
        self.answered(UseCase::TestTemplate, answer)
    }
}
