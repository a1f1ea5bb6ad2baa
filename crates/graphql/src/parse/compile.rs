//! From the checked document of the library to our own tree: fragments written out, literals coerced, variables' uses noted,
//! everything counted against its limit.

mod given;

use std::sync::Arc;

use apollo_compiler::executable::{self, OperationType, SelectionSet};
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Node, ast};
use indexmap::IndexMap;

use super::place_of;
use crate::binding::{FieldBinding, InputBinding, PageRule, PageWord, RowsShape};
use crate::definition::{Definitions, Input, TypeRef};
use crate::operation::{Condition, Cost, CostRows, Field, Given, Operation, OperationKind, Selection, Variable};
use crate::shape::{Role, Use};
use crate::{Limits, RequestError, RequestErrorKind, Schema};

/// The operation as a tree. Errors are added to the list; the tree is of use only when there are none.
pub(super) fn compile(
    schema: &Schema,
    document: &Arc<Valid<ExecutableDocument>>,
    operation: &Node<executable::Operation>,
    errors: &mut Vec<RequestError>,
) -> Operation {
    let mut compiler = Compiler {
        definitions: &schema.definitions,
        limits: &schema.limits,
        document,
        variables: IndexMap::new(),
        composed: Vec::new(),
        counts: Counts::default(),
        introspects: false,
        errors,
    };
    compiler.declare(operation);
    let mut costs = Vec::new();
    let selections = compiler.selections(&operation.selection_set, 1, &mut costs);
    compiler.check_counts(&selections);
    Operation {
        kind: match operation.operation_type {
            OperationType::Mutation => OperationKind::Mutation,
            OperationType::Query | OperationType::Subscription => OperationKind::Query,
        },
        root: operation.selection_set.ty.to_string(),
        selections,
        variables: compiler.variables.into_values().collect(),
        composed: compiler.composed,
        costs,
        introspected: compiler.introspects.then(|| Arc::clone(document)),
        name: operation.name.as_ref().map(ToString::to_string),
    }
}

struct Compiler<'a> {
    definitions: &'a Definitions,
    limits: &'a Limits,
    document: &'a ExecutableDocument,
    variables: IndexMap<String, Variable>,
    composed: Vec<(String, Given)>,
    counts: Counts,
    introspects: bool,
    errors: &'a mut Vec<RequestError>,
}

#[derive(Default)]
struct Counts {
    selections: usize,
    aliases: usize,
    directives: usize,
    depth: usize,
    /// Fragments inside one another at the place at hand, and at most.
    fragments: usize,
    fragments_met: usize,
}

