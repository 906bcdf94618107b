//! Random lives of invitations: the use cases on a store, beside a model that a person can read.
//! After every step both say the same, and no promise is broken.

use std::collections::BTreeSet;

use beckon_domain::model::counting::{Member, Uncounted};
use beckon_domain::model::history::HistoryEvent;
use beckon_domain::model::invitation::{Invitation, InvitationState as S};
use beckon_domain::model::mail::{MailEvent, MailState};
use beckon_domain::model::mail_content::ContentSecret;
use beckon_domain::model::ownership::{OwnerSwitch, Ownership, OwnershipChoice};
use beckon_domain::model::registration::{DeviceFacts, DeviceRegistered, Registrant};
use beckon_domain::model::selection::Selection;
use beckon_domain::model::user::User;
use beckon_domain::ports::clock::Clock as _;
use beckon_domain::ports::entropy::Entropy as _;
use beckon_domain::ports::env::{Env, WithComposer, WithKeys, WithMailService, WithWakeUp};
use beckon_domain::rules::content::{Links, Sealed};
use beckon_domain::rules::issuing::SAME_AGAIN;
use beckon_domain::usecases::change_invitation::{ChangeInvitation, InvitationChange};
use beckon_domain::usecases::confirm_registration::ConfirmRegistration;
use beckon_domain::usecases::decline::Decline;
use beckon_domain::usecases::deliver::{Deliver, DeliveryPolicy};
use beckon_domain::usecases::expand::{ExpandPage, Expanded};
use beckon_domain::usecases::hand_over::HandOver;
use beckon_domain::usecases::note_changes::NoteChanges;
use beckon_domain::usecases::record_feedback::{Feedback, RecordFeedback};
use beckon_domain::usecases::redeem::{Redeem, RedeemRefused, Redemption};
use beckon_domain::usecases::report_batch::ReportBatch;
use beckon_domain::usecases::run_maintenance::RunMaintenance;
use beckon_domain::usecases::send_invitations::{SendInvitations, SendRequest};
use beckon_domain::usecases::try_address_again::TryAddressAgain;
use beckon_domain::values::ids::{BatchId, DeviceId, MailId};
use beckon_domain::values::token::Token;
use jiff::{SignedDuration, Timestamp};

use super::{Store, added};
use crate::builders::{a_user, an_administrator, monday_morning, settings};
use crate::{ManualClock, MemoryKeys, MemoryMailService, PlainComposer, SeededEntropy, WakeFlag};

/// How long an invitation is good for here.
const LIFETIME_HOURS: u32 = 72;

/// How many steps a life has.
const STEPS: usize = 70;

/// One person, as simply as can be said.
#[derive(Debug, Clone)]
struct Model {
    state: S,
    issue: u32,
    issued_at: Timestamp,
    expires_at: Timestamp,
    ownership: Ownership,
    tries: u8,
    marked: bool,
    sessions: Vec<Timestamp>,
    /// Whether a device was registered after this issue had been taken back.
    used_after_end: bool,
    devices: u32,
}

impl Model {
    fn at(&self, now: Timestamp) -> S {
        match self.state {
            S::Pending | S::Locked if now >= self.expires_at => S::Expired,
            state => state,
        }
    }

    fn issue(&mut self, ownership: Ownership, now: Timestamp) {
        self.state = S::Pending;
        self.issue += 1;
        self.issued_at = now;
        self.expires_at = now + SignedDuration::from_hours(i64::from(LIFETIME_HOURS));
        self.ownership = ownership;
        self.tries = 5;
        self.sessions.clear();
        self.used_after_end = false;
    }

    /// Invited within ten minutes, and nothing would be different.
    fn same_again(&self, ownership: Ownership, now: Timestamp) -> bool {
        self.at(now) == S::Pending
            && now.duration_since(self.issued_at) < SAME_AGAIN
            && self.ownership == ownership
    }
}

struct Life<T> {
    store: T,
    clock: ManualClock,
    entropy: SeededEntropy,
    keys: MemoryKeys,
    service: MemoryMailService,
    composer: PlainComposer,
    wake_up: WakeFlag,
    links: Links,
    user: User,
    model: Model,
    batches: Vec<BatchId>,
    old_pins: Vec<String>,
    taken: usize,
    told: BTreeSet<MailId>,
    story: Vec<String>,
}

