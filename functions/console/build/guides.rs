//! How each device management is connected, as `docs/systems` says it, for the page: a tree of elements in JSON, since
//! the page makes elements and reads no HTML.

use std::fs;
use std::path::Path;

use pulldown_cmark::{Event, HeadingLevel, Parser, Tag, TagEnd};
use serde_json::{Map, Value, json};

/// From this heading on, a page speaks to those who use no console.
const END: &str = "Without the console";

/// The guides in this folder, by the names of their files.
pub(crate) fn all(folder: &Path) -> Value {
    let mut guides = Map::new();
    for entry in fs::read_dir(folder).expect("the pages of systems are there") {
        let path = entry.expect("an entry").path();
        let system = path.file_stem().unwrap_or_default().to_string_lossy();
        if path.extension().is_some_and(|ending| ending == "md") && system != "README" {
            let text = fs::read_to_string(&path).expect("the page is read");
            let tree = tree(&text).unwrap_or_else(|wrong| panic!("{}: {wrong}", path.display()));
            guides.insert(system.into_owned(), tree);
        }
    }
    Value::Object(guides)
}

/// A list of nodes: a text, `["p", node…]`, or `["a", address, node…]`. The title is left out, which the page has.
fn tree(markdown: &str) -> Result<Value, String> {
    // The innermost element that is open comes last; the first is the guide itself.
    let mut open: Vec<Vec<Value>> = vec![Vec::new()];
    for event in Parser::new(markdown) {
        match event {
            Event::Start(tag) => open.push(begun(&tag)?),
            Event::End(end) => {
                let element = open.pop().unwrap_or_default();
                if is_end(&element) {
                    break;
                }
                if end != TagEnd::Heading(HeadingLevel::H1) {
                    put(&mut open, Value::from(element));
                }
            }
            Event::Text(text) => put(&mut open, Value::from(text.into_string())),
            Event::Code(text) => put(&mut open, json!(["code", text.into_string()])),
            Event::SoftBreak => put(&mut open, Value::from(" ")),
            other => return Err(format!("the page cannot show {other:?}")),
        }
    }
    Ok(Value::from(open.swap_remove(0)))
}

fn begun(tag: &Tag<'_>) -> Result<Vec<Value>, String> {
    let name = match tag {
        Tag::Heading { .. } => "h3",
        Tag::Paragraph => "p",
        Tag::List(Some(_)) => "ol",
        Tag::List(None) => "ul",
        Tag::Item => "li",
        Tag::Emphasis => "em",
        Tag::Strong => "strong",
        Tag::Link { dest_url, .. } if dest_url.starts_with("https://") => {
            return Ok(vec![json!("a"), Value::from(dest_url.to_string())]);
        }
        // To another document, which is not at hand in the console.
        Tag::Link { .. } => "span",
        Tag::CodeBlock(_) => "pre",
        other => return Err(format!("the page cannot show {other:?}")),
    };
    Ok(vec![Value::from(name)])
}

fn is_end(element: &[Value]) -> bool {
    element == [json!("h3"), json!(END)]
}

fn put(open: &mut [Vec<Value>], node: Value) {
    if let Some(element) = open.last_mut() {
        element.push(node);
    }
}
