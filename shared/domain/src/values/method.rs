//! How a device is registered, and so what an invitation carries.

use serde::{Deserialize, Serialize};

/// The registration method of an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum Method {
    /// A PIN in the mail, and a link to the page that takes address and PIN.
    Pin,
    /// The same; the device management asks for the password as well, Beckon never sees it.
    PasswordAndPin,
    /// Instructions and the link, no secret; only the registration itself completes it.
    Password,
    /// A QR code and the same link as text, no PIN.
    QrCode,
}

impl Method {
    /// Whether the mail carries a PIN.
    #[must_use]
    pub const fn uses_pin(self) -> bool {
        match self {
            Self::Pin | Self::PasswordAndPin => true,
            Self::Password | Self::QrCode => false,
        }
    }

    /// Whether the mail carries a link with a token.
    #[must_use]
    pub const fn uses_token(self) -> bool {
        match self {
            Self::QrCode => true,
            Self::Pin | Self::PasswordAndPin | Self::Password => false,
        }
    }

    /// Whether the device management will ask for a password.
    #[must_use]
    pub const fn asks_for_password(self) -> bool {
        match self {
            Self::PasswordAndPin | Self::Password => true,
            Self::Pin | Self::QrCode => false,
        }
    }
}

/// Whether the choice reaches invitations of this method: only those with a PIN carry it.
#[must_use]
pub const fn choice_applies(method: Method) -> bool {
    method.uses_pin()
}
