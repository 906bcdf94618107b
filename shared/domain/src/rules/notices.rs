//! What administrators are told by mail, if the settings say so.

use jiff::Timestamp;

use crate::model::mail::{Mail, MailClass, MailKind, NoticeOf};
use crate::model::settings::VersionedSettings;
use crate::values::address::EmailAddress;
use crate::values::ids::{MailId, UserId};

/// The administrators who want to be told of this.
pub fn addressees<'a>(
    settings: &'a VersionedSettings,
    about: &NoticeOf,
) -> impl Iterator<Item = &'a EmailAddress> {
    let administrators = &settings.settings.administrators;
    let wanted = match about {
        NoticeOf::Declined { .. } => administrators.on_decline,
        NoticeOf::Completed { .. } => administrators.on_completion,
    };
    administrators.addresses.iter().filter(move |_| wanted)
}

/// The mail with this id that tells one of them.
#[must_use]
pub fn notice(
    id: MailId,
    to: &EmailAddress,
    about: &NoticeOf,
    user: UserId,
    settings: &VersionedSettings,
    now: Timestamp,
) -> Mail {
    Mail::waiting(
        id,
        MailKind::Notice {
            to: to.clone(),
            about: about.clone(),
        },
        user,
        None,
        MailClass::Small,
        settings.version,
        now,
    )
}
