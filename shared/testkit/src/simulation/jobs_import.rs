//! A file of users, and what comes of importing it.

use beckon_domain::usecases::import_users::{ImportOrder, ImportRefused};

use super::cast::Cast;
use super::tasks::Ended;
use super::use_case::{Answer, UseCase};
use crate::builders::an_administrator;

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ImportLine {
    pub(super) external_id: String,
    pub(super) email: String,
    pub(super) group: &'static str,
    pub(super) enabled: Option<bool>,
}

/// A file of users, and what is to be done with it.
#[derive(Debug, Clone)]
pub(super) struct ImportFile {
    pub(super) lines: Vec<ImportLine>,
    pub(super) invite: bool,
    pub(super) dry_run: bool,
    /// Whether it is no file of users at all.
    pub(super) broken: bool,
}

impl ImportFile {
    pub(super) fn text(&self) -> String {
        if self.broken {
            return "colour,weight\r\nred,7\r\n".to_owned();
        }
        let mut text = "externalId,email,groups,enabled\r\n".to_owned();
        for line in &self.lines {
            let ImportLine {
                external_id,
                email,
                group,
                enabled,
            } = line;
            let enabled = enabled.map_or(String::new(), |enabled| enabled.to_string());
            let cells: [&str; 4] = [external_id, email, group, &enabled];
            text.push_str(&cells.join(","));
            text.push_str("\r\n");
        }
        text
    }
}

impl Cast {
    /// Imports a file, and asks to be repeated until it is complete.
    pub(super) async fn import(&self, file: &ImportFile) -> Ended {
        let order = ImportOrder {
            dry_run: file.dry_run,
            invite: file.invite,
            charset: None,
            who: an_administrator(),
        };
        let importing = self.import_users();
        let text = file.text();
        match importing.run(text.as_bytes(), &order).await {
            Ok(report) => {
                self.watch.with(|ledger| ledger.judge_import(file, &report));
                let ended = self.answered(UseCase::ImportUsers, Answer::Accepted);
                if report.complete { ended } else { Ended::Again }
            }
            Err(ImportRefused::Invalid(_)) => {
                let broken = file.broken;
                self.watch.with(|ledger| {
                    ledger.must(broken, || "a good file of users was refused".to_owned());
                });
                self.answered(UseCase::ImportUsers, Answer::Refused)
            }
            Err(ImportRefused::Unavailable(_)) => {
                self.answered(UseCase::ImportUsers, Answer::Unavailable)
            }
        }
    }
}
