//! What counting costs beside everything else, in DynamoDB's own units, and how many a question reads.

use std::collections::BTreeSet;

use beckon_aws::table::create_table;
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
use beckon_domain::usecases::count_changes::{COUNT_AT, CountChanges};
use beckon_domain::usecases::note_changes::NoteChanges;
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::ids::{BatchId, MailId, Version};
use beckon_domain::values::names::GroupName;
use beckon_runtime::FunctionEnv;
use beckon_testkit::builders::{a_user, an_invitation, monday_morning};
use beckon_testkit::entropy::fresh_ulid;

use crate::engine::Engine;

/// What counting may add to an invitation.
const MAX_UNITS: f64 = 2.0;

/// How many stream records come at once, as in the cloud.
const RECORDS: usize = 50;

struct Counted {
    table: Table,
    members: Vec<Member>,
    units: f64,
    class: MailClass,
}

impl Counted {
    /// So many people, in one batch or each in their own, invited and not counted.
    async fn new(engine: &Engine, people: usize, class: MailClass) -> Self {
        let config = clients::in_process(engine.calls());
        create_table(&config, Engine::TABLE)
            .await
            .expect("a new table");
        let sender = EmailAddress::parse("beckon@example.com").expect("an address");
        let table = Table::new(&config, Engine::TABLE, Settings::default_from(sender));
        let of_all = BatchId::new(fresh_ulid());
        let mut members = Vec::new();
        let mut changes = Vec::new();
        for number in 0..people {
            let own = matches!(class, MailClass::Small).then(|| BatchId::new(fresh_ulid()));
            let batch = own.unwrap_or(of_all);
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
            let groups = user.groups.clone();
            changes.push(UserChange::of(user).with_mails([invited(member, class, groups)]));
            members.push(member);
        }
        for some in changes.chunks(1_000) {
            let saved = table.save_users(some).await.expect("the table answers");
            assert!(saved.iter().all(|one| one.is_saved()));
        }
        Self {
            table,
            members,
            units: 0.0,
            class,
        }
    }

    /// The stream tells of everybody, so many at once; it is counted as `expand` counts.
    async fn tell(&mut self, at_once: usize) {
        let env = FunctionEnv::over(self.table.clone());
        let (before, _) = self.table.consumed_units();
        for some in self.members.chunks(at_once) {
            let changed: BTreeSet<Uncounted> =
                some.iter().copied().map(Uncounted::Person).collect();
            let noted = NoteChanges { env: &env }
                .run(&changed)
                .await
                .expect("the table answers");
            if noted.uncounted >= COUNT_AT {
                CountChanges { env: &env }
                    .run()
                    .await
                    .expect("the table answers");
            }
        }
        self.units += self.table.consumed_units().0 - before;
    }

    async fn change_users(&self, change: impl Fn(&mut User)) {
        for some in self.members.chunks(500) {
            let ids: Vec<_> = some.iter().map(|member| member.user).collect();
            let users = self
                .table
                .load_users(&ids)
                .await
                .expect("the table answers");
            let changes: Vec<UserChange> = users
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
    }

    async fn change_mails(&self, state: MailState) {
        let ids: Vec<MailId> = self.members.iter().map(|m| mail_of_member(*m)).collect();
        for mail in self
            .table
            .load_mails(&ids)
            .await
            .expect("the table answers")
        {
            let version = mail.version.next();
            let delivered_at = Some(monday_morning());
            let mail = Mail {
                state,
                version,
                delivered_at,
                ..mail
            };
            self.table
                .save_mail(&mail, None)
                .await
                .expect("the table answers");
        }
    }

    /// Invited, sent and delivered, redeemed, registered: with each the stream tells of everybody.
    async fn whole_procedure(&mut self, at_once: usize) -> f64 {
        self.tell(at_once).await;
        self.change_mails(MailState::Sent).await;
        self.tell(at_once).await;
        self.change_mails(MailState::Delivered).await;
        self.tell(at_once).await;
        self.change_users(|user| {
            let steps = user.invitation.as_mut().and_then(|own| own.steps.as_mut());
            steps.expect("steps").redeemed_at = Some(monday_morning());
        })
        .await;
        self.tell(at_once).await;
        self.change_users(|user| {
            let own = user.invitation.as_mut().expect("an invitation");
            own.state = InvitationState::Completed;
            own.ended_at = Some(monday_morning());
        })
        .await;
        self.tell(at_once).await;
        let each = self.units / f64::from(u32::try_from(self.members.len()).expect("few"));
        println!(
            "{} people, {:?}, {at_once} records at once: {each:.2} write units each",
            self.members.len(),
            self.class
        );
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
    Mail {
        page: Some(0),
        // As `expand` notes it of a small batch: sums were never added to.
        shared_sheets: matches!(class, MailClass::Small).then_some(0),
        groups,
        ..Mail::waiting(
            mail_of_member(member),
            kind,
            member.user,
            Some(member.batch),
            class,
            Version::FIRST,
            monday_morning(),
        )
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counting_a_batch_of_a_thousand_through_the_whole_procedure_takes_two_units_each_at_most() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = Engine::start(folder.path()).expect("an engine");
    let mut counted = Counted::new(&engine, 1_000, MailClass::Bulk).await;

    let each = counted.whole_procedure(RECORDS).await;

    assert!(each > 0.05, "writes are counted: {each}");
    assert!(each <= MAX_UNITS, "{each}");
    let env = FunctionEnv::over(counted.table.clone());
    CountChanges { env }.run().await.expect("the table answers");
    let (_, sums) = counted
        .table
        .counts(&[Scope::Everything])
        .await
        .expect("the table answers");
    assert_eq!(sums[0].of(Figure::Reached(Step::Registered)), 1_000);
    assert_eq!(sums[0].of(Figure::Reached(Step::Redeemed)), 1_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counting_one_invitation_alone_takes_one_unit_while_few_are_uncounted() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = Engine::start(folder.path()).expect("an engine");
    let mut counted = Counted::new(&engine, 1, MailClass::Small).await;

    let each = counted.whole_procedure(1).await;

    assert!((0.5..=1.0).contains(&each), "{each}");
}

/// Each step is taken by everybody before anybody takes the next: nobody is still noted when they go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counting_many_single_invitations_through_the_whole_procedure_takes_two_units_each_at_most()
{
    let folder = tempfile::tempdir().expect("a folder");
    let engine = Engine::start(folder.path()).expect("an engine");
    let mut counted = Counted::new(&engine, 600, MailClass::Small).await;

    let each = counted.whole_procedure(RECORDS).await;

    assert!((0.05..=MAX_UNITS).contains(&each), "{each}");
}

/// The dearest case: besides, each record comes alone, so each takes a note of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_counting_many_single_invitations_takes_at_most_is_known() {
    let folder = tempfile::tempdir().expect("a folder");
    let engine = Engine::start(folder.path()).expect("an engine");
    let mut counted = Counted::new(&engine, 600, MailClass::Small).await;

    let each = counted.whole_procedure(1).await;

    assert!(each <= 7.0, "{each}");
}
