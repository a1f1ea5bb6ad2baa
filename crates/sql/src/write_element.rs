//! Statements over component elements: their ids, and the links inside them.

use model::TypeId;

use crate::layout::{COMPONENT_SEQUENCE, ColumnType, ComponentLinks, Layout, TypeLayout};
use crate::write_print::{Arg, ListColumn, Print, WriteStatement};
use crate::{ColumnKind, Database};

/// Own values of the statements of links inside components, by their place. Targets stand from [`own::TARGETS`] on, one list for each kind of
/// key, in the order of [`ComponentLinks::targets`].
pub mod own {
    /// Words of the components.
    pub const COMPONENTS: usize = 0;
    /// Ids of the elements.
    pub const ELEMENTS: usize = 1;
    /// Names of the members; the empty text stands for all.
    pub const FIELDS: usize = 2;
    /// Ids that the elements have in the copy.
    pub const FRESH: usize = 2;
    /// Table names of the linked types.
    pub const TYPES: usize = 3;
    /// Statuses that are linked, null where none is named.
    pub const STATUSES: usize = 4;
    /// Places in the lists.
    pub const POSITIONS: usize = 5;
    /// Keys of the linked documents.
    pub const TARGETS: usize = 6;
}

/// How links inside components are written.
#[derive(Debug, Clone, PartialEq)]
pub struct ElementLinkProgram {
    /// Kinds of keys that targets have.
    pub kinds: Vec<ColumnType>,
    /// Removes the links of elements (of some members).
    pub clear: WriteStatement,
    /// Makes links.
    pub put: WriteStatement,
    /// Removes every link of the row.
    pub drop: WriteStatement,
    /// Gives the row the links of the source row's elements.
    pub copy: WriteStatement,
}

/// `update "component_sequence" set "next" = "next" + $1 where "component" = $2 returning "next" - $1`
pub(crate) fn take_element_ids(layout: &Layout, database: Database) -> WriteStatement {
    let mut print = Print::new(layout, database);
    print.push("update ").name(COMPONENT_SEQUENCE).push(" set \"next\" = \"next\" + ");
    print.value(Arg::Own(0), ColumnType::BigInt).push(" where \"component\" = ");
    print.value(Arg::Own(1), ColumnType::Text).push(" returning \"next\" - ").value(Arg::Own(0), ColumnType::BigInt);
    print.done(vec![ColumnKind::Int])
}

pub(crate) fn element_links(layout: &Layout, database: Database, of: TypeId) -> Option<ElementLinkProgram> {
    let stored = layout.content_type(of);
    let links = stored.component_links.as_ref()?;
    Some(ElementLinkProgram {
        kinds: links.targets.iter().map(|(kind, _)| *kind).collect(),
        clear: clear(layout, database, stored, links),
        put: put(layout, database, stored, links),
        drop: drop_of_row(layout, database, stored, links),
        copy: copy(layout, database, stored, links),
    })
}

const COMPONENT: ListColumn = ListColumn { name: "component", of: ColumnType::Text, own: own::COMPONENTS };
const ELEMENT: ListColumn = ListColumn { name: "element", of: ColumnType::BigInt, own: own::ELEMENTS };
const FIELD: ListColumn = ListColumn { name: "field", of: ColumnType::Text, own: own::FIELDS };

/// `delete from "x_component_link" where "_row" = $1 and exists (select 1 from unnest(..) as list(..) where list."component" = .. )`
fn clear(layout: &Layout, database: Database, stored: &TypeLayout, links: &ComponentLinks) -> WriteStatement {
    let table = &layout.table(links.table).name;
    let mut print = Print::new(layout, database);
    print.push("delete from ").name(table).push(" where \"_row\" = ").value(Arg::Row, stored.row);
    print.push(" and exists (select 1 from ").rows(&[COMPONENT, ELEMENT, FIELD]).push(" where list.\"component\" = ");
    print.name(table).push(".\"component\" and list.\"element\" = ").name(table);
    print.push(".\"element\" and (list.\"field\" = '' or list.\"field\" = ").name(table).push(".\"field\"))");
    print.done(Vec::new())
}

