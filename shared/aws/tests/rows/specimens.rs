//! One value of each kind that has a row, with fixed ids and times, so that its row is the same at
//! every run. What a test does not say is what the builders of the test kit give.

use std::collections::{BTreeMap, BTreeSet};

use beckon_domain::model::actor::Actor;
use beckon_domain::model::batch::{
    Batch, BatchSelection, Cursor, Page, Recipient, RecipientResult, SkipReason,
};
use beckon_domain::model::change::Identifier;
use beckon_domain::model::counting::{
    Bucket, CountSheet, CountedFate, Counts, EarlierBatches, Fate, Ledger, Member, PageNumbers,
    Scope, SheetKey, Standing, Uncounted, UncountedRow,
};
use beckon_domain::model::delivery::Pause;
use beckon_domain::model::device_event::{DeviceEvent, DeviceEventState};
use beckon_domain::model::directory::{
    DirectoryAttribute, DirectoryEmail, DirectoryFacts, DirectoryName, DirectoryNews,
    DirectoryProfile, DirectoryRefusal, DirectoryText,
};
use beckon_domain::model::enrolment_token::EnrolmentToken;
use beckon_domain::model::erasure::Tombstone;
use beckon_domain::model::group::{Group, GroupIdentifier, Memberships};
use beckon_domain::model::history::{Bounce, HistoryEntry, HistoryEvent, Particular};
use beckon_domain::model::idempotency::IdempotencyRecord;
use beckon_domain::model::invitation::{Invitation, InvitationState, InvitationSteps};
use beckon_domain::model::job::{
    Job, JobAction, JobCounts, JobCursor, JobOutcome, JobPage, JobReason, JobResult, JobSelection,
    JobStage, LineProblem,
};
use beckon_domain::model::mail::{
    Mail, MailClass, MailKind, MailReason, MailState, NoticeOf, TestMail,
};
use beckon_domain::model::ownership::{
    Classification, EnrollmentType, OwnerSwitch, Ownership, OwnershipChoice, OwnershipRule,
    StatedOwnership,
};
use beckon_domain::model::polling::{PollFailure, Position, SourcePoll, Walk};
use beckon_domain::model::registration::{
    DeviceFacts, NotCompleted, Registration, RegistrationFlag, WhyNotCompleted,
};
use beckon_domain::model::reminders::ReminderPlan;
use beckon_domain::model::reported_device::{Claimant, Enrolment, ReportedDevice, Told, ToldFacts};
use beckon_domain::model::selection::UserFilter;
use beckon_domain::model::session::{NamedDevice, Session, SessionSlot};
use beckon_domain::model::settings::{Settings, SettingsDraft, UNSAVED, VersionedSettings};
use beckon_domain::model::stored::Carried;
use beckon_domain::model::template::{Template, TemplateKind, TemplateName, Wording};
use beckon_domain::model::user::{AddressSuppression, Asked, User};
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::ids::{
    BatchId, DeviceId, EventId, ExternalId, GroupId, IssueNumber, JobId, MailId, RequestId, RunId,
    UserId, Version,
};
use beckon_domain::values::locale::Locale;
use beckon_domain::values::method::Method;
use beckon_domain::values::names::{GroupName, Label};
use beckon_domain::values::nonce::Nonce;
use beckon_domain::values::service_url::ServiceUrl;
use beckon_domain::values::session_ids::{RegistrationId, SessionDigest};
use beckon_domain::values::source_name::SourceName;
use beckon_domain::values::user_name::UserName;
use beckon_testkit::builders::{
    a_batch, a_job, a_mail, a_registration, a_user, an_invitation, monday_morning, settings,
};
use jiff::{SignedDuration, Timestamp};

/// What a row says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    User(User),
    Tombstone(Tombstone),
    /// What a user is found by.
    Identifier(Identifier, UserId),
    Group(Group),
    /// What a group is found by.
    GroupIdentifier(GroupIdentifier, GroupId),
    Member(GroupId, UserId),
    DirectoryNews(DirectoryNews),
    Device(Registration),
    History(HistoryEntry),
    Mail(Mail),
    Batch(Batch),
    Cursor(Cursor),
    /// The users named for a page.
    Named(BatchId, u32, Vec<UserId>),
    Page(Page),
    Job(Job),
    JobCursor(JobCursor),
    /// The users of a job's row.
    JobUsers(JobId, u32, Vec<UserId>),
    JobFile(JobId, Vec<u8>),
    JobPage(JobPage),
    Bounce(BatchId, MailId),
    Session(Session),
    DeviceEvent(DeviceEvent),
    Reported(ReportedDevice),
    SourcePoll(SourcePoll),
    /// What finds a device of nobody.
    Unassigned(Identifier, DeviceId),
    /// What finds the message that told of a device.
    MessageOf(DeviceEvent),
    LatestOf(DeviceEvent),
    CurrentSettings(VersionedSettings),
    SettingsVersion(VersionedSettings),
    Template(Template),
    Answer(IdempotencyRecord),
    Tally(&'static str, Timestamp),
    Lease(RunId, Timestamp),
    Pause(Pause),
    Pace(f64),
    Sheet(CountSheet),
    Sums(Scope, Counts),
    Ledger(Ledger),
    Uncounted(UncountedRow),
}

/// A value and the name of the file that holds its row.
pub(crate) struct Specimen {
    pub(crate) name: String,
    pub(crate) value: Value,
}

/// Where the wrong tries of a source are counted.
const TALLY: &str = "source#203.0.113.7";

fn bytes(number: u128) -> [u8; 16] {
    (0x019c_af00_0000_0000_0000_0000_0000_0000_u128 + number).to_be_bytes()
}

pub(crate) fn user_id(number: u128) -> UserId {
    UserId::from_bytes(bytes(number))
}

fn mail_id(number: u128) -> MailId {
    MailId::from_bytes(bytes(0x1000 + number))
}

fn batch_id(number: u128) -> BatchId {
    BatchId::from_bytes(bytes(0x2000 + number))
}

fn job_id(number: u128) -> JobId {
    JobId::from_bytes(bytes(0x5000 + number))
}

pub(crate) fn run_id() -> RunId {
    RunId::from_bytes(bytes(0x3000))
}

fn label(text: &str) -> Label {
    Label::parse(text).expect("a label")
}

fn locale(tag: &str) -> Locale {
    Locale::parse(tag).expect("a language tag")
}

fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect("an address")
}

fn device_id(text: &str) -> DeviceId {
    DeviceId::parse(text).expect("the id of a device")
}

fn later(hours: i64) -> Timestamp {
    monday_morning() + SignedDuration::from_hours(hours)
}

fn request_id() -> RequestId {
    RequestId::parse("JKJaXmPLvHcESHA=").expect("the id of a request")
}

fn digest(number: u8) -> SessionDigest {
    RegistrationId::from_random([number; 16]).digest()
}

