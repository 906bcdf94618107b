use std::io::Read as _;

use axum::body::{Body, to_bytes};
use flate2::read::GzDecoder;
use http::{Request, StatusCode};
use tower::ServiceExt as _;

use super::*;
use crate::TokenKind;
use crate::assets::{ASSETS, HASH};

struct Answer {
    status: StatusCode,
    headers: http::HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

async fn asked_of(setup: Setup, path: &str, accepted: &str) -> Answer {
    let request = Request::get(path)
        .header("accept-encoding", accepted)
        .body(Body::empty());
    let response = Console::new(setup)
        .router()
        .oneshot(request.unwrap())
        .await
        .unwrap();
    let (parts, body) = response.into_parts();
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: to_bytes(body, usize::MAX).await.unwrap().to_vec(),
    }
}

async fn asked(path: &str) -> Answer {
    asked_of(Setup::default(), path, "gzip").await
}

#[tokio::test]
async fn the_page_is_kept_nowhere_and_each_file_that_it_names_for_ever() {
    let page = asked("/").await;
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");

    let html = page.text();
    let files: Vec<&str> = html
        .split("\"/console/")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert!(files.len() > 5);
    for file in files {
        let answer = asked(&format!("/console/{file}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{file}");
        assert_eq!(
            answer.header("cache-control"),
            "public, max-age=31536000, immutable",
            "{file}"
        );
    }
}

#[tokio::test]
async fn the_page_allows_no_script_and_no_style_in_its_text_and_is_shown_in_no_frame() {
    let page = asked("/").await;

    let policy = page.header("content-security-policy");
    assert!(!policy.contains("unsafe"), "{policy}");
    for directive in [
        "default-src 'none'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types beckon-mail",
    ] {
        assert!(
            policy.split("; ").any(|one| one == directive),
            "{directive}: {policy}"
        );
    }
    let html = page.text();
    assert!(!html.contains("<style") && !html.contains(" style=") && !html.contains(" onload="));
    assert_eq!(
        html.matches("<script").count(),
        html.matches("<script src=").count() + html.matches("<script type=\"module\" src=").count()
    );
}

#[tokio::test]
async fn the_page_may_ask_the_provider_that_people_sign_in_at() {
    let setup = Setup {
        sign_in: Some(SignIn {
            issuer: "https://login.example.com/tenant/v2.0".to_owned(),
            client_id: Some("console".to_owned()),
            scope: "openid".to_owned(),
            audience: None,
            token: TokenKind::Access,
            sign_out: None,
            origins: vec!["https://token.example.com".to_owned()],
        }),
        local: false,
    };

    let page = asked_of(setup, "/", "").await;

    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("connect-src 'self' https://login.example.com https://token.example.com;"),
        "{policy}"
    );
}

#[tokio::test]
async fn a_file_is_the_same_with_and_without_compression() {
    let path = format!("/console/{HASH}/console.css");
    let packed = asked(&path).await;
    let plain = asked_of(Setup::default(), &path, "").await;

    assert_eq!(packed.header("content-encoding"), "gzip");
    assert_eq!(plain.header("content-encoding"), "");
    assert_eq!(packed.header("vary"), "accept-encoding");
    let mut unpacked = Vec::new();
    GzDecoder::new(packed.body.as_slice())
        .read_to_end(&mut unpacked)
        .unwrap();
    assert_eq!(unpacked, plain.body);
    assert!(packed.body.len() * 2 < plain.body.len());
}

