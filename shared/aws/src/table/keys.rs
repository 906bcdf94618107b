//! Keys: which partition a row lives in, and where the two indexes find it. The only place that
//! knows how a key is spelled.
//!
//! | row | pk | sk |
//! | --- | --- | --- |
//! | user | `user#id` | `user` |
//! | what is left of a deleted user | `user#id` | `tombstone` |
//! | a user's device, a row of their history | `user#id` | `device#id`, `event#id` |
//! | whose address, external id or user name it is | `address#…`, `external#…`, `userName#…` | the same |
//! | group of the directory, a member of it | `group#id` | `group`, `member#user` |
//! | which group has a name, an external id | `groupName#…`, `groupExternal#…` | the same |
//! | what is known of the directory's requests | `directory` | `news` |
//! | mail | `mail#id` | `mail` |
//! | batch, its cursor, named users, pages, mails that came back | `batch#id` | `batch`, `cursor`, `ids#n`, `page#n`, `bounce#id` |
//! | job, its cursor, its users, its file, its outcomes | `job#id` | `job`, `cursor`, `ids#n`, `file#n`, `page#n` |
//! | what of a batch is counted, and its sums | `batch#id` | `sheet#n`, `counts` |
//! | the same of small batches, which share it | `sheets#n` | `sheet#n` |
//! | sums over everything and over groups | `counts` | `everything`, `group#…` |
//! | where counting stands, what is uncounted | `counting` | `ledger`, `uncounted#generation#n` |
//! | registration session | `session#digest` | `session` |
//! | message of a device management | `deviceEvent#id` | `deviceEvent` |
//! | the latest message of a source | `source#name` | `latest` |
//! | what sources told of a device | `reported#source:id` | `reported` |
//! | which messages told of it | `reported#source:id` | `message#id` |
//! | whose a device may be that belongs to nobody | `unassigned#address#…`, `unassigned#external#…`, `unassigned#userName#…` | `device#source:id` |
//! | how far the asking of a source is | `sourcePoll#name` | `sourcePoll` |
//! | settings, one of their versions | `settings` | `current`, `version#n` |
//! | own wording | `template` | `kind#locale` |
//! | remembered answer | `answer#digest` | `answer` |
//! | wrong tries of a source | `tally#…` | `tally` |
//! | the delivery worker's lease, delivery's pause, its pace | `postman` | `lease`, `pause`, `pace` |
//!
//! Every row may be set aside: it then stands in the index `due` under `aside#n` ([`super::reading`]).
//!
//! Index keys are spread over sixteen partitions, so that none takes more than a sixteenth of
//! the writes.

use beckon_domain::model::change::Identifier;
use beckon_domain::model::counting::{Scope, SheetKey};
use beckon_domain::model::group::GroupIdentifier;
use beckon_domain::model::mail::MailClass;
use beckon_domain::model::stored::{RowKey, digest_of};
use beckon_domain::model::template::TemplateName;
use beckon_domain::values::address::{EmailAddress, NormalisedAddress};
use beckon_domain::values::ids::{
    BatchId, DeviceId, EventId, ExternalId, GroupId, JobId, MailId, UserId, Version,
};
use beckon_domain::values::session_ids::SessionDigest;
use beckon_domain::values::source_name::SourceName;
use beckon_domain::values::user_name::{UserName, UserNameKey};
use jiff::Timestamp;

use super::rows::Item;
use super::text;

/// The table's own key attributes.
pub(super) const PK: &str = "pk";
pub(super) const SK: &str = "sk";
/// The index of what is due.
pub(super) const DUE: &str = "due";
pub(super) const DUE_PK: &str = "duePk";
pub(super) const DUE_SK: &str = "dueSk";
/// The index of what is listed.
pub(super) const LIST: &str = "list";
pub(super) const LIST_PK: &str = "listPk";
pub(super) const LIST_SK: &str = "listSk";
/// Until when an invitation is open, as a text that orders as times do.
pub(super) const OPEN_UNTIL: &str = "openUntil";
/// When DynamoDB may take a row away, in epoch seconds.
pub(super) const TTL: &str = "ttl";

