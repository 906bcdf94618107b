//! What holds whatever happens, in whatever order.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a broken expectation is a failed test"
)]

use std::collections::BTreeMap;

use beckon_domain::model::batch::RecipientResult;
use beckon_domain::model::history::HistoryEvent;
use beckon_domain::model::invitation::InvitationState;
use beckon_domain::model::mail::{MailEvent, MailKind};
use beckon_domain::model::mail_service::SendAnswer;
use beckon_domain::model::ownership::OwnershipChoice;
use beckon_domain::model::registration::Registrant;
use beckon_domain::model::user::User;
use beckon_domain::ports::clock::Clock as _;
use beckon_domain::usecases::record_feedback::Feedback;
use beckon_domain::values::ids::{BatchId, MailId};
use beckon_testkit::builders::{a_device, a_user, settings};
use beckon_testkit::composer::pin_in;
use beckon_testkit::world::play;
use beckon_testkit::{Fault, World};
use jiff::SignedDuration;
use proptest::prelude::*;

const USERS: usize = 3;

#[derive(Debug, Clone)]
enum Step {
    Send(Vec<usize>, bool),
    Expand,
    Deliver,
    Answer(SendAnswer),
    Redeem(usize),
    RedeemOld(usize),
    Guess(usize),
    Register(usize, u8),
    Hear(usize, MailEvent),
    Cancel(usize),
    Maintain,
    Wait(i64),
    /// The table fails at the call that comes after so many.
    Fail(u64, bool),
}

fn any_step() -> impl Strategy<Value = Step> {
    let user = 0..USERS;
    let reports = proptest::sample::select(vec![
        MailEvent::Accept,
        MailEvent::Deliver,
        MailEvent::SoftBounce,
        MailEvent::HardBounce,
    ]);
    let answers = proptest::sample::select(vec![
        SendAnswer::TooFast,
        SendAnswer::QuotaUsedUp,
        SendAnswer::MailRefused {
            reason: "no".to_owned(),
        },
        SendAnswer::NoAnswer {
            reason: "silence".to_owned(),
        },
    ]);
    let waits = proptest::sample::select(vec![1, 61, 301, 1_000, 3_600, 90_000]);
    prop_oneof![
        3 => (proptest::collection::vec(user.clone(), 1..4), any::<bool>())
            .prop_map(|(users, company)| Step::Send(users, company)),
        4 => Just(Step::Expand),
        4 => Just(Step::Deliver),
        1 => answers.prop_map(Step::Answer),
        2 => user.clone().prop_map(Step::Redeem),
        1 => user.clone().prop_map(Step::RedeemOld),
        3 => user.clone().prop_map(Step::Guess),
        1 => (user.clone(), 0..2_u8).prop_map(|(user, device)| Step::Register(user, device)),
        1 => (user.clone(), reports).prop_map(|(user, event)| Step::Hear(user, event)),
        1 => user.prop_map(Step::Cancel),
        2 => Just(Step::Maintain),
        3 => waits.prop_map(Step::Wait),
        1 => (0..12_u64, any::<bool>()).prop_map(|(after, lost)| Step::Fail(after, lost)),
    ]
}

/// A world with what a story has seen so far.
struct Story {
    world: World,
    users: Vec<User>,
    batches: Vec<BatchId>,
    /// Every PIN that was mailed, by whom to.
    mailed: BTreeMap<usize, Vec<String>>,
}

impl Story {
    fn begin() -> Self {
        let under = settings().tries(3).lifetime_hours(24).confirming_everyone();
        let world = World::under(&under.build());
        let users = (0..USERS).map(|_| world.with(a_user())).collect();
        Self {
            world,
            users,
            batches: Vec::new(),
            mailed: BTreeMap::new(),
        }
    }

    /// One step. What fails for want of a table is as if it had not been tried.
    async fn take(&mut self, step: Step) {
        let world = &self.world;
        match step {
            Step::Send(users, company) => {
                let ids: Vec<_> = users.iter().map(|index| self.users[*index].id).collect();
                let mut order = world.order(&ids);
                order.choice = company.then_some(OwnershipChoice::CompanyOwned).into();
                if let Ok(sent) = world.send().run(&order, None).await {
                    self.batches.push(sent.batch.id);
                }
            }
            Step::Expand => {
                for batch in &self.batches {
                    let _ = world.expand().run(*batch).await;
                }
            }
            Step::Deliver => self.deliver().await,
            Step::Answer(answer) => world.service.answer_next([answer]),
            Step::Redeem(index) => {
                if world.now_of(&self.users[index]).invitation.is_some() {
                    let pin = world.pin_of(&self.users[index]);
                    let _ = world.show_pin(&self.users[index].email, &pin).await;
                }
            }
            Step::RedeemOld(index) => self.redeem_old(index).await,
            Step::Guess(index) => {
                if world.now_of(&self.users[index]).invitation.is_some() {
                    let pin = world.wrong_pin_of(&self.users[index]);
                    let result = world.show_pin(&self.users[index].email, &pin).await;
                    assert!(result.is_err(), "a wrong PIN was accepted");
                }
            }
            Step::Register(index, device) => {
                let registrant = Registrant::User(self.users[index].id);
                let device = a_device(&format!("device-{index}-{device}"));
                let _ = world.report(registrant, device).await;
            }
            Step::Hear(index, event) => {
                if let Some(mail) = world.store.mails_of(self.users[index].id).pop() {
                    let feedback = Feedback {
                        mail: mail.id,
                        service_id: None,
                        event,
                        reason: None,
                        at: world.clock.now(),
                    };
                    let _ = world.record_feedback().run(&feedback).await;
                }
            }
            Step::Cancel(index) => {
                let open = world.now_of(&self.users[index]).invitation;
                if open.is_some_and(|invitation| invitation.is_open()) {
                    world.store.change_user(self.users[index].id, |user| {
                        user.invitation.as_mut().unwrap().state = InvitationState::Cancelled;
                    });
                }
            }
            Step::Maintain => drop(world.run_maintenance().run().await),
            Step::Wait(seconds) => drop(world.wait(SignedDuration::from_secs(seconds))),
            Step::Fail(after, true) => world.store.plan(after, Fault::LoseAnswer),
            Step::Fail(after, false) => world.store.plan(after, Fault::Refuse),
        }
    }

