//! Everything a job needs, and the use cases made of it: this is the one place of the simulation that
//! constructs them, each in a function of its own.

use beckon_domain::rules::writing::Links;
use beckon_domain::usecases::add_user::AddUser;
use beckon_domain::usecases::change_invitation::ChangeInvitation;
use beckon_domain::usecases::change_settings::ChangeSettings;
use beckon_domain::usecases::change_user::ChangeUser;
use beckon_domain::usecases::confirm_registration::ConfirmRegistration;
use beckon_domain::usecases::deliver::{Deliver, PostmanPolicy};
use beckon_domain::usecases::expand::ExpandPage;
use beckon_domain::usecases::record_feedback::RecordFeedback;
use beckon_domain::usecases::redeem::Redeem;
use beckon_domain::usecases::request_pin::RequestPin;
use beckon_domain::usecases::resume_delivery::ResumeDelivery;
use beckon_domain::usecases::send::Send;
use beckon_domain::usecases::stop_batch::StopSend;
use beckon_domain::usecases::tell_of_unreadable::TellOfUnreadable;
use beckon_domain::usecases::tick::Tick;

use super::bell::Bell;
use super::ledger::Watch;
use super::post::Post;
use super::table::Table;
use crate::{ManualClock, MemoryKeys, PlainComposer, RejectedEvents, SeededChance};

/// Everything a job needs.
#[derive(Clone)]
pub(super) struct Cast {
    pub(super) table: Table,
    pub(super) post: Post,
    pub(super) bell: Bell,
    pub(super) clock: ManualClock,
    pub(super) chance: SeededChance,
    pub(super) keys: MemoryKeys,
    pub(super) policy: PostmanPolicy,
    pub(super) watch: Watch,
    pub(super) failures: RejectedEvents,
}

impl Cast {
    pub(super) fn add_user(&self) -> AddUser<Table, ManualClock, SeededChance> {
        AddUser {
            store: self.table.clone(),
            clock: self.clock.clone(),
            chance: self.chance.clone(),
        }
    }

    pub(super) fn send_invitations(&self) -> Send<Table, ManualClock, SeededChance> {
        Send {
            store: self.table.clone(),
            clock: self.clock.clone(),
            chance: self.chance.clone(),
        }
    }

    pub(super) fn redeem(&self) -> Redeem<Table, MemoryKeys, ManualClock, SeededChance> {
        Redeem {
            store: self.table.clone(),
            keys: self.keys.clone(),
            clock: self.clock.clone(),
            chance: self.chance.clone(),
            budget: 20,
        }
    }

    pub(super) fn request_pin(&self) -> RequestPin<Table, MemoryKeys, ManualClock, SeededChance> {
        RequestPin {
            store: self.table.clone(),
            keys: self.keys.clone(),
            clock: self.clock.clone(),
            chance: self.chance.clone(),
        }
    }

    pub(super) fn change_invitation(&self) -> ChangeInvitation<Table, ManualClock, SeededChance> {
        ChangeInvitation {
            store: self.table.clone(),
            clock: self.clock.clone(),
            chance: self.chance.clone(),
        }
    }

    pub(super) fn change_user(&self) -> ChangeUser<Table, MemoryKeys, ManualClock, SeededChance> {
        ChangeUser {
            keys: self.keys.clone(),
            store: self.table.clone(),
            clock: self.clock.clone(),
            chance: self.chance.clone(),
        }
    }

    pub(super) fn stop_batch(&self) -> StopSend<Table, ManualClock> {
        StopSend {
            store: self.table.clone(),
            clock: self.clock.clone(),
        }
    }

    pub(super) fn change_settings(&self) -> ChangeSettings<Table, ManualClock> {
        ChangeSettings {
            store: self.table.clone(),
            clock: self.clock.clone(),
            deployed_from: crate::builders::settings().build().sender.from,
        }
    }

    pub(super) fn resume_delivery(&self) -> ResumeDelivery<Table, Bell> {
        ResumeDelivery {
            store: self.table.clone(),
            postman: self.bell.clone(),
        }
    }

    pub(super) fn confirm_registration(
        &self,
    ) -> ConfirmRegistration<Table, ManualClock, SeededChance> {
        ConfirmRegistration {
            store: self.table.clone(),
            clock: self.clock.clone(),
            chance: self.chance.clone(),
        }
    }

    pub(super) fn tick(&self) -> Tick<Table, Bell, ManualClock, SeededChance> {
        Tick {
            store: self.table.clone(),
            postman: self.bell.clone(),
            clock: self.clock.clone(),
            chance: self.chance.clone(),
        }
    }

    pub(super) fn expand(&self) -> ExpandPage<Table, MemoryKeys, ManualClock, SeededChance> {
        ExpandPage {
            store: self.table.clone(),
            keys: self.keys.clone(),
            clock: self.clock.clone(),
            chance: self.chance.clone(),
        }
    }

    pub(super) fn tell_of_unreadable(&self) -> TellOfUnreadable<Table, RejectedEvents> {
        TellOfUnreadable {
            store: self.table.clone(),
            failures: self.failures.clone(),
        }
    }

    pub(super) fn record_feedback(&self) -> RecordFeedback<Table, SeededChance> {
        RecordFeedback {
            store: self.table.clone(),
            chance: self.chance.clone(),
        }
    }

    pub(super) fn delivering(
        &self,
    ) -> Deliver<Table, Post, PlainComposer, MemoryKeys, ManualClock, SeededChance> {
        Deliver {
            store: self.table.clone(),
            service: self.post.clone(),
            composer: PlainComposer::default(),
            keys: self.keys.clone(),
            clock: self.clock.clone(),
            chance: self.chance.clone(),
            links: Links {
                enrolment_page: "https://beckon.example.com/enroll".to_owned(),
            },
            policy: self.policy.clone(),
        }
    }
}