/// Which schema a row was written in; rows of 0.1 lack it, and count as schema 1.
pub(super) const SCHEMA: &str = "schema";
/// Since when and why a row is set aside, and where in the index of what is due it was.
pub(super) const SET_ASIDE: &str = "setAside";
/// In that: when somebody was told.
pub(super) const REPORTED_AT: &str = "reportedAt";

/// How many partitions an index is spread over.
pub(super) const SHARDS: u8 = 16;

/// The key of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pk: String,
    sk: String,
}

impl Key {
    fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self {
            pk: pk.into(),
            sk: sk.into(),
        }
    }

    /// Both parts.
    pub(super) fn parts(&self) -> (String, String) {
        (self.pk.clone(), self.sk.clone())
    }

    /// As the key of a request, or the beginning of a row.
    pub(super) fn into_item(self) -> Item {
        Item::from([
            (PK.to_owned(), text(self.pk)),
            (SK.to_owned(), text(self.sk)),
        ])
    }
}

impl From<RowKey> for Key {
    fn from(key: RowKey) -> Self {
        Self::new(key.pk, key.sk)
    }
}

/// A key as it may stand in a log: an address, an external id, a user name and a source of tries only as a digest.
pub(super) fn shown(key: &RowKey) -> String {
    let RowKey { pk, sk } = key;
    match pk.split_once('#') {
        Some((
            kind @ ("address" | "external" | "userName" | "groupName" | "groupExternal" | "tally"
            | "unassigned"),
            name,
        )) => {
            format!("{kind}#(digest {}) {sk}", digest_of(name))
        }
        _ => format!("{pk} {sk}"),
    }
}

pub(super) const USER: &str = "user";

pub(super) fn user(id: UserId) -> Key {
    Key::new(user_partition(id), USER)
}

pub(super) fn user_partition(id: UserId) -> String {
    format!("user#{id}")
}

pub(super) const TOMBSTONE: &str = "tombstone";

pub(super) fn tombstone(id: UserId) -> Key {
    Key::new(user_partition(id), TOMBSTONE)
}

pub(super) const DEVICES: &str = "device#";

pub(super) fn device(user: UserId, device: &DeviceId) -> Key {
    Key::new(
        user_partition(user),
        format!("{DEVICES}{}", device.as_str()),
    )
}

pub(super) const EVENTS: &str = "event#";

pub(super) fn event(user: UserId, id: EventId) -> Key {
    Key::new(user_partition(user), format!("{EVENTS}{id}"))
}

/// The name that a row keeps for its user, if it is such a row.
pub(super) fn name_in(key: &RowKey) -> Option<Identifier> {
    let name = id_in(&key.pk);
    match key.sk.as_str() {
        "address" => {
            let address = EmailAddress::parse(name).ok();
            address.map(|address| Identifier::Address(address.normalised()))
        }
        "external" => ExternalId::parse(name).ok().map(Identifier::External),
        "userName" => UserName::parse(name)
            .ok()
            .map(|name| Identifier::UserName(name.key())),
        _ => None,
    }
}

/// The row of a group of the directory, in its partition.
const GROUP: &str = "group";

pub(super) fn group(id: GroupId) -> Key {
    Key::new(group_partition(id), GROUP)
}

pub(super) fn group_partition(id: GroupId) -> String {
    format!("group#{id}")
}

pub(super) fn group_named(by: &GroupIdentifier) -> Key {
    match by {
        GroupIdentifier::Name(name) => {
            Key::new(format!("groupName#{}", name.comparison_key()), "groupName")
        }
        GroupIdentifier::External(id) => {
            Key::new(format!("groupExternal#{}", id.as_str()), "groupExternal")
        }
    }
}

pub(super) const MEMBERS: &str = "member#";

pub(super) fn member(group: GroupId, user: UserId) -> Key {
    Key::new(group_partition(group), format!("{MEMBERS}{user}"))
}

pub(super) fn directory_news() -> Key {
    Key::new("directory", "news")
}

pub(super) const DEVICE_EVENT: &str = "deviceEvent";

