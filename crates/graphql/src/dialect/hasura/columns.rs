//! Content types as tables: their names, their columns, their relationships.

use indexmap::IndexMap;
use model::{
    Action, Component, ComponentId, ContentType, EnumId, Field, FieldId, FieldKind, Key, Model, Relation, Scalar, Side,
    SystemColumn, Target, TypeId, ZoneId, naming,
};
use plan::{Column, Form, Policy};

use super::super::SchemaFault;
use super::filters::RULE;
use super::{FIX, NAME};
use crate::binding::FilterRule;

/// All tables that a caller sees.
pub(in crate::dialect) struct Tables<'a> {
    pub(in crate::dialect) model: &'a Model,
    pub(in crate::dialect) list: Vec<Table<'a>>,
    /// How filters over them are read.
    pub(in crate::dialect) rule: FilterRule,
}

/// One content type as a table.
pub(in crate::dialect) struct Table<'a> {
    pub(in crate::dialect) id: TypeId,
    pub(in crate::dialect) of: &'a ContentType,
    pub(in crate::dialect) name: String,
    pub(in crate::dialect) columns: Vec<ColumnField>,
    pub(in crate::dialect) relations: Vec<RelationField>,
    pub(in crate::dialect) components: Vec<ComponentField>,
}

/// A column.
pub(in crate::dialect) struct ColumnField {
    pub(in crate::dialect) name: String,
    pub(in crate::dialect) description: Option<String>,
    pub(in crate::dialect) column: Column,
    pub(in crate::dialect) kind: ColumnType,
    pub(in crate::dialect) required: bool,
}

/// The GraphQL type of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::dialect) enum ColumnType {
    /// A scalar by its name.
    Scalar(&'static str),
    /// An enum of the model: its name here.
    Enum(EnumId, String),
    /// Draft or published.
    Status,
}

/// A relationship.
pub(in crate::dialect) struct RelationField {
    pub(in crate::dialect) name: String,
    pub(in crate::dialect) description: Option<String>,
    pub(in crate::dialect) field: FieldId,
    /// Name of the target's table.
    pub(in crate::dialect) target: String,
    pub(in crate::dialect) target_of: TypeId,
    /// The content type it holds rows of has a status, a locale.
    pub(in crate::dialect) versions: (bool, bool),
    pub(in crate::dialect) many: bool,
    pub(in crate::dialect) required: bool,
    /// One member of a relation to an interface or union.
    pub(in crate::dialect) member: bool,
}

/// A component or a dynamic zone.
pub(in crate::dialect) struct ComponentField {
    pub(in crate::dialect) name: String,
    pub(in crate::dialect) description: Option<String>,
    pub(in crate::dialect) field: FieldId,
    pub(in crate::dialect) of: ComponentOf,
    pub(in crate::dialect) many: bool,
    pub(in crate::dialect) required: bool,
}

/// What a component field holds.
pub(in crate::dialect) enum ComponentOf {
    /// Elements of one component.
    One(ComponentId),
    /// Elements of several: the zone, and the union's name.
    Zone(ZoneId, String),
}

impl<'a> Tables<'a> {
    /// The tables that this policy shows, and every clash of names.
    pub(super) fn of(model: &'a Model, policy: &Policy) -> (Tables<'a>, Vec<SchemaFault>) {
        let mut faults = Vec::new();
        let mut names: IndexMap<String, &str> = IndexMap::new();
        let mut list = Vec::new();
        for (id, of) in model.shown_types().filter(|(id, _)| policy.allows(*id, Action::Find)) {
            let name = table_name(of);
            if let Some(first) = names.insert(name.clone(), &of.name) {
                faults.push(twice(&name, first, &of.name));
            }
            let fields: Vec<(FieldId, &Field)> = of
                .fields_by_id()
                .filter(|(field, of)| !of.is_hidden() && policy.allows_field(id, Action::Find, *field))
                .collect();
            let mut table = Table {
                id,
                of,
                columns: columns(model, of, &fields),
                relations: fields.iter().flat_map(|(id, field)| relations(model, policy, *id, field)).collect(),
                components: fields.iter().filter_map(|(id, field)| component(&name, *id, field)).collect(),
                name,
            };
            if of.draft_and_publish {
                table.let_drafts_lack();
            }
            faults.extend(table.clashes());
            list.push(table);
        }
        (Tables { model, list, rule: RULE }, faults)
    }
}

