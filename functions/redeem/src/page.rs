//! The page that the invited see. Opening it changes nothing and sends nothing: mail scanners and
//! previews open links too. The page itself is kept nowhere, since what is typed into it may be kept
//! with it; its style and script hold nothing of anybody.

mod look;

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use axum::routing::get;
use beckon_runtime::routes::Routes;
use beckon_runtime::{Path, Problem};
use http::{HeaderValue, header};

use crate::Redemptions;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The script, and before it the words that it speaks until it knows better.
const SCRIPT: &str = concat!(
    "const ENGLISH = ",
    include_str!("page/words/en.json"),
    ";\n\n",
    include_str!("page/enroll.js")
);

/// The style: the tokens that every page shares, and what is this page's own.
static STYLE: LazyLock<String> =
    LazyLock::new(|| [beckon_look::TOKENS, include_str!("page/enroll.css")].join("\n"));

/// The words of each language. They are fetched one by one: nobody reads twelve.
const WORDS: [(&str, &str); 12] = [
    ("ar", include_str!("page/words/ar.json")),
    ("de", include_str!("page/words/de.json")),
    ("en", include_str!("page/words/en.json")),
    ("es", include_str!("page/words/es.json")),
    ("fi", include_str!("page/words/fi.json")),
    ("fr", include_str!("page/words/fr.json")),
    ("it", include_str!("page/words/it.json")),
    ("ja", include_str!("page/words/ja.json")),
    ("ko", include_str!("page/words/ko.json")),
    ("pt-BR", include_str!("page/words/pt-BR.json")),
    ("zh-Hans", include_str!("page/words/zh-Hans.json")),
    ("zh-Hant", include_str!("page/words/zh-Hant.json")),
];

pub(crate) fn routes<R: Routes<Redemptions>>() -> R {
    R::new()
        .route(
            "/enroll",
            get(async || {
                file(
                    "text/html; charset=utf-8",
                    "no-store",
                    include_str!("page/enroll.html"),
                )
            }),
        )
        .route(
            "/enroll/enroll.css",
            get(async || file("text/css; charset=utf-8", "no-cache", &STYLE)),
        )
        .route(
            "/enroll/enroll.js",
            get(async || file("text/javascript; charset=utf-8", "no-cache", SCRIPT)),
        )
        .route("/enroll/words/{language}", get(words))
        .route("/enroll/look", get(look::look))
}

async fn words(Path(language): Path<String>) -> Result<Response, Problem> {
    let known = WORDS.iter().find(|(tag, _)| *tag == language);
    known.map_or_else(
        || Err(Problem::not_found("language")),
        |(_, words)| Ok(file("application/json", "no-cache", words)),
    )
}

fn file(media: &'static str, keeping: &'static str, body: &'static str) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(POLICY),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keeping));
    response
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use serde_json::Value;

    use super::{SCRIPT, WORDS};

    const PAGE: &str = include_str!("page/enroll.html");

    /// What stands in quotes behind each of these.
    fn quoted<'a>(text: &'a str, before: &str) -> BTreeSet<&'a str> {
        text.split(before)
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect()
    }

    /// Every text of a language by its path. The lines of one message count as one text: how many
    /// there are is the translator's business.
    fn texts(language: &str) -> BTreeMap<String, String> {
        fn collect(path: &str, value: &Value, found: &mut BTreeMap<String, String>) {
            match value {
                Value::Object(members) => {
                    for (key, value) in members {
                        collect(&format!("{path}.{key}"), value, found);
                    }
                }
                Value::Array(lines) => {
                    let lines: Vec<&str> =
                        lines.iter().map(|line| line.as_str().unwrap()).collect();
                    assert!(lines.iter().all(|line| !line.trim().is_empty()), "{path}");
                    found.insert(path.to_owned(), lines.join("\n"));
                }
                text => {
                    let text = text.as_str().unwrap();
                    assert!(!text.trim().is_empty(), "{path}");
                    found.insert(path.to_owned(), text.to_owned());
                }
            }
        }

        let (_, words) = WORDS.iter().find(|(tag, _)| *tag == language).unwrap();
        let mut found = BTreeMap::new();
        collect("", &serde_json::from_str(words).unwrap(), &mut found);
        found
    }

    fn placeholders(text: &str) -> BTreeSet<&str> {
        text.split('{')
            .skip(1)
            .filter_map(|rest| rest.split('}').next())
            .collect()
    }

    #[test]
    fn every_language_says_all_that_english_says_with_the_same_placeholders() {
        let english = texts("en");
        for (language, _) in WORDS {
            let theirs = texts(language);

            assert!(english.keys().eq(theirs.keys()), "{language}");
            for (path, text) in &english {
                assert_eq!(
                    placeholders(&theirs[path]),
                    placeholders(text),
                    "{language}{path}"
                );
                assert_eq!(theirs[path].is_empty(), text.is_empty(), "{language}{path}");
            }
            let direction = if language == "ar" { "rtl" } else { "ltr" };
            assert_eq!(theirs[".dir"], direction, "{language}");
        }
    }

    #[test]
    fn no_sentence_was_left_in_english() {
        let english = texts("en");
        for (language, _) in WORDS.iter().filter(|(language, _)| *language != "en") {
            for (path, text) in texts(language) {
                let same = text == english[&path] && text.split(' ').count() > 1;
                assert!(!same, "{language}{path}: {text}");
            }
        }
    }

    #[test]
    fn every_word_of_the_page_is_english_on_the_page_and_in_the_words() {
        let english = texts("en");
        let words = quoted(PAGE, "data-text=\"");

        assert!(words.len() > 40);
        for word in words {
            let shown = PAGE
                .split(&format!("data-text=\"{word}\""))
                .nth(1)
                .and_then(|rest| rest.split(['>', '<']).nth(1))
                .unwrap();
            assert_eq!(english[&format!(".{word}")], shown, "{word}");
        }
    }

    #[test]
    fn what_the_script_looks_for_is_on_the_page_once() {
        let ids = quoted(SCRIPT, "element(\"");

        assert!(ids.len() > 20);
        for id in ids {
            assert_eq!(PAGE.matches(&format!(" id=\"{id}\"")).count(), 1, "{id}");
        }
    }

    #[test]
    fn the_script_knows_every_language_and_every_view_is_on_the_page() {
        let list = |before: &str| -> BTreeSet<String> {
            let rest = SCRIPT.split(before).nth(1).unwrap();
            let list: Vec<String> =
                serde_json::from_str(&format!("[{}]", rest.split(']').next().unwrap())).unwrap();
            list.into_iter().collect()
        };

        assert_eq!(
            list("const TAGS = ["),
            WORDS.map(|(tag, _)| tag.to_owned()).into()
        );
        let sections: BTreeSet<String> = quoted(PAGE, "<section id=\"")
            .into_iter()
            .filter_map(|id| id.strip_suffix("-view").map(str::to_owned))
            .collect();
        assert_eq!(list("const views = ["), sections);
    }

    #[test]
    fn nothing_is_chosen_before_the_reader_chooses() {
        let radios: Vec<&str> = PAGE
            .split("<input type=\"radio\"")
            .skip(1)
            .filter_map(|rest| rest.split('>').next())
            .collect();

        // Whether a PIN is shown with the password or alone, and whose the device is to be.
        assert_eq!(radios.len(), 4);
        assert!(radios.iter().all(|radio| !radio.contains("checked")));
    }
}
