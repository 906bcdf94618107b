//! Which words the first page needs: those that its modules name. The others come with the first module that is loaded
//! later.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Names of words, and the beginnings and ends of names that are put together.
pub(crate) struct Named {
    whole: Vec<String>,
    /// A text in backticks, cut where something is put in.
    cut: Vec<Vec<String>>,
}

impl Named {
    /// What these modules name in quotes and in backticks. `named("state", …)` and its like mean all of `state.…`.
    pub(crate) fn of<'a>(texts: impl Iterator<Item = &'a String>) -> Self {
        let (mut whole, mut cut) = (Vec::new(), Vec::new());
        for text in texts {
            for line in text.lines() {
                whole.extend(line.split('"').skip(1).step_by(2).map(str::to_owned));
                cut.extend(line.split('`').skip(1).step_by(2).map(pieces));
            }
        }
        cut.retain(|pieces: &Vec<String>| {
            pieces.len() > 1 && pieces.first().is_some_and(|head| head.contains('.'))
        });
        Self { whole, cut }
    }

    fn has(&self, key: &str) -> bool {
        let group = key.rsplit_once('.').map(|(group, _)| group);
        self.whole
            .iter()
            .any(|one| one == key || Some(one.as_str()) == group)
            || self.cut.iter().any(|pieces| fits(key, pieces))
    }

    /// The words that are named, and the others.
    pub(crate) fn split(&self, words: Map<String, Value>) -> BTreeMap<&'static str, Value> {
        let (first, rest): (Map<_, _>, Map<_, _>) =
            words.into_iter().partition(|(key, _)| self.has(key));
        BTreeMap::from([
            ("first", Value::Object(first)),
            ("rest", Value::Object(rest)),
        ])
    }
}

fn pieces(text: &str) -> Vec<String> {
    let mut parts = text.split("${");
    let head = parts.next().unwrap_or_default().to_owned();
    let after = |part: &str| {
        part.split_once('}')
            .map_or("", |(_, after)| after)
            .to_owned()
    };
    std::iter::once(head).chain(parts.map(after)).collect()
}

/// Whether the key is these pieces with something between them that holds no dot.
fn fits(key: &str, pieces: &[String]) -> bool {
    let Some((head, others)) = pieces.split_first() else {
        return false;
    };
    let Some(mut rest) = key.strip_prefix(head.as_str()) else {
        return false;
    };
    for piece in others {
        let end = rest.find('.').unwrap_or(rest.len());
        if end == 0 {
            return false;
        }
        rest = &rest[end..];
        let Some(after) = rest.strip_prefix(piece.as_str()) else {
            return false;
        };
        rest = after;
    }
    rest.is_empty()
}
