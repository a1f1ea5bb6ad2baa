//! What becomes of stored values when a field holds another kind.

use crate::{FieldKind, Scalar};

/// What becomes of the values of a field that changes its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Conversion {
    /// They are stored as before.
    Keeps,
    /// Each has its counterpart: 3 becomes 3.0 or "3", a value becomes a list of one.
    Converts,
    /// Some have none and go: a text that is no number, all but the first of a list.
    Narrows,
    /// None has: all go.
    Drops,
}

/// The conversion between two scalar or enum kinds; none when one of them is neither, and the field must go and come again.
pub(super) fn between(before: &FieldKind, after: &FieldKind, is_same_enum: bool) -> Option<Conversion> {
    let (before_form, before_list) = form(before)?;
    let (after_form, after_list) = form(after)?;
    let of_one = if matches!((before_form, after_form), (Form::Word, Form::Word)) {
        if is_same_enum { Conversion::Keeps } else { Conversion::Narrows }
    } else {
        of_forms(before_form, after_form)
    };
    Some(match (before_list, after_list) {
        (false, false) | (true, true) => of_one,
        (false, true) => of_one.at_least(Conversion::Converts),
        (true, false) => of_one.at_least(Conversion::Narrows),
    })
}

impl Conversion {
    /// The dearer of two.
    fn at_least(self, other: Conversion) -> Conversion {
        let rank = |of: Conversion| match of {
            Conversion::Keeps => 0,
            Conversion::Converts => 1,
            Conversion::Narrows => 2,
            Conversion::Drops => 3,
        };
        if rank(self) >= rank(other) { self } else { other }
    }
}

/// What values of a kind are like, as far as conversion goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Any text.
    Text,
    /// Text that must have a form: Email, UID.
    FormedText,
    /// A word of an enum.
    Word,
    /// Whole numbers and others, by growing range.
    Number(u8),
    Boolean,
    Date,
    Time,
    DateTime,
    Interval,
    Uuid,
    Json,
    Blocks,
    Password,
}

fn form(kind: &FieldKind) -> Option<(Form, bool)> {
    let (scalar, list) = match kind {
        FieldKind::Scalar { scalar, list } => (*scalar, *list),
        FieldKind::Enum { list, .. } => return Some((Form::Word, *list)),
        FieldKind::Relation(_) | FieldKind::Component { .. } | FieldKind::Zone { .. } => return None,
    };
    let form = match scalar {
        Scalar::String | Scalar::Text | Scalar::RichText | Scalar::Id => Form::Text,
        Scalar::Email | Scalar::Uid => Form::FormedText,
        Scalar::Int => Form::Number(0),
        Scalar::BigInt => Form::Number(1),
        Scalar::Decimal => Form::Number(2),
        Scalar::Float => Form::Number(3),
        Scalar::Boolean => Form::Boolean,
        Scalar::Date => Form::Date,
        Scalar::Time => Form::Time,
        Scalar::DateTime => Form::DateTime,
        Scalar::Interval => Form::Interval,
        Scalar::Uuid => Form::Uuid,
        Scalar::Json => Form::Json,
        Scalar::Blocks => Form::Blocks,
        Scalar::Password => Form::Password,
    };
    Some((form, list))
}

fn of_forms(before: Form, after: Form) -> Conversion {
    if before == after && before != Form::FormedText {
        return Conversion::Keeps;
    }
    match before {
        Form::Blocks if after == Form::Json => Conversion::Keeps,
        Form::Json | Form::Blocks | Form::Password => Conversion::Drops,
        Form::Text | Form::FormedText | Form::Word => of_text(after),
        Form::Number(before) => of_number(before, after),
        Form::DateTime if matches!(after, Form::Date | Form::Time) => Conversion::Narrows,
        Form::Date if after == Form::DateTime => Conversion::Converts,
        Form::Boolean | Form::Date | Form::Time | Form::DateTime | Form::Interval | Form::Uuid => of_other(after),
    }
}

fn of_text(after: Form) -> Conversion {
    match after {
        Form::Text => Conversion::Keeps,
        Form::Json => Conversion::Converts,
        Form::Blocks | Form::Password => Conversion::Drops,
        Form::FormedText
        | Form::Word
        | Form::Number(_)
        | Form::Boolean
        | Form::Date
        | Form::Time
        | Form::DateTime
        | Form::Interval
        | Form::Uuid => Conversion::Narrows,
    }
}

/// Numbers above 2^53 and long fractions do not survive a Float, so it is reached without loss from Int alone.
fn of_number(before: u8, after: Form) -> Conversion {
    match after {
        Form::Number(after) if before == 0 || (before, after) == (1, 2) => Conversion::Converts,
        Form::Number(_) => Conversion::Narrows,
        Form::Text
        | Form::FormedText
        | Form::Word
        | Form::Boolean
        | Form::Date
        | Form::Time
        | Form::DateTime
        | Form::Interval
        | Form::Uuid
        | Form::Json
        | Form::Blocks
        | Form::Password => of_other(after),
    }
}

/// Every value can be written as text and as JSON.
fn of_other(after: Form) -> Conversion {
    if matches!(after, Form::Text | Form::Json) { Conversion::Converts } else { Conversion::Drops }
}
