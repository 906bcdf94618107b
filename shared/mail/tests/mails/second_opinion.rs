//! What markup may stand in a wording is a list of our own. Here a sanitiser that is not ours
//! looks at what the list lets through: it must find nothing to take out.

use std::collections::{BTreeMap, HashSet};

use ammonia::Builder;
use beckon_domain::model::template::{TemplateKind, TemplateName, WordingDraft};
use beckon_domain::ports::composer::Composer as _;
use beckon_domain::values::locale::Locale;
use proptest::prelude::*;

use crate::composer;

/// Pieces that are good alone, that are bad alone, and that become bad beside others.
const PIECES: [&str; 46] = [
    "text ",
    "<p>",
    "</p>",
    "<div>",
    "</div>",
    "<b>",
    "</b>",
    "<ul><li>",
    "</li></ul>",
    "<table><tr><td>",
    "</td></tr></table>",
    "<br>",
    "<hr/>",
    "<img src=\"https://a.example/x.png\" alt=\"x\">",
    "<a href=\"https://a.example/\">",
    "</a>",
    "<a href=\"mailto:a@example.com\">",
    "<a href='javascript:x'>",
    "<a href=\"java&#115;cript:x\">",
    "<a href=\"&#x09;javascript:x\">",
    "<a href=\"https://a.example\">",
    "<script>",
    "</script>",
    "<style>",
    "</style>",
    "<svg>",
    "</svg>",
    "<math><mi>",
    "<textarea>",
    "</textarea>",
    "<title>",
    "<noscript>",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<p onclick=x>",
    "<p style=\"color:red\">",
    "<p id=\"x\">",
    "<p title=\"",
    "\">",
    "'",
    "<img src=x onerror=y>",
    "&lt;",
    "<plaintext>",
    "<template>",
];

/// Pieces that are whole, most of which may stay.
const WHOLE: [&str; 9] = [
    "text &amp; more ",
    "<p>a <b>b</b></p>",
    "<p style=\"color:red\" title=\"'>\">a</p>",
    "<ul><li>a</li></ul>",
    "<table><tr><td>a</td></tr></table>",
    "<a href=\"https://a.example/?x='<>\">a</a>",
    "<a href='tel:+1' title=\"<script>\">a</a>",
    "<img src=\"https://a.example/x.png\" alt=\"-->\">",
    "<div><br>a<hr></div>",
];

fn html() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => proptest::sample::select(WHOLE.to_vec()),
        1 => proptest::sample::select(PIECES.to_vec()),
    ];
    proptest::collection::vec(piece, 1..6).prop_map(|pieces| pieces.concat())
}

/// How often each element and attribute is there, in the eyes of a browser's parser.
fn counted(html: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    let mut rest = html;
    while let Some((_, behind)) = rest.split_once('<') {
        let (tag, after) = split_tag(behind);
        rest = after;
        let mut outside = String::new();
        let mut quote = None;
        for c in tag.chars() {
            match (quote, c) {
                (None, '"' | '\'') => quote = Some(c),
                (None, c) => outside.push(c),
                (Some(open), c) if c == open => quote = None,
                (Some(_), _) => {}
            }
        }
        for word in outside.split([' ', '/']).filter(|word| !word.is_empty()) {
            let what = word.split_once('=').map_or(word, |(name, _)| name);
            *counts.entry(what.to_owned()).or_default() += usize::from(!behind.starts_with('/'));
        }
    }
    counts
}

/// What stands before the first `>` that is not in quotes, and what behind it.
fn split_tag(text: &str) -> (&str, &str) {
    let mut quote = None;
    for (place, c) in text.char_indices() {
        match (quote, c) {
            (None, '>') => return (&text[..place], &text[place + 1..]),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
    }
    (text, "")
}

fn sanitiser() -> Builder<'static> {
    let mut sanitiser = Builder::empty();
    let elements = [
        "p", "div", "b", "ul", "li", "table", "tbody", "tr", "td", "br", "hr", "img", "a",
    ];
    sanitiser
        .tags(HashSet::from(elements))
        .generic_attributes(HashSet::from(["style", "title"]))
        .add_tag_attributes("a", ["href"])
        .add_tag_attributes("img", ["src", "alt"])
        .url_schemes(HashSet::from(["https", "http", "mailto", "tel"]))
        .link_rel(None);
    sanitiser
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_sanitiser_that_is_not_ours_takes_nothing_out_of_what_is_kept(html in html()) {
        let draft = WordingDraft {
            subject: "Done".to_owned(),
            html: Some(html.clone()),
            text: Some("Done".to_owned()),
            ..WordingDraft::default()
        };
        let Ok(wording) = draft.parse() else { return Ok(()) };
        let name = TemplateName {
            kind: TemplateKind::Confirmation,
            locale: Locale::english(),
        };
        if !composer().check_wording(&name, &wording).is_empty() {
            return Ok(());
        }

        let cleaned = counted(&sanitiser().clean(&html).to_string());

        for (what, times) in counted(&html) {
            let left = cleaned.get(&what).copied().unwrap_or_default();
            prop_assert!(left >= times, "{what}: {times} in {html}, {left} after");
        }
    }
}

#[test]
fn the_sanitiser_would_find_something_in_what_is_refused() {
    let refused = "<p onclick=\"x\">a</p><a href=\"javascript:x\">b</a><script>c</script>";

    let cleaned = counted(&sanitiser().clean(refused).to_string());

    let before = counted(refused);
    assert_eq!((before["href"], before["script"]), (1, 1));
    assert_eq!(cleaned.get("script"), None);
    assert_eq!(cleaned.get("href"), None);
}