impl Table<'_> {
    /// A draft may lack what is required of published rows, so these columns are nullable as in the database.
    fn let_drafts_lack(&mut self) {
        for column in &mut self.columns {
            column.required &= matches!(column.column, Column::System(_));
        }
        self.relations.iter_mut().for_each(|relation| relation.required = false);
        self.components.iter_mut().for_each(|component| component.required = false);
    }

    /// Two fields with one name.
    fn clashes(&self) -> Vec<SchemaFault> {
        let mut seen: IndexMap<&str, String> = IndexMap::new();
        let names = self.columns.iter().map(|column| (column.name.as_str(), column.column));
        let fields = self.relations.iter().map(|relation| (relation.name.as_str(), relation.field));
        let fields = fields.chain(self.components.iter().map(|component| (component.name.as_str(), component.field)));
        let names = names.chain(fields.map(|(name, field)| (name, Column::Field(field))));
        names
            .filter_map(|(name, column)| {
                let owner = match column {
                    Column::Field(field) => [self.of.name.as_str(), &self.of.field(field).name].join("."),
                    Column::System(_) => format!("the system's own member of {}", self.of.name),
                };
                seen.insert(name, owner.clone()).map(|first| twice(name, &first, &owner))
            })
            .collect()
    }
}

fn twice(name: &str, first: &str, second: &str) -> SchemaFault {
    SchemaFault::NameTwice {
        dialect: NAME,
        name: name.to_owned(),
        first: first.to_owned(),
        second: second.to_owned(),
        fix: FIX,
    }
}

/// Name of a content type's table. The files' table is called `file`, as in the dialects that uploaded them.
pub(super) fn table_name(of: &ContentType) -> String {
    match &of.names.hasura {
        Some(name) => name.clone(),
        None if of.is_system && of.name == "Media" => "file".to_owned(),
        None => naming::snake(&of.name),
    }
}

/// Name of a component's object type.
pub(super) fn component_name(of: &Component) -> String {
    [naming::snake(&of.category), naming::snake(&of.short_name)].join("_")
}

/// Name of an enum.
pub(super) fn enum_name(model: &Model, id: EnumId) -> String {
    let of = model.enumeration(id);
    of.names.hasura.clone().unwrap_or_else(|| of.name.clone())
}

/// Name of a field.
pub(super) fn field_name(field: &Field) -> String {
    field.names.hasura.clone().unwrap_or_else(|| naming::snake(&field.name))
}

/// System columns first and last, the type's own in between. A system column whose name a field has keeps its underscore.
fn columns(model: &Model, of: &ContentType, fields: &[(FieldId, &Field)]) -> Vec<ColumnField> {
    let own: Vec<ColumnField> = fields.iter().filter_map(|(id, field)| column(model, of, *id, field)).collect();
    let taken: Vec<String> = fields.iter().map(|(_, field)| field_name(field)).collect();
    let system = |name: &str, column: SystemColumn, kind: ColumnType, required: bool| ColumnField {
        name: if taken.iter().any(|taken| taken == name) { ["_", name].concat() } else { name.to_owned() },
        description: None,
        column: Column::System(column),
        kind,
        required,
    };
    let mut list = vec![
        system("id", SystemColumn::Key, ColumnType::Scalar(key_scalar(&of.key)), true),
        system("document_id", SystemColumn::DocumentId, ColumnType::Scalar("String"), true),
    ];
    list.extend(own);
    if of.draft_and_publish {
        list.push(system("status", SystemColumn::Status, ColumnType::Status, true));
        list.push(system("published_at", SystemColumn::PublishedAt, ColumnType::Scalar("timestamptz"), false));
    }
    if of.localized {
        list.push(system("locale", SystemColumn::Locale, ColumnType::Scalar("String"), true));
    }
    list.push(system("created_at", SystemColumn::CreatedAt, ColumnType::Scalar("timestamptz"), true));
    list.push(system("updated_at", SystemColumn::UpdatedAt, ColumnType::Scalar("timestamptz"), true));
    list.push(system("revision", SystemColumn::Revision, ColumnType::Scalar("Int"), true));
    list
}

fn column(model: &Model, owner: &ContentType, id: FieldId, field: &Field) -> Option<ColumnField> {
    let (name, kind) = match &field.kind {
        FieldKind::Scalar { .. } | FieldKind::Enum { .. } => (field_name(field), member_type(model, field)?),
        FieldKind::Relation(relation) if keeps_key(model, owner, relation) => {
            let Target::Type(target) = relation.target else { return None };
            ([&field_name(field), "_id"].concat(), ColumnType::Scalar(key_scalar(&model.content_type(target).key)))
        }
        FieldKind::Relation(_) | FieldKind::Component { .. } | FieldKind::Zone { .. } => return None,
    };
    Some(ColumnField {
        name,
        description: field.description.clone(),
        column: Column::Field(id),
        kind,
        required: field.required,
    })
}

