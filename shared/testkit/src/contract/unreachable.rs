//! A table that cannot be reached is *unavailable*: never empty, never a conflict.

use std::collections::BTreeSet;

use beckon_domain::model::actor::Actor;
use beckon_domain::model::batch::Page;
use beckon_domain::model::change::Identifier;
use beckon_domain::model::counting::{
    CountSheet, CountedStep, Ledger, Scope, SheetKey, Uncounted, UncountedRow,
};
use beckon_domain::model::directory::DirectoryNews;
use beckon_domain::model::group::GroupIdentifier;
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::job::{JobAction, JobStep};
use beckon_domain::model::mail::{MailClass, MailEvent};
use beckon_domain::model::selection::UserFilter;
use beckon_domain::model::stored::Carried;
use beckon_domain::model::template::{Template, TemplateKind, TemplateName};
use beckon_domain::ports::error::{SaveError, Unavailable};
use beckon_domain::ports::jobs::{StartError, StepError};
use beckon_domain::ports::users::{AddUserError, SaveGroupError};
use beckon_domain::values::ids::{BatchId, ExternalId, IssueNumber, RunId, UserId, Version};
use beckon_domain::values::locale::Locale;

use super::device_events::{a_device_event, a_reported_device, a_source_poll};
use super::groups::a_group;
use super::{Store, next};
use crate::builders::{
    a_batch, a_job, a_mail, a_registration, a_row, a_session, a_stamp, a_user, an_answer,
    monday_morning, settings,
};
use crate::entropy::fresh_ulid;

/// Asks a store that reaches nothing for everything. The store must be made so that every call
/// fails: at an address where nobody listens, of a table that does not exist.
///
/// Each call is tried again for about a second before it fails, so parts are asked at the same time.
pub async fn whatever_cannot_be_reached_is_unavailable<S: Store>(store: S) {
    tokio::join!(
        users_are_unavailable(&store),
        what_users_hold_is_unavailable(&store),
        settings_are_unavailable(&store),
        batches_are_unavailable(&store),
        mails_are_unavailable(&store),
        delivery_is_unavailable(&store),
        jobs_are_unavailable(&store),
        counts_are_unavailable(&store),
        device_events_are_unavailable(&store),
    );
}

async fn users_are_unavailable(store: &impl Store) {
    let user = a_user().build();
    let now = monday_morning();
    let row = a_row(user.id, now);
    let answer = an_answer();
    let external = ExternalId::parse("unknown").unwrap();

    is_unavailable(store.load_users(&[user.id]).await, "load_users");
    let found = store.user_by_address(&user.email.normalised()).await;
    is_unavailable(found, "user_by_address");
    let found = store.user_by_external_id(&external).await;
    is_unavailable(found, "user_by_external_id");
    let filter = UserFilter::default();
    let listed = store.list_users(&filter, None, 10, now).await;
    is_unavailable(listed, "list_users");
    let listed = store.list_user_ids(None, 10).await;
    is_unavailable(listed, "list_user_ids");
    is_unavailable(store.save_users(&[next(&user, |_| {})]).await, "save_users");
    let added = store.add_user(&user, &row, None, Some(&answer)).await;
    assert!(
        matches!(added, Err(AddUserError::Unavailable(_))),
        "add_user: {added:?}"
    );
}

async fn what_users_hold_is_unavailable(store: &impl Store) {
    let user = UserId::new(fresh_ulid());
    let now = monday_morning();
    let device = a_registration(user, "device-1").device.id;
    let session = a_session(user).digest;
    let (first, pending) = (IssueNumber::from_number(1), InvitationState::Pending);

    is_unavailable(store.directory_news().await, "directory_news");
    let noted = store.note_directory(&DirectoryNews::default()).await;
    is_unavailable(noted, "note_directory");
    let group = a_group("staff");
    let name = GroupIdentifier::Name(group.name.clone());
    is_unavailable(store.read_groups(&[group.id]).await, "read_groups");
    is_unavailable(store.find_group(&name).await, "find_group");
    is_unavailable(store.list_groups(None, 10).await, "list_groups");
    let members = store.members_of(group.id, None, 10).await;
    is_unavailable(members, "members_of");
    let forgotten = store.forget_members(group.id, 10).await;
    is_unavailable(forgotten, "forget_members");
    is_not_saved(store.remove_group(&group).await, "remove_group");
    let saved = store.save_group(&group, None).await;
    assert!(
        matches!(saved, Err(SaveGroupError::Unavailable(_))),
        "save_group: {saved:?}"
    );
    let taken = store.take_try(user, first, pending, now).await;
    is_unavailable(taken, "take_try");
    is_unavailable(store.load_session(&session).await, "load_session");
    let loaded = store.load_registration(user, &device).await;
    is_unavailable(loaded, "load_registration");
    let listed = store.registrations_of(user, 10).await;
    is_unavailable(listed, "registrations_of");
    is_unavailable(store.history_of(user, None, 10).await, "history_of");
    is_unavailable(store.open_invitations().await, "open_invitations");
    is_unavailable(store.due_invitations(now, 10).await, "due_invitations");
}