pub(super) fn device_event(id: EventId) -> Key {
    Key::new(format!("deviceEvent#{id}"), DEVICE_EVENT)
}

pub(super) fn source_poll(source: &SourceName) -> Key {
    Key::new(format!("sourcePoll#{source}"), "sourcePoll")
}

pub(super) fn latest_of(source: &SourceName) -> Key {
    Key::new(format!("source#{source}"), "latest")
}

pub(super) fn reported(id: &DeviceId) -> Key {
    Key::new(format!("reported#{}", id.as_str()), "reported")
}

/// What the rows begin with that say which messages told of a device, below what is known of it.
pub(super) const MESSAGES: &str = "message#";

pub(super) fn message_of(device: &DeviceId, event: EventId) -> Key {
    Key::new(
        format!("reported#{}", device.as_str()),
        format!("{MESSAGES}{event}"),
    )
}

/// The rows of devices that belong to nobody and name somebody so.
pub(super) fn unassigned_partition(name: &Identifier) -> String {
    match name {
        Identifier::Address(address) => format!("unassigned#address#{}", address.as_str()),
        Identifier::External(id) => format!("unassigned#external#{}", id.as_str()),
        Identifier::UserName(name) => format!("unassigned#userName#{}", name.as_str()),
    }
}

pub(super) fn unassigned(name: &Identifier, device: &DeviceId) -> Key {
    Key::new(
        unassigned_partition(name),
        format!("{DEVICES}{}", device.as_str()),
    )
}

/// Sixteen bytes of a device's id that spread as those of a ULID do.
pub(super) fn spread(id: &DeviceId) -> [u8; 16] {
    let digest = u64::from_str_radix(&digest_of(id.as_str()), 16);
    u128::from(digest.unwrap_or(0)).to_be_bytes()
}

pub(super) fn address(address: &NormalisedAddress) -> Key {
    Key::new(format!("address#{}", address.as_str()), "address")
}

pub(super) fn external(id: &ExternalId) -> Key {
    Key::new(format!("external#{}", id.as_str()), "external")
}

pub(super) fn user_name(name: &UserNameKey) -> Key {
    Key::new(format!("userName#{}", name.as_str()), "userName")
}

pub(super) const MAIL: &str = "mail";

pub(super) fn mail(id: MailId) -> Key {
    Key::new(format!("mail#{id}"), MAIL)
}

pub(super) fn batch(id: BatchId) -> Key {
    Key::new(batch_partition(id), "batch")
}

pub(super) fn batch_partition(id: BatchId) -> String {
    format!("batch#{id}")
}

pub(super) const CURSOR: &str = "cursor";

pub(super) fn cursor(id: BatchId) -> Key {
    Key::new(batch_partition(id), CURSOR)
}

/// The batch that a row is of.
pub(super) fn batch_of(key: &RowKey) -> Option<BatchId> {
    key.pk.strip_prefix("batch#")?.parse().ok()
}

pub(super) fn named(id: BatchId, page: u32) -> Key {
    Key::new(batch_partition(id), format!("ids#{page:08}"))
}

pub(super) const PAGES: &str = "page#";

pub(super) fn page(id: BatchId, page: u32) -> Key {
    Key::new(batch_partition(id), format!("{PAGES}{page:08}"))
}

pub(super) fn job(id: JobId) -> Key {
    Key::new(job_partition(id), "job")
}

pub(super) fn job_partition(id: JobId) -> String {
    format!("job#{id}")
}

pub(super) fn job_cursor(id: JobId) -> Key {
    Key::new(job_partition(id), CURSOR)
}

/// The job that a row is of.
pub(super) fn job_of(key: &RowKey) -> Option<JobId> {
    key.pk.strip_prefix("job#")?.parse().ok()
}

pub(super) fn job_users(id: JobId, row: u32) -> Key {
    Key::new(job_partition(id), format!("ids#{row:08}"))
}

pub(super) const FILES: &str = "file#";

pub(super) fn job_file(id: JobId, piece: usize) -> Key {
    Key::new(job_partition(id), format!("{FILES}{piece:08}"))
}

