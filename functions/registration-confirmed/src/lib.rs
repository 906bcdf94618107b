//! Registration confirmed: the device management's event, read and recorded. What cannot be read
//! or names nobody goes to the dead-letter queue whole, with the reason.

mod detail;

use aws_lambda_events::eventbridge::EventBridgeEvent;
use beckon_domain::ports::devices::Devices;
use beckon_domain::ports::env::{Env, WithDeadLetters};
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::settings::SettingsStore;
use beckon_domain::ports::users::Users;
use beckon_domain::usecases::confirm_registration::{ConfirmRefused, ConfirmRegistration};
use beckon_runtime::{device_report, rejected};
use serde_json::Value;

pub use detail::parse;

/// The `detail-type` this function is for.
pub const DETAIL_TYPE: &str = "Device Registered";

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Confirmations<E> {
    /// What it runs in.
    pub env: E,
}

impl<E> Confirmations<E>
where
    E: WithDeadLetters + Env<Store: Users + Devices + SettingsStore>,
{
    /// Records one event. An error means: deliver it again.
    pub async fn handle(&self, event: EventBridgeEvent<Value>) -> Result<(), Unavailable> {
        let confirm = ConfirmRegistration { env: &self.env };
        let reason = match parse(&event.detail) {
            Ok(read) => match confirm.run(&read.report).await {
                Ok(reported) => {
                    device_report::note(&reported, &read.ignored);
                    return Ok(());
                }
                Err(ConfirmRefused::Unknown) => "it names no user we know".to_owned(),
                Err(ConfirmRefused::Unavailable(error)) => match error.unreadable() {
                    // To be given again when the row is repaired.
                    Some(row) => row.to_string(),
                    None => return Err(error),
                },
            },
            Err(problems) => problems
                .iter()
                .map(|problem| format!("{} {}", problem.field, problem.detail))
                .collect::<Vec<_>>()
                .join("; "),
        };
        let id = event.id.as_deref().unwrap_or("");
        rejected::reject(self.env.dead_letters(), id, &event, &reason).await
    }
}