/// Every specimen, each kind of row at least once.
#[expect(clippy::too_many_lines, reason = "a table: one entry for each kind")]
pub(crate) fn all() -> Vec<Specimen> {
    let mut all = Vec::new();
    let mut add = |name: String, value| all.push(Specimen { name, value });
    for (name, user) in users() {
        for claim in Identifier::all_of(&user) {
            let kind = match &claim {
                Identifier::Address(_) => "address",
                Identifier::External(_) => "external-id",
                Identifier::UserName(_) => "user-name",
            };
            add(
                format!("{kind}-of-{name}"),
                Value::Identifier(claim, user.id),
            );
        }
        for group in user.memberships.ids() {
            let member = Value::Member(group, user.id);
            add(format!("member-{name}"), member);
        }
        add(format!("user-{name}"), Value::User(user));
    }
    for claim in GroupIdentifier::all_of(&group()) {
        let kind = match &claim {
            GroupIdentifier::Name(_) => "name",
            GroupIdentifier::External(_) => "external-id",
        };
        let value = Value::GroupIdentifier(claim, group().id);
        add(format!("{kind}-of-group"), value);
    }
    add("group".to_owned(), Value::Group(group()));
    add(
        "directory-news".to_owned(),
        Value::DirectoryNews(directory_news()),
    );
    for (name, left) in tombstones() {
        add(name.to_owned(), Value::Tombstone(left));
    }
    for (name, registration) in registrations() {
        add(format!("device-{name}"), Value::Device(registration));
    }
    for (number, row) in (0..).zip(history()) {
        add(kind_of(&row, number), Value::History(row));
    }
    for (name, mail) in mails() {
        add(format!("mail-{name}"), Value::Mail(mail));
    }
    for (name, (batch, cursor)) in batches() {
        add(format!("batch-{name}"), Value::Batch(batch));
        add(format!("cursor-{name}"), Value::Cursor(cursor));
    }
    let named = vec![user_id(1), user_id(2)];
    add(
        "named-users".to_owned(),
        Value::Named(batch_id(2), 0, named),
    );
    for (name, page) in pages() {
        add(name.to_owned(), Value::Page(page));
    }
    for (name, (job, cursor)) in jobs() {
        let id = job.id;
        add(format!("job-{name}"), Value::Job(job));
        add(format!("job-cursor-{name}"), Value::JobCursor(cursor));
        if let Some(page) = outcomes_of(id) {
            add(format!("job-page-{name}"), Value::JobPage(page));
        }
        if let Some(file) = file_of(id) {
            add(format!("job-file-{name}"), Value::JobFile(id, file));
        } else {
            let users = users_of_jobs();
            add(format!("job-users-{name}"), Value::JobUsers(id, 0, users));
        }
    }
    add("bounce".to_owned(), Value::Bounce(batch_id(1), mail_id(1)));
    for (name, session) in sessions() {
        add(format!("session-{name}"), Value::Session(session));
    }
    for (name, event) in device_events() {
        if event.device.is_some() {
            let value = Value::MessageOf(event.clone());
            add(format!("message-of-{name}"), value);
        }
        if event.state == DeviceEventState::Failed {
            add("latest-event".to_owned(), Value::LatestOf(event.clone()));
        }
        add(format!("device-event-{name}"), Value::DeviceEvent(event));
    }
    for (name, device) in reported_devices() {
        if device.is_unassigned() {
            for (number, claim) in device.identifiers().into_iter().enumerate() {
                let value = Value::Unassigned(claim, device.id.clone());
                add(format!("unassigned-{number}-of-{name}"), value);
            }
        }
        add(format!("reported-{name}"), Value::Reported(device));
    }
    for (name, poll) in source_polls() {
        add(format!("source-poll-{name}"), Value::SourcePoll(poll));
    }
    for saved in saved_settings() {
        let name = format!("settings-version-{}", saved.version.get());
        add(name, Value::SettingsVersion(saved));
    }
    if let Some(last) = saved_settings().pop() {
        add("settings-current".to_owned(), Value::CurrentSettings(last));
    }
    for template in templates() {
        let name = format!("template-{}", template.name.kind.name());
        add(name, Value::Template(template));
    }
    add("answer".to_owned(), Value::Answer(answer()));
    add("tally".to_owned(), Value::Tally(TALLY, later(1)));
    add("lease".to_owned(), Value::Lease(run_id(), later(1)));
    add(
        "pause".to_owned(),
        Value::Pause(Pause {
            until: later(2),
            code: "quota".to_owned(),
            reason: "the daily quota is used up".to_owned(),
        }),
    );
    add("pace".to_owned(), Value::Pace(13.5));
    for (name, sheet) in sheets() {
        add(format!("sheet-{name}"), Value::Sheet(sheet));
    }
    for (name, scope, counts) in sums() {
        add(format!("sums-of-{name}"), Value::Sums(scope, counts));
    }
    add("ledger".to_owned(), Value::Ledger(ledger()));
    add("uncounted".to_owned(), Value::Uncounted(uncounted()));
    all
}

fn tombstones() -> Vec<(&'static str, Tombstone)> {
    let left = |number, counts_for| Tombstone {
        user: user_id(number),
        over_since: later(1),
        counts_for,
    };
    vec![
        ("tombstone", left(DELETED, Vec::new())),
        (
            "tombstone-that-counts",
            left(DELETED_UNINVITED, vec![batch_id(1)]),
        ),
    ]
}

/// What became of people: each state of a mail, each standing of an invitation, and each way in which a step is reached.
fn fates() -> Vec<Fate> {
    let bucket = |number| Some(Some(Bucket::numbered(number).expect("a bucket")));
    let steps = [
        [None; 4],
        [Some(None); 4],
        [bucket(0), bucket(1), bucket(2), bucket(3)],
    ];
    let standings = Standing::ALL.into_iter().cycle();
    let fates = MailState::ALL.into_iter().zip(standings).enumerate();
    fates
        .map(|(number, (mail, standing))| Fate {
            mail,
            standing,
            again: number == 1,
            steps: steps[number % steps.len()],
        })
        .collect()
}

/// The fates of people on a sheet of their batch's own, and on one that batches share.
fn sheets() -> Vec<(&'static str, CountSheet)> {
    let groups = BTreeSet::from([GroupName::parse("staff").expect("a group")]);
    let on = |key, batch: fn(u128) -> BatchId, page| {
        let counted = (1..).zip(fates()).map(|(number, fate)| {
            let member = Member {
                batch: batch(number),
                user: user_id(number),
            };
            let groups = (number == 1).then(|| groups.clone());
            (member, CountedFate { fate, groups })
        });
        CountSheet {
            key,
            version: Version::FIRST,
            fates: counted.collect(),
            page,
        }
    };
    let numbers = PageNumbers {
        issued: 11,
        skipped: 2,
        confirmed: 7,
    };
    let of_batch = SheetKey::Own {
        batch: batch_id(1),
        number: 30,
    };
    let shared = SheetKey::Shared {
        additions: 12,
        number: 3,
    };
    vec![
        ("of-a-batch", on(of_batch, |_| batch_id(1), Some(numbers))),
        ("shared", on(shared, batch_id, None)),
    ]
}

fn sums() -> Vec<(&'static str, Scope, Counts)> {
    let sum = |of: fn(&Fate) -> Counts| {
        let mut sum = Counts::default();
        for fate in fates() {
            sum.add_all(&of(&fate), 1);
        }
        sum
    };
    let mut of_batch = sum(Counts::of_batch);
    of_batch.add_all(
        &Counts::of_page(PageNumbers {
            issued: 11,
            skipped: 2,
            confirmed: 7,
        }),
        1,
    );
    let staff = GroupName::parse("Staff").expect("a group");
    vec![
        ("everything", Scope::Everything, sum(Counts::of_everything)),
        ("a-group", Scope::Group(staff), sum(Counts::of_everything)),
        ("a-batch", Scope::Batch(batch_id(1)), of_batch),
    ]
}

fn ledger() -> Ledger {
    Ledger {
        version: Version::FIRST,
        earlier: EarlierBatches::UpTo {
            batch: batch_id(3),
            page: 2,
            older: Some("where older ones begin".to_owned()),
        },
    }
}

fn uncounted() -> UncountedRow {
    let person = Uncounted::Person(Member {
        batch: batch_id(1),
        user: user_id(2),
    });
    let page = Uncounted::Page {
        batch: batch_id(1),
        number: 3,
    };
    UncountedRow {
        generation: 4,
        number: 5,
        entries: BTreeSet::from([person, page]),
    }
}

/// The specimens whose rows a folder holds. Its current settings are the newest that it has.
pub(crate) fn of_rows(rows: &BTreeMap<String, serde_json::Value>) -> Vec<Specimen> {
    let mut specimens = all();
    specimens.retain(|specimen| rows.contains_key(&specimen.name));
    let newest = specimens
        .iter()
        .rev()
        .find_map(|specimen| match &specimen.value {
            Value::SettingsVersion(saved) => Some(saved.clone()),
            _ => None,
        });
    for specimen in &mut specimens {
        if let (Value::CurrentSettings(current), Some(newest)) = (&mut specimen.value, &newest) {
            current.clone_from(newest);
        }
    }
    specimens
}