impl<T: Store> Env for Life<T> {
    type Store = T;
    type Clock = ManualClock;
    type Entropy = SeededEntropy;

    fn store(&self) -> &T {
        &self.store
    }

    fn clock(&self) -> &ManualClock {
        &self.clock
    }

    fn entropy(&self) -> &SeededEntropy {
        &self.entropy
    }
}

impl<T: Store> WithKeys for Life<T> {
    type Keys = MemoryKeys;

    fn keys(&self) -> &MemoryKeys {
        &self.keys
    }
}

impl<T: Store> WithComposer for Life<T> {
    type Composer = PlainComposer;

    fn composer(&self) -> &PlainComposer {
        &self.composer
    }
}

impl<T: Store> WithMailService for Life<T> {
    type MailService = MemoryMailService;

    fn mail_service(&self) -> &MemoryMailService {
        &self.service
    }
}

impl<T: Store> WithWakeUp for Life<T> {
    type WakeUp = WakeFlag;

    fn wake_up(&self) -> &WakeFlag {
        &self.wake_up
    }
}

/// Each seed is a life; the message of a failure holds the seed and the steps.
pub async fn random_lives_keep_every_promise<T: Store>(store: T) {
    for seed in 1..=6 {
        live(store.clone(), seed).await;
    }
}

/// One life.
pub async fn live<T: Store>(store: T, seed: u64) {
    let mut life = Life::begin(store, seed).await;
    let mut dice = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    for _ in 0..STEPS {
        // Xorshift: any order of steps will do, as long as a seed repeats it.
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        life.step(dice >> 11).await;
        life.compare().await;
    }
    life.end().await;
}

impl<T: Store> Life<T> {
    async fn begin(store: T, seed: u64) -> Self {
        let clock = ManualClock::at(monday_morning());
        let mut wanted = settings().lifetime_hours(LIFETIME_HOURS).build();
        wanted.reminders.enabled = true;
        wanted.reminders.policy.start_after_days = 1;
        wanted.reminders.policy.every_days = 1;
        wanted.administrators.addresses =
            [beckon_domain::values::address::EmailAddress::parse("it@example.com").unwrap()].into();
        let current = store.current_settings().await.unwrap();
        if current.settings != wanted {
            let stamp = crate::builders::a_stamp();
            store
                .save_settings(&wanted, current.version, &stamp)
                .await
                .unwrap();
        }
        let user = added(&store, a_user().build()).await;
        let model = Model {
            state: S::None,
            issue: 0,
            issued_at: clock.now(),
            expires_at: clock.now(),
            ownership: Ownership::NotSet,
            tries: 0,
            marked: false,
            sessions: Vec::new(),
            used_after_end: false,
            devices: 0,
        };
        Self {
            entropy: SeededEntropy::following(&clock, 1_000 + seed),
            keys: MemoryKeys::new(),
            service: MemoryMailService::new(&clock),
            composer: PlainComposer::default(),
            wake_up: WakeFlag::default(),
            links: Links {
                enrolment_page: "https://beckon.example.com/enroll".to_owned(),
            },
            store,
            clock,
            user,
            model,
            batches: Vec::new(),
            old_pins: Vec::new(),
            taken: 0,
            told: BTreeSet::new(),
            story: vec![format!("seed {seed}")],
        }
    }

    fn must(&self, holds: bool, what: &str) {
        assert!(holds, "{what}\n{}\n{:?}", self.story.join("\n"), self.model);
    }

    async fn row(&self) -> User {
        let mut found = self.store.load_users(&[self.user.id]).await.unwrap();
        found.remove(0)
    }

    fn sealed(&self, user: &User, invitation: &Invitation) -> Sealed {
        let ring = self.keys.ring();
        Sealed::derive(user, invitation, ring.get(&invitation.key).unwrap())
    }

    /// The PIN and the declining token of the issue there is.
    async fn secrets(&self) -> Option<(String, Token)> {
        let user = self.row().await;
        let invitation = user.invitation.as_ref()?;
        let sealed = self.sealed(&user, invitation);
        let ContentSecret::Pin(pin) = &sealed.secret else {
            panic!("these invitations have PINs");
        };
        Some((pin.expose().to_owned(), sealed.decline?))
    }

