//! What a directory says of a person, as it says it. What follows from that for the user is decided by
//! [`crate::rules::directory`].

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::user::User;
use crate::values::address::EmailAddress;
use crate::values::ids::ExternalId;
use crate::values::names::is_plain;
use crate::values::problem::FieldProblem;
use crate::values::text;
use crate::values::user_name::UserName;

/// The longest text, in characters: a user's row stays small.
const MAX_TEXT_LENGTH: usize = 256;

/// The most addresses that are kept of one person.
pub const MAX_EMAILS: usize = 10;

/// A line as a directory says it. It is kept even if it means nothing here, since the directory compares what it
/// reads with what it wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DirectoryText(String);

impl DirectoryText {
    /// Parses a line of at most 256 characters; `None` if it is blank.
    pub fn parse(said: &str) -> Result<Option<Self>, FieldProblem> {
        let said = text::trimmed(said);
        if said.is_empty() {
            return Ok(None);
        }
        if said.chars().count() > MAX_TEXT_LENGTH {
            let detail = format!("must be at most {MAX_TEXT_LENGTH} characters long");
            return Err(FieldProblem::new("", "tooLong", detail));
        }
        if !said.chars().all(is_plain) {
            return Err(FieldProblem::new(
                "",
                "controlCharacter",
                "must not contain control or text-direction characters",
            ));
        }
        Ok(Some(Self(said.to_owned())))
    }

    /// The line.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An address of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DirectoryEmail {
    /// The address.
    pub value: EmailAddress,
    /// What it is for, such as `work`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<DirectoryText>,
    /// Whether it is the one to use; `None`: nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary: Option<bool>,
}

/// The parts of a person's name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DirectoryName {
    /// All of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formatted: Option<DirectoryText>,
    /// The given name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_name: Option<DirectoryText>,
    /// The family name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_name: Option<DirectoryText>,
}

impl DirectoryName {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What else a directory can say of people that mails may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum DirectoryAttribute {
    /// The title of their work.
    Title,
    /// Their department.
    Department,
    /// Their division.
    Division,
    /// Their number as an employee.
    EmployeeNumber,
    /// Their cost centre.
    CostCenter,
}

impl DirectoryAttribute {
    /// Every one.
    pub const ALL: [Self; 5] = [
        Self::Title,
        Self::Department,
        Self::Division,
        Self::EmployeeNumber,
        Self::CostCenter,
    ];

    /// The name, as settings, SCIM and wordings spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Department => "department",
            Self::Division => "division",
            Self::EmployeeNumber => "employeeNumber",
            Self::CostCenter => "costCenter",
        }
    }
}

/// What a directory says of a person by these attributes, as far as the settings had it kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DirectoryFacts {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<DirectoryText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    department: Option<DirectoryText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    division: Option<DirectoryText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    employee_number: Option<DirectoryText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cost_center: Option<DirectoryText>,
}

impl DirectoryFacts {
    /// What is said by an attribute.
    #[must_use]
    pub const fn get(&self, attribute: DirectoryAttribute) -> Option<&DirectoryText> {
        match attribute {
            DirectoryAttribute::Title => self.title.as_ref(),
            DirectoryAttribute::Department => self.department.as_ref(),
            DirectoryAttribute::Division => self.division.as_ref(),
            DirectoryAttribute::EmployeeNumber => self.employee_number.as_ref(),
            DirectoryAttribute::CostCenter => self.cost_center.as_ref(),
        }
    }

    /// Says something by an attribute, or nothing more.
    pub fn set(&mut self, attribute: DirectoryAttribute, said: Option<DirectoryText>) {
        let slot = match attribute {
            DirectoryAttribute::Title => &mut self.title,
            DirectoryAttribute::Department => &mut self.department,
            DirectoryAttribute::Division => &mut self.division,
            DirectoryAttribute::EmployeeNumber => &mut self.employee_number,
            DirectoryAttribute::CostCenter => &mut self.cost_center,
        };
        *slot = said;
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What a directory says of a person. Their user name, their id there, and whether they are active stand in the
/// user's own fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DirectoryProfile {
    /// What they are to be called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<DirectoryText>,
    /// The parts of their name.
    #[serde(default, skip_serializing_if = "DirectoryName::is_empty")]
    pub name: DirectoryName,
    /// Their addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub emails: Vec<DirectoryEmail>,
    /// The language that they prefer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred_language: Option<DirectoryText>,
    /// The region whose forms they use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<DirectoryText>,
    /// Their time zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<DirectoryText>,
    /// What else it says, as far as the settings have it kept.
    #[serde(default, skip_serializing_if = "DirectoryFacts::is_empty")]
    pub facts: DirectoryFacts,
}

/// Why a request of the directory was refused. Nothing that it said of people is in here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DirectoryRefusal {
    /// When.
    pub at: Timestamp,
    /// Which request, like `PATCH /Users`.
    pub request: String,
    /// The status that it was answered with.
    pub status: u16,
    /// The keyword of SCIM, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// What is known of the directory's requests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DirectoryNews {
    /// When it made one last that had a token; up to a minute behind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_request_at: Option<Timestamp>,
    /// Which of those was refused last, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_refusal: Option<DirectoryRefusal>,
}

/// A person as the directory sees and writes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryPerson {
    /// What they sign in by there.
    pub user_name: UserName,
    /// The directory's own id.
    pub external_id: Option<ExternalId>,
    /// Whether they may be invited and register.
    pub active: bool,
    /// What else it says.
    pub profile: DirectoryProfile,
}

impl DirectoryPerson {
    /// A user as the directory sees them. Whoever was added by hand has the address as user name until the directory
    /// says another.
    #[must_use]
    pub fn of(user: &User) -> Self {
        let said = |text: &str| DirectoryText::parse(text).ok().flatten();
        let by_hand = || DirectoryProfile {
            display_name: user
                .display_name
                .as_ref()
                .and_then(|one| said(one.as_str())),
            name: DirectoryName::default(),
            emails: vec![DirectoryEmail {
                value: user.email.clone(),
                kind: said("work"),
                primary: Some(true),
            }],
            preferred_language: user.locale.as_ref().and_then(|one| said(one.as_str())),
            locale: None,
            time_zone: user.time_zone.as_ref().and_then(|one| said(one.as_str())),
            facts: DirectoryFacts::default(),
        };
        let user_name = user.user_name.clone();
        Self {
            user_name: user_name.unwrap_or_else(|| UserName::of_address(&user.email)),
            external_id: user.external_id.clone(),
            active: user.enabled,
            profile: user.directory.as_deref().cloned().unwrap_or_else(by_hand),
        }
    }
}