/// `insert into "x_component_link" ("_row", "component", ..) select $1, list."component", .. from unnest(..) as list(..)`
fn put(layout: &Layout, database: Database, stored: &TypeLayout, links: &ComponentLinks) -> WriteStatement {
    let mut columns = vec![COMPONENT, ELEMENT, FIELD];
    columns.push(ListColumn { name: "target_type", of: ColumnType::Text, own: own::TYPES });
    columns.push(ListColumn { name: "target_status", of: ColumnType::SmallInt, own: own::STATUSES });
    columns.push(ListColumn { name: "position", of: ColumnType::BigInt, own: own::POSITIONS });
    for (index, (kind, _)) in links.targets.iter().enumerate() {
        columns.push(ListColumn { name: kind.key_kind().target_column(), of: *kind, own: own::TARGETS + index });
    }
    let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
    let mut print = Print::new(layout, database);
    print.push("insert into ").name(&layout.table(links.table).name).push(" (\"_row\", ").names(&names);
    print.push(") select ").value(Arg::Row, stored.row);
    for name in &names {
        print.push(", list.").name(name);
    }
    print.push(" from ").rows(&columns);
    print.done(Vec::new())
}

/// `delete from "x_component_link" where "_row" = $1`
fn drop_of_row(layout: &Layout, database: Database, stored: &TypeLayout, links: &ComponentLinks) -> WriteStatement {
    let mut print = Print::new(layout, database);
    print.push("delete from ").name(&layout.table(links.table).name).push(" where \"_row\" = ");
    print.value(Arg::Row, stored.row);
    print.done(Vec::new())
}

/// `insert into "x_component_link" (..) select $1, l."component", list."fresh", .. from "x_component_link" as l join unnest(..) as list(..) on ..
/// where l."_row" = $2`
fn copy(layout: &Layout, database: Database, stored: &TypeLayout, links: &ComponentLinks) -> WriteStatement {
    let table = layout.table(links.table);
    let fresh = ListColumn { name: "fresh", of: ColumnType::BigInt, own: own::FRESH };
    let others: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    let others: Vec<&str> =
        others.into_iter().filter(|name| !matches!(*name, "_row" | "component" | "element")).collect();
    let mut print = Print::new(layout, database);
    print.push("insert into ").name(&table.name).push(" (\"_row\", \"component\", \"element\", ").names(&others);
    print.push(") select ").value(Arg::Row, stored.row).push(", list.\"component\", list.\"fresh\"");
    for name in &others {
        print.push(", joined.").name(name);
    }
    print.push(" from ").name(&table.name).push(" as joined join ").rows(&[COMPONENT, ELEMENT, fresh]);
    print.push(" on list.\"component\" = joined.\"component\" and list.\"element\" = joined.\"element\"");
    print.push(" where joined.\"_row\" = ").value(Arg::Source, stored.row);
    print.done(Vec::new())
}

/// Links to documents of this type that no foreign key watches: from relations to interfaces and unions, and from components.
pub(crate) fn forget(layout: &Layout, database: Database, of: TypeId) -> Vec<WriteStatement> {
    let key = layout.content_type(of).key;
    let mut statements = Vec::new();
    for table in &layout.tables {
        let has = |name: &str| table.column(name).is_some();
        let is_component_link = has("element") && has("target_type");
        let target = if is_component_link { key.key_kind().target_column() } else { "target" };
        if has("target_type") && table.column(target).is_some_and(|column| column.of == key) {
            statements.push(forget_links(layout, database, of, &table.name, target));
        }
    }
    for stored in &layout.types {
        for field in &stored.fields {
            let crate::layout::FieldLayout::ToOne(to_one) = field else { continue };
            let Some(target_type) = to_one.target_type.as_ref().filter(|_| to_one.of == key) else { continue };
            let mut print = Print::new(layout, database);
            print.push("update ").row_table(stored).push(" set ").name(&to_one.key).push(" = null, ").name(target_type);
            print.push(" = null where ").name(&to_one.key).push(" = ").value(Arg::Key, key);
            print.push(" and ").name(target_type).push(" = ").literal(layout.type_word(of));
            statements.push(print.done(Vec::new()));
        }
    }
    statements
}

/// `delete from "x_link" where "target" = $1 and "target_type" = 'y'`
fn forget_links(layout: &Layout, database: Database, of: TypeId, table: &str, target: &str) -> WriteStatement {
    let mut print = Print::new(layout, database);
    print.push("delete from ").name(table).push(" where ").name(target).push(" = ");
    print.value(Arg::Key, layout.content_type(of).key);
    print.push(" and \"target_type\" = ").literal(layout.type_word(of));
    print.done(Vec::new())
}
