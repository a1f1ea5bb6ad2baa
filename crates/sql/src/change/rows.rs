//! How the rows of a content type come from those of the same type before.

use model::change::{Change, FieldAt, FieldChange, Owner, TypeChange};
use model::{ContentType, Field, FieldId, FieldKind, TypeId};
use plan::{Value, value_of_json};

use super::convert::{Rewritten, field_number};
use super::{Convert, Env, Fate, Fill};
use crate::Database;
use crate::ddl::Table;
use crate::ddl_print::Text;
use crate::element::value_to_stored;
use crate::layout::{ColumnType, FieldLayout, STATUS_DRAFT, STATUS_PUBLISHED, TableColumn, TableId, TypeLayout};

/// Which table of a content type.
enum Role {
    Sequences,
    Document(TypeId),
    Rows(TypeId),
    Link(TypeId, FieldId),
    ComponentLinks(TypeId),
}

impl Env<'_> {
    /// What becomes of a table after.
    pub(super) fn fate(&self, id: TableId) -> Fate {
        let fills = match self.role(id) {
            Role::Sequences => return Fate::Kept,
            Role::Document(of) => self.document_fill(of).into_iter().collect(),
            Role::Rows(of) => self.row_fills(of),
            Role::Link(of, field) => self.link_fill(of, field).into_iter().collect(),
            Role::ComponentLinks(of) => self.component_link_fill(of).into_iter().collect::<Vec<Fill>>(),
        };
        let after = &self.after.schema.tables[usize::from(id.0)];
        let is_kept = match fills.as_slice() {
            [fill] => self.before.schema.table(&after.name).is_some_and(|before| can_stay(before, after, fill)),
            _ => false,
        };
        if is_kept { Fate::Kept } else { Fate::Made(fills) }
    }

    pub(super) fn is_kept(&self, id: TableId) -> bool {
        self.fate(id) == Fate::Kept
    }

    fn role(&self, id: TableId) -> Role {
        let Some(of) = self.after.layout.table(id).of else { return Role::Sequences };
        let stored = self.after.layout.content_type(of);
        if stored.rows == id {
            return Role::Rows(of);
        }
        if stored.document == Some(id) {
            return Role::Document(of);
        }
        if stored.component_links.as_ref().is_some_and(|links| links.table == id) {
            return Role::ComponentLinks(of);
        }
        let is_it = |layout: &FieldLayout| matches!(layout, FieldLayout::Link(link) if link.table == id);
        let field = stored.fields.iter().position(is_it).and_then(|index| u16::try_from(index).ok());
        Role::Link(of, FieldId(field.expect("every table belongs to a part of its type")))
    }

    /// Conditions on the rows before that stay. None: all do.
    pub(super) fn row_filters(&self, of: TypeId) -> Vec<String> {
        let Some(was) = self.pairs.type_before(of) else { return Vec::new() };
        let (before, after) = (self.before.layout.content_type(was), self.after.layout.content_type(of));
        let mut filters = Vec::new();
        if before.has_status && !after.has_status {
            filters.push(self.is_number("_status", STATUS_PUBLISHED));
        }
        if before.has_locale && !after.has_locale {
            let mut text = self.text();
            text.push("b.").name("_locale").push(" = ").literal(self.default_locale);
            filters.push(text.text);
        }
        if before.has_trash && !after.has_trash {
            let mut text = self.text();
            text.push("b.").name("_deleted_at").push(" is null");
            filters.push(text.text);
        }
        let becomes_single =
            |change: &Change| matches!(change, Change::Type(pair, TypeChange::SingleOn) if pair.after == of);
        if self.changes.iter().any(becomes_single) {
            let mut text = self.text();
            text.push("b.").name("_key").push(" = (select min(").name("_key").push(") from ");
            text.name(&self.before.layout.key_table(was).name).push(")");
            filters.push(text.text);
        }
        filters
    }

    /// Rows are the same rows as before, under the same ids.
    pub(super) fn rows_stay(&self, of: TypeId) -> bool {
        let Some(was) = self.pairs.type_before(of) else { return false };
        let (before, after) = (self.before.layout.content_type(was), self.after.layout.content_type(of));
        before.document.is_some() == after.document.is_some()
            && before.has_status == after.has_status
            && before.has_locale == after.has_locale
            && self.row_filters(of).is_empty()
    }

    fn document_fill(&self, of: TypeId) -> Option<Fill> {
        let was = self.pairs.type_before(of)?;
        let before = self.before.layout.content_type(was);
        let is_plain = before.document.is_some() && self.row_filters(of).is_empty();
        let source = if is_plain { self.before.layout.key_table(was) } else { self.before.layout.row_table(was) };
        Some(Fill {
            columns: ["_key", "_document_id"].map(|name| (name.to_owned(), self.column("b", name))).to_vec(),
            from: self.table_as(&source.name, "b"),
            driver: source.name.clone(),
            alias: "b",
            filters: self.row_filters(of),
            converts: Vec::new(),
            may_repeat: !is_plain,
        })
    }

    /// One fill, or two where documents get a draft and a published row each.
    fn row_fills(&self, of: TypeId) -> Vec<Fill> {
        let Some(was) = self.pairs.type_before(of) else { return Vec::new() };
        let (before, after) = (self.before.layout.content_type(was), self.after.layout.content_type(of));
        let generations: &[Option<i64>] = if !before.has_status && after.has_status {
            &[Some(STATUS_PUBLISHED), Some(STATUS_DRAFT)]
        } else {
            &[None]
        };
        let table = self.before.layout.row_table(was);
        let fill = |(index, generation): (usize, &Option<i64>)| {
            let mut converts = Vec::new();
            let mut columns = self.system_cells(of, *generation);
            for (field, declared) in self.after.model.content_type(of).fields_by_id() {
                columns.extend(self.field_cells(of, field, declared, &mut converts));
            }
            if index > 0 {
                converts.clear();
            }
            Fill {
                columns,
                from: self.table_as(&table.name, "b"),
                driver: table.name.clone(),
                alias: "b",
                filters: self.row_filters(of),
                converts,
                may_repeat: false,
            }
        };
        generations.iter().enumerate().map(fill).collect()
    }

    fn system_cells(&self, of: TypeId, generation: Option<i64>) -> Vec<(String, String)> {
        let Some(was) = self.pairs.type_before(of) else { return Vec::new() };
        let (before, after) = (self.before.layout.content_type(was), self.after.layout.content_type(of));
        let had = |name: &str| self.before.layout.row_table(was).column(name).is_some();
        let cell = |column: &TableColumn| {
            let name = column.name.as_str();
            let expression = match name {
                "_row" if before.document.is_none() || generation.is_some() => return None,
                "_status" => self.status_cell(before, after, generation),
                "_locale" => self.locale_cell(before, after),
                "_published_at" => self.published_cell(generation),
                _ if had(name) => self.column("b", name),
                // The number by which Strapi 4 knew the document stays that of its default locale.
                "_entry" if after.key == ColumnType::BigInt => self.column("b", "_key"),
                _ => return None,
            };
            Some((name.to_owned(), expression))
        };
        let table = self.after.layout.row_table(of);
        table.columns.iter().filter(|column| column.field.is_none()).filter_map(cell).collect()
    }

    fn status_cell(&self, before: &TypeLayout, after: &TypeLayout, generation: Option<i64>) -> String {
        match generation {
            Some(status) => status.to_string(),
            None if before.document.is_some() && before.has_status == after.has_status => self.column("b", "_status"),
            None => STATUS_PUBLISHED.to_string(),
        }
    }

    fn locale_cell(&self, before: &TypeLayout, after: &TypeLayout) -> String {
        match (before.has_locale, after.has_locale) {
            (true, true) => self.column("b", "_locale"),
            (false, true) => self.literal(&Value::Text(self.default_locale.to_owned()), ColumnType::Text),
            (_, false) if before.document.is_some() && !before.has_locale => self.column("b", "_locale"),
            (_, false) => self.literal(&Value::Text(String::new()), ColumnType::Text),
        }
    }

    fn published_cell(&self, generation: Option<i64>) -> String {
        match generation {
            Some(STATUS_DRAFT) => "null".to_owned(),
            Some(_) => {
                ["coalesce(", &self.column("b", "_published_at"), ", ", &self.column("b", "_updated_at"), ")"].concat()
            }
            None => self.column("b", "_published_at"),
        }
    }

    /// Columns of a field and what they get; none where null or the column's default will do.
    fn field_cells(
        &self,
        of: TypeId,
        field: FieldId,
        declared: &Field,
        converts: &mut Vec<Convert>,
    ) -> Vec<(String, String)> {
        match self.after.layout.content_type(of).field(field) {
            FieldLayout::Column { name, of: column } => {
                let cell = self.value_cell(of, field, declared, *column, converts);
                let cell = cell.or_else(|| self.must_be_given(of, name).then(|| "null".to_owned()));
                cell.map(|cell| (name.clone(), cell)).into_iter().collect()
            }
            FieldLayout::ToOne(to_one) => self.to_one_cells(of, field, to_one),
            FieldLayout::Link(_) | FieldLayout::Inverse { .. } => Vec::new(),
        }
    }

    fn must_be_given(&self, of: TypeId, column: &str) -> bool {
        self.after.layout.row_table(of).column(column).is_some_and(|column| !column.nullable)
    }

    fn value_cell(
        &self,
        of: TypeId,
        field: FieldId,
        declared: &Field,
        column: ColumnType,
        converts: &mut Vec<Convert>,
    ) -> Option<String> {
        let default = declared.default.as_ref().and_then(|json| value_of_json(self.after.model, &declared.kind, json));
        let default = default.map(|value| self.literal(&value, column));
        let was = self.pairs.type_before(of)?;
        let Some(before) = self.pairs.field_before(Owner::Type(of), field) else { return default };
        let content_type: &ContentType = self.before.model.content_type(was);
        let stored = self.before.layout.content_type(was);
        let FieldLayout::Column { name, of: was_column } = stored.field(before) else { return default };
        let was_field = content_type.field(before);
        let table = &self.before.layout.row_table(was).name;
        let number = field_number(&self.after.model.content_type(of).fields, declared);
        let rewritten = Rewritten {
            what: [self.after.model.content_type(of).name.as_str(), ".", &declared.name].concat(),
            side: ["_v_", &self.after.layout.content_type(of).rows.0.to_string(), "_", &number.to_string()].concat(),
            stored,
            table,
            column: name,
            was: *was_column,
            is: column,
            filters: &self.row_filters(of),
        };
        let cell = match self.conversion(was_field, declared, &rewritten) {
            None if self.loses_locales(of, field) => self.default_locale_cell(table, name),
            None => self.column("b", name),
            Some(convert) => {
                let cell = self.side_cell(&convert, stored);
                converts.push(convert);
                cell
            }
        };
        let fills_gaps = declared.required && !was_field.required;
        Some(match default.filter(|_| fills_gaps) {
            Some(default) => ["coalesce(", &cell, ", ", &default, ")"].concat(),
            None => cell,
        })
    }

    /// A field that differed between locales does not any more.
    fn loses_locales(&self, of: TypeId, field: FieldId) -> bool {
        let at = FieldAt { owner: Owner::Type(of), field };
        let is_it =
            |change: &Change| matches!(change, Change::Field(pair, FieldChange::LocalizedOff) if pair.after == at);
        self.changes.iter().any(is_it)
    }

    /// The value of the same version in the default locale, where there is one:
    /// `coalesce((select d."x" from "t" as d where d."_key" = b."_key" and d."_status" = b."_status" and d."_locale" = 'en'), b."x")`
    fn default_locale_cell(&self, table: &str, name: &str) -> String {
        let mut text = self.text();
        text.push("coalesce((select d.").name(name).push(" from ").name(table).push(" as d where d.").name("_key");
        text.push(" = b.").name("_key").push(" and d.").name("_status").push(" = b.").name("_status").push(" and d.");
        text.name("_locale").push(" = ").literal(self.default_locale).push("), b.").name(name).push(")");
        text.text
    }

    /// `(select v."value" from "_v_3_2" as v where v."row" = b."_row")`
    fn side_cell(&self, convert: &Convert, stored: &TypeLayout) -> String {
        let mut text = self.text();
        text.push("(select v.").name("value").push(" from ").name(&convert.conversion.side).push(" as v where v.");
        text.name("row").push(" = b.").name(stored.row_column).push(")");
        text.text
    }

    pub(super) fn text(&self) -> Text {
        Text::new(self.database)
    }

    /// `b."name"`
    pub(super) fn column(&self, alias: &str, name: &str) -> String {
        let mut text = self.text();
        text.push(alias).push(".").name(name);
        text.text
    }

    /// `"x" as b`
    pub(super) fn table_as(&self, table: &str, alias: &str) -> String {
        let mut text = self.text();
        text.name(table).push(" as ").push(alias);
        text.text
    }

    fn is_number(&self, column: &str, number: i64) -> String {
        let mut text = self.text();
        text.push("b.").name(column).push(" = ").number(number);
        text.text
    }

    /// A value of the model as a literal of its column's type.
    pub(super) fn literal(&self, value: &Value, of: ColumnType) -> String {
        let mut text = self.text();
        let stored = value_to_stored(value);
        let words = match (of, value) {
            (_, Value::Null) => return "null".to_owned(),
            (ColumnType::Json, Value::Json(json)) => json.clone(),
            (ColumnType::Instant, Value::Instant(at)) if self.database == Database::Postgres => {
                text.push("(timestamptz 'epoch' + ").number(*at).push(" * interval '1 microsecond')");
                return text.text;
            }
            (ColumnType::Boolean, Value::Boolean(truth)) if self.database == Database::Sqlite => {
                return i64::from(*truth).to_string();
            }
            _ => stored.as_str().map_or_else(|| stored.to_string(), str::to_owned),
        };
        let is_number =
            matches!(of, ColumnType::SmallInt | ColumnType::Integer | ColumnType::BigInt | ColumnType::Float)
                || self.database == Database::Sqlite && of == ColumnType::Instant;
        if is_number {
            return words;
        }
        match self.database {
            Database::Sqlite => text.literal(&words),
            Database::Postgres => {
                let kind = crate::ddl_print::type_words(of, self.database).trim_end_matches(" collate \"C\"");
                text.push("cast(").literal(&words).push(" as ").push(kind).push(")")
            }
        };
        text.text
    }
}

