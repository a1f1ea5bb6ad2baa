//! Seed files as a stream of entries: a file may be larger than memory.
//!
//! A file is a sequence of JSON values. Each is a block `{ "type": .., "entries": [..] }` or a single entry with its own `"type"` (JSON lines).

use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value as Json};

use crate::Error;

/// Bytes read from a file at once.
const BUFFER_BYTES: usize = 1 << 18;

/// One entry as it stands in the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Entry {
    #[serde(rename = "type")]
    pub(super) type_name: Option<String>,
    pub(super) id: Option<Json>,
    pub(super) document_id: Option<String>,
    pub(super) status: Option<String>,
    pub(super) locale: Option<String>,
    #[serde(rename = "entry")]
    pub(super) number: Option<i64>,
    pub(super) created_at: Option<String>,
    pub(super) updated_at: Option<String>,
    pub(super) published_at: Option<String>,
    pub(super) data: Map<String, Json>,
}

/// An entry with its type and its place, or what is wrong with its form.
pub(super) struct Met<'a> {
    /// Name of its content type.
    pub(super) type_name: &'a str,
    /// Number of the entry in its file, from 1.
    pub(super) number: u64,
    /// The entry.
    pub(super) entry: Result<Entry, String>,
}

/// Where entries go, one by one. False: no more are wanted.
pub(super) trait Sink: FnMut(Met<'_>) -> bool {}
impl<Take: FnMut(Met<'_>) -> bool> Sink for Take {}

/// Reads a file to its end, or until the sink wants no more. What is no JSON is an error with its line.
pub(super) fn entries<Take: Sink>(path: &Path, sink: &mut Take) -> Result<(), Error> {
    let unreadable = |source| Error::SeedUnreadable { file: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    let reader = BufReader::with_capacity(BUFFER_BYTES, file);
    let mut deserializer = serde_json::Deserializer::from_reader(reader);
    let mut stream = Stream { sink, number: 0, is_over: false };
    while deserializer.end().is_err() {
        let read = Value(&mut stream).deserialize(&mut deserializer);
        if stream.is_over {
            return Ok(());
        }
        read.map_err(|source| Error::SeedUnreadable { file: path.to_owned(), source: source.into() })?;
    }
    Ok(())
}

/// A number that stands for the bytes of a file: FNV-1a over 64 bits. It tells a changed file, it does not protect from anybody.
pub(super) fn hash(path: &Path) -> Result<String, Error> {
    let unreadable = |source| Error::SeedUnreadable { file: path.to_owned(), source };
    let mut file = File::open(path).map_err(unreadable)?;
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    loop {
        let count = file.read(&mut buffer).map_err(unreadable)?;
        if count == 0 {
            return Ok(hash.to_string());
        }
        for byte in &buffer[..count] {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

struct Stream<'a, Take> {
    sink: &'a mut Take,
    number: u64,
    is_over: bool,
}

impl<Take: Sink> Stream<'_, Take> {
    /// False when no more are wanted.
    fn take(&mut self, block_type: Option<&str>, json: Json) -> bool {
        self.number += 1;
        let entry = serde_json::from_value::<Entry>(json).map_err(|error| error.to_string());
        let own = entry.as_ref().ok().and_then(|entry| entry.type_name.clone());
        let type_name = own.as_deref().or(block_type).unwrap_or_default();
        let wanted = (self.sink)(Met { type_name, number: self.number, entry });
        self.is_over = !wanted;
        wanted
    }
}

/// One value of a file.
struct Value<'a, 'b, Take>(&'a mut Stream<'b, Take>);

impl<'de, Take: Sink> DeserializeSeed<'de> for Value<'_, '_, Take> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, Take: Sink> Visitor<'de> for Value<'_, '_, Take> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a block { \"type\": .., \"entries\": [..] } or an entry { \"type\": .., \"data\": {..} }")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut members = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            if key == "entries" {
                let block_type = members.remove("type");
                let Some(Json::String(block_type)) = block_type.filter(|_| members.is_empty()) else {
                    return Err(A::Error::custom("a block has \"type\" before \"entries\", and nothing else"));
                };
                map.next_value_seed(Entries { stream: self.0, block_type: &block_type })?;
                return match map.next_key::<String>()? {
                    None => Ok(()),
                    Some(_) => Err(A::Error::custom("nothing stands behind the entries of a block")),
                };
            }
            members.insert(key, map.next_value()?);
        }
        if self.0.take(None, Json::Object(members)) { Ok(()) } else { Err(A::Error::custom("no more is wanted")) }
    }
}

struct Entries<'a, 'b, Take> {
    stream: &'a mut Stream<'b, Take>,
    block_type: &'a str,
}

impl<'de, Take: Sink> DeserializeSeed<'de> for Entries<'_, '_, Take> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, Take: Sink> Visitor<'de> for Entries<'_, '_, Take> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of entries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(json) = list.next_element::<Json>()? {
            if !self.stream.take(Some(self.block_type), json) {
                return Err(A::Error::custom("no more is wanted"));
            }
        }
        Ok(())
    }
}
