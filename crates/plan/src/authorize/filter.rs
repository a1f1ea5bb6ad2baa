//! Filters and sorts: every hop through a relation needs FIND on its target, whose rows' rule joins the inner condition.

use model::{ComponentId, Field, FieldId, FieldKind, Target, TypeId};

use super::fields::{self, Fields};
use super::{Allowed, Env, below, key_refused};
use crate::{Aggregate, Column, Filter, Hole, Operand, RefusedPart, SortPath, Version};

/// What refusals call the step to rows of other locales.
const OTHER_LOCALES: &str = "localizations";

/// What the fields of a filter or sort belong to.
#[derive(Clone, Copy)]
enum Owner {
    Type(TypeId),
    /// Elements of this component, inside a document of the content type.
    Component(ComponentId),
}

/// A step through a relation.
struct Hop<'a> {
    version: &'a mut Version,
    filter: &'a mut Filter,
    /// Fields of the target that are asked beside those of the filter.
    asked: Fields,
}

impl Env<'_> {
    /// A filter over rows of a content type.
    pub(super) fn filter(self, of: TypeId, filter: &mut Filter, holes: &mut Vec<Hole>) -> Allowed {
        self.filter_over(Owner::Type(of), filter, holes)
    }

    /// A filter over the elements of a component.
    pub(super) fn element_filter(self, of: ComponentId, filter: &mut Filter, holes: &mut Vec<Hole>) -> Allowed {
        self.filter_over(Owner::Component(of), filter, holes)
    }

    /// A sort path over rows of a content type.
    pub(super) fn sort(self, of: TypeId, path: &mut SortPath, holes: &mut Vec<Hole>) -> Allowed {
        self.sort_over(Owner::Type(of), path, holes)
    }

    /// A sort path over the elements of a component.
    pub(super) fn element_sort(self, of: ComponentId, path: &mut SortPath, holes: &mut Vec<Hole>) -> Allowed {
        self.sort_over(Owner::Component(of), path, holes)
    }

    fn filter_over(self, owner: Owner, filter: &mut Filter, holes: &mut Vec<Hole>) -> Allowed {
        const PART: RefusedPart = RefusedPart::Filter;
        match filter {
            Filter::All | Filter::Nothing => Ok(()),
            Filter::And(list) | Filter::Or(list) => {
                list.iter_mut().try_for_each(|inner| self.filter_over(owner, inner, holes))
            }
            Filter::Not(inner) => self.filter_over(owner, inner, holes),
            Filter::Compare(comparison) => {
                self.column(owner, comparison.column, PART)?;
                self.operand(owner, &comparison.value)
            }
            Filter::Null { column, .. } => self.column(owner, *column, PART),
            Filter::Some { field, version, filter } => {
                self.hop((owner, *field), PART, Hop { version, filter, asked: Fields::new() }, holes)
            }
            Filter::SomeOf { field, of, version, filter } => {
                self.member(owner, *field, *of)?;
                self.hop_to(*of, &self.name(owner, *field), PART, Hop { version, filter, asked: Fields::new() }, holes)
            }
            Filter::OtherLocale { version, filter } => {
                let Owner::Type(of) = owner else { return Err(key_refused(OTHER_LOCALES, PART)) };
                self.hop_to(of, OTHER_LOCALES, PART, Hop { version, filter, asked: Fields::new() }, holes)
            }
            Filter::Count { field, version, filter, value, operator: _ } => {
                self.operand(owner, value)?;
                self.hop((owner, *field), PART, Hop { version, filter, asked: Fields::new() }, holes)
            }
            Filter::Element { field, component, filter } => {
                self.column(owner, Column::Field(*field), PART)?;
                let name = self.name(owner, *field);
                self.element_filter(*component, filter, holes).map_err(|refusal| below(&name, refusal))
            }
        }
    }

    fn sort_over(self, owner: Owner, path: &mut SortPath, holes: &mut Vec<Hole>) -> Allowed {
        const PART: RefusedPart = RefusedPart::Sort;
        match path {
            SortPath::Column(column) => self.column(owner, *column, PART),
            SortPath::Relation { field, version, filter, then } => {
                self.hop((owner, *field), PART, Hop { version, filter, asked: fields::of_sort(then) }, holes)?;
                let target = self.single_target(owner, *field)?;
                let name = self.name(owner, *field);
                self.sort(target, then, holes).map_err(|refusal| below(&name, refusal))
            }
            SortPath::Component { field, then } => {
                self.column(owner, Column::Field(*field), PART)?;
                let FieldKind::Component { of, .. } = self.field(owner, *field).kind else {
                    return Err(key_refused(&self.name(owner, *field), PART));
                };
                let name = self.name(owner, *field);
                self.element_sort(of, then, holes).map_err(|refusal| below(&name, refusal))
            }
            SortPath::Aggregate { field, version, filter, aggregate } => {
                self.hop(
                    (owner, *field),
                    PART,
                    Hop { version, filter, asked: fields::of_aggregate(aggregate) },
                    holes,
                )?;
                let target = self.single_target(owner, *field)?;
                self.aggregate(target, aggregate, PART)
            }
        }
    }

    /// The columns of an aggregate.
    pub(super) fn aggregate(self, of: TypeId, aggregate: &Aggregate, part: RefusedPart) -> Allowed {
        aggregate.columns.iter().try_for_each(|column| self.readable(of, *column, part))
    }

    fn operand(self, owner: Owner, operand: &Operand) -> Allowed {
        match operand {
            Operand::Hole(_) | Operand::OfKey(_) => Ok(()),
            Operand::Column(column) => self.column(owner, *column, RefusedPart::Filter),
        }
    }

    /// Through a relation: FIND on the target, and its rows' rule beside the inner filter.
    fn hop(self, (owner, field): (Owner, FieldId), part: RefusedPart, hop: Hop<'_>, holes: &mut Vec<Hole>) -> Allowed {
        self.relation(owner, field, part)?;
        let target = self.single_target(owner, field)?;
        self.hop_to(target, &self.name(owner, field), part, hop, holes)
    }

    fn hop_to(self, target: TypeId, name: &str, part: RefusedPart, hop: Hop<'_>, holes: &mut Vec<Hole>) -> Allowed {
        self.may_read(target, hop.version).map_err(|_| key_refused(name, part))?;
        self.filter(target, hop.filter, holes).map_err(|refusal| below(name, refusal))?;
        let mut asked = hop.asked;
        asked.extend(fields::of_filter(hop.filter));
        let rule = self.read_rule(target, hop.version, &asked, holes);
        *hop.filter = std::mem::replace(hop.filter, Filter::All).and(rule);
        Ok(())
    }

    fn column(self, owner: Owner, column: Column, part: RefusedPart) -> Allowed {
        match (owner, column) {
            (Owner::Type(of), column) => self.readable(of, column, part),
            (Owner::Component(of), Column::Field(field)) if self.model.component(of).field(field).is_hidden() => {
                Err(key_refused(&self.model.component(of).field(field).name, part))
            }
            (Owner::Component(_), Column::Field(_) | Column::System(_)) => Ok(()),
        }
    }

    /// The field is a relation that the caller may see.
    fn relation(self, owner: Owner, field: FieldId, part: RefusedPart) -> Allowed {
        self.column(owner, Column::Field(field), part)
    }

    fn field(&self, owner: Owner, field: FieldId) -> &Field {
        match owner {
            Owner::Type(of) => self.model.content_type(of).field(field),
            Owner::Component(of) => self.model.component(of).field(field),
        }
    }

    fn name(self, owner: Owner, field: FieldId) -> String {
        self.field(owner, field).name.clone()
    }

    /// The field is a relation that the caller may see, and the content type is one that it leads to.
    fn member(self, owner: Owner, field: FieldId, of: TypeId) -> Allowed {
        self.relation(owner, field, RefusedPart::Filter)?;
        let leads =
            self.field(owner, field).relation().is_some_and(|relation| self.targets(relation.target).contains(&of));
        if leads { Ok(()) } else { Err(key_refused(&self.name(owner, field), RefusedPart::Filter)) }
    }

    /// The one content type that a relation leads to. A hop over an interface or union names its member ([`Filter::SomeOf`]).
    fn single_target(self, owner: Owner, field: FieldId) -> Result<TypeId, crate::Refusal> {
        match self.field(owner, field).relation().map(|relation| relation.target) {
            Some(Target::Type(of)) => Ok(of),
            Some(Target::Group(_)) | None => Err(key_refused(&self.name(owner, field), RefusedPart::Filter)),
        }
    }
}