pub(super) fn job_page(id: JobId, page: u32) -> Key {
    Key::new(job_partition(id), format!("{PAGES}{page:08}"))
}

pub(super) const SHEETS: &str = "sheet#";

pub(super) fn sheet(key: SheetKey) -> Key {
    match key {
        SheetKey::Own { batch, number } => {
            Key::new(batch_partition(batch), format!("{SHEETS}{number:010}"))
        }
        SheetKey::Shared { additions, number } => Key::new(
            format!("sheets#{additions:012}"),
            format!("{SHEETS}{number:010}"),
        ),
    }
}

/// Where counting stands, and what is uncounted.
pub(super) const COUNTING: &str = "counting";

pub(super) const LEDGER: &str = "ledger";

pub(super) fn ledger() -> Key {
    Key::new(COUNTING, LEDGER)
}

const UNCOUNTED: &str = "uncounted#";

pub(super) fn uncounted(generation: u64, number: u32) -> Key {
    Key::new(COUNTING, format!("{UNCOUNTED}{generation:012}#{number:06}"))
}

/// The generation and the number in the sort key of a row of what is uncounted.
pub(super) fn uncounted_in(sk: &str) -> Option<(u64, u32)> {
    let (generation, number) = sk.strip_prefix(UNCOUNTED)?.split_once('#')?;
    Some((generation.parse().ok()?, number.parse().ok()?))
}

pub(super) fn counts(scope: &Scope) -> Key {
    match scope {
        Scope::Everything => Key::new("counts", "everything"),
        Scope::Group(group) => Key::new("counts", format!("group#{}", group.comparison_key())),
        Scope::Batch(id) => Key::new(batch_partition(*id), "counts"),
    }
}

pub(super) fn session(digest: &SessionDigest) -> Key {
    Key::new(format!("session#{}", digest.as_str()), "session")
}

pub(super) const SETTINGS: &str = "settings";

pub(super) fn settings() -> Key {
    Key::new(SETTINGS, "current")
}

pub(super) fn settings_version(version: Version) -> Key {
    Key::new(SETTINGS, version_key(version.get()))
}

/// The sort keys between which the versions below this one lie, or all of them.
pub(super) fn settings_versions(below: Option<Version>) -> (String, String) {
    let last = below.map_or(9_999_999_999, |below| below.get().saturating_sub(1));
    (version_key(1), version_key(last))
}

fn version_key(number: u64) -> String {
    format!("version#{number:010}")
}

pub(super) const TEMPLATES: &str = "template";

pub(super) fn template(name: &TemplateName) -> Key {
    Key::new(TEMPLATES, format!("{}#{}", name.kind.name(), name.locale))
}

pub(super) fn answer(digest: &str) -> Key {
    Key::new(format!("answer#{digest}"), "answer")
}

pub(super) fn lease() -> Key {
    Key::new("postman", "lease")
}

pub(super) fn pace() -> Key {
    Key::new("postman", "pace")
}

pub(super) fn tally(name: &str) -> Key {
    Key::new(format!("tally#{name}"), "tally")
}

pub(super) const BOUNCES: &str = "bounce#";

pub(super) fn bounce(batch: BatchId, mail: MailId) -> Key {
    Key::new(batch_partition(batch), format!("{BOUNCES}{mail}"))
}

pub(super) fn pause() -> Key {
    Key::new("postman", "pause")
}

/// What comes after the `#` of a partition key.
pub(super) fn id_in(partition: &str) -> &str {
    partition.split_once('#').map_or("", |(_, id)| id)
}

/// A moment as a sort key: always as long, so that texts order as times do.
pub(super) fn moment(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// Which partition of an index an id belongs to: by its last four bits, which are random.
fn shard(bytes: [u8; 16]) -> u8 {
    bytes.last().copied().unwrap_or(0) % SHARDS
}

/// What can be due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DueKind {
    Mail(MailClass),
    Cursor,
    Job,
    Invitation,
    /// A user who is over since.
    Over,
    /// What is left of a deleted user.
    Tombstone,
    DeviceEvent,
}

