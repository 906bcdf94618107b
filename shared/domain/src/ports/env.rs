//! What a use case runs in: one environment that holds the ports. Whoever composes a program writes
//! one type for it, and says with the traits below what it has. A use case says in the same words what
//! it needs, so a function that was given no keys cannot run what needs them: it does not compile. These traits are
//! the environment, and no ports.

use std::sync::Arc;

use jiff::Timestamp;

use crate::model::actor::Actor;
use crate::model::history::{HistoryEntry, HistoryEvent};
use crate::ports::clock::Clock;
use crate::ports::composer::Composer;
use crate::ports::dead_letters::DeadLetters;
use crate::ports::entropy::Entropy;
use crate::ports::event_bus::EventBus;
use crate::ports::keys::Keys;
use crate::ports::mail_service::MailService;
use crate::ports::outgoing::Outgoing;
use crate::ports::wake_up::WakeUp;
use crate::values::ids::{EventId, UserId};

/// What every use case has: a store, time and entropy.
pub trait Env: Sync {
    /// The table; a use case says which ports of it it needs.
    type Store: Sync;
    /// Time.
    type Clock: Clock + Sync;
    /// Ids and secrets.
    type Entropy: Entropy + Sync;

    /// The table.
    fn store(&self) -> &Self::Store;

    /// Time.
    fn clock(&self) -> &Self::Clock;

    /// Ids and secrets.
    fn entropy(&self) -> &Self::Entropy;

    /// What happened to a user, as it is written into their history.
    fn happened(
        &self,
        user: UserId,
        at: Timestamp,
        who: Actor,
        what: HistoryEvent,
    ) -> HistoryEntry {
        HistoryEntry::new(EventId::new(self.entropy().ulid()), user, at, who, what)
    }
}

/// An environment with the keys that secrets are derived from.
pub trait WithKeys: Env {
    /// The keys.
    type Keys: Keys + Sync;

    /// The keys.
    fn keys(&self) -> &Self::Keys;
}

/// An environment with what puts mails into words.
pub trait WithComposer: Env {
    /// The composer.
    type Composer: Composer + Sync;

    /// The composer.
    fn composer(&self) -> &Self::Composer;
}

/// An environment with the mail service.
pub trait WithMailService: Env {
    /// The mail service.
    type MailService: MailService + Sync;

    /// The mail service.
    fn mail_service(&self) -> &Self::MailService;
}

/// An environment that can wake the delivery worker.
pub trait WithWakeUp: Env {
    /// What wakes the delivery worker.
    type WakeUp: WakeUp + Sync;

    /// What wakes the delivery worker.
    fn wake_up(&self) -> &Self::WakeUp;
}

/// An environment with the bus that events go to.
pub trait WithEventBus: Env {
    /// The bus.
    type EventBus: EventBus + Sync;

    /// The bus.
    fn event_bus(&self) -> &Self::EventBus;
}

/// An environment with a place for what could not be understood.
pub trait WithDeadLetters: Env {
    /// Where a person looks.
    type DeadLetters: DeadLetters + Sync;

    /// Where a person looks.
    fn dead_letters(&self) -> &Self::DeadLetters;
}

/// An environment that calls systems of others.
pub trait WithOutgoing: Env {
    /// What makes the calls.
    type Outgoing: Outgoing + Sync;

    /// What makes the calls.
    fn outgoing(&self) -> &Self::Outgoing;
}

/// An environment behind a pointer.
macro_rules! pointed_at_by {
    ($($pointer:ty where E: $bound:ident;)*) => {
        $(
        impl<E: Env + $bound> Env for $pointer {
            type Store = E::Store;
            type Clock = E::Clock;
            type Entropy = E::Entropy;

            fn store(&self) -> &E::Store {
                (**self).store()
            }

            fn clock(&self) -> &E::Clock {
                (**self).clock()
            }

            fn entropy(&self) -> &E::Entropy {
                (**self).entropy()
            }
        }

        impl<E: WithKeys + $bound> WithKeys for $pointer {
            type Keys = E::Keys;

            fn keys(&self) -> &E::Keys {
                (**self).keys()
            }
        }

        impl<E: WithComposer + $bound> WithComposer for $pointer {
            type Composer = E::Composer;

            fn composer(&self) -> &E::Composer {
                (**self).composer()
            }
        }

        impl<E: WithMailService + $bound> WithMailService for $pointer {
            type MailService = E::MailService;

            fn mail_service(&self) -> &E::MailService {
                (**self).mail_service()
            }
        }

        impl<E: WithWakeUp + $bound> WithWakeUp for $pointer {
            type WakeUp = E::WakeUp;

            fn wake_up(&self) -> &E::WakeUp {
                (**self).wake_up()
            }
        }

        impl<E: WithEventBus + $bound> WithEventBus for $pointer {
            type EventBus = E::EventBus;

            fn event_bus(&self) -> &E::EventBus {
                (**self).event_bus()
            }
        }

        impl<E: WithDeadLetters + $bound> WithDeadLetters for $pointer {
            type DeadLetters = E::DeadLetters;

            fn dead_letters(&self) -> &E::DeadLetters {
                (**self).dead_letters()
            }
        }

        impl<E: WithOutgoing + $bound> WithOutgoing for $pointer {
            type Outgoing = E::Outgoing;

            fn outgoing(&self) -> &E::Outgoing {
                (**self).outgoing()
            }
        }
        )*
    };
}

pointed_at_by! {
    // A use case that calls another lends it its own environment.
    &E where E: Sync;
    // The use cases of one function share theirs.
    Arc<E> where E: Send;
}
