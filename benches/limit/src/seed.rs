//! The rows of both data sets as seed files of the benchmark's project.
//!
//! A key stays a key; the loader makes the document id of it, and references name documents by that id.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::answer::{self, Answer};
use crate::csv;

/// How a table becomes entries of a content type.
struct Table {
    file: &'static str,
    content_type: &'static str,
    /// Columns that are references or that the project calls otherwise.
    renamed: &'static [(&'static str, &'static str)],
    references: &'static [&'static str],
    /// Integers, truth values and JSON: written as they stand.
    bare: &'static [&'static str],
    has_number: bool,
    /// A list of references from a link table: file and field.
    links: Option<(&'static str, &'static str)>,
}

const PLAIN: Table =
    Table { file: "", content_type: "", renamed: &[], references: &[], bare: &[], has_number: true, links: None };

/// Referenced types come first.
const CHINOOK: [Table; 10] = [
    Table { file: "artist", content_type: "Artist", ..PLAIN },
    Table { file: "genre", content_type: "Genre", ..PLAIN },
    Table { file: "media_type", content_type: "MediaType", ..PLAIN },
    Table {
        file: "employee",
        content_type: "Employee",
        renamed: &[("reports_to", "reportsTo")],
        references: &["reports_to"],
        ..PLAIN
    },
    Table {
        file: "customer",
        content_type: "Customer",
        renamed: &[("support_rep_id", "supportRep")],
        references: &["support_rep_id"],
        ..PLAIN
    },
    Table {
        file: "album",
        content_type: "Album",
        renamed: &[("artist_id", "artist")],
        references: &["artist_id"],
        ..PLAIN
    },
    Table {
        file: "track",
        content_type: "Track",
        renamed: &[("album_id", "album"), ("media_type_id", "mediaType"), ("genre_id", "genre")],
        references: &["album_id", "media_type_id", "genre_id"],
        bare: &["milliseconds", "bytes"],
        ..PLAIN
    },
    Table { file: "playlist", content_type: "Playlist", links: Some(("playlist_track", "tracks")), ..PLAIN },
    Table {
        file: "invoice",
        content_type: "Invoice",
        renamed: &[("customer_id", "customer")],
        references: &["customer_id"],
        ..PLAIN
    },
    Table {
        file: "invoice_line",
        content_type: "InvoiceLine",
        renamed: &[("invoice_id", "invoice"), ("track_id", "track")],
        references: &["invoice_id", "track_id"],
        bare: &["quantity"],
        ..PLAIN
    },
];

const BLOG: [Table; 4] = [
    Table { file: "author", content_type: "Author", bare: &["active"], ..PLAIN },
    Table { file: "tag", content_type: "Tag", ..PLAIN },
    Table {
        file: "article",
        content_type: "Article",
        renamed: &[("author_id", "author"), ("status", "state"), ("locale", "lang"), ("published_at", "releasedAt")],
        references: &["author_id"],
        bare: &["views", "version", "meta"],
        links: Some(("article_tag", "tags")),
        ..PLAIN
    },
    Table {
        file: "comment",
        content_type: "Comment",
        renamed: &[("article_id", "article"), ("author_id", "author"), ("parent_id", "parent")],
        references: &["article_id", "author_id", "parent_id"],
        bare: &["approved", "likes"],
        has_number: false,
        ..PLAIN
    },
];

/// The product keeps these times itself; they stand beside the data of an entry.
const KEPT_TIMES: [&str; 2] = ["created_at", "updated_at"];
/// Civil times of the shop are in UTC.
const CIVIL_TIMES: [&str; 3] = ["birth_date", "hire_date", "invoice_date"];
const DOCUMENT_ID_CHARACTERS: usize = 24;

pub(crate) fn run(folder: &Path, chinook: &Path, blog: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))?;
    let tables = CHINOOK.iter().map(|table| (table, chinook)).chain(BLOG.iter().map(|table| (table, blog)));
    for (table, source) in tables {
        write_table(table, source, folder).with_context(|| format!("the table {}", table.file))?;
    }
    Ok(())
}