impl DueKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Mail(MailClass::Small) => "mail#small",
            Self::Mail(MailClass::Bulk) => "mail#bulk",
            Self::Cursor => "cursor",
            Self::Job => "job",
            Self::Invitation => "invitation",
            Self::Over => "over",
            Self::Tombstone => "tombstone",
            Self::DeviceEvent => "deviceEvent",
        }
    }

    pub(super) fn partition(self, shard: u8) -> String {
        format!("{}#{shard:x}", self.name())
    }

    /// Whether it is one of its partitions.
    pub(super) fn has(self, partition: &str) -> bool {
        is_part_of(self.name(), partition)
    }
}

fn is_part_of(name: &str, partition: &str) -> bool {
    partition
        .strip_prefix(name)
        .is_some_and(|shard| shard.starts_with('#'))
}

/// The part of the index that holds what is set aside, of sixteen: keys of every kind have one.
pub(super) fn aside_partition(pk: &str) -> String {
    let sum = pk.bytes().fold(0_u8, u8::wrapping_add);
    aside_shard(sum % SHARDS)
}

pub(super) fn aside_shard(shard: u8) -> String {
    format!("aside#{shard:x}")
}

/// The attributes by which the index finds what is due.
pub(super) fn due_attributes(
    kind: DueKind,
    id: [u8; 16],
    at: Timestamp,
) -> [(String, super::AttributeValue); 2] {
    [
        (DUE_PK.to_owned(), text(kind.partition(shard(id)))),
        // The id behind the time: two rows due at once are two entries either way, but their
        // order is then the same on every read.
        (
            DUE_SK.to_owned(),
            text(format!("{}#{:032x}", moment(at), u128::from_be_bytes(id))),
        ),
    ]
}

/// What can be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ListKind {
    Users,
    Groups,
    Batches,
    Jobs,
    FailedEvents,
    Unassigned,
}

impl ListKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Groups => "groups",
            Self::Batches => "batches",
            Self::Jobs => "jobs",
            Self::FailedEvents => "failedEvents",
            Self::Unassigned => "unassigned",
        }
    }

    pub(super) fn partition(self, shard: u8) -> String {
        format!("{}#{shard:x}", self.name())
    }

    /// Whether it is one of its partitions.
    pub(super) fn has(self, partition: &str) -> bool {
        is_part_of(self.name(), partition)
    }
}

/// The attributes by which the index lists a row.
pub(super) fn list_attributes(
    kind: ListKind,
    id: [u8; 16],
    order: String,
) -> [(String, super::AttributeValue); 2] {
    [
        (LIST_PK.to_owned(), text(kind.partition(shard(id)))),
        (LIST_SK.to_owned(), text(order)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_shown_without_any_name_or_source() {
        let shown = |pk: &str, sk: &str| {
            super::shown(&RowKey {
                pk: pk.to_owned(),
                sk: sk.to_owned(),
            })
        };

        assert_eq!(shown("user#01J", "user"), "user#01J user");
        assert_eq!(shown("settings", "current"), "settings current");
        for (pk, sk) in [
            ("address#ada@example.com", "address"),
            ("external#S-1-5", "external"),
            ("userName#ada", "userName"),
            ("groupName#staff", "groupName"),
            ("groupExternal#S-1-5", "groupExternal"),
            ("tally#source#203.0.113.7", "tally"),
            ("unassigned#address#ada@example.com", "device#jamf:1"),
        ] {
            let (kind, name) = pk.split_once('#').unwrap();
            let digest = digest_of(name);
            assert_eq!(shown(pk, sk), format!("{kind}#(digest {digest}) {sk}"));
            assert!(!digest.is_empty() && !name.contains(&digest));
        }
    }

    #[test]
    fn moments_order_as_texts_as_they_do_as_times() {
        let texts: Vec<String> = [0, 1, 999, 1_000, 1_001, 1_500, 10_000, 1_800_000_000_000]
            .map(|ms| moment(Timestamp::from_millisecond(ms).unwrap()))
            .to_vec();

        let mut sorted = texts.clone();
        sorted.sort();
        assert_eq!(sorted, texts);
    }
}
