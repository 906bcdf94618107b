//! A table that cannot be reached is *unavailable*: never empty, never a conflict.

use std::collections::BTreeSet;

use beckon_domain::model::actor::Actor;
use beckon_domain::model::batch::{Batch, Cursor, Page};
use beckon_domain::model::change::Identifier;
use beckon_domain::model::counting::{
    CountSheet, CountedStep, Ledger, Scope, SheetKey, Uncounted, UncountedRow,
};
use beckon_domain::model::device_event::DeviceEvent;
use beckon_domain::model::directory::DirectoryNews;
use beckon_domain::model::erasure::Tombstone;
use beckon_domain::model::group::{Group, GroupIdentifier};
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::job::{Job, JobAction, JobCursor, JobStep};
use beckon_domain::model::mail::{Mail, MailClass, MailEvent};
use beckon_domain::model::polling::SourcePoll;
use beckon_domain::model::reported_device::ReportedDevice;
use beckon_domain::model::selection::UserFilter;
use beckon_domain::model::stored::{Carried, RowKey, Unreadable};
use beckon_domain::model::template::{Template, TemplateKind, TemplateName};
use beckon_domain::model::user::User;
use beckon_domain::ports::error::{SaveError, Unavailable};
use beckon_domain::ports::jobs::{StartError, StepError};
use beckon_domain::ports::users::{AddUserError, SaveGroupError};
use beckon_domain::values::ids::{ExternalId, IssueNumber, RunId, UserId, Version};
use beckon_domain::values::locale::Locale;
use tokio::task::JoinSet;

use super::device_events::{a_device_event, a_reported_device, a_source_poll};
use super::groups::a_group;
use super::{Store, next};
use crate::Call;
use crate::builders::{
    a_batch, a_job, a_mail, a_registration, a_row, a_session, a_stamp, a_user, an_answer,
    monday_morning, settings,
};
use crate::entropy::fresh_ulid;
use crate::store::keys;

/// Asks a store that reaches nothing for everything. The store must be made so that every call
/// fails: at an address where nobody listens, of a table that does not exist.
///
/// Each call is tried again for about a second before it fails, so all are asked at the same time.
pub async fn whatever_cannot_be_reached_is_unavailable<S: Store>(store: S) {
    let mut asked = JoinSet::new();
    for call in Call::ALL {
        let store = store.clone();
        asked.spawn(async move { (call, is_unavailable(*call, &store).await) });
    }
    let answered: Vec<&Call> = asked
        .join_all()
        .await
        .into_iter()
        .filter_map(|(call, unavailable)| (!unavailable).then_some(call))
        .collect();
    assert!(answered.is_empty(), "{answered:?} answered");
}

/// An answer that says whether the table was reached.
trait SaysUnavailable {
    fn says_unavailable(&self) -> bool;
}

impl SaysUnavailable for Unavailable {
    fn says_unavailable(&self) -> bool {
        true
    }
}

macro_rules! says_unavailable {
    ($($error:ident),+) => {
        $(impl SaysUnavailable for $error {
            fn says_unavailable(&self) -> bool {
                matches!(self, Self::Unavailable(_))
            }
        })+
    };
}

says_unavailable!(
    AddUserError,
    SaveError,
    SaveGroupError,
    StartError,
    StepError
);

impl<T, E: SaysUnavailable> SaysUnavailable for Result<T, E> {
    fn says_unavailable(&self) -> bool {
        self.as_ref().is_err_and(E::says_unavailable)
    }
}

/// What is asked about.
struct Things {
    user: User,
    group: Group,
    batch: (Batch, Cursor),
    mail: Mail,
    claimed: Mail,
    job: (Job, JobCursor),
    event: DeviceEvent,
    device: ReportedDevice,
    poll: SourcePoll,
    template: Template,
    uncounted: UncountedRow,
    row: RowKey,
    why: Unreadable,
}

