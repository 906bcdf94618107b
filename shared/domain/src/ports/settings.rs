//! The settings and their versions.

use std::future::Future;

use crate::model::settings::{SavedSettings, Settings, SettingsStamp, VersionedSettings};
use crate::ports::error::{SaveError, Unavailable};
use crate::values::ids::Version;

/// The settings, and what they were.
pub trait SettingsStore {
    /// The settings that hold now.
    fn current_settings(
        &self,
    ) -> impl Future<Output = Result<VersionedSettings, Unavailable>> + Send;

    /// The settings of an earlier version; `None` if there never was one.
    fn settings_at(
        &self,
        version: Version,
    ) -> impl Future<Output = Result<Option<VersionedSettings>, Unavailable>> + Send;

    /// The versions that were saved, newest first, at most `limit`; below `below`, if that is
    /// given. The defaults, which nobody saved, are not among them.
    fn list_settings(
        &self,
        below: Option<Version>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<SavedSettings>, Unavailable>> + Send;

    /// Puts `settings` in the place of version `expected`, as its next version, and keeps with
    /// it who did so and when.
    fn save_settings(
        &self,
        settings: &Settings,
        expected: Version,
        stamp: &SettingsStamp,
    ) -> impl Future<Output = Result<VersionedSettings, SaveError>> + Send;
}
