//! What a column name means at a place of a statement: a row of a table, a key alone, or an element of a component.

use model::{ComponentId, FieldId, Model, SystemColumn, TypeId};
use plan::Column;

use crate::element::{ELEMENT_COMPONENT, ELEMENT_ID};
use crate::layout::{ColumnType, FieldLayout, Layout, STATUS_PUBLISHED, component_column, system_column};
use crate::tree::{Alias, Expr, Order, Query, Source};
use crate::{ColumnKind, Database};

/// What stays the same while a program is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Env<'a> {
    pub(crate) model: &'a Model,
    pub(crate) layout: &'a Layout,
    pub(crate) database: Database,
}

/// The aliases of one statement, counted up from the number of its level: two levels never print the same statement.
#[derive(Debug)]
pub(crate) struct Aliases(u32);

/// What a column or a field means at hand.
#[derive(Debug, Clone)]
pub(crate) enum Scope {
    /// A row of a content type's row table.
    Row { of: TypeId, alias: Alias },
    /// A document of which only the key is needed, and which is known to exist: no table is read.
    Key { of: TypeId, key: Expr },
    /// An element of a component, owned by the row of a content type under this alias.
    Element { owner: TypeId, alias: Alias, component: ComponentId, value: Expr },
}

/// An expression and what it gives.
#[derive(Debug, Clone)]
pub(crate) struct Typed {
    pub(crate) expr: Expr,
    pub(crate) kind: ColumnKind,
    pub(crate) nullable: bool,
}

impl Env<'_> {
    pub(crate) fn is_sqlite(&self) -> bool {
        self.database == Database::Sqlite
    }

    /// The row table of a content type under this alias.
    pub(crate) fn rows(&self, of: TypeId, alias: Alias) -> Source {
        Source::Table(self.layout.row_table(of).name.clone(), alias)
    }

    /// `t0."_deleted_at" is null`, where deleted rows are kept for a while.
    pub(crate) fn not_deleted(&self, of: TypeId, alias: Alias) -> Option<Expr> {
        self.layout.content_type(of).has_trash.then(|| Expr::column(alias, "_deleted_at").null_test(true))
    }

    /// The value of a column at hand.
    pub(crate) fn column(&self, aliases: &mut Aliases, scope: &Scope, column: Column) -> Typed {
        match (scope, column) {
            (Scope::Row { of, alias }, Column::System(column)) => self.system(*of, *alias, column),
            (Scope::Row { of, alias }, Column::Field(field)) => self.field(aliases, *of, *alias, field),
            (Scope::Key { of, key }, _) => {
                Typed { expr: key.clone(), kind: self.layout.content_type(*of).key.kind(), nullable: false }
            }
            (Scope::Element { component, value, .. }, Column::Field(member)) => self.member(*component, value, member),
            (Scope::Element { .. }, Column::System(_)) => {
                Typed { expr: Expr::Null, kind: ColumnKind::Text, nullable: true }
            }
        }
    }

    /// `t0."_key"`; a constant for a column that the type does not have because it would never differ.
    fn system(&self, of: TypeId, alias: Alias, column: SystemColumn) -> Typed {
        let stored = self.layout.content_type(of);
        if let Some((name, column_type)) = system_column(stored, column) {
            let nullable = self.layout.row_table(of).column(name).is_some_and(|column| column.nullable);
            return Typed { expr: Expr::column(alias, name), kind: column_type.kind(), nullable };
        }
        let is_status = column == SystemColumn::Status;
        let expr = if is_status { Expr::Number(STATUS_PUBLISHED) } else { Expr::Text(String::new()) };
        Typed { expr, kind: if is_status { ColumnKind::Int } else { ColumnKind::Text }, nullable: false }
    }

    fn field(&self, aliases: &mut Aliases, of: TypeId, alias: Alias, field: FieldId) -> Typed {
        match self.layout.content_type(of).field(field) {
            FieldLayout::Column { name, of: column_type } => {
                let nullable = self.layout.row_table(of).column(name).is_none_or(|column| column.nullable);
                Typed { expr: Expr::column(alias, name), kind: column_type.kind(), nullable }
            }
            FieldLayout::ToOne(to_one) => {
                Typed { expr: Expr::column(alias, &to_one.key), kind: to_one.of.kind(), nullable: true }
            }
            FieldLayout::Link(_) | FieldLayout::Inverse { .. } => self.key_through_relation(aliases, of, alias, field),
        }
    }

    /// The key behind a to-one relation that is no column of the row:
    /// `(select t1."target" from "a_b_link" as t1 where t1."owner" = t0."_key" order by t1."position" limit 1)`, or for the side that the other
    /// one points at `(select t1."_key" from "b" as t1 where t1."a_key" = t0."_key" limit 1)`.
    fn key_through_relation(&self, aliases: &mut Aliases, of: TypeId, alias: Alias, field: FieldId) -> Typed {
        let inner = aliases.next();
        let own = self.layout.content_type(of);
        let first = |name: &str, from: Source, filter: Expr, order: Option<&str>| Query {
            columns: vec![(Expr::column(inner, name), None)],
            from: vec![from],
            filter: vec![filter],
            order: order.map(|name| Order::ascending(Expr::column(inner, name))).into_iter().collect(),
            limit: Some(Expr::Number(1)),
            ..Query::default()
        };
        let own_key = || Expr::column(alias, "_key");
        let (query, kind) = match own.field(field) {
            FieldLayout::Link(link) => {
                let table = Source::Table(self.layout.table(link.table).name.clone(), inner);
                let owned = Expr::column(inner, "owner").equals(Expr::column(alias, own.row_column));
                (first("target", table, owned, Some("position")), link.target.kind())
            }
            FieldLayout::Inverse { of: other, field: holder } => {
                let stored = self.layout.content_type(*other);
                let query = match stored.field(*holder) {
                    FieldLayout::ToOne(to_one) => {
                        let pointed = Expr::column(inner, &to_one.key).equals(own_key());
                        first("_key", self.rows(*other, inner), pointed, Some("_key"))
                    }
                    FieldLayout::Link(link) => {
                        let table = Source::Table(self.layout.table(link.table).name.clone(), inner);
                        first("owner", table, Expr::column(inner, "target").equals(own_key()), Some("target_position"))
                    }
                    FieldLayout::Column { .. } | FieldLayout::Inverse { .. } => {
                        first("_key", self.rows(*other, inner), Expr::Boolean(false), None)
                    }
                };
                (query, stored.key.kind())
            }
            FieldLayout::Column { .. } | FieldLayout::ToOne(_) => return self.field(aliases, of, alias, field),
        };
        Typed { expr: Expr::Scalar(Box::new(query)), kind, nullable: true }
    }

    /// A member of a stored element: `t1."value" ->> 'label'`, cast to its kind.
    pub(crate) fn member(&self, component: ComponentId, value: &Expr, member: FieldId) -> Typed {
        let Some((name, column_type)) = component_column(self.model.component(component), member) else {
            return Typed { expr: Expr::Null, kind: ColumnKind::Text, nullable: true };
        };
        let name = Expr::Text(name.to_owned());
        if column_type == ColumnType::Json {
            return Typed { expr: value.clone().binary("->", name), kind: ColumnKind::Json, nullable: true };
        }
        let text = value.clone().binary("->>", name);
        let kind = column_type.kind();
        let expr = if self.is_sqlite() { sqlite_member(text, kind) } else { postgres_member(text, kind) };
        Typed { expr, kind, nullable: true }
    }

    /// The id of a stored element.
    pub(crate) fn element_id(&self, value: &Expr) -> Expr {
        let id = value.clone().binary("->>", Expr::Text(ELEMENT_ID.to_owned()));
        if self.is_sqlite() { id } else { Expr::Cast(Box::new(id), ColumnKind::Int) }
    }

    /// `t1."value" ->> '__component' = 'default.quote'`.
    pub(crate) fn is_of_component(&self, value: &Expr, component: ComponentId) -> Expr {
        let word = value.clone().binary("->>", Expr::Text(ELEMENT_COMPONENT.to_owned()));
        word.equals(Expr::Text(self.model.component(component).uid()))
    }

    /// Text folded so that upper and lower case are alike.
    pub(crate) fn folded(&self, text: Expr) -> Expr {
        if self.is_sqlite() {
            return Expr::Call(crate::function::FOLD, vec![text]);
        }
        let lower = Expr::Call("lower", vec![Expr::Collate(Box::new(text), crate::function::POSTGRES_FOLD)]);
        Expr::Call("translate", vec![lower, Expr::Text("ς".to_owned()), Expr::Text("σ".to_owned())])
    }
}