    async fn step(&mut self, dice: u64) {
        let now = self.clock.now();
        let choice = dice.is_multiple_of(7);
        match dice % 13 {
            0 | 1 => self.send(choice).await,
            2 => self.change(InvitationChange::Cancel).await,
            3 => self.change(InvitationChange::Restore).await,
            4 => self.decline().await,
            5 | 6 => self.redeem_right(now).await,
            7 => self.redeem_wrong(now, choice).await,
            8 => self.register().await,
            9 => self.bounce(now).await,
            10 => self.post(now).await,
            11 if choice => self.hand_over(now).await,
            11 => self.try_again().await,
            _ => {
                let minutes = [1, 9, 11, 300, 1_500, 3_000];
                let minutes = minutes[usize::try_from(dice % 6).unwrap()];
                self.wait(minutes).await;
            }
        }
    }

    async fn keep_old_pin(&mut self) {
        if let Some((pin, _)) = self.secrets().await {
            self.old_pins.push(pin);
        }
    }

    async fn send(&mut self, company: bool) {
        self.story.push(format!("send, company {company}"));
        let (switch, ownership) = if company {
            (
                OwnerSwitch::On(OwnershipChoice::CompanyOwned),
                Ownership::CompanyOwned,
            )
        } else {
            (OwnerSwitch::Off, Ownership::NotSet)
        };
        let before = self.secrets().await.map(|(pin, _)| pin);
        let order = SendRequest {
            selection: Selection::Users(vec![self.user.id]),
            choice: switch,
            settings: None,
            who: an_administrator(),
        };
        let sender = SendInvitations { env: &*self };
        let sent = sender.run(&order, None).await.unwrap();
        self.batches.push(sent.batch.id);
        let expand = ExpandPage { env: &*self };
        while expand.run(sent.batch.id).await.unwrap() != Expanded::Done {}
        let now = self.clock.now();
        if !self.model.marked && !self.model.same_again(ownership, now) {
            self.old_pins.extend(before);
            self.model.issue(ownership, now);
        }
    }

    async fn change(&mut self, change: InvitationChange) {
        self.story.push(format!("{change:?}"));
        let answer = ChangeInvitation { env: &*self }
            .run(self.user.id, change, &an_administrator())
            .await;
        let now = self.clock.now();
        let model = &mut self.model;
        let fits = match change {
            InvitationChange::Cancel => matches!(model.at(now), S::Pending | S::Locked),
            InvitationChange::Restore => {
                matches!(model.state, S::Cancelled | S::Declined)
                    && now < model.expires_at
                    && !model.used_after_end
            }
            InvitationChange::Resend => false,
        };
        if fits {
            model.state = match change {
                InvitationChange::Cancel => S::Cancelled,
                _ if model.tries == 0 => S::Locked,
                _ => S::Pending,
            };
            if change == InvitationChange::Cancel {
                model.sessions.clear();
            }
        }
        self.must(
            answer.is_ok() == fits,
            "a change was done or refused against the model",
        );
    }

    async fn decline(&mut self) {
        self.story.push("decline".to_owned());
        let Some((_, token)) = self.secrets().await else {
            return;
        };
        let decline = Decline { env: &*self };
        decline.run(token.expose()).await.unwrap();
        if matches!(self.model.at(self.clock.now()), S::Pending | S::Locked) {
            self.model.state = S::Declined;
            self.model.sessions.clear();
        }
    }

    async fn show(&self, pin: &str) -> Result<(), RedeemRefused> {
        let redeem = Redeem {
            env: self,
            budget: 1_000,
        };
        let redemption = Redemption {
            email: Some(self.user.email.as_str().to_owned()),
            pin: Some(pin.to_owned()),
            token: None,
            device: None,
            ownership: None,
        };
        redeem.run(&redemption, None).await.map(|_| ())
    }

    async fn redeem_right(&mut self, now: Timestamp) {
        self.story.push("the right PIN".to_owned());
        let Some((pin, _)) = self.secrets().await else {
            return;
        };
        let answer = self.show(&pin).await;
        self.model.sessions.retain(|until| now < *until);
        let open = self.model.at(now) == S::Pending;
        let full = self.model.sessions.len() >= 3;
        self.must(
            answer.is_ok() == (open && !full),
            "a PIN was taken or refused against the model",
        );
        if answer.is_ok() {
            self.model
                .sessions
                .push(now + SignedDuration::from_mins(15));
        }
    }