impl Things {
    fn new() -> Self {
        let user = a_user().build();
        let mail = a_mail(user.id).build();
        let batch = a_batch().build();
        let page = Uncounted::Page {
            batch: batch.0.id,
            number: 0,
        };
        Self {
            claimed: mail.after(MailEvent::Claim).expect("a mail that waits"),
            row: keys::user(user.id),
            mail,
            user,
            group: a_group("staff"),
            batch,
            job: a_job(JobAction::Resend, &[]),
            event: a_device_event(),
            device: a_reported_device("1"),
            poll: a_source_poll("asked"),
            template: Template {
                name: TemplateName {
                    kind: TemplateKind::Invitation,
                    locale: Locale::english(),
                },
                version: Version::FIRST,
                wording: None,
                changed_by: Actor::Clock,
                changed_at: monday_morning(),
                carried: Carried::default(),
            },
            uncounted: UncountedRow {
                generation: 0,
                number: 0,
                entries: BTreeSet::from([page]),
            },
            why: Unreadable {
                row: "a row".to_owned(),
                reason: "it is spoilt".to_owned(),
            },
        }
    }
}

/// Whether a call is answered by *unavailable*.
#[expect(clippy::too_many_lines, reason = "a table with a line for each call")]
async fn is_unavailable(call: Call, store: &impl Store) -> bool {
    let now = monday_morning();
    let things = Things::new();
    let Things {
        user,
        group,
        mail,
        claimed,
        event,
        device,
        poll,
        template,
        uncounted,
        row,
        why,
        ..
    } = &things;
    let (batch, cursor) = &things.batch;
    let (job, job_cursor) = &things.job;
    let external = ExternalId::parse("nobody").expect("an external id");
    let name = Identifier::External(external.clone());
    let names = std::slice::from_ref(&name);
    let run = RunId::new(fresh_ulid());
    let sheet = SheetKey::of_page(batch.id, 0);
    let answer = an_answer();
    match call {
        Call::LoadUsers => store.load_users(&[user.id]).await.says_unavailable(),
        Call::UserByAddress => {
            let address = user.email.normalised();
            store.user_by_address(&address).await.says_unavailable()
        }
        Call::UserByExternalId => store
            .user_by_external_id(&external)
            .await
            .says_unavailable(),
        Call::UsersByNames => store.users_by_names(names).await.says_unavailable(),
        Call::ListUsers => {
            let filter = UserFilter::default();
            let listed = store.list_users(&filter, None, 10, now);
            listed.await.says_unavailable()
        }
        Call::ListUserIds => store.list_user_ids(None, 10).await.says_unavailable(),
        Call::UsersToErase => store.users_to_erase(now, 10).await.says_unavailable(),
        Call::Tombstones => store.tombstones(now, 10).await.says_unavailable(),
        Call::LoadSession => {
            let session = a_session(user.id).digest;
            store.load_session(&session).await.says_unavailable()
        }
        Call::LoadRegistration => {
            let device = a_registration(user.id, "device-1").device.id;
            let loaded = store.load_registration(user.id, &device);
            loaded.await.says_unavailable()
        }
        Call::RegistrationsOf => store.registrations_of(user.id, 10).await.says_unavailable(),
        Call::LoadDeviceEvent => store.load_device_event(event.id).await.says_unavailable(),
        Call::DueDeviceEvents => store.due_device_events(now, 10).await.says_unavailable(),
        Call::FailedDeviceEvents => {
            let failed = store.failed_device_events(None, 10);
            failed.await.says_unavailable()
        }
        Call::LatestDeviceEvents => {
            let latest = store.latest_device_events(std::slice::from_ref(&event.source));
            latest.await.says_unavailable()
        }
        Call::LoadReportedDevice => {
            let loaded = store.load_reported_device(&device.id);
            loaded.await.says_unavailable()
        }
        Call::UnassignedDevices => store.unassigned_devices(None, 10).await.says_unavailable(),
        Call::UnassignedDevicesOf => {
            let found = store.unassigned_devices_of(&name, 10);
            found.await.says_unavailable()
        }
        Call::LoadSourcePoll => store
            .load_source_poll(&poll.source)
            .await
            .says_unavailable(),
        Call::HistoryOf => store.history_of(user.id, None, 10).await.says_unavailable(),
        Call::CurrentSettings => store.current_settings().await.says_unavailable(),
        Call::SettingsAt => store.settings_at(Version::FIRST).await.says_unavailable(),
        Call::ListSettings => store.list_settings(None, 1).await.says_unavailable(),
        Call::Templates => store.templates().await.says_unavailable(),
        Call::Template => store.template(&template.name).await.says_unavailable(),
        Call::OpenInvitations => store.open_invitations().await.says_unavailable(),
        Call::ReadGroups => store.read_groups(&[group.id]).await.says_unavailable(),
        Call::FindGroup => {
            let name = GroupIdentifier::Name(group.name.clone());
            store.find_group(&name).await.says_unavailable()
        }
        Call::ListGroups => store.list_groups(None, 10).await.says_unavailable(),
        Call::MembersOf => store
            .members_of(group.id, None, 10)
            .await
            .says_unavailable(),
        Call::DirectoryNews => store.directory_news().await.says_unavailable(),
        Call::RecallAnswer => store
            .recall_answer(&answer.key, now)
            .await
            .says_unavailable(),
        Call::LoadBatch => store.load_batch(batch.id).await.says_unavailable(),
        Call::NamedUsers => store.named_users(batch.id, 0).await.says_unavailable(),
        Call::LoadPage => store.load_page(batch.id, 0).await.says_unavailable(),
        Call::BatchPages => store.batch_pages(batch.id, 0, 10).await.says_unavailable(),
        Call::ListBatches => store.list_batches(None, 10).await.says_unavailable(),
        Call::LoadMails => store.load_mails(&[mail.id]).await.says_unavailable(),
        Call::DueMails => {
            let due = store.due_mails(MailClass::Small, now, 10);
            due.await.says_unavailable()
        }
        Call::DueCursors => store.due_cursors(now, 10).await.says_unavailable(),
        Call::DueInvitations => store.due_invitations(now, 10).await.says_unavailable(),
        Call::DeliveryPause => store.delivery_pause().await.says_unavailable(),
        Call::Tally => store.tally("tally", now).await.says_unavailable(),
        Call::Pace => store.pace().await.says_unavailable(),
        Call::RowsAside => store.rows_aside(10).await.says_unavailable(),
        Call::RowAside => store.row_aside(row).await.says_unavailable(),
        Call::LoadJob => store.load_job(job.id).await.says_unavailable(),
        Call::JobUsers => store.job_users(job.id, 0).await.says_unavailable(),
        Call::JobFile => store.job_file(job.id).await.says_unavailable(),
        Call::JobPages => store.job_pages(job.id, 0, 10).await.says_unavailable(),
        Call::ListJobs => store.list_jobs(None, 10).await.says_unavailable(),
        Call::DueJobs => store.due_jobs(now, 10).await.says_unavailable(),
        Call::Uncounted => store.uncounted().await.says_unavailable(),
        Call::Sheets => store.sheets(&[sheet]).await.says_unavailable(),
        Call::Counts => store.counts(&[Scope::Everything]).await.says_unavailable(),
        Call::DueBy => store.due_by(now, None, 1).await.says_unavailable(),
        Call::AddUser => {
            let row = a_row(user.id, now);
            let added = store.add_user(user, &row, None, Some(&answer)).await;
            added.says_unavailable()
        }
        Call::EraseHistory => store.erase_history(user.id, 10).await.says_unavailable(),
        Call::TakeTry => {
            let (first, pending) = (IssueNumber::from_number(1), InvitationState::Pending);
            let taken = store.take_try(user.id, first, pending, now);
            taken.await.says_unavailable()
        }
        Call::SaveTemplate => store.save_template(template).await.says_unavailable(),
        Call::AddMail => store.add_mail(mail, None).await.says_unavailable(),
        Call::StartBatch => {
            let started = store.start_batch(batch, cursor, &[], Some(&answer));
            started.await.says_unavailable()
        }
        Call::TakeLease => store.take_lease(run, now, now).await.says_unavailable(),
        Call::GiveLeaseBack => store.give_lease_back(run).await.says_unavailable(),
        Call::SetDeliveryPause => store.set_delivery_pause(None).await.says_unavailable(),
        Call::AddToTally => store
            .add_to_tally("tally", now, now)
            .await
            .says_unavailable(),
        Call::NoteBounce => store
            .note_bounce(batch.id, mail.id)
            .await
            .says_unavailable(),
        Call::SendRate => store.note_send_rate(1.0).await.says_unavailable(),
        Call::NoteReported => store.note_reported(row).await.says_unavailable(),
        Call::SetCursorAside => store
            .set_cursor_aside(batch.id, why)
            .await
            .says_unavailable(),
        Call::ReleaseRow => store.release_row(row).await.says_unavailable(),
        Call::StartJob => {
            let users = [vec![UserId::new(fresh_ulid())]];
            let started = store.start_job(job, job_cursor, &users, None, Some(&answer));
            started.await.says_unavailable()
        }
        Call::SetJobAside => store.set_job_aside(job.id, why).await.says_unavailable(),
        Call::NoteUncounted => {
            let entries: Vec<Uncounted> = uncounted.entries.iter().copied().collect();
            let noted = store.note_uncounted(0, 0, &entries);
            noted.await.says_unavailable()
        }
        Call::ForgetUncounted => store.forget_uncounted(uncounted).await.says_unavailable(),
        Call::ForgetReportedDevice => {
            let forgotten = store.forget_reported_device(device, 10);
            forgotten.await.says_unavailable()
        }
        Call::SaveGroup => store.save_group(group, None).await.says_unavailable(),
        Call::ForgetMembers => store.forget_members(group.id, 10).await.says_unavailable(),
        Call::NoteDirectory => {
            let news = DirectoryNews::default();
            store.note_directory(&news).await.says_unavailable()
        }
        Call::SaveUsers => store
            .save_users(&[next(user, |_| {})])
            .await
            .says_unavailable(),
        Call::RemoveUser => {
            let left = Tombstone::of(user, now);
            let row = a_row(user.id, now);
            store
                .remove_user(user, &row, &left)
                .await
                .says_unavailable()
        }
        Call::RemoveGroup => store.remove_group(group).await.says_unavailable(),
        Call::SaveSettings => {
            let settings = settings().build();
            let saved = store
                .save_settings(&settings, Version::FIRST, &a_stamp())
                .await;
            saved.says_unavailable()
        }
        Call::FinishPage => {
            let page = Page {
                batch: batch.id,
                number: 0,
                recipients: Vec::new(),
                without_sums: false,
            };
            store.finish_page(&page, cursor).await.says_unavailable()
        }
        Call::PushCursor => store.push_cursor(cursor).await.says_unavailable(),
        Call::SaveBatch => store.save_batch(batch).await.says_unavailable(),
        Call::ClaimMail => store
            .claim_mail(claimed, user.version)
            .await
            .says_unavailable(),
        Call::SaveMail => store.save_mail(claimed, None).await.says_unavailable(),
        Call::FinishStep => {
            let step = JobStep {
                cursor: job_cursor.clone(),
                page: None,
                gathered: None,
                changes: Vec::new(),
                erases_file: false,
            };
            store.finish_step(&step).await.says_unavailable()
        }
        Call::SaveJobCursor => store.save_job_cursor(job_cursor).await.says_unavailable(),
        Call::SaveLedger => {
            let ledger = Ledger {
                version: Version::FIRST,
                ..Ledger::default()
            };
            store.save_ledger(&ledger).await.says_unavailable()
        }
        Call::AddCounts => {
            let step = CountedStep {
                sheets: vec![CountSheet::empty(sheet)],
                ..CountedStep::default()
            };
            store.add_counts(&step).await.says_unavailable()
        }
        Call::SaveDeviceEvent => store.save_device_event(event).await.says_unavailable(),
        Call::SaveReportedDevice => {
            let saved = store.save_reported_device(device, None);
            saved.await.says_unavailable()
        }
        Call::SaveSourcePoll => store.save_source_poll(poll).await.says_unavailable(),
    }
}
