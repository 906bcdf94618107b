//! The account: its limits, its suppression list, and the fault that waits for the next send.
//!
//! Owns: whether a mail may go at all, and what will become of it. Must not know HTTP, files of mail,
//! or how events look.

use std::{collections::BTreeSet, io, path::Path};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    SesConfig,
    answer::Refusal,
    captured::Summary,
    events::{EventMode, Outcome},
    faults::{Effect, Faults, Order},
    limits::{LastDay, Rate},
    request::bare_address,
    state_file::{State, StateFile},
};

/// The account behind the API.
#[derive(Debug)]
pub(super) struct Account {
    rate: Rate,
    last_day: LastDay,
    max_24_hour_send: f64,
    sending_enabled: bool,
    identities: Identities,
    faults: Faults,
    events: EventMode,
    state: State,
    file: StateFile,
}

/// Whose mail the account may send, and to whom while it is in the sandbox.
#[derive(Debug, Default)]
struct Identities {
    /// Whether recipients must be verified too.
    sandbox: bool,
    /// The addresses and domains that are verified, in lower case. Until some are named, every
    /// sender is, and no recipient.
    verified: Option<BTreeSet<String>>,
}

impl Identities {
    /// The addresses that fail SES's check, as the mail has them: the sender, and in the sandbox
    /// each recipient.
    fn failed(&self, from: &str, recipients: &[String]) -> Vec<String> {
        let sender = (self.verified.is_some() && !self.holds(from)).then(|| from.to_owned());
        let recipients = recipients
            .iter()
            .filter(|recipient| self.sandbox && !self.holds(recipient));
        sender.into_iter().chain(recipients.cloned()).collect()
    }

    fn holds(&self, typed: &str) -> bool {
        let address = bare_address(typed).to_ascii_lowercase();
        let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
        self.verified.as_ref().is_some_and(|verified| {
            verified.contains(&address)
                || verified.iter().any(|name| {
                    domain == name
                        || domain
                            .strip_suffix(name.as_str())
                            .is_some_and(|above| above.ends_with('.'))
                })
        })
    }
}

/// What `PUT /local/ses/account` may change.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct AccountChange {
    max_send_rate: Option<f64>,
    max_24_hour_send: Option<f64>,
    sending_enabled: Option<bool>,
    production_access: Option<bool>,
    verified_identities: Option<BTreeSet<String>>,
}

/// The account as the control routes show it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AccountView {
    max_send_rate: f64,
    max_24_hour_send: f64,
    sent_last_24_hours: u64,
    sending_enabled: bool,
    production_access: bool,
    verified_identities: Option<BTreeSet<String>>,
}

