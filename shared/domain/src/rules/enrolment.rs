//! How a person goes on after the secret was accepted: at the device management's own address or by an
//! instruction, by platform, ownership and group.

use std::collections::BTreeSet;

use crate::model::ownership::Ownership;
use crate::model::settings::enrolment::{
    EnrolmentAddress, EnrolmentStep, EnrolmentUrl, TOKEN, variables_of,
};
use crate::values::names::GroupName;
use crate::values::platform::{self, Platform};

/// Who goes on.
#[derive(Debug, Clone, Copy)]
pub struct GoingOn<'a> {
    /// The registration session.
    pub registration_id: &'a str,
    /// The reference of the issue.
    pub reference: &'a str,
    /// The person's address.
    pub email: &'a str,
    /// The platform, if it was named.
    pub platform: Option<&'a str>,
    /// The ownership of the invitation.
    pub ownership: Ownership,
    /// The person's groups.
    pub groups: &'a BTreeSet<GroupName>,
}

/// How somebody goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextStep {
    /// At this address, its variables filled in.
    Open(String),
    /// By this instruction.
    Read(String),
    /// At an address that is made when it is asked for, since it carries a token.
    Ask,
}

/// How somebody goes on: by the first step that fits.
#[must_use]
pub fn next_step(addresses: &[EnrolmentAddress], who: GoingOn<'_>) -> Option<NextStep> {
    let address = fitting(addresses, who)?;
    Some(match (&address.step, &address.token) {
        (EnrolmentStep::Text(text), _) => NextStep::Read(text.clone()),
        (EnrolmentStep::Url(_), Some(_)) => NextStep::Ask,
        (EnrolmentStep::Url(url), None) => NextStep::Open(filled_in(url, who, "")),
    })
}

/// An address with its variables filled in; `token` is what a source issued.
#[must_use]
pub fn filled_in(url: &EnrolmentUrl, who: GoingOn<'_>, token: &str) -> String {
    let ownership = match who.ownership {
        Ownership::NotSet => "notSet",
        Ownership::UserOwned => "userOwned",
        Ownership::CompanyOwned => "companyOwned",
    };
    let platform = who.platform.map(platform::canonical);
    url.as_str()
        .replace("{registrationId}", &percent_encoded(who.registration_id))
        .replace("{reference}", &percent_encoded(who.reference))
        .replace(
            "{platform}",
            &percent_encoded(platform.as_deref().unwrap_or_default()),
        )
        .replace("{ownership}", ownership)
        // Last: what a person chose, or a system answered, must not bring a variable of its own.
        .replace("{token}", &percent_encoded(token))
        .replace("{email}", &percent_encoded(who.email))
}

/// The first address that fits. A platform that has none of its own is served as another one is: an iPad as `ios`.
#[must_use]
pub fn fitting<'a>(
    addresses: &'a [EnrolmentAddress],
    who: GoingOn<'_>,
) -> Option<&'a EnrolmentAddress> {
    let is_for_them = |address: &&EnrolmentAddress| {
        let ownership = address.ownership;
        let group = address.group.as_ref();
        ownership.is_none_or(|ownership| ownership == who.ownership)
            && group.is_none_or(|group| who.groups.contains(group))
    };
    let fitting: Vec<&EnrolmentAddress> = addresses.iter().filter(is_for_them).collect();
    let platform = who.platform.map(platform::canonical);
    let named_by =
        |address: &EnrolmentAddress| address.platform.as_deref().map(platform::canonical);
    let is_named = |platform: &String| {
        let named = |address: &&EnrolmentAddress| named_by(address).as_ref() == Some(platform);
        fitting.iter().any(named)
    };
    let served_as = platform.as_deref().and_then(Platform::of);
    let served_as = served_as.and_then(Platform::served_as);
    let looked_for = match (&platform, served_as) {
        (Some(own), Some(other)) if !is_named(own) => Some(other.id().to_owned()),
        _ => platform.clone(),
    };
    let fits = |address: &&&EnrolmentAddress| {
        let named = named_by(address);
        named.is_none() || named == looked_for
    };
    fitting.iter().find(fits).copied()
}

