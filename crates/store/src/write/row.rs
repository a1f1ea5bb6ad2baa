//! Rows and contents: what a row holds as a [`Content`], and the cells of a row that is written.

use model::{Field, FieldId, FieldKind, Model, Scalar, TypeId};
use plan::{Content, Held, Value};
use serde_json::Value as Json;
use sql::element::{elements_of_json, elements_to_json, is_component, is_list, value_of_stored, value_to_stored};
use sql::layout::{Layout, POSITION_LAST, STATUS_PUBLISHED, column_of_scalar};
use sql::{CellSource, RowColumn, WriteProgram};

use super::frame::Frame;
use super::link::Resolved;

/// A row of the document, as the database has it.
#[derive(Debug, Clone)]
pub(crate) struct StoredRow {
    pub(crate) cells: Vec<Value>,
}

/// What cells are made from.
pub(crate) struct CellEnv<'a> {
    pub(crate) model: &'a Model,
    pub(crate) layout: &'a Layout,
    pub(crate) program: &'a WriteProgram,
    pub(crate) resolved: &'a Resolved,
}

impl StoredRow {
    /// The value of a system column.
    pub(crate) fn system(&self, program: &WriteProgram, source: CellSource) -> Value {
        let index = program.columns.iter().position(|column| column.source == source);
        index.and_then(|index| self.cells.get(index)).cloned().unwrap_or(Value::Null)
    }

    /// Draft or published; rows without a status are published.
    pub(crate) fn status(&self, program: &WriteProgram) -> i64 {
        match self.system(program, CellSource::Status) {
            Value::Int(status) => status,
            _ => STATUS_PUBLISHED,
        }
    }

    /// The locale; `''` for none.
    pub(crate) fn locale(&self, program: &WriteProgram) -> String {
        match self.system(program, CellSource::Locale) {
            Value::Text(locale) => locale,
            _ => String::new(),
        }
    }

    /// What names the row.
    pub(crate) fn row(&self, program: &WriteProgram) -> Value {
        self.cells.get(program.row_column).cloned().unwrap_or(Value::Null)
    }

    /// What the row's fields hold. Links are known to be there or not, no more; passwords are not looked at again.
    pub(crate) fn content(&self, model: &Model, program: &WriteProgram) -> Content {
        let content_type = model.content_type(program.of);
        let mut content = Content::default();
        for (column, value) in program.columns.iter().zip(&self.cells) {
            match column.source {
                CellSource::Field(id) => content.put(id, held_of_cell(model, content_type.field(id), value)),
                CellSource::ToOneKey(id) => content.put(id, linked(value)),
                _ => {}
            }
        }
        for link in &program.links {
            if content.get(link.field).is_none() {
                content.put(link.field, Held::Kept);
            }
        }
        content
    }
}

fn linked(key: &Value) -> Held {
    if *key == Value::Null { Held::Links(Vec::new()) } else { Held::Kept }
}

fn held_of_cell(model: &Model, field: &Field, cell: &Value) -> Held {
    let json = || match cell {
        Value::Json(text) => serde_json::from_str(text).unwrap_or(Json::Null),
        _ => Json::Null,
    };
    if is_component(field) {
        return Held::Elements(elements_of_json(model, &json()));
    }
    if *cell == Value::Null {
        return Held::Null;
    }
    match &field.kind {
        FieldKind::Scalar { scalar: Scalar::Password, .. } => Held::Kept,
        FieldKind::Scalar { scalar, list: true } => list_of_json(column_of_scalar(*scalar).kind(), &json()),
        FieldKind::Enum { list: true, .. } => list_of_json(sql::ColumnKind::Text, &json()),
        FieldKind::Scalar { list: false, .. }
        | FieldKind::Enum { list: false, .. }
        | FieldKind::Relation(_)
        | FieldKind::Component { .. }
        | FieldKind::Zone { .. } => Held::Value(cell.clone()),
    }
}

fn list_of_json(kind: sql::ColumnKind, json: &Json) -> Held {
    let items = json.as_array().map_or(&[][..], Vec::as_slice);
    Held::Value(Value::List(items.iter().filter_map(|item| value_of_stored(kind, item)).collect()))
}

