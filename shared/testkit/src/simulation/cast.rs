//! Everything a job needs, and most of the use cases made of it, each in a function of its own. What one subject alone
//! calls is constructed there: `devices.rs`, `directory.rs`, `groups.rs`, `system.rs`.

use beckon_domain::ports::env::{
    Env, WithComposer, WithDeadLetters, WithEventBus, WithKeys, WithMailService, WithOutgoing,
    WithWakeUp,
};
use beckon_domain::rules::content::Links;
use beckon_domain::usecases::add_user::AddUser;
use beckon_domain::usecases::carry_out_job::CarryOutJob;
use beckon_domain::usecases::change_invitation::ChangeInvitation;
use beckon_domain::usecases::change_settings::ChangeSettings;
use beckon_domain::usecases::change_template::ChangeTemplate;
use beckon_domain::usecases::change_user::ChangeUser;
use beckon_domain::usecases::confirm_registration::ConfirmRegistration;
use beckon_domain::usecases::count_changes::CountChanges;
use beckon_domain::usecases::count_earlier::CountEarlier;
use beckon_domain::usecases::decline::Decline;
use beckon_domain::usecases::delete_user::DeleteUser;
use beckon_domain::usecases::deliver::{Deliver, DeliveryPolicy};
use beckon_domain::usecases::erase_ended::EraseEnded;
use beckon_domain::usecases::expand::ExpandPage;
use beckon_domain::usecases::export_users::ExportUsers;
use beckon_domain::usecases::hand_over::HandOver;
use beckon_domain::usecases::import_users::ImportUsers;
use beckon_domain::usecases::note_changes::NoteChanges;
use beckon_domain::usecases::preview_invitations::PreviewInvitations;
use beckon_domain::usecases::preview_template::PreviewTemplate;
use beckon_domain::usecases::publish::PublishRows;
use beckon_domain::usecases::record_feedback::RecordFeedback;
use beckon_domain::usecases::redeem::Redeem;
use beckon_domain::usecases::report_batch::ReportBatch;
use beckon_domain::usecases::report_job::ReportJob;
use beckon_domain::usecases::report_overview::ReportOverview;
use beckon_domain::usecases::request_pin::RequestPin;
use beckon_domain::usecases::resume_delivery::ResumeDelivery;
use beckon_domain::usecases::run_maintenance::RunMaintenance;
use beckon_domain::usecases::send_invitations::SendInvitations;
use beckon_domain::usecases::start_job::StartJob;
use beckon_domain::usecases::stop_batch::StopBatch;
use beckon_domain::usecases::stop_job::StopJob;
use beckon_domain::usecases::tell_of_unreadable::TellOfUnreadable;
use beckon_domain::usecases::test_template::TestTemplate;
use beckon_domain::usecases::try_address_again::TryAddressAgain;
use jiff::SignedDuration;

use super::bus::Bus;
use super::ledger::Watch;
use super::post::Post;
use super::system::System;
use super::table::Table;
use super::wake_up::DeliveryWakeUp;
use crate::{ManualClock, MemoryDeadLetters, MemoryKeys, PlainComposer, SeededEntropy};

/// Everything a job needs.
#[derive(Clone)]
pub(super) struct Cast {
    pub(super) table: Table,
    pub(super) post: Post,
    pub(super) wake_up: DeliveryWakeUp,
    pub(super) clock: ManualClock,
    pub(super) entropy: SeededEntropy,
    pub(super) keys: MemoryKeys,
    pub(super) composer: PlainComposer,
    pub(super) policy: DeliveryPolicy,
    pub(super) watch: Watch,
    pub(super) failures: MemoryDeadLetters,
    pub(super) bus: Bus,
    pub(super) system: System,
}

impl Env for Cast {
    type Store = Table;
    type Clock = ManualClock;
    type Entropy = SeededEntropy;

    fn store(&self) -> &Table {
        &self.table
    }

    fn clock(&self) -> &ManualClock {
        &self.clock
    }

    fn entropy(&self) -> &SeededEntropy {
        &self.entropy
    }
}

impl WithKeys for Cast {
    type Keys = MemoryKeys;

    fn keys(&self) -> &MemoryKeys {
        &self.keys
    }
}

impl WithComposer for Cast {
    type Composer = PlainComposer;

    fn composer(&self) -> &PlainComposer {
        &self.composer
    }
}

impl WithMailService for Cast {
    type MailService = Post;

    fn mail_service(&self) -> &Post {
        &self.post
    }
}

impl WithWakeUp for Cast {
    type WakeUp = DeliveryWakeUp;

    fn wake_up(&self) -> &DeliveryWakeUp {
        &self.wake_up
    }
}

impl WithEventBus for Cast {
    type EventBus = Bus;

    fn event_bus(&self) -> &Bus {
        &self.bus
    }
}

impl WithDeadLetters for Cast {
    type DeadLetters = MemoryDeadLetters;

    fn dead_letters(&self) -> &MemoryDeadLetters {
        &self.failures
    }
}

impl WithOutgoing for Cast {
    type Outgoing = System;

    fn outgoing(&self) -> &System {
        &self.system
    }
}

