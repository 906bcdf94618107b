//! Histories: reading them, and erasing what is left of deleted users.

use std::ops::Bound;

use beckon_domain::model::history::HistoryEntry;
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::reads::ListPage;
use beckon_domain::values::ids::{EventId, UserId};

use super::spoilt::keys;
use super::{Call, MemoryStore};

impl MemoryStore {
    /// Erases at most `limit` rows. Gives whether nothing is left.
    pub(crate) async fn erase_events(
        &self,
        user: UserId,
        limit: usize,
    ) -> Result<bool, Unavailable> {
        self.write(Call::EraseHistory, |rows| {
            Ok(rows.erase_history(user, limit))
        })
        .await
    }

    /// A page of what happened to a user, newest first.
    pub(crate) async fn page_of_history(
        &self,
        user: UserId,
        position: Option<&str>,
        limit: usize,
    ) -> Result<ListPage<HistoryEntry>, Unavailable> {
        let read = self.read(Call::HistoryOf, |rows| {
            let before = position.and_then(|text| text.parse::<EventId>().ok());
            let bound = before.map_or(Bound::Unbounded, Bound::Excluded);
            let mut older = rows
                .history
                .get(&user)
                .into_iter()
                .flat_map(|rows| rows.range((Bound::Unbounded, bound)).rev());
            let on_page: Vec<HistoryEntry> = older
                .by_ref()
                .take(limit)
                .map(|(_, row)| row.clone())
                .collect();
            let last = on_page.last().map(|row| row.id.to_string());
            let next = older.next().and(last);
            let (unreadable, items): (Vec<_>, Vec<_>) = on_page
                .into_iter()
                .partition(|row| rows.why_unreadable(&keys::history(row)).is_some());
            let page = ListPage {
                items,
                next,
                unreadable: unreadable.len(),
            };
            (page, unreadable)
        });
        let (page, unreadable) = read.await?;
        for row in &unreadable {
            self.met(&keys::history(row));
        }
        Ok(page)
    }
}
