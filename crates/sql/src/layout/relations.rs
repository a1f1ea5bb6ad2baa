//! How relations are held: a column of the row, a link table, or the table of links inside components.

use std::collections::BTreeSet;

use model::{ComponentId, Field, FieldId, FieldKind, Model, Relation, Target, TypeId};
use plan::{LinkScope, link_scope};

use super::columns::{column, nullable};
use super::make::{Draft, empty_table};
use super::{
    ColumnDefault, ColumnType, ComponentLinks, FieldLayout, ForeignKey, IndexLayout, KeyKind, LayoutError, LinkLayout,
    OnDelete, POSITION_LAST, RowCondition, Table, TableColumn, ToOneLayout, UniqueLayout,
};
use crate::name::snake_case;

/// A field of a content type.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) of: TypeId,
    pub(super) field: FieldId,
}

/// Adds what a relation needs to the tables.
pub(super) fn relation_layout(draft: &mut Draft, place: Place) -> Result<FieldLayout, LayoutError> {
    let model = draft.model;
    let field = model.content_type(place.of).field(place.field);
    let relation = field.relation().expect("a field without a column is a relation");
    if let Some((of, other)) = model.other_side(relation).filter(|_| !model.holds_links(relation)) {
        return Ok(FieldLayout::Inverse { of, field: other });
    }
    let target = target_key(draft, place, relation.target)?;
    let members = targets(model, relation.target);
    let has_target_status = members
        .iter()
        .any(|member| link_scope(model.content_type(place.of), model.content_type(*member)) == LinkScope::Status);
    if relation.many || has_target_status {
        return Ok(FieldLayout::Link(link_table(draft, place, target, has_target_status)));
    }
    Ok(FieldLayout::ToOne(to_one_columns(draft, place, relation, target)))
}

/// The content types that a relation may point at.
pub(crate) fn targets(model: &Model, target: Target) -> Vec<TypeId> {
    match target {
        Target::Type(of) => vec![of],
        Target::Group(group) => model.group(group).members.clone(),
    }
}

/// What the target's key is kept in: one type for all members of a group.
fn target_key(draft: &Draft, place: Place, target: Target) -> Result<ColumnType, LayoutError> {
    let kinds: BTreeSet<ColumnType> = targets(draft.model, target)
        .into_iter()
        .map(|of| ColumnType::of_key(&draft.model.content_type(of).key))
        .collect();
    if kinds.len() > 1 {
        let owner = draft.model.content_type(place.of);
        let words: Vec<&str> = kinds.iter().map(|kind| key_word(*kind)).collect();
        let kinds = words.join(", ");
        return Err(LayoutError::MixedKeys {
            owner: owner.name.clone(),
            field: owner.field(place.field).name.clone(),
            kinds,
        });
    }
    Ok(kinds.into_iter().next().unwrap_or(ColumnType::BigInt))
}

fn key_word(kind: ColumnType) -> &'static str {
    match kind.key_kind() {
        KeyKind::Uuid => "uuid",
        KeyKind::Text => "text",
        KeyKind::Number => "bigint",
    }
}

/// `<field>_key` with its index (and `<field>_type`, `<field>_position` where needed).
fn to_one_columns(draft: &mut Draft, place: Place, relation: &Relation, of: ColumnType) -> ToOneLayout {
    let model = draft.model;
    let field = model.content_type(place.of).field(place.field);
    let word = snake_case(&field.name);
    let other_many = model.other_side(relation).map(|(of, other)| is_list(model.content_type(of).field(other)));
    let target_type =
        matches!(relation.target, Target::Group(_)).then(|| draft.column_name(place.of, &[&word, "type"], &field.name));
    let key = draft.column_name(place.of, &[&word, "key"], &field.name);
    // Lists of the workflow engine have no order of their own: their rows have numbers and times.
    let has_position = other_many == Some(true) && !model.content_type(place.of).is_of_engine();
    let position = has_position.then(|| draft.column_name(place.of, &[&word, "position"], &field.name));
    let belongs = |added: TableColumn| TableColumn { field: Some(place.field), ..added };
    let mut added: Vec<TableColumn> =
        target_type.iter().map(|name| belongs(nullable(name, ColumnType::Text))).collect();
    added.push(belongs(nullable(&key, of)));
    let last = ColumnDefault::Number(POSITION_LAST);
    added
        .extend(position.iter().map(|name| TableColumn { default: last, ..belongs(column(name, ColumnType::BigInt)) }));
    draft.row_table(place.of).columns.extend(added);
    let to_one = ToOneLayout { key, of, target_type, position };
    to_one_index(draft, place, &to_one, other_many == Some(false));
    if let Target::Type(target) = relation.target {
        let name = draft.names.take(
            &[&draft_table(draft, place.of), &word, "fk"],
            &[draft_table(draft, place.of).as_str(), &field.name].join("."),
        );
        let table = draft.types[usize::from(target.0)].key_table();
        let column = to_one.key.clone();
        draft.row_table(place.of).foreign_keys.push(ForeignKey {
            name,
            column,
            table,
            references: "_key",
            on_delete: OnDelete::SetNull,
        });
    }
    to_one
}

