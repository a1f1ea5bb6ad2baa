//! The plans of Strapi's REST interface to files. Like any plan they hold no value of a caller, and nothing runs that `authorize` has not seen.

use model::{Field, FieldId, FieldKind, Model, Scalar, SystemColumn, TypeId};
use plan::{
    Answer, Assignment, Boundary, Column, Comparison, Data, Derived, Direction, Entry, Filter, Find, Form, From, Given,
    Holes, Locale, Nulls, Operand, Operator, Plan, RootValue, RowValue, Select, SortKey, SortPath, ValueKind, Write,
    WriteAction, WriteVersion,
};

/// Longest list of files without a page.
pub(super) const ROWS_MAX: u32 = 10_000;
/// The variable with the id that is asked for.
pub(super) const ID: &str = "id";
/// The variable with hashes that are asked for.
pub(super) const HASHES: &str = "hashes";

/// Which file is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// The one with this key.
    Key,
    /// The one with this public id.
    DocumentId,
}

impl By {
    /// Numbers are keys, all else is a public id.
    pub(super) fn of(id: &str) -> By {
        if id.parse::<i64>().is_ok() { By::Key } else { By::DocumentId }
    }
}

/// A plan under construction over the type of files.
pub(super) struct Maker<'a> {
    model: &'a Model,
    of: TypeId,
    holes: Holes,
}

impl<'a> Maker<'a> {
    pub(super) fn new(model: &'a Model, of: TypeId) -> Maker<'a> {
        Maker { model, of, holes: Holes::default() }
    }

    /// Rows of new files, all or none. The values of each stand in the variable named by its place; `given` are the fields that each has values
    /// for.
    pub(super) fn create(mut self, given: &[Vec<&str>]) -> Plan {
        let mut roots = Vec::new();
        for (index, names) in given.iter().enumerate() {
            let variable = index.to_string();
            let data = self.data(&variable, names);
            let action = WriteAction::Create { data, version: WriteVersion::Only, locale: Locale::Only };
            roots.push((variable, self.write(action)));
        }
        self.plan(roots, Boundary::Whole)
    }

    /// Texts about one file.
    pub(super) fn update(mut self, by: By, names: &[&str]) -> Plan {
        let data = self.data("info", names);
        let find = self.find(by);
        let action =
            WriteAction::Update { find, data, version: WriteVersion::Only, locale: Locale::Only, or_create: false };
        let root = self.write(action);
        self.plan(vec![("file".to_owned(), root)], Boundary::Whole)
    }

    /// Removes one file, and shows what it was.
    pub(super) fn delete(mut self, by: By) -> Plan {
        let find = self.find(by);
        let root = RootValue::Write(Box::new(Write::removal(self.of, find, self.written())));
        self.plan(vec![("file".to_owned(), root)], Boundary::Whole)
    }

    /// One file, or null.
    pub(super) fn one(mut self, by: By) -> Plan {
        let (column, kind) = match by {
            By::Key => (SystemColumn::Key, ValueKind::Int),
            By::DocumentId => (SystemColumn::DocumentId, ValueKind::Text),
        };
        let filter = self.compare(Column::System(column), Operator::Eq, (ID, kind, false));
        let select = Select::one((self.of, From::Type), filter, self.entries());
        self.plan(vec![("file".to_owned(), RootValue::Select(Box::new(select)))], Boundary::Read)
    }

    /// All files.
    pub(super) fn list(self) -> Plan {
        let path = SortPath::Column(Column::System(SystemColumn::Key));
        let sort = vec![SortKey { path, direction: Direction::Ascending, nulls: Nulls::Last }];
        let select = Select { sort, ..Select::all(self.of, Filter::All, self.entries()) };
        self.plan(vec![("files".to_owned(), RootValue::Select(Box::new(select)))], Boundary::Read)
    }

    /// Which of the hashes have a row.
    pub(super) fn known(mut self) -> Option<Plan> {
        let hash = self.model.content_type(self.of).field_named("hash")?;
        let filter = self.compare(Column::Field(hash), Operator::In, (HASHES, ValueKind::Text, true));
        let select = Select::all(self.of, filter, vec![Entry::plain("hash", Column::Field(hash))]);
        Some(self.plan(vec![("files".to_owned(), RootValue::Select(Box::new(select)))], Boundary::Read))
    }

    fn plan(self, roots: Vec<(String, RootValue)>, boundary: Boundary) -> Plan {
        self.holes.plan(roots, boundary, ROWS_MAX)
    }

    /// Fields that a variable has values for. What the engine keeps is given as the product's own word, what people write as theirs.
    fn data(&mut self, variable: &str, names: &[&str]) -> Data {
        let content_type = self.model.content_type(self.of);
        let mut assignments = Vec::new();
        for (field, declared) in content_type.fields_by_id() {
            let (true, FieldKind::Scalar { scalar, list }) = (names.contains(&declared.name.as_str()), &declared.kind)
            else {
                continue;
            };
            let hole = self.holes.variable(&[variable, &declared.name], ValueKind::of_scalar(*scalar), *list);
            let given = if declared.engine { Given::Engine(hole) } else { Given::Value(hole) };
            assignments.push(Assignment { field, given });
        }
        Data { assignments }
    }

    fn find(&mut self, by: By) -> Find {
        match by {
            By::Key => Find::Key(self.holes.variable(&[ID], ValueKind::Int, false)),
            By::DocumentId => Find::DocumentId(self.holes.variable(&[ID], ValueKind::Text, false)),
        }
    }

    fn compare(
        &mut self,
        column: Column,
        operator: Operator,
        (variable, kind, list): (&str, ValueKind, bool),
    ) -> Filter {
        let hole = self.holes.variable(&[variable], kind, list);
        Filter::Compare(Comparison { column, operator, value: Operand::Hole(hole) })
    }

    fn write(&self, action: WriteAction) -> RootValue {
        RootValue::Write(Box::new(Write::new(self.of, action, self.written())))
    }

    fn written(&self) -> Answer {
        Answer::Row(Box::new(Select::one((self.of, From::Written), Filter::All, self.entries())))
    }

    /// What Strapi shows of a file: its ids, every field that is no relation, its times.
    fn entries(&self) -> Vec<Entry> {
        let system = |name, column| Entry::plain(name, Column::System(column));
        let mut entries = vec![system("id", SystemColumn::Key), system("documentId", SystemColumn::DocumentId)];
        let fields = self.model.content_type(self.of).fields_by_id();
        entries.extend(fields.filter_map(|(id, field)| shown_field(id, field)));
        entries.extend([
            system("createdAt", SystemColumn::CreatedAt),
            system("updatedAt", SystemColumn::UpdatedAt),
            system("publishedAt", SystemColumn::PublishedAt),
        ]);
        entries
    }
}

fn shown_field(id: FieldId, field: &Field) -> Option<Entry> {
    let column = Column::Field(id);
    let value = match &field.kind {
        FieldKind::Scalar { .. } | FieldKind::Enum { .. } if field.is_hidden() => return None,
        FieldKind::Scalar { scalar: Scalar::Decimal, list: false } => RowValue::Derived(Derived::FloatOf(column)),
        FieldKind::Scalar { .. } => RowValue::Column(column, Form::Plain),
        FieldKind::Enum { of, .. } => RowValue::Column(column, Form::Word(*of)),
        FieldKind::Relation(_) | FieldKind::Component { .. } | FieldKind::Zone { .. } => return None,
    };
    Some(Entry::of(field.names.strapi.as_deref().unwrap_or(&field.name), value))
}