#[tokio::test]
async fn a_file_of_another_build_is_not_there() {
    for path in [
        "/console/0123456789abcdef/console.css",
        &format!("/console/{HASH}/other.css"),
        &format!("/console/{HASH}/index.html"),
    ] {
        let answer = asked(path).await;

        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_ne!(
            answer.header("cache-control"),
            "public, max-age=31536000, immutable",
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_frame_for_mails_allows_styles_and_nothing_else() {
    let frame = asked("/console/frame").await;

    assert_eq!(
        frame.header("content-security-policy"),
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-same-origin allow-modals"
    );
}

#[tokio::test]
async fn the_page_says_how_the_deployment_is_set_up_and_nothing_secret() {
    let setup = Setup {
        sign_in: None,
        local: true,
    };
    let page = asked_of(setup, "/", "").await.text();

    let said = page.split("data-setup=\"").nth(1).unwrap();
    let said = said.split('"').next().unwrap().replace("&quot;", "\"");
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said, serde_json::json!({ "signIn": null, "local": true }));
}

#[test]
fn what_stands_in_an_attribute_does_not_end_it() {
    let setup = Setup {
        sign_in: Some(SignIn {
            issuer: "https://login.example.com/?a=\"&b".to_owned(),
            client_id: None,
            scope: String::new(),
            audience: None,
            token: TokenKind::Access,
            sign_out: None,
            origins: vec![],
        }),
        local: false,
    };

    let text = attribute(&setup);

    assert!(text.contains("?a=\\&quot;&amp;b"), "{text}");
    assert!(!text.contains('"'));
}

/// All the files whose names end so.
fn files(ending: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let found = ASSETS.iter().filter(|asset| asset.name().ends_with(ending));
    let texts = found.map(|asset| (asset.name(), std::str::from_utf8(asset.plain()).unwrap()));
    texts.collect::<Vec<_>>().into_iter()
}

#[test]
fn the_page_begins_with_one_module_and_what_comes_later_imports_what_that_exports() {
    let (_, entry) = files("core/start.js").next().unwrap();
    assert!(!entry.contains("import {"), "it waits for nothing else");

    let mut later = 0;
    for (name, text) in files(".js").filter(|(name, _)| *name != "core/start.js") {
        assert!(!text.contains("/**"), "{name} has comments");
        for import in text.lines().filter(|line| line.contains("core/start.js")) {
            let held = import.split(['{', '}']).nth(1).unwrap().trim();
            assert!(
                entry.contains(&format!("export const {held} = ")),
                "{name}: {held}"
            );
            later += 1;
        }
    }
    assert!(later > 100, "{later}");
}

#[test]
fn the_words_of_the_first_page_and_the_rest_are_all_words() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/page/words");
    let mut languages = 0;
    for (name, first) in files("/first.json") {
        let tag = name.split('/').nth(1).unwrap();
        let (_, rest) = files(&format!("words/{tag}/rest.json")).next().unwrap();
        let parse = |text: &str| -> serde_json::Map<String, serde_json::Value> {
            serde_json::from_str(text).unwrap()
        };
        let (mut all, rest) = (parse(first), parse(rest));
        assert!(
            all.contains_key("users.title") && all.contains_key("state.pending"),
            "{tag}"
        );
        assert!(rest.contains_key("settings.history.version"), "{tag}");
        assert!(
            all.len() * 2 < rest.len(),
            "{tag}: {} of {}",
            all.len(),
            rest.len()
        );
        all.extend(rest);
        let written = std::fs::read_to_string(format!("{folder}/{tag}.json")).unwrap();
        assert!(all == parse(&written), "{tag}");
        languages += 1;
    }
    assert_eq!(languages, 12);
}

/// The list of 50 people and headers come on top, and all together stays below 100 KiB.
#[tokio::test]
async fn what_the_first_page_loads_is_few_files_and_small_in_every_language() {
    const MAX_FILES: usize = 9;
    const MAX_BYTES: usize = 55 * 1024;

    let html = asked("/").await.text();
    let page: Vec<&str> = html
        .split(&format!("\"/console/{HASH}/"))
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert!(page.len() < MAX_FILES, "{page:?}");
    let packed = |name: &str| {
        ASSETS
            .iter()
            .find(|asset| asset.name() == name)
            .unwrap()
            .packed()
            .len()
    };
    let page: usize = html.len() + page.into_iter().map(packed).sum::<usize>();
    for (words, _) in files("/first.json") {
        let all = page + packed(words);
        assert!(all < MAX_BYTES, "{words}: {all} bytes");
        assert!(
            all > MAX_BYTES / 2,
            "{words}: {all} bytes: is anything counted?"
        );
    }
}
