//! Rows that cannot be read: a test or a simulation spoils them by their keys, and whoever reads one
//! sets it aside, as in the table.

use std::collections::BTreeMap;

use beckon_domain::model::counting::Uncounted;
use beckon_domain::model::history::HistoryEntry;
use beckon_domain::model::stored::{RowKey, SetAside, Unreadable};
use beckon_domain::model::template::TemplateName;
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::reads::Loaded;
use beckon_domain::rules::counting::{touched_by_mail, touched_by_user};
use beckon_domain::values::ids::{
    BatchId, DeviceId, EventId, GroupId, JobId, MailId, UserId, Version,
};
use beckon_domain::values::session_ids::SessionDigest;
use beckon_domain::values::source_name::SourceName;
use jiff::Timestamp;

use super::rows::Rows;
use super::{Call, MemoryStore};

/// Why spoilt rows cannot be read.
pub const SPOILT: &str = "it was spoilt";

/// What is known of a row that cannot be read.
#[derive(Debug, Clone, Default)]
pub(super) struct Spoilt {
    /// Since when it is set aside, if it is, and why.
    pub(super) aside: Option<(Timestamp, String)>,
    pub(super) reported: bool,
    /// It can be read, and waits for one that cannot.
    pub(super) readable: bool,
}

/// Keys, as the table spells them.
pub mod keys {
    use super::{
        BatchId, DeviceId, EventId, GroupId, HistoryEntry, JobId, MailId, RowKey, SessionDigest,
        SourceName, TemplateName, UserId, Version,
    };

    fn key(pk: String, sk: impl Into<String>) -> RowKey {
        let sk = sk.into();
        RowKey { pk, sk }
    }

    /// A user.
    pub fn user(id: UserId) -> RowKey {
        key(format!("user#{id}"), "user")
    }

    /// A device of theirs.
    pub fn device(user: UserId, id: &DeviceId) -> RowKey {
        key(format!("user#{user}"), format!("device#{}", id.as_str()))
    }

    /// What happened to them.
    pub fn history(row: &HistoryEntry) -> RowKey {
        key(format!("user#{}", row.user), format!("event#{}", row.id))
    }

    /// A group of the directory.
    pub fn group(id: GroupId) -> RowKey {
        key(format!("group#{id}"), "group")
    }

    /// A mail.
    pub fn mail(id: MailId) -> RowKey {
        key(format!("mail#{id}"), "mail")
    }

    /// A batch.
    pub fn batch(id: BatchId) -> RowKey {
        key(format!("batch#{id}"), "batch")
    }

    /// How far it is expanded.
    pub fn cursor(id: BatchId) -> RowKey {
        key(format!("batch#{id}"), "cursor")
    }

    /// Users named for it.
    pub fn named(id: BatchId, page: u32) -> RowKey {
        key(format!("batch#{id}"), format!("ids#{page:08}"))
    }

    /// A page of it.
    pub fn page(id: BatchId, page: u32) -> RowKey {
        key(format!("batch#{id}"), format!("page#{page:08}"))
    }

    /// A job.
    pub fn job(id: JobId) -> RowKey {
        key(format!("job#{id}"), "job")
    }

    /// How far it is carried out.
    pub fn job_cursor(id: JobId) -> RowKey {
        key(format!("job#{id}"), "cursor")
    }

    /// Users whom it is for.
    pub fn job_users(id: JobId, row: u32) -> RowKey {
        key(format!("job#{id}"), format!("ids#{row:08}"))
    }

    /// The first piece of its file.
    pub fn job_file(id: JobId) -> RowKey {
        key(format!("job#{id}"), format!("file#{:08}", 0))
    }

    /// A page of its outcomes.
    pub fn job_page(id: JobId, page: u32) -> RowKey {
        key(format!("job#{id}"), format!("page#{page:08}"))
    }

    /// A registration session.
    pub fn session(digest: &SessionDigest) -> RowKey {
        key(format!("session#{}", digest.as_str()), "session")
    }

    /// A message of a device management.
    pub fn device_event(id: EventId) -> RowKey {
        key(format!("deviceEvent#{id}"), "deviceEvent")
    }

    /// What sources told of a device.
    pub fn reported_device(id: &DeviceId) -> RowKey {
        key(format!("reported#{}", id.as_str()), "reported")
    }

    /// How far the asking of a source is.
    pub fn source_poll(source: &SourceName) -> RowKey {
        key(format!("sourcePoll#{source}"), "sourcePoll")
    }

    /// The settings.
    pub fn settings() -> RowKey {
        key("settings".to_owned(), "current")
    }

    /// One of their versions.
    pub fn settings_version(version: Version) -> RowKey {
        key(
            "settings".to_owned(),
            format!("version#{:010}", version.get()),
        )
    }

    /// An own wording.
    pub fn template(name: &TemplateName) -> RowKey {
        key(
            "template".to_owned(),
            format!("{}#{}", name.kind.name(), name.locale),
        )
    }

    /// A remembered answer.
    pub fn answer(digest: &str) -> RowKey {
        key(format!("answer#{digest}"), "answer")
    }

    /// Delivery's pause.
    pub fn pause() -> RowKey {
        key("postman".to_owned(), "pause")
    }
}

pub(super) type SpoiltRows = BTreeMap<RowKey, Spoilt>;

