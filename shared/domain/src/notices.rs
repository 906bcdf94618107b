//! What administrators are told by mail, if the settings say so.

use jiff::Timestamp;

use crate::ids::{MailId, UserId};
use crate::mail::{Mail, MailClass, MailKind, NoticeOf};
use crate::ports::Chance;
use crate::settings::VersionedSettings;

/// One mail for each administrator who wants to be told of this.
pub fn notices(
    settings: &VersionedSettings,
    user: UserId,
    about: &NoticeOf,
    chance: &impl Chance,
    now: Timestamp,
) -> Vec<Mail> {
    let administrators = &settings.settings.administrators;
    let wanted = match about {
        NoticeOf::Declined { .. } => administrators.on_decline,
        NoticeOf::Completed { .. } => administrators.on_completion,
    };
    administrators
        .addresses
        .iter()
        .filter(|_| wanted)
        .map(|to| {
            Mail::waiting(
                MailId::new(chance.ulid()),
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
        })
        .collect()
}
