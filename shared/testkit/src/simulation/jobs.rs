//! What somebody does: each job runs use cases on the table of the simulation. What a job is made of
//! stands beside: what people do with secrets, with users, with batches and settings, and what the
//! machinery does.

use beckon_domain::model::actor::Actor;
use beckon_domain::model::counting::Uncounted;
use beckon_domain::model::history::HistoryEntry;
use beckon_domain::model::registration::DeviceRegistered;
use beckon_domain::model::settings::Settings;
use beckon_domain::model::stored::RowKey;
use beckon_domain::ports::error::Unavailable;
use beckon_domain::usecases::add_user::NewUser;
use beckon_domain::usecases::change_invitation::InvitationChange;
use beckon_domain::usecases::change_user::UserPatch;
use beckon_domain::usecases::idempotency::RepeatableRequest;
use beckon_domain::usecases::preview_invitations::PreviewOrder;
use beckon_domain::usecases::record_feedback::Feedback;
use beckon_domain::usecases::send_invitations::SendRequest;
use beckon_domain::usecases::start_job::JobOrder;
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::ids::{BatchId, DeviceId, EventId, IssueNumber, JobId, UserId, Version};

use super::cast::Cast;
use super::devices::Telling;
use super::directory::Saying;
use super::groups::GroupSaying;
use super::jobs_import::ImportFile;
use super::jobs_wordings::TemplateOrder;
use super::system::Enrolling;
use super::tasks::{Ended, Play};
use super::use_case::{Answer, UseCase};
use crate::builders::an_administrator;

/// A record of the table's stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Record {
    /// A cursor moved.
    Cursor(BatchId),
    /// A job has a next step.
    Job(JobId),
    /// A mail waits.
    Mail,
    /// A message of a device management waits.
    DeviceEvent(EventId),
    /// A row was set aside.
    Aside(RowKey),
}

/// A secret as somebody shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    Pin(IssueNumber),
    WrongPin,
    Token(IssueNumber),
}

/// What somebody does.
#[derive(Debug, Clone)]
pub(super) enum Job {
    Add {
        new: NewUser,
        key: Option<u64>,
    },
    Import(ImportFile),
    Export,
    Patch(UserId, UserPatch),
    Delete(UserId),
    TryAgain(UserId),
    Preview(PreviewOrder),
    Send {
        order: SendRequest,
        key: Option<u64>,
    },
    Show {
        user: UserId,
        shown: Shown,
        counted: bool,
    },
    RequestPin(EmailAddress),
    Change(UserId, InvitationChange),
    Decline {
        user: UserId,
        issue: IssueNumber,
        /// Whether the token is one that declines, and not one that redeems.
        genuine: bool,
    },
    HandOver {
        user: UserId,
        reason: &'static str,
    },
    Stop(BatchId),
    StartMany {
        order: JobOrder,
        key: Option<u64>,
    },
    StartImport(ImportFile),
    StopMany(JobId),
    ReportOnMany(JobId),
    ReportOn(BatchId),
    Overview,
    SaveSettings {
        expected: Option<Version>,
        settings: Box<Settings>,
    },
    Template(TemplateOrder),
    Resume,
    Report(DeviceRegistered),
    Tell(Telling),
    Enrols(Enrolling),
    Assign(DeviceId, UserId),
    LookAfterSources,
    Follow(Box<Saying>),
    FollowGroup(GroupSaying),
    LookAfterTokens,
    WatchDirectory {
        refused: bool,
    },
    Feedback(Feedback),
    Expand(Vec<Record>),
    Publish(Vec<HistoryEntry>),
    Deliver,
    Maintain,
    Poll,
    Erase,
    /// The stream tells what changed.
    Note(Vec<Uncounted>),
    Count,
    CountEarlier,
}

impl Job {
    /// Whether somebody outside does it, and not Beckon's own machinery.
    pub(super) const fn is_a_call(&self) -> bool {
        match self {
            Self::Add { .. }
            | Self::Import(_)
            | Self::Export
            | Self::Patch(..)
            | Self::Delete(_)
            | Self::TryAgain(_)
            | Self::Preview(_)
            | Self::Send { .. }
            | Self::Show { .. }
            | Self::RequestPin(_)
            | Self::Change(..)
            | Self::Decline { .. }
            | Self::HandOver { .. }
            | Self::Stop(_)
            | Self::StartMany { .. }
            | Self::StartImport(_)
            | Self::StopMany(_)
            | Self::ReportOnMany(_)
            | Self::ReportOn(_)
            | Self::Overview
            | Self::SaveSettings { .. }
            | Self::Template(_)
            | Self::Resume
            | Self::Assign(..)
            | Self::LookAfterSources
            | Self::LookAfterTokens
            | Self::WatchDirectory { .. } => true,
            Self::Report(_)
            | Self::Tell(_)
            | Self::Enrols(_)
            | Self::Follow(_)
            | Self::FollowGroup(_)
            | Self::Feedback(_)
            | Self::Expand(_)
            | Self::Publish(_)
            | Self::Deliver
            | Self::Maintain
            | Self::Poll
            | Self::Erase
            | Self::Note(_)
            | Self::Count
            | Self::CountEarlier => false,
        }
    }
}

