//! Expand reads the table's stream and does what rows ask for: a cursor that moved asks for
//! the next page of its batch or the next turn of its job, a mail that waits asks for the delivery worker, a message of
//! a device management to be carried on. It never waits for the end of a delivery.
//! What changes numbers it notes, and counts when enough is noted.

use std::collections::BTreeSet;

use beckon_aws::table::stream::{
    RowChange, StreamAnswer, StreamEvent, StreamReader, StreamRecord, again_from, uncounted,
};
use beckon_domain::model::change::Identifier;
use beckon_domain::model::counting::Uncounted;
use beckon_domain::model::stored::RowKey;
use beckon_domain::ports::batches::Batches;
use beckon_domain::ports::clock::Clock as _;
use beckon_domain::ports::counters::Counters;
use beckon_domain::ports::delivery::Delivery;
use beckon_domain::ports::devices::Devices;
use beckon_domain::ports::env::{
    Env, WithDeadLetters, WithKeys, WithMailService, WithOutgoing, WithWakeUp,
};
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::jobs::Jobs;
use beckon_domain::ports::mails::Mails;
use beckon_domain::ports::settings::SettingsStore;
use beckon_domain::ports::users::Users;
use beckon_domain::ports::wake_up::WakeUp as _;
use beckon_domain::usecases::assign_device::AssignDevice;
use beckon_domain::usecases::carry_device_event::{CarriedEvent, CarryDeviceEvent};
use beckon_domain::usecases::carry_out_job::CarryOutJob;
use beckon_domain::usecases::count_changes::{CountChanges, Counted, is_due};
use beckon_domain::usecases::expand::ExpandPage;
use beckon_domain::usecases::note_changes::{NoteChanges, Noted};
use beckon_domain::usecases::tell_of_unreadable::TellOfUnreadable;
use beckon_domain::values::ids::EventId;
use beckon_runtime::metrics::{self, Metric};
use beckon_runtime::rejected;
use jiff::SignedDuration;

/// How long messages of device managements are carried on in one run, in which sources may be asked. A run may take 120
/// seconds.
const MESSAGES_TAKE: SignedDuration = SignedDuration::from_secs(20);

/// What is done when all records were read.
#[derive(Default)]
struct After {
    /// Whether mail waits.
    wake: bool,
    /// What devices may have been waiting for.
    named: Vec<Identifier>,
    messages: Vec<EventId>,
}

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Expand<E> {
    /// What it runs in.
    pub env: E,
}

