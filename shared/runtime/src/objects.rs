//! Reading JSON so that an object is an object.
//!
//! What serde derives for a structure also takes a list, field by field in the order of our source.
//! Whoever sends `["a", "b"]` where an object is wanted has made a mistake, and must be told so,
//! wherever in a document it stands. [`Objects`] is a JSON value that is read like serde's own, but
//! hands a structure nothing except an object.

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, Unexpected, Visitor};
use serde::{Deserializer, forward_to_deserialize_any};
use serde_json::{Error, Value};

/// A JSON value in which no list is taken for an object.
#[derive(Debug, Clone, Copy)]
pub struct Objects<'a>(pub &'a Value);

/// Reads a document in which no list is taken for an object.
pub fn from_value<T: DeserializeOwned>(document: &Value) -> Result<T, Error> {
    T::deserialize(Objects(document))
}

/// The same of a document as text.
pub fn from_slice<T: DeserializeOwned>(document: &[u8]) -> Result<T, Error> {
    from_value(&serde_json::from_slice(document)?)
}

impl<'a> Objects<'a> {
    fn members(self) -> Option<impl Iterator<Item = (&'a str, Self)>> {
        let members = self.0.as_object()?;
        Some(
            members
                .iter()
                .map(|(name, value)| (name.as_str(), Self(value))),
        )
    }

    fn no_object(self, expected: &dyn de::Expected) -> Error {
        de::Error::invalid_type(
            match self.0 {
                Value::Null => Unexpected::Unit,
                Value::Bool(value) => Unexpected::Bool(*value),
                Value::Number(_) => Unexpected::Other("number"),
                Value::String(text) => Unexpected::Str(text),
                Value::Array(_) => Unexpected::Seq,
                Value::Object(_) => Unexpected::Map,
            },
            expected,
        )
    }
}

impl<'de> Deserializer<'de> for Objects<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Array(elements) => {
                let mut elements = SeqDeserializer::new(elements.iter().map(Objects));
                let value = visitor.visit_seq(&mut elements)?;
                elements.end()?;
                Ok(value)
            }
            Value::Object(_) => self.deserialize_map(visitor),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                self.0.deserialize_any(visitor)
            }
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Some(members) = self.members() else {
            return Err(self.no_object(&visitor));
        };
        let mut members = MapDeserializer::new(members);
        let value = visitor.visit_map(&mut members)?;
        members.end()?;
        Ok(value)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let mut members = self.members().into_iter().flatten();
        match (members.next(), members.next()) {
            (Some((variant, value)), None) => visitor.visit_enum(Variant { variant, value }),
            _ => self.0.deserialize_enum(name, variants, visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct identifier
    }
}

impl<'de> IntoDeserializer<'de, Error> for Objects<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// A variant of an enumeration that holds something.
struct Variant<'de> {
    variant: &'de str,
    value: Objects<'de>,
}

impl<'de> de::EnumAccess<'de> for Variant<'de> {
    type Error = Error;
    type Variant = Objects<'de>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self::Variant), Error> {
        let variant = seed.deserialize(self.variant.into_deserializer())?;
        Ok((variant, self.value))
    }
}

impl<'de> de::VariantAccess<'de> for Objects<'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        serde::Deserialize::deserialize(self)
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Outer {
        id: Option<String>,
        numbers: Vec<u8>,
        inner: Option<Inner>,
        list: Vec<Inner>,
        choice: Option<Choice>,
        rate: Option<f64>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Inner {
        a: u8,
        b: Option<bool>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "camelCase")]
    enum Choice {
        Everyone,
        Groups(Vec<String>),
        Named { name: String },
    }

    #[test]
    fn a_document_is_read_as_serde_reads_it() {
        for document in [
            json!({}),
            json!({ "id": null, "numbers": [1, 2], "rate": 1.5, "unknown": { "x": [1] } }),
            json!({ "id": "x", "inner": { "a": 1, "b": true }, "list": [{ "a": 2 }, { "a": 3 }] }),
            json!({ "choice": "everyone" }),
            json!({ "choice": { "groups": ["a", "b"] } }),
            json!({ "choice": { "named": { "name": "a" } } }),
            json!({ "numbers": [300] }),
            json!({ "numbers": "1" }),
            json!({ "inner": {} }),
            json!({ "inner": 1 }),
            json!({ "choice": "nobody" }),
            json!({ "choice": {} }),
            json!({ "choice": { "everyone": null, "groups": [] } }),
            json!("text"),
        ] {
            let ours = from_value::<Outer>(&document).ok();
            let serdes = serde_json::from_value::<Outer>(document.clone()).ok();

            assert_eq!(ours, serdes, "{document}");
        }
    }

    #[test]
    fn a_list_is_an_object_nowhere() {
        for document in [
            json!(["x"]),
            json!({ "inner": [1, true] }),
            json!({ "list": [{ "a": 2 }, [3, null]] }),
            json!({ "choice": { "named": ["a"] } }),
        ] {
            let serdes = serde_json::from_str::<Outer>(&document.to_string());
            assert!(serdes.is_ok(), "{document}");
            assert!(from_value::<Outer>(&document).is_err(), "{document}");
        }
    }
}