impl Cast {
    /// The job as a task of this number.
    pub(super) fn play(&self, job: Job, task: u64) -> Play {
        let cast = self.clone();
        Box::pin(async move {
            match job {
                Job::Add { new, key } => cast.add(&new, key).await,
                Job::Import(file) => cast.import(&file).await,
                Job::Export => cast.export().await,
                Job::Patch(user, patch) => cast.patch(user, &patch).await,
                Job::Delete(user) => cast.delete(user).await,
                Job::TryAgain(user) => cast.try_again(user).await,
                Job::Preview(order) => cast.show_preview(&order).await,
                Job::Send { order, key } => cast.send(&order, key).await,
                Job::Show {
                    user,
                    shown,
                    counted,
                } => Box::pin(cast.show(task, user, shown, counted)).await,
                Job::RequestPin(address) => cast.ask_for_pin(&address).await,
                Job::Change(user, change) => cast.change(user, change).await,
                Job::Decline {
                    user,
                    issue,
                    genuine,
                } => cast.say_no(user, issue, genuine).await,
                Job::HandOver { user, reason } => cast.give_out(user, reason).await,
                Job::Stop(batch) => cast.stop(batch).await,
                Job::StartMany { order, key } => cast.start_many(&order, key).await,
                Job::StartImport(file) => cast.start_import(&file).await,
                Job::StopMany(job) => cast.stop_many(job).await,
                Job::ReportOnMany(job) => cast.report_on_many(job).await,
                Job::ReportOn(batch) => cast.report_on(batch).await,
                Job::SaveSettings { expected, settings } => {
                    cast.save_settings(expected, *settings).await
                }
                Job::Template(order) => cast.word(order).await,
                Job::Resume => cast.resume().await,
                Job::Report(report) => cast.report(&report).await,
                Job::Enrols(device) => cast.enrol(&device),
                Job::Tell(telling) => cast.tell_of_device(&telling).await,
                Job::Assign(device, user) => cast.assign(&device, user).await,
                Job::LookAfterSources => cast.look_after_sources().await,
                Job::Follow(saying) => cast.follow(&saying).await,
                Job::FollowGroup(saying) => cast.follow_group(&saying).await,
                Job::WatchDirectory { refused } => cast.watch_directory(refused).await,
                Job::LookAfterTokens => cast.look_after_tokens().await,
                Job::Feedback(feedback) => cast.feedback(&feedback).await,
                Job::Expand(records) => cast.carry_out(&records).await,
                Job::Publish(rows) => cast.tell_world(&rows).await,
                Job::Deliver => cast.deliver().await,
                Job::Maintain => cast.go_round().await,
                Job::Poll => cast.ask_sources().await,
                Job::Erase => cast.erase().await,
                Job::Overview => cast.look_over().await,
                Job::Note(changed) => cast.note(&changed).await,
                Job::Count => cast.count().await,
                Job::CountEarlier => cast.count_earlier().await,
            }
        })
    }

    /// Counts what a use case came to, and says how its job ended.
    pub(super) fn answered(&self, use_case: UseCase, answer: Answer) -> Ended {
        self.watch
            .with(|ledger| ledger.counts.answered(use_case, answer));
        match answer {
            Answer::Accepted | Answer::Refused | Answer::Idle => Ended::Done,
            Answer::Unavailable => Ended::Again,
        }
    }
}

/// A request that carries an idempotency key. The body decides whether a second one is the same.
pub(super) fn request(route: &str, key: u64, body: &str) -> RepeatableRequest {
    let Actor::Caller(caller) = an_administrator() else {
        unreachable!("an administrator calls");
    };
    RepeatableRequest::new(&caller, route, &key.to_string(), body.as_bytes())
}

/// What needs a row that nobody can read is put on the dead-letter queue, until somebody repairs it.
pub(super) fn failed(error: &Unavailable) -> Ended {
    if error.unreadable().is_some() {
        Ended::PutBy
    } else {
        Ended::Again
    }
}
