//! Settings.

use std::collections::BTreeSet;

use beckon_domain::model::settings::{Distribution, Settings};
use beckon_domain::values::address::{EmailAddress, MailDomain};
use beckon_domain::values::method::Method;
use beckon_domain::values::names::GroupName;

/// Builds settings.
#[derive(Debug, Clone)]
pub struct SettingsBuilder(Settings);

/// The defaults of a Beckon that sends as beckon@example.com.
pub fn settings() -> SettingsBuilder {
    let from = EmailAddress::parse("beckon@example.com").expect("the address is well formed");
    SettingsBuilder(Settings::default_from(from))
}

impl SettingsBuilder {
    /// People register so.
    pub fn method(mut self, method: Method) -> Self {
        self.0.registration.method = method;
        self
    }

    /// Invitations are good for so long.
    pub fn lifetime_hours(mut self, hours: u32) -> Self {
        self.0.registration.lifetime_hours = hours;
        self
    }

    /// So many wrong PINs lock an issue.
    pub fn tries(mut self, tries: u8) -> Self {
        self.0.registration.pin.tries = tries;
        self
    }

    /// This administrator is told of everything.
    pub fn telling(mut self, address: &str) -> Self {
        let address = EmailAddress::parse(address).expect("a good address");
        self.0.administrators.addresses.insert(address);
        self.0.administrators.on_completion = true;
        self
    }

    /// Everybody who registers gets a confirmation.
    pub fn confirming_everyone(mut self) -> Self {
        self.0.confirmation.enabled = true;
        self.0.confirmation.distribution = Distribution::Everyone;
        self
    }

    /// Members of this group, too, get a confirmation.
    pub fn confirming(mut self, group: &str) -> Self {
        let mut groups = match &self.0.confirmation.distribution {
            Distribution::Groups(groups) => groups.clone(),
            Distribution::Everyone => BTreeSet::new(),
        };
        groups.insert(GroupName::parse(group).expect("a group"));
        self.0.confirmation.enabled = true;
        self.0.confirmation.distribution = Distribution::Groups(groups);
        self
    }

    /// Addresses of this domain, too, may be invited.
    pub fn inviting(mut self, domain: &str) -> Self {
        let domain = MailDomain::parse(domain).expect("a domain");
        self.0.sender.recipient_domains.insert(domain);
        self
    }

    /// The settings.
    pub fn build(self) -> Settings {
        self.0
    }
}
