//! How the identity provider of a deployment tells people from machines, and what it calls their
//! roles. The marks are those that Cognito, Auth0, Okta and Entra ID write into access tokens; for
//! another provider a deployment names one.

use beckon_domain::values::permission::{Caller, CallerKind};

use crate::token::Claims;

/// What a deployment knows of its identity provider.
#[derive(Debug)]
pub(crate) struct IdentityProvider {
    /// The claim that lists a caller's roles.
    role_claim: String,
    /// What stands before a role in a machine's scope.
    scope_prefix: String,
    /// A claim and its value that only the tokens of machines have.
    machine_claim: Option<(String, String)>,
}

/// Claims that only the token of a person has. A token with one of them is no machine's, even if it
/// has a mark of one.
const OF_PEOPLE: [&str; 9] = [
    "username",
    "cognito:username",
    "uid",
    "email",
    "upn",
    "preferred_username",
    "name",
    "given_name",
    "family_name",
];

impl IdentityProvider {
    /// From `BECKON_ROLE_CLAIM`, by default Cognito's groups; `BECKON_SCOPE_PREFIX`, by default
    /// `beckon/`; and `BECKON_MACHINE_CLAIM`, as `claim=value`, which may be left out.
    pub(crate) fn from_environment(lookup: &dyn Fn(&str) -> Option<String>) -> Self {
        let given = |name| lookup(name).filter(|value| !value.is_empty());
        let machine_claim = given("BECKON_MACHINE_CLAIM").and_then(|written| {
            let parts = written
                .split_once('=')
                .filter(|(claim, value)| !claim.is_empty() && !value.is_empty());
            if parts.is_none() {
                tracing::error!(
                    "BECKON_MACHINE_CLAIM is not claim=value, so it marks no token as a machine's"
                );
            }
            parts.map(|(claim, value)| (claim.to_owned(), value.to_owned()))
        });
        Self {
            role_claim: given("BECKON_ROLE_CLAIM").unwrap_or_else(|| "cognito:groups".to_owned()),
            scope_prefix: given("BECKON_SCOPE_PREFIX").unwrap_or_else(|| "beckon/".to_owned()),
            machine_claim,
        }
    }

    /// Whose token this is, and what it permits. A role counts by its exact name. Scopes count in
    /// a machine's token alone: in a person's they say what an application may do for them.
    pub(crate) fn caller(&self, claims: &Claims) -> Caller {
        let mut roles = claims.entries(&self.role_claim);
        let kind = self.kind_of(claims);
        if kind == CallerKind::Machine {
            let scopes = ["scope", "scp"]
                .into_iter()
                .flat_map(|name| claims.scopes(name));
            roles.extend(scopes.filter_map(|scope| scope.strip_prefix(self.scope_prefix.as_str())));
        }
        Caller::with_roles(kind, name_of(claims, kind), roles)
    }

    /// A machine is known by a positive mark; everybody else is a person.
    fn kind_of(&self, claims: &Claims) -> CallerKind {
        let marked_here = self
            .machine_claim
            .as_ref()
            .is_some_and(|(claim, value)| claims.says(claim, value));
        let is_persons = OF_PEOPLE.iter().any(|name| claims.text(name).is_some());
        if marked_here || (!is_persons && has_mark_of_a_machine(claims)) {
            CallerKind::Machine
        } else {
            CallerKind::Person
        }
    }
}

/// What the four providers write into tokens of the client credentials grant, and into no others.
fn has_mark_of_a_machine(claims: &Claims) -> bool {
    let subject = claims.text("sub");
    let is_subject = |name: &str| subject.is_some() && claims.text(name) == subject;
    let cognito = claims.says("token_use", "access") && is_subject("client_id");
    let auth0 = claims.says("gty", "client-credentials")
        // Auth0's tokens in the form of RFC 9068 have no gty.
        || ["azp", "client_id"].iter().any(|name| {
            subject.and_then(|subject| subject.strip_suffix("@clients"))
                .is_some_and(|client| claims.text(name) == Some(client))
        });
    let okta = is_subject("cid");
    // `idtyp` is an optional claim. Without it: a person's subject is made for each application
    // and differs from their object id, and what an application may do for somebody is in `scp`.
    let entra = match claims.text("idtyp") {
        Some(kind) => kind == "app",
        None => is_subject("oid") && claims.text("tid").is_some(),
    } && claims.entries("scp").is_empty();
    cognito || auth0 || okta || entra
}

/// What the history calls them: of people their address, or else what identifies them.
fn name_of(claims: &Claims, kind: CallerKind) -> &str {
    let names: &[&str] = match kind {
        CallerKind::Person => &["email", "cognito:username", "username", "sub"],
        CallerKind::Machine => &["client_id", "cid", "azp", "appid", "sub"],
    };
    names
        .iter()
        // People can change their address in some pools; until it is verified, it may be another's.
        .filter(|name| **name != "email" || !claims.denies("email_verified"))
        .find_map(|name| claims.text(name))
        .unwrap_or("unknown caller")
}
