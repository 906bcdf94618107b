//! A whole Beckon in memory: the ports wired to the use cases, and the steps of its procedure as
//! a test tells them.

use std::future::Future;

use beckon_domain::model::invitation::Invitation;
use beckon_domain::model::ownership::{OwnerSwitch, OwnershipChoice};
use beckon_domain::model::registration::{DeviceFacts, DeviceRegistered, Registrant};
use beckon_domain::model::selection::Selection;
use beckon_domain::model::settings::Settings;
use beckon_domain::model::user::User;
use beckon_domain::ports::env::{
    Env, WithComposer, WithDeadLetters, WithEventBus, WithKeys, WithMailService, WithOutgoing,
    WithWakeUp,
};
use beckon_domain::ports::error::Unavailable;
use beckon_domain::rules::content::Links;
use beckon_domain::usecases::add_user::AddUser;
use beckon_domain::usecases::carry_out_job::CarryOutJob;
use beckon_domain::usecases::change_invitation::ChangeInvitation;
use beckon_domain::usecases::change_settings::ChangeSettings;
use beckon_domain::usecases::change_template::ChangeTemplate;
use beckon_domain::usecases::change_user::ChangeUser;
use beckon_domain::usecases::confirm_registration::{
    ConfirmRefused, ConfirmRegistration, Confirmed, Reported,
};
use beckon_domain::usecases::count_changes::CountChanges;
use beckon_domain::usecases::decline::Decline;
use beckon_domain::usecases::delete_user::DeleteUser;
use beckon_domain::usecases::deliver::{Deliver, DeliveryPolicy, Run};
use beckon_domain::usecases::erase_ended::EraseEnded;
use beckon_domain::usecases::expand::{ExpandPage, Expanded};
use beckon_domain::usecases::export_users::ExportUsers;
use beckon_domain::usecases::hand_over::HandOver;
use beckon_domain::usecases::import_users::ImportUsers;
use beckon_domain::usecases::note_changes::NoteChanges;
use beckon_domain::usecases::preview_invitations::PreviewInvitations;
use beckon_domain::usecases::preview_template::PreviewTemplate;
use beckon_domain::usecases::record_feedback::RecordFeedback;
use beckon_domain::usecases::redeem::{Redeem, RedeemRefused, Redeemed, Redemption};
use beckon_domain::usecases::report_batch::ReportBatch;
use beckon_domain::usecases::report_job::ReportJob;
use beckon_domain::usecases::report_overview::ReportOverview;
use beckon_domain::usecases::request_pin::RequestPin;
use beckon_domain::usecases::resume_delivery::ResumeDelivery;
use beckon_domain::usecases::run_maintenance::{MaintenanceRound, RunMaintenance};
use beckon_domain::usecases::send_invitations::{SendInvitations, SendRequest};
use beckon_domain::usecases::start_job::StartJob;
use beckon_domain::usecases::stop_batch::StopBatch;
use beckon_domain::usecases::stop_job::StopJob;
use beckon_domain::usecases::test_template::TestTemplate;
use beckon_domain::usecases::try_address_again::TryAddressAgain;
use beckon_domain::values::address::EmailAddress;
use beckon_domain::values::ids::{BatchId, UserId};
use beckon_domain::values::pin::Pin;
use beckon_domain::values::token::{Token, TokenPurpose};
use jiff::{SignedDuration, Timestamp};

use crate::builders::{UserBuilder, an_administrator, monday_morning, settings};
use crate::{
    ManualClock, MemoryBus, MemoryDeadLetters, MemoryKeys, MemoryMailService, MemoryOutgoing,
    MemoryStore, PlainComposer, SeededEntropy, WakeFlag,
};

/// Everything a use case needs, in memory. Clones are the same world.
#[derive(Debug, Clone)]
pub struct World {
    /// The table.
    pub store: MemoryStore,
    /// Time; it begins on Monday morning.
    pub clock: ManualClock,
    /// Ids, in the order of time.
    pub entropy: SeededEntropy,
    /// The keys.
    pub keys: MemoryKeys,
    /// The mail service.
    pub service: MemoryMailService,
    /// The composer.
    pub composer: PlainComposer,
    /// What wakes the delivery worker.
    pub wake_up: WakeFlag,
    /// The event bus.
    pub bus: MemoryBus,
    /// What could not be understood.
    pub failures: MemoryDeadLetters,
    /// Systems of others.
    pub outgoing: MemoryOutgoing,
    /// Where links lead.
    pub links: Links,
    /// How the delivery worker goes about it.
    pub policy: DeliveryPolicy,
    /// How many wrong tries a source has in an hour.
    pub budget: u64,
}

