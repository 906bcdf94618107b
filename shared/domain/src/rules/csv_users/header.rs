//! The names that columns go by: ours, and those of the exports of directories and of other systems.

use super::{Column, EXPORT_ONLY_COLUMNS};
use crate::values::text::{is_blank, search_key, trimmed};

/// What a column of a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// One of ours.
    Column(Column),
    /// What people are called by their friends; with the other one it makes a name.
    GivenName,
    /// What their family is called.
    FamilyName,
    /// What an export of ours tells besides; or nothing at all.
    OfExport,
    /// Nothing that we know.
    Unknown,
}

/// The names of each, as [`plain`] has them, besides our own.
const OTHER_NAMES: [(Meaning, &[&str]); 10] = [
    (Meaning::Column(Column::UserId), &[]),
    (
        Meaning::Column(Column::ExternalId),
        &[
            "employeeid",
            "employeenumber",
            "personnelnumber",
            "objectid",
            "objectguid",
            "personalnummer",
            "staffid",
        ],
    ),
    (
        Meaning::Column(Column::Email),
        &[
            "mail",
            "emailaddress",
            "mailaddress",
            "primaryemail",
            "primaryemailaddress",
            "primarysmtpaddress",
            "workemail",
            "emailadresse",
            "adresseemail",
            "adresseelectronique",
            "courriel",
            "correoelectronico",
            "correo",
            "indirizzoemail",
            "postaelettronica",
            "emailadres",
            "epostadress",
            "epost",
            "enderecodeemail",
            "sahkoposti",
            "sahkopostiosoite",
            "workemailaddress",
            "useremail",
            "profileemail",
            "userprincipalname",
            "upn",
        ],
    ),
    (
        Meaning::Column(Column::Name),
        &[
            "displayname",
            "fullname",
            "commonname",
            "cn",
            "userdisplayname",
            "anzeigename",
            "nomcomplet",
            "nombrecompleto",
            "nomecompleto",
            "profiledisplayname",
        ],
    ),
    (Meaning::Column(Column::Groups), &["group"]),
    (
        Meaning::Column(Column::Locale),
        &["language", "preferredlanguage"],
    ),
    (Meaning::Column(Column::TimeZone), &["zoneinfo", "tz"]),
    (
        Meaning::Column(Column::Enabled),
        &["accountenabled", "active"],
    ),
    (
        Meaning::GivenName,
        &[
            "givenname",
            "firstname",
            "first",
            "forename",
            "vorname",
            "prenom",
            "nombre",
            "nome",
            "voornaam",
            "etunimi",
            "fornamn",
            "profilefirstname",
        ],
    ),
    (
        Meaning::FamilyName,
        &[
            "surname",
            "lastname",
            "familyname",
            "sn",
            "nachname",
            "familienname",
            "nomdefamille",
            "last",
            "apellido",
            "apellidos",
            "cognome",
            "sobrenome",
            "apelido",
            "achternaam",
            "sukunimi",
            "efternamn",
            "profilelastname",
        ],
    ),
];

/// What a column is by its header. Some exports write another name, or a remark, in brackets behind it:
/// `User name [userPrincipalName] Required`, `Email Address [Required]`.
pub(super) fn meaning_of(header: &str) -> Meaning {
    if is_blank(header) {
        return Meaning::OfExport;
    }
    let (before, inside) = match header.split_once(['[', '(']) {
        Some((before, behind)) => {
            let inside = behind.split([']', ')']).next().unwrap_or_default();
            (before, Some(inside))
        }
        None => (header, None),
    };
    let candidates = [Some(header), inside, Some(before)];
    candidates
        .into_iter()
        .flatten()
        .find_map(known)
        .unwrap_or(Meaning::Unknown)
}

fn known(header: &str) -> Option<Meaning> {
    let name = plain(header);
    let ours = Column::ALL
        .into_iter()
        .find(|column| plain(column.header()) == name);
    if let Some(column) = ours {
        return Some(Meaning::Column(column));
    }
    if EXPORT_ONLY_COLUMNS
        .into_iter()
        .any(|told| plain(told) == name)
    {
        return Some(Meaning::OfExport);
    }
    let mut others = OTHER_NAMES.into_iter();
    others
        .find(|(_, names)| names.contains(&name.as_str()))
        .map(|(meaning, _)| meaning)
}

/// A header as it is compared: `Time zone`, `time_zone` and `timeZone` are one, and so are `Prénom` and
/// `PRENOM`.
fn plain(header: &str) -> String {
    search_key(header)
        .chars()
        .filter(|c| !(c.is_whitespace() || matches!(c, '-' | '_' | '.')))
        .collect()
}

/// A header as it is shown to people.
pub(super) fn shown(header: &str) -> String {
    trimmed(header)
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(40)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_other_exports_are_known_in_any_case_and_spelling() {
        let column = |column| Meaning::Column(column);
        for (header, meaning) in [
            ("email", column(Column::Email)),
            ("E-Mail", column(Column::Email)),
            ("mail", column(Column::Email)),
            ("Email Address", column(Column::Email)),
            ("EMAIL_ADDRESS", column(Column::Email)),
            ("userPrincipalName", column(Column::Email)),
            ("User Principal Name", column(Column::Email)),
            ("UPN", column(Column::Email)),
            ("Email Address [Required]", column(Column::Email)),
            (
                "User name [userPrincipalName] Required",
                column(Column::Email),
            ),
            ("\u{FEFF}Display\u{A0}Name", column(Column::Name)),
            ("employeeId", column(Column::ExternalId)),
            ("External ID", column(Column::ExternalId)),
            ("user_id", column(Column::UserId)),
            ("preferredLanguage", column(Column::Locale)),
            ("accountEnabled", column(Column::Enabled)),
            ("Time zone", column(Column::TimeZone)),
            ("givenName", Meaning::GivenName),
            ("First Name [Required]", Meaning::GivenName),
            ("sn", Meaning::FamilyName),
            ("Last name", Meaning::FamilyName),
            ("Pre\u{301}nom", Meaning::GivenName),
            ("Nom de famille", Meaning::FamilyName),
            ("Adresse e-mail", column(Column::Email)),
            ("Correo electrónico", column(Column::Email)),
            ("Indirizzo e-mail", column(Column::Email)),
            ("Adresse électronique", column(Column::Email)),
            ("Endereço de e-mail", column(Column::Email)),
            ("profile.email", column(Column::Email)),
            ("Anzeigename", column(Column::Name)),
            ("Nombre", Meaning::GivenName),
            ("Apellidos", Meaning::FamilyName),
            ("Voornaam", Meaning::GivenName),
            ("Achternaam", Meaning::FamilyName),
            ("profile.firstName", Meaning::GivenName),
            ("First", Meaning::GivenName),
            ("Last", Meaning::FamilyName),
            ("Personalnummer", column(Column::ExternalId)),
            ("address_mark", Meaning::OfExport),
            ("", Meaning::OfExport),
            ("Department", Meaning::Unknown),
            ("Password [Required]", Meaning::Unknown),
            ("ann@example.com", Meaning::Unknown),
        ] {
            assert_eq!(meaning_of(header), meaning, "{header:?}");
        }
    }
}
