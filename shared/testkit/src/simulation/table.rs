//! The table of a story: the table in memory behind the story's weather, with the ledger looking
//! on at each write, and with one of its rules broken where the story says so.

mod batches;
mod counters;
mod delivery;
mod devices;
mod history;
mod idempotency;
mod jobs;
mod mails;
mod settings;
mod users;

use beckon_domain::model::user::User;
use beckon_domain::ports::error::{SaveError, Unavailable};
use beckon_domain::values::ids::UserId;

use super::breakage::Breakage;
use super::ledger::{Ledger, Watch};
use super::stage::Weather;
use crate::{Call, MemoryStore};

/// The table. Clones share their rows.
#[derive(Debug, Clone)]
pub(super) struct Table {
    rows: MemoryStore,
    watch: Watch,
}

const fn unseen<T>(_: &mut Ledger, _: &T) {}

fn out_of_reach() -> Unavailable {
    Unavailable::new("the table", "the story has it so")
}

impl Table {
    pub(super) const fn new(rows: MemoryStore, watch: Watch) -> Self {
        Self { rows, watch }
    }

    pub(super) const fn rows(&self) -> &MemoryStore {
        &self.rows
    }

    pub(super) const fn watch(&self) -> &Watch {
        &self.watch
    }

    fn weather(&self, call: Call) -> Weather {
        self.watch.both(|stage, ledger| {
            let weather = stage.weather(call);
            ledger.called(weather);
            weather
        })
    }

    pub(super) fn broken(&self, rule: Breakage) -> bool {
        self.watch.stage(|stage| stage.broken(rule))
    }

    /// A read, and what the ledger makes of the answer.
    pub(super) async fn read<T>(
        &self,
        call: Call,
        read: impl Future<Output = Result<T, Unavailable>> + Send,
        seen: impl FnOnce(&mut Ledger, &T) + Send,
    ) -> Result<T, Unavailable> {
        if self.weather(call) != Weather::Fair {
            return Err(out_of_reach());
        }
        let answer = read.await?;
        self.watch.with(|ledger| seen(ledger, &answer));
        Ok(answer)
    }

    /// A write. The ledger sees it in the moment in which it is done, whether or not the answer
    /// comes through.
    pub(super) async fn write<T, E: From<Unavailable>>(
        &self,
        call: Call,
        write: impl Future<Output = Result<T, E>> + Send,
        seen: impl FnOnce(&mut Ledger, &T) + Send,
    ) -> Result<T, E> {
        let weather = self.weather(call);
        if weather == Weather::Refused {
            return Err(out_of_reach().into());
        }
        let answer = write.await?;
        self.watch.with(|ledger| seen(ledger, &answer));
        if weather == Weather::LosesAnswer {
            return Err(out_of_reach().into());
        }
        Ok(answer)
    }

    /// A write that somebody else may overtake.
    pub(super) async fn save<T>(
        &self,
        call: Call,
        write: impl Future<Output = Result<T, SaveError>> + Send,
        seen: impl FnOnce(&mut Ledger, &T) + Send,
    ) -> Result<T, SaveError> {
        let weather = self.weather(call);
        match weather {
            Weather::Refused => return Err(out_of_reach().into()),
            Weather::Outraced => return Err(SaveError::Conflict),
            Weather::Fair | Weather::LosesAnswer | Weather::CutShort => {}
        }
        let answer = write.await?;
        self.watch.with(|ledger| seen(ledger, &answer));
        if weather == Weather::Fair {
            Ok(answer)
        } else {
            Err(out_of_reach().into())
        }
    }

    pub(super) fn row_of(&self, id: UserId) -> Option<User> {
        self.rows.find_user(id)
    }
}
