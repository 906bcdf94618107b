//! Documents inside a message: text, Base64, JSON and property lists become one JSON document, within bounds. A
//! property list may nest and repeat itself far beyond its size, so depth and values are counted while it is read.

use std::cell::Cell;
use std::fmt;
use std::panic::catch_unwind;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::Fault;
use crate::model::mapping::{Packed, Unwrap};

/// How deep a document may nest.
const MAX_DEPTH: usize = 32;

/// How many values a document may hold.
const MAX_VALUES: usize = 20_000;

/// With or without padding: senders differ.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The JSON document that a body is.
pub(super) fn document(body: &[u8]) -> Result<Value, Fault> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let counted = Cell::new(0);
    let value = Limited::new(&counted).deserialize(&mut json);
    value
        .and_then(|value| json.end().map(|()| value))
        .map_err(|error| json_problem("the body", &error))
}

/// What is wrong with JSON, without what it quotes.
fn json_problem(what: &str, error: &serde_json::Error) -> Fault {
    let (code, kind) = match error.classify() {
        serde_json::error::Category::Eof => ("endsTooSoon", "ends too soon"),
        serde_json::error::Category::Data => ("tooDeep", "nests too deep or holds too much"),
        serde_json::error::Category::Syntax | serde_json::error::Category::Io => {
            ("noJson", "is no JSON")
        }
    };
    let (line, column) = (error.line(), error.column());
    Fault::new(
        code,
        format!("{what} {kind} (line {line}, column {column})"),
    )
}

/// Unpacks a document and puts it at the top of the message. Where nothing stands, nothing is done; where something else
/// may stand, that is let be.
pub(super) fn unwrap(message: &mut Value, unwrap: &Unwrap) -> Result<(), Fault> {
    let Some(Value::String(text)) = message.pointer(&unwrap.from) else {
        return Ok(());
    };
    let what = format!("what stands at {}", unwrap.from);
    let bytes = || {
        // Some systems break the lines of Base64.
        let text: String = text.split_ascii_whitespace().collect();
        let decoded = BASE64.decode(text);
        decoded.map_err(|_| Fault::new("noBase64", format!("{what} is no Base64")))
    };
    let value = match unwrap.form {
        Packed::Json => document(text.as_bytes()),
        Packed::Base64Json => bytes().and_then(|bytes| document(&bytes)),
        Packed::Base64Plist => bytes().and_then(|bytes| property_list(&bytes)),
    };
    let value = match value {
        Ok(value) => value,
        Err(_) if unwrap.optional => return Ok(()),
        Err(fault) => {
            let detail = format!("{what}: {}", fault.detail);
            return Err(Fault::new(fault.code, detail));
        }
    };
    match message {
        Value::Object(members) => {
            members.insert(unwrap.to.clone(), value);
            Ok(())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(Fault::new("noObject", "the body is no JSON object"))
        }
    }
}

/// A property list as JSON: dates become text, binary data is left out.
fn property_list(bytes: &[u8]) -> Result<Value, Fault> {
    // The third form, which is text, no device sends. Dates before the year 0 and after 9999 make the library panic.
    let list = catch_unwind(|| {
        if bytes.starts_with(b"bplist") {
            plist::from_bytes::<PropertyList>(bytes)
        } else {
            plist::from_reader_xml::<_, PropertyList>(bytes)
        }
    });
    list.ok()
        .and_then(Result::ok)
        .map(|list| list.0)
        .ok_or_else(|| {
            let detail = "it is no property list, or it nests too deep or holds too much";
            Fault::new("noPropertyList", detail)
        })
}

struct PropertyList(Value);

impl<'de> serde::Deserialize<'de> for PropertyList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let counted = Cell::new(0);
        Limited::new(&counted).deserialize(deserializer).map(Self)
    }
}

/// Reads a value that nests no deeper, and a document that holds no more.
struct Limited<'a> {
    depth: usize,
    counted: &'a Cell<usize>,
}

impl<'a> Limited<'a> {
    const fn new(counted: &'a Cell<usize>) -> Self {
        Self { depth: 0, counted }
    }

    const fn inside(&self) -> Self {
        Self {
            depth: self.depth + 1,
            counted: self.counted,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Limited<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.counted.set(self.counted.get() + 1);
        if self.depth > MAX_DEPTH || self.counted.get() > MAX_VALUES {
            return Err(D::Error::custom("it nests too deep or holds too much"));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Limited<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_bytes<E: Error>(self, _: &[u8]) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(self.inside())? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let value = map.next_value_seed(self.inside())?;
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_may_nest_and_hold_as_much_as_is_said_and_no_more() {
        let nested = |lists: usize| "[".repeat(lists) + &"]".repeat(lists);
        let holding = |values: usize| format!("[{}0]", "0,".repeat(values - 2));
        let problem = |body: String| document(body.as_bytes()).unwrap_err().detail;
        let too_much = "the body nests too deep or holds too much";

        assert!(document(nested(MAX_DEPTH + 1).as_bytes()).is_ok());
        assert!(problem(nested(MAX_DEPTH + 2)).starts_with(too_much));
        assert!(document(holding(MAX_VALUES).as_bytes()).is_ok());
        assert!(problem(holding(MAX_VALUES + 1)).starts_with(too_much));
    }

    #[test]
    fn what_is_no_json_says_where_without_a_word_of_it() {
        let problem = |body: &str| document(body.as_bytes()).unwrap_err().detail;

        assert_eq!(
            problem("{\n \"secret\": x}"),
            "the body is no JSON (line 2, column 12)"
        );
        assert_eq!(
            problem("{\"secret\": ["),
            "the body ends too soon (line 1, column 12)"
        );
    }

    #[test]
    fn every_kind_of_number_is_kept() {
        let told =
            r#"{"below": -1, "whole": 18446744073709551615, "part": 1.5, "no": null, "yes": true}"#;

        let kept = document(told.as_bytes()).unwrap();

        let whole = u64::MAX;
        let expected = json!({"below": -1, "whole": whole, "part": 1.5, "no": null, "yes": true});
        assert_eq!(kept, expected);
    }
}