impl Compiler<'_> {
    fn declare(&mut self, operation: &executable::Operation) {
        self.counts.directives += operation.directives.len();
        for definition in &operation.variables {
            let name = definition.name.to_string();
            let of = type_ref(&definition.ty);
            let default = definition.default_value.as_ref().map(|value| self.literal(value, &of));
            let place = place_of(definition.location(), &self.document.sources);
            self.variables.insert(name.clone(), Variable { name, of, default, uses: Vec::new(), place });
        }
    }

    fn use_variable(&mut self, name: &str, role: Role, of: &TypeRef) {
        let used = Use { role, of: of.clone() };
        if let Some(variable) = self.variables.get_mut(name)
            && role != Role::None
            && !variable.uses.contains(&used)
        {
            variable.uses.push(used);
        }
    }

    fn selections(&mut self, set: &SelectionSet, depth: usize, costs: &mut Vec<Cost>) -> Vec<Selection> {
        let mut compiled = Vec::new();
        for selection in &set.selections {
            self.counts.selections += 1;
            if self.counts.selections > self.limits.selections_max || depth > self.limits.depth_max + 1 {
                self.counts.depth = self.counts.depth.max(depth);
                return compiled;
            }
            match selection {
                executable::Selection::Field(field) => {
                    compiled.push(Selection::Field(self.field(&set.ty, field, depth, costs)));
                }
                executable::Selection::InlineFragment(fragment) => {
                    let on = fragment.type_condition.as_ref().unwrap_or(&set.ty).to_string();
                    let conditions = self.conditions(&fragment.directives);
                    let selections = self.selections(&fragment.selection_set, depth, costs);
                    compiled.push(Selection::Fragment { on, conditions, selections });
                }
                executable::Selection::FragmentSpread(spread) => {
                    let Some(fragment) = self.document.fragments.get(&spread.fragment_name) else { continue };
                    let conditions = self.conditions(&spread.directives);
                    self.counts.fragments += 1;
                    self.counts.fragments_met = self.counts.fragments_met.max(self.counts.fragments);
                    let selections = if self.counts.fragments > self.limits.nesting_max {
                        Vec::new()
                    } else {
                        self.selections(&fragment.selection_set, depth, costs)
                    };
                    self.counts.fragments -= 1;
                    let on = fragment.selection_set.ty.to_string();
                    compiled.push(Selection::Fragment { on, conditions, selections });
                }
            }
        }
        compiled
    }

    fn field(&mut self, parent: &str, field: &Node<executable::Field>, depth: usize, costs: &mut Vec<Cost>) -> Field {
        self.counts.depth = self.counts.depth.max(depth);
        self.counts.aliases += usize::from(field.alias.is_some());
        let conditions = self.conditions(&field.directives);
        let place = place_of(field.location(), &self.document.sources).unwrap_or_default();
        let mut compiled = Field {
            key: field.response_key().to_string(),
            name: field.name.to_string(),
            place,
            arguments: Vec::new(),
            conditions,
            selections: Vec::new(),
        };
        let definitions = self.definitions;
        let Some(definition) = definitions.fields(parent).and_then(|fields| fields.get(field.name.as_str())) else {
            if field.name != "__typename" {
                self.introspects = true;
                self.introspection(field);
            }
            return compiled;
        };
        for (name, input) in &definition.arguments {
            if let Some(value) = field.specified_argument_by_name(name) {
                let given = self.given(value, &input.of, &input.binding);
                compiled.arguments.push((name.clone(), given));
            } else if let Some(default) = &input.default {
                compiled.arguments.push((name.clone(), Given::Json(default.clone())));
            }
        }
        let mut inner = Vec::new();
        compiled.selections = self.selections(&field.selection_set, depth + 1, &mut inner);
        match page_rule(&definition.binding) {
            Some(rule) => {
                let rows = rows_asked(rule, &compiled.arguments, &definition.arguments);
                costs.push(Cost { rows, inner });
            }
            None => costs.append(&mut inner),
        }
        compiled
    }

    fn conditions(&mut self, directives: &ast::DirectiveList) -> Vec<Condition> {
        self.counts.directives += directives.len();
        let boolean = TypeRef::named("Boolean").non_null();
        let mut conditions = Vec::new();
        for directive in directives {
            let is_skip = directive.name == "skip";
            if let (true, Some(value)) =
                (is_skip || directive.name == "include", directive.specified_argument_by_name("if"))
            {
                let given = match value.as_ref() {
                    ast::Value::Variable(name) => {
                        self.use_variable(name, Role::Value, &boolean);
                        Given::Variable(name.to_string())
                    }
                    other => Given::Json(given::plain_json(other)),
                };
                conditions.push(Condition { is_skip, given });
            }
        }
        conditions
    }

    /// Introspection is answered by the library: whatever variables it reads decide the answer.
    fn introspection(&mut self, field: &executable::Field) {
        let mut open: Vec<&SelectionSet> = vec![&field.selection_set];
        let mut fields: Vec<&executable::Field> = vec![field];
        let mut values: Vec<&ast::Value> = Vec::new();
        let mut directives: Vec<&ast::DirectiveList> = Vec::new();
        while let Some(set) = open.pop() {
            for selection in &set.selections {
                self.counts.selections += 1;
                if self.counts.selections > self.limits.selections_max {
                    return;
                }
                directives.push(selection.directives());
                match selection {
                    executable::Selection::Field(field) => {
                        self.counts.aliases += usize::from(field.alias.is_some());
                        fields.push(field);
                        open.push(&field.selection_set);
                    }
                    executable::Selection::InlineFragment(fragment) => open.push(&fragment.selection_set),
                    executable::Selection::FragmentSpread(spread) => {
                        open.extend(self.document.fragments.get(&spread.fragment_name).map(|of| &of.selection_set));
                    }
                }
            }
        }
        values.extend(fields.iter().flat_map(|field| &field.arguments).map(|argument| argument.value.as_ref()));
        values.extend(
            directives.iter().flat_map(|list| list.iter()).flat_map(|of| &of.arguments).map(|of| of.value.as_ref()),
        );
        for value in values {
            if let ast::Value::Variable(name) = value {
                self.use_variable(name, Role::Value, &TypeRef::named("String"));
            }
        }
    }

    fn check_counts(&mut self, selections: &[Selection]) {
        let Limits { depth_max, selections_max, aliases_max, root_fields_max, directives_max, nesting_max, .. } =
            *self.limits;
        let counted = [
            ("nesting_max", self.counts.fragments_met, nesting_max, "fragments nested deeper"),
            ("depth_max", self.counts.depth, depth_max, "fields nested deeper"),
            ("selections_max", self.counts.selections, selections_max, "more selections"),
            ("aliases_max", self.counts.aliases, aliases_max, "more aliases"),
            ("directives_max", self.counts.directives, directives_max, "more directives"),
            ("root_fields_max", roots(selections), root_fields_max, "more root fields"),
        ];
        for (name, met, most, what) in counted {
            if met > most {
                self.errors.push(RequestError::limit(name, most as u64, what));
            }
        }
    }

    fn refuse(&mut self, node: &Node<ast::Value>, message: String) {
        let place = place_of(node.location(), &self.document.sources);
        self.errors.push(RequestError::new(RequestErrorKind::Validation, message).at(place));
    }
}

