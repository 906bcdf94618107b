//! What notes, counts and tells numbers.

use beckon_domain::model::counting::Uncounted;
use beckon_domain::usecases::count_changes::Counted;
use beckon_domain::usecases::count_earlier::CountedEarlier;

use super::cast::Cast;
use super::tasks::Ended;
use super::use_case::{Answer, UseCase};

impl Cast {
    /// Does what the function `expand` does with records that change numbers.
    pub(super) async fn note(&self, changed: &[Uncounted]) -> Ended {
        let changed = changed.iter().copied().collect();
        let answer = match self.note_changes().run(&changed).await {
            Ok(noted) if noted.new > 0 => Answer::Accepted,
            Ok(_) => Answer::Refused,
            Err(_) => Answer::Unavailable,
        };
        self.answered(UseCase::NoteChanges, answer)
    }

    pub(super) async fn count(&self) -> Ended {
        let answer = match self.count_changes().run().await {
            Ok(Counted::Looked(_)) => Answer::Accepted,
            Ok(Counted::Overtaken) => Answer::Refused,
            Ok(Counted::Nothing) => Answer::Idle,
            Err(_) => Answer::Unavailable,
        };
        self.answered(UseCase::CountChanges, answer)
    }

    pub(super) async fn count_earlier(&self) -> Ended {
        let answer = match self.count_before().run().await {
            Ok(CountedEarlier::More | CountedEarlier::Done) => Answer::Accepted,
            Ok(CountedEarlier::Overtaken) => Answer::Refused,
            Ok(CountedEarlier::DoneBefore) => Answer::Idle,
            Err(_) => Answer::Unavailable,
        };
        self.answered(UseCase::CountEarlier, answer)
    }

    /// An administrator looks how far everybody is.
    pub(super) async fn look_over(&self) -> Ended {
        let answer = match self.report_overview().run(None).await {
            Ok(_) => Answer::Accepted,
            Err(_) => Answer::Unavailable,
        };
        self.answered(UseCase::ReportOverview, answer)
    }
}
