//! One line in the log for each change that was written: what was done, by whom, and to which
//! rows. It stands where rows are written, so no way of changing something is without one, and a
//! request that is repeated or overtaken, and so changes nothing, has none.
//!
//! Rows and requests are named by their ids. The subject of a caller's token stands in the span of
//! their request; what histories call them may be an address, and is not logged.

use std::borrow::Cow;

use beckon_domain::model::actor::Actor;
use beckon_domain::model::batch::{Batch, Page};
use beckon_domain::model::change::{ChangeOutcome, UserChange};
use beckon_domain::model::delivery::Pause;
use beckon_domain::model::device_event::{DeviceEvent, DeviceEventState};
use beckon_domain::model::history::{HistoryEntry, HistoryEvent};
use beckon_domain::model::job::{Job, JobCursor};
use beckon_domain::model::mail::Mail;
use beckon_domain::model::settings::SettingsStamp;
use beckon_domain::model::template::Template;
use beckon_domain::values::ids::{BatchId, GroupId, JobId, MailId, RequestId, UserId, Version};

/// Who does what the system does by itself.
const BECKON: &str = "beckon";

#[derive(Default)]
struct Change<'a> {
    what: Cow<'a, str>,
    who: &'a str,
    user: Option<UserId>,
    batch: Option<BatchId>,
    job: Option<JobId>,
    mail: Option<MailId>,
    version: Option<Version>,
    template: Option<String>,
    code: Option<&'a str>,
    request: Option<&'a RequestId>,
}

impl Change<'_> {
    fn log(self) {
        tracing::info!(
            what = &*self.what,
            who = self.who,
            user = self.user.map(display),
            batch = self.batch.map(display),
            job = self.job.map(display),
            mail = self.mail.map(display),
            version = self.version.map(Version::get),
            template = self.template,
            code = self.code,
            requestId = self.request.map(RequestId::as_str),
            "changed"
        );
    }
}

const fn kind(actor: &Actor) -> &'static str {
    match actor {
        Actor::Caller(_) => "caller",
        Actor::Invitee => "invitee",
        Actor::DeviceManagement => "deviceManagement",
        Actor::Directory => "directory",
        Actor::MailService => "mailService",
        Actor::Clock => "clock",
    }
}

/// The stable name of something that happened.
fn name(what: &HistoryEvent) -> String {
    let row = serde_json::to_value(what).unwrap_or_default();
    let name = row.get("type").and_then(serde_json::Value::as_str);
    name.unwrap_or_default().to_owned()
}

fn names(rows: &[HistoryEntry]) -> Cow<'static, str> {
    let names: Vec<String> = rows.iter().map(|row| name(&row.what)).collect();
    names.join(", ").into()
}

/// Changes of users. What leaves no trace in a history, such as a try that is given back, is no
/// change that anybody would look for.
pub(super) fn of_users(changes: &[UserChange], outcomes: &[(usize, ChangeOutcome)]) {
    // Names are put together for nobody where nobody reads.
    if !tracing::enabled!(tracing::Level::INFO) {
        return;
    }
    for (place, outcome) in outcomes {
        let Some(change) = changes.get(*place).filter(|_| outcome.is_saved()) else {
            continue;
        };
        let Some(row) = change.history.first() else {
            continue;
        };
        let mail = change.mails.first();
        Change {
            what: names(&change.history),
            who: kind(&row.who),
            user: Some(change.user.id),
            batch: mail.and_then(|mail| mail.batch),
            mail: mail.map(|mail| mail.id),
            request: mail.and_then(|mail| mail.request_id.as_ref()),
            ..Change::default()
        }
        .log();
    }
}

/// A group of the directory.
pub(super) fn of_group(what: &str, group: GroupId, version: Version) {
    tracing::info!(
        what,
        who = kind(&Actor::Directory),
        group = display(group),
        version = version.get(),
        "changed"
    );
}

/// A user who was added or deleted, with the batch that invites them.
pub(super) fn of_user(row: &HistoryEntry, batch: Option<&Batch>) {
    Change {
        what: name(&row.what).into(),
        who: kind(&row.who),
        user: Some(row.user),
        batch: batch.map(|batch| batch.id),
        ..Change::default()
    }
    .log();
}

/// What was left of a deleted user.
pub(super) fn history_erased(user: UserId) {
    Change {
        what: "historyErased".into(),
        who: kind(&Actor::Clock),
        user: Some(user),
        ..Change::default()
    }
    .log();
}

/// A batch that was started.
pub(super) fn batch_started(batch: &Batch) {
    of_batch("batchStarted", batch, &batch.who);
}

