//! Optional text as programs give it: some write a number, some a list of one, and some write
//! nothing as an empty text.

use std::fmt;

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Reads text, also where it was given as a number or as a list of one. What is null or empty is as
/// good as left out.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    LenientText::deserialize(deserializer).map(|text| text.0)
}

struct LenientText(Option<String>);

impl<'de> Deserialize<'de> for LenientText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LenientTextVisitor)
    }
}

struct LenientTextVisitor;

impl<'de> Visitor<'de> for LenientTextVisitor {
    type Value = LenientText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_unit<E: de::Error>(self) -> Result<LenientText, E> {
        Ok(LenientText(None))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<LenientText, E> {
        let is_empty = text.trim().is_empty();
        Ok(LenientText((!is_empty).then(|| text.to_owned())))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<LenientText, E> {
        Ok(LenientText(Some(number.to_string())))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<LenientText, E> {
        Ok(LenientText(Some(number.to_string())))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<LenientText, E> {
        Ok(LenientText(Some(number.to_string())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<LenientText, A::Error> {
        let first = elements.next_element::<LenientText>()?;
        if elements.next_element::<de::IgnoredAny>()?.is_some() {
            return Err(de::Error::invalid_type(de::Unexpected::Seq, &self));
        }
        Ok(first.unwrap_or(LenientText(None)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Option<String>, serde_json::Error> {
        text(&mut serde_json::Deserializer::from_str(json))
    }

    #[test]
    fn numbers_and_lists_of_one_are_text_and_what_is_empty_is_none() {
        for (json, expected) in [
            (r#""ios""#, Some("ios")),
            ("42", Some("42")),
            ("-1", Some("-1")),
            (r#"["ios"]"#, Some("ios")),
            ("[7]", Some("7")),
            ("null", None),
            (r#"" ""#, None),
            ("[]", None),
        ] {
            assert_eq!(read(json).unwrap().as_deref(), expected, "{json}");
        }
        for json in ["true", "{}", r#"["ios", "macos"]"#, r#"{"id": 1}"#] {
            assert!(read(json).is_err(), "{json}");
        }
    }
}
