use serde_json::json;

use super::*;

fn person(emails: &Value) -> Result<DirectoryPerson, Refusal> {
    let document = json!({ "userName": "ada", "emails": emails });
    parse(document.as_object().unwrap(), true, &BTreeSet::new())
}

fn addresses(emails: &Value) -> Vec<String> {
    let kept = person(emails).unwrap().profile.emails;
    kept.iter()
        .map(|email| email.value.as_str().to_owned())
        .collect()
}

#[test]
fn an_address_that_nobody_needs_is_passed_over_if_it_is_blank_or_none() {
    for needless in [
        json!({ "type": "other", "value": "ü@example.com" }),
        json!({ "type": "home", "value": "" }),
        json!({ "type": "home", "value": " " }),
        json!({ "type": "home", "value": null }),
        json!({ "type": "home" }),
        json!("nobody"),
    ] {
        for good in [
            json!({ "value": "ada@example.com", "primary": true }),
            json!({ "value": "ada@example.com", "type": "work" }),
        ] {
            assert_eq!(addresses(&json!([needless, good])), ["ada@example.com"]);
            assert_eq!(addresses(&json!([good, needless])), ["ada@example.com"]);
        }
    }
    assert_eq!(
        addresses(&json!([{ "type": "work", "value": "" }])),
        [""; 0]
    );
}

#[test]
fn an_address_that_mail_would_go_to_is_refused_if_it_is_none_though_another_is_good() {
    let other = json!({ "type": "home", "value": "ada@example.com" });
    for chosen in [
        json!({ "value": "ü@example.com", "primary": true }),
        json!({ "value": "ü@example.com", "type": "work" }),
        json!({ "value": "nobody" }),
    ] {
        let refused = person(&json!([chosen, other])).unwrap_err();

        assert_eq!(refused.code().1, Some("invalidValue"), "{chosen}");
    }
}

#[test]
fn more_addresses_than_are_kept_and_two_primary_ones_are_refused() {
    let of = |number: usize| json!({ "value": format!("ada{number}@example.com") });
    let ten: Vec<Value> = (0..MAX_EMAILS).map(of).collect();
    let blank = json!({ "value": "" });
    let primary = json!({ "value": "ada@example.com", "primary": true });

    let with_blank = [ten.clone(), vec![blank]].concat();
    let eleven = [ten, vec![of(MAX_EMAILS)]].concat();

    assert_eq!(addresses(&json!(with_blank)).len(), MAX_EMAILS);
    assert!(person(&json!(eleven)).is_err());
    assert!(person(&json!([primary, primary])).is_err());
}
