//! From rows to the bytes of an answer: written once for both databases.
//!
//! [`Walk`] goes through a program and asks a [`Source`] for the rows of each level; values go straight from the row into one buffer. Nothing is built in
//! between: no JSON value, no map, no text for a single field.

mod component;
mod datum;
mod json;
mod memo;
mod number;
mod out;
mod parts;
mod shaped;
mod source;
mod text;
mod time;
mod walk;
mod window;

use component::Element;
pub(crate) use datum::Datum;
pub(crate) use number::numeric_of_digits;
pub(crate) use out::{Out, Wrote};
pub(crate) use parts::has_aggregates;
pub(crate) use shaped::shape_onto;
pub(crate) use source::{Above, Ask, At, Row, Source, Visit};
pub(crate) use time::micros_of_time;
pub(crate) use walk::{Walk, ask};
pub(crate) use window::{limit_of, proves_total, window_of};