/// A message of a device management in each of its states.
/// A device of which a message told.
pub(crate) fn of_device(event: &DeviceEvent) -> ReportedDevice {
    let (_, facts) = reported_devices().remove(0);
    ReportedDevice {
        id: event.device.clone().expect("it told of a device"),
        ..facts
    }
}

fn device_events() -> Vec<(&'static str, DeviceEvent)> {
    let received = |number: u128| {
        let id = EventId::from_bytes(bytes(0x6000 + number));
        let source = SourceName::parse("phones").expect("a name");
        DeviceEvent::received(id, source, b"{\"topic\": \"\xff\"}".to_vec(), later(1))
    };
    let (settled, failed) = (DeviceEventState::Settled, DeviceEventState::Failed);
    let first = |event: DeviceEvent| DeviceEvent {
        version: Version::FIRST,
        ..event
    };
    let why = Some("the device's id is not there".to_owned());
    vec![
        ("waiting", received(1)),
        (
            "settled",
            DeviceEvent {
                device: Some(device_id("phones:U-9")),
                ..first(received(2).in_state(settled, Some("recorded".to_owned()), later(2)))
            },
        ),
        (
            "failed",
            DeviceEvent {
                failure: Some("noDeviceId".to_owned()),
                ..first(received(3).in_state(failed, why, later(2)))
            },
        ),
    ]
}

/// A source that is asked: never, in the middle of a list by links and by numbers, and at rest.
fn source_polls() -> Vec<(&'static str, SourcePoll)> {
    let new = |name: &str| {
        let name = SourceName::parse(name).expect("a name");
        SourcePoll {
            version: Version::FIRST,
            ..SourcePoll::new(name, "0011223344556677".to_owned(), later(1))
        }
    };
    let walk = |position: Position| Walk {
        from: later(0),
        began_at: later(1),
        position: Some(position),
        pages: 2,
    };
    let link = "https://graph.microsoft.com/v1.0/deviceManagement/managedDevices?$skiptoken=x";
    let link = ServiceUrl::parse(link).expect("an address");
    let behind = Position::Behind {
        spaces: vec![33_533, 33_534],
        offset: 980,
        tail: vec!["8899aabbccddeeff".to_owned()],
    };
    vec![
        ("new", new("kandji")),
        (
            "link",
            SourcePoll {
                walk: Some(walk(Position::Link(link))),
                failures: 2,
                last_round_at: Some(later(2)),
                last_error: Some("the system answered with status 500".to_owned()),
                last_failure: Some(PollFailure {
                    code: "status".to_owned(),
                    parameters: BTreeMap::from([("status".to_owned(), "500".to_owned())]),
                }),
                ..new("intune")
            },
        ),
        (
            "behind",
            SourcePoll {
                cursor: Some(later(1)),
                looked_back_at: Some(later(1)),
                walk: Some(walk(behind)),
                last_round_at: Some(later(2)),
                last_success_at: Some(later(2)),
                ..new("neurons")
            },
        ),
    ]
}

/// A device that a source told of: of which only facts are known, of nobody, and of somebody.
fn reported_devices() -> Vec<(&'static str, ReportedDevice)> {
    let told = |text: &str| Told {
        value: label(text),
        at: later(1),
    };
    let facts = ReportedDevice {
        id: device_id("phones:00008030-0001"),
        told: ToldFacts {
            name: Some(told("Ada’s iPhone")),
            platform: Some(told("ios")),
            os_version: Some(told("18.1")),
            serial: Some(told("FAKE0001")),
            supervised: Some(Told {
                value: true,
                at: later(2),
            }),
            enrollment_type: Some(Told {
                value: EnrollmentType::Device,
                at: later(1),
            }),
            ownership: Some(Told {
                value: StatedOwnership::Personal,
                at: later(1),
            }),
        },
        enrolment: None,
        unenrolled_at: None,
        user: None,
        assigned_to: None,
        assigned_by: None,
        changed_at: later(2),
        version: Version::FIRST,
        carried: Carried::default(),
    };
    let of_nobody = ReportedDevice {
        id: device_id("macs:U-2"),
        told: ToldFacts::default(),
        enrolment: Some(Enrolment {
            at: Some(later(1)),
            claimants: vec![
                Claimant::Reference(digest(9)),
                Claimant::Address(address("nobody@example.com")),
                Claimant::External(ExternalId::parse("nobody").expect("an external id")),
                Claimant::UserName(UserName::parse("nobody").expect("a user name")),
            ],
        }),
        ..facts.clone()
    };
    let of_somebody = ReportedDevice {
        id: device_id("macs:U-3"),
        unenrolled_at: Some(later(3)),
        user: Some(user_id(1)),
        assigned_to: Some(user_id(1)),
        assigned_by: Some(Actor::Caller("ada".to_owned())),
        ..of_nobody.clone()
    };
    vec![
        ("facts", facts),
        ("of-nobody", of_nobody),
        ("of-somebody", of_somebody),
    ]
}

/// Where a batch's expansion stands.
pub(crate) fn cursor_of(id: BatchId) -> Cursor {
    let (_, (_, cursor)) = batches()
        .into_iter()
        .find(|(_, (batch, _))| batch.id == id)
        .expect("a batch");
    cursor
}

/// The users that a batch names in rows of their own.
pub(crate) fn named_in(id: BatchId) -> Vec<Vec<UserId>> {
    let named = all()
        .into_iter()
        .filter_map(|specimen| match specimen.value {
            Value::Named(batch, _, users) if batch == id => Some(users),
            _ => None,
        });
    named.collect()
}

pub(crate) fn devices_of(user: UserId) -> Vec<Registration> {
    let all = registrations().into_iter();
    all.map(|(_, one)| one)
        .filter(|one| one.user == user)
        .collect()
}

pub(crate) fn sessions_of(user: UserId) -> Vec<Session> {
    let all = sessions().into_iter();
    all.map(|(_, one)| one)
        .filter(|one| one.user == user)
        .collect()
}

/// The mail that is added with an answer to remember.
pub(crate) fn first_mail() -> MailId {
    mail_id(1)
}

/// A mail that has no row.
pub(crate) fn unwritten_mail() -> MailId {
    mail_id(0)
}

/// A run that holds no lease.
pub(crate) fn another_run() -> RunId {
    RunId::from_bytes(bytes(0x3001))
}

/// A row of each thing that happens: that of the deletion belongs to the user that is deleted.
pub(crate) fn history() -> Vec<HistoryEntry> {
    let rows = (0..).zip(history_events()).map(|(number, (who, what))| {
        let user = match what {
            HistoryEvent::UserDeleted { issue: Some(_) } => user_id(DELETED),
            HistoryEvent::UserDeleted { issue: None } => user_id(DELETED_UNINVITED),
            _ => user_id(2),
        };
        HistoryEntry {
            id: EventId::from_bytes(bytes(0x4000 + number)),
            user,
            at: later(1),
            who,
            what,
        }
    });
    rows.collect()
}

/// The name of what happened, as rows say it.
fn kind_of(row: &HistoryEntry, number: u128) -> String {
    let what = serde_json::to_value(&row.what).expect("what happened is JSON");
    let name = what["type"].as_str().expect("each has a type").to_owned();
    format!("history-{number:02}-{name}")
}

fn with_id(number: u128, user: User) -> User {
    let email = address(&format!("user-{number}@example.com"));
    User {
        id: user_id(number),
        email,
        ..user
    }
}

fn with_invitation(mut user: User, invitation: Invitation) -> User {
    user.latest_issue = invitation.issue;
    user.invitation = Some(invitation);
    user
}

