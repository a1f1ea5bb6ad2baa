//! From a checked operation to a plan: one walk over the selection that reads bindings and knows no dialect.

mod command;
mod connection;
mod filter;
mod object;
mod own;
mod page;
mod select;
mod sort;
mod told;
mod version;
mod view;
mod write;

use std::sync::Arc;

use indexmap::IndexMap;
use model::{ComponentId, Model, TypeId};
use plan::{
    Boundary, Cause, Hole, HoleId, HoleSource, Member, Plan, Refusal, Root, RootValue, Transform, ValueKind, Variables,
    Version,
};
use serde_json::Value as Json;
use version::Asked;
use view::View;

use crate::binding::FieldBinding;
use crate::definition::{Definitions, Field as FieldDefinition, Kind};
use crate::operation::{Field, Operation, OperationKind, Selection};
use crate::{Limits, RequestError, Schema, introspect};

/// The plan of an operation for (coerced) values of this shape: values that only fill holes are not read.
///
/// # Errors
/// Limits that the request passes.
pub fn to_plan(schema: &Schema, operation: &Operation, variables: &Variables) -> Result<Plan, Vec<RequestError>> {
    let mut planner = Planner {
        model: &schema.model,
        shared: &schema.model,
        loaded_at: schema.loaded_at,
        definitions: &schema.definitions,
        limits: &schema.limits,
        variables,
        holes: Vec::new(),
        conditions: 0,
        data_path: Vec::new(),
        errors: Vec::new(),
    };
    let introspection = introspect::answer(schema, operation, variables).map_err(|error| vec![error])?;
    let roots = planner.roots(operation, &introspection);
    let limits = &schema.limits;
    if planner.conditions > limits.conditions_max {
        let error = RequestError::limit("conditions_max", limits.conditions_max as u64, "more conditions");
        planner.errors.push(error);
    }
    if !planner.errors.is_empty() {
        planner.errors.truncate(limits.errors_max);
        return Err(planner.errors);
    }
    let boundary = match operation.kind {
        OperationKind::Query => Boundary::Read,
        OperationKind::Mutation => schema.primary().boundary,
    };
    Ok(Plan { roots, holes: planner.holes, boundary, rows_max: limits.rows_max })
}

/// A field may be refused alone; the rest of the plan stands.
type Refusable<T> = Result<T, Refusal>;

/// What a member is that no row is asked about: JSON text that is known, and why it is refused.
type Without<V> = (fn(String) -> V, fn(Refusal) -> V);

fn refuse<T>(cause: Cause) -> Refusable<T> {
    Err(Refusal { cause })
}

/// A word stands where it means nothing: a defect of the dialect, never of the request.
fn misplaced<T>() -> Refusable<T> {
    refuse(Cause::Internal)
}

struct Planner<'a> {
    model: &'a Model,
    /// The same, for what outlives the walk.
    shared: &'a Arc<Model>,
    /// When it was read: microseconds since 1970.
    loaded_at: i64,
    definitions: &'a Definitions,
    limits: &'a Limits,
    variables: &'a Variables,
    holes: Vec<Hole>,
    conditions: usize,
    /// Where in the data of a write the place at hand stands.
    data_path: Vec<plan::Segment>,
    errors: Vec<RequestError>,
}

/// Whose columns and relations are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// A row of a content type.
    Row(TypeId),
    /// An element of a component, inside a row of a content type.
    Element(TypeId, ComponentId),
}

/// What is handed down to the fields below a row or an element.
#[derive(Debug, Clone)]
struct Level {
    owner: Owner,
    /// The version of the row at hand.
    version: Version,
    /// What the root asked for.
    asked: Asked,
}

/// A field of the answer: every selection with one response key.
struct Merged<'a> {
    field: &'a Field,
    selections: Vec<&'a [Selection]>,
}

impl<'a> Planner<'a> {
    fn roots(&mut self, operation: &'a Operation, introspection: &IndexMap<String, String>) -> Vec<Root> {
        let fields = self.merged(&operation.root, &[&operation.selections]);
        let mut roots = Vec::new();
        for (key, merged) in fields {
            let definition = self.definition(&operation.root, &merged);
            let value = if merged.field.name == "__typename" {
                RootValue::Constant(Json::String(operation.root.clone()).to_string())
            } else if let Some(json) = introspection.get(key) {
                RootValue::Constant(json.clone())
            } else if let Some(definition) = definition {
                self.root(&merged, definition).unwrap_or_else(RootValue::Refused)
            } else {
                RootValue::Refused(Refusal { cause: Cause::Internal })
            };
            roots.push(Root {
                key: key.to_owned(),
                non_null: definition.is_none_or(|definition| definition.of.is_non_null())
                    && merged.field.name != "__type",
                place: merged.field.place,
                value,
            });
        }
        roots
    }

