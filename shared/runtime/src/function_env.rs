//! The environment of a function: the machine's time and randomness, a store, and what else the
//! function was given.

use beckon_domain::ports::composer::Composer;
use beckon_domain::ports::dead_letters::DeadLetters;
use beckon_domain::ports::env::{
    Env, WithComposer, WithDeadLetters, WithEventBus, WithKeys, WithMailService, WithOutgoing,
    WithWakeUp,
};
use beckon_domain::ports::event_bus::EventBus;
use beckon_domain::ports::keys::Keys;
use beckon_domain::ports::mail_service::MailService;
use beckon_domain::ports::outgoing::Outgoing;
use beckon_domain::ports::wake_up::WakeUp;

use crate::{SystemClock, SystemEntropy};

/// What a function was not given. It is no port, so a use case that needs it does not compile.
#[derive(Debug, Clone, Copy, Default)]
pub struct NotGiven;

/// What the use cases of one function run in.
#[derive(Debug, Clone)]
pub struct FunctionEnv<
    Store = NotGiven,
    Keys = NotGiven,
    Composer = NotGiven,
    MailService = NotGiven,
    WakeUp = NotGiven,
    EventBus = NotGiven,
    DeadLetters = NotGiven,
    Outgoing = NotGiven,
> {
    store: Store,
    clock: SystemClock,
    entropy: SystemEntropy,
    keys: Keys,
    composer: Composer,
    mail_service: MailService,
    wake_up: WakeUp,
    event_bus: EventBus,
    dead_letters: DeadLetters,
    outgoing: Outgoing,
}

impl FunctionEnv {
    /// An environment without a store.
    #[must_use]
    pub fn new() -> Self {
        Self::over(NotGiven)
    }
}

impl Default for FunctionEnv {
    fn default() -> Self {
        Self::new()
    }
}

impl<Store> FunctionEnv<Store> {
    /// An environment over this store, to which the rest is given.
    pub fn over(store: Store) -> Self {
        Self {
            store,
            clock: SystemClock,
            entropy: SystemEntropy::new(),
            keys: NotGiven,
            composer: NotGiven,
            mail_service: NotGiven,
            wake_up: NotGiven,
            event_bus: NotGiven,
            dead_letters: NotGiven,
            outgoing: NotGiven,
        }
    }
}

/// The environment with one part given, which may be of another type than before, and the rest as it
/// was: the update syntax of structs cannot change a type.
macro_rules! given {
    ($part:ident; $env:ident: $($rest:ident)*) => {
        FunctionEnv {
            $part,
            $($rest: $env.$rest,)*
        }
    };
}

impl<S, K, L, M, W, B, D, O> FunctionEnv<S, K, L, M, W, B, D, O> {
    /// The same with the keys.
    pub fn with_keys<Given>(self, keys: Given) -> FunctionEnv<S, Given, L, M, W, B, D, O> {
        given!(keys; self: store clock entropy composer mail_service wake_up event_bus dead_letters outgoing)
    }

    /// The same with what puts mails into words.
    pub fn with_composer<Given>(self, composer: Given) -> FunctionEnv<S, K, Given, M, W, B, D, O> {
        given!(composer; self: store clock entropy keys mail_service wake_up event_bus dead_letters outgoing)
    }

    /// The same with the mail service.
    pub fn with_mail_service<Given>(
        self,
        mail_service: Given,
    ) -> FunctionEnv<S, K, L, Given, W, B, D, O> {
        given!(mail_service; self: store clock entropy keys composer wake_up event_bus dead_letters outgoing)
    }

    /// The same with what wakes the delivery worker.
    pub fn with_wake_up<Given>(self, wake_up: Given) -> FunctionEnv<S, K, L, M, Given, B, D, O> {
        given!(wake_up; self: store clock entropy keys composer mail_service event_bus dead_letters outgoing)
    }

    /// The same with the bus that events go to.
    pub fn with_event_bus<Given>(
        self,
        event_bus: Given,
    ) -> FunctionEnv<S, K, L, M, W, Given, D, O> {
        given!(event_bus; self: store clock entropy keys composer mail_service wake_up dead_letters outgoing)
    }

    /// The same with a place for what could not be understood.
    pub fn with_dead_letters<Given>(
        self,
        dead_letters: Given,
    ) -> FunctionEnv<S, K, L, M, W, B, Given, O> {
        given!(dead_letters; self: store clock entropy keys composer mail_service wake_up event_bus outgoing)
    }

    /// The same with what calls systems of others.
    pub fn with_outgoing<Given>(self, outgoing: Given) -> FunctionEnv<S, K, L, M, W, B, D, Given> {
        given!(outgoing; self: store clock entropy keys composer mail_service wake_up event_bus dead_letters)
    }
}

impl<S: Sync, K: Sync, L: Sync, M: Sync, W: Sync, B: Sync, D: Sync, O: Sync> Env
    for FunctionEnv<S, K, L, M, W, B, D, O>
{
    type Store = S;
    type Clock = SystemClock;
    type Entropy = SystemEntropy;

    fn store(&self) -> &S {
        &self.store
    }

    fn clock(&self) -> &SystemClock {
        &self.clock
    }

    fn entropy(&self) -> &SystemEntropy {
        &self.entropy
    }
}

impl<S, K, L, M, W, B, D, O> WithKeys for FunctionEnv<S, K, L, M, W, B, D, O>
where
    Self: Env,
    K: Keys + Sync,
{
    type Keys = K;

    fn keys(&self) -> &K {
        &self.keys
    }
}

impl<S, K, L, M, W, B, D, O> WithComposer for FunctionEnv<S, K, L, M, W, B, D, O>
where
    Self: Env,
    L: Composer + Sync,
{
    type Composer = L;

    fn composer(&self) -> &L {
        &self.composer
    }
}

impl<S, K, L, M, W, B, D, O> WithMailService for FunctionEnv<S, K, L, M, W, B, D, O>
where
    Self: Env,
    M: MailService + Sync,
{
    type MailService = M;

    fn mail_service(&self) -> &M {
        &self.mail_service
    }
}

impl<S, K, L, M, W, B, D, O> WithWakeUp for FunctionEnv<S, K, L, M, W, B, D, O>
where
    Self: Env,
    W: WakeUp + Sync,
{
    type WakeUp = W;

    fn wake_up(&self) -> &W {
        &self.wake_up
    }
}

impl<S, K, L, M, W, B, D, O> WithEventBus for FunctionEnv<S, K, L, M, W, B, D, O>
where
    Self: Env,
    B: EventBus + Sync,
{
    type EventBus = B;

    fn event_bus(&self) -> &B {
        &self.event_bus
    }
}

impl<S, K, L, M, W, B, D, O> WithDeadLetters for FunctionEnv<S, K, L, M, W, B, D, O>
where
    Self: Env,
    D: DeadLetters + Sync,
{
    type DeadLetters = D;

    fn dead_letters(&self) -> &D {
        &self.dead_letters
    }
}

impl<S, K, L, M, W, B, D, O> WithOutgoing for FunctionEnv<S, K, L, M, W, B, D, O>
where
    Self: Env,
    O: Outgoing + Sync,
{
    type Outgoing = O;

    fn outgoing(&self) -> &O {
        &self.outgoing
    }
}