fn invitation(number: u128) -> Invitation {
    Invitation {
        nonce: Nonce::from_bytes(bytes(0x5000 + number)),
        batch: None,
        mail: mail_id(number),
        ..an_invitation().build()
    }
}

/// Who is added and then deleted.
const DELETED: u128 = 99;
const DELETED_UNINVITED: u128 = 98;

/// A user that is added and then deleted.
pub(crate) fn deleted(id: UserId) -> User {
    let [.., number] = id.to_bytes();
    with_id(number.into(), a_user().build())
}

fn users() -> Vec<(String, User)> {
    let mut users = vec![
        ("never-invited".to_owned(), with_id(1, a_user().build())),
        ("with-every-part".to_owned(), user_with_every_part()),
    ];
    let complained = a_user()
        .marked(AddressSuppression::Complained)
        .disabled()
        .build();
    users.push(("complained".to_owned(), with_id(3, complained)));
    users.push(("of-the-directory".to_owned(), user_of_the_directory()));
    let chosen = Invitation {
        chosen: Some(OwnershipChoice::UserOwned),
        ..invitation(5)
    };
    let with_devices = User {
        devices: 2,
        devices_unenrolled: 1,
        ..with_id(5, a_user().build())
    };
    let who_chose = with_invitation(with_devices, chosen);
    users.push(("who-chose".to_owned(), who_chose));
    let states = InvitationState::ALL.into_iter().skip(1);
    for (number, state) in (10..).zip(states) {
        let ended = matches!(
            state,
            InvitationState::Cancelled | InvitationState::Completed
        );
        let invitation = Invitation {
            state,
            ended_at: ended.then(|| later(3)),
            ..invitation(number)
        };
        let user = with_invitation(with_id(number, a_user().build()), invitation);
        users.push((format!("invited-{}", state.name()), user));
    }
    let mailed_again = Invitation {
        steps: Some(InvitationSteps {
            redeemed_at: Some(later(1)),
            confirmation: Some(mail_id(7)),
            again: vec![batch_id(2)],
            replaced: vec![batch_id(3)],
            later_mails: vec![mail_id(8), mail_id(9)],
        }),
        ..invitation(20)
    };
    let user = with_invitation(with_id(20, a_user().build()), mailed_again);
    users.push(("mailed-again".to_owned(), user));
    let made = |made_for: &str, name: Option<&str>| EnrolmentToken {
        made_for: made_for.to_owned(),
        name: name.map(str::to_owned),
        until: later(2),
    };
    let going_on = Invitation {
        tokens: vec![
            made(
                "0123456789abcdef",
                Some("enterprises/LC012abc/enrollmentTokens/t1"),
            ),
            made("fedcba9876543210", None),
        ],
        ..invitation(21)
    };
    let user = with_invitation(with_id(21, a_user().build()), going_on);
    users.push(("going-on".to_owned(), user));
    users
}

fn group() -> Group {
    Group {
        id: GroupId::from_bytes(bytes(1)),
        version: Version::FIRST,
        name: GroupName::parse("München Staff").expect("a name"),
        external_id: ExternalId::parse("S-1-5").ok(),
        added_at: monday_morning(),
        carried: Carried::default(),
    }
}

fn directory_news() -> DirectoryNews {
    DirectoryNews {
        last_request_at: Some(later(2)),
        last_refusal: Some(DirectoryRefusal {
            at: later(1),
            request: "POST /Users".to_owned(),
            status: 409,
            kind: Some("uniqueness".to_owned()),
        }),
    }
}

fn facts_of_the_directory() -> DirectoryFacts {
    let mut facts = DirectoryFacts::default();
    for (number, attribute) in (1..).zip(DirectoryAttribute::ALL) {
        let said = DirectoryText::parse(&format!("Said {number}")).expect("a line");
        facts.set(attribute, said);
    }
    facts
}

fn user_of_the_directory() -> User {
    let said = |text: &str| DirectoryText::parse(text).expect("a line");
    let user = with_id(4, a_user().called("Ada Lovelace").build());
    let profile = DirectoryProfile {
        display_name: said("Ada Lovelace"),
        name: DirectoryName {
            formatted: said("Ada Lovelace"),
            given_name: said("Ada"),
            family_name: said("Lovelace"),
        },
        emails: vec![DirectoryEmail {
            value: user.email.clone(),
            kind: said("work"),
            primary: Some(true),
        }],
        preferred_language: said("en-GB"),
        locale: said("en_GB"),
        time_zone: said("GMT Standard Time"),
        facts: facts_of_the_directory(),
    };
    let mut memberships = Memberships::default();
    memberships.join(group().id, group().name);
    User {
        user_name: UserName::parse("Ada.Lovelace@example.com").ok(),
        directory: Some(Box::new(profile)),
        memberships,
        invited_as_joiner: true,
        ..user
    }
}

fn user_with_every_part() -> User {
    let user = a_user()
        .called("Zoë van der Berg")
        .known_as("S-1-5-21/42")
        .in_group("staff")
        .in_group("Vertrieb")
        .speaking("pt-BR")
        .living_in("Europe/Berlin")
        .marked(AddressSuppression::HardBounced)
        .build();
    let quiet = serde_json::from_value(serde_json::json!({
        "startAfterDays": 2, "everyDays": 3, "most": 2,
        "quietHours": { "from": "20:00", "to": "08:00" }
    }));
    let invitation = Invitation {
        issue: IssueNumber::from_number(3),
        method: Method::PasswordAndPin,
        ownership: Ownership::CompanyOwned,
        state: InvitationState::Locked,
        ended_at: None,
        tries_left: 0,
        batch: Some(batch_id(1)),
        invited_by: Some(label("Ada Admin")),
        renewals: 1,
        reminders: Some(ReminderPlan {
            policy: quiet.expect("a policy"),
            written: 1,
            next_at: Some(later(48)),
        }),
        sessions: vec![SessionSlot {
            digest: digest(1),
            until: later(1),
        }],
        completed_by: Some(device_id("device-1")),
        restored_at: Some(later(1)),
        ..invitation(2)
    };
    let user = User {
        version: Version::from_number(2),
        devices: 1,
        address_since: Some(later(-24)),
        asked: Some(Asked {
            day: jiff::civil::date(2026, 3, 2),
            mails: 2,
        }),
        ..with_id(2, user)
    };
    with_invitation(user, invitation)
}

fn registrations() -> Vec<(&'static str, Registration)> {
    let bare = a_registration(user_id(2), "device-1");
    let full = Registration {
        device: DeviceFacts {
            id: device_id("device/2"),
            name: Some(label("Zoë's iPad")),
            platform: Some(label("ios")),
            os_version: Some(label("18.1")),
            serial: Some(label("C02XK")),
            supervised: Some(true),
            enrollment_type: Some(EnrollmentType::User),
            ownership: None,
        },
        issue: Some(IssueNumber::from_number(3)),
        invitation_ownership: Ownership::UserOwned,
        decided: Classification {
            ownership: Ownership::CompanyOwned,
            rule: OwnershipRule::Supervised,
        },
        after_end: true,
        ..bare.clone()
    };
    let aside = Registration {
        time_unknown: true,
        session_issue: Some(IssueNumber::from_number(2)),
        not_completed: Some(not_completed(WhyNotCompleted::EarlierIssue)),
        latest_enrolment_at: Some(later(0)),
        flags: vec![
            RegistrationFlag::UserDisabled,
            RegistrationFlag::BeyondDeviceLimit,
        ],
        unenrolled_at: Some(later(1)),
        ..a_registration(user_id(1), "device-3")
    };
    let mut whole = a_registration(user_id(10), "device-4");
    whole.device.enrollment_type = Some(EnrollmentType::Device);
    let mut stated = Registration {
        chosen_by_person: true,
        stated_counts: true,
        ..a_registration(user_id(5), "device-5")
    };
    stated.device.ownership = Some(StatedOwnership::Company);
    vec![
        ("bare", bare),
        ("with-every-part", full),
        ("that-completed-nothing", aside),
        ("of-a-whole-device", whole),
        ("with-stated-ownership", stated),
    ]
}