fn roots(selections: &[Selection]) -> usize {
    selections
        .iter()
        .map(|selection| match selection {
            Selection::Field(_) => 1,
            Selection::Fragment { selections, .. } => roots(selections),
        })
        .sum()
}

pub(super) fn type_ref(of: &ast::Type) -> TypeRef {
    match of {
        ast::Type::Named(name) => TypeRef::named(name.as_str()),
        ast::Type::NonNullNamed(name) => TypeRef::named(name.as_str()).non_null(),
        ast::Type::List(item) => type_ref(item).list(),
        ast::Type::NonNullList(item) => type_ref(item).list().non_null(),
    }
}

/// The page rule of a field that gives a list of rows.
fn page_rule(binding: &FieldBinding) -> Option<PageRule> {
    match binding {
        FieldBinding::List { page, shape: RowsShape::List | RowsShape::Parts, .. }
        | FieldBinding::Relation { page, shape: RowsShape::List | RowsShape::Parts, .. }
        | FieldBinding::Switch { page, .. }
        | FieldBinding::Localizations { page, .. } => Some(*page),
        FieldBinding::List { .. }
        | FieldBinding::ByKey { .. }
        | FieldBinding::Relation { .. }
        | FieldBinding::Component { .. }
        | FieldBinding::Create { .. }
        | FieldBinding::Update { .. }
        | FieldBinding::Delete { .. }
        | FieldBinding::Column(..)
        | FieldBinding::ElementId
        | FieldBinding::Derived(_)
        | FieldBinding::Nodes
        | FieldBinding::Total
        | FieldBinding::PageNumber
        | FieldBinding::PageSize
        | FieldBinding::PageCount
        | FieldBinding::Aggregate { .. }
        | FieldBinding::Account { .. }
        | FieldBinding::Command { .. }
        | FieldBinding::Written(_)
        | FieldBinding::Made(_)
        | FieldBinding::Wrap
        | FieldBinding::Own(_)
        | FieldBinding::Told(_)
        | FieldBinding::Part(_)
        | FieldBinding::Constant(_) => None,
    }
}

/// How many rows a list is asked for at most. What has no bound of its own counts once: `rows_max` guards it.
fn rows_asked(rule: PageRule, arguments: &[(String, Given)], inputs: &IndexMap<String, Input>) -> CostRows {
    for (name, given) in arguments {
        let Some(input) = inputs.get(name) else { continue };
        match (&input.binding, given) {
            (InputBinding::Page(PageWord::Limit | PageWord::Size), given) => return rows_given(given),
            (InputBinding::Paging, Given::Variable(_)) => return CostRows::Variable(given.clone()),
            (InputBinding::Paging, Given::Json(json)) => {
                if let Some(rows) = page_size(json) {
                    return CostRows::Known(rows);
                }
            }
            (InputBinding::Paging, Given::Object(members)) => {
                let size = members.iter().find(|(name, _)| SIZE_WORDS.contains(&name.as_str()));
                if let Some((_, given)) = size {
                    return rows_given(given);
                }
            }
            _ => {}
        }
    }
    match rule {
        PageRule::Clamped { limit_default, .. } => CostRows::Known(u64::from(limit_default)),
        PageRule::None | PageRule::Strict => CostRows::Known(1),
    }
}

/// Members of a paging object that say how many rows.
const SIZE_WORDS: [&str; 2] = ["limit", "pageSize"];

fn rows_given(given: &Given) -> CostRows {
    match given {
        Given::Json(json) => CostRows::Known(json.as_u64().unwrap_or(1)),
        Given::Variable(_) | Given::List(_) | Given::Object(_) => CostRows::Variable(given.clone()),
    }
}

/// The size that a paging object asks for.
pub(crate) fn page_size(json: &serde_json::Value) -> Option<u64> {
    SIZE_WORDS.iter().find_map(|word| json.get(word)?.as_u64())
}
