//! A mail's words: what its row and its user's make a mail of, and the composer a message.

use super::Deliver;
use crate::model::mail::{Mail, MailKind, MailReason, NoticeOf, TestMail};
use crate::model::mail_content::{InvitationOccasion, NoticeAbout, OutgoingMail};
use crate::model::settings::{Settings, VersionedSettings};
use crate::model::template::{MailContent, OwnWordings, TemplateName};
use crate::model::user::User;
use crate::ports::clock::Clock;
use crate::ports::composer::{Composer, Uncomposable, Written, written};
use crate::ports::devices::Devices;
use crate::ports::env::{Env, WithComposer};
use crate::ports::error::Unavailable;
use crate::ports::mails::Mails;
use crate::ports::reads::readable;
use crate::rules::content::{
    GivenOut, Sealed, confirmation_content, hand_over_content, invitation_content, notice_content,
};
use crate::rules::sample::Sample;
use crate::values::address::EmailAddress;
use crate::values::keys::KeyRing;
use crate::values::platform;

/// What a mail is written with.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    pub(super) keys: &'a KeyRing,
    pub(super) settings: Option<&'a VersionedSettings>,
    /// Those that hold now.
    pub(super) now_holding: &'a VersionedSettings,
    pub(super) own: &'a OwnWordings,
}