/// Unique over (column, locale) for each status where the other side is one, too; else indexes that give the other side's list in its own
/// order and by key: the two orders that lists are asked for in, each without sorting.
fn to_one_index(draft: &mut Draft, place: Place, to_one: &ToOneLayout, is_one_to_one: bool) {
    let table = draft_table(draft, place.of);
    let field_name = &draft.model.content_type(place.of).field(place.field).name;
    let identity = [table.as_str(), field_name].join(".");
    let word = snake_case(field_name);
    let has_versions = draft.model.content_type(place.of).has_versions();
    if is_one_to_one {
        let mut columns = vec![to_one.key.clone()];
        if has_versions {
            columns.extend(["_status".to_owned(), "_locale".to_owned()]);
        }
        let name = draft.names.take(&[&table, &word, "unique"], &identity);
        let only = vec![RowCondition::NotNull(to_one.key.clone())];
        draft.row_table(place.of).unique.push(UniqueLayout {
            name,
            columns,
            nulls_equal: false,
            only,
            fields: vec![place.field],
        });
        return;
    }
    let word_index = draft.names.take(&[&table, &word, "index"], &identity);
    let of_target = [to_one.target_type.as_deref(), Some(to_one.key.as_str())];
    let named = |names: &[Option<&str>]| -> Vec<(String, bool)> {
        let columns = of_target.iter().chain(names).flatten();
        columns.map(|name| ((*name).to_owned(), false)).collect()
    };
    let own_order = named(&[to_one.position.as_deref(), Some("_key")]);
    let by_key = to_one.position.is_some().then(|| named(&[Some("_key")]));
    draft.row_table(place.of).indexes.push(IndexLayout { name: word_index, columns: own_order });
    if let Some(columns) = by_key {
        let name = draft.names.take(&[&table, &word, "key_index"], &identity);
        draft.row_table(place.of).indexes.push(IndexLayout { name, columns });
    }
}

/// `<holder>_<field>_link`.
fn link_table(draft: &mut Draft, place: Place, target: ColumnType, has_target_status: bool) -> LinkLayout {
    let model = draft.model;
    let field = model.content_type(place.of).field(place.field);
    let relation = field.relation().expect("only relations have link tables");
    let holder = draft_table(draft, place.of);
    let identity = [holder.as_str(), &field.name].join(".");
    let name = draft.names.take(&[&holder, &snake_case(&field.name), "link"], &identity);
    let owner = draft.types[usize::from(place.of.0)].row;
    let has_target_type = matches!(relation.target, Target::Group(_));
    let mut table = Table { columns: vec![column("owner", owner)], ..empty_table(name, Some(place.of)) };
    table.primary_key = vec!["owner".to_owned()];
    if has_target_type {
        table.columns.push(column("target_type", ColumnType::Text));
        table.primary_key.push("target_type".to_owned());
    }
    table.columns.push(column("target", target));
    table.primary_key.push("target".to_owned());
    if has_target_status {
        table.columns.push(column("target_status", ColumnType::SmallInt));
        table.primary_key.push("target_status".to_owned());
    }
    let last = ColumnDefault::Number(POSITION_LAST);
    table.columns.push(TableColumn { default: last, ..column("position", ColumnType::BigInt) });
    table.columns.push(TableColumn { default: last, ..column("target_position", ColumnType::BigInt) });
    link_keys(draft, place, relation, &mut table);
    LinkLayout { table: draft.push(table), owner, target, has_target_type, has_target_status }
}

