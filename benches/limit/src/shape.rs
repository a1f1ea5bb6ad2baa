//! The objects of the answers, field by field, the same for both databases.

use crate::answer::{self, Answer};

/// A row whose columns can be written into an answer without a copy.
pub(crate) trait Columns {
    fn key(&self, at: usize) -> i32;
    fn integer(&self, at: usize, out: &mut Answer);
    fn text(&self, at: usize, out: &mut Answer);
    fn decimal(&self, at: usize, out: &mut Answer);
    fn time(&self, at: usize, out: &mut Answer);
}

/// Writes columns under their keys. The keys carry their commas and quotes, as in `,"name":`.
macro_rules! fields {
    ($row:expr, $out:expr; $($key:literal $kind:ident $at:literal),* $(,)?) => {
        $($out.extend_from_slice($key.as_bytes()); $row.$kind($at, $out);)*
    };
}

pub(crate) fn track_full<R: Columns>(row: &R, out: &mut Answer) {
    fields!(row, out; "{\"id\":" integer 0, ",\"name\":" text 1, ",\"milliseconds\":" integer 2,
        ",\"unit_price\":" decimal 3, ",\"composer\":" text 4);
    out.push(b'}');
}

/// An album, a track with its length or an author with its country begin alike; the caller closes the object.
pub(crate) fn id_title<R: Columns>(row: &R, out: &mut Answer) {
    fields!(row, out; "{\"id\":" integer 0, ",\"title\":" text 1);
}

pub(crate) fn id_name<R: Columns>(row: &R, out: &mut Answer) {
    fields!(row, out; "{\"id\":" integer 0, ",\"name\":" text 1);
}

pub(crate) fn id_name_milliseconds<R: Columns>(row: &R, out: &mut Answer) {
    fields!(row, out; "{\"id\":" integer 0, ",\"name\":" text 1, ",\"milliseconds\":" integer 2);
}

pub(crate) fn track_listed<R: Columns>(row: &R, out: &mut Answer) {
    fields!(row, out; "{\"id\":" integer 0, ",\"name\":" text 1, ",\"milliseconds\":" integer 2,
        ",\"composer\":" text 3, ",\"unit_price\":" decimal 4);
    out.push(b'}');
}

pub(crate) fn genre_totals<R: Columns>(row: &R, out: &mut Answer) {
    fields!(row, out; "{\"count\":" integer 0, ",\"sum\":{\"milliseconds\":" integer 1,
        "},\"avg\":{\"unit_price\":" decimal 2, "},\"max\":{\"milliseconds\":" integer 3);
    out.extend_from_slice(b"}}");
}

pub(crate) fn comment_inserted<R: Columns>(row: &R, out: &mut Answer) {
    fields!(row, out; "{\"id\":" integer 0, ",\"article_id\":" integer 1, ",\"created_at\":" time 2);
    out.push(b'}');
}

pub(crate) fn article_head<R: Columns>(row: &R, out: &mut Answer) {
    fields!(row, out; "{\"id\":" integer 0, ",\"title\":" text 1, ",\"slug\":" text 2, ",\"released_at\":" time 3,
        ",\"views\":" integer 4);
}

pub(crate) fn name_country<R: Columns>(row: &R, out: &mut Answer) {
    fields!(row, out; "{\"name\":" text 0, ",\"country\":" text 1);
    out.push(b'}');
}

pub(crate) fn name_only<R: Columns>(row: &R, out: &mut Answer) {
    fields!(row, out; "{\"name\":" text 0);
    out.push(b'}');
}

pub(crate) fn comment_head<R: Columns>(row: &R, out: &mut Answer) {
    fields!(row, out; "{\"id\":" integer 0, ",\"body\":" text 1, ",\"likes\":" integer 2);
}

pub(crate) fn article_popular<R: Columns>(row: &R, out: &mut Answer) {
    fields!(row, out; "{\"id\":" integer 0, ",\"title\":" text 1, ",\"views\":" integer 2, ",\"rating\":" decimal 3);
    out.push(b'}');
}

pub(crate) fn article_listed<R: Columns>(row: &R, out: &mut Answer) {
    fields!(row, out; "{\"id\":" integer 0, ",\"title\":" text 1, ",\"slug\":" text 2, ",\"state\":" text 3,
        ",\"lang\":" text 4, ",\"views\":" integer 5, ",\"rating\":" decimal 6, ",\"released_at\":" time 7,
        ",\"created_at\":" time 8, ",\"version\":" integer 9);
    out.push(b'}');
}

/// `{"name":…,"id":…}` of the artist of an album found by search.
pub(crate) fn name_id<R: Columns>(row: &R, out: &mut Answer) {
    fields!(row, out; "{\"name\":" text 1, ",\"id\":" integer 0);
    out.push(b'}');
}

/// Writes the members of a list with commas between them; the first member writes none.
pub(crate) fn comma(is_first: &mut bool, out: &mut Answer) {
    if *is_first {
        *is_first = false;
    } else {
        out.push(b',');
    }
}

pub(crate) fn null(out: &mut Answer) {
    out.extend_from_slice(b"null");
}

pub(crate) fn nullable_integer(value: Option<i64>, out: &mut Answer) {
    match value {
        Some(value) => answer::integer(value, out),
        None => null(out),
    }
}

pub(crate) fn nullable_text(value: Option<&str>, out: &mut Answer) {
    match value {
        Some(value) => answer::string(value, out),
        None => null(out),
    }
}