    async fn deliver(&mut self) {
        let before = self.world.service.handed_over().len();
        let _ = self.world.deliver().run().await;
        for handed in self.world.service.handed_over().drain(before..) {
            let index = self
                .users
                .iter()
                .position(|user| user.email == handed.mail.to);
            self.judge_handed_over(&handed.mail.id);
            if let (Some(index), Some(pin)) = (index, pin_in(&handed.mail.message)) {
                self.mailed.entry(index).or_default().push(pin);
            }
        }
    }

    /// Nothing goes out that is not wanted. Nobody else acts during a run, so what was wanted
    /// then is wanted still.
    fn judge_handed_over(&self, id: &MailId) {
        let mail = self.world.store.mail(*id);
        let user = self.world.store.user(mail.user);
        if let MailKind::Invitation { issue, .. } = mail.kind {
            let invitation = user.invitation.as_ref().unwrap();
            assert_eq!(
                invitation.issue, issue,
                "a mail of a replaced issue went out"
            );
            assert!(
                invitation.is_open(),
                "a mail of an ended invitation went out"
            );
        }
        assert_eq!(
            user.address_mark, None,
            "a mail to a marked address went out"
        );
    }

    /// Every PIN but the current one is dead.
    async fn redeem_old(&self, index: usize) {
        let user = &self.users[index];
        let Some(invitation) = self.world.now_of(user).invitation else {
            return;
        };
        let current = self.world.pin_of(user);
        for old in self.mailed.get(&index).into_iter().flatten() {
            if *old != current
                && invitation.state_at(self.world.clock.now()) != InvitationState::Pending
            {
                let result = self.world.show_pin(&user.email, old).await;
                assert!(result.is_err(), "a dead PIN was accepted");
            } else if *old != current {
                // It costs a try like every wrong PIN; one of them is enough.
                let result = self.world.show_pin(&user.email, old).await;
                assert!(result.is_err(), "a dead PIN was accepted");
                break;
            }
        }
    }

    /// What must hold between any two steps.
    fn check(&self) {
        for user in &self.users {
            let user = self.world.now_of(user);
            let rows = self.world.store.history(user.id);
            let issued = rows
                .iter()
                .filter(|row| matches!(row.what, HistoryEvent::InvitationIssued { .. }));
            let issued = issued.count();
            let latest = user.latest_issue.get() as usize;
            assert_eq!(latest, issued, "an issue without its row");
            let mails = self.world.store.mails_of(user.id);
            let of_issues = mails
                .iter()
                .filter(|mail| matches!(mail.kind, MailKind::Invitation { again: false, .. }));
            assert_eq!(of_issues.count(), issued, "an issue without its mail");
            let Some(invitation) = &user.invitation else {
                continue;
            };
            assert_eq!(invitation.issue, user.latest_issue);
            assert!(invitation.tries_left <= invitation.pin.tries);
            let now = self.world.clock.now();
            let open = invitation.sessions.iter().filter(|slot| now < slot.until);
            assert!(open.count() <= 3, "too many sessions are open");
        }
    }

    /// In the end everything that was started comes to its end.
    async fn end(mut self) {
        self.world.store.come_back();
        self.world.service.take_everything();
        for batch in self.batches.clone() {
            self.world.expand_all(batch).await.unwrap();
        }
        for _ in 0..4 {
            self.world.wait(SignedDuration::from_mins(16));
            self.deliver().await;
        }
        self.check();
        for mail in self.world.store.all_mails() {
            assert!(!mail.state.is_unsettled(), "a mail was lost: {mail:?}");
        }
        for batch in &self.batches {
            self.compare_counts(*batch).await;
        }
    }

    /// The counts of a batch are those of its recipients and of their mails.
    async fn compare_counts(&self, batch: BatchId) {
        let report = self.world.report_batch().run(batch).await.unwrap().unwrap();
        let pages = self.world.store.pages(batch);
        let recipients: Vec<_> = pages.iter().flat_map(|page| &page.recipients).collect();
        let mails: Vec<_> = recipients
            .iter()
            .filter_map(|recipient| match recipient.result {
                RecipientResult::Issued { mail } => Some(self.world.store.mail(mail)),
                RecipientResult::Skipped { .. } => None,
            })
            .collect();
        let sent = mails.iter().filter(|mail| mail.state.was_sent()).count();
        let counts = report.counts;
        assert_eq!(counts.selected, recipients.len() as u64);
        assert_eq!(counts.issued, mails.len() as u64);
        assert_eq!(counts.issued + counts.skipped, counts.selected);
        assert_eq!(counts.sent, sent as u64);
        assert_eq!(counts.waiting, 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn whatever_happens_secrets_die_mails_are_wanted_and_counts_are_right(
        steps in proptest::collection::vec(any_step(), 1..60),
    ) {
        play(async {
            let mut story = Story::begin();
            for step in steps {
                story.take(step).await;
                story.check();
            }
            story.end().await;
        });
    }
}
