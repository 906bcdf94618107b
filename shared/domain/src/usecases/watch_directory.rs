//! What administrators see of the directory: when it asked last, what it was refused last, and who came from it.

use jiff::{SignedDuration, Timestamp};

use crate::model::directory::{DirectoryNews, DirectoryRefusal};
use crate::model::selection::UserFilter;
use crate::ports::clock::Clock;
use crate::ports::env::Env;
use crate::ports::error::Unavailable;
use crate::ports::users::Users;

/// How many users are looked at, to count those who come from the directory: no more than one page of the list.
pub const MAX_LOOKED_AT: usize = 1_000;

/// How many groups are counted.
pub const MAX_GROUPS_COUNTED: usize = 1_000;

/// How old what is noted of requests may be before it is written again.
pub const NOTED_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// How many there are, as far as was looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// How many were found.
    pub number: usize,
    /// Whether that is all of them.
    pub is_all: bool,
}

/// What is known of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryReport {
    /// What it asked for last, and what it was refused.
    pub news: DirectoryNews,
    /// Users whom it has.
    pub people: Counted,
    /// Its groups.
    pub groups: Counted,
}

/// Watches the directory.
#[derive(Debug, Clone)]
pub struct WatchDirectory<E> {
    /// What it runs in.
    pub env: E,
}

impl<E: Env<Store: Users>> WatchDirectory<E> {
    /// Notes that the directory made a request, and why it was refused, if it was.
    pub async fn note(&self, refusal: Option<DirectoryRefusal>) -> Result<Timestamp, Unavailable> {
        let now = self.env.clock().now();
        let news = DirectoryNews {
            last_request_at: Some(now),
            last_refusal: refusal,
        };
        self.env.store().note_directory(&news).await?;
        Ok(now)
    }

    /// What is known of the directory. Lists may be a moment old.
    pub async fn report(&self) -> Result<DirectoryReport, Unavailable> {
        let store = self.env.store();
        let news = store.directory_news().await?;
        let now = self.env.clock().now();
        let everybody = UserFilter::default();
        let users = store
            .list_users(&everybody, None, MAX_LOOKED_AT, now)
            .await?;
        let groups = store.list_groups(None, MAX_GROUPS_COUNTED).await?;
        let of_directory = users.items.iter().filter(|user| user.directory.is_some());
        Ok(DirectoryReport {
            news,
            people: Counted {
                number: of_directory.count(),
                is_all: users.next.is_none(),
            },
            groups: Counted {
                number: groups.items.len(),
                is_all: groups.next.is_none(),
            },
        })
    }
}