impl Account {
    /// Opens the account: remembered suppressions, and the quota as far as it is used up.
    ///
    /// # Errors
    ///
    /// When the remembered state cannot be read.
    pub(super) fn open<'a>(
        directory: &Path,
        config: &SesConfig,
        sent: impl Iterator<Item = &'a Summary>,
        now: Timestamp,
    ) -> io::Result<Self> {
        let file = StateFile::new(directory);
        let state = file.load()?;
        let mut last_day = LastDay::from_minutes(state.sent_before_emptied.clone());
        for summary in sent {
            last_day.add(summary.sent_at, summary.recipients);
        }
        Ok(Self {
            rate: Rate::new(config.max_send_rate, now),
            last_day,
            max_24_hour_send: config.max_24_hour_send,
            sending_enabled: true,
            identities: Identities::default(),
            faults: Faults::default(),
            events: config.events,
            state,
            file,
        })
    }

    /// What hits the send that is being answered now.
    pub(super) fn next_fault(&mut self) -> Option<Effect> {
        self.faults.take()
    }

    /// Orders a fault, or how events are published.
    ///
    /// # Errors
    ///
    /// What is wrong with the order.
    pub(super) fn order(&mut self, order: &Order) -> Result<(), String> {
        self.faults.order(order)?;
        if let Some(events) = order.events {
            self.events = events;
        }
        Ok(())
    }

    /// Back to a service without faults: each event once and in order.
    pub(super) fn clear_faults(&mut self) {
        self.faults.clear();
        self.events = EventMode::Normal;
    }

    /// The waiting fault and the event mode, to be shown.
    pub(super) fn faults(&self) -> Value {
        let mut shown = json!(self.faults);
        if let Some(fields) = shown.as_object_mut() {
            fields.insert("events".to_owned(), json!(self.events));
        }
        shown
    }

    /// Decides about one mail and books it; what is refused costs nothing.
    ///
    /// # Errors
    ///
    /// Paused, an identity that is not verified, over the quota, or too fast, in this order.
    pub(super) fn admit(
        &mut self,
        from: &str,
        recipients: &[String],
        now: Timestamp,
    ) -> Result<(Vec<(String, Outcome)>, EventMode), Refusal> {
        if !self.sending_enabled {
            return Err(Refusal::sending_paused());
        }
        let failed = self.identities.failed(from, recipients);
        if !failed.is_empty() {
            return Err(Refusal::identities_not_verified(&failed));
        }
        // Far fewer than u32::MAX fit into a day; beyond it the quota would be used up anyway.
        let used = u32::try_from(self.last_day.count(now)).unwrap_or(u32::MAX);
        if self.max_24_hour_send >= 0.0 && f64::from(used) >= self.max_24_hour_send {
            return Err(Refusal::daily_quota_exceeded());
        }
        if !self.rate.allows(now) {
            return Err(Refusal::rate_exceeded());
        }
        let count = u32::try_from(recipients.len()).unwrap_or(u32::MAX);
        self.rate.take(count);
        self.last_day.add(now, count);

        let outcomes = recipients
            .iter()
            .map(|address| (address.clone(), self.outcome(address)))
            .collect::<Vec<_>>();
        self.suppress(&outcomes);
        Ok((outcomes, self.events))
    }

    fn outcome(&self, address: &str) -> Outcome {
        let address = address.to_ascii_lowercase();
        if self.state.suppressed.contains(&address) {
            return Outcome::Suppressed;
        }
        match Outcome::of(&address) {
            Outcome::Suppressed if self.state.lifted.contains(&address) => Outcome::Delivered,
            outcome => outcome,
        }
    }

    /// Hard bounces and complaints put an address on the list, as the account-level list of SES does
    /// unless it is turned off.
    fn suppress(&mut self, outcomes: &[(String, Outcome)]) {
        let before = self.state.suppressed.len();
        let found = outcomes
            .iter()
            .filter(|(_, outcome)| outcome.suppresses())
            .map(|(address, _)| address.to_ascii_lowercase());
        self.state.suppressed.extend(found);
        if self.state.suppressed.len() > before {
            self.save_or_warn();
        }
    }

    /// Takes an address off the suppression list; whether it was on it.
    pub(super) fn unsuppress(&mut self, address: &str) -> bool {
        let address = address.to_ascii_lowercase();
        let was_listed = self.state.suppressed.remove(&address);
        let simulated =
            Outcome::of(&address) == Outcome::Suppressed && self.state.lifted.insert(address);
        let changed = was_listed || simulated;
        if changed {
            self.save_or_warn();
        }
        changed
    }

    /// Keeps the used-up quota although the mail that shows it is about to go.
    ///
    /// # Errors
    ///
    /// When the state cannot be written.
    pub(super) fn before_emptying(&mut self, now: Timestamp) -> io::Result<()> {
        self.last_day.count(now);
        self.state.sent_before_emptied = self.last_day.minutes();
        self.file.save(&self.state)
    }

    fn save_or_warn(&self) {
        if let Err(error) = self.file.save(&self.state) {
            tracing::warn!(error = %error, "the suppression list will not survive a restart");
        }
    }

    /// Changes limits from now on.
    ///
    /// # Errors
    ///
    /// What is wrong with the change.
    pub(super) fn change(&mut self, change: &AccountChange, now: Timestamp) -> Result<(), String> {
        if change
            .max_send_rate
            .is_some_and(|rate| !rate.is_finite() || rate <= 0.0)
        {
            return Err("maxSendRate must be above zero".to_owned());
        }
        if change
            .max_24_hour_send
            .is_some_and(|most| !most.is_finite())
        {
            return Err("max24HourSend must be a number; -1 means no limit".to_owned());
        }
        if let Some(rate) = change.max_send_rate {
            self.rate.change(rate, now);
        }
        if let Some(most) = change.max_24_hour_send {
            self.max_24_hour_send = most;
        }
        if let Some(enabled) = change.sending_enabled {
            self.sending_enabled = enabled;
        }
        if let Some(granted) = change.production_access {
            self.identities.sandbox = !granted;
        }
        if let Some(verified) = &change.verified_identities {
            let verified = verified.iter().map(|name| name.to_ascii_lowercase());
            self.identities.verified = Some(verified.collect());
        }
        Ok(())
    }

    /// The account as the control routes show it.
    pub(super) fn view(&mut self, now: Timestamp) -> AccountView {
        AccountView {
            max_send_rate: self.rate.a_second(),
            max_24_hour_send: self.max_24_hour_send,
            sent_last_24_hours: self.last_day.count(now),
            sending_enabled: self.sending_enabled,
            production_access: !self.identities.sandbox,
            verified_identities: self.identities.verified.clone(),
        }
    }

    /// The account as `GetAccount` answers it.
    pub(super) fn get_account(&mut self, now: Timestamp) -> Value {
        json!({
            "DedicatedIpAutoWarmupEnabled": false,
            "EnforcementStatus": "HEALTHY",
            "ProductionAccessEnabled": !self.identities.sandbox,
            "SendQuota": {
                "Max24HourSend": self.max_24_hour_send,
                "MaxSendRate": self.rate.a_second(),
                "SentLast24Hours": self.last_day.count(now),
            },
            "SendingEnabled": self.sending_enabled,
            "SuppressionAttributes": { "SuppressedReasons": ["BOUNCE", "COMPLAINT"] },
        })
    }
}