async fn settings_are_unavailable(store: &impl Store) {
    let now = monday_morning();
    let name = TemplateName {
        kind: TemplateKind::Invitation,
        locale: Locale::english(),
    };
    let template = Template {
        name: name.clone(),
        version: Version::FIRST,
        wording: None,
        changed_by: Actor::Clock,
        changed_at: now,
        carried: Carried::default(),
    };

    is_unavailable(store.current_settings().await, "current_settings");
    is_unavailable(store.settings_at(Version::FIRST).await, "settings_at");
    is_unavailable(store.list_settings(None, 1).await, "list_settings");
    let saved = store
        .save_settings(&settings().build(), Version::FIRST, &a_stamp())
        .await;
    is_not_saved(saved, "save_settings");
    is_unavailable(store.templates().await, "templates");
    is_unavailable(store.template(&name).await, "template");
    is_not_saved(store.save_template(&template).await, "save_template");
    let recalled = store.recall_answer(&an_answer().key, now).await;
    is_unavailable(recalled, "recall_answer");
}

async fn batches_are_unavailable(store: &impl Store) {
    let (batch, cursor) = a_batch().build();
    let answer = an_answer();
    let page = Page {
        batch: batch.id,
        number: 0,
        recipients: Vec::new(),
        without_sums: false,
    };

    is_unavailable(store.load_batch(batch.id).await, "load_batch");
    is_unavailable(store.named_users(batch.id, 0).await, "named_users");
    is_unavailable(store.load_page(batch.id, 0).await, "load_page");
    is_unavailable(store.batch_pages(batch.id, 0, 10).await, "batch_pages");
    is_unavailable(store.list_batches(None, 10).await, "list_batches");
    is_unavailable(store.due_cursors(monday_morning(), 10).await, "due_cursors");
    let started = store.start_batch(&batch, &cursor, &[], Some(&answer)).await;
    is_not_saved(started, "start_batch");
    is_not_saved(store.finish_page(&page, &cursor).await, "finish_page");
    is_not_saved(store.push_cursor(&cursor).await, "push_cursor");
    is_not_saved(store.save_batch(&batch).await, "save_batch");
}

async fn mails_are_unavailable(store: &impl Store) {
    let user = a_user().build();
    let mail = a_mail(user.id).build();
    let claimed = mail.after(MailEvent::Claim).unwrap();

    is_unavailable(store.load_mails(&[mail.id]).await, "load_mails");
    let due = store
        .due_mails(MailClass::Small, monday_morning(), 10)
        .await;
    is_unavailable(due, "due_mails");
    let noted = store.note_bounce(BatchId::new(fresh_ulid()), mail.id).await;
    is_unavailable(noted, "note_bounce");
    is_not_saved(store.add_mail(&mail, None).await, "add_mail");
    is_not_saved(store.claim_mail(&claimed, user.version).await, "claim_mail");
    is_not_saved(store.save_mail(&claimed, None).await, "save_mail");
}

async fn delivery_is_unavailable(store: &impl Store) {
    let run = RunId::new(fresh_ulid());
    let now = monday_morning();

    is_unavailable(store.take_lease(run, now, now).await, "take_lease");
    is_unavailable(store.give_lease_back(run).await, "give_lease_back");
    is_unavailable(store.delivery_pause().await, "delivery_pause");
    is_unavailable(store.set_delivery_pause(None).await, "set_delivery_pause");
    is_unavailable(store.tally("tally", now).await, "tally");
    is_unavailable(store.add_to_tally("tally", now, now).await, "add_to_tally");
    is_unavailable(store.note_send_rate(1.0).await, "note_send_rate");
    is_unavailable(store.pace().await, "pace");
}

