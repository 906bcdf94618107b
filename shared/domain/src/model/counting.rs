//! Counting what became of invitations: how far each person of a batch came, what is counted of that
//! already, and the sums.
//!
//! Each person of a batch has a [`Fate`], which is read from rows. What of it is in the sums stands on
//! a [`CountSheet`]. Counting reads the fate anew and adds what differs from the sheet, in the write that
//! changes the sheet: so it may be repeated, and come in any order, and the sums are always those of
//! the sheets.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::model::mail::{Mail, MailClass, MailState};
use crate::values::ids::{BatchId, UserId, Version};
use crate::values::names::GroupName;

mod buckets;
mod figures;

pub use buckets::{Bucket, Range};
pub use figures::{Counts, Figure, Step};

/// One person of one batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Member {
    /// The batch that invited them.
    pub batch: BatchId,
    /// Who.
    pub user: UserId,
}

/// Something that changed since it was counted, or may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Uncounted {
    /// What became of one person's invitation.
    Person(Member),
    /// A page of a batch that was expanded.
    Page {
        /// Which batch.
        batch: BatchId,
        /// Which page.
        number: u32,
    },
}

impl Uncounted {
    /// The batch that it is of.
    #[must_use]
    pub const fn batch(&self) -> BatchId {
        match self {
            Self::Person(Member { batch, .. }) | Self::Page { batch, .. } => *batch,
        }
    }
}

/// Where the invitation of a member stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Standing {
    /// Waiting for the person.
    Pending,
    /// Its tries are used up.
    Locked,
    /// A device was registered.
    Completed,
    /// Its time ran out.
    Expired,
    /// An administrator took it back.
    Cancelled,
    /// The person said "this was not me".
    Declined,
    /// A later issue took its place.
    Replaced,
    /// The person was deleted before they registered.
    Gone,
}

impl Standing {
    /// Every one, in the order in which rows number them.
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::Locked,
        Self::Completed,
        Self::Expired,
        Self::Cancelled,
        Self::Declined,
        Self::Replaced,
        Self::Gone,
    ];

    /// The name in lists and filters.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Locked => "locked",
            Self::Completed => "completed",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Declined => "declined",
            Self::Replaced => "replaced",
            Self::Gone => "gone",
        }
    }

    /// Whether the person can still register with it.
    #[must_use]
    pub const fn is_open(self) -> bool {
        match self {
            Self::Pending | Self::Locked => true,
            Self::Completed
            | Self::Expired
            | Self::Cancelled
            | Self::Declined
            | Self::Replaced
            | Self::Gone => false,
        }
    }
}

/// When a step was reached: `None`, not; `Some(None)`, at a time that nobody noted.
pub type Reached = Option<Option<Timestamp>>;

/// What became of one person's invitation of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fate {
    /// Where the batch's mail to them stands.
    pub mail: MailState,
    /// Where the invitation stands.
    pub standing: Standing,
    /// Whether the batch mailed an issue again that another had made: it counts for its batch alone.
    pub again: bool,
    /// For each step behind the first: `None`, not reached; otherwise in which bucket the time is that
    /// it took, if that is known.
    pub steps: [Option<Option<Bucket>>; 4],
}

impl Fate {
    /// How a step stands: whether it was reached, and in which time.
    #[must_use]
    pub fn step(&self, step: Step) -> Option<Option<Bucket>> {
        match step {
            Step::Invited => Some(None),
            Step::Delivered => self.steps[0],
            Step::Redeemed => self.steps[1],
            Step::Registered => self.steps[2],
            Step::Confirmed => self.steps[3],
        }
    }
}

/// What a page of a batch adds to its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PageNumbers {
    /// How many on it were invited.
    pub issued: u32,
    /// How many were not.
    pub skipped: u32,
    /// How many will get a confirmation.
    pub confirmed: u32,
}

/// Which sheet somebody's fate stands on. A sheet is written anew with each change, so the people on one are few
/// and such as change at the same time: the fewer rows one counting writes, the less it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SheetKey {
    /// One of a batch's own: people of one page share a few.
    Own {
        /// Of which batch.
        batch: BatchId,
        /// Which of its sheets.
        number: u32,
    },
    /// One of those that small batches share.
    Shared {
        /// The sheets of what was invited when sums had been added to so often.
        additions: u64,
        /// Which of them.
        number: u8,
    },
}