/// Where somebody goes on who shows no secret first, and so has no registration session: the
/// first web address for every platform, for a mail cannot know on which one it is followed, and
/// mail programs take the address of an app for text.
#[must_use]
pub fn managed_at(
    addresses: &[EnrolmentAddress],
    email: &str,
    groups: &BTreeSet<GroupName>,
) -> Option<String> {
    let follows = |address: &&EnrolmentAddress| {
        let Some(url) = address.url() else {
            return false;
        };
        let is_web = url
            .split_once("://")
            .is_some_and(|(scheme, _)| scheme == "https" || scheme == "http");
        let variables = variables_of(url);
        let is_of_session = |name: &&str| matches!(*name, "registrationId" | "reference" | TOKEN);
        is_web && !variables.iter().any(is_of_session)
    };
    let followed: Vec<_> = addresses.iter().filter(follows).cloned().collect();
    let step = next_step(
        &followed,
        GoingOn {
            registration_id: "",
            reference: "",
            email,
            platform: None,
            ownership: Ownership::NotSet,
            groups,
        },
    );
    match step {
        Some(NextStep::Open(url)) => Some(url),
        Some(NextStep::Read(_) | NextStep::Ask) | None => None,
    }
}

/// RFC 3986: everything but the unreserved characters.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            use std::fmt::Write as _;
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(
        platform: Option<&str>,
        ownership: Option<Ownership>,
        url: &str,
    ) -> EnrolmentAddress {
        EnrolmentAddress {
            platform: platform.map(str::to_owned),
            ownership,
            group: None,
            token: None,
            step: EnrolmentStep::Url(EnrolmentUrl::parse(url).unwrap()),
        }
    }

    const NO_GROUPS: &BTreeSet<GroupName> = &BTreeSet::new();

    fn continue_url(addresses: &[EnrolmentAddress], who: GoingOn<'_>) -> Option<String> {
        match next_step(addresses, who) {
            Some(NextStep::Open(url)) => Some(url),
            Some(NextStep::Read(text)) => panic!("an instruction: {text}"),
            Some(NextStep::Ask) => panic!("an address that carries a token"),
            None => None,
        }
    }

    #[test]
    fn the_first_address_that_fits_is_filled_in() {
        let addresses = [
            address(
                Some("ios"),
                Some(Ownership::CompanyOwned),
                "https://mdm.example.com/ios?s={registrationId}&r={reference}",
            ),
            address(
                None,
                None,
                "https://mdm.example.com/any?u={email}&p={platform}&o={ownership}",
            ),
        ];
        let who = GoingOn {
            registration_id: "abc",
            reference: "def",
            email: "a+b@example.com",
            platform: Some("ios"),
            ownership: Ownership::CompanyOwned,
            groups: NO_GROUPS,
        };

        assert_eq!(
            continue_url(&addresses, who).unwrap(),
            "https://mdm.example.com/ios?s=abc&r=def"
        );
        assert_eq!(
            continue_url(
                &addresses,
                GoingOn {
                    platform: None,
                    ..who
                }
            )
            .unwrap(),
            "https://mdm.example.com/any?u=a%2Bb%40example.com&p=&o=companyOwned"
        );
        assert_eq!(continue_url(&[], who), None);
    }

    #[test]
    fn a_platform_is_found_by_any_of_its_names_and_an_unknown_one_takes_the_address_for_all() {
        let addresses = [
            address(Some("mac"), None, "https://mdm.example.com/mac"),
            address(Some("ios"), None, "https://mdm.example.com/ios"),
            address(Some("tizen"), None, "https://mdm.example.com/tizen"),
            address(None, None, "https://mdm.example.com/any?p={platform}"),
        ];
        let leads = |platform: &str| {
            let who = GoingOn {
                registration_id: "abc",
                reference: "def",
                email: "a@example.com",
                platform: Some(platform),
                ownership: Ownership::NotSet,
                groups: NO_GROUPS,
            };
            continue_url(&addresses, who).unwrap()
        };

        for (platform, end) in [
            ("iPhone", "ios"),
            ("Darwin", "mac"),
            ("macOS", "mac"),
            ("Tizen", "tizen"),
            ("Windows 10", "any?p=windows"),
            ("KaiOS", "any?p=kaios"),
        ] {
            assert_eq!(leads(platform), format!("https://mdm.example.com/{end}"));
        }
    }

    #[test]
    fn an_ipad_goes_where_ios_does_unless_there_is_an_address_for_ipads() {
        let ios = address(
            Some("ios"),
            None,
            "https://mdm.example.com/ios?p={platform}",
        );
        let any = address(None, None, "https://mdm.example.com/any");
        let for_users =
            |platform, ownership| address(Some(platform), ownership, "https://mdm.example.com/own");
        let leads = |addresses: &[EnrolmentAddress]| {
            let who = GoingOn {
                registration_id: "abc",
                reference: "def",
                email: "a@example.com",
                platform: Some("iPad"),
                ownership: Ownership::CompanyOwned,
                groups: NO_GROUPS,
            };
            continue_url(addresses, who).unwrap()
        };

        let as_ios = "https://mdm.example.com/ios?p=ipados";
        assert_eq!(leads(&[ios.clone(), any.clone()]), as_ios);
        assert_eq!(
            leads(&[ios.clone(), for_users("iPadOS", None), any.clone()]),
            "https://mdm.example.com/own"
        );
        let not_theirs = for_users("ipados", Some(Ownership::UserOwned));
        assert_eq!(leads(&[not_theirs, ios.clone(), any.clone()]), as_ios);
        assert_eq!(leads(&[any, ios]), "https://mdm.example.com/any");
    }

    #[test]
    fn a_mail_without_a_secret_leads_to_the_web_address_for_every_device() {
        let for_phones = address(Some("ios"), None, "https://mdm.example.com/ios");
        let for_the_company = address(
            None,
            Some(Ownership::CompanyOwned),
            "https://mdm.example.com/company",
        );
        let app = address(None, None, "awagent://enroll?e={email}");
        let by_session = address(None, None, "https://mdm.example.com/s/{registrationId}");
        let any = address(None, None, "https://mdm.example.com/any?u={email}");
        let useless = [for_phones, for_the_company, app, by_session];
        let with_one = [useless.as_slice(), &[any]].concat();

        assert_eq!(
            managed_at(&with_one, "a+b@example.com", NO_GROUPS).unwrap(),
            "https://mdm.example.com/any?u=a%2Bb%40example.com"
        );
        assert_eq!(managed_at(&useless, "a@example.com", NO_GROUPS), None);
    }

    #[test]
    fn who_is_in_a_group_goes_on_as_the_group_does_and_an_instruction_stands_in_for_an_address() {
        let managers = GroupName::parse("Managers").unwrap();
        let instruction = "Settings > General > VPN & Device Management > Sign In {email}";
        let addresses = [
            EnrolmentAddress {
                group: Some(managers),
                ..address(None, None, "https://mdm.example.com/managers")
            },
            EnrolmentAddress {
                step: EnrolmentStep::Text(instruction.to_owned()),
                ..address(Some("ios"), None, "https://mdm.example.com/")
            },
            address(
                Some("windows"),
                None,
                "ms-device-enrollment:?mode=mdm&username={email}",
            ),
        ];
        let goes_on = |platform, group: &str| {
            let groups = BTreeSet::from([GroupName::parse(group).unwrap()]);
            let who = GoingOn {
                registration_id: "abc",
                reference: "def",
                email: "a+b@example.com",
                platform: Some(platform),
                ownership: Ownership::NotSet,
                groups: &groups,
            };
            next_step(&addresses, who)
        };
        let open = |url: &str| Some(NextStep::Open(url.to_owned()));

        assert_eq!(
            goes_on("ios", "managers"),
            open("https://mdm.example.com/managers")
        );
        assert_eq!(
            goes_on("iPad", "Staff"),
            Some(NextStep::Read(instruction.to_owned()))
        );
        assert_eq!(
            goes_on("windows", "Staff"),
            open("ms-device-enrollment:?mode=mdm&username=a%2Bb%40example.com")
        );
        assert_eq!(goes_on("android", "Staff"), None);
    }

    #[test]
    fn a_mail_without_a_secret_leads_where_the_group_goes_and_never_to_an_instruction() {
        let managers = GroupName::parse("Managers").unwrap();
        let for_managers = EnrolmentAddress {
            group: Some(managers.clone()),
            ..address(None, None, "https://mdm.example.com/managers")
        };
        let instruction = EnrolmentAddress {
            step: EnrolmentStep::Text("Open Settings.".to_owned()),
            ..for_managers.clone()
        };
        let addresses = [instruction, for_managers];

        let theirs = managed_at(&addresses, "a@example.com", &BTreeSet::from([managers]));
        assert_eq!(theirs.unwrap(), "https://mdm.example.com/managers");
        assert_eq!(managed_at(&addresses, "a@example.com", NO_GROUPS), None);
    }
}