/// Whether a table may stay with its rows: the same name, columns, keys and checks, at most new columns that may be null.
fn can_stay(before: &Table, after: &Table, fill: &Fill) -> bool {
    let all_in = |some: &[String], all: &[String]| some.iter().all(|one| all.contains(one));
    let texts = |list: Vec<String>| list;
    let checks = |table: &Table| texts(table.checks.iter().map(|check| format!("{check:?}")).collect());
    let references = |table: &Table| texts(table.references.iter().map(|reference| format!("{reference:?}")).collect());
    let is_same = |left: Vec<String>, right: Vec<String>| all_in(&left, &right) && all_in(&right, &left);
    let is_addable =
        |column: &crate::ddl::Column| column.nullable && column.default == crate::layout::ColumnDefault::None;
    let is_copied = |name: &str| {
        let own = ["b.\"", name, "\""].concat();
        fill.columns.iter().any(|(column, expression)| column == name && *expression == own)
    };
    let is_known = |column: &crate::ddl::Column| before.columns.contains(column) && is_copied(&column.name);
    let is_given = |column: &crate::ddl::Column| fill.columns.iter().any(|(name, _)| *name == column.name);
    fill.filters.is_empty()
        && fill.converts.is_empty()
        && fill.driver == before.name
        && !fill.from.contains(" join ")
        && before.primary_key == after.primary_key
        && before.columns.iter().all(|column| after.columns.contains(column))
        && after.columns.iter().all(|column| is_known(column) || is_addable(column) && !is_given(column))
        && is_same(checks(before), checks(after))
        && is_same(references(before), references(after))
}

/// The kinds of fields that hold elements of components.
pub(super) fn holds_elements(field: &Field) -> bool {
    matches!(field.kind, FieldKind::Component { .. } | FieldKind::Zone { .. })
}
