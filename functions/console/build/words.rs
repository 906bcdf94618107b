//! Whether each language says all that English says, in the forms that its plurals take, with the same placeholders.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

/// The texts of a language: each is one, or one for each form of a plural.
type Texts = BTreeMap<String, BTreeMap<String, String>>;

/// The forms that numbers take in each language (CLDR's cardinal plurals, as `Intl.PluralRules` names them).
const FORMS: &[(&str, &[&str])] = &[
    ("ar", &["zero", "one", "two", "few", "many", "other"]),
    ("de", &["one", "other"]),
    ("en", &["one", "other"]),
    ("es", &["one", "many", "other"]),
    ("fi", &["one", "other"]),
    ("fr", &["one", "many", "other"]),
    ("it", &["one", "many", "other"]),
    ("ja", &["other"]),
    ("ko", &["other"]),
    ("pt-BR", &["one", "many", "other"]),
    ("zh-Hans", &["other"]),
    ("zh-Hant", &["other"]),
];

/// Says everything that is wrong with the words in this folder, or answers with its languages.
pub(crate) fn check(folder: &Path) -> Vec<String> {
    let mut languages: Vec<(String, Texts)> = Vec::new();
    let mut wrong = Vec::new();
    for entry in fs::read_dir(folder).expect("the words are there") {
        let path = entry.expect("an entry").path();
        let language = path.file_stem().unwrap_or_default().to_string_lossy();
        let text = fs::read_to_string(&path).expect("the words are read");
        match serde_json::from_str(&text) {
            Ok(words) => languages.push((language.clone().into_owned(), texts(&words))),
            Err(error) => wrong.push(format!("{language}: {error}")),
        }
    }
    languages.sort_by(|one, other| one.0.cmp(&other.0));
    let english = languages
        .iter()
        .find(|(language, _)| language == "en")
        .map(|(_, texts)| texts.clone())
        .unwrap_or_default();
    for (language, texts) in &languages {
        wrong.extend(compared(language, texts, &english));
    }
    assert!(
        wrong.is_empty(),
        "the console's words:\n{}",
        wrong.join("\n")
    );
    languages
        .into_iter()
        .map(|(language, _)| language)
        .collect()
}

fn texts(words: &Value) -> Texts {
    let members = words.as_object().into_iter().flatten();
    members
        .map(|(key, value)| {
            let forms = match value {
                Value::Object(forms) => forms
                    .iter()
                    .map(|(form, text)| (form.clone(), string(text)))
                    .collect(),
                text => BTreeMap::from([(String::new(), string(text))]),
            };
            (key.clone(), forms)
        })
        .collect()
}

/// What is no text is as wrong as an empty one.
fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn compared(language: &str, texts: &Texts, english: &Texts) -> Vec<String> {
    let mut wrong = Vec::new();
    let Some((_, known)) = FORMS.iter().find(|(known, _)| *known == language) else {
        return vec![format!(
            "{language}: which plurals has it? Say so in build/words.rs"
        )];
    };
    for key in english.keys().filter(|key| !texts.contains_key(*key)) {
        wrong.push(format!("{language} lacks {key}"));
    }
    for (key, forms) in texts {
        let Some(model) = english.get(key) else {
            wrong.push(format!("{language} has {key}, which English has not"));
            continue;
        };
        let plural = !model.contains_key("");
        let expected: BTreeSet<&str> = if plural {
            known.iter().copied().collect()
        } else {
            BTreeSet::from([""])
        };
        let found: BTreeSet<&str> = forms.keys().map(String::as_str).collect();
        if expected != found {
            wrong.push(format!(
                "{language}: {key} needs the forms {expected:?} and has {found:?}"
            ));
        }
        let wanted = placeholders(model.values());
        for (form, text) in forms {
            if text.trim().is_empty() {
                wrong.push(format!("{language}: {key} is empty"));
            }
            let mut has = placeholders([text]);
            // "one person" need not say 1.
            if plural && matches!(form.as_str(), "zero" | "one" | "two") {
                has.extend(wanted.get("count").copied());
            }
            if has != wanted {
                wrong.push(format!(
                    "{language}: {key} has the placeholders {has:?} and needs {wanted:?}"
                ));
            }
        }
    }
    wrong
}

fn placeholders<'a>(texts: impl IntoIterator<Item = &'a String>) -> BTreeSet<&'a str> {
    texts
        .into_iter()
        .flat_map(|text| text.split('{').skip(1))
        .filter_map(|rest| rest.split('}').next())
        .collect()
}