fn not_completed(why: WhyNotCompleted) -> NotCompleted {
    NotCompleted {
        issue: IssueNumber::from_number(3),
        why,
        session_issue: Some(IssueNumber::from_number(2)),
    }
}

#[expect(
    clippy::too_many_lines,
    reason = "one entry a history event, and nothing else"
)]
fn history_events() -> Vec<(Actor, HistoryEvent)> {
    let issue = IssueNumber::from_number(3);
    let mail = mail_id(2);
    let device = device_id("device-1");
    let admin = || Actor::Caller("admin".to_owned());
    let mut events = vec![
        (admin(), HistoryEvent::UserAdded),
        (
            admin(),
            HistoryEvent::InvitationIssued {
                issue,
                method: Method::QrCode,
                ownership: Ownership::NotSet,
                batch: Some(batch_id(1)),
                replaced: true,
                mail: None,
            },
        ),
        (
            Actor::MailService,
            HistoryEvent::InvitationDelivered { issue, mail },
        ),
        (
            Actor::MailService,
            HistoryEvent::InvitationBounced {
                issue,
                mail,
                bounce: Some(Bounce::Hard),
                mark: Some(AddressSuppression::HardBounced),
            },
        ),
        (
            Actor::MailService,
            HistoryEvent::InvitationBounced {
                issue,
                mail,
                bounce: Some(Bounce::Soft),
                mark: None,
            },
        ),
        (
            Actor::MailService,
            HistoryEvent::AddressMarked {
                mail,
                mark: AddressSuppression::Complained,
            },
        ),
        (
            Actor::MailService,
            HistoryEvent::InvitationMailFailed {
                issue,
                mail,
                reason: MailReason::new("refused", "Bad content"),
            },
        ),
        (
            Actor::Invitee,
            HistoryEvent::InvitationRedeemed {
                issue,
                chosen: None,
            },
        ),
        (Actor::Invitee, HistoryEvent::InvitationLocked { issue }),
        (Actor::Clock, HistoryEvent::InvitationExpired { issue }),
        (admin(), HistoryEvent::InvitationMailedAgain { issue, mail }),
        (
            Actor::Clock,
            HistoryEvent::ReminderWritten {
                issue,
                mail,
                number: 2,
                last: true,
            },
        ),
        (
            admin(),
            HistoryEvent::SecretHandedOver {
                issue,
                method: Method::Pin,
                reason: label("at the desk"),
            },
        ),
        (
            admin(),
            HistoryEvent::AddressTriedAgain {
                mark: AddressSuppression::HardBounced,
            },
        ),
        (Actor::Invitee, HistoryEvent::InvitationDeclined { issue }),
        (admin(), HistoryEvent::InvitationCancelled { issue }),
        (admin(), HistoryEvent::InvitationRestored { issue }),
        (
            admin(),
            HistoryEvent::UserChanged {
                particulars: vec![
                    Particular::Address,
                    Particular::Name,
                    Particular::ExternalId,
                    Particular::Groups,
                    Particular::Locale,
                    Particular::TimeZone,
                    Particular::Enabled,
                    Particular::Disabled,
                ],
            },
        ),
        (admin(), HistoryEvent::UserDeleted { issue: Some(issue) }),
        (
            admin(),
            HistoryEvent::AddressCorrected { issue: Some(issue) },
        ),
        (
            Actor::DeviceManagement,
            HistoryEvent::InvitationCompleted {
                issue,
                device: device.clone(),
                confirmation: None,
            },
        ),
        (
            Actor::DeviceManagement,
            HistoryEvent::RegistrationConfirmed {
                device: device.clone(),
                ownership: Ownership::UserOwned,
                rule: OwnershipRule::Invitation,
                after_end: true,
                time_unknown: false,
                not_completed: None,
                flags: Vec::new(),
            },
        ),
        (
            Actor::DeviceManagement,
            HistoryEvent::OwnershipDecidedAgain {
                device: device.clone(),
                before: Ownership::NotSet,
                ownership: Ownership::UserOwned,
                rule: OwnershipRule::UserEnrollment,
            },
        ),
        (
            Actor::DeviceManagement,
            HistoryEvent::RegistrationConfirmed {
                device: device.clone(),
                ownership: Ownership::NotSet,
                rule: OwnershipRule::NotSet,
                after_end: false,
                time_unknown: true,
                not_completed: Some(not_completed(WhyNotCompleted::EarlierIssue)),
                flags: Vec::new(),
            },
        ),
    ];
    let complaint = HistoryEvent::InvitationBounced {
        issue,
        mail,
        bounce: Some(Bounce::Complaint),
        mark: Some(AddressSuppression::Complained),
    };
    events.push((Actor::MailService, complaint));
    for why in [
        WhyNotCompleted::FormerAddress,
        WhyNotCompleted::EnrolledBefore,
        WhyNotCompleted::TimeUnknown,
        WhyNotCompleted::ReportedBefore,
        WhyNotCompleted::UserDisabled,
    ] {
        let confirmed = HistoryEvent::RegistrationConfirmed {
            device: device.clone(),
            ownership: Ownership::NotSet,
            rule: OwnershipRule::NotSet,
            after_end: false,
            time_unknown: false,
            not_completed: Some(not_completed(why)),
            flags: Vec::new(),
        };
        events.push((Actor::DeviceManagement, confirmed));
    }
    let beyond = HistoryEvent::RegistrationConfirmed {
        device: device.clone(),
        ownership: Ownership::NotSet,
        rule: OwnershipRule::NotSet,
        after_end: false,
        time_unknown: false,
        not_completed: Some(not_completed(WhyNotCompleted::BeyondDeviceLimit)),
        flags: vec![RegistrationFlag::BeyondDeviceLimit],
    };
    let unenrolled = HistoryEvent::DeviceUnenrolled {
        device,
        at: later(1),
    };
    events.push((Actor::DeviceManagement, unenrolled));
    let issued_again = HistoryEvent::InvitationIssued {
        issue,
        method: Method::Pin,
        ownership: Ownership::NotSet,
        batch: Some(batch_id(1)),
        replaced: true,
        mail: Some(mail),
    };
    events.push((admin(), issued_again));
    let particulars = vec![Particular::UserName, Particular::Directory];
    events.push((Actor::Directory, HistoryEvent::UserChanged { particulars }));
    events.push((Actor::DeviceManagement, beyond));
    let chosen = Some(OwnershipChoice::CompanyOwned);
    let redeemed = HistoryEvent::InvitationRedeemed { issue, chosen };
    events.push((Actor::Invitee, redeemed));
    for (ownership, rule) in [
        (Ownership::CompanyOwned, OwnershipRule::Stated),
        (Ownership::CompanyOwned, OwnershipRule::Person),
    ] {
        let decided = HistoryEvent::OwnershipDecidedAgain {
            device: device_id("device-1"),
            before: Ownership::NotSet,
            ownership,
            rule,
        };
        events.push((Actor::DeviceManagement, decided));
    }
    events.push((admin(), HistoryEvent::UserDeleted { issue: None }));
    let completed = HistoryEvent::InvitationCompleted {
        issue,
        device: device_id("device-1"),
        confirmation: Some(mail),
    };
    events.push((Actor::DeviceManagement, completed));
    events
}