/// SQLite compares a member as it stands, by the collation that a column of its kind would have.
fn sqlite_member(text: Expr, kind: ColumnKind) -> Expr {
    match kind {
        ColumnKind::Decimal => Expr::Collate(Box::new(text), "decimal"),
        ColumnKind::Interval => Expr::Collate(Box::new(text), "interval"),
        ColumnKind::Text
        | ColumnKind::Int
        | ColumnKind::Float
        | ColumnKind::Boolean
        | ColumnKind::Date
        | ColumnKind::Time
        | ColumnKind::Instant
        | ColumnKind::Json
        | ColumnKind::Uuid => text,
    }
}

/// PostgreSQL casts a member; an instant is kept as microseconds since 1970.
fn postgres_member(text: Expr, kind: ColumnKind) -> Expr {
    match kind {
        ColumnKind::Text => Expr::Collate(Box::new(text), "C"),
        ColumnKind::Instant => {
            let cast = |expr: Expr, kind: ColumnKind| Expr::Cast(Box::new(expr), kind);
            let micros = cast(text, ColumnKind::Int)
                .binary("*", cast(Expr::Text("1 microsecond".to_owned()), ColumnKind::Interval));
            cast(Expr::Text("1970-01-01 00:00:00+00".to_owned()), ColumnKind::Instant).binary("+", micros)
        }
        ColumnKind::Int
        | ColumnKind::Float
        | ColumnKind::Decimal
        | ColumnKind::Boolean
        | ColumnKind::Date
        | ColumnKind::Time
        | ColumnKind::Interval
        | ColumnKind::Json
        | ColumnKind::Uuid => Expr::Cast(Box::new(text), kind),
    }
}

impl Aliases {
    /// The aliases of a statement of this level.
    pub(crate) fn of_level(level: u32) -> Aliases {
        Aliases(level)
    }

    pub(crate) fn next(&mut self) -> Alias {
        let alias = Alias(self.0);
        self.0 += 1;
        alias
    }
}

impl Order {
    pub(crate) fn ascending(expr: Expr) -> Order {
        Order { expr, direction: plan::Direction::Ascending, nulls: None }
    }
}