impl World {
    /// A world in which nothing has happened and the defaults hold.
    pub fn new() -> Self {
        let clock = ManualClock::at(monday_morning());
        Self {
            store: MemoryStore::new(settings().build()),
            entropy: SeededEntropy::following(&clock, 1),
            keys: MemoryKeys::new(),
            service: MemoryMailService::new(&clock),
            composer: PlainComposer::default(),
            wake_up: WakeFlag::default(),
            bus: MemoryBus::default(),
            failures: MemoryDeadLetters::default(),
            outgoing: MemoryOutgoing::default(),
            links: Links {
                enrolment_page: "https://beckon.example.com/enroll".to_owned(),
            },
            policy: DeliveryPolicy::default(),
            budget: 20,
            clock,
        }
    }

    /// A world in which somebody has saved these settings.
    pub fn under(settings: &Settings) -> Self {
        let world = Self::new();
        world.store.put_settings(settings);
        world
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl Env for World {
    type Store = MemoryStore;
    type Clock = ManualClock;
    type Entropy = SeededEntropy;

    fn store(&self) -> &MemoryStore {
        &self.store
    }

    fn clock(&self) -> &ManualClock {
        &self.clock
    }

    fn entropy(&self) -> &SeededEntropy {
        &self.entropy
    }
}

impl WithKeys for World {
    type Keys = MemoryKeys;

    fn keys(&self) -> &MemoryKeys {
        &self.keys
    }
}

impl WithComposer for World {
    type Composer = PlainComposer;

    fn composer(&self) -> &PlainComposer {
        &self.composer
    }
}

impl WithMailService for World {
    type MailService = MemoryMailService;

    fn mail_service(&self) -> &MemoryMailService {
        &self.service
    }
}

impl WithWakeUp for World {
    type WakeUp = WakeFlag;

    fn wake_up(&self) -> &WakeFlag {
        &self.wake_up
    }
}

impl WithEventBus for World {
    type EventBus = MemoryBus;

    fn event_bus(&self) -> &MemoryBus {
        &self.bus
    }
}

impl WithDeadLetters for World {
    type DeadLetters = MemoryDeadLetters;

    fn dead_letters(&self) -> &MemoryDeadLetters {
        &self.failures
    }
}

impl WithOutgoing for World {
    type Outgoing = MemoryOutgoing;

    fn outgoing(&self) -> &MemoryOutgoing {
        &self.outgoing
    }
}

/// The use cases.
impl World {
    /// Adds users.
    pub fn add_user(&self) -> AddUser<World> {
        AddUser { env: self.clone() }
    }

    /// Shows previews.
    pub fn preview(&self) -> PreviewInvitations<World> {
        PreviewInvitations {
            env: self.clone(),
            links: self.links.clone(),
        }
    }

    /// Starts batches.
    pub fn send(&self) -> SendInvitations<World> {
        SendInvitations { env: self.clone() }
    }

    /// Expands pages.
    pub fn expand(&self) -> ExpandPage<World> {
        ExpandPage { env: self.clone() }
    }

    /// Notes everything that the stream has told of by now, and counts it.
    pub async fn count_all(&self) -> Result<(), Unavailable> {
        let env = self.clone();
        let changed = self.store.everything_countable();
        NoteChanges { env: env.clone() }.run(&changed).await?;
        CountChanges { env }.run().await?;
        Ok(())
    }

    /// Reports how far everybody is.
    pub fn report_overview(&self) -> ReportOverview<World> {
        ReportOverview { env: self.clone() }
    }

    /// Reports on batches.
    pub fn report_batch(&self) -> ReportBatch<World> {
        ReportBatch { env: self.clone() }
    }

    /// Delivers mail.
    pub fn deliver(&self) -> DeliveryWorker {
        Deliver {
            env: self.clone(),
            links: self.links.clone(),
            policy: self.policy.clone(),
        }
    }

    /// Redeems secrets.
    pub fn redeem(&self) -> Redeem<World> {
        Redeem {
            env: self.clone(),
            budget: self.budget,
        }
    }

    /// Confirms registrations.
    pub fn confirm(&self) -> ConfirmRegistration<World> {
        ConfirmRegistration { env: self.clone() }
    }

    /// Mails invitations again, takes them back, gives them back.
    pub fn change_invitation(&self) -> ChangeInvitation<World> {
        ChangeInvitation { env: self.clone() }
    }

    /// Changes users.
    pub fn change_user(&self) -> ChangeUser<World> {
        ChangeUser { env: self.clone() }
    }

    /// Deletes users.
    pub fn delete_user(&self) -> DeleteUser<World> {
        DeleteUser { env: self.clone() }
    }

    /// Erases those who are over.
    pub fn erase_ended(&self) -> EraseEnded<World> {
        EraseEnded { env: self.clone() }
    }

    /// Imports files of users.
    pub fn import_users(&self) -> ImportUsers<World> {
        ImportUsers {
            env: self.clone(),
            budget: SignedDuration::from_secs(20),
        }
    }

    /// Exports users.
    pub fn export_users(&self) -> ExportUsers<World> {
        ExportUsers { env: self.clone() }
    }

    /// Answers requests for a PIN.
    pub fn request_pin(&self) -> RequestPin<World> {
        RequestPin { env: self.clone() }
    }

    /// Handing over without a mail.
    pub fn hand_over(&self) -> HandOver<World> {
        HandOver {
            env: self.clone(),
            links: self.links.clone(),
        }
    }

    /// Trying a marked address again.
    pub fn try_address_again(&self) -> TryAddressAgain<World> {
        TryAddressAgain { env: self.clone() }
    }

    /// Declining.
    pub fn decline(&self) -> Decline<World> {
        Decline { env: self.clone() }
    }

    /// Starts jobs.
    pub fn start_job(&self) -> StartJob<World> {
        StartJob { env: self.clone() }
    }

    /// Carries them out.
    pub fn carry_out_job(&self) -> CarryOutJob<World> {
        CarryOutJob { env: self.clone() }
    }

    /// Reports on them.
    pub fn report_job(&self) -> ReportJob<World> {
        ReportJob { env: self.clone() }
    }

    /// Stops them.
    pub fn stop_job(&self) -> StopJob<World> {
        StopJob { env: self.clone() }
    }

    /// Stops batches.
    pub fn stop_batch(&self) -> StopBatch<World> {
        StopBatch { env: self.clone() }
    }

    /// Records what the mail service reports.
    pub fn record_feedback(&self) -> RecordFeedback<World> {
        RecordFeedback { env: self.clone() }
    }

    /// Changes the settings.
    pub fn change_settings(&self) -> ChangeSettings<World> {
        ChangeSettings {
            env: self.clone(),
            deployed_from: settings().build().sender.from,
        }
    }

    /// Reads, keeps and takes back own wordings.
    pub fn change_template(&self) -> ChangeTemplate<World> {
        ChangeTemplate { env: self.clone() }
    }

    /// Shows wordings.
    pub fn preview_template(&self) -> PreviewTemplate<World> {
        PreviewTemplate {
            env: self.clone(),
            links: self.links.clone(),
            deployed_from: settings().build().sender.from,
        }
    }

    /// Mails tests of wordings.
    pub fn test_template(&self) -> TestTemplate<World> {
        TestTemplate { env: self.clone() }
    }
}

/// The delivery worker of a [`World`].
pub type DeliveryWorker = Deliver<World>;

/// The steps. Each panics where it does not go as in the procedure.
impl World {
    /// Puts a user there.
    pub fn with(&self, user: UserBuilder) -> User {
        let user = user.build();
        self.store.put_user(&user);
        user
    }

    /// A user as they are now.
    pub fn now_of(&self, user: &User) -> User {
        self.store.user(user.id)
    }

    /// The invitation of a user as it is now.
    pub fn invitation_of(&self, user: &User) -> Invitation {
        self.now_of(user).invitation.expect("the user is invited")
    }

    /// An order to send to these users, as an administrator gives it.
    pub fn order(&self, users: &[UserId]) -> SendRequest {
        SendRequest {
            selection: Selection::Users(users.to_vec()),
            choice: OwnerSwitch::default(),
            settings: None,
            who: an_administrator(),
        }
    }

    /// Sends to these users and expands the batch to its end.
    pub async fn invite(&self, users: &[&User]) -> BatchId {
        self.invite_switching(users, OwnerSwitch::Preset).await
    }

    /// The same with the device owner settings switched.
    pub async fn invite_choosing(
        &self,
        users: &[&User],
        choice: impl Into<Option<OwnershipChoice>>,
    ) -> BatchId {
        self.invite_switching(users, choice.into().into()).await
    }

    /// The same with the device owner settings as they stand.
    pub async fn invite_switching(&self, users: &[&User], choice: OwnerSwitch) -> BatchId {
        let ids: Vec<UserId> = users.iter().map(|user| user.id).collect();
        let order = SendRequest {
            choice,
            ..self.order(&ids)
        };
        let sent = self
            .send()
            .run(&order, None)
            .await
            .expect("the order is good");
        self.expand_all(sent.batch.id).await.expect("nothing fails");
        sent.batch.id
    }

    /// Expands a batch page by page to its end.
    pub async fn expand_all(&self, batch: BatchId) -> Result<(), Unavailable> {
        while !matches!(
            self.expand().run(batch).await?,
            Expanded::Done | Expanded::SetAside
        ) {}
        Ok(())
    }

    /// Has the delivery worker run once.
    pub async fn post(&self) -> Run {
        self.deliver().run().await.expect("nothing fails")
    }

    /// Lets some time go by.
    pub fn wait(&self, how_long: SignedDuration) -> Timestamp {
        self.clock.advance(how_long);
        beckon_domain::ports::clock::Clock::now(&self.clock)
    }

    /// Has maintenance go round once.
    pub async fn maintain(&self) -> MaintenanceRound {
        self.run_maintenance().run().await.expect("nothing fails")
    }

    /// Ends a pause.
    pub fn resume_delivery(&self) -> ResumeDelivery<World> {
        ResumeDelivery { env: self.clone() }
    }

    /// Goes round.
    pub fn run_maintenance(&self) -> RunMaintenance<World> {
        RunMaintenance { env: self.clone() }
    }

    /// The PIN of a user's current issue, whatever its state.
    pub fn pin_of(&self, user: &User) -> String {
        let invitation = self.invitation_of(user);
        let ring = self.keys.ring();
        let key = ring.get(&invitation.key).expect("the key is there");
        let (issue, nonce) = (invitation.issue, &invitation.nonce);
        let pin = Pin::derive(key, user.id, issue, nonce, invitation.pin);
        pin.expose().to_owned()
    }

    /// A PIN of the same shape that is another.
    pub fn wrong_pin_of(&self, user: &User) -> String {
        let mut pin = self.pin_of(user);
        let last = pin.pop().expect("a PIN has symbols");
        pin.push(if last == '4' { '7' } else { '4' });
        pin
    }

    /// The token in the link of a user's current issue, whatever its state.
    pub fn token_of(&self, user: &User) -> String {
        self.token_for(user, TokenPurpose::Redeem)
    }

    /// The token of a user's current issue for a purpose.
    pub fn token_for(&self, user: &User, purpose: TokenPurpose) -> String {
        let invitation = self.invitation_of(user);
        let ring = self.keys.ring();
        let key = ring.get(&invitation.key).expect("the key is there");
        let (issue, nonce) = (invitation.issue, &invitation.nonce);
        let token = Token::derive(key, purpose, user.id, issue, nonce);
        token.expose().to_owned()
    }

    /// Shows an address and a PIN.
    pub async fn show_pin(&self, at: &EmailAddress, pin: &str) -> Result<Redeemed, RedeemRefused> {
        let redemption = Redemption {
            email: Some(at.as_str().to_owned()),
            pin: Some(pin.to_owned()),
            ..Redemption::default()
        };
        self.redeem().run(&redemption, None).await
    }

    /// Shows a token.
    pub async fn show_token(&self, token: &str) -> Result<Redeemed, RedeemRefused> {
        let redemption = Redemption {
            token: Some(token.to_owned()),
            ..Redemption::default()
        };
        self.redeem().run(&redemption, None).await
    }

    /// Has the device management report a device now.
    pub async fn report(
        &self,
        registrant: Registrant,
        device: DeviceFacts,
    ) -> Result<Confirmed, ConfirmRefused> {
        let now = beckon_domain::ports::clock::Clock::now(&self.clock);
        let reported = self.report_at(registrant, device, Some(now)).await;
        reported.map(|reported| reported.outcome)
    }

    /// Has the device management report a device that was registered at a time, or nobody knows when.
    pub async fn report_at(
        &self,
        registrant: Registrant,
        device: DeviceFacts,
        registered_at: Option<Timestamp>,
    ) -> Result<Reported, ConfirmRefused> {
        let report = DeviceRegistered {
            registrants: vec![registrant],
            device,
            registered_at,
        };
        self.confirm().run(&report).await
    }
}

/// Plays a story to its end, for a test that draws many of them.
pub fn play<T>(story: impl Future<Output = T>) -> T {
    let stage = tokio::runtime::Builder::new_current_thread().build();
    stage
        .expect("a runtime without input and output")
        .block_on(story)
}