impl<E> Expand<E>
where
    E: WithDeadLetters
        + WithKeys
        + WithMailService
        + WithOutgoing
        + WithWakeUp
        + Env<Store: Counters + Users + Devices + Batches + Jobs + Mails + Delivery + SettingsStore>,
{
    /// Does what a batch of stream records asks for. A record that cannot be carried out now is
    /// reported as the first that failed, and comes again with those behind it.
    pub async fn handle(&self, event: StreamEvent) -> StreamAnswer {
        let mut answer = StreamAnswer::default();
        let mut after = After::default();
        // First, so that nothing that fails below keeps it from being noted; all of it again if it could not be.
        let noted = self.note(&event).await;
        for record in &event.records {
            if let Err(error) = self.one(record, &mut after).await {
                rejected::comes_again(&record.event_id, &error);
                answer = again_from(record);
                break;
            }
        }
        if let (Err(error), Some(first)) = (&noted, event.records.first()) {
            rejected::comes_again(&first.event_id, error);
            answer = again_from(first);
        }
        self.adopt(&after.named).await;
        if after.wake
            && let Err(error) = self.env.wake_up().wake_delivery().await
        {
            // Maintenance comes by within a minute.
            tracing::warn!(error = %beckon_runtime::problem::chain(&error), "the delivery worker was not woken");
        }
        // After mail, since a source that is asked whose a device is may take its time.
        self.carry(&after.messages).await;
        // Last, since pages and mails do not wait for numbers.
        if noted.is_ok_and(|noted| noted.is_some_and(is_due)) {
            self.count().await;
        }
        answer
    }

    async fn one(&self, record: &StreamRecord, after: &mut After) -> Result<(), Unavailable> {
        match StreamReader::Expand.read(record) {
            Ok(RowChange::MailWaits) => {
                after.wake = true;
                Ok(())
            }
            Ok(RowChange::CursorMoved(batch)) => {
                let page = ExpandPage { env: &self.env }.run(batch).await?;
                tracing::debug!(%batch, ?page, "a page of a batch was expanded");
                Ok(())
            }
            Ok(RowChange::JobMoved(job)) => {
                let turn = CarryOutJob { env: &self.env }.run(job).await?;
                tracing::debug!(%job, ?turn, "a job had a turn");
                Ok(())
            }
            Ok(RowChange::DeviceEventWaits(event)) => {
                after.messages.push(event);
                Ok(())
            }
            Ok(RowChange::NameTaken(name)) => {
                after.named.push(name);
                Ok(())
            }
            Ok(RowChange::SetAside(key)) => self.tell(&key).await,
            Ok(RowChange::HistoryWritten(_) | RowChange::Counts | RowChange::Other) => Ok(()),
            Err(reason) => {
                let dead_letters = self.env.dead_letters();
                rejected::reject(dead_letters, &record.event_id, record, &reason).await
            }
        }
    }

    /// Notes what counts differently, if anything does.
    async fn note(&self, event: &StreamEvent) -> Result<Option<Noted>, Unavailable> {
        let changed: BTreeSet<Uncounted> = event.records.iter().flat_map(uncounted).collect();
        if changed.is_empty() {
            return Ok(None);
        }
        NoteChanges { env: &self.env }.run(&changed).await.map(Some)
    }

    /// Counts what is noted. That it fails keeps nobody from anything: what is noted stays, and
    /// maintenance counts it.
    async fn count(&self) {
        match (CountChanges { env: &self.env }).run().await {
            Ok(Counted::Looked(looked_at)) => {
                tracing::debug!(changes = looked_at, "changes were counted");
            }
            Ok(Counted::Nothing | Counted::Overtaken) => {}
            Err(error) => {
                tracing::warn!(error = %beckon_runtime::problem::chain(&error), "what changed could not be counted; it is counted later");
            }
        }
    }

    /// Carries messages of device managements on, for as long as there is time. What cannot be done now, maintenance does:
    /// nothing behind it in the stream waits.
    async fn carry(&self, messages: &[EventId]) {
        let clock = self.env.clock();
        let began = clock.now();
        for (done, message) in messages.iter().enumerate() {
            if clock.now().duration_since(began) >= MESSAGES_TAKE {
                let left = messages.len() - done;
                tracing::warn!(
                    left,
                    "messages of device managements are left to maintenance"
                );
                return;
            }
            self.carry_one(*message).await;
        }
    }

    async fn carry_one(&self, event: EventId) {
        match (CarryDeviceEvent { env: &self.env }).run(event).await {
            Ok(CarriedEvent::Failed) => metrics::record(&[(Metric::FailedDeviceEvents, 1)]),
            Ok(CarriedEvent::Settled | CarriedEvent::Nothing) => {}
            Ok(CarriedEvent::Waits) => tracing::warn!(
                %event,
                "whose a device is could not be looked up at its source, and is again later"
            ),
            Err(error) => tracing::warn!(
                %event,
                error = %beckon_runtime::problem::chain(&error),
                "a message of a device management is carried on later"
            ),
        }
    }

    /// Gives people who are new the devices that name them. One that is missed stands in the list of those that
    /// belong to nobody.
    async fn adopt(&self, named: &[Identifier]) {
        match (AssignDevice { env: &self.env }).adopt(named).await {
            Ok(0) => {}
            Ok(devices) => tracing::info!(devices, "devices found the people whom they name"),
            Err(error) => tracing::warn!(
                error = %beckon_runtime::problem::chain(&error),
                "whether new people have devices is not known"
            ),
        }
    }

    async fn tell(&self, key: &RowKey) -> Result<(), Unavailable> {
        let telling = TellOfUnreadable { env: &self.env };
        if let Some(aside) = telling.run(key).await? {
            tracing::error!(
                row = aside.row.row,
                reason = aside.row.reason,
                "a row that this version cannot read was put on the dead-letter queue"
            );
            metrics::record(&[(Metric::UnreadableRows, 1), (Metric::Failures, 1)]);
        }
        Ok(())
    }
}
