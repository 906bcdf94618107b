//! The one place that turns items into values, or says why it cannot; and that sets aside what it
//! cannot.
//!
//! A row that cannot be read is marked in one conditional write that touches nothing but the mark and
//! the index `due`: there it moves from what is due to what is set aside. All else stays as it is, for
//! whoever can read it. Its own stream record then has `expand` tell of it; so the write that marks
//! it decides who tells, and no crash can lose or repeat that.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use beckon_domain::model::batch::{Batch, Cursor, Page};
use beckon_domain::model::delivery::Pause;
use beckon_domain::model::device_event::{DeviceEvent, LatestEvent};
use beckon_domain::model::directory::DirectoryNews;
use beckon_domain::model::group::Group;
use beckon_domain::model::history::HistoryEntry;
use beckon_domain::model::idempotency::IdempotencyRecord;
use beckon_domain::model::job::{Job, JobCursor, JobPage};
use beckon_domain::model::mail::Mail;
use beckon_domain::model::polling::SourcePoll;
use beckon_domain::model::registration::Registration;
use beckon_domain::model::reported_device::ReportedDevice;
use beckon_domain::model::session::Session;
use beckon_domain::model::stored::{Carried, RowKey, Unreadable};
use beckon_domain::model::template::Template;
use beckon_domain::model::user::User;
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::reads::{Loaded, Readable};
use jiff::Timestamp;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};

use super::carrying::beyond;
use super::keys::{self, Key};
use super::rows::Item;
use super::{Table, number, text};

/// The schema that this version writes, and the highest that it reads. It is raised when rows are
/// written that the version before would misunderstand; not for a new optional attribute.
pub(super) const SCHEMA: u32 = 1;

/// A value that has rows of its own.
pub(super) trait Row: Serialize + DeserializeOwned + Send {
    /// Where it carries what a later version wrote; `None` if its row is never written twice.
    fn carried(&mut self) -> Option<&mut Carried> {
        None
    }

    /// The value of an item, or why there is none. Each kind says it itself, with [`decoded`], and so is decoded by
    /// code that is compiled here, and not again in each function.
    fn from_row(item: &Item) -> Result<Self, String>;
}

macro_rules! rows {
    (carrying: $($kind:ty),+) => {
        $(impl Row for $kind {
            fn carried(&mut self) -> Option<&mut Carried> {
                Some(&mut self.carried)
            }

            #[inline(never)]
            fn from_row(item: &Item) -> Result<Self, String> {
                $crate::table::reading::decoded(item)
            }
        })+
    };
    ($($kind:ty),+) => {
        $(impl Row for $kind {
            #[inline(never)]
            fn from_row(item: &Item) -> Result<Self, String> {
                $crate::table::reading::decoded(item)
            }
        })+
    };
}
pub(super) use rows;

rows!(carrying: User, Group, Mail, Batch, Cursor, Job, JobCursor, Registration, Session, Template, DeviceEvent, ReportedDevice, SourcePoll);
rows!(
    DirectoryNews,
    HistoryEntry,
    JobPage,
    LatestEvent,
    Page,
    Pause,
    IdempotencyRecord
);

/// A value, or where in it the trouble is.
struct Placed<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Placed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde_path_to_error::deserialize(deserializer)
            .map(Self)
            .map_err(|error| match error.path().to_string() {
                nowhere if nowhere == "." => error.into_inner(),
                place => D::Error::custom(format!("{place}: {}", error.into_inner())),
            })
    }
}

/// What every kind's [`Row::from_row`] is.
pub(super) fn decoded<T: Row>(item: &Item) -> Result<T, String> {
    check_schema(item)?;
    let Placed(mut value) = serde_dynamo::from_item::<_, Placed<T>>(item.clone())
        .map_err(|error| without_contents(&error.to_string()))?;
    let own: Item = serde_dynamo::to_item(&value).map_err(|error| error.to_string())?;
    if let Some(carried) = value.carried() {
        *carried = beyond(item, &own);
    }
    Ok(value)
}

/// Whether this version may read and write a row. Rows of 0.1 say nothing of it.
pub(super) fn check_schema(item: &Item) -> Result<(), String> {
    let told = match item.get(keys::SCHEMA) {
        None => return Ok(()),
        Some(AttributeValue::N(number)) => number.parse::<u64>().ok(),
        Some(_) => None,
    };
    match told {
        Some(schema) if schema <= u64::from(SCHEMA) => Ok(()),
        Some(schema) => Err(format!(
            "it was written by a later version of Beckon, in schema {schema}; this version knows schema {SCHEMA}"
        )),
        None => Err("its schema is not a number".to_owned()),
    }
}

/// What a parser says, without what it quotes: that may be somebody's address. Names of attributes and
/// variants stand between backticks.
fn without_contents(message: &str) -> String {
    let mut kept = String::new();
    let mut within: Option<(char, String)> = None;
    for letter in message.chars() {
        match &mut within {
            Some((mark, quoted)) if letter == *mark => {
                let is_name = *mark == '`'
                    && quoted.len() <= 40
                    && quoted
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
                kept.push_str(if is_name { quoted } else { "…" });
                kept.push(letter);
                within = None;
            }
            Some((_, quoted)) => quoted.push(letter),
            None => {
                kept.push(letter);
                if matches!(letter, '"' | '`') {
                    within = Some((letter, String::new()));
                }
            }
        }
    }
    if within.is_some() {
        kept.push('…');
    }
    kept
}

/// The key of an item.
pub(super) fn key_of(item: &Item) -> RowKey {
    let part = |name: &str| match item.get(name) {
        Some(AttributeValue::S(text)) => text.clone(),
        _ => String::new(),
    };
    RowKey {
        pk: part(keys::PK),
        sk: part(keys::SK),
    }
}