impl<E> Deliver<E>
where
    E: Env<Store: Devices + Mails> + WithComposer,
{
    /// Puts the content into words, and names the own wording that could not be used. The inner
    /// error is this mail's own fault.
    pub(super) async fn compose(
        &self,
        mail: &Mail,
        user: Option<&User>,
        words: Words<'_>,
    ) -> Result<Result<(OutgoingMail, Option<TemplateName>), MailReason>, Unavailable> {
        let Some(settings) = words.settings else {
            return Ok(Err(MailReason::new(
                "settingsMissing",
                "the settings it was to be written under are gone; invite again",
            )));
        };
        let settings = &settings.settings;
        let (content, to) = match self.content(mail, user, settings, words).await? {
            Ok(addressed) => addressed,
            Err(why) => return Ok(Err(why)),
        };
        let Written { message, unfit } = match self.written(&mail.kind, &content, words.own) {
            Ok(written) => written,
            Err(error) => return Ok(Err(MailReason::new("notComposed", &error.to_string()))),
        };
        let outgoing = OutgoingMail {
            id: mail.id,
            kind: mail.kind.name(),
            from: settings.sender.from_header(),
            reply_to: settings.sender.reply_to.clone(),
            to: to.clone(),
            message,
        };
        Ok(Ok((outgoing, unfit)))
    }

    /// What the mail says, and to whom.
    async fn content<'a>(
        &self,
        mail: &'a Mail,
        user: Option<&'a User>,
        settings: &Settings,
        words: Words<'_>,
    ) -> Result<Result<(MailContent, &'a EmailAddress), MailReason>, Unavailable> {
        let addressed = match (&mail.kind, user) {
            (MailKind::Test(test), _) => {
                let TemplateName { kind, locale } = test.template.clone();
                let sample = Sample::under(settings, &self.links, locale, self.env.clock().now());
                (sample.content(kind), &test.to)
            }
            (_, None) => return Ok(Err(MailReason::new("noUser", "the user is gone"))),
            (MailKind::Invitation { .. } | MailKind::Reminder { .. }, Some(user)) => {
                let Some(invitation) = &user.invitation else {
                    let why = MailReason::new("noInvitation", "the user has no invitation");
                    return Ok(Err(why));
                };
                let Some(key) = words.keys.get(&invitation.key) else {
                    return Ok(Err(MailReason::new(
                        "keyMissing",
                        "the key this invitation was issued under has been taken away; invite again",
                    )));
                };
                let (occasion, replaces) = self.occasion_of(&mail.kind).await?;
                let content = invitation_content(
                    user,
                    invitation,
                    settings,
                    &self.links,
                    Sealed::derive(user, invitation, key),
                    occasion,
                    replaces,
                );
                (MailContent::Invitation(content), &user.email)
            }
            (MailKind::Confirmation { device }, Some(user)) => {
                let Some(registration) =
                    self.env.store().load_registration(user.id, device).await?
                else {
                    return Ok(Err(MailReason::new(
                        "noRegistration",
                        "the registration it confirms is gone",
                    )));
                };
                let content = confirmation_content(user, &registration, settings);
                (MailContent::Confirmation(content), &user.email)
            }
            (
                MailKind::HandOver {
                    issue,
                    method,
                    expires_at,
                    by,
                    reason,
                },
                Some(user),
            ) => {
                // Only the issue that was given out may be declined by this mail.
                let current = user
                    .invitation
                    .as_ref()
                    .filter(|invitation| invitation.issue == *issue)
                    .and_then(|invitation| Some((invitation, words.keys.get(&invitation.key)?)));
                let given = GivenOut {
                    by: by.clone(),
                    reason: reason.clone(),
                    method: *method,
                    at: mail.created_at,
                    expires_at: *expires_at,
                };
                let content = hand_over_content(user, current, given, settings, &self.links);
                (MailContent::HandOver(content), &user.email)
            }
            (MailKind::Notice { about, to }, Some(user)) => {
                let about = match self.notice_about(user, about).await? {
                    Ok(about) => about,
                    Err(why) => return Ok(Err(why)),
                };
                let content = notice_content(user, about, settings, mail.created_at);
                (MailContent::Notice(content), to)
            }
        };
        Ok(Ok(addressed))
    }

    fn written(
        &self,
        kind: &MailKind,
        content: &MailContent,
        own: &OwnWordings,
    ) -> Result<Written, Uncomposable> {
        let MailKind::Test(test) = kind else {
            return written(self.env.composer(), own, content);
        };
        let TestMail {
            template, draft, ..
        } = &**test;
        let mut tried = match draft {
            None => written(self.env.composer(), own, content)?,
            Some(draft) => Written {
                message: self
                    .env
                    .composer()
                    .compose_own(&template.locale, draft, content)?,
                unfit: None,
            },
        };
        tried.message.subject = format!("[Test] {}", tried.message.subject);
        Ok(tried)
    }

    /// What a notice tells.
    async fn notice_about(
        &self,
        user: &User,
        about: &NoticeOf,
    ) -> Result<Result<NoticeAbout, MailReason>, Unavailable> {
        Ok(match about {
            NoticeOf::Declined {
                issued_at,
                invited_by,
            } => Ok(NoticeAbout::Declined {
                issued_at: *issued_at,
                invited_by: invited_by.clone(),
            }),
            NoticeOf::Completed { device } => {
                match self.env.store().load_registration(user.id, device).await? {
                    None => Err(MailReason::new(
                        "noRegistration",
                        "the registration it tells of is gone",
                    )),
                    Some(registration) => Ok(NoticeAbout::Completed {
                        device_name: registration.device.name,
                        platform: registration.device.platform.as_ref().map(platform::shown),
                        ownership: registration.decided.ownership,
                        rule: registration.decided.rule,
                    }),
                }
            }
        })
    }

    /// Why a mail that carries a secret is sent now, and whether that secret replaces another. To
    /// somebody whose first mail never went out, the next one is the first.
    async fn occasion_of(
        &self,
        kind: &MailKind,
    ) -> Result<(InvitationOccasion, bool), Unavailable> {
        Ok(match kind {
            MailKind::Invitation {
                again: true,
                replaces,
                after,
                ..
            } => {
                let before = match after {
                    Some(id) => readable(self.env.store().load_mail(*id).await)?,
                    None => None,
                };
                if before.is_some_and(|mail| mail.never_went()) {
                    (InvitationOccasion::First, *replaces)
                } else {
                    (InvitationOccasion::Again, *replaces)
                }
            }
            MailKind::Invitation { replaces, .. } => (InvitationOccasion::First, *replaces),
            MailKind::Reminder { last, .. } => {
                (InvitationOccasion::Reminder { last: *last }, false)
            }
            MailKind::Confirmation { .. }
            | MailKind::HandOver { .. }
            | MailKind::Notice { .. }
            | MailKind::Test(_) => (InvitationOccasion::First, false),
        })
    }
}
