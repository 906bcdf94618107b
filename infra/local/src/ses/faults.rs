//! Faults to order: what the next sends shall run into.
//!
//! Owns: the names of the faults, how many sends they hit, and what each one does. Must not know how
//! a connection is closed or an answer written.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{answer::Refusal, events::EventMode};

/// How long a stalled send waits when the order does not say: longer than callers should.
const DEFAULT_STALL_SECONDS: f64 = 60.0;

/// What can go wrong with a send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Fault {
    /// The rate is exceeded.
    Throttle,
    /// The daily quota is used up, as the service answers it.
    DailyQuota,
    /// The same as `LimitExceededException`.
    LimitExceeded,
    /// The connection closes without an answer; the mail is not accepted.
    Reset,
    /// Nothing happens for a while, then 503; the mail is not accepted.
    Stall,
    /// The mail is accepted, then the connection closes without an answer.
    DropAnswer,
    /// 500.
    ServerError,
    /// Sending is paused for the account.
    AccountPaused,
    /// The account is suspended for good.
    AccountSuspended,
    /// The sender is not verified. For recipients there is the account's sandbox.
    NotVerified,
    /// The MAIL FROM domain is not verified.
    MailFromNotVerified,
    /// The configuration set does not exist.
    ConfigurationSetMissing,
    /// The role may not send.
    AccessDenied,
    /// This message is refused for its content.
    Rejected,
    /// This message is refused for its form.
    BadRequest,
}

/// What a fault does to the send it hits.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Effect {
    /// Answer this instead of accepting.
    Refuse(Refusal),
    /// Close the connection instead of accepting.
    Cut,
    /// Wait that long instead of accepting.
    Stall(Duration),
    /// Accept, then close the connection.
    AcceptThenCut,
}

/// An order, as `POST /local/ses/faults` takes it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Order {
    /// How many sends the fault hits; until cleared when it is null or absent.
    #[serde(default)]
    pub(super) next: Option<u32>,
    /// The fault; none changes only the events.
    #[serde(default)]
    pub(super) fault: Option<Fault>,
    /// For [`Fault::Stall`].
    #[serde(default)]
    pub(super) stall_seconds: Option<f64>,
    /// How events are published from now on.
    #[serde(default)]
    pub(super) events: Option<EventMode>,
}

/// The fault that is waiting for sends, if any.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Faults {
    fault: Option<Fault>,
    next: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stall_seconds: Option<f64>,
}

impl Faults {
    /// Replaces whatever was ordered before.
    ///
    /// # Errors
    ///
    /// What is wrong with the order, for the person who sent it.
    pub(super) fn order(&mut self, order: &Order) -> Result<(), String> {
        let seconds = order.stall_seconds.unwrap_or(DEFAULT_STALL_SECONDS);
        if Duration::try_from_secs_f64(seconds).is_err() {
            return Err("stallSeconds must be a number of seconds, zero or more".to_owned());
        }
        match (order.fault, order.events) {
            (None, None) => Err("name a fault, or how events are published".to_owned()),
            (None, Some(_)) => Ok(()),
            (Some(_), _) if order.next == Some(0) => {
                self.clear();
                Ok(())
            }
            (Some(fault), _) => {
                *self = Self {
                    fault: Some(fault),
                    next: order.next,
                    stall_seconds: (fault == Fault::Stall).then_some(seconds),
                };
                Ok(())
            }
        }
    }

    /// Forgets the fault.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// What hits the send that is being answered now.
    pub(super) fn take(&mut self) -> Option<Effect> {
        let fault = self.fault?;
        let effect = self.effect(fault);
        if let Some(left) = &mut self.next {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.clear();
            }
        }
        Some(effect)
    }

    fn effect(&self, fault: Fault) -> Effect {
        match fault {
            Fault::Throttle => Effect::Refuse(Refusal::rate_exceeded()),
            Fault::DailyQuota => Effect::Refuse(Refusal::daily_quota_exceeded()),
            Fault::LimitExceeded => Effect::Refuse(Refusal::limit_exceeded()),
            Fault::Reset => Effect::Cut,
            Fault::Stall => Effect::Stall(
                Duration::try_from_secs_f64(self.stall_seconds.unwrap_or(DEFAULT_STALL_SECONDS))
                    .unwrap_or_default(),
            ),
            Fault::DropAnswer => Effect::AcceptThenCut,
            Fault::ServerError => Effect::Refuse(Refusal::server_error()),
            Fault::AccountPaused => Effect::Refuse(Refusal::sending_paused()),
            Fault::AccountSuspended => Effect::Refuse(Refusal::account_suspended()),
            Fault::NotVerified => Effect::Refuse(Refusal::not_verified()),
            Fault::MailFromNotVerified => Effect::Refuse(Refusal::mail_from_not_verified()),
            Fault::ConfigurationSetMissing => Effect::Refuse(Refusal::configuration_set_missing()),
            Fault::AccessDenied => Effect::Refuse(Refusal::access_denied()),
            Fault::Rejected => Effect::Refuse(Refusal::message_rejected()),
            Fault::BadRequest => {
                Effect::Refuse(Refusal::bad_request("The input you provided is invalid."))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(json: &str) -> Faults {
        let mut faults = Faults::default();
        faults.order(&serde_json::from_str(json).unwrap()).unwrap();
        faults
    }

    #[test]
    fn a_fault_for_two_sends_hits_two() {
        let mut faults = ordered(r#"{"next": 2, "fault": "reset"}"#);

        let hits: Vec<_> = (0..3).map(|_| faults.take()).collect();

        assert_eq!(hits, [Some(Effect::Cut), Some(Effect::Cut), None]);
    }

    #[test]
    fn a_fault_without_a_number_lasts_until_it_is_cleared() {
        let mut faults = ordered(r#"{"next": null, "fault": "dropAnswer"}"#);

        assert!((0..100).all(|_| faults.take() == Some(Effect::AcceptThenCut)));
        faults.clear();

        assert_eq!(faults.take(), None);
    }

    #[test]
    fn an_order_for_events_leaves_the_fault_as_it_is() {
        let mut faults = ordered(r#"{"fault": "reset"}"#);

        faults
            .order(&serde_json::from_str(r#"{"events": "none"}"#).unwrap())
            .unwrap();

        assert_eq!(faults.take(), Some(Effect::Cut));
    }

    #[test]
    fn a_negative_stall_is_refused() {
        let order = serde_json::from_str(r#"{"fault": "stall", "stallSeconds": -1}"#).unwrap();

        assert!(Faults::default().order(&order).is_err());
    }
}
