//! Parameters of a path and of a query, with problem documents for what they refuse.

use axum::extract::{FromRequestParts, Path as AxumPath};
use beckon_domain::values::problem::{FieldProblem, Problems};
use beckon_domain::values::text::{is_blank, trimmed};
use http::StatusCode;
use http::request::Parts;
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer, Visitor};
use serde::{Deserialize, Deserializer};

use crate::Problem;

/// A parameter of the path. What is not even text names nothing of ours.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        AxumPath::from_request_parts(parts, state)
            .await
            .map(|AxumPath(value)| Self(value))
            .map_err(|_| {
                Problem::new(
                    StatusCode::NOT_FOUND,
                    "not-found",
                    "Not found",
                    "There is nothing at this address; check the id, it is not one of ours.",
                )
            })
    }
}

/// What a route takes in its query. Every field MUST be optional text, or a list of texts that is named
/// as one that may be repeated; unknown ones MUST be denied: the parameters are read one by one, so that
/// each that is wrong is named.
pub trait Parameters: DeserializeOwned {
    /// The parameters that may be given more than once.
    const REPEATED: &'static [&'static str] = &[];

    /// What is wrong with what the parameters say.
    fn problems(&self) -> Vec<FieldProblem>;
}

/// The parameters of the query.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: Parameters> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        read(parts.uri.query().unwrap_or_default())
            .map(Self)
            .map_err(Problem::invalid_fields)
    }
}

fn read<T: Parameters>(query: &str) -> Result<T, Vec<FieldProblem>> {
    let given: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
    let mut problems = Problems::default();
    let mut known: Vec<&(String, String)> = Vec::new();
    for (place, parameter) in given.iter().enumerate() {
        let (name, _) = parameter;
        let before = given.iter().take(place);
        let times_before = before.filter(|(earlier, _)| earlier == name).count();
        match (deserialise::<T>(&[parameter]), times_before) {
            (Ok(_), before) if before == 0 || T::REPEATED.contains(&name.as_str()) => {
                known.push(parameter);
            }
            (Err(error), 0) => problems.add(unknown(name, &error.to_string())),
            (_, 1) => problems.add(FieldProblem::new(name, "givenTwice", "must be given once")),
            (_, _) => {}
        }
    }
    let mut problems = problems.into_vec();
    match deserialise::<T>(&known) {
        Ok(parameters) => {
            problems.extend(parameters.problems());
            if problems.is_empty() {
                return Ok(parameters);
            }
        }
        Err(_) if problems.is_empty() => problems.push(FieldProblem::new(
            "",
            "malformedQuery",
            "has parameters that cannot be read; /openapi.json lists them",
        )),
        Err(_) => {}
    }
    Err(problems)
}

fn deserialise<T: Parameters>(
    parameters: &[&(String, String)],
) -> Result<T, serde::de::value::Error> {
    let mut given: Vec<(&str, Values)> = Vec::new();
    for (name, value) in parameters {
        match given.iter_mut().find(|(known, _)| known == name) {
            Some((_, values)) => values.0.push(value),
            None => given.push((name, Values(vec![value]))),
        }
    }
    T::deserialize(MapDeserializer::new(given.into_iter()))
}

/// What a parameter was given as: a text, or a list of them where a list is wanted.
struct Values<'a>(Vec<&'a str>);

