//! What follows for a user from what the directory says of them, and what of a user is the directory's alone.
//!
//! A directory says more than Beckon uses, and in other forms. What it says is kept as it says it; what cannot be
//! used, such as a language tag that is none, or a name that mails must not show, counts as not said. Only an address
//! must be there, since without one nobody can be invited.

use jiff::Timestamp;

use crate::model::actor::Actor;
use crate::model::directory::{DirectoryPerson, DirectoryProfile, DirectoryText};
use crate::model::settings::Settings;
use crate::model::settings::directory::DirectoryInvites;
use crate::model::user::User;
use crate::values::address::EmailAddress;
use crate::values::ids::{IssueNumber, UserId};
use crate::values::locale::{Locale, TimeZoneName};
use crate::values::names::DisplayName;
use crate::values::problem::FieldProblem;
use crate::values::user_name::UserName;

/// Somebody whom the directory adds.
pub fn joined(id: UserId, said: DirectoryPerson, now: Timestamp) -> Result<User, FieldProblem> {
    let email = address_of(&said.user_name, &said.profile)?;
    followed(&User::new(id, email, now), said)
}

/// The user as they are once the directory has said this of them. What it never said stays as it was typed by hand;
/// what it no longer says goes.
pub fn followed(before: &User, said: DirectoryPerson) -> Result<User, FieldProblem> {
    let old = before.directory.as_deref();
    let email = address_of(&said.user_name, &said.profile)?;
    let display_name = name_of(&said.profile);
    let had_name = old.is_some_and(|old| name_of(old).is_some());
    let locale = locale_of(&said.profile);
    let had_locale = old.is_some_and(|old| locale_of(old).is_some());
    let time_zone = time_zone_of(&said.profile);
    let had_zone = old.is_some_and(|old| time_zone_of(old).is_some());
    let keep_id = said.external_id.is_none() && old.is_none();
    Ok(User {
        email,
        user_name: Some(said.user_name),
        external_id: if keep_id {
            before.external_id.clone()
        } else {
            said.external_id
        },
        display_name: display_name.or_else(|| before.display_name.clone().filter(|_| !had_name)),
        locale: locale.or_else(|| before.locale.clone().filter(|_| !had_locale)),
        time_zone: time_zone.or_else(|| before.time_zone.clone().filter(|_| !had_zone)),
        enabled: said.active,
        directory: Some(Box::new(said.profile)),
        ..before.clone()
    })
}

/// Which of these addresses mail goes to, counted from 0: the primary one, else the one of work, else the first. Of each
/// is told what it is for, and whether it is the one to use.
#[must_use]
pub fn chosen_address(said: &[(Option<&DirectoryText>, Option<bool>)]) -> Option<usize> {
    let is_work = |kind: &DirectoryText| kind.as_str().eq_ignore_ascii_case("work");
    let primary = said.iter().position(|(_, primary)| *primary == Some(true));
    let work = || said.iter().position(|(kind, _)| kind.is_some_and(is_work));
    let first = (!said.is_empty()).then_some(0);
    primary.or_else(work).or(first)
}

/// Where mail goes: to the chosen address; without any, to the user name if that is an address.
fn address_of(
    user_name: &UserName,
    profile: &DirectoryProfile,
) -> Result<EmailAddress, FieldProblem> {
    let emails = profile.emails.iter();
    let said = emails.map(|email| (email.kind.as_ref(), email.primary));
    let chosen =
        chosen_address(&said.collect::<Vec<_>>()).and_then(|place| profile.emails.get(place));
    match chosen {
        Some(email) => Ok(email.value.clone()),
        None => EmailAddress::parse(user_name.as_str()).map_err(|_| {
            FieldProblem::new(
                "emails",
                "missing",
                "must hold an address, since userName is none; map an attribute with the mail address to emails[type eq \"work\"].value",
            )
        }),
    }
}

/// What they are called: the name to show, else the whole name, else its parts. One that mails must not show is passed
/// over.
fn name_of(profile: &DirectoryProfile) -> Option<DisplayName> {
    let name = &profile.name;
    let parts = [&name.given_name, &name.family_name];
    let parts: Vec<&str> = parts
        .into_iter()
        .flatten()
        .map(DirectoryText::as_str)
        .collect();
    let whole = [&profile.display_name, &name.formatted];
    let whole = whole.into_iter().flatten().map(DirectoryText::as_str);
    whole
        .chain([parts.join(" ").as_str()])
        .find_map(|text| DisplayName::parse(text).ok())
}

/// The language: the preferred one, of several the first, else that of the region.
fn locale_of(profile: &DirectoryProfile) -> Option<Locale> {
    let said = [&profile.preferred_language, &profile.locale];
    said.into_iter().flatten().find_map(|said| {
        let first = said.as_str().split([',', ';']).next().unwrap_or_default();
        Locale::parse(first).ok()
    })
}

fn time_zone_of(profile: &DirectoryProfile) -> Option<TimeZoneName> {
    let said = profile.time_zone.as_ref()?;
    TimeZoneName::parse(said.as_str()).ok()
}

/// Whether the settings have somebody invited who comes to be so: added, active again, or a member of another group.
/// Each is invited so once, and nobody whom somebody else invited before.
#[must_use]
pub fn is_invited_as_joiner(settings: &Settings, before: Option<&User>, after: &User) -> bool {
    let may_be = after.enabled && settings.sender.may_invite(&after.email);
    let never_was = !after.invited_as_joiner && after.latest_issue == IssueNumber::NONE;
    if !may_be || !never_was {
        return false;
    }
    let arrives = before.is_none_or(|before| !before.enabled);
    match settings.directory.invites {
        DirectoryInvites::Nobody => false,
        DirectoryInvites::Everybody => arrives,
        DirectoryInvites::Groups => settings.directory.groups.iter().any(|group| {
            let joins = before.is_none_or(|before| !before.is_in(group));
            after.is_in(group) && (arrives || joins)
        }),
    }
}

/// What a change is refused with that is the directory's to make.
pub const OWNED_BY_DIRECTORY: &str = "ownedByDirectory";

/// What of this change is the directory's alone, and made by somebody else.
#[must_use]
pub fn of_the_directory(before: &User, after: &User, who: &Actor) -> Option<FieldProblem> {
    if *who == Actor::Directory {
        return None;
    }
    if before.memberships != after.memberships {
        return Some(comes_from_directory("groups"));
    }
    let owned = before.directory.as_deref()?;
    let says_name = name_of(owned).is_some();
    let fields = [
        ("email", before.email != after.email),
        ("externalId", before.external_id != after.external_id),
        ("userName", before.user_name != after.user_name),
        ("enabled", before.enabled != after.enabled),
        (
            "displayName",
            says_name && before.display_name != after.display_name,
        ),
        (
            "locale",
            locale_of(owned).is_some() && before.locale != after.locale,
        ),
        (
            "timeZone",
            time_zone_of(owned).is_some() && before.time_zone != after.time_zone,
        ),
    ];
    let changed = fields.into_iter().find(|(_, changed)| *changed);
    changed.map(|(field, _)| comes_from_directory(field))
}

fn comes_from_directory(field: &str) -> FieldProblem {
    FieldProblem::new(
        field,
        OWNED_BY_DIRECTORY,
        "comes from the directory, which would put it back; change it there",
    )
}

#[cfg(test)]
mod tests;
