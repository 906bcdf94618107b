//! What counting costs beside everything else, in DynamoDB's own units, by what the stream tells.

use std::collections::BTreeSet;

use beckon_aws::table::create_table;
use beckon_aws::table::stream::uncounted;
use beckon_aws::{Table, clients};
use beckon_domain::model::change::UserChange;
use beckon_domain::model::counting::{Figure, Member, Scope, Step, Uncounted};
use beckon_domain::model::invitation::{InvitationState, InvitationSteps};
use beckon_domain::model::mail::{Mail, MailClass, MailKind, MailState};
use beckon_domain::model::settings::Settings;
use beckon_domain::model::user::User;
use beckon_domain::ports::counters::Counters as _;
use beckon_domain::ports::mails::Mails as _;
use beckon_domain::ports::users::Users as _;
use beckon_domain::rules::issuing::mail_of_member;
use beckon_domain::usecases::count_changes::{COUNT_AT, COUNT_MANY_AT, CountChanges, is_due};
use beckon_domain::usecases::note_changes::NoteChanges;
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::ids::{BatchId, DeviceId, MailId, Version};
use beckon_domain::values::names::GroupName;
use beckon_runtime::FunctionEnv;
use beckon_testkit::builders::{a_user, an_invitation, monday_morning};
use beckon_testkit::entropy::fresh_ulid;

use crate::engine::Engine;
use crate::stream::records_after;

/// What counting may add to an invitation.
const MAX_UNITS: f64 = 2.0;

/// How many stream records come at once, as under load in the cloud.
const MANY: usize = 50;

/// The trickle that is always tested is counted four times as often as is counted in earnest, and so with fewer
/// people in less time. That is dearer for each of them.
const COUNT_SOON: usize = COUNT_AT / 4;

struct Counted {
    engine: Engine,
    table: Table,
    class: MailClass,
    /// How many stream records come at once.
    at_once: usize,
    /// How much may be uncounted at most.
    count_at: usize,
    /// How far the stream was read.
    read_to: Option<String>,
    people: usize,
    units: f64,
    _folder: tempfile::TempDir,
}

impl Counted {
    async fn new(class: MailClass, at_once: usize, count_at: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let engine = Engine::start(folder.path()).expect("an engine");
        let config = clients::in_process(engine.calls());
        create_table(&config, Engine::TABLE)
            .await
            .expect("a new table");
        let sender = EmailAddress::parse("beckon@example.com").expect("an address");
        Self {
            table: Table::new(&config, Engine::TABLE, Settings::default_from(sender)),
            engine,
            class,
            at_once,
            count_at,
            read_to: None,
            people: 0,
            units: 0.0,
            _folder: folder,
        }
    }

    /// So many people, in one batch or each in their own, are invited.
    async fn invite(&mut self, people: usize) -> Vec<Member> {
        let (additions, _) = self.table.counts(&[]).await.expect("the table answers");
        let of_all = BatchId::new(fresh_ulid());
        let mut members = Vec::new();
        let mut changes = Vec::new();
        for number in self.people..self.people + people {
            let is_alone = matches!(self.class, MailClass::Small);
            let batch = if is_alone {
                BatchId::new(fresh_ulid())
            } else {
                of_all
            };
            let mut user = a_user()
                .at(&format!("user-{number:06}@example.com"))
                .in_group(if number % 2 == 0 { "even" } else { "odd" })
                .build();
            let member = Member {
                batch,
                user: user.id,
            };
            let mut invitation = an_invitation().build();
            invitation.batch = Some(batch);
            invitation.mail = mail_of_member(member);
            invitation.steps = Some(InvitationSteps::default());
            user.version = Version::FIRST;
            user.invitation = Some(invitation);
            let mut mail = invited(member, self.class, user.groups.clone());
            // As `expand` notes it of a small batch.
            mail.shared_sheets = is_alone.then_some(additions);
            changes.push(UserChange::of(user).with_mails([mail]));
            members.push(member);
        }
        self.people += people;
        for some in changes.chunks(1_000) {
            let saved = self.table.save_users(some).await;
            let saved = saved.expect("the table answers");
            assert!(saved.iter().all(|one| one.is_saved()));
        }
        members
    }