impl Cast {
    pub(super) fn add_user(&self) -> AddUser<Cast> {
        AddUser { env: self.clone() }
    }

    pub(super) fn send_invitations(&self) -> SendInvitations<Cast> {
        SendInvitations { env: self.clone() }
    }

    pub(super) fn redeem(&self) -> Redeem<Cast> {
        Redeem {
            env: self.clone(),
            budget: 20,
        }
    }

    pub(super) fn request_pin(&self) -> RequestPin<Cast> {
        RequestPin { env: self.clone() }
    }

    pub(super) fn change_invitation(&self) -> ChangeInvitation<Cast> {
        ChangeInvitation { env: self.clone() }
    }

    pub(super) fn change_user(&self) -> ChangeUser<Cast> {
        ChangeUser { env: self.clone() }
    }

    pub(super) fn stop_batch(&self) -> StopBatch<Cast> {
        StopBatch { env: self.clone() }
    }

    pub(super) fn change_settings(&self) -> ChangeSettings<Cast> {
        ChangeSettings {
            env: self.clone(),
            deployed_from: crate::builders::settings().build().sender.from,
        }
    }

    pub(super) fn resume_delivery(&self) -> ResumeDelivery<Cast> {
        ResumeDelivery { env: self.clone() }
    }

    pub(super) fn confirm_registration(&self) -> ConfirmRegistration<Cast> {
        ConfirmRegistration { env: self.clone() }
    }

    pub(super) fn run_maintenance(&self) -> RunMaintenance<Cast> {
        RunMaintenance { env: self.clone() }
    }

    pub(super) fn expand(&self) -> ExpandPage<Cast> {
        ExpandPage { env: self.clone() }
    }

    pub(super) fn tell_of_unreadable(&self) -> TellOfUnreadable<Cast> {
        TellOfUnreadable { env: self.clone() }
    }

    pub(super) fn record_feedback(&self) -> RecordFeedback<Cast> {
        RecordFeedback { env: self.clone() }
    }

    pub(super) fn delivering(&self) -> Deliver<Cast> {
        Deliver {
            env: self.clone(),
            links: links(),
            policy: self.policy.clone(),
        }
    }

    pub(super) fn change_template(&self) -> ChangeTemplate<Cast> {
        ChangeTemplate { env: self.clone() }
    }

    pub(super) fn preview_template(&self) -> PreviewTemplate<Cast> {
        PreviewTemplate {
            env: self.clone(),
            links: links(),
            deployed_from: crate::builders::settings().build().sender.from,
        }
    }

    pub(super) fn test_template(&self) -> TestTemplate<Cast> {
        TestTemplate { env: self.clone() }
    }

    pub(super) fn decline(&self) -> Decline<Cast> {
        Decline { env: self.clone() }
    }

    pub(super) fn hand_over(&self) -> HandOver<Cast> {
        HandOver {
            env: self.clone(),
            links: links(),
        }
    }

    pub(super) fn try_address_again(&self) -> TryAddressAgain<Cast> {
        TryAddressAgain { env: self.clone() }
    }

    pub(super) fn delete_user(&self) -> DeleteUser<Cast> {
        DeleteUser { env: self.clone() }
    }

    pub(super) fn erase_ended(&self) -> EraseEnded<Cast> {
        EraseEnded { env: self.clone() }
    }

    pub(super) fn import_users(&self) -> ImportUsers<Cast> {
        ImportUsers {
            env: self.clone(),
            budget: SignedDuration::from_secs(20),
        }
    }

    pub(super) fn export_users(&self) -> ExportUsers<Cast> {
        ExportUsers { env: self.clone() }
    }

    pub(super) fn preview_invitations(&self) -> PreviewInvitations<Cast> {
        PreviewInvitations {
            env: self.clone(),
            links: links(),
        }
    }

    pub(super) fn note_changes(&self) -> NoteChanges<Cast> {
        NoteChanges { env: self.clone() }
    }

    pub(super) fn count_changes(&self) -> CountChanges<Cast> {
        CountChanges { env: self.clone() }
    }

    pub(super) fn count_before(&self) -> CountEarlier<Cast> {
        CountEarlier { env: self.clone() }
    }

    pub(super) fn report_overview(&self) -> ReportOverview<Cast> {
        ReportOverview { env: self.clone() }
    }

    pub(super) fn report_batch(&self) -> ReportBatch<Cast> {
        ReportBatch { env: self.clone() }
    }

    pub(super) fn start_job(&self) -> StartJob<Cast> {
        StartJob { env: self.clone() }
    }

    pub(super) fn carry_out_job(&self) -> CarryOutJob<Cast> {
        CarryOutJob { env: self.clone() }
    }

    pub(super) fn report_job(&self) -> ReportJob<Cast> {
        ReportJob { env: self.clone() }
    }

    pub(super) fn stop_job(&self) -> StopJob<Cast> {
        StopJob { env: self.clone() }
    }

    pub(super) fn publish(&self) -> PublishRows<Cast> {
        PublishRows { env: self.clone() }
    }
}

fn links() -> Links {
    Links {
        enrolment_page: "https://beckon.example.com/enroll".to_owned(),
    }
}
