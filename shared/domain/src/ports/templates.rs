//! Own wordings of mails.

use std::future::Future;

use crate::model::template::{Template, TemplateName};
use crate::ports::error::{SaveError, Unavailable};

/// Own wordings of mails.
pub trait Templates {
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