fn mails() -> Vec<(String, Mail)> {
    let mut mails: Vec<(String, Mail)> = Vec::new();
    for (number, (name, kind)) in (1..).zip(mail_kinds()) {
        let mail = Mail {
            kind,
            ..a_mail(user_id(2)).with_id(mail_id(number)).build()
        };
        mails.push((name.to_owned(), mail));
    }
    for (number, state) in (20..).zip(MailState::ALL) {
        let mail = a_mail(user_id(2)).with_id(mail_id(number)).in_state(state);
        mails.push((format!("in-state-{}", state.name()), mail.build()));
    }
    let full = Mail {
        batch: Some(batch_id(1)),
        settings: Version::from_number(2),
        class: MailClass::Bulk,
        attempts: 2,
        run: Some(run_id()),
        service_id: Some("0100019a-service".to_owned()),
        reason: Some(MailReason::new(
            "throttled",
            "Maximum sending rate exceeded.",
        )),
        ..a_mail(user_id(2)).with_id(mail_id(40)).build()
    };
    mails.push(("with-every-part".to_owned(), full));
    let requested = Mail {
        request_id: Some(request_id()),
        ..a_mail(user_id(2)).with_id(mail_id(41)).build()
    };
    mails.push(("of-a-request".to_owned(), requested));
    let handed_over = Mail {
        kind: MailKind::HandOver {
            issue: IssueNumber::from_number(3),
            method: Method::Password,
            expires_at: later(168),
            by: None,
            reason: label("lost telephone"),
        },
        ..a_mail(user_id(2)).with_id(mail_id(42)).build()
    };
    mails.push(("hand-over-without-a-secret".to_owned(), handed_over));
    let counted = Mail {
        page: Some(2),
        shared_sheets: Some(12),
        groups: BTreeSet::from([GroupName::parse("staff").expect("a group")]),
        counts_for: vec![batch_id(1)],
        delivered_at: Some(later(1)),
        ..a_mail(user_id(2)).with_id(mail_id(43)).build()
    };
    mails.push(("that-counts".to_owned(), counted));
    mails
}

fn mail_kinds() -> Vec<(&'static str, MailKind)> {
    let issue = IssueNumber::from_number(3);
    vec![
        (
            "invitation",
            MailKind::Invitation {
                issue,
                replaces: true,
                again: true,
                after: Some(mail_id(1)),
            },
        ),
        ("reminder", MailKind::Reminder { issue, last: true }),
        (
            "confirmation",
            MailKind::Confirmation {
                device: device_id("device-1"),
            },
        ),
        (
            "hand-over",
            MailKind::HandOver {
                issue,
                method: Method::Pin,
                expires_at: later(168),
                by: Some(label("Ada Admin")),
                reason: label("lost telephone"),
            },
        ),
        (
            "notice-declined",
            MailKind::Notice {
                to: address("admins@example.com"),
                about: NoticeOf::Declined {
                    issued_at: later(0),
                    invited_by: Some(label("Ada Admin")),
                },
            },
        ),
        (
            "notice-completed",
            MailKind::Notice {
                to: address("admins@example.com"),
                about: NoticeOf::Completed {
                    device: device_id("device-1"),
                },
            },
        ),
        (
            "test",
            MailKind::Test(Box::new(TestMail {
                to: address("admins@example.com"),
                template: TemplateName {
                    kind: TemplateKind::Reminder,
                    locale: locale("pt-BR"),
                },
                draft: Some(wording()),
            })),
        ),
    ]
}

fn wording() -> Wording {
    Wording {
        subject: "Your device".to_owned(),
        title: Some("Welcome".to_owned()),
        html: Some("<p>{{ name }}</p>".to_owned()),
        text: Some("{{ name }}".to_owned()),
    }
}

#[expect(clippy::too_many_lines, reason = "a table: one entry for each kind")]
fn batches() -> Vec<(&'static str, (Batch, Cursor))> {
    let started = |number| {
        let (batch, cursor) = a_batch().build();
        let id = batch_id(number);
        (
            Batch { id, ..batch },
            Cursor {
                batch: id,
                ..cursor
            },
        )
    };
    let (few, few_cursor) = started(1);
    let few = Batch {
        selection: BatchSelection::Few {
            users: vec![user_id(1), user_id(2)],
        },
        choice: OwnerSwitch::On(OwnershipChoice::CompanyOwned),
        stopped_at: Some(later(1)),
        stopped_by: Some(Actor::MailService),
        ..few
    };
    let (many, many_cursor) = started(2);
    let many = Batch {
        selection: BatchSelection::Many { count: 2 },
        choice: OwnerSwitch::Preset,
        settings: Version::from_number(2),
        class: MailClass::Bulk,
        ..many
    };
    let many_cursor = Cursor {
        version: Version::FIRST.next(),
        page: 1,
        position: Some("user-2@example.com#where".to_owned()),
        ..many_cursor
    };
    let (all, all_cursor) = started(3);
    let all = Batch {
        selection: BatchSelection::Filter {
            filter: UserFilter {
                states: BTreeSet::from([InvitationState::None, InvitationState::Expired]),
                deliveries: BTreeSet::from([MailState::SoftBounced]),
                groups: BTreeSet::from([GroupName::parse("staff").expect("a group")]),
                text: "user".to_owned(),
                ..UserFilter::default()
            },
            except: BTreeSet::from([user_id(1)]),
        },
        ..all
    };
    let (begun, begun_cursor) = started(5);
    let begun = Batch {
        selection: BatchSelection::Filter {
            filter: UserFilter {
                begun: true,
                enabled: Some(true),
                expires_from: Some(later(1)),
                expires_before: Some(later(2)),
                ..UserFilter::default()
            },
            except: BTreeSet::new(),
        },
        ..begun
    };
    let all_cursor = Cursor {
        done: true,
        done_at: Some(later(1)),
        ..all_cursor
    };
    let (requested, requested_cursor) = started(4);
    let requested = Batch {
        choice: OwnerSwitch::On(OwnershipChoice::UserOwned),
        request_id: Some(request_id()),
        ..requested
    };
    // A page of it is finished.
    let requested_cursor = Cursor {
        version: Version::FIRST.next(),
        page: 1,
        request_id: Some(request_id()),
        ..requested_cursor
    };
    let (small, small_cursor) = started(6);
    let small = Batch {
        counted: true,
        ..small
    };
    // Its page is finished.
    let small_cursor = Cursor {
        version: Version::FIRST.next(),
        page: 1,
        done: true,
        done_at: Some(later(1)),
        ..small_cursor
    };
    vec![
        ("counted", (small, small_cursor)),
        ("of-a-request", (requested, requested_cursor)),
        ("few", (few, few_cursor)),
        ("many", (many, many_cursor)),
        ("filter", (all, all_cursor)),
        ("filter-begun", (begun, begun_cursor)),
    ]
}

/// One of each action, with where it stands.
#[expect(clippy::too_many_lines, reason = "a table: one entry for each kind")]
fn jobs() -> Vec<(&'static str, (Job, JobCursor))> {
    let groups = || BTreeSet::from([GroupName::parse("staff").expect("a group")]);
    let actions = [
        JobAction::Resend,
        JobAction::Cancel,
        JobAction::Restore,
        JobAction::TryAddressAgain,
        JobAction::GeneratePins {
            ownership: OwnerSwitch::On(OwnershipChoice::UserOwned),
            reason: label("first day"),
        },
        JobAction::Enable,
        JobAction::Disable,
        JobAction::SetGroups { groups: groups() },
        JobAction::AddGroups { groups: groups() },
        JobAction::RemoveGroups { groups: groups() },
        JobAction::Delete,
        JobAction::Import {
            invite: true,
            charset: Some("windows-1252".to_owned()),
            unknown_columns: vec!["colour".to_owned()],
            warnings: vec![problem()],
        },
    ];
    let jobs = (1..).zip(actions).map(|(number, action)| {
        let name = action.name();
        let (job, cursor) = a_job(action, &[user_id(1), user_id(2)]);
        let id = job_id(number);
        let job = Job { id, ..job };
        let cursor = JobCursor { job: id, ..cursor };
        let pair = match name {
            "resend" => (
                Job {
                    class: MailClass::Bulk,
                    request_id: Some(request_id()),
                    selection: JobSelection::People {
                        whom: BatchSelection::Many { count: 2 },
                    },
                    ..job
                },
                JobCursor {
                    version: Version::FIRST.next(),
                    stage: JobStage::Gathering,
                    position: Some("user-2@example.com#where".to_owned()),
                    in_hand: true,
                    ..cursor
                },
            ),
            "cancel" => (
                job,
                JobCursor {
                    version: Version::FIRST.next(),
                    offset: 5,
                    pages: 1,
                    counts: JobCounts {
                        done: 1,
                        unchanged: 2,
                        refused: 13,
                        unreadable: 1,
                        gone: 1,
                        ..JobCounts::default()
                    },
                    stopped_at: Some(later(1)),
                    stopped_by: Some(Actor::Caller("other".to_owned())),
                    ..cursor
                },
            ),
            "import" => (
                Job {
                    selection: JobSelection::File { lines: 3 },
                    ..job
                },
                JobCursor {
                    version: Version::FIRST.next(),
                    stage: JobStage::Inviting,
                    pages: 1,
                    counts: JobCounts {
                        added: 1,
                        updated: 1,
                        invalid: 1,
                        ..JobCounts::default()
                    },
                    batch: Some(batch_id(1)),
                    ..cursor
                },
            ),
            "delete" => (
                job,
                JobCursor {
                    version: Version::FIRST.next(),
                    done: true,
                    done_at: Some(later(1)),
                    ..cursor
                },
            ),
            _ => (job, cursor),
        };
        (name, pair)
    });
    jobs.collect()
}