    fn root(&mut self, merged: &Merged<'a>, definition: &'a FieldDefinition) -> Refusable<RootValue> {
        match &definition.binding {
            FieldBinding::List { of, shape, page } => self
                .root_select(merged, definition, (*of, *shape, *page))
                .map(|select| RootValue::Select(Box::new(select))),
            FieldBinding::ByKey { of } => {
                self.by_key(merged, definition, *of).map(|select| RootValue::Select(Box::new(select)))
            }
            FieldBinding::Create { of } => {
                self.create(merged, definition, *of).map(|write| RootValue::Write(Box::new(write)))
            }
            FieldBinding::Update { of, or_create } => {
                self.update(merged, definition, *of, *or_create).map(|write| RootValue::Write(Box::new(write)))
            }
            FieldBinding::Delete { of, must_exist } => {
                self.delete(merged, definition, *of, *must_exist).map(|write| RootValue::Write(Box::new(write)))
            }
            FieldBinding::Own(bound) => self.own_root(merged, definition, bound),
            FieldBinding::Account { of } => {
                self.own(merged, definition, *of).map(|select| RootValue::Own(Box::new(select)))
            }
            FieldBinding::Command { effect, of } => {
                self.command(merged, definition, (*effect, *of)).map(|command| RootValue::Command(Box::new(command)))
            }
            FieldBinding::Told(teller) => Ok(self.told(merged, definition, *teller)),
            FieldBinding::Constant(json) => Ok(RootValue::Constant(json.clone())),
            FieldBinding::Wrap => self.constants(merged, definition.of.name()).map(RootValue::Constant),
            FieldBinding::Part(_)
            | FieldBinding::Column(..)
            | FieldBinding::Relation { .. }
            | FieldBinding::Switch { .. }
            | FieldBinding::Localizations { .. }
            | FieldBinding::Component { .. }
            | FieldBinding::ElementId
            | FieldBinding::Derived(_)
            | FieldBinding::Nodes
            | FieldBinding::Total
            | FieldBinding::PageNumber
            | FieldBinding::PageSize
            | FieldBinding::PageCount
            | FieldBinding::Aggregate { .. }
            | FieldBinding::Written(_)
            | FieldBinding::Made(_) => misplaced(),
        }
    }

    /// The JSON text of an object around values that are known already.
    fn constants(&self, merged: &Merged<'a>, object: &str) -> Refusable<String> {
        let mut members = Vec::new();
        for (key, inner) in self.merged(object, &merged.selections) {
            let value = match self.definition(object, &inner).map(|definition| (&definition.binding, definition)) {
                None => Json::String(object.to_owned()).to_string(),
                Some((FieldBinding::Constant(json), _)) => json.clone(),
                Some((FieldBinding::Wrap, definition)) => self.constants(&inner, definition.of.name())?,
                Some(_) => return misplaced(),
            };
            members.push([&Json::from(key).to_string(), ":", &value].concat());
        }
        Ok(["{", &members.join(","), "}"].concat())
    }

