//! What administrators do to many people at once, and how that is carried out.

use beckon_domain::usecases::carry_out_job::CarriedOn;
use beckon_domain::usecases::import_users::ImportOrder;
use beckon_domain::usecases::start_job::{JobOrder, StartJobRefused};
use beckon_domain::values::ids::JobId;

use super::cast::Cast;
use super::jobs::request;
use super::jobs_import::ImportFile;
use super::tasks::Ended;
use super::use_case::{Answer, UseCase};
use crate::builders::an_administrator;

impl Cast {
    pub(super) async fn start_many(&self, order: &JobOrder, key: Option<u64>) -> Ended {
        let request = key.map(|key| request("jobs", key, &format!("{order:?}")));
        let answer = match self.start_job().run(order, request.as_ref()).await {
            Ok(_) => Answer::Accepted,
            Err(StartJobRefused::Unavailable(_)) => Answer::Unavailable,
            Err(
                StartJobRefused::Invalid(_)
                | StartJobRefused::InvalidFile(_)
                | StartJobRefused::FileTooLarge { .. }
                | StartJobRefused::UnknownUsers(_)
                | StartJobRefused::KeyReused,
            ) => Answer::Refused,
        };
        self.answered(UseCase::StartJob, answer)
    }

    /// A file is imported as a job.
    pub(super) async fn start_import(&self, file: &ImportFile) -> Ended {
        let order = ImportOrder {
            dry_run: false,
            invite: file.invite,
            charset: None,
            who: an_administrator(),
        };
        let text = file.text();
        let started = self.start_job().import(text.as_bytes(), &order, None).await;
        let answer = match started {
            Ok(_) => Answer::Accepted,
            Err(StartJobRefused::Unavailable(_)) => Answer::Unavailable,
            Err(
                StartJobRefused::Invalid(_)
                | StartJobRefused::InvalidFile(_)
                | StartJobRefused::FileTooLarge { .. }
                | StartJobRefused::UnknownUsers(_)
                | StartJobRefused::KeyReused,
            ) => {
                let broken = file.broken;
                self.watch.with(|ledger| {
                    ledger.must(broken, || "a good file of users was refused".to_owned());
                });
                Answer::Refused
            }
        };
        self.answered(UseCase::StartJob, answer)
    }

    pub(super) async fn stop_many(&self, job: JobId) -> Ended {
        let answer = match self.stop_job().run(job, &an_administrator()).await {
            Ok(Some(_)) => Answer::Accepted,
            Ok(None) => Answer::Refused,
            Err(_) => Answer::Unavailable,
        };
        self.answered(UseCase::StopJob, answer)
    }

    /// An administrator looks what has become of a job, while it goes on.
    pub(super) async fn report_on_many(&self, job: JobId) -> Ended {
        let answer = match self.report_job().run(job).await {
            Ok(Some(report)) => {
                let all = report.cursor.counts.all();
                let adds_up = all <= report.cursor.selected;
                self.watch.with(|ledger| {
                    ledger.must(adds_up, || format!("job {job} has {all} outcomes"));
                });
                Answer::Accepted
            }
            Ok(None) => Answer::Refused,
            Err(_) => Answer::Unavailable,
        };
        self.answered(UseCase::ReportJob, answer)
    }

    /// A turn of a job, as the function `expand` gives it.
    pub(super) async fn carry_on(&self, job: JobId) -> Ended {
        let answer = match self.carry_out_job().run(job).await {
            Ok(CarriedOn::More | CarriedOn::Done) => Answer::Accepted,
            Ok(CarriedOn::Overtaken | CarriedOn::Unknown | CarriedOn::SetAside) => Answer::Refused,
            Err(_) => Answer::Unavailable,
        };
        self.answered(UseCase::CarryOutJob, answer)
    }
}