/// An item's key with the reason, as they may stand in a log.
pub(super) fn unreadable(key: &RowKey, reason: impl Into<String>) -> Unreadable {
    Unreadable {
        row: keys::shown(key),
        reason: reason.into(),
    }
}

impl Table {
    /// The value of the row that was asked for; an error that names it if it cannot be read.
    pub(super) async fn one<T: Row>(&self, item: Option<Item>) -> Result<Option<T>, Unavailable> {
        let Some(item) = item else { return Ok(None) };
        match T::from_row(&item) {
            Ok(value) => Ok(Some(value)),
            Err(reason) => Err(self.put_aside(&item, reason).await.into()),
        }
    }

    /// The values of many rows; those that cannot be read say nothing of the others.
    pub(super) async fn sort_out<T: Row>(&self, items: Vec<Item>) -> Readable<T> {
        let mut sorted = Readable {
            items: Vec::with_capacity(items.len()),
            unreadable: 0,
        };
        for item in items {
            match T::from_row(&item) {
                Ok(value) => sorted.items.push(value),
                Err(reason) => {
                    sorted.unreadable += 1;
                    self.put_aside(&item, reason).await;
                }
            }
        }
        sorted
    }

    /// The values of rows that were asked for by ids, which their keys hold.
    pub(super) async fn load<T: Row, I: std::str::FromStr + Send>(
        &self,
        wanted: Vec<Key>,
    ) -> Result<Loaded<T, I>, Unavailable> {
        let mut loaded = Loaded {
            found: Vec::with_capacity(wanted.len()),
            unreadable: Vec::new(),
        };
        for item in self.get_many(wanted).await? {
            match T::from_row(&item) {
                Ok(value) => loaded.found.push(value),
                Err(reason) => {
                    let row = self.put_aside(&item, reason).await;
                    if let Ok(id) = keys::id_in(&key_of(&item).pk).parse() {
                        loaded.unreadable.push((id, row));
                    }
                }
            }
        }
        Ok(loaded)
    }

    /// Sets a row aside, unless it is already. That this fails keeps nobody from anything else: the
    /// next reader tries again.
    pub(super) async fn put_aside(&self, item: &Item, reason: String) -> Unreadable {
        let key = key_of(item);
        let row = unreadable(&key, reason);
        if item.contains_key(keys::SET_ASIDE) {
            return row;
        }
        let due = (item.get(keys::DUE_PK), item.get(keys::DUE_SK));
        self.mark(&key, &row, due, item.get("version")).await;
        row
    }

    /// Writes the mark. `version` is that of the row that could not be read: what somebody wrote
    /// since may be in order.
    pub(super) async fn mark(
        &self,
        key: &RowKey,
        row: &Unreadable,
        due: (Option<&AttributeValue>, Option<&AttributeValue>),
        version: Option<&AttributeValue>,
    ) {
        let now = Timestamp::now();
        let mut mark = HashMap::from([
            ("at".to_owned(), text(keys::moment(now))),
            ("reason".to_owned(), text(&*row.reason)),
        ]);
        if let (Some(pk), Some(sk)) = due {
            mark.insert(keys::DUE_PK.to_owned(), pk.clone());
            mark.insert(keys::DUE_SK.to_owned(), sk.clone());
        }
        let as_read = version.map_or("", |_| " AND #version = :version");
        let update = self
            .update(Key::from(key.clone()))
            .condition_expression(format!(
                "attribute_exists(pk) AND attribute_not_exists(setAside){as_read}"
            ))
            .update_expression("SET setAside = :mark, duePk = :aside, dueSk = :since")
            .set_expression_attribute_names(
                version.map(|_| HashMap::from([("#version".to_owned(), "version".to_owned())])),
            )
            .expression_attribute_values(":mark", AttributeValue::M(mark))
            .expression_attribute_values(":aside", text(keys::aside_partition(&key.pk)))
            .expression_attribute_values(":since", text(keys::moment(now)));
        let update = match version {
            Some(version) => update.expression_attribute_values(":version", version.clone()),
            None => update,
        };
        match self.updated(update).await {
            Ok(Some(_)) => tracing::error!(
                row = row.row,
                reason = row.reason,
                "a row that this version cannot read was set aside"
            ),
            // Somebody else set it aside, or wrote it anew.
            Ok(None) => {}
            Err(error) => tracing::error!(
                row = row.row,
                reason = row.reason,
                error = %error.source,
                "a row that this version cannot read could not be set aside"
            ),
        }
    }
}

/// The condition under which a row may be written over: this version knows its schema.
pub(super) const KNOWN_SCHEMA: &str = "(attribute_not_exists(#schema) OR #schema <= :schema)";

/// The highest schema that may be written over, as a value of an expression.
pub(super) fn known_schema() -> AttributeValue {
    number(SCHEMA)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_quotes_nothing_that_the_row_holds() {
        let told = [
            (
                r#"groups: invalid type: string "ada@example.com", expected a sequence"#,
                r#"groups: invalid type: string "…", expected a sequence"#,
            ),
            (
                "kind: unknown variant `weeklyDigest`, expected one of `invitation`, `reminder`",
                "kind: unknown variant `weeklyDigest`, expected one of `invitation`, `reminder`",
            ),
            (
                "state: unknown variant `ada@example.com`, expected `pending`",
                "state: unknown variant `…`, expected `pending`",
            ),
            ("missing field `email`", "missing field `email`"),
            (r#"at: failed to parse "ada"#, r#"at: failed to parse "…"#),
        ];

        for (message, expected) in told {
            assert_eq!(without_contents(message), expected);
        }
    }
}