    /// The definition of a field of this object type; none for `__typename` and introspection.
    fn definition(&self, parent: &str, merged: &Merged<'_>) -> Option<&'a FieldDefinition> {
        self.definitions.fields(parent)?.get(&merged.field.name)
    }

    /// The members of an object of this type: its type's name is a constant, each field is what `value` makes of it.
    fn members<V>(
        &mut self,
        merged: &Merged<'a>,
        object: &str,
        (constant, refused): Without<V>,
        mut value: impl FnMut(&mut Self, &Merged<'a>, &'a FieldDefinition) -> Refusable<V>,
    ) -> Vec<Member<V>> {
        let mut members = Vec::new();
        for (key, inner) in self.merged(object, &merged.selections) {
            let name = [object, ".", &inner.field.name].concat();
            let (value, non_null) = match self.definition(object, &inner) {
                None => (constant(Json::String(object.to_owned()).to_string()), true),
                Some(definition) => {
                    let made = value(self, &inner, definition);
                    (made.unwrap_or_else(refused), definition.of.is_non_null())
                }
            };
            members.push(Member { key: key.to_owned(), non_null, name, value });
        }
        members
    }

    /// The fields of an object of this type by response key, in the order of the selection.
    fn merged(&self, on: &str, selections: &[&'a [Selection]]) -> IndexMap<&'a str, Merged<'a>> {
        let mut fields = IndexMap::new();
        for selections in selections {
            self.collect(on, selections, &mut fields);
        }
        fields
    }

    fn collect(&self, on: &str, selections: &'a [Selection], fields: &mut IndexMap<&'a str, Merged<'a>>) {
        for selection in selections {
            match selection {
                Selection::Field(field) if self.is_included(&field.conditions) => {
                    let merged = fields.entry(&field.key).or_insert_with(|| Merged { field, selections: Vec::new() });
                    merged.selections.push(&field.selections);
                }
                Selection::Fragment { on: wanted, conditions, selections } if self.is_included(conditions) => {
                    if wanted == on || self.is_member(wanted, on) {
                        self.collect(on, selections, fields);
                    }
                }
                Selection::Field(_) | Selection::Fragment { .. } => {}
            }
        }
    }

    fn is_member(&self, union: &str, name: &str) -> bool {
        match self.definitions.get(union).map(|of| &of.kind) {
            Some(Kind::Union(members) | Kind::Interface { members, .. }) => members.iter().any(|member| member == name),
            Some(Kind::Object { .. } | Kind::Input(_) | Kind::Enum(_) | Kind::Scalar(_)) | None => false,
        }
    }

    fn is_included(&self, conditions: &[crate::operation::Condition]) -> bool {
        conditions.iter().all(|condition| {
            let holds = View::of(&condition.given, self.variables).is_some_and(|view| view.boolean() == Some(true));
            holds != condition.is_skip
        })
    }

    /// The arguments of a field with what is given for them, in the order of the schema. An absent variable is the default.
    fn arguments(
        &self,
        merged: &Merged<'a>,
        definition: &'a FieldDefinition,
    ) -> Vec<(&'a crate::definition::Input, View<'a>)> {
        let mut arguments = Vec::new();
        for (name, input) in &definition.arguments {
            let given = merged.field.arguments.iter().find(|(given, _)| given == name).map(|(_, given)| given);
            let view = given.and_then(|given| View::of(given, self.variables));
            if let Some(view) = view.or_else(|| input.default.as_ref().map(View::literal)) {
                arguments.push((input, view));
            }
        }
        arguments
    }

    /// A hole; equal ones are one.
    fn hole(&mut self, source: HoleSource, kind: ValueKind, list: bool, transform: Transform) -> HoleId {
        let path = match &source {
            HoleSource::Variable(path) => path.clone(),
            HoleSource::Literal(_) | HoleSource::Caller(_) | HoleSource::Now => Vec::new(),
        };
        let hole = Hole { source, kind, list, transform, path };
        let index = self.holes.iter().position(|present| *present == hole).unwrap_or_else(|| {
            self.holes.push(hole);
            self.holes.len() - 1
        });
        HoleId(u32::try_from(index).expect("a document of 64 KiB has fewer values than 32 bits count"))
    }

    /// The kind of a column of the owner.
    fn kind_of(&self, owner: Owner, column: plan::Column) -> Option<ValueKind> {
        match (column, owner) {
            (plan::Column::System(system), Owner::Row(of)) => {
                Some(ValueKind::of_system(system, &self.model.content_type(of).key))
            }
            (plan::Column::System(_), Owner::Element(..)) => None,
            (plan::Column::Field(field), Owner::Row(of)) => {
                self.kind_of_field(&self.model.content_type(of).field(field).kind)
            }
            (plan::Column::Field(field), Owner::Element(_, of)) => {
                self.kind_of_field(&self.model.component(of).field(field).kind)
            }
        }
    }

    /// The kind of a field's value; of a to-one relation it is the target's key.
    fn kind_of_field(&self, kind: &model::FieldKind) -> Option<ValueKind> {
        match kind {
            model::FieldKind::Relation(relation) => match relation.target {
                model::Target::Type(target) => Some(ValueKind::of_key(&self.model.content_type(target).key)),
                model::Target::Group(_) => None,
            },
            model::FieldKind::Scalar { .. }
            | model::FieldKind::Enum { .. }
            | model::FieldKind::Component { .. }
            | model::FieldKind::Zone { .. } => ValueKind::of_field(kind),
        }
    }

    /// A field of the owner, as the model has it.
    fn field_of(&self, owner: Owner, field: model::FieldId) -> &'a model::Field {
        match owner {
            Owner::Row(of) => self.model.content_type(of).field(field),
            Owner::Element(_, of) => self.model.component(of).field(field),
        }
    }
}