impl IntoDeserializer<'_> for Values<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Values<'_> {
    type Error = serde::de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self.0.as_slice() {
            [text] => visitor.visit_str(text),
            _ => Err(serde::de::Error::custom("given more than once")),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_some(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_seq(SeqDeserializer::new(self.0.into_iter()))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// Serde's sentence, which names what there is.
fn unknown(name: &str, sentence: &str) -> FieldProblem {
    let known = sentence
        .split_once("expected ")
        .map(|(_, names)| names.trim_start_matches("one of "));
    let detail = match known {
        Some(names) => format!("is no parameter of this route; it takes {names}"),
        None => "has the wrong form".to_owned(),
    };
    FieldProblem::new(name, "unknownParameter", detail)
}

/// The parts of a parameter that takes several words, separated by commas.
pub fn words(list: Option<&str>) -> impl Iterator<Item = &str> {
    list.unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty())
}

/// The names that a parameter means that may be repeated. Given more than once, each is one name,
/// whatever it holds. Given once, it is a list with commas between the names, as before it could be
/// repeated, and also the name that it is as a whole: nobody can tell which was meant. A backslash
/// before a comma says that it belongs to the name.
#[must_use]
pub fn either_of(given: &[String]) -> Vec<String> {
    let says_something = |text: &&String| !is_blank(text);
    let [one] = given else {
        return given.iter().filter(says_something).cloned().collect();
    };
    let mut names = Vec::new();
    let mut name = String::new();
    let mut characters = one.chars().peekable();
    let mut escaped = false;
    while let Some(c) = characters.next() {
        match c {
            '\\' if characters.next_if_eq(&',').is_some() => {
                escaped = true;
                name.push(',');
            }
            ',' => names.push(std::mem::take(&mut name)),
            c => name.push(c),
        }
    }
    names.push(name);
    let mut names: Vec<String> = names
        .iter()
        .map(|name| trimmed(name).to_owned())
        .filter(|name| !name.is_empty())
        .collect();
    if names.len() > 1 && !escaped {
        names.insert(0, one.clone());
    }
    names
}

/// What the words of a parameter name, out of `all` there are. The problem tells each wrong word
/// once.
pub fn named<T: Copy>(
    parameter: &str,
    list: Option<&str>,
    all: &[T],
    name_of: impl Fn(T) -> &'static str,
) -> Result<Vec<T>, FieldProblem> {
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    for word in words(list) {
        if let Some(one) = all.iter().find(|one| name_of(**one) == word) {
            found.push(*one);
            continue;
        }
        let word: String = word.chars().take(MAX_WORD_LENGTH).collect();
        if !wrong.contains(&word) {
            wrong.push(word);
        }
    }
    if wrong.is_empty() {
        return Ok(found);
    }
    let there_are: Vec<&str> = all.iter().map(|one| name_of(*one)).collect();
    Err(FieldProblem::new(
        parameter,
        "unknownState",
        format!(
            "must not say `{}`; it may say `{}`",
            wrong.join("`, `"),
            there_are.join("`, `")
        ),
    ))
}

/// How much of a wrong word is repeated.
const MAX_WORD_LENGTH: usize = 40;

/// How many items a caller wants on a page: from 1 to `most`, which is also the default.
pub fn page_size(limit: Option<&str>, most: usize) -> Result<usize, FieldProblem> {
    let Some(limit) = limit else { return Ok(most) };
    match limit.parse() {
        Ok(limit) if (1..=most).contains(&limit) => Ok(limit),
        _ => Err(FieldProblem::new(
            "limit",
            "outOfRange",
            format!("must be from 1 to {most}"),
        )),
    }
}

/// The parameters of a list of which a page has at most `MAX` items.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery<const MAX: usize> {
    /// How many items the page has at most; default: as many as a page of this list may have.
    #[param(value_type = Option<usize>, minimum = 1)]
    limit: Option<String>,
    /// Where the page begins: `next` of the page before.
    pub cursor: Option<String>,
}

impl<const MAX: usize> PageQuery<MAX> {
    /// How many items the page has at most.
    #[must_use]
    pub fn limit(&self) -> usize {
        page_size(self.limit.as_deref(), MAX).unwrap_or(MAX)
    }
}

impl<const MAX: usize> Parameters for PageQuery<MAX> {
    fn problems(&self) -> Vec<FieldProblem> {
        page_size(self.limit.as_deref(), MAX)
            .err()
            .into_iter()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(query: &str) -> Vec<(String, String)> {
        let problems = read::<PageQuery<20>>(query).unwrap_err();
        problems.into_iter().map(|p| (p.field, p.detail)).collect()
    }

    fn entry(field: &str, detail: &str) -> (String, String) {
        (field.to_owned(), detail.to_owned())
    }

    #[test]
    fn every_parameter_that_is_wrong_is_named_with_what_there_is() {
        let problems = wrong("colour=red&limit=0&size=5&cursor=a&cursor=b&cursor=c");

        let takes = "is no parameter of this route; it takes `limit` or `cursor`";
        assert_eq!(
            problems,
            [
                entry("colour", takes),
                entry("size", takes),
                entry("cursor", "must be given once"),
                entry("limit", "must be from 1 to 20"),
            ]
        );
    }

    #[test]
    fn a_limit_is_a_number_in_its_range() {
        for limit in ["0", "21", "-1", "many", "", "1e1", "99999999999999999999"] {
            let problems = wrong(&format!("limit={limit}"));

            assert_eq!(problems, [entry("limit", "must be from 1 to 20")]);
        }
        assert_eq!(read::<PageQuery<20>>("limit=7").unwrap().limit(), 7);
        assert_eq!(read::<PageQuery<20>>("").unwrap().limit(), 20);
    }

    #[test]
    fn a_parameter_is_read_as_it_was_written() {
        let query = read::<PageQuery<20>>("cursor=a%26b%3Dc+d").unwrap();

        assert_eq!(query.cursor.as_deref(), Some("a&b=c d"));
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Named {
        #[serde(default)]
        name: Vec<String>,
        text: Option<String>,
    }

    impl Parameters for Named {
        const REPEATED: &'static [&'static str] = &["name"];

        fn problems(&self) -> Vec<FieldProblem> {
            Vec::new()
        }
    }

    #[test]
    fn a_parameter_that_may_be_repeated_is_read_as_often_as_it_is_given() {
        let query = read::<Named>("name=a&text=t&name=b%2C+c&name=").unwrap();

        assert_eq!(query.name, ["a", "b, c", ""]);
        assert_eq!(query.text.as_deref(), Some("t"));
        assert_eq!(read::<Named>("").unwrap().name, Vec::<String>::new());
        let wrong = read::<Named>("name=a&name=b&text=&text=u").unwrap_err();
        assert_eq!(wrong.len(), 1);
        assert_eq!(
            (wrong[0].field.as_str(), wrong[0].code),
            ("text", "givenTwice")
        );
    }

    #[test]
    fn names_in_one_list_are_parted_by_commas_and_a_repeated_name_holds_them() {
        let given = |texts: &[&str]| {
            let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
            either_of(&texts)
        };

        assert_eq!(given(&[]), Vec::<String>::new());
        assert_eq!(given(&["staff"]), ["staff"]);
        assert_eq!(
            given(&["staff, guests,"]),
            ["staff, guests,", "staff", "guests"]
        );
        assert_eq!(given(&[r"Sales\, EMEA"]), ["Sales, EMEA"]);
        assert_eq!(given(&[r"Sales\, EMEA,staff"]), ["Sales, EMEA", "staff"]);
        assert_eq!(
            given(&["Sales, EMEA", "staff", ""]),
            ["Sales, EMEA", "staff"]
        );
    }

    #[test]
    fn each_wrong_word_is_named_once_with_the_words_there_are() {
        let name_of = |one: bool| if one { "yes" } else { "no" };

        let found = named("sure", Some("yes, no,,yes"), &[true, false], name_of);
        let wrong = named("sure", Some("si,yes,si,oui"), &[true, false], name_of);

        assert_eq!(found.unwrap(), [true, false, true]);
        assert_eq!(
            wrong.unwrap_err().detail,
            "must not say `si`, `oui`; it may say `yes`, `no`"
        );
    }
}
