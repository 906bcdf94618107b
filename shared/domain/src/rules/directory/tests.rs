use super::*;
use crate::model::directory::{DirectoryEmail, DirectoryName};
use crate::model::examples::somebody;
use crate::values::ids::ExternalId;
use crate::values::names::GroupName;

fn text(said: &str) -> Option<DirectoryText> {
    DirectoryText::parse(said).unwrap()
}

fn email(value: &str, kind: &str, primary: Option<bool>) -> DirectoryEmail {
    DirectoryEmail {
        value: EmailAddress::parse(value).unwrap(),
        kind: text(kind),
        primary,
    }
}

fn person(profile: DirectoryProfile) -> DirectoryPerson {
    DirectoryPerson {
        user_name: UserName::parse("ada@example.com").unwrap(),
        external_id: None,
        active: true,
        profile,
    }
}

fn called(name: &str) -> DirectoryProfile {
    DirectoryProfile {
        display_name: text(name),
        ..DirectoryProfile::default()
    }
}

#[test]
fn mail_goes_to_the_primary_address_then_to_the_one_of_work_then_to_the_user_name() {
    let private = email("private@example.com", "home", None);
    let work = email("work@example.com", "Work", None);
    let primary = email("primary@example.com", "other", Some(true));
    for (emails, address) in [
        (
            vec![private.clone(), work.clone(), primary],
            "primary@example.com",
        ),
        (vec![private.clone(), work], "work@example.com"),
        (vec![private], "private@example.com"),
        (Vec::new(), "ada@example.com"),
    ] {
        let profile = DirectoryProfile {
            emails,
            ..DirectoryProfile::default()
        };

        let user = followed(&somebody(), person(profile)).unwrap();

        assert_eq!(user.email.as_str(), address);
    }
}

#[test]
fn whoever_has_no_address_at_all_is_refused_with_what_to_map() {
    let nobody = DirectoryPerson {
        user_name: UserName::parse("ada").unwrap(),
        ..person(DirectoryProfile::default())
    };

    let problem = followed(&somebody(), nobody).unwrap_err();

    assert_eq!(
        (problem.field.as_str(), problem.code),
        ("emails", "missing")
    );
    assert!(problem.detail.contains("work"));
}

#[test]
fn a_name_is_the_one_to_show_else_the_whole_one_else_its_parts() {
    let parts = DirectoryName {
        formatted: None,
        given_name: text("Ada"),
        family_name: text("Lovelace"),
    };
    let whole = DirectoryName {
        formatted: text("Countess Ada"),
        ..parts.clone()
    };
    for (shown, name, expected) in [
        ("A. Lovelace", whole.clone(), "A. Lovelace"),
        ("", whole, "Countess Ada"),
        ("", parts, "Ada Lovelace"),
    ] {
        let profile = DirectoryProfile {
            name,
            ..called(shown)
        };
        let user = followed(&somebody(), person(profile)).unwrap();

        assert_eq!(user.display_name.unwrap().as_str(), expected);
    }
}

#[test]
fn a_name_that_mails_must_not_show_is_kept_and_passed_over() {
    let parts = DirectoryName {
        formatted: text("www.evil.example"),
        given_name: text("Ada"),
        family_name: text("Lovelace"),
    };
    let long = "x".repeat(101);
    for unusable in ["see https://evil.example", &long] {
        let named = followed(&somebody(), person(called("Ada"))).unwrap();

        let nameless = followed(&named, person(called(unusable))).unwrap();
        let said = DirectoryProfile {
            name: parts.clone(),
            ..called(unusable)
        };
        let by_parts = followed(&named, person(said.clone())).unwrap();

        assert_eq!(nameless.display_name, None);
        assert_eq!(nameless.directory.unwrap().display_name, text(unusable));
        assert_eq!(by_parts.display_name.unwrap().as_str(), "Ada Lovelace");
        assert_eq!(*by_parts.directory.unwrap(), said);
    }
}

#[test]
fn what_the_directory_no_longer_says_goes_and_what_it_never_said_stays() {
    let by_hand = User {
        locale: Locale::parse("fi").ok(),
        external_id: ExternalId::parse("file-7").ok(),
        ..somebody()
    };

    let adopted = followed(&by_hand, person(called("Ada"))).unwrap();
    let nameless = followed(&adopted, person(DirectoryProfile::default())).unwrap();

    assert_eq!(adopted.locale, by_hand.locale);
    assert_eq!(adopted.external_id, by_hand.external_id);
    assert_eq!(adopted.display_name.unwrap().as_str(), "Ada");
    assert_eq!(nameless.display_name, None);
    assert_eq!(nameless.locale, by_hand.locale);
    assert_eq!(nameless.external_id, None);
}

