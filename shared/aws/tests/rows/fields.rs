//! Whether each field that a row may have stands in a golden row. A field that is left out while it says nothing is in
//! none of them until a specimen has something to say there; its name could change, and no test would see it. Of a struct
//! with `flatten`, serde does not tell what it leaves out: there, whoever adds a field must think of the specimen.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use beckon_domain::model::device_event::LatestEvent;
use serde::Serialize;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};
use serde_json::Value as Json;

use super::specimens::{self, Value};

/// Of each struct, and of each variant of an enum, the fields that were written and those that were left out.
#[derive(Default)]
struct Fields {
    written: BTreeSet<(String, &'static str)>,
    left_out: BTreeSet<(String, &'static str)>,
}

/// The first field of an enum that says which variant it is; serde names all variants of such an enum like the enum.
const TAGS: [&str; 2] = ["type", "outcome"];

#[test]
fn every_field_that_a_row_may_have_stands_in_a_golden_row() {
    let fields = RefCell::new(Fields::default());
    for specimen in specimens::all() {
        note(&specimen.value, Noting(&fields));
    }

    let fields = fields.into_inner();
    let mut missing: BTreeMap<&String, Vec<&str>> = BTreeMap::new();
    for (of, field) in fields.left_out.difference(&fields.written) {
        missing.entry(of).or_default().push(field);
    }
    assert!(
        missing.is_empty(),
        "these fields stand in no golden row, so their names could change unnoticed: {missing:?}. Give a new specimen \
         something to say there (specimens.rs), and record its row: BECKON_RECORD_ROWS=1 cargo test -p beckon-aws --test rows"
    );
    assert!(fields.written.len() > 300, "{}", fields.written.len());
}

/// Notes the fields of a value whose row serde makes.
fn note(value: &Value, noting: Noting<'_>) {
    let noted = match value {
        Value::User(user) => user.serialize(noting),
        Value::Tombstone(left) => left.serialize(noting),
        Value::Group(group) => group.serialize(noting),
        Value::DirectoryNews(news) => news.serialize(noting),
        Value::Device(registration) => registration.serialize(noting),
        Value::History(row) => row.serialize(noting),
        Value::Mail(mail) => mail.serialize(noting),
        Value::Batch(batch) => batch.serialize(noting),
        Value::Cursor(cursor) => cursor.serialize(noting),
        Value::Page(page) => page.serialize(noting),
        Value::Job(job) => job.serialize(noting),
        Value::JobCursor(cursor) => cursor.serialize(noting),
        Value::JobPage(page) => page.serialize(noting),
        Value::Session(session) => session.serialize(noting),
        Value::DeviceEvent(event) => event.serialize(noting),
        Value::Reported(device) => device.serialize(noting),
        Value::SourcePoll(poll) => poll.serialize(noting),
        Value::CurrentSettings(saved) | Value::SettingsVersion(saved) => {
            saved.settings.serialize(noting)
        }
        Value::Template(template) => template.serialize(noting),
        Value::Answer(answer) => answer.serialize(noting),
        Value::Pause(pause) => pause.serialize(noting),
        Value::LatestOf(event) => {
            LatestEvent::of(event).map_or(Ok(()), |one| one.serialize(noting))
        }
        // Their rows are made by hand, with all that they have.
        Value::Identifier(..)
        | Value::GroupIdentifier(..)
        | Value::Member(..)
        | Value::Named(..)
        | Value::JobUsers(..)
        | Value::JobFile(..)
        | Value::Bounce(..)
        | Value::Unassigned(..)
        | Value::MessageOf(_)
        | Value::Tally(..)
        | Value::Lease(..)
        | Value::Pace(_)
        | Value::Sheet(_)
        | Value::Sums(..)
        | Value::Ledger(_)
        | Value::Uncounted(_) => Ok(()),
    };
    noted.expect("a row can be written");
}

/// Writes nothing, and notes the fields of structs on the way.
#[derive(Clone, Copy)]
struct Noting<'a>(&'a RefCell<Fields>);

/// The same inside of a struct.
struct Inside<'a> {
    noting: Noting<'a>,
    of: String,
    has_begun: bool,
}

type Failure = serde::de::value::Error;

/// What has no fields of its own.
macro_rules! nothing {
    ($($method:ident($kind:ty))*) => {
        $(fn $method(self, _: $kind) -> Result<(), Failure> {
            Ok(())
        })*
    };
}

impl<'a> Serializer for Noting<'a> {
    type Ok = ();
    type Error = Failure;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Inside<'a>;
    type SerializeStructVariant = Inside<'a>;

    nothing! {
        serialize_bool(bool) serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64) serialize_f32(f32)
        serialize_f64(f64) serialize_char(char) serialize_str(&str) serialize_bytes(&[u8])
        serialize_unit_struct(&'static str)
    }

    fn serialize_none(self) -> Result<(), Failure> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Failure> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Failure> {
        Ok(())
    }

    fn serialize_unit_variant(self, _: &str, _: u32, _: &str) -> Result<(), Failure> {
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Failure> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), Failure> {
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self, Failure> {
        Ok(self)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, Failure> {
        Ok(self)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, Failure> {
        Ok(self)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, Failure> {
        Ok(self)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self, Failure> {
        Ok(self)
    }

    fn serialize_struct(self, of: &'static str, _: usize) -> Result<Inside<'a>, Failure> {
        Ok(Inside {
            noting: self,
            of: of.to_owned(),
            has_begun: false,
        })
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        of: &'static str,
        _: usize,
    ) -> Result<Inside<'a>, Failure> {
        Ok(Inside {
            noting: self,
            of: of.to_owned(),
            has_begun: false,
        })
    }
}

/// A list of values, one after the other.
macro_rules! list {
    ($($list:ident $method:ident),*) => {
        $(impl $list for Noting<'_> {
            type Ok = ();
            type Error = Failure;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
                value.serialize(*self)
            }

            fn end(self) -> Result<(), Failure> {
                Ok(())
            }
        })*
    };
}

list!(
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field
);

impl SerializeMap for Noting<'_> {
    type Ok = ();
    type Error = Failure;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, _: &T) -> Result<(), Failure> {
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failure> {
        value.serialize(*self)
    }

    fn end(self) -> Result<(), Failure> {
        Ok(())
    }
}

macro_rules! structs {
    ($($kind:ident),*) => {
        $(impl $kind for Inside<'_> {
            type Ok = ();
            type Error = Failure;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                field: &'static str,
                value: &T,
            ) -> Result<(), Failure> {
                let is_first = !std::mem::replace(&mut self.has_begun, true);
                if is_first
                    && TAGS.contains(&field)
                    && let Ok(Json::String(variant)) = serde_json::to_value(value)
                {
                    self.of = format!("{}::{variant}", self.of);
                }
                let Noting(fields) = self.noting;
                let written = (self.of.clone(), field);
                fields.borrow_mut().written.insert(written);
                value.serialize(self.noting)
            }

            fn skip_field(&mut self, field: &'static str) -> Result<(), Failure> {
                let Noting(fields) = self.noting;
                let left_out = (self.of.clone(), field);
                fields.borrow_mut().left_out.insert(left_out);
                Ok(())
            }

            fn end(self) -> Result<(), Failure> {
                Ok(())
            }
        })*
    };
}

structs!(SerializeStruct, SerializeStructVariant);
