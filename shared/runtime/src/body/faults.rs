//! All that is wrong with the form of a JSON document, and not only what comes first.
//!
//! Serde stops at the first member that does not fit. Here that member is taken out, or where
//! something must stand there, another value stands in for it, and the document is read again.

use std::collections::HashMap;

use beckon_domain::values::problem::FieldProblem;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use serde_path_to_error::Segment;

use crate::objects::Objects;

/// How many problems are named. Whoever has so many will find the others when these are gone.
const MAX_PROBLEMS: usize = 20;

/// How often a document is read: each problem, and what stands in for a value, takes a reading.
const READINGS: usize = 3 * MAX_PROBLEMS;

/// A member's name, or an element's number.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Step {
    Member(String),
    Element(usize),
}

type Place = Vec<Step>;

/// What is wrong with a document, one entry a field. What is `known` of it already comes first: in a
/// [`Value`] no member is named twice any more.
pub(super) fn of<T: DeserializeOwned>(
    mut document: Value,
    known: Option<FieldProblem>,
) -> Vec<FieldProblem> {
    let mut found: Vec<FieldProblem> = known.into_iter().collect();
    let mut stand_ins: HashMap<Place, usize> = HashMap::new();
    for _ in 0..READINGS {
        let Err(error) = serde_path_to_error::deserialize::<_, T>(Objects(&document)) else {
            break;
        };
        let Some(mut place) = place_of(error.path()) else {
            break;
        };
        let sentence = error.inner().to_string();
        let missing = super::quoted_after(&sentence, "missing field ");
        if let Some(name) = missing {
            place.push(Step::Member(name.to_owned()));
        }
        let stood_in = (0..=place.len())
            .filter_map(|length| place.get(..length))
            .find(|outer| stand_ins.contains_key(*outer))
            .map(<[Step]>::to_vec);
        let place = if let Some(outer) = stood_in {
            outer
        } else {
            let field = written(&place);
            // What was taken out is missing afterwards, and was named before.
            if found.iter().all(|problem| problem.field != field) {
                let (code, detail) = super::wrong(&sentence);
                found.push(FieldProblem::new(field, code, detail));
            }
            if found.len() == MAX_PROBLEMS {
                break;
            }
            if missing.is_none() && take_out(&mut document, &place) {
                continue;
            }
            place
        };
        if !stand_in(&mut document, &place, &mut stand_ins) {
            break;
        }
    }
    found
}

fn place_of(path: &serde_path_to_error::Path) -> Option<Place> {
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => Some(Step::Element(*index)),
            Segment::Map { key } => Some(Step::Member(key.clone())),
            Segment::Enum { variant } => Some(Step::Member(variant.clone())),
            Segment::Unknown => None,
        })
        .collect()
}

fn written(place: &[Step]) -> String {
    let mut text = String::new();
    for step in place {
        match step {
            Step::Element(number) => text.extend(["[", &number.to_string(), "]"]),
            Step::Member(name) if text.is_empty() => text.push_str(name),
            Step::Member(name) => text.extend([".", name]),
        }
    }
    text
}

fn at<'a>(document: &'a mut Value, place: &[Step]) -> Option<&'a mut Value> {
    place.iter().try_fold(document, |value, step| match step {
        Step::Member(name) => value.get_mut(name),
        Step::Element(number) => value.get_mut(number),
    })
}

/// Takes a member out of its object. An element stays: without it the others would have other
/// numbers.
fn take_out(document: &mut Value, place: &[Step]) -> bool {
    let Some((Step::Member(name), outer)) = place.split_last() else {
        return false;
    };
    let object = at(document, outer).and_then(Value::as_object_mut);
    object.and_then(|object| object.remove(name)).is_some()
}

/// Puts the next of the values to a place that might be taken there. If none is left, or there is no
/// such place, what follows cannot be read.
fn stand_in(document: &mut Value, place: &[Step], tried: &mut HashMap<Place, usize>) -> bool {
    let values = [
        json!(""),
        json!(1),
        json!(false),
        json!([]),
        Value::Object(Map::new()),
    ];
    let next = tried.entry(place.to_vec()).or_insert(0);
    let Some(value) = values.into_iter().nth(*next) else {
        return false;
    };
    *next += 1;
    match place.split_last() {
        None => false,
        Some((Step::Member(name), outer)) => {
            let object = at(document, outer).and_then(Value::as_object_mut);
            object.is_some_and(|object| {
                object.insert(name.clone(), value);
                true
            })
        }
        Some((Step::Element(_), _)) => at(document, place).is_some_and(|element| {
            *element = value;
            true
        }),
    }
}
