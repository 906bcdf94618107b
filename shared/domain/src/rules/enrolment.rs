//! Where a person goes on after the secret was accepted: the device management's own address,
//! by platform and ownership.

use crate::model::ownership::Ownership;
use crate::model::settings::enrolment::{EnrolmentAddress, variables_of};
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
}

/// The first address that fits, its variables filled in. A platform that has none of its own is
/// served as another one is: an iPad as `ios`.
#[must_use]
pub fn continue_url(addresses: &[EnrolmentAddress], who: GoingOn<'_>) -> Option<String> {
    let fits_ownership = |address: &&EnrolmentAddress| {
        let wanted = address.ownership;
        wanted.is_none_or(|ownership| ownership == who.ownership)
    };
    let fitting: Vec<&EnrolmentAddress> = addresses.iter().filter(fits_ownership).collect();
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
    let ownership = match who.ownership {
        Ownership::NotSet => "notSet",
        Ownership::UserOwned => "userOwned",
        Ownership::CompanyOwned => "companyOwned",
    };
    let fits = |address: &&&EnrolmentAddress| {
        let named = named_by(address);
        named.is_none() || named == looked_for
    };
    fitting.iter().find(fits).map(|address| {
        address
            .url
            .as_str()
            .replace("{registrationId}", &percent_encoded(who.registration_id))
            .replace("{reference}", &percent_encoded(who.reference))
            .replace(
                "{platform}",
                &percent_encoded(platform.as_deref().unwrap_or_default()),
            )
            .replace("{ownership}", ownership)
            // Last: what a person chose must not bring a variable of its own.
            .replace("{email}", &percent_encoded(who.email))
    })
}

/// Where somebody goes on who shows no secret first, and so has no registration session: the
/// first web address for every platform, for a mail cannot know on which one it is followed, and
/// mail programs take the address of an app for text.
#[must_use]
pub fn managed_at(addresses: &[EnrolmentAddress], email: &str) -> Option<String> {
    let follows = |address: &&EnrolmentAddress| {
        let url = address.url.as_str();
        let is_web = url
            .split_once("://")
            .is_some_and(|(scheme, _)| scheme == "https" || scheme == "http");
        let variables = variables_of(url);
        let is_of_session = |name: &&str| matches!(*name, "registrationId" | "reference");
        is_web && !variables.iter().any(is_of_session)
    };
    let followed: Vec<_> = addresses.iter().filter(follows).cloned().collect();
    continue_url(
        &followed,
        GoingOn {
            registration_id: "",
            reference: "",
            email,
            platform: None,
            ownership: Ownership::NotSet,
        },
    )
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
    use crate::model::settings::enrolment::EnrolmentUrl;

    fn address(
        platform: Option<&str>,
        ownership: Option<Ownership>,
        url: &str,
    ) -> EnrolmentAddress {
        EnrolmentAddress {
            platform: platform.map(str::to_owned),
            ownership,
            url: EnrolmentUrl::parse(url).unwrap(),
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
            managed_at(&with_one, "a+b@example.com").unwrap(),
            "https://mdm.example.com/any?u=a%2Bb%40example.com"
        );
        assert_eq!(managed_at(&useless, "a@example.com"), None);
    }
}