/// On how many sheets the people of a page stand: a sheet of some thirty people is below 1 KB, and
/// costs one write unit.
const SHEETS_OF_A_PAGE: u32 = 30;

/// The sheets of mails whose page was not noted, which are of before it was, come behind all others.
const SHEETS_WITHOUT_PAGE: (u32, u32) = (1 << 30, 256);

/// On how many sheets those stand who are invited by small batches between two countings, which are some
/// thousand: a sheet of twenty-five people who each have a batch is below 1 KB.
const SHARED_SHEETS: u8 = 40;

impl SheetKey {
    /// The sheet on which the numbers of a page stand.
    #[must_use]
    pub const fn of_page(batch: BatchId, page: u32) -> Self {
        Self::Own {
            batch,
            number: page.saturating_mul(SHEETS_OF_A_PAGE),
        }
    }

    /// The sheet of somebody whom the batch invited by this mail. It never changes.
    #[must_use]
    pub fn of(member: Member, mail: &Mail) -> Self {
        let Member { batch, user } = member;
        let [.., high, low] = user.to_bytes();
        let spread = u32::from(u16::from_be_bytes([high, low]));
        let number = match (mail.shared_sheets, mail.class, mail.page) {
            (Some(additions), ..) => {
                let [.., lowest] = batch.to_bytes();
                let number = lowest % SHARED_SHEETS;
                return Self::Shared { additions, number };
            }
            (None, MailClass::Small, _) => 0,
            (None, MailClass::Bulk, Some(page)) => {
                page.saturating_mul(SHEETS_OF_A_PAGE) + spread % SHEETS_OF_A_PAGE
            }
            (None, MailClass::Bulk, None) => SHEETS_WITHOUT_PAGE.0 + spread % SHEETS_WITHOUT_PAGE.1,
        };
        Self::Own { batch, number }
    }
}

/// What is counted of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedFate {
    /// What became of them.
    pub fate: Fate,
    /// The groups they count under, where their mail does not say.
    pub groups: Option<BTreeSet<GroupName>>,
}

/// What the sums hold of some people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountSheet {
    /// Which.
    pub key: SheetKey,
    /// How often its row was written; 0: never.
    pub version: Version,
    /// The people.
    pub fates: BTreeMap<Member, CountedFate>,
    /// The numbers of the page, if this is its first sheet.
    pub page: Option<PageNumbers>,
}

impl CountSheet {
    /// One on which nothing stands yet.
    #[must_use]
    pub fn empty(key: SheetKey) -> Self {
        Self {
            key,
            version: Version::default(),
            fates: BTreeMap::new(),
            page: None,
        }
    }
}

/// What a sum is over.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Everybody who was ever invited.
    Everything,
    /// Those who held this group when they were invited.
    Group(GroupName),
    /// Those of this batch.
    Batch(BatchId),
}

/// How far the batches from before counting began are counted, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum EarlierBatches {
    /// Nothing of them.
    #[default]
    NotBegun,
    /// Those newer than this one, and of this one the pages before this.
    UpTo {
        /// The one that is being counted.
        batch: BatchId,
        /// Its next page.
        page: u32,
        /// Where in the list of batches those older than it begin; `None`: there are none.
        older: Option<String>,
    },
    /// All.
    Done,
}

impl EarlierBatches {
    /// Whether this batch has been counted, if it is of before.
    #[must_use]
    pub fn holds(&self, id: BatchId) -> bool {
        match self {
            Self::NotBegun => false,
            Self::UpTo { batch, .. } => *batch < id,
            Self::Done => true,
        }
    }
}

/// Where counting stands: one row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ledger {
    /// How often it was written, which numbers the generations of what is uncounted; 0: never.
    pub version: Version,
    /// How far the batches from before are counted.
    pub earlier: EarlierBatches,
}

/// A row that lists what is uncounted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UncountedRow {
    /// The version of the ledger under which it was begun.
    pub generation: u64,
    /// Which of that generation.
    pub number: u32,
    /// What.
    pub entries: BTreeSet<Uncounted>,
}

/// Sheets in their next versions, and what is added to sums with them.
#[derive(Debug, Clone, Default)]
pub struct CountedStep {
    /// The version of the ledger under which all of it was read; 0 where there was none.
    pub ledger: Version,
    /// The sheets.
    pub sheets: Vec<CountSheet>,
    /// What is added.
    pub adds: BTreeMap<Scope, Counts>,
}