#[test]
fn a_language_may_stand_first_of_several_and_a_zone_may_be_windows_s() {
    let profile = |language: &str, zone: &str| DirectoryProfile {
        preferred_language: text(language),
        locale: text("de_AT"),
        time_zone: text(zone),
        ..DirectoryProfile::default()
    };
    let follow = |said| followed(&somebody(), person(said)).unwrap();

    let first = follow(profile("fr-FR, en;q=0.8", "W. Europe Standard Time"));
    let unusable = follow(profile("?", "the moon"));

    assert_eq!(first.locale.unwrap().as_str(), "fr-FR");
    assert_eq!(first.time_zone.unwrap().as_str(), "Europe/Berlin");
    assert_eq!(unusable.locale.unwrap().as_str(), "de-AT");
    assert_eq!(unusable.time_zone, somebody().time_zone);
}

#[test]
fn nobody_but_the_directory_changes_what_it_says_and_the_rest_anybody_may() {
    let administrator = Actor::Caller("an-administrator".to_owned());
    let user = followed(&somebody(), person(called("Ada"))).unwrap();
    let renamed = User {
        display_name: DisplayName::parse("Alex").ok(),
        ..user.clone()
    };
    let disabled = User {
        enabled: false,
        ..user.clone()
    };
    let speaking = User {
        locale: Locale::parse("fi").ok(),
        ..user.clone()
    };
    let code = |after, who| of_the_directory(&user, after, who).map(|problem| problem.field);

    assert_eq!(code(&renamed, &administrator).unwrap(), "displayName");
    assert_eq!(code(&disabled, &administrator).unwrap(), "enabled");
    assert_eq!(code(&speaking, &administrator), None);
    assert_eq!(code(&user, &administrator), None);
    let profile = DirectoryProfile {
        locale: text("sv"),
        ..called("Ada")
    };
    let said = followed(&somebody(), person(profile)).unwrap();
    let speaking_otherwise = User {
        locale: Locale::parse("fi").ok(),
        ..said.clone()
    };
    let refused = of_the_directory(&said, &speaking_otherwise, &administrator);
    assert_eq!(refused.unwrap().field, "locale");
    assert_eq!(of_the_directory(&said, &said, &administrator), None);
    assert_eq!(code(&renamed, &Actor::Directory), None);
    assert_eq!(
        of_the_directory(&somebody(), &renamed, &administrator),
        None
    );
}

#[test]
fn whom_the_settings_say_is_invited_when_they_arrive_or_join_and_once() {
    let in_groups = |user: User, groups: &[&str]| {
        let names = groups.iter().map(|name| GroupName::parse(name).unwrap());
        User {
            groups: names.collect(),
            ..user
        }
    };
    let new = User {
        latest_issue: IssueNumber::NONE,
        invitation: None,
        invited_as_joiner: false,
        enabled: true,
        ..somebody()
    };
    let staff = in_groups(new.clone(), &["staff"]);
    let others = in_groups(new.clone(), &["others"]);
    let disabled = |user: &User| User {
        enabled: false,
        ..user.clone()
    };
    let under = |invites, groups: &[&str]| {
        let mut settings = Settings::default_from(EmailAddress::parse("it@example.com").unwrap());
        settings.directory.invites = invites;
        settings.directory.groups = groups
            .iter()
            .map(|name| GroupName::parse(name).unwrap())
            .collect();
        settings
    };
    let nobody = under(DirectoryInvites::Nobody, &[]);
    let everybody = under(DirectoryInvites::Everybody, &[]);
    let members = under(DirectoryInvites::Groups, &["staff"]);

    for (settings, before, after, is_invited) in [
        (&nobody, None, &staff, false),
        (&everybody, None, &others, true),
        (&everybody, Some(disabled(&others)), &others, true),
        (&everybody, Some(others.clone()), &staff, false),
        (&everybody, None, &disabled(&staff), false),
        (&members, None, &staff, true),
        (&members, None, &others, false),
        (&members, Some(disabled(&staff)), &staff, true),
        (&members, Some(others.clone()), &staff, true),
        (&members, Some(staff.clone()), &staff, false),
        (&members, Some(staff.clone()), &others, false),
    ] {
        let decided = is_invited_as_joiner(settings, before.as_ref(), after);
        assert_eq!(decided, is_invited, "{:?}", settings.directory);
    }
    let once = User {
        invited_as_joiner: true,
        ..staff.clone()
    };
    let by_somebody = User {
        latest_issue: IssueNumber::NONE.next(),
        ..staff.clone()
    };
    let mut elsewhere = everybody.clone();
    elsewhere.sender.recipient_domains.clear();
    assert!(!is_invited_as_joiner(&everybody, None, &once));
    assert!(!is_invited_as_joiner(&everybody, None, &by_somebody));
    assert!(!is_invited_as_joiner(&elsewhere, None, &staff));
}
