//! What the account remembers across a restart, apart from the mail itself.
//!
//! Owns: `state.json` and how it is replaced. Must not know what the entries mean.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

/// The remembered state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct State {
    /// Addresses on the suppression list, in lower case.
    pub(super) suppressed: BTreeSet<String>,
    /// Simulator addresses that start on the list and were taken off it.
    pub(super) lifted: BTreeSet<String>,
    /// Recipients by minute as of the last time the mailbox was emptied: the quota counts them, and
    /// their mail can no longer be counted.
    pub(super) sent_before_emptied: Vec<(i64, u32)>,
}

/// The file.
#[derive(Debug)]
pub(super) struct StateFile {
    path: PathBuf,
}

impl StateFile {
    /// The file in this directory.
    pub(super) fn new(directory: &Path) -> Self {
        Self {
            path: directory.join("state.json"),
        }
    }

    /// What was saved last; nothing yet is no error.
    ///
    /// # Errors
    ///
    /// When the file exists and cannot be read or understood.
    pub(super) fn load(&self) -> io::Result<State> {
        match fs::read(&self.path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| {
                io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("{}: {error}", self.path.display()),
                )
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(State::default()),
            Err(error) => Err(error),
        }
    }

    /// Replaces the file as a whole: a process killed in between leaves the old one.
    ///
    /// # Errors
    ///
    /// When the directory cannot be written.
    pub(super) fn save(&self, state: &State) -> io::Result<()> {
        let temporary = self.path.with_extension("json.new");
        fs::write(&temporary, serde_json::to_vec(state)?)?;
        fs::rename(&temporary, &self.path)
    }
}