/// Indexes for both directions and references to both ends.
fn link_keys(draft: &mut Draft, place: Place, relation: &Relation, table: &mut Table) {
    let has = |name: &str| table.columns.iter().any(|column| column.name == name);
    let (typed, with_status) = (has("target_type"), has("target_status"));
    let leading: Vec<(String, bool)> =
        typed.then_some("target_type").into_iter().chain(["target"]).map(|name| (name.to_owned(), false)).collect();
    let ordered = |mut columns: Vec<(String, bool)>, then: &[&str]| {
        columns.extend(then.iter().map(|name| ((*name).to_owned(), false)));
        columns
    };
    let name = table.name.clone();
    table.indexes.push(IndexLayout {
        name: draft.names.take(&[&name, "owner_index"], &name),
        columns: ordered(
            vec![("owner".to_owned(), false), ("position".to_owned(), false)],
            if typed { &["target_type", "target"] } else { &["target"] },
        ),
    });
    let status: &[&str] =
        if with_status { &["target_status", "target_position", "owner"] } else { &["target_position", "owner"] };
    table.indexes.push(IndexLayout {
        name: draft.names.take(&[&name, "target_index"], &name),
        columns: ordered(leading, status),
    });
    let own = &draft.types[usize::from(place.of.0)];
    let (rows, row_column) = (own.rows, own.row_column);
    table.foreign_keys.push(ForeignKey {
        name: draft.names.take(&[&name, "owner_fk"], &name),
        column: "owner".to_owned(),
        table: rows,
        references: row_column,
        on_delete: OnDelete::Cascade,
    });
    if let Target::Type(target) = relation.target {
        let target = draft.types[usize::from(target.0)].key_table();
        table.foreign_keys.push(ForeignKey {
            name: draft.names.take(&[&name, "target_fk"], &name),
            column: "target".to_owned(),
            table: target,
            references: "_key",
            on_delete: OnDelete::Cascade,
        });
    }
}

/// `<type>_component_link`, where a component of the type or one nested in it has relations.
pub(super) fn component_links(draft: &mut Draft, of: TypeId) {
    let mut seen = BTreeSet::new();
    let mut kinds = BTreeSet::new();
    for field in &draft.model.content_type(of).fields {
        component_targets(draft.model, field, &mut seen, &mut kinds);
    }
    if kinds.is_empty() {
        return;
    }
    let table_name = draft_table(draft, of);
    let name = draft.names.take(&[&table_name, "component_link"], &table_name);
    let targets: Vec<(ColumnType, String)> =
        kinds.into_iter().map(|kind| (kind, kind.key_kind().target_column().to_owned())).collect();
    let (rows, row_column, row) = {
        let own = &draft.types[usize::from(of.0)];
        (own.rows, own.row_column, own.row)
    };
    let mut table = empty_table(name.clone(), Some(of));
    table.columns.extend([
        column("_row", row),
        column("component", ColumnType::Text),
        column("element", ColumnType::BigInt),
        column("field", ColumnType::Text),
        column("target_type", ColumnType::Text),
    ]);
    table.columns.extend(targets.iter().map(|(kind, name)| nullable(name, *kind)));
    table.columns.extend([nullable("target_status", ColumnType::SmallInt), column("position", ColumnType::BigInt)]);
    let ordered = |columns: &[&str]| columns.iter().map(|name| ((*name).to_owned(), false)).collect::<Vec<_>>();
    let targets_in_order = targets.iter().map(|(_, name)| (name.clone(), false));
    let by_row =
        ordered(&["_row", "component", "field", "element", "position"]).into_iter().chain(targets_in_order).collect();
    table.indexes.push(IndexLayout { name: draft.names.take(&[&name, "row_index"], &name), columns: by_row });
    let by_element = ordered(&["component", "element", "field", "position"]);
    table.indexes.push(IndexLayout { name: draft.names.take(&[&name, "element_index"], &name), columns: by_element });
    for (_, target) in &targets {
        let columns = ordered(&[target, "target_type"]);
        table.indexes.push(IndexLayout { name: draft.names.take(&[&name, target, "index"], &name), columns });
    }
    let fk = draft.names.take(&[&name, "row_fk"], &name);
    table.foreign_keys.push(ForeignKey {
        name: fk,
        column: "_row".to_owned(),
        table: rows,
        references: row_column,
        on_delete: OnDelete::Cascade,
    });
    let table = draft.push(table);
    draft.types[usize::from(of.0)].component_links = Some(ComponentLinks { table, targets });
}

/// Gathers the kinds of keys that relations inside a component field point at, through nested components, each once.
fn component_targets(model: &Model, field: &Field, seen: &mut BTreeSet<ComponentId>, kinds: &mut BTreeSet<ColumnType>) {
    let inside: Vec<ComponentId> = match &field.kind {
        FieldKind::Component { of, .. } => vec![*of],
        FieldKind::Zone { of } => model.zone(*of).members.clone(),
        FieldKind::Scalar { .. } | FieldKind::Enum { .. } | FieldKind::Relation(_) => Vec::new(),
    };
    for component in inside {
        if !seen.insert(component) {
            continue;
        }
        for member in &model.component(component).fields {
            if let Some(relation) = member.relation() {
                kinds.extend(
                    targets(model, relation.target).iter().map(|of| ColumnType::of_key(&model.content_type(*of).key)),
                );
            }
            component_targets(model, member, seen, kinds);
        }
    }
}

fn is_list(field: &Field) -> bool {
    field.relation().is_some_and(|relation| relation.many)
}

fn draft_table(draft: &Draft, of: TypeId) -> String {
    draft.tables[usize::from(draft.types[usize::from(of.0)].rows.0)].name.clone()
}
