//! Histories.

use beckon_domain::model::history::HistoryEntry;
use beckon_domain::ports::error::Unavailable;
use beckon_domain::ports::reads::ListPage;
use beckon_domain::values::ids::UserId;

use super::{Table, unseen};
use crate::Call;
use crate::simulation::breakage::Breakage;

impl Table {
    /// Erases at most `limit` rows. Gives whether nothing is left.
    pub(super) async fn erase_events(
        &self,
        user: UserId,
        limit: usize,
    ) -> Result<bool, Unavailable> {
        let kept = if self.broken(Breakage::HistoryKept) {
            self.rows().history(user)
        } else {
            Vec::new()
        };
        let write = async {
            let gone = self.rows().erase_events(user, limit).await?;
            for row in &kept {
                self.rows().put_row(row);
            }
            Ok::<_, Unavailable>(gone)
        };
        self.write(Call::EraseHistory, write, |ledger, gone| {
            if *gone {
                ledger.erased(user);
            }
        })
        .await
    }

    /// A page of what happened to a user, newest first.
    pub(super) async fn page_of_history(
        &self,
        user: UserId,
        position: Option<&str>,
        limit: usize,
    ) -> Result<ListPage<HistoryEntry>, Unavailable> {
        let read = self.rows().page_of_history(user, position, limit);
        self.read(Call::HistoryOf, read, unseen).await
    }
}
