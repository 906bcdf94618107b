//! Sources of device events: which device managements tell of devices, how each proves itself, and, of one that is
//! not built in, what its messages mean. Their secrets stand elsewhere, and no version of the settings holds one.

use serde::{Deserialize, Serialize};

use crate::model::mapping::Mapping;
use crate::values::service_url::ServiceUrl;
use crate::values::source_name::SourceName;

mod draft;

pub(super) use draft::parse;
pub use draft::{AuthenticationDraft, AuthenticationType, DeviceSourceDraft, SourceApiDraft};

/// A kind of device management.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum SourceKind {
    /// `NanoMDM`.
    NanoMdm,
    /// `MicroMDM`.
    MicroMdm,
    /// Fleet.
    Fleet,
    /// Jamf Pro.
    Jamf,
    /// `SimpleMDM`.
    SimpleMdm,
    /// Workspace ONE UEM.
    WorkspaceOne,
    /// The Android Management API.
    Android,
    /// Microsoft Intune, which is asked.
    Intune,
    /// Ivanti Neurons for MDM, which is asked.
    IvantiNeurons,
    /// Ivanti EPMM, which is asked.
    IvantiEpmm,
    /// Kandji, which is asked.
    Kandji,
    /// Any other, with a mapping of its own.
    Generic,
}

impl SourceKind {
    /// Every one.
    pub const ALL: [Self; 12] = [
        Self::NanoMdm,
        Self::MicroMdm,
        Self::Fleet,
        Self::Jamf,
        Self::SimpleMdm,
        Self::WorkspaceOne,
        Self::Android,
        Self::Intune,
        Self::IvantiNeurons,
        Self::IvantiEpmm,
        Self::Kandji,
        Self::Generic,
    ];

    /// Whether it tells of nothing by itself, and is asked.
    #[must_use]
    pub const fn is_polled(self) -> bool {
        match self {
            Self::Intune | Self::IvantiNeurons | Self::IvantiEpmm | Self::Kandji => true,
            Self::NanoMdm
            | Self::MicroMdm
            | Self::Fleet
            | Self::Jamf
            | Self::SimpleMdm
            | Self::WorkspaceOne
            | Self::Android
            | Self::Generic => false,
        }
    }

    /// Whether it can be asked whose a device is that it told of without naming a person.
    #[must_use]
    pub const fn looks_people_up(self) -> bool {
        matches!(self, Self::Fleet | Self::Jamf | Self::SimpleMdm)
    }

    /// Whether it issues tokens, each for one person, for enrolment addresses to carry.
    #[must_use]
    pub const fn issues_tokens(self) -> bool {
        matches!(self, Self::Android | Self::Jamf)
    }

    /// Whether it is asked with a user and a password.
    #[must_use]
    pub const fn asks_with_password(self) -> bool {
        matches!(self, Self::IvantiNeurons | Self::IvantiEpmm)
    }

    /// How one of this kind can prove itself, where nothing else is said; `None` if that must be said.
    #[must_use]
    pub fn usual(self) -> Option<Authentication> {
        match self {
            Self::NanoMdm => Some(Authentication::Hmac {
                header: "X-Hmac-Signature".to_owned(),
                encoding: Encoding::Base64,
                prefix: String::new(),
                algorithm: Algorithm::Sha256,
            }),
            Self::Jamf | Self::WorkspaceOne => Some(Authentication::Basic),
            Self::MicroMdm | Self::Fleet | Self::SimpleMdm => Some(Authentication::Query {
                parameter: "token".to_owned(),
            }),
            Self::Intune | Self::IvantiNeurons | Self::IvantiEpmm | Self::Kandji => {
                Some(Authentication::Nothing)
            }
            Self::Android | Self::Generic => None,
        }
    }
}

/// How a signature is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum Encoding {
    /// Hexadecimal digits.
    Hex,
    /// Base64 with padding.
    Base64,
}

/// What a signature is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum Algorithm {
    /// HMAC-SHA256.
    Sha256,
    /// HMAC-SHA512.
    Sha512,
}

/// How a source proves itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Authentication {
    /// By a signature over the body as it came.
    Hmac {
        /// The header that holds it.
        header: String,
        /// How it is written.
        encoding: Encoding,
        /// What stands before it, like `sha256=`.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        prefix: String,
        /// What it is made with.
        algorithm: Algorithm,
    },
    /// By user and password. The secret is `user:password`.
    Basic,
    /// By a secret in a header.
    Header {
        /// Which.
        header: String,
    },
    /// By a secret in the address: for systems that can do nothing else.
    Query {
        /// Which parameter.
        parameter: String,
    },
    /// By a token that Google signed, for an account of Google Cloud. There is no secret.
    Google {
        /// Who signs.
        issuer: String,
        /// For whom the token is.
        audience: String,
        /// The address of the account.
        account: String,
    },
    /// By nothing: it sends nothing, and is asked. No message is taken from it.
    Nothing,
}

impl Authentication {
    /// Whether it needs a secret.
    #[must_use]
    pub const fn has_secret(&self) -> bool {
        !matches!(self, Self::Google { .. } | Self::Nothing)
    }
}

/// Where a system is asked, and what of the credentials is no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceApi {
    /// Its address. The credentials are for this one alone.
    pub address: ServiceUrl,
    /// The tenant whose devices are asked for, where tokens are given by tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Whom the secret belongs to, where tokens are given to clients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Which part of the devices is asked for, where a system has parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub space: Option<u64>,
}

/// A source of device events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceSource {
    /// What it is called in addresses and in the ids of devices.
    pub name: SourceName,
    /// Which system it is.
    pub kind: SourceKind,
    /// How it proves itself.
    pub authentication: Authentication,
    /// What its messages mean; absent: what is built in for its kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<Mapping>,
    /// Where it is asked, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<SourceApi>,
}

impl DeviceSource {
    /// Where it is asked for its devices, if it is.
    #[must_use]
    pub fn polled_at(&self) -> Option<&SourceApi> {
        self.api.as_ref().filter(|_| self.kind.is_polled())
    }

    /// Where it issues tokens, if it does.
    #[must_use]
    pub fn issues_tokens_at(&self) -> Option<&SourceApi> {
        self.api.as_ref().filter(|_| self.kind.issues_tokens())
    }

    /// Where it is asked whose a device is, if it is.
    #[must_use]
    pub fn looked_up_at(&self) -> Option<&SourceApi> {
        self.api.as_ref().filter(|_| self.kind.looks_people_up())
    }
}
