//! What administrators do with batches, with delivery and with the settings.

use beckon_domain::model::ownership::OwnershipChoice;
use beckon_domain::model::selection::Selection;
use beckon_domain::model::settings::{Settings, SettingsDraft};
use beckon_domain::usecases::change_settings::ChangeSettingsRefused;
use beckon_domain::usecases::preview_invitations::PreviewOrder;
use beckon_domain::usecases::send_invitations::{SendRefused, SendRequest};
use beckon_domain::values::ids::{BatchId, Version};

use super::cast::Cast;
use super::jobs::request;
use super::tasks::Ended;
use super::use_case::{Answer, UseCase};
use crate::builders::an_administrator;

/// What an administrator orders.
pub(super) fn order(selection: Selection, choice: Option<OwnershipChoice>) -> SendRequest {
    SendRequest {
        selection,
        choice: choice.into(),
        settings: None,
        who: an_administrator(),
    }
}

impl Cast {
    pub(super) async fn send(&self, order: &SendRequest, key: Option<u64>) -> Ended {
        let request = key.map(|key| request("invitations", key, &format!("{order:?}")));
        let answer = match self.send_invitations().run(order, request.as_ref()).await {
            Ok(_) => Answer::Accepted,
            Err(SendRefused::Unavailable(_)) => Answer::Unavailable,
            Err(
                SendRefused::Invalid(_)
                | SendRefused::UnknownUsers(_)
                | SendRefused::UnknownSettings
                | SendRefused::SettingsChanged { .. }
                | SendRefused::KeyReused,
            ) => Answer::Refused,
        };
        self.answered(UseCase::SendInvitations, answer)
    }

    pub(super) async fn stop(&self, batch: BatchId) -> Ended {
        let answer = match self.stop_batch().run(batch, &an_administrator()).await {
            Ok(Some(_)) => Answer::Accepted,
            Ok(None) => Answer::Refused,
            Err(_) => Answer::Unavailable,
        };
        self.answered(UseCase::StopBatch, answer)
    }

    pub(super) async fn save_settings(
        &self,
        expected: Option<Version>,
        settings: Settings,
    ) -> Ended {
        let draft = SettingsDraft::from(settings);
        let saving = self.change_settings();
        let answer = saving.run(draft, expected, &an_administrator()).await;
        self.watch
            .with(|ledger| ledger.judge_settings(expected, &answer));
        let answer = match answer {
            Ok(_) => Answer::Accepted,
            Err(ChangeSettingsRefused::Unavailable(_)) => Answer::Unavailable,
            Err(ChangeSettingsRefused::Invalid(_) | ChangeSettingsRefused::Stale { .. }) => {
                Answer::Refused
            }
        };
        self.answered(UseCase::ChangeSettings, answer)
    }

    pub(super) async fn resume(&self) -> Ended {
        let answer = match self.resume_delivery().run().await {
            Ok(resumed) if resumed.ended.is_some() => Answer::Accepted,
            Ok(_) => Answer::Idle,
            Err(_) => Answer::Unavailable,
        };
        self.answered(UseCase::ResumeDelivery, answer)
    }

    pub(super) async fn show_preview(&self, order: &PreviewOrder) -> Ended {
        let answer = self.preview_invitations().run(order).await;
        self.watch
            .with(|ledger| ledger.judge_preview(order, &answer));
        let answer = match answer {
            Ok(_) => Answer::Accepted,
            Err(SendRefused::Unavailable(_)) => Answer::Unavailable,
            Err(
                SendRefused::Invalid(_)
                | SendRefused::UnknownUsers(_)
                | SendRefused::UnknownSettings
                | SendRefused::SettingsChanged { .. }
                | SendRefused::KeyReused,
            ) => Answer::Refused,
        };
        self.answered(UseCase::PreviewInvitations, answer)
    }

    /// An administrator looks what has become of a batch, while it goes on.
    pub(super) async fn report_on(&self, batch: BatchId) -> Ended {
        let answer = match self.report_batch().run(batch).await {
            Ok(Some(report)) => {
                let counts = report.counts;
                let adds_up = counts.issued + counts.skipped <= counts.selected
                    && counts.sent + counts.waiting + counts.dropped <= counts.issued;
                self.watch.with(|ledger| {
                    ledger.must(adds_up, || format!("batch {batch} reports {counts:?}"));
                });
                Answer::Accepted
            }
            Ok(None) => {
                let known = self.watch.with(|ledger| {
                    let batches = ledger.store.all_batches();
                    batches.iter().any(|(one, _)| one.id == batch)
                });
                self.watch.with(|ledger| {
                    ledger.must(!known, || format!("batch {batch} is not found"));
                });
                Answer::Refused
            }
            Err(_) => Answer::Unavailable,
        };
        self.answered(UseCase::ReportBatch, answer)
    }
}