    async fn redeem_wrong(&mut self, now: Timestamp, old: bool) {
        let old = old.then(|| self.old_pins.last().cloned()).flatten();
        self.story
            .push(format!("a wrong PIN, an old one: {}", old.is_some()));
        let Some((right, _)) = self.secrets().await else {
            return;
        };
        let wrong = old.unwrap_or_else(|| {
            if right == "00000000" {
                "11111111"
            } else {
                "00000000"
            }
            .to_owned()
        });
        let answer = self.show(&wrong).await;
        self.must(answer.is_err(), "a dead or wrong PIN was taken");
        match self.model.at(now) {
            S::Pending => {
                self.model.tries -= 1;
                if self.model.tries == 0 {
                    self.model.state = S::Locked;
                }
            }
            // It may be given back, with what is left of its tries.
            S::Cancelled => self.model.tries = self.model.tries.saturating_sub(1),
            S::None | S::Expired | S::Completed | S::Declined | S::Locked => {}
        }
    }

    async fn register(&mut self) {
        self.story.push("register".to_owned());
        let device = DeviceId::parse(&format!("device-{}", self.entropy.ulid())).unwrap();
        let report = DeviceRegistered {
            registrants: vec![Registrant::User(self.user.id)],
            device: DeviceFacts {
                id: device,
                ..crate::builders::a_device("any")
            },
            registered_at: Some(self.clock.now()),
        };
        ConfirmRegistration { env: &*self }
            .run(&report)
            .await
            .unwrap();
        self.model.devices += 1;
        self.model.used_after_end |= matches!(self.model.state, S::Cancelled | S::Declined);
        // A registration is a fact: it completes also what has run out or is locked.
        if matches!(self.model.state, S::Pending | S::Expired | S::Locked) {
            self.model.state = S::Completed;
            self.model.sessions.clear();
        }
    }

    async fn bounce(&mut self, now: Timestamp) {
        let Some(invitation) = self.row().await.invitation else {
            return;
        };
        let Some(mail) = self
            .store
            .load_mails(&[invitation.mail])
            .await
            .unwrap()
            .pop()
        else {
            return;
        };
        self.story
            .push(format!("bounce of a mail {:?}", mail.state));
        if !mail.state.was_sent() {
            return;
        }
        let record = RecordFeedback { env: &*self };
        let feedback = Feedback {
            mail: mail.id,
            service_id: None,
            event: MailEvent::HardBounce,
            reason: None,
            at: now,
        };
        record.run(&feedback).await.unwrap();
        // The same report again says nothing new.
        if mail.state != MailState::HardBounced {
            self.model.marked = true;
        }
    }

    async fn try_again(&mut self) {
        self.story.push("try the address again".to_owned());
        let answer = TryAddressAgain { env: &*self }
            .run(self.user.id, &an_administrator())
            .await;
        self.must(
            answer.is_ok() == self.model.marked,
            "an address was tried again in vain",
        );
        self.model.marked = false;
    }

    async fn hand_over(&mut self, now: Timestamp) {
        self.story.push("hand over".to_owned());
        let usable = self.model.at(now) == S::Pending;
        if !usable {
            self.keep_old_pin().await;
        }
        let handed = HandOver {
            env: &*self,
            links: self.links.clone(),
        }
        .run(self.user.id, "At the desk", &an_administrator())
        .await
        .unwrap();
        self.must(
            handed.issued != usable,
            "a secret was made or shown against the model",
        );
        if !usable {
            self.model.issue(Ownership::NotSet, now);
        }
    }