fn write_table(table: &Table, source: &Path, folder: &Path) -> Result<()> {
    let links =
        table.links.map(|(file, field)| Ok::<_, anyhow::Error>((read_links(source, file)?, field))).transpose()?;
    let text = read(source, table.file)?;
    let mut rows = csv::rows(&text);
    let head: Vec<String> = rows.next().context("the file has no head")?.into_iter().flatten().collect();
    let path = folder.join(table.file).with_extension("json");
    let file = File::create(&path).with_context(|| format!("could not make {}", path.display()))?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    write!(out, "{{\"type\":\"{}\",\"entries\":[", table.content_type)?;
    let mut entry = Answer::new();
    for (index, row) in rows.enumerate() {
        entry.clear();
        entry.extend_from_slice(if index == 0 { b"\n" } else { b",\n" });
        write_entry(table, &head, &row, &mut entry)?;
        if let Some((links, field)) = &links {
            let key: u64 = row.first().and_then(Option::as_deref).unwrap_or_default().parse()?;
            write_links(field, links.get(&key).map_or(&[], Vec::as_slice), &mut entry);
        }
        entry.extend_from_slice(b"}}");
        out.write_all(&entry)?;
    }
    writeln!(out, "\n]}}")?;
    Ok(out.flush()?)
}

/// An entry up to the last of its fields, without the brackets that close it.
fn write_entry(table: &Table, head: &[String], row: &[Option<String>], out: &mut Answer) -> Result<()> {
    let (key, values) = row.split_first().context("the row is empty")?;
    let key = key.as_deref().context("the row has no key")?;
    out.extend_from_slice(b"{\"id\":");
    out.extend_from_slice(key.as_bytes());
    let columns: Vec<_> =
        head.iter().skip(1).zip(values).filter_map(|(column, value)| Some((column, value.as_deref()?))).collect();
    for (column, value) in columns.iter().filter(|(column, _)| KEPT_TIMES.contains(&column.as_str())) {
        member(&camel_case(column), out);
        answer::string(value, out);
    }
    out.extend_from_slice(b",\"data\":{");
    let start = out.len();
    if table.has_number {
        member("number", out);
        out.extend_from_slice(key.as_bytes());
    }
    for (column, value) in columns.iter().filter(|(column, _)| !KEPT_TIMES.contains(&column.as_str())) {
        let renamed = table.renamed.iter().find(|(from, _)| from == column);
        member(&renamed.map_or_else(|| camel_case(column), |(_, to)| (*to).to_owned()), out);
        if table.references.contains(&column.as_str()) {
            document_id(value.parse()?, out);
        } else if table.bare.contains(&column.as_str()) {
            out.extend_from_slice(value.as_bytes());
        } else if CIVIL_TIMES.contains(&column.as_str()) {
            answer::string(&(value.replace(' ', "T") + "Z"), out);
        } else {
            answer::string(value, out);
        }
    }
    if out.get(start) == Some(&b',') {
        out.remove(start);
    }
    Ok(())
}

fn write_links(field: &str, targets: &[u64], out: &mut Answer) {
    member(field, out);
    out.push(b'[');
    for (index, target) in targets.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        document_id(*target, out);
    }
    out.push(b']');
}

/// Links by their owner, in the order of the file.
fn read_links(source: &Path, file: &str) -> Result<HashMap<u64, Vec<u64>>> {
    let text = read(source, file)?;
    let mut links: HashMap<u64, Vec<u64>> = HashMap::new();
    for line in text.lines().skip(1) {
        let (owner, target) = line.split_once(',').context("a link has two keys")?;
        links.entry(owner.parse()?).or_default().push(target.parse()?);
    }
    Ok(links)
}

fn read(source: &Path, file: &str) -> Result<String> {
    let path = source.join(file).with_extension("csv");
    std::fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))
}

fn member(name: &str, out: &mut Answer) {
    out.push(b',');
    answer::string(name, out);
    out.push(b':');
}

/// A key in base 36, padded with zeros, in quotes.
fn document_id(key: u64, out: &mut Answer) {
    let mut digits = [b'0'; DOCUMENT_ID_CHARACTERS];
    let mut rest = key;
    for place in digits.iter_mut().rev() {
        let digit = u8::try_from(rest % 36).expect("a remainder of 36 fits");
        *place = if digit < 10 { b'0' + digit } else { b'a' + digit - 10 };
        rest /= 36;
    }
    out.push(b'"');
    out.extend_from_slice(&digits);
    out.push(b'"');
}

fn camel_case(column: &str) -> String {
    let mut words = column.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (initial, rest) = word.split_at(1);
        name + &initial.to_uppercase() + rest
    })
}
