//! A local Amazon SES v2: the part of it that Beckon calls, and a mailbox to read the mail in.
//!
//! Owns: the REST API as `aws-sdk-sesv2` speaks it, the account's sending limits, the suppression
//! list, the events SES would publish, the faults a test or a curious person can order, and the
//! mailbox with its web page.
//!
//! Must not know: invitations, users, tables, or anything else of Beckon. It sees mail the way the
//! real service does, so that what works here works there.

mod account;
mod answer;
mod api;
mod captured;
mod clock;
mod connection;
mod control;
mod events;
mod faults;
mod ids;
mod limits;
mod pages;
mod request;
mod state_file;
mod view;

#[cfg(test)]
mod tests;

use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::Router;
use serde_json::Value;
use tokio::{net::TcpListener, sync::mpsc::UnboundedSender};

use account::Account;
use answer::Refusal;
use captured::{Mail, Mailbox, folder_in};
use clock::Clock;
use request::Message;

pub(crate) use connection::{Connection, CuttableListener};
pub(crate) use events::EventMode;

/// How the local SES starts.
#[derive(Debug, Clone)]
pub(crate) struct SesConfig {
    /// Holds `mailbox/`, which is created when it is missing.
    pub(crate) data_directory: PathBuf,
    /// Recipients a second (`MaxSendRate`).
    pub(crate) max_send_rate: f64,
    /// Recipients in any 24 hours (`Max24HourSend`); -1 means no limit, as in SES.
    pub(crate) max_24_hour_send: f64,
    /// Which events are published for an accepted mail.
    pub(crate) events: EventMode,
    /// The configuration set of mail that names none, as the sending identity can have one. SES
    /// publishes no events for mail without a configuration set, so `None` shows what happens when
    /// both are forgotten.
    pub(crate) default_configuration_set: Option<String>,
}

impl SesConfig {
    /// The defaults: 500 recipients a second, 50,000 a day, every event once and in order.
    pub(crate) fn new(data_directory: impl Into<PathBuf>) -> Self {
        Self {
            data_directory: data_directory.into(),
            max_send_rate: 500.0,
            max_24_hour_send: 50_000.0,
            events: EventMode::Normal,
            default_configuration_set: Some("beckon-local".to_owned()),
        }
    }
}

/// The endpoint: a cheap handle, every clone of which is the same account and the same mailbox.
#[derive(Debug, Clone)]
pub(crate) struct SesEndpoint {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    account: Mutex<Account>,
    mailbox: Mutex<Mailbox>,
    sink: Option<UnboundedSender<Value>>,
    default_configuration_set: Option<String>,
    clock: Clock,
}

impl SesEndpoint {
    /// Opens the mailbox under `config.data_directory`, with the mail and the suppression list that
    /// an earlier process left there. Limits, faults and the event mode start as configured.
    ///
    /// `sink` receives each event in the shape in which it would reach an `EventBridge` rule.
    ///
    /// # Errors
    ///
    /// When the directory cannot be created, read or written.
    pub(crate) fn open(
        config: SesConfig,
        sink: Option<UnboundedSender<Value>>,
    ) -> io::Result<Self> {
        Self::open_at(config, sink, Clock::System)
    }

    fn open_at(
        config: SesConfig,
        sink: Option<UnboundedSender<Value>>,
        clock: Clock,
    ) -> io::Result<Self> {
        let directory = folder_in(&config.data_directory)?;
        std::fs::create_dir_all(&directory)?;
        let mailbox = Mailbox::open(&directory)?;
        let account = Account::open(&directory, &config, mailbox.summaries(), clock.now())?;

        Ok(Self {
            inner: Arc::new(Inner {
                account: Mutex::new(account),
                mailbox: Mutex::new(mailbox),
                sink,
                default_configuration_set: config.default_configuration_set,
                clock,
            }),
        })
    }

    /// The SES v2 REST API, under `/v2/email/`.
    ///
    /// Faults that close the connection without an answer need a server that runs on
    /// [`CuttableListener`]; [`SesEndpoint::serve`] is one. Elsewhere they answer 500.
    pub(crate) fn api_router(&self) -> Router {
        api::router(self.clone())
    }

    /// Faults and account limits, under `/local/ses/`.
    pub(crate) fn control_router(&self) -> Router {
        control::router(self.clone())
    }

    /// The mailbox: JSON under `/local/mailbox`, the page under `/mailbox`.
    pub(crate) fn mailbox_router(&self) -> Router {
        pages::router(self.clone())
    }

    /// Serves [`SesEndpoint::api_router`] on a listener of its own, until the future is dropped.
    ///
    /// # Errors
    ///
    /// When the listener fails for good.
    pub(crate) async fn serve(&self, listener: TcpListener) -> io::Result<()> {
        let service = self
            .api_router()
            .into_make_service_with_connect_info::<Connection>();
        axum::serve(CuttableListener::new(listener), service).await
    }

    fn account(&self) -> MutexGuard<'_, Account> {
        // A poisoned lock means that some request panicked; the others still want their answer.
        self.inner
            .account
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn mailbox(&self) -> MutexGuard<'_, Mailbox> {
        self.inner
            .mailbox
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Accepts a message or says why not. It writes a file, so call it off the async threads.
    ///
    /// When it returns an id the mail has been handed to the operating system: killing this process
    /// does not lose it.
    fn accept(&self, message: Message) -> Result<String, Refusal> {
        let now = self.inner.clock.now();
        let recipients = message.recipients();
        let (outcomes, mode) = self.account().admit(&message.from, &recipients, now)?;

        let configuration_set = message
            .configuration_set
            .clone()
            .or_else(|| self.inner.default_configuration_set.clone());
        let id = ids::message_id(now).map_err(|error| Refusal::internal(&error))?;
        let mail = Mail::new(id, message, now, configuration_set, &outcomes);
        self.mailbox()
            .append(&mail)
            .map_err(|error| Refusal::internal(&error))?;

        if let Some(sink) = &self.inner.sink {
            let published = events::published(&mail, &outcomes, mode, now)
                .map_err(|error| Refusal::internal(&error))?;
            for event in published {
                // A closed sink means that nobody wants events any more.
                if sink.send(event).is_err() {
                    break;
                }
            }
        }
        Ok(mail.id)
    }
}
