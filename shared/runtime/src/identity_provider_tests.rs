//! Claims as the four providers write them, for people and for machines, and what each may do.

use beckon_domain::values::permission::{Caller, Permission};
use serde_json::{Value, json};

use crate::identity_provider::IdentityProvider;
use crate::token::Claims;

const COGNITO: &[(&str, &str)] = &[];
const AUTH0: &[(&str, &str)] = &[("BECKON_ROLE_CLAIM", "permissions")];
const OKTA: &[(&str, &str)] = &[("BECKON_ROLE_CLAIM", "groups")];
const ENTRA: &[(&str, &str)] = &[("BECKON_ROLE_CLAIM", "roles")];

const NOTHING: &[Permission] = &[];
const SETTINGS: &[Permission] = &[Permission::View, Permission::Configure];
const VIEWER: &[Permission] = &[Permission::View];
const MDM: &[Permission] = &[Permission::ManageDevices];

fn caller(variables: &[(&str, &str)], claims: &Value) -> Caller {
    let lookup = |name: &str| {
        let found = variables.iter().find(|(variable, _)| *variable == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    IdentityProvider::from_environment(&lookup).caller(&Claims::from(claims.clone()))
}

/// Claims with others put over them; null takes one away.
fn with(mut claims: Value, others: Value) -> Value {
    let Value::Object(others) = others else {
        panic!("claims are an object")
    };
    let all = claims.as_object_mut().unwrap();
    for (name, value) in others {
        match value {
            Value::Null => drop(all.remove(&name)),
            value => drop(all.insert(name, value)),
        }
    }
    claims
}

fn cognito_id_token() -> Value {
    json!({
        "sub": "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", "cognito:groups": ["viewer"], "email_verified": true,
        "iss": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_example", "cognito:username": "ann",
        "origin_jti": "11111111-2222-4333-8444-555555555555", "aud": "7ab8example", "token_use": "id",
        "event_id": "22222222-2222-4333-8444-555555555555", "auth_time": 1_795_428_000, "exp": 1_795_431_600,
        "iat": 1_795_428_000, "jti": "33333333-2222-4333-8444-555555555555", "email": "ann@example.com",
    })
}

fn cognito_access_token() -> Value {
    json!({
        "sub": "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", "cognito:groups": ["viewer"],
        "iss": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_example", "version": 2,
        "client_id": "7ab8example", "origin_jti": "11111111-2222-4333-8444-555555555555", "token_use": "access",
        "event_id": "22222222-2222-4333-8444-555555555555", "scope": "openid beckon/mdm beckon/settings",
        "auth_time": 1_795_428_000, "exp": 1_795_431_600, "iat": 1_795_428_000,
        "jti": "33333333-2222-4333-8444-555555555555", "username": "ann",
    })
}

fn cognito_machine() -> Value {
    json!({
        "sub": "9cd0example", "token_use": "access", "scope": "beckon/mdm", "auth_time": 1_795_428_000,
        "iss": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_example", "version": 2,
        "exp": 1_795_431_600, "iat": 1_795_428_000, "jti": "33333333-2222-4333-8444-555555555555",
        "client_id": "9cd0example",
    })
}

fn auth0_person() -> Value {
    json!({
        "iss": "https://example.eu.auth0.com/", "sub": "auth0|5f7c8ec7c33c6c004bbafe82",
        "aud": ["https://beckon.example.com", "https://example.eu.auth0.com/userinfo"],
        "iat": 1_795_428_000, "exp": 1_795_514_400, "azp": "AbC1example", "scope": "openid settings",
        "permissions": ["viewer"],
    })
}

fn auth0_machine() -> Value {
    json!({
        "iss": "https://example.eu.auth0.com/", "sub": "AbC1example@clients", "aud": "https://beckon.example.com",
        "iat": 1_795_428_000, "exp": 1_795_514_400, "azp": "AbC1example", "scope": "beckon/mdm",
        "gty": "client-credentials",
    })
}

fn okta_person() -> Value {
    json!({
        "ver": 1, "jti": "AT.0mP4example", "iss": "https://example.okta.com/oauth2/default", "aud": "api://default",
        "iat": 1_795_428_000, "exp": 1_795_431_600, "cid": "0oa1example", "uid": "00u1example",
        "scp": ["openid", "beckon/settings"], "auth_time": 1_795_428_000, "sub": "ann@example.com",
        "groups": ["viewer", "old settings"],
    })
}

fn okta_machine() -> Value {
    json!({
        "ver": 1, "jti": "AT.1nQ5example", "iss": "https://example.okta.com/oauth2/default", "aud": "api://default",
        "iat": 1_795_428_000, "exp": 1_795_431_600, "cid": "0oa2example", "scp": ["beckon/mdm"],
        "sub": "0oa2example",
    })
}

fn entra_person() -> Value {
    json!({
        "aud": "44444444-1111-4222-8333-444444444444", "iat": 1_795_428_000, "nbf": 1_795_428_000,
        "iss": "https://login.microsoftonline.com/55555555-1111-4222-8333-444444444444/v2.0",
        "exp": 1_795_432_000, "aio": "AVQexample", "azp": "66666666-1111-4222-8333-444444444444", "azpacr": "1",
        "name": "Ann Example", "oid": "77777777-1111-4222-8333-444444444444", "preferred_username": "ann@example.com",
        "rh": "0.example", "roles": ["viewer"], "scp": "access_as_user beckon/mdm", "sub": "AAAAexamplepairwise",
        "tid": "55555555-1111-4222-8333-444444444444", "uti": "example", "ver": "2.0",
    })
}

fn entra_machine() -> Value {
    json!({
        "aud": "44444444-1111-4222-8333-444444444444", "iat": 1_795_428_000, "nbf": 1_795_428_000,
        "iss": "https://login.microsoftonline.com/55555555-1111-4222-8333-444444444444/v2.0",
        "exp": 1_795_432_000, "aio": "E2Zgexample", "azp": "88888888-1111-4222-8333-444444444444", "azpacr": "1",
        "idtyp": "app", "oid": "99999999-1111-4222-8333-444444444444", "rh": "0.example", "roles": ["mdm"],
        "sub": "99999999-1111-4222-8333-444444444444", "tid": "55555555-1111-4222-8333-444444444444",
        "uti": "example", "ver": "2.0",
    })
}

/// What is signed, by which provider it is, who it is for the history, and what they may do.
type Case = (
    &'static str,
    &'static [(&'static str, &'static str)],
    Value,
    &'static str,
    &'static [Permission],
);

fn of_cognito_and_auth0() -> Vec<Case> {
    vec![
        (
            "Cognito, id token",
            COGNITO,
            cognito_id_token(),
            "ann@example.com",
            VIEWER,
        ),
        (
            "Cognito, access token",
            COGNITO,
            cognito_access_token(),
            "ann",
            VIEWER,
        ),
        (
            "Cognito, machine",
            COGNITO,
            cognito_machine(),
            "9cd0example",
            MDM,
        ),
        (
            "Auth0, person",
            AUTH0,
            auth0_person(),
            "auth0|5f7c8ec7c33c6c004bbafe82",
            VIEWER,
        ),
        (
            "Auth0, person with a scope like a machine's",
            AUTH0,
            with(
                auth0_person(),
                json!({"scope": "openid beckon/settings beckon/mdm"}),
            ),
            "auth0|5f7c8ec7c33c6c004bbafe82",
            VIEWER,
        ),
        (
            "Auth0, person who signed in with a password",
            AUTH0,
            with(
                auth0_person(),
                json!({"gty": "password", "permissions": null}),
            ),
            "auth0|5f7c8ec7c33c6c004bbafe82",
            NOTHING,
        ),
        ("Auth0, machine", AUTH0, auth0_machine(), "AbC1example", MDM),
        (
            "Auth0, machine in the form of RFC 9068",
            AUTH0,
            with(
                auth0_machine(),
                json!({"gty": null, "azp": null, "client_id": "AbC1example"}),
            ),
            "AbC1example",
            MDM,
        ),
    ]
}

fn of_okta_and_entra() -> Vec<Case> {
    vec![
        (
            "Okta, person",
            OKTA,
            okta_person(),
            "ann@example.com",
            VIEWER,
        ),
        ("Okta, machine", OKTA, okta_machine(), "0oa2example", MDM),
        (
            "Okta, machine with more scopes",
            OKTA,
            with(
                okta_machine(),
                json!({"scp": ["openid", "beckon/settings"]}),
            ),
            "0oa2example",
            SETTINGS,
        ),
        (
            "Entra ID, person",
            ENTRA,
            entra_person(),
            "AAAAexamplepairwise",
            VIEWER,
        ),
        (
            "Entra ID, person without a name, in the older form",
            ENTRA,
            with(
                entra_person(),
                json!({"name": null, "preferred_username": null, "azp": null, "ver": "1.0",
                       "appid": "66666666-1111-4222-8333-444444444444"}),
            ),
            "AAAAexamplepairwise",
            VIEWER,
        ),
        (
            "Entra ID, machine",
            ENTRA,
            entra_machine(),
            "88888888-1111-4222-8333-444444444444",
            MDM,
        ),
        (
            "Entra ID, machine without the optional claim",
            ENTRA,
            with(entra_machine(), json!({"idtyp": null})),
            "88888888-1111-4222-8333-444444444444",
            MDM,
        ),
    ]
}

#[test]
fn people_and_machines_of_each_provider_may_what_their_tokens_say() {
    for (which, variables, claims, name, permitted) in
        [of_cognito_and_auth0(), of_okta_and_entra()].concat()
    {
        let caller = caller(variables, &claims);

        assert_eq!(caller.name, name, "{which}");
        assert_eq!(
            caller.permissions,
            permitted.iter().copied().collect(),
            "{which}"
        );
    }
}

#[test]
fn no_person_gets_the_role_of_the_device_management() {
    for (which, variables, claims, claim) in [
        ("Cognito", COGNITO, cognito_id_token(), "cognito:groups"),
        ("Auth0", AUTH0, auth0_person(), "permissions"),
        ("Okta", OKTA, okta_person(), "groups"),
        ("Entra ID", ENTRA, entra_person(), "roles"),
    ] {
        let caller = caller(variables, &with(claims, json!({claim: ["mdm", "viewer"]})));

        assert_eq!(
            caller.permissions,
            VIEWER.iter().copied().collect(),
            "{which}"
        );
    }
}

#[test]
fn a_role_is_granted_by_its_exact_name_alone() {
    for groups in [
        json!(["old settings"]),
        json!([
            "[settings]",
            "settings viewer",
            "settings,viewer",
            "Settings",
            " settings"
        ]),
        json!(["beckon/settings", "\"settings\"", ""]),
        json!("old settings"),
        json!("[settings]"),
        json!("[\"settings\"]"),
        json!([["settings"], {"settings": true}, 1]),
        json!({"settings": "settings"}),
        json!(true),
        Value::Null,
    ] {
        let claims = with(cognito_id_token(), json!({"cognito:groups": groups}));

        assert!(caller(COGNITO, &claims).permissions.is_empty(), "{groups}");
    }
    let one = with(cognito_id_token(), json!({"cognito:groups": "settings"}));
    assert_eq!(
        caller(COGNITO, &one).permissions,
        SETTINGS.iter().copied().collect()
    );
    let elsewhere = with(
        cognito_id_token(),
        json!({"cognito:groups": null, "roles": ["settings"]}),
    );
    assert!(caller(COGNITO, &elsewhere).permissions.is_empty());
}

#[test]
fn a_scope_counts_with_the_whole_prefix_before_it() {
    for scope in [
        "mdm",
        "other/mdm",
        "https://beckon.example/mdm",
        "https://evil.example/beckon/mdm",
        "beckon/mdm/",
        "beckon//mdm",
        "Beckon/mdm",
        "notbeckon/mdm",
        "beckon:mdm",
    ] {
        let claims = with(cognito_machine(), json!({"scope": scope}));

        assert!(caller(COGNITO, &claims).permissions.is_empty(), "{scope}");
    }
    let other = [("BECKON_SCOPE_PREFIX", "https://beckon.example/")];
    for (scope, permitted) in [("https://beckon.example/mdm", MDM), ("beckon/mdm", NOTHING)] {
        let claims = with(cognito_machine(), json!({"scope": scope}));

        assert_eq!(
            caller(&other, &claims).permissions,
            permitted.iter().copied().collect(),
            "{scope}"
        );
    }
}

#[test]
fn a_scope_in_a_list_is_one_scope() {
    let claims = with(
        okta_machine(),
        json!({"scp": ["not beckon/mdm", "x beckon/settings y"]}),
    );

    assert!(caller(OKTA, &claims).permissions.is_empty());
}

#[test]
fn a_token_without_a_mark_is_a_persons_whatever_it_lacks() {
    for (which, claims) in [
        (
            "Cognito, of another kind",
            with(cognito_machine(), json!({"token_use": "id"})),
        ),
        (
            "Cognito, with a username",
            with(cognito_machine(), json!({"username": "ann"})),
        ),
        (
            "Cognito, of a subject",
            with(cognito_machine(), json!({"sub": "u-1"})),
        ),
        (
            "Auth0, without the grant",
            with(auth0_machine(), json!({"gty": null, "azp": "Other"})),
        ),
        (
            "Auth0, with an address",
            with(auth0_machine(), json!({"email": "ann@example.com"})),
        ),
        (
            "Okta, with a user",
            with(okta_machine(), json!({"uid": "00u1example"})),
        ),
        (
            "Okta, of a subject",
            with(okta_machine(), json!({"sub": "ann@example.com"})),
        ),
        (
            "Entra ID, for somebody",
            with(entra_machine(), json!({"scp": "beckon/mdm"})),
        ),
        (
            "Entra ID, of a user",
            with(entra_machine(), json!({"idtyp": "user"})),
        ),
        (
            "nobody known",
            json!({"iss": "https://issuer.example", "scope": "beckon/mdm"}),
        ),
        (
            "RFC 9068",
            json!({"sub": "a", "client_id": "a", "scope": "beckon/mdm"}),
        ),
    ] {
        for variables in [COGNITO, ENTRA] {
            let caller = caller(variables, &claims);

            assert!(caller.permissions.is_empty(), "{which}");
        }
    }
}

#[test]
fn a_deployment_names_the_mark_of_another_provider() {
    let keycloak = json!({
        "iss": "https://login.example.com/realms/staff", "sub": "dddddddd-bbbb-4ccc-8ddd-eeeeeeeeeeee",
        "azp": "mdm", "client_id": "mdm", "preferred_username": "service-account-mdm", "scope": "profile beckon/mdm",
        "kinds": ["service"],
    });
    for (mark, permitted) in [
        ("client_id=mdm", MDM),
        ("kinds=service", MDM),
        ("client_id=other", NOTHING),
        ("client_id", NOTHING),
        ("=mdm", NOTHING),
        ("missing=", NOTHING),
    ] {
        let caller = caller(&[("BECKON_MACHINE_CLAIM", mark)], &keycloak);

        assert_eq!(
            caller.permissions,
            permitted.iter().copied().collect(),
            "{mark}"
        );
    }
}

#[test]
fn nobody_signs_with_an_address_that_is_not_verified() {
    for (verified, name) in [
        (json!(false), "ann"),
        (json!("false"), "ann"),
        (json!(true), "ann@example.com"),
        (json!("true"), "ann@example.com"),
        // A provider that does not say has its own ways.
        (Value::Null, "ann@example.com"),
    ] {
        let claims = with(cognito_id_token(), json!({"email_verified": verified}));

        assert_eq!(caller(COGNITO, &claims).name, name, "{verified}");
    }
}
