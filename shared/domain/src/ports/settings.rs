//! What administrators set: the settings with their versions, and own wordings of mails.

use std::future::Future;

use crate::model::settings::{SavedSettings, Settings, SettingsStamp, VersionedSettings};
use crate::model::template::{Template, TemplateName};
use crate::ports::error::{SaveError, Unavailable};
use crate::values::ids::Version;

/// What administrators set: the settings, with what they were, and own wordings of mails.
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

    /// Every wording as last written, those that were taken back included, by kind and locale. One
    /// that cannot be read is left out.
    fn templates(&self) -> impl Future<Output = Result<Vec<Template>, Unavailable>> + Send;

    /// The wording of this name as last written; `None` if there never was one.
    fn template(
        &self,
        name: &TemplateName,
    ) -> impl Future<Output = Result<Option<Template>, Unavailable>> + Send;

    /// Writes the wording's next version.
    fn save_template(
        &self,
        template: &Template,
    ) -> impl Future<Output = Result<(), SaveError>> + Send;
}