impl Rows {
    /// Why a row cannot be read, if it cannot.
    pub(super) fn why_unreadable(&self, key: &RowKey) -> Option<Unreadable> {
        let row = self.spoilt.get(key)?;
        (!row.readable).then(|| Unreadable {
            row: format!("{} {}", key.pk, key.sk),
            reason: SPOILT.to_owned(),
        })
    }

    /// Whether any row cannot be read or is set aside: mostly none is, and no key need be spelled.
    pub(super) fn any_is_spoilt(&self) -> bool {
        !self.spoilt.is_empty()
    }

    /// Whether a row is out of the index of what is due.
    pub(super) fn is_aside(&self, key: &RowKey) -> bool {
        self.spoilt.get(key).is_some_and(|row| row.aside.is_some())
    }

    pub(super) fn put_aside(&mut self, key: &RowKey, reason: &str, readable: bool) {
        let row = self.spoilt.entry(key.clone()).or_insert_with(|| Spoilt {
            readable,
            ..Spoilt::default()
        });
        if row.aside.is_none() {
            row.aside = Some((Timestamp::UNIX_EPOCH, reason.to_owned()));
            self.asides.push(key.clone());
        }
    }

    /// Sets a row aside that can be read, because it needs another that cannot.
    pub(super) fn put_by(&mut self, key: &RowKey, because: &Unreadable) {
        let reason = format!("it needs the row {}: {}", because.row, because.reason);
        self.put_aside(key, &reason, true);
    }

    pub(super) fn aside_of(&self, key: &RowKey) -> Option<SetAside> {
        let row = self.spoilt.get(key)?;
        let (at, reason) = row.aside.clone()?;
        Some(SetAside {
            key: key.clone(),
            row: Unreadable {
                row: format!("{} {}", key.pk, key.sk),
                reason,
            },
            at,
            reported: row.reported,
        })
    }
}

/// A row that was asked for, unless it cannot be read.
pub(super) fn one<T>(rows: &Rows, key: &RowKey, value: Option<T>) -> Result<Option<T>, RowKey> {
    match value {
        Some(_) if rows.why_unreadable(key).is_some() => Err(key.clone()),
        value => Ok(value),
    }
}

impl MemoryStore {
    /// Makes a row one that cannot be read.
    pub fn spoil(&self, key: &RowKey) {
        // Whether it is set aside is another matter.
        self.lock()
            .change(|rows| rows.spoilt.entry(key.clone()).or_default().readable = false);
    }

    /// Makes it readable again, as somebody who repairs it does.
    pub fn mend(&self, key: &RowKey) {
        self.lock().change(|rows| {
            if let Some(row) = rows.spoilt.get_mut(key) {
                row.readable = true;
            }
            // It is written anew when it is released.
            let id = key.pk.split_once('#').map_or("", |(_, id)| id);
            let user = id.parse().ok().and_then(|id| rows.users.get(&id));
            let mail = id.parse().ok().and_then(|id| rows.mails.get(&id));
            let user = user.into_iter().flat_map(touched_by_user);
            let mail = mail
                .into_iter()
                .flat_map(|mail| touched_by_mail(&mail.into()));
            let changed: Vec<Uncounted> = match key.sk.as_str() {
                "user" => user.collect(),
                "mail" => mail.collect(),
                _ => Vec::new(),
            };
            rows.changed.extend(changed);
        });
    }

    /// The rows that were set aside since this was asked last, as the stream tells of them.
    pub fn newly_aside(&self) -> Vec<RowKey> {
        std::mem::take(&mut self.lock().rows.asides)
    }

    /// Every row can be read again, and none is set aside.
    pub fn forget_spoilt(&self) {
        self.lock().change(|rows| rows.spoilt.clear());
    }

    /// Whether a row cannot be read.
    pub fn is_spoilt(&self, key: &RowKey) -> bool {
        self.lock().rows.why_unreadable(key).is_some()
    }

    /// Sets aside what could not be read.
    pub(super) fn met(&self, key: &RowKey) -> Unreadable {
        self.lock().change(|rows| {
            rows.put_aside(key, SPOILT, false);
            rows.why_unreadable(key).unwrap_or(Unreadable {
                row: format!("{} {}", key.pk, key.sk),
                reason: SPOILT.to_owned(),
            })
        })
    }

    /// The answer of a read of several rows: those that can be read, and of each other why not.
    pub(super) async fn several<T: Send, K: Copy + Send>(
        &self,
        call: Call,
        wanted: impl FnOnce(&Rows) -> Vec<T> + Send,
        id_of: fn(&T) -> K,
        key_of: fn(K) -> RowKey,
    ) -> Result<Loaded<T, K>, Unavailable> {
        let read = self.read(call, |rows| {
            let is_unreadable = |one: &T| {
                rows.any_is_spoilt() && rows.why_unreadable(&key_of(id_of(one))).is_some()
            };
            wanted(rows).into_iter().partition(is_unreadable)
        });
        let (unreadable, found): (Vec<T>, Vec<T>) = read.await?;
        let unreadable = unreadable.iter().map(id_of);
        Ok(Loaded {
            found,
            unreadable: unreadable.map(|id| (id, self.met(&key_of(id)))).collect(),
        })
    }

    /// The answer of a read of one row.
    pub(super) fn one_row<T>(
        &self,
        read: Result<Result<Option<T>, RowKey>, Unavailable>,
    ) -> Result<Option<T>, Unavailable> {
        read?.map_err(|key| self.met(&key).into())
    }
}
