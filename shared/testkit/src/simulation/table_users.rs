//! The ports of the table that take users away, erase what is left of them, and find many at once.

use beckon_domain::model::change::Identifier;
use beckon_domain::model::erasure::Tombstone;
use beckon_domain::model::history::HistoryEntry;
use beckon_domain::model::user::User;
use beckon_domain::ports::error::{SaveError, Unavailable};
use beckon_domain::ports::history::EraseHistory;
use beckon_domain::ports::users::{FindUsers, RemoveUser, UsersToErase};
use beckon_domain::values::ids::UserId;
use jiff::Timestamp;

use super::breakage::Breakage;
use super::table::Table;
use crate::Call;

impl FindUsers for Table {
    async fn users_by_names(&self, names: &[Identifier]) -> Result<Vec<User>, Unavailable> {
        let read = self.rows().users_by_names(names);
        self.read(Call::UsersByNames, read, |ledger, users| {
            for user in users {
                ledger.read_user(user.id);
            }
        })
        .await
    }
}

impl RemoveUser for Table {
    async fn remove_user(
        &self,
        user: &User,
        history: &HistoryEntry,
        left: &Tombstone,
    ) -> Result<(), SaveError> {
        let mut devices = self.rows().all_registrations();
        devices.retain(|one| one.user == user.id);
        let write = async {
            RemoveUser::remove_user(self.rows(), user, history, left).await?;
            if self.broken(Breakage::DeletionKeepsDevices) {
                for device in &devices {
                    self.rows().put_registration(device);
                }
            }
            Ok(())
        };
        self.save(Call::RemoveUser, write, |ledger, ()| {
            ledger.removed(user.id, history);
        })
        .await
    }
}

impl UsersToErase for Table {
    async fn users_to_erase(
        &self,
        by: Timestamp,
        limit: usize,
    ) -> Result<Vec<UserId>, Unavailable> {
        let read = self.rows().users_to_erase(by, limit);
        let over = self.read(Call::UsersToErase, read, |_, _| {}).await?;
        let forgotten = self.broken(Breakage::ErasureForgotten);
        Ok(if forgotten { Vec::new() } else { over })
    }

    async fn tombstones(&self, by: Timestamp, limit: usize) -> Result<Vec<UserId>, Unavailable> {
        let read = self.rows().tombstones(by, limit);
        self.read(Call::Tombstones, read, |_, _| {}).await
    }
}

impl EraseHistory for Table {
    async fn erase_history(&self, user: UserId, limit: usize) -> Result<bool, Unavailable> {
        let kept = if self.broken(Breakage::HistoryKept) {
            self.rows().history(user)
        } else {
            Vec::new()
        };
        let write = async {
            let gone = self.rows().erase_history(user, limit).await?;
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
}