    /// The stream hands over what changed, so many records at once; it is counted as `expand` counts.
    async fn tell(&mut self) {
        let env = FunctionEnv::over(self.table.clone());
        let from = self.read_to.take();
        let (records, last) = records_after(&self.engine.database(), from).expect("a stream");
        self.read_to = last;
        let records: Vec<Vec<Uncounted>> = records.iter().map(uncounted).collect();
        let (before, _) = self.table.consumed_units();
        for some in records.chunks(self.at_once) {
            let changed: BTreeSet<Uncounted> = some.iter().flatten().copied().collect();
            if changed.is_empty() {
                continue;
            }
            let noting = NoteChanges { env: &env };
            let noted = noting.run(&changed).await.expect("the table answers");
            if is_due(noted) || noted.uncounted >= self.count_at {
                self.count().await;
            }
        }
        self.units += self.table.consumed_units().0 - before;
    }

    async fn count(&self) {
        let env = FunctionEnv::over(self.table.clone());
        CountChanges { env }.run().await.expect("the table answers");
    }

    async fn change_users(&self, members: &[Member], change: impl Fn(&mut User)) {
        let ids: Vec<_> = members.iter().map(|member| member.user).collect();
        let users = self.table.load_users(&ids).await;
        let changes: Vec<UserChange> = users
            .expect("the table answers")
            .into_iter()
            .map(|mut user| {
                change(&mut user);
                UserChange::next(user)
            })
            .collect();
        self.table
            .save_users(&changes)
            .await
            .expect("the table answers");
    }

    async fn change_mails(&self, ids: &[MailId], state: MailState) {
        let mails = self.table.load_mails(ids).await.expect("the table answers");
        for mail in mails {
            let version = mail.version.next();
            let delivered_at = Some(monday_morning());
            let mail = Mail {
                state,
                version,
                delivered_at,
                ..mail
            };
            let saved = self.table.save_mail(&mail, None).await;
            saved.expect("the table answers");
        }
    }

    /// So many people are invited, their mails sent and delivered; they redeem, register, and their confirmations
    /// are sent and delivered. Each step is taken by all of them before anybody takes the next, and the stream tells of it.
    async fn whole_procedure(&mut self, people: usize) {
        let members = self.invite(people).await;
        self.tell().await;
        let invitations: Vec<MailId> = members.iter().map(|one| mail_of_member(*one)).collect();
        for state in [MailState::Sending, MailState::Sent, MailState::Delivered] {
            self.change_mails(&invitations, state).await;
            self.tell().await;
        }
        self.change_users(&members, |user| {
            let steps = user.invitation.as_mut().and_then(|own| own.steps.as_mut());
            steps.expect("steps").redeemed_at = Some(monday_morning());
        })
        .await;
        self.tell().await;
        let confirmations: Vec<Mail> = members.iter().map(|one| confirming(*one)).collect();
        for mail in &confirmations {
            let added = self.table.add_mail(mail, None).await;
            added.expect("the table answers");
        }
        self.change_users(&members, |user| {
            let own = user.invitation.as_mut().expect("an invitation");
            own.state = InvitationState::Completed;
            own.ended_at = Some(monday_morning());
            let its = confirmations.iter().find(|mail| mail.user == user.id);
            own.steps.as_mut().expect("steps").confirmation = its.map(|mail| mail.id);
        })
        .await;
        self.tell().await;
        let confirmations: Vec<MailId> = confirmations.iter().map(|mail| mail.id).collect();
        for state in [MailState::Sending, MailState::Sent, MailState::Delivered] {
            self.change_mails(&confirmations, state).await;
            self.tell().await;
        }
    }

