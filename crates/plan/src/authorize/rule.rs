//! Rules of rows: the conditions of the model's `@allow`, turned into filters.

use model::{
    Action, ColumnName, Component, Condition, ContentType, FieldId, FieldKind, SystemColumn, Target, Term, TypeId,
};

use super::Env;
use super::fields::Fields;
use crate::{
    Column, Comparison, Filter, Hole, HoleId, HoleSource, Locale, Operand, Operator, Status, Transform, ValueKind,
    Version,
};

/// What the fields of a condition belong to.
#[derive(Clone, Copy)]
enum Owner<'a> {
    Type(&'a ContentType),
    Component(&'a Component),
}

impl Env<'_> {
    /// The rows that the caller may read in this version, when these fields are asked of them.
    pub(super) fn read_rule(self, of: TypeId, version: &Version, fields: &Fields, holes: &mut Vec<Hole>) -> Filter {
        let found = self.row_rule((of, Action::Find), version, fields, holes);
        match version.status {
            Status::Only | Status::Published => found,
            Status::Draft => found.and(self.row_rule((of, Action::ReadDraft), version, fields, holes)),
            // Of the rows that stand for either version, the rule for drafts is asked of those that are drafts.
            Status::Either => {
                let is_published = Filter::Null { column: Column::System(SystemColumn::PublishedAt), is_null: false };
                let drafts = self.row_rule((of, Action::ReadDraft), version, fields, holes);
                found.and(Filter::any_of([drafts, is_published]))
            }
        }
    }

    /// The rows on which the caller may do an action with these fields: those of every rule that allows all of the fields. Relations inside
    /// are read in the status and locale of the row at hand, without rules of their own.
    pub(super) fn row_rule(
        self,
        (of, action): (TypeId, Action),
        version: &Version,
        fields: &Fields,
        holes: &mut Vec<Hole>,
    ) -> Filter {
        let grants = self.policy.grants(of, action);
        let owner = Owner::Type(self.model.content_type(of));
        let covering = grants
            .iter()
            .filter(|grant| grant.fields.as_ref().is_none_or(|all| fields.iter().all(|field| all.contains(field))));
        Filter::any_of(covering.map(|grant| match &grant.condition {
            None => Filter::All,
            Some(condition) => self.condition(owner, condition, version, holes),
        }))
    }

    fn condition(self, owner: Owner<'_>, condition: &Condition, version: &Version, holes: &mut Vec<Hole>) -> Filter {
        match condition {
            Condition::And(list) => {
                Filter::all_of(list.iter().map(|inner| self.condition(owner, inner, version, holes)))
            }
            Condition::Or(list) => {
                Filter::any_of(list.iter().map(|inner| self.condition(owner, inner, version, holes)))
            }
            Condition::Not(inner) => self.condition(owner, inner, version, holes).negated(),
            Condition::Null { column, is_null } => Filter::Null { column: Column::from(*column), is_null: *is_null },
            Condition::Compare { column, operator, value } => compare(owner, *column, *operator, value, holes),
            Condition::Some { field, condition } => self.some(owner, *field, condition, version, holes),
        }
    }

    fn some(
        self,
        owner: Owner<'_>,
        field: FieldId,
        condition: &Condition,
        version: &Version,
        holes: &mut Vec<Hole>,
    ) -> Filter {
        match &owner.field(field).kind {
            FieldKind::Relation(relation) => Filter::any_of(self.targets(relation.target).into_iter().map(|of| {
                let target = self.model.content_type(of);
                let version = version_below(target, version);
                let filter = Box::new(self.condition(Owner::Type(target), condition, &version, holes));
                match relation.target {
                    Target::Type(_) => Filter::Some { field, version, filter },
                    Target::Group(_) => Filter::SomeOf { field, of, version, filter },
                }
            })),
            FieldKind::Component { of, .. } => {
                let component = self.model.component(*of);
                let filter = Box::new(self.condition(Owner::Component(component), condition, version, holes));
                Filter::Element { field, component: *of, filter }
            }
            // The model's reader lets a condition step through relations and components alone.
            FieldKind::Scalar { .. } | FieldKind::Enum { .. } | FieldKind::Zone { .. } => Filter::Nothing,
        }
    }
}

impl Owner<'_> {
    fn field(&self, field: FieldId) -> &model::Field {
        match self {
            Owner::Type(of) => of.field(field),
            Owner::Component(of) => of.field(field),
        }
    }

    fn kind(&self, column: ColumnName) -> ValueKind {
        match (self, column) {
            (_, ColumnName::Field(field)) => ValueKind::of_field(&self.field(field).kind).unwrap_or(ValueKind::Text),
            (Owner::Type(of), ColumnName::System(system)) => ValueKind::of_system(system, &of.key),
            (Owner::Component(_), ColumnName::System(_)) => ValueKind::Text,
        }
    }
}

/// A comparison whose value becomes a hole. A member that the caller does not have is null, with which nothing compares.
fn compare(owner: Owner<'_>, column: ColumnName, operator: Operator, value: &Term, holes: &mut Vec<Hole>) -> Filter {
    let source = match value {
        Term::Literal(json) if json.is_null() => {
            return Filter::null_compared(Column::from(column), operator);
        }
        Term::Literal(json) => HoleSource::Literal(json.clone()),
        Term::Caller(path) => HoleSource::Caller(path.clone()),
        Term::Now => HoleSource::Now,
        // Rules have no arguments: the model's reader refuses them.
        Term::Argument { .. } => return Filter::Nothing,
    };
    let list = matches!(operator, Operator::In | Operator::NotIn | Operator::Between);
    let hole = Hole { source, kind: owner.kind(column), list, transform: Transform::Keep, path: Vec::new() };
    let id = HoleId(u32::try_from(holes.len()).unwrap_or(u32::MAX));
    holes.push(hole);
    Filter::Compare(Comparison { column: Column::from(column), operator, value: Operand::Hole(id) })
}

/// The version of a related document: the row's own status and locale, as far as the target has them.
fn version_below(target: &ContentType, above: &Version) -> Version {
    let status = match (target.draft_and_publish, above.status) {
        (false, _) => Status::Only,
        (true, Status::Only) => Status::Published,
        (true, status @ (Status::Published | Status::Draft | Status::Either)) => status,
    };
    let locale = match (target.localized, &above.locale) {
        (false, _) => Locale::Only,
        (true, Locale::Only) => Locale::Default,
        (true, Locale::All) => Locale::Inherited,
        (true, locale @ (Locale::Default | Locale::Named(_) | Locale::Inherited)) => locale.clone(),
    };
    Version { status, locale, publication: None }
}