impl CellEnv<'_> {
    /// The cells of a row: what `content` says, else what `base` has, else what a new row has. System columns come from the frame.
    pub(crate) fn cells(&self, content: &Content, base: Option<&StoredRow>) -> Vec<Value> {
        let columns = self.program.columns.iter().enumerate();
        columns
            .map(|(index, column)| {
                let before = base.and_then(|row| row.cells.get(index));
                match sql::field_of(column.source).map(|field| (field, content.get(field))) {
                    Some((field, Some(held))) => self.cell(column, (field, held), before, base),
                    Some((field, None)) => before.cloned().unwrap_or_else(|| self.absent(column, field)),
                    None => before.cloned().unwrap_or(Value::Null),
                }
            })
            .collect()
    }

    fn cell(
        &self,
        column: &RowColumn,
        (id, held): (FieldId, &Held),
        before: Option<&Value>,
        base: Option<&StoredRow>,
    ) -> Value {
        let field = self.model.content_type(self.program.of).field(id);
        match (held, column.source) {
            (Held::Links(links), source) => {
                let first = self.resolved.keys(links).into_iter().next();
                let key_before = base.map(|row| row.system(self.program, CellSource::ToOneKey(id)));
                let is_same = first.as_ref().is_some_and(|(_, key)| key_before.as_ref() == Some(key));
                self.to_one(source, first, before.filter(|_| is_same))
            }
            (Held::Elements(elements), _) => match elements_to_json(self.model, elements, is_list(field)) {
                Json::Null => Value::Null,
                json => Value::Json(json.to_string()),
            },
            (Held::Value(value), _) => value_cell(field, value),
            (Held::Hash(hash), _) => Value::Text(hash.clone()),
            (Held::Kept | Held::Increment(_) | Held::Append(_) | Held::AddedLinks(_), _) => {
                before.cloned().unwrap_or(Value::Null)
            }
            (Held::Null, _) => Value::Null,
        }
    }

    fn to_one(&self, source: CellSource, first: Option<(TypeId, Value)>, before: Option<&Value>) -> Value {
        match (source, first) {
            (CellSource::ToOnePosition(_), _) => before.cloned().unwrap_or(Value::Int(POSITION_LAST)),
            (_, None) => Value::Null,
            (CellSource::ToOneType(_), Some((of, _))) => Value::Text(self.layout.type_word(of).to_owned()),
            (_, Some((_, key))) => key,
        }
    }

    /// What a new row has where nothing is said.
    fn absent(&self, column: &RowColumn, id: FieldId) -> Value {
        let field = self.model.content_type(self.program.of).field(id);
        match column.source {
            CellSource::ToOnePosition(_) => Value::Int(POSITION_LAST),
            _ if is_list(field) => Value::Json("[]".to_owned()),
            _ => Value::Null,
        }
    }
}

/// A field's value as its column takes it. A password that was not hashed is not kept at all.
fn value_cell(field: &Field, value: &Value) -> Value {
    match &field.kind {
        FieldKind::Scalar { scalar: Scalar::Password, .. } => Value::Null,
        FieldKind::Scalar { list: true, .. } | FieldKind::Enum { list: true, .. } => {
            Value::Json(value_to_stored(value).to_string())
        }
        FieldKind::Scalar { list: false, .. }
        | FieldKind::Enum { list: false, .. }
        | FieldKind::Relation(_)
        | FieldKind::Component { .. }
        | FieldKind::Zone { .. } => value.clone(),
    }
}

/// Columns of the house of a row that is written.
#[derive(Debug, Clone)]
pub(crate) struct System {
    pub(crate) created_at: Value,
    pub(crate) created_by: Value,
    pub(crate) published_at: Value,
}

/// Fills in the system columns of the frame's cells.
pub(crate) fn fill_system(frame: &mut Frame, program: &WriteProgram, system: &System) {
    let user = frame.user.map_or(Value::Null, Value::Int);
    for (index, column) in program.columns.iter().enumerate() {
        let value = match column.source {
            CellSource::Row => frame.row.clone(),
            CellSource::Key => frame.key.clone(),
            CellSource::DocumentId => Value::Text(frame.document_id.clone()),
            CellSource::Locale => Value::Text(frame.locale.clone()),
            CellSource::Status => Value::Int(frame.status),
            CellSource::CreatedAt => system.created_at.clone(),
            CellSource::UpdatedAt => Value::Instant(frame.now),
            CellSource::PublishedAt => system.published_at.clone(),
            CellSource::CreatedBy => system.created_by.clone(),
            CellSource::UpdatedBy => user.clone(),
            CellSource::Revision => Value::Int(1),
            CellSource::Entry | CellSource::DeletedAt => Value::Null,
            CellSource::Field(_)
            | CellSource::ToOneKey(_)
            | CellSource::ToOneType(_)
            | CellSource::ToOnePosition(_) => continue,
        };
        frame.cells[index] = value;
    }
}