    /// What each took so far; and once the rest is counted, everybody is in the sums.
    async fn each(&self) -> f64 {
        let people = u32::try_from(self.people).expect("few");
        let each = self.units / f64::from(people);
        println!(
            "{people} people, {:?}, {} records at once, counted at {}: {each:.2} write units each",
            self.class, self.at_once, self.count_at
        );
        self.count().await;
        let sums = self.table.counts(&[Scope::Everything]).await;
        let (_, sums) = sums.expect("the table answers");
        for step in Step::ALL {
            let reached = sums[0].of(Figure::Reached(step));
            assert_eq!(reached, u64::from(people), "{step:?}");
        }
        each
    }
}

fn invited(member: Member, class: MailClass, groups: BTreeSet<GroupName>) -> Mail {
    let kind = MailKind::Invitation {
        issue: an_invitation().build().issue,
        replaces: false,
        again: false,
        after: None,
    };
    let id = mail_of_member(member);
    Mail {
        page: Some(0),
        groups,
        ..mail_to(member, id, kind, Some(member.batch), class)
    }
}

fn confirming(member: Member) -> Mail {
    let kind = MailKind::Confirmation {
        device: DeviceId::parse("device").expect("an id"),
    };
    let id = MailId::new(fresh_ulid());
    Mail {
        counts_for: vec![member.batch],
        ..mail_to(member, id, kind, None, MailClass::Small)
    }
}

fn mail_to(
    member: Member,
    id: MailId,
    kind: MailKind,
    batch: Option<BatchId>,
    class: MailClass,
) -> Mail {
    let settings = Version::FIRST;
    Mail::waiting(
        id,
        kind,
        member.user,
        batch,
        class,
        settings,
        monday_morning(),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counting_one_invitation_alone_takes_one_unit() {
    let mut counted = Counted::new(MailClass::Small, 1, COUNT_AT).await;

    counted.whole_procedure(1).await;

    let each = counted.each().await;
    assert!((0.5..=1.0).contains(&each), "{each}");
}

/// Each record comes alone, so each that says something new takes a write of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counting_a_trickle_of_single_invitations_takes_two_units_each_at_most() {
    if in_earnest() {
        for class in [MailClass::Small, MailClass::Bulk] {
            takes_two_units_each_at_most(class, 1, COUNT_AT, 600, 4).await;
        }
        // Of more people than are listed at once, everybody takes each step before anybody takes the next: dearer, as
        // docs/figures.md says.
        let mut counted = Counted::new(MailClass::Small, 1, COUNT_AT).await;
        counted.whole_procedure(2_000).await;
        counted.each().await;
    } else {
        takes_two_units_each_at_most(MailClass::Small, 1, COUNT_SOON, COUNT_SOON / 5, 6).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counting_a_batch_takes_two_units_each_at_most() {
    if in_earnest() {
        takes_two_units_each_at_most(MailClass::Small, MANY, COUNT_AT, 3_000, 1).await;
        takes_two_units_each_at_most(MailClass::Bulk, MANY, COUNT_AT, 1_000, 3).await;
        takes_two_units_each_at_most(MailClass::Bulk, MANY, COUNT_AT, 10_000, 1).await;
    } else {
        takes_two_units_each_at_most(MailClass::Bulk, MANY, COUNT_AT, COUNT_MANY_AT + MANY, 1)
            .await;
    }
}

/// Whether as many people are counted as docs/figures.md says, which takes minutes, or as few as every run of the
/// tests has time for.
fn in_earnest() -> bool {
    std::env::var_os("BECKON_COUNT_MANY").is_some()
}

/// Groups of `people`, `times` one after the other, take the whole procedure.
async fn takes_two_units_each_at_most(
    class: MailClass,
    at_once: usize,
    count_at: usize,
    people: usize,
    times: usize,
) {
    let mut counted = Counted::new(class, at_once, count_at).await;

    for _ in 0..times {
        counted.whole_procedure(people).await;
    }

    let each = counted.each().await;
    assert!(
        (0.05..=MAX_UNITS).contains(&each),
        "{each} for each of {people} people, {times} times, {at_once} records at once"
    );
}
