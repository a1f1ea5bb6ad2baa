//! What is given at one place of a request, literal or variable, read the same way.

use std::borrow::Cow;

use plan::{HoleSource, Segment, Variables};
use serde_json::Value as Json;

use crate::operation::Given;

/// A value of a request and where it comes from.
#[derive(Clone)]
pub(super) struct View<'a> {
    source: Source<'a>,
}

#[derive(Clone)]
enum Source<'a> {
    /// Written with variables in it.
    Given(&'a Given, &'a Variables),
    /// Written, or a default.
    Literal(&'a Json),
    /// Of a variable, with the path to it.
    Variable(&'a Json, Vec<Segment>),
}

impl<'a> View<'a> {
    /// What is given; none for a variable without value.
    pub(super) fn of(given: &'a Given, variables: &'a Variables) -> Option<View<'a>> {
        let source = match given {
            Given::Json(json) => Source::Literal(json),
            Given::Variable(name) => Source::Variable(variables.get(name)?, vec![Segment::Key(name.clone())]),
            Given::List(_) | Given::Object(_) => Source::Given(given, variables),
        };
        Some(View { source })
    }

    pub(super) fn literal(json: &'a Json) -> View<'a> {
        View { source: Source::Literal(json) }
    }

    pub(super) fn is_null(&self) -> bool {
        match &self.source {
            Source::Literal(json) | Source::Variable(json, _) => json.is_null(),
            Source::Given(..) => false,
        }
    }

    /// The members of an object, as written; variables without value are not there.
    pub(super) fn members(&self) -> Vec<(&'a str, View<'a>)> {
        match &self.source {
            Source::Literal(json) => object(json).map(|(name, value)| (name.as_str(), View::literal(value))).collect(),
            Source::Variable(json, path) => object(json)
                .map(|(name, value)| (name.as_str(), View::below(value, path, Segment::Key(name.clone()))))
                .collect(),
            Source::Given(Given::Object(members), variables) => {
                members.iter().filter_map(|(name, given)| Some((name.as_str(), View::of(given, variables)?))).collect()
            }
            Source::Given(Given::List(_) | Given::Json(_) | Given::Variable(_), _) => Vec::new(),
        }
    }

    /// Whether a member is a variable without value, which [`View::members`] leaves out.
    pub(super) fn lacks_a_member(&self) -> bool {
        let Source::Given(Given::Object(members), variables) = &self.source else { return false };
        members.iter().any(|(_, given)| matches!(given, Given::Variable(name) if variables.get(name).is_none()))
    }

    /// The member of this name.
    pub(super) fn member(&self, name: &str) -> Option<View<'a>> {
        self.members().into_iter().find(|(present, _)| *present == name).map(|(_, view)| view)
    }

    /// The items of a list; a single value is a list of one, variables without value are null.
    pub(super) fn items(&self) -> Vec<View<'a>> {
        match &self.source {
            Source::Literal(Json::Array(items)) => items.iter().map(View::literal).collect(),
            Source::Variable(Json::Array(items), path) => {
                items.iter().enumerate().map(|(index, item)| View::below(item, path, Segment::Index(index))).collect()
            }
            Source::Given(Given::List(items), variables) => {
                items.iter().map(|item| View::of(item, variables).unwrap_or(View::literal(&Json::Null))).collect()
            }
            Source::Literal(_) | Source::Variable(..) | Source::Given(..) => vec![self.clone()],
        }
    }

    fn below(json: &'a Json, path: &[Segment], segment: Segment) -> View<'a> {
        let path = path.iter().cloned().chain([segment]).collect();
        View { source: Source::Variable(json, path) }
    }

    /// The value itself; only for what is in the key of the plan.
    pub(super) fn json(&self) -> Cow<'a, Json> {
        match &self.source {
            Source::Literal(json) | Source::Variable(json, _) => Cow::Borrowed(json),
            Source::Given(..) => Cow::Owned(self.items().iter().map(|item| item.json().into_owned()).collect()),
        }
    }

    /// The text or word; only for what is in the key of the plan.
    pub(super) fn text(&self) -> Option<&'a str> {
        match &self.source {
            Source::Literal(json) | Source::Variable(json, _) => json.as_str(),
            Source::Given(..) => None,
        }
    }

    pub(super) fn boolean(&self) -> Option<bool> {
        match &self.source {
            Source::Literal(json) | Source::Variable(json, _) => json.as_bool(),
            Source::Given(..) => None,
        }
    }

    /// Whether it is the number -1, which has a meaning of its own in paging.
    pub(super) fn is_minus_one(&self) -> bool {
        match &self.source {
            Source::Literal(json) | Source::Variable(json, _) => json.as_i64() == Some(-1),
            Source::Given(..) => false,
        }
    }

    /// Where a hole for it takes its value from.
    pub(super) fn hole_source(&self) -> HoleSource {
        match &self.source {
            Source::Literal(json) => HoleSource::Literal((*json).clone()),
            Source::Variable(_, path) => HoleSource::Variable(path.clone()),
            Source::Given(..) => HoleSource::Literal(self.json().into_owned()),
        }
    }
}

fn object(json: &Json) -> impl Iterator<Item = (&String, &Json)> {
    json.as_object().into_iter().flatten()
}