async fn counts_are_unavailable(store: &impl Store) {
    let batch = BatchId::new(fresh_ulid());
    let sheet = SheetKey::of_page(batch, 0);
    let row = UncountedRow {
        generation: 0,
        number: 0,
        entries: BTreeSet::from([Uncounted::Page { batch, number: 0 }]),
    };
    let listed: Vec<Uncounted> = row.entries.iter().copied().collect();
    let step = CountedStep {
        sheets: vec![CountSheet::empty(sheet)],
        ..CountedStep::default()
    };
    let ledger = Ledger {
        version: Version::FIRST,
        ..Ledger::default()
    };

    is_unavailable(store.uncounted().await, "uncounted");
    let noted = store.note_uncounted(0, 0, &listed).await;
    is_unavailable(noted, "note_uncounted");
    is_unavailable(store.forget_uncounted(&row).await, "forget_uncounted");
    is_unavailable(store.sheets(&[sheet]).await, "sheets");
    is_unavailable(store.counts(&[Scope::Everything]).await, "counts");
    let due = store.due_by(monday_morning(), None, 1).await;
    is_unavailable(due, "due_by");
    is_not_saved(store.save_ledger(&ledger).await, "save_ledger");
    is_not_saved(store.add_counts(&step).await, "add_counts");
}

async fn device_events_are_unavailable(store: &impl Store) {
    let (event, device) = (a_device_event(), a_reported_device("1"));
    let now = monday_morning();
    let name = Identifier::External(ExternalId::parse("nobody").unwrap());

    let loaded = store.load_device_event(event.id).await;
    is_unavailable(loaded, "load_device_event");
    is_not_saved(store.save_device_event(&event).await, "save_device_event");
    is_unavailable(store.due_device_events(now, 10).await, "due_device_events");
    let failed = store.failed_device_events(None, 10).await;
    is_unavailable(failed, "failed_device_events");
    let source = std::slice::from_ref(&event.source);
    let latest = store.latest_device_events(source).await;
    is_unavailable(latest, "latest_device_events");
    let loaded = store.load_reported_device(&device.id).await;
    is_unavailable(loaded, "load_reported_device");
    let saved = store.save_reported_device(&device, None).await;
    is_not_saved(saved, "save_reported_device");
    let forgotten = store.forget_reported_device(&device, 10).await;
    is_unavailable(forgotten, "forget_reported_device");
    let listed = store.unassigned_devices(None, 10).await;
    is_unavailable(listed, "unassigned_devices");
    let found = store.unassigned_devices_of(&name, 10).await;
    is_unavailable(found, "unassigned_devices_of");
    let poll = a_source_poll("asked");
    let loaded = store.load_source_poll(&poll.source).await;
    is_unavailable(loaded, "load_source_poll");
    is_not_saved(store.save_source_poll(&poll).await, "save_source_poll");
}

async fn jobs_are_unavailable(store: &impl Store) {
    let (job, cursor) = a_job(JobAction::Resend, &[]);
    let now = monday_morning();
    let named = [vec![UserId::new(fresh_ulid())]];
    let answer = an_answer();
    let step = JobStep {
        cursor: cursor.clone(),
        page: None,
        gathered: None,
        changes: Vec::new(),
        erases_file: false,
    };

    is_unavailable(store.load_job(job.id).await, "load_job");
    is_unavailable(store.job_users(job.id, 0).await, "job_users");
    is_unavailable(store.job_file(job.id).await, "job_file");
    is_unavailable(store.job_pages(job.id, 0, 10).await, "job_pages");
    is_unavailable(store.list_jobs(None, 10).await, "list_jobs");
    is_unavailable(store.due_jobs(now, 10).await, "due_jobs");
    let started = store.start_job(&job, &cursor, &named, None, Some(&answer));
    let started = started.await;
    assert!(
        matches!(started, Err(StartError::Unavailable(_))),
        "start_job: {started:?}"
    );
    is_not_saved(store.save_job_cursor(&cursor).await, "save_job_cursor");
    let finished = store.finish_step(&step).await;
    assert!(
        matches!(finished, Err(StepError::Unavailable(_))),
        "finish_step: {finished:?}"
    );
}

fn is_unavailable<T>(result: Result<T, Unavailable>, call: &str) {
    assert!(result.err().is_some(), "{call} answered");
}

fn is_not_saved<T>(result: Result<T, SaveError>, call: &str) {
    assert!(
        matches!(result.err(), Some(SaveError::Unavailable(_))),
        "{call} answered"
    );
}