fn problem() -> LineProblem {
    LineProblem {
        field: "locale".to_owned(),
        code: "untranslated".to_owned(),
        detail: "is fi in line 2".to_owned(),
        parameters: [("line".to_owned(), "2".to_owned())].into(),
    }
}

/// Whom each job is for.
pub(crate) fn users_of_jobs() -> Vec<UserId> {
    vec![user_id(1), user_id(2)]
}

/// Where a job stands.
pub(crate) fn job_cursor_of(id: JobId) -> JobCursor {
    let mut jobs = jobs().into_iter();
    let found = jobs.find(|(_, (job, _))| job.id == id);
    found.expect("a job").1.1
}

/// What became of those of a job, if anything has yet.
pub(crate) fn outcomes_of(id: JobId) -> Option<JobPage> {
    use JobReason::{
        AddressMarked, Disabled, DomainNotAllowed, ExpiredMeanwhile, NoInvitation, NoSecret,
        NotMarked, NotOpen, NotSelected, NothingToRestore, OpenAlready, OwnedByDirectory,
        RegisteredMeanwhile, TooManyGroups,
    };
    let reasons = [
        AddressMarked,
        Disabled,
        DomainNotAllowed,
        ExpiredMeanwhile,
        NoInvitation,
        NoSecret,
        NotMarked,
        NotOpen,
        NotSelected,
        NothingToRestore,
        OpenAlready,
        OwnedByDirectory,
        RegisteredMeanwhile,
        TooManyGroups,
    ];
    let of_people = || {
        let refused = reasons.map(|reason| JobResult::Refused { reason });
        let others = [
            JobResult::Done,
            JobResult::Unchanged { reason: None },
            JobResult::Unchanged {
                reason: Some(OpenAlready),
            },
            JobResult::Unreadable,
            JobResult::Gone,
        ];
        let results = others.into_iter().chain(refused);
        let outcomes = (1..)
            .zip(results)
            .map(|(number, result)| JobOutcome::of(user_id(number), result));
        (outcomes.collect(), None)
    };
    let of_lines = || {
        let line = |line, user, result| JobOutcome {
            user,
            line: Some(line),
            result,
        };
        let changes = vec!["name".to_owned(), "groups".to_owned()];
        let problems = vec![problem()];
        let outcomes = vec![
            line(2, Some(user_id(1)), JobResult::Added),
            line(3, Some(user_id(2)), JobResult::Updated { changes }),
            line(4, None, JobResult::Invalid { problems }),
        ];
        (outcomes, Some(later(720)))
    };
    let (outcomes, kept_until) = match id {
        id if id == job_id(2) => of_people(),
        id if id == job_id(12) => of_lines(),
        _ => return None,
    };
    Some(JobPage {
        job: id,
        number: 0,
        outcomes,
        kept_until,
    })
}

/// The file of a job, if it has one.
pub(crate) fn file_of(id: JobId) -> Option<Vec<u8>> {
    (id == job_id(12)).then(|| b"email\nada@example.com\n".to_vec())
}

fn pages() -> Vec<(&'static str, Page)> {
    let recipient = |number, result| Recipient {
        user: user_id(number),
        result,
        confirmation: number == 1,
    };
    let mut recipients = vec![recipient(1, RecipientResult::Issued { mail: mail_id(1) })];
    for (number, reason) in (2..).zip([
        SkipReason::UnknownUser,
        SkipReason::Disabled,
        SkipReason::DomainNotAllowed,
        SkipReason::AddressBounced,
        SkipReason::AddressComplained,
        SkipReason::AlreadyCompleted,
        SkipReason::DeclinedBefore,
    ]) {
        recipients.push(recipient(number, RecipientResult::Skipped { reason }));
    }
    let unreadable = SkipReason::Unreadable;
    let page = |batch, recipients| Page {
        batch: batch_id(batch),
        number: 0,
        recipients,
        without_sums: false,
    };
    let skipped = recipient(2, RecipientResult::Skipped { reason: unreadable });
    let small = Page {
        without_sums: true,
        ..page(
            6,
            vec![recipient(1, RecipientResult::Issued { mail: mail_id(1) })],
        )
    };
    vec![
        ("page", page(2, recipients)),
        ("page-with-an-unreadable-user", page(4, vec![skipped])),
        ("page-without-sums", small),
    ]
}

fn sessions() -> Vec<(&'static str, Session)> {
    let bare = Session {
        digest: digest(1),
        user: user_id(2),
        issue: IssueNumber::from_number(3),
        ownership: None,
        chosen_by_person: false,
        opened_at: later(0),
        expires_at: later(1),
        named: None,
        device: None,
        earlier_devices: Vec::new(),
        carried: Carried::default(),
    };
    let full = Session {
        digest: digest(2),
        named: Some(NamedDevice {
            id: Some(device_id("device-1")),
            platform: Some("ios".to_owned()),
        }),
        device: Some(device_id("device-1")),
        ..bare.clone()
    };
    let shared = Session {
        digest: digest(4),
        user: user_id(3),
        device: Some(device_id("device-2")),
        earlier_devices: vec![device_id("device-1")],
        ..bare.clone()
    };
    let owned = Session {
        digest: digest(3),
        user: user_id(1),
        ownership: Some(Ownership::CompanyOwned),
        chosen_by_person: true,
        ..bare.clone()
    };
    vec![
        ("bare", bare),
        ("with-every-part", full),
        ("with-its-ownership", owned),
        ("with-two-devices", shared),
    ]
}

/// The settings in the order in which they are saved, from version 1 on.
pub(crate) fn saved_settings() -> Vec<VersionedSettings> {
    let version = UNSAVED.next();
    vec![
        VersionedSettings {
            version,
            settings: settings().build(),
        },
        VersionedSettings {
            version: version.next(),
            settings: settings_with_every_part(),
        },
        VersionedSettings {
            version: version.next().next(),
            settings: settings_with_every_part_of_a_group(),
        },
        VersionedSettings {
            version: version.next().next().next(),
            settings: settings_with_sources(),
        },
        VersionedSettings {
            version: version.next().next().next().next(),
            settings: settings_with_every_kind_of_source(),
        },
    ]
}