/// Whether a to-one relation is a column of this table: not on the far side of a one-to-one, and not where links name a status.
fn keeps_key(model: &Model, owner: &ContentType, relation: &Relation) -> bool {
    let Target::Type(target) = relation.target else { return false };
    let far_side_of_one_to_one = match (relation.side, model.other_side(relation)) {
        (Side::Inverse { .. }, Some((of, field))) => {
            !model.content_type(of).field(field).relation().is_some_and(|other| other.many)
        }
        (Side::OneWay | Side::Owner { .. } | Side::Inverse { .. }, _) => false,
    };
    let linked_by_status = !owner.draft_and_publish && model.content_type(target).draft_and_publish;
    !relation.many && !far_side_of_one_to_one && !linked_by_status
}

/// The type of a scalar or enum field; none for other kinds.
pub(in crate::dialect) fn member_type(model: &Model, field: &Field) -> Option<ColumnType> {
    match &field.kind {
        FieldKind::Scalar { list: true, .. } | FieldKind::Enum { list: true, .. } => Some(ColumnType::Scalar("jsonb")),
        FieldKind::Scalar { scalar, list: false } => Some(ColumnType::Scalar(scalar_name(*scalar))),
        FieldKind::Enum { of, list: false } => Some(ColumnType::Enum(*of, enum_name(model, *of))),
        FieldKind::Relation(_) | FieldKind::Component { .. } | FieldKind::Zone { .. } => None,
    }
}

fn relations(model: &Model, policy: &Policy, id: FieldId, field: &Field) -> Vec<RelationField> {
    let Some(relation) = field.relation() else { return Vec::new() };
    let to = |of: TypeId, member: bool| {
        let target = model.content_type(of);
        let name = field_name(field);
        let target_name = table_name(target);
        RelationField {
            name: if member { [&name, "_as_", &target_name].concat() } else { name },
            description: field.description.clone(),
            field: id,
            target: target_name,
            target_of: of,
            versions: (target.draft_and_publish, target.localized),
            many: relation.many,
            required: field.required && !member && !relation.many,
            member,
        }
    };
    let visible = |of: &TypeId| policy.allows(*of, Action::Find);
    match relation.target {
        Target::Type(of) => Some(of).filter(visible).map(|of| to(of, false)).into_iter().collect(),
        Target::Group(group) => {
            model.group(group).members.iter().copied().filter(visible).map(|of| to(of, true)).collect()
        }
    }
}

fn component(table: &str, id: FieldId, field: &Field) -> Option<ComponentField> {
    let name = field_name(field);
    let (of, many) = match &field.kind {
        FieldKind::Component { of, repeatable } => (ComponentOf::One(*of), *repeatable),
        FieldKind::Zone { of } => (ComponentOf::Zone(*of, [table, &name].join("_")), true),
        FieldKind::Scalar { .. } | FieldKind::Enum { .. } | FieldKind::Relation(_) => return None,
    };
    Some(ComponentField { name, description: field.description.clone(), field: id, of, many, required: field.required })
}

/// The scalar of a key.
pub(in crate::dialect) fn key_scalar(key: &Key) -> &'static str {
    match key {
        Key::BigInt => "Int",
        Key::Uuid => "uuid",
        Key::Text | Key::Columns(_) => "String",
    }
}

fn scalar_name(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::String
        | Scalar::Text
        | Scalar::RichText
        | Scalar::Email
        | Scalar::Password
        | Scalar::Uid
        | Scalar::Id => "String",
        Scalar::Int => "Int",
        Scalar::BigInt => "bigint",
        Scalar::Float => "Float",
        Scalar::Decimal => "numeric",
        Scalar::Boolean => "Boolean",
        Scalar::Date => "date",
        Scalar::Time => "time",
        Scalar::DateTime => "timestamptz",
        Scalar::Interval => "interval",
        Scalar::Json | Scalar::Blocks => "jsonb",
        Scalar::Uuid => "uuid",
    }
}

impl ColumnType {
    /// Its name in the schema.
    pub(in crate::dialect) fn name(&self) -> &str {
        match self {
            ColumnType::Scalar(name) => name,
            ColumnType::Enum(_, name) => name,
            ColumnType::Status => "document_status",
        }
    }

    /// How its values are spelt.
    pub(super) fn form(&self) -> Form {
        match self {
            ColumnType::Scalar("timestamptz" | "time" | "interval" | "date") => Form::Postgres,
            ColumnType::Scalar(_) => Form::Plain,
            ColumnType::Enum(of, _) => Form::Word(*of),
            ColumnType::Status => Form::StatusWord,
        }
    }

    /// A sum and a mean make sense.
    pub(super) fn is_number(&self) -> bool {
        matches!(self, ColumnType::Scalar("Int" | "bigint" | "Float" | "numeric"))
    }

    /// A least and a greatest make sense, to PostgreSQL 15, too.
    pub(super) fn is_ordered(&self) -> bool {
        matches!(
            self,
            ColumnType::Scalar(
                "Int" | "bigint" | "Float" | "numeric" | "String" | "timestamptz" | "date" | "time" | "interval"
            )
        )
    }
}