/// A batch that was stopped.
pub(super) fn batch_stopped(batch: &Batch) {
    let who = batch.stopped_by.as_ref().unwrap_or(&batch.who);
    of_batch("batchStopped", batch, who);
}

fn of_batch(what: &str, batch: &Batch, who: &Actor) {
    Change {
        what: what.into(),
        who: kind(who),
        batch: Some(batch.id),
        // One that is stopped is stopped by another request.
        request: batch
            .request_id
            .as_ref()
            .filter(|_| batch.stopped_at.is_none()),
        ..Change::default()
    }
    .log();
}

/// A page of a batch, all of whom have their outcome.
pub(super) fn page_expanded(page: &Page, request: Option<&RequestId>) {
    Change {
        what: "pageExpanded".into(),
        who: BECKON,
        batch: Some(page.batch),
        request,
        ..Change::default()
    }
    .log();
}

/// A job that was started.
pub(super) fn job_started(job: &Job) {
    Change {
        what: "jobStarted".into(),
        who: kind(&job.who),
        job: Some(job.id),
        request: job.request_id.as_ref(),
        ..Change::default()
    }
    .log();
}

/// A step of a job.
pub(super) fn job_carried_on(cursor: &JobCursor) {
    Change {
        what: if cursor.done {
            "jobEnded"
        } else {
            "jobCarriedOn"
        }
        .into(),
        who: BECKON,
        job: Some(cursor.job),
        ..Change::default()
    }
    .log();
}

/// A job that was stopped; that it was pushed is no news.
pub(super) fn job_stopped(cursor: &JobCursor) {
    let Some(who) = &cursor.stopped_by else {
        return;
    };
    Change {
        what: "jobStopped".into(),
        who: kind(who),
        job: Some(cursor.job),
        ..Change::default()
    }
    .log();
}

/// A message of a device management: that it came, and what became of it. Where it failed, the reason is beside it.
pub(super) fn device_event(event: &DeviceEvent) {
    let (state, who) = match event.state {
        DeviceEventState::Waiting if event.version == Version::FIRST => {
            ("deviceEventWaits", kind(&Actor::DeviceManagement))
        }
        DeviceEventState::Waiting => ("deviceEventReplayed", "caller"),
        DeviceEventState::Settled => ("deviceEventSettled", BECKON),
        DeviceEventState::Failed => ("deviceEventFailed", BECKON),
    };
    tracing::info!(
        what = state,
        who,
        event = display(event.id),
        source = event.source.as_str(),
        version = event.version.get(),
        outcome = event.outcome,
        "changed"
    );
}

/// What became of a mail. That a run has claimed it is no news.
pub(super) fn of_mail(mail: &Mail) {
    if mail.state == beckon_domain::model::mail::MailState::Sending {
        return;
    }
    let mut state = mail.state.name().to_owned();
    if let Some(first) = state.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    Change {
        what: format!("mail{state}").into(),
        who: BECKON,
        user: Some(mail.user),
        batch: mail.batch,
        mail: Some(mail.id),
        code: mail.reason.as_ref().map(|reason| reason.code.as_str()),
        request: mail.request_id.as_ref(),
        ..Change::default()
    }
    .log();
}

/// A mail that tells of no change: a wording that is tried.
pub(super) fn mail_added(mail: &Mail) {
    Change {
        what: "mailWritten".into(),
        who: "caller",
        mail: Some(mail.id),
        request: mail.request_id.as_ref(),
        ..Change::default()
    }
    .log();
}

/// Settings.
pub(super) fn settings_saved(version: Version, stamp: &SettingsStamp) {
    Change {
        what: "settingsSaved".into(),
        who: kind(&stamp.by),
        version: Some(version),
        ..Change::default()
    }
    .log();
}

/// An own wording, kept or taken back.
pub(super) fn template_saved(template: &Template) {
    let what = match template.wording {
        Some(_) => "templateKept",
        None => "templateTakenBack",
    };
    Change {
        what: what.into(),
        who: kind(&template.changed_by),
        version: Some(template.version),
        template: Some(format!(
            "{}/{}",
            template.name.kind.name(),
            template.name.locale
        )),
        ..Change::default()
    }
    .log();
}

/// Delivery was paused, which the mail service causes, or goes on, which somebody asked for.
pub(super) fn delivery(pause: Option<&Pause>) {
    Change {
        what: match pause {
            Some(_) => "deliveryPaused".into(),
            None => "deliveryResumed".into(),
        },
        who: match pause {
            Some(_) => kind(&Actor::MailService),
            None => "caller",
        },
        code: pause.map(|pause| pause.code.as_str()),
        ..Change::default()
    }
    .log();
}
