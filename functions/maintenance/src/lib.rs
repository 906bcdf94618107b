//! Maintenance comes by every minute and makes up for whatever was lost: see
//! [`beckon_domain::usecases::run_maintenance`].

use beckon_domain::ports::batches::Batches;
use beckon_domain::ports::counters::Counters;
use beckon_domain::ports::delivery::Delivery;
use beckon_domain::ports::devices::Devices;
use beckon_domain::ports::env::{Env, WithKeys, WithOutgoing, WithWakeUp};
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::jobs::Jobs;
use beckon_domain::ports::mails::Mails;
use beckon_domain::ports::settings::SettingsStore;
use beckon_domain::ports::users::Users;
use beckon_domain::ports::wake_up::WakeUp as _;
use beckon_domain::usecases::carry_device_event::{CarryDeviceEvent, LeftBehind};
use beckon_domain::usecases::count_changes::{COUNT_AT, CountChanges};
use beckon_domain::usecases::count_earlier::{CountEarlier, CountedEarlier};
use beckon_domain::usecases::erase_ended::{EraseEnded, Erased};
use beckon_domain::usecases::poll_source::{PollSource, PollsDue};
use beckon_domain::usecases::run_maintenance::{MaintenanceRound, RunMaintenance};
use beckon_runtime::metrics::{self, Metric};

/// One round of the clock, logged if it did anything.
pub async fn handle<E>(env: &E) -> Result<MaintenanceRound, Unavailable>
where
    E: WithWakeUp + Env<Store: Users + Batches + Jobs + Mails + Delivery + SettingsStore>,
{
    let round = RunMaintenance { env }.run().await?;
    metrics::record(&[(
        Metric::OldestDueMailSeconds,
        round.oldest_due.unsigned_abs().as_secs(),
    )]);
    // A metric without values costs nothing, so this one has some only while there is something to say.
    if round.paused {
        metrics::record(&[(Metric::DeliveryPaused, 1)]);
    }
    if round != MaintenanceRound::default() {
        tracing::info!(
            pushed = round.pushed,
            expired = round.expired,
            reminded = round.reminded,
            woke = round.woke,
            paused = round.paused,
            "maintenance made its round"
        );
    }
    Ok(round)
}

/// How many messages of device managements one round carries on.
const MESSAGES_A_ROUND: usize = 100;

/// Carries on the messages of device managements that the stream left behind, logged if there were any.
pub async fn carry<E>(env: &E) -> Result<LeftBehind, Unavailable>
where
    E: Env<Store: Users + Devices + SettingsStore> + WithKeys + WithOutgoing,
{
    let found = CarryDeviceEvent { env }
        .left_behind(MESSAGES_A_ROUND)
        .await?;
    if found.failed > 0 {
        metrics::record(&[(Metric::FailedDeviceEvents, found.failed)]);
    }
    if found != LeftBehind::default() {
        tracing::info!(
            settled = found.settled,
            failed = found.failed,
            waiting = found.waiting,
            "messages of device managements were carried on"
        );
    }
    Ok(found)
}

/// Has the device managements asked that are due. Where none is asked, nothing is woken and nothing is measured.
pub async fn poll<E>(env: &E) -> Result<PollsDue, Unavailable>
where
    E: WithWakeUp + Env<Store: Devices + SettingsStore>,
{
    let found = PollSource { env }.due().await?;
    if let Some(silent_for) = found.silent_for {
        let seconds = silent_for.unsigned_abs().as_secs();
        metrics::record(&[(Metric::SecondsSinceLastPoll, seconds)]);
    }
    if !found.due.is_empty() {
        env.wake_up().wake_polling().await?;
    }
    Ok(found)
}

/// One round of erasing, logged if it did anything.
pub async fn erase<E>(env: &E) -> Result<Erased, Unavailable>
where
    E: Env<Store: Counters + Users + Devices + Batches + Mails + SettingsStore>,
{
    let erased = EraseEnded { env }.run().await?;
    if erased != Erased::default() {
        tracing::info!(
            users = erased.users,
            histories = erased.histories,
            "what was kept long enough is erased"
        );
    }
    Ok(erased)
}

/// One round of counting: what was noted and left, and some pages of batches of before counting began.
pub async fn count<E>(env: &E) -> Result<CountedEarlier, Unavailable>
where
    E: Env<Store: Counters + Users + Batches + Mails>,
{
    let (_, rows) = env.store().uncounted().await?;
    let listed: usize = rows.iter().map(|row| row.entries.len()).sum();
    if listed >= COUNT_AT {
        CountChanges { env }.run().await?;
    }
    let counted = CountEarlier { env }.run().await?;
    if counted != CountedEarlier::DoneBefore {
        tracing::info!(
            ?counted,
            "batches of before counting began are being counted"
        );
    }
    Ok(counted)
}
