//! Poll asks the device managements that tell of nothing by themselves: see
//! [`beckon_domain::usecases::poll_source`]. Maintenance wakes it when a source is due.

use beckon_domain::ports::devices::Devices;
use beckon_domain::ports::env::{Env, WithKeys, WithOutgoing};
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::settings::SettingsStore;
use beckon_domain::usecases::poll_source::{PollSource, Polled};
use beckon_domain::values::source_name::SourceName;
use beckon_runtime::problem::chain;
use futures_util::future::join_all;

/// A round for every source that is due, all at the same time: none waits for another, or fails with it. An error is
/// that of one of them; the rest are done.
pub async fn handle<E>(env: &E) -> Result<(), Unavailable>
where
    E: Env<Store: Devices + SettingsStore> + WithKeys + WithOutgoing,
{
    let due = PollSource { env }.due().await?.due;
    let rounds = join_all(due.iter().map(|source| one(env, source))).await;
    rounds.into_iter().collect()
}

async fn one<E>(env: &E, source: &SourceName) -> Result<(), Unavailable>
where
    E: Env<Store: Devices + SettingsStore> + WithKeys + WithOutgoing,
{
    match (PollSource { env }).run(source).await {
        Ok(Polled::Nothing) => {}
        Ok(Polled::Read { kept, to_the_end }) => tracing::info!(
            source = source.as_str(),
            kept,
            to_the_end,
            "a source was asked"
        ),
        Ok(Polled::Failed(why)) => {
            tracing::warn!(
                source = source.as_str(),
                reason = %why,
                "a source could not be asked, and is asked again later"
            );
        }
        Err(error) => {
            tracing::error!(
                source = source.as_str(),
                error = %chain(&error),
                "the round of a source ended before its time; the next goes on"
            );
            return Err(error);
        }
    }
    Ok(())
}
