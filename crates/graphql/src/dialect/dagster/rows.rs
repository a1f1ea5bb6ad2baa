//! Selects over the workflow engine's rows: which columns a run, a step and an event are told from.

use model::{FieldId, Model, SystemColumn, TypeId};
use plan::{
    Column, Comparison, Direction, Entry, Filter, Form, From, Locale, Nulls, Object, Operand, Operator, Page, Row,
    RowValue, Select, Shape, SortKey, SortPath, Status, ValueKind, Version,
};
use serde_json::Value as Json;

use crate::tell::Holes;

/// Neither drafts nor locales.
const VERSION: Version = Version { status: Status::Only, locale: Locale::Only, publication: None };

/// One of the engine's types in a model.
#[derive(Clone, Copy)]
pub(in crate::dialect) struct Table<'m> {
    model: &'m Model,
    pub(super) of: TypeId,
}

impl<'m> Table<'m> {
    /// The type of this name; none in a model without jobs.
    pub(in crate::dialect) fn named(model: &'m Model, name: &str) -> Option<Table<'m>> {
        model.type_named(name).map(|of| Table { model, of })
    }

    /// The model that it stands in.
    pub(super) fn model(self) -> &'m Model {
        self.model
    }

    /// A field. Its name stands in the code and in the engine's own types.
    pub(super) fn field(self, name: &str) -> FieldId {
        self.model.content_type(self.of).field_named(name).unwrap_or(FieldId(0))
    }

    /// A column: a field, the key, or when the row was made.
    pub(in crate::dialect) fn column(self, name: &str) -> Column {
        match name {
            "_key" => Column::System(SystemColumn::Key),
            "createdAt" => Column::System(SystemColumn::CreatedAt),
            name => Column::Field(self.field(name)),
        }
    }

    /// The type that a relation leads to.
    pub(super) fn toward(self, relation: &str) -> Table<'m> {
        let field = self.model.content_type(self.of).field(self.field(relation));
        let of = match field.relation().map(|relation| relation.target) {
            Some(model::Target::Type(of)) => of,
            Some(model::Target::Group(_)) | None => self.of,
        };
        Table { of, ..self }
    }

    /// These columns under their names; instants are numbers.
    pub(in crate::dialect) fn row(self, columns: &[&str]) -> Row {
        self.row_as(columns, &Form::Micros)
    }

    /// The same in another form.
    pub(in crate::dialect) fn row_as(self, columns: &[&str], form: &Form) -> Row {
        let entries = columns.iter().map(|name| entry(name, RowValue::Column(self.column(name), form.clone())));
        Row { non_null: false, object: Object { entries: entries.collect() } }
    }

    /// Every row, newest first.
    pub(in crate::dialect) fn all(self, row: Row) -> Select {
        let sort = vec![self.by("number", Direction::Descending)];
        self.select(From::Type, sort, Shape::List(row))
    }

    /// Every row, in the order of a column.
    pub(in crate::dialect) fn all_by(self, column: &str, row: Row) -> Select {
        self.select(From::Type, vec![self.by(column, Direction::Ascending)], Shape::List(row))
    }

    /// The one row that a filter finds.
    pub(in crate::dialect) fn one(self, filter: Filter, row: Row) -> Select {
        Select { filter, page: Page::One, ..self.select(From::Type, Vec::new(), Shape::One(row)) }
    }

    fn select(self, from: From, sort: Vec<SortKey>, shape: Shape) -> Select {
        Select {
            from,
            of: self.of,
            version: VERSION,
            filter: Filter::All,
            sort,
            distinct: Vec::new(),
            page: Page::All,
            shape,
        }
    }

    pub(super) fn by(self, name: &str, direction: Direction) -> SortKey {
        SortKey { path: SortPath::Column(self.column(name)), direction, nulls: Nulls::Last }
    }

    /// Rows that this relation leads to, in the order of a column.
    pub(super) fn related(self, relation: &str, order: &str, columns: &[&str]) -> Select {
        let target = self.toward(relation);
        let from = From::Relation(self.of, self.field(relation));
        let sort = vec![target.by(order, Direction::Ascending)];
        target.select(from, sort, Shape::List(target.row(columns)))
    }

    /// The row that this relation leads to.
    pub(super) fn related_one(self, relation: &str, columns: &[&str]) -> Select {
        let target = self.toward(relation);
        let from = From::Relation(self.of, self.field(relation));
        Select { page: Page::One, ..target.select(from, Vec::new(), Shape::One(target.row(columns))) }
    }

    /// A column against a value.
    pub(in crate::dialect) fn is(
        self,
        holes: &mut Holes<'_>,
        name: &str,
        operator: Operator,
        (kind, value): (ValueKind, Json),
    ) -> Filter {
        let value = Operand::Hole(holes.loose(kind, value));
        Filter::Compare(Comparison { column: self.column(name), operator, value })
    }

    /// Some row that this relation leads to meets what is said of it.
    pub(in crate::dialect) fn some(self, relation: &str, filter: impl FnOnce(Table<'m>) -> Filter) -> Filter {
        let filter = Box::new(filter(self.toward(relation)));
        Filter::Some { field: self.field(relation), version: VERSION, filter }
    }
}

/// An entry of a row's object.
pub(super) fn entry(key: &str, value: RowValue) -> Entry {
    Entry { key: key.to_owned(), non_null: false, name: key.to_owned(), value }
}

/// Related rows as an entry.
pub(super) fn nested(key: &str, select: Select) -> Entry {
    entry(key, RowValue::Select(Box::new(select)))
}
