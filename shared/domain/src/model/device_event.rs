//! A message of a device management as it came: kept unchanged until it was carried on, and some time after, so
//! that it can be read again by another mapping.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::model::stored::Carried;
use crate::values::ids::{DeviceId, EventId, Version};
use crate::values::source_name::SourceName;

/// The most bytes of a body.
pub const MAX_BODY_BYTES: usize = 256 * 1024;

/// How long a body is kept after it was settled, in days.
pub const SETTLED_KEPT_DAYS: i64 = 30;

/// How long a body is kept that could not be carried on, in days: until then the mapping can be corrected.
pub const FAILED_KEPT_DAYS: i64 = 90;

/// How long the stream has to carry an event on before maintenance does.
pub const STREAM_HAS: SignedDuration = SignedDuration::from_secs(30);

/// How far an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DeviceEventState {
    /// It is to be carried on.
    Waiting,
    /// It was.
    Settled,
    /// It cannot be carried on as it is; why stands beside it.
    Failed,
}

impl DeviceEventState {
    /// Its name in a row.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Settled => "settled",
            Self::Failed => "failed",
        }
    }
}

/// A message of a device management.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceEvent {
    /// Which.
    pub id: EventId,
    /// From which source.
    pub source: SourceName,
    /// When it came.
    pub received_at: Timestamp,
    /// What came, unchanged.
    #[serde(with = "bytes")]
    pub body: Vec<u8>,
    /// How far it is.
    pub state: DeviceEventState,
    /// What became of it, or why nothing can. It holds nothing of the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// The stable name of why nothing can, of one that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Of which device it told, as far as it was understood: what is known of a person goes by this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceId>,
    /// When maintenance looks at it, while it waits; when it was settled, or failed, otherwise.
    pub due_at: Timestamp,
    /// How often the row was written.
    pub version: Version,
    /// What a later version wrote into the row.
    #[serde(skip)]
    pub carried: Carried,
}

/// The latest message of a source of which is known what became of it. It holds nothing of its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LatestEvent {
    /// Which. Ids follow one another as messages came.
    pub id: EventId,
    /// From which source.
    pub source: SourceName,
    /// When it came.
    pub received_at: Timestamp,
    /// How far it is: settled, or failed.
    pub state: DeviceEventState,
    /// What became of it, or why nothing can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// The stable name of why nothing can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

impl LatestEvent {
    /// What is kept of a message as its source's latest; nothing while it waits.
    #[must_use]
    pub fn of(event: &DeviceEvent) -> Option<Self> {
        match event.state {
            DeviceEventState::Waiting => None,
            DeviceEventState::Settled | DeviceEventState::Failed => Some(Self {
                id: event.id,
                source: event.source.clone(),
                received_at: event.received_at,
                state: event.state,
                outcome: event.outcome.clone(),
                failure: event.failure.clone(),
            }),
        }
    }
}

/// The body holds addresses and names.
impl std::fmt::Debug for DeviceEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeviceEvent")
            .field("id", &self.id)
            .field("source", &self.source)
            .field("state", &self.state)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl DeviceEvent {
    /// An event that has just come.
    #[must_use]
    pub fn received(id: EventId, source: SourceName, body: Vec<u8>, now: Timestamp) -> Self {
        Self {
            id,
            source,
            received_at: now,
            body,
            state: DeviceEventState::Waiting,
            outcome: None,
            failure: None,
            device: None,
            due_at: now.saturating_add(STREAM_HAS).unwrap_or(now),
            version: Version::FIRST,
            carried: Carried::default(),
        }
    }

    /// The same when it is in this state, as its next version.
    #[must_use]
    pub fn in_state(
        self,
        state: DeviceEventState,
        outcome: Option<String>,
        now: Timestamp,
    ) -> Self {
        Self {
            state,
            outcome,
            failure: None,
            due_at: now,
            version: self.version.next(),
            ..self
        }
    }
}

/// Bytes as a store keeps bytes, and not as a list of numbers.
mod bytes {
    use std::fmt;

    use serde::de::{Error, SeqAccess, Visitor};
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u8>, D::Error> {
        deserializer.deserialize_byte_buf(Bytes)
    }

    struct Bytes;

    impl<'de> Visitor<'de> for Bytes {
        type Value = Vec<u8>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("bytes")
        }

        fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
            Ok(bytes.to_vec())
        }

        fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
            Ok(bytes)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<u8>, A::Error> {
            let mut bytes = Vec::new();
            while let Some(byte) = list.next_element()? {
                bytes.push(byte);
            }
            Ok(bytes)
        }
    }
}
