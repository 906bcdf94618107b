//! What a mail service answers, by what it asks of us, and how fast it lets us send.

/// An answer of the mail service, by what it asks of us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendAnswer {
    /// Taken; this is what the service calls it.
    Accepted {
        /// The service's id.
        service_id: String,
    },
    /// Too fast: this mail again, a little later.
    TooFast,
    /// The daily quota is used up: nothing goes until there is room again.
    QuotaUsedUp,
    /// Refused for the account, its sender or its set-up, not for this mail: nothing goes until
    /// somebody has mended it.
    AccountRefused {
        /// What the service said, without addresses.
        reason: String,
    },
    /// Refused for this mail; the next one may do.
    MailRefused {
        /// What the service said, without addresses.
        reason: String,
    },
    /// Refused because the service does not know the recipient, as it must while the account is
    /// on trial; the next mail may do.
    RecipientNotVerified {
        /// What to do, without addresses.
        reason: String,
    },
    /// It may or may not have been taken: no answer, or one that says nothing.
    NoAnswer {
        /// What happened instead.
        reason: String,
    },
}

/// How fast the mail service lets us send.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SendingLimits {
    /// Mails a second; at least a tiny bit.
    pub per_second: f64,
    /// Whether the service takes mail at all at the moment.
    pub enabled: bool,
}