fn settings_with_sources() -> Settings {
    parsed(serde_json::json!({
        "sender": { "from": "it@example.com" },
        "deviceSources": [
            { "name": "phones", "kind": "nanomdm" },
            { "name": "macs", "kind": "jamf" },
            { "name": "fleet", "kind": "fleet" },
            {
                "name": "ours", "kind": "generic",
                "authentication": { "type": "header", "header": "X-Token" },
                "mapping": {
                    "unwrap": [{ "from": "/data", "as": "base64Json", "to": "inner" }],
                    "ignore": [{ "of": "/test", "present": true }],
                    "rules": [{ "says": "enrolled", "when": [{ "of": "/event", "in": ["added", 1] }] }],
                    "person": { "reference": { "from": ["/ref"] }, "email": { "from": ["/who"] }, "externalId": { "from": ["/id"], "except": ["-1"] } },
                    "device": {
                        "id": { "from": ["/udid", "/id"] }, "name": { "from": ["/name"] },
                        "platform": { "from": ["/model"], "startsWith": { "iPhone": "ios" } },
                        "osVersion": { "from": ["/os"] }, "serial": { "from": ["/serial"] },
                        "supervised": { "from": ["/mode"], "map": { "full": true } },
                        "enrollmentType": { "from": ["/byod"], "whenPresent": "user" }
                    },
                    "time": { "from": ["/when"] }
                }
            }
        ]
    }))
}

/// Every kind of source and of proof, and what depends on them: who issues tokens, and what is taken from a directory.
fn settings_with_every_kind_of_source() -> Settings {
    let api = |address: &str| serde_json::json!({ "address": address });
    parsed(serde_json::json!({
        "sender": { "from": "it@example.com" },
        "registration": { "deviceLimit": 3, "useStatedOwnership": true, "personMayChoose": true },
        "groups": [{
            "group": "staff",
            "registration": { "deviceLimit": 2, "useStatedOwnership": false, "personMayChoose": false }
        }],
        "directory": { "invites": "groups", "groups": ["staff"], "attributes": ["department"] },
        "enrolment": { "addresses": [
            { "group": "staff", "platform": "android", "ownership": "companyOwned",
              "url": "https://enterprise.google.com/android/enroll?et={token}",
              "token": { "source": "android", "policy": "work-phones" } },
            { "text": "Open the settings." }
        ] },
        "deviceSources": [
            { "name": "micro", "kind": "micromdm" },
            { "name": "jamf", "kind": "jamf", "api": { "address": "https://jamf.example.com", "clientId": "beckon" } },
            { "name": "simple", "kind": "simplemdm" },
            { "name": "uem", "kind": "workspaceone" },
            { "name": "android", "kind": "android",
              "authentication": { "type": "google", "audience": "https://beckon.example.com", "account": "mdm@project.iam.gserviceaccount.com" },
              "api": { "address": "https://androidmanagement.googleapis.com", "tenant": "LC012abc" } },
            { "name": "intune", "kind": "intune", "api": { "address": "https://graph.microsoft.com", "tenant": "contoso.example.com", "clientId": "beckon" } },
            { "name": "neurons", "kind": "ivantineurons", "api": { "address": "https://neurons.example.com", "space": 33 } },
            { "name": "epmm", "kind": "ivantiepmm", "api": api("https://epmm.example.com") },
            { "name": "kandji", "kind": "kandji", "api": api("https://kandji.example.com") },
            {
                "name": "ours", "kind": "generic",
                "authentication": { "type": "hmac", "header": "X-Signature", "encoding": "hex", "prefix": "sha512=", "algorithm": "sha512" },
                "mapping": {
                    "unwrap": [
                        { "from": "/a", "as": "json", "to": "a", "optional": true },
                        { "from": "/b", "as": "base64Plist", "to": "b" }
                    ],
                    "rules": [
                        { "says": "enrolled", "when": [{ "of": "/event", "in": ["here"] }], "time": { "from": ["/at"] }, "repeats": true },
                        { "says": "facts", "when": [{ "of": "/event", "in": ["more"] }] },
                        { "says": "unenrolled", "when": [{ "of": "/event", "in": ["left"] }] }
                    ],
                    "person": { "userName": { "from": ["/who"] } },
                    "device": { "id": { "from": ["/id"] }, "ownership": { "from": ["/whose"], "map": { "1": "company" } } }
                }
            }
        ]
    }))
}

fn settings_with_every_part_of_a_group() -> Settings {
    const LOGO: &str = "/9j/wAALCABAAEABAREA/9k=";
    parsed(serde_json::json!({
        "registration": { "method": "password" },
        "groups": [{
            "group": "staff",
            "registration": {
                "method": "pin", "lifetimeHours": 240, "allowPinRequest": true,
                "pin": { "length": 7, "alphabet": "digits", "tries": 4 }
            },
            "reminders": {
                "enabled": true, "startAfterDays": 2, "everyDays": 3, "most": 2,
                "quietHours": { "from": "22:00", "to": "06:00" }
            },
            "ownership": "userOwned"
        }],
        "sender": { "from": "it@example.com" },
        "branding": { "logo": { "contentType": "image/jpeg", "contentBase64": LOGO } }
    }))
}

fn settings_with_every_part() -> Settings {
    const LOGO: &str = "iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAIAAAAlC+aJAAAAT0lEQVR42u3PQQkAAAgEsCtiJfMbxwi+hcEKLNXzWgQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQELgsKmTEtqQeZBAAAAABJRU5ErkJggg==";
    parsed(serde_json::json!({
        "registration": {
            "method": "passwordAndPin", "lifetimeHours": 72,
            "pin": { "length": 10, "alphabet": "unambiguous", "tries": 3 },
            "allowPinRequest": false
        },
        "confirmation": { "enabled": true, "distribution": { "groups": ["staff"] } },
        "reminders": {
            "enabled": true, "startAfterDays": 1, "everyDays": 1, "most": 1,
            "quietHours": { "from": "20:00", "to": "08:00" }
        },
        "groups": [{
            "group": "staff", "registration": { "method": "pin", "lifetimeHours": 48 },
            "reminders": { "enabled": false }, "ownership": "companyOwned", "locale": "de"
        }],
        "administrators": { "addresses": ["admins@example.com"], "onDecline": false, "onCompletion": true },
        "retention": { "eraseAfterDays": 90 },
        "agreements": [{
            "ownership": "userOwned", "locale": "de", "text": "Die Firma sieht …",
            "url": "https://example.com/agreement"
        }],
        "sender": {
            "name": "Beispiel IT", "from": "it@example.com", "replyTo": "help@example.com",
            "recipientDomains": ["example.com", "other.example"]
        },
        "organisation": {
            "name": "Beispiel GmbH",
            "helpDesk": { "name": "Help desk", "email": "help@example.com", "phone": "+49 30 1" }
        },
        "branding": {
            "accentColour": "#1d4ed8",
            "logo": { "contentType": "image/png", "contentBase64": LOGO, "alt": "Beispiel" }
        },
        "enrolment": { "addresses": [{
            "platform": "ios", "ownership": "companyOwned",
            "url": "https://mdm.example.com/enrol?for={email}"
        }] },
        "locale": "de", "timeZone": "Europe/Berlin"
    }))
}

fn parsed(written: serde_json::Value) -> Settings {
    let draft: SettingsDraft = serde_json::from_value(written).expect("a document of settings");
    draft
        .parse(&address("beckon@example.com"))
        .expect("good settings")
}

fn templates() -> Vec<Template> {
    let template = |kind, tag, wording| Template {
        name: TemplateName {
            kind,
            locale: locale(tag),
        },
        version: Version::FIRST,
        wording,
        changed_by: Actor::Caller("admin".to_owned()),
        changed_at: later(1),
        carried: Carried::default(),
    };
    vec![
        template(TemplateKind::Invitation, "de", Some(wording())),
        template(TemplateKind::Reminder, "pt-BR", None),
        template(TemplateKind::Confirmation, "ar", Some(wording())),
    ]
}

pub(crate) fn answer() -> IdempotencyRecord {
    IdempotencyRecord {
        key: "0123456789abcdef".to_owned(),
        fingerprint: "fedcba9876543210".to_owned(),
        answer: r#"{"batch":null}"#.to_owned(),
        until: later(24),
    }
}