    /// What goes out now must be wanted now.
    async fn post(&mut self, now: Timestamp) {
        self.story.push("post".to_owned());
        let deliver = Deliver {
            env: &*self,
            links: self.links.clone(),
            policy: DeliveryPolicy::default(),
        };
        let state = self.model.at(now);
        deliver.run().await.unwrap();
        let taken = self.service.taken();
        for outgoing in &taken[self.taken..] {
            let once = self.told.insert(outgoing.id);
            self.must(once, "a mail went out twice");
            let mail = self
                .store
                .load_mails(&[outgoing.id])
                .await
                .unwrap()
                .remove(0);
            if mail.user != self.user.id {
                continue;
            }
            if mail.kind.goes_to_the_user() {
                self.must(
                    !self.model.marked,
                    "a mail went to an address that takes none",
                );
            }
            if let Some(issue) = mail.kind.carries() {
                self.must(issue.get() == self.model.issue, "a dead secret was mailed");
                let wanted = match outgoing.kind {
                    "reminder" => state == S::Pending,
                    _ => matches!(state, S::Pending | S::Locked),
                };
                self.must(wanted, "a mail went out after the end of its invitation");
            }
        }
        self.taken = taken.len();
    }

    async fn wait(&mut self, minutes: i64) {
        self.story.push(format!("{minutes} minutes"));
        self.clock.advance(SignedDuration::from_mins(minutes));
        let now = self.clock.now();
        let before = self.reminders().await;
        let state = self.model.at(now);
        RunMaintenance { env: &*self }.run().await.unwrap();
        if self.reminders().await > before {
            self.must(
                state == S::Pending && !self.model.marked,
                "a reminder was written where none was due",
            );
        }
        self.model.state = state;
    }

    async fn reminders(&self) -> usize {
        self.history()
            .await
            .iter()
            .filter(|what| matches!(what, HistoryEvent::ReminderWritten { .. }))
            .count()
    }

    async fn history(&self) -> Vec<HistoryEvent> {
        let mut all = Vec::new();
        let mut position: Option<String> = None;
        loop {
            let page = self
                .store
                .history_of(self.user.id, position.as_deref(), 100)
                .await
                .unwrap();
            all.extend(page.items.into_iter().map(|row| row.what));
            position = page.next;
            if position.is_none() {
                return all;
            }
        }
    }

    async fn compare(&self) {
        let now = self.clock.now();
        let user = self.row().await;
        let state = user.invitation_state_at(now);
        self.must(
            state == self.model.at(now),
            &format!("the store says {state:?}"),
        );
        self.must(user.latest_issue.get() == self.model.issue, "another issue");
        self.must(
            user.address_mark.is_some() == self.model.marked,
            "another mark",
        );
        self.must(user.devices == self.model.devices, "other devices");
        if let Some(invitation) = &user.invitation {
            self.must(
                invitation.issue == user.latest_issue,
                "an old issue lives on",
            );
            self.must(invitation.tries_left == self.model.tries, "other tries");
            self.must(
                invitation.expires_at == self.model.expires_at,
                "another end",
            );
        }
    }

    /// Counts equal items, every issue is in the history once, and no old secret opens anything.
    async fn end(mut self) {
        let people = self.batches.iter().map(|batch| {
            Uncounted::Person(Member {
                batch: *batch,
                user: self.user.id,
            })
        });
        let pages = self.batches.iter().map(|batch| Uncounted::Page {
            batch: *batch,
            number: 0,
        });
        let changed: BTreeSet<Uncounted> = people.chain(pages).collect();
        NoteChanges { env: &self }.run(&changed).await.unwrap();
        let report = ReportBatch { env: &self };
        for batch in &self.batches {
            let said = report.run(*batch).await.unwrap().unwrap();
            let recipients = report
                .recipients(*batch, None, None, 100)
                .await
                .unwrap()
                .unwrap();
            let issued = recipients
                .recipients
                .iter()
                .filter(|one| one.mail.is_some())
                .count() as u64;
            self.must(
                said.counts.issued == issued,
                "counts that are not their items",
            );
            let sum = said.counts.issued + said.counts.skipped;
            self.must(sum == said.counts.selected, "counts that do not add up");
        }
        let history = self.history().await;
        let issued = history
            .iter()
            .filter(|what| matches!(what, HistoryEvent::InvitationIssued { .. }))
            .count();
        self.must(
            issued == self.model.issue as usize,
            "an issue is missing in the history",
        );
        for pin in std::mem::take(&mut self.old_pins) {
            self.must(
                self.show(&pin).await.is_err(),
                "a dead PIN opened something",
            );
        }
    }
}
