//! Selects written as text for the cases of this crate.
//!
//! ```text
//! (list Article draft (locale "fr") (where (and (contains title) (some author (eq name)))) (sort (asc title)) (page start limit)
//!   (show title _key (one author (show name)) (list comments (page limit) (show body))))
//! ```
//!
//! A field is named as in the schema, a system column with `_` before it. Every operand is a hole of its own, numbered as it stands.

mod lists;
mod words;

use model::{ComponentId, FieldId, FieldKind, Model, Target, TypeId};
use plan::{
    Aggregate, Arm, Column, Comparison, ComponentSelect, Direction, Entry, Filter, Form, From, HoleId, Linked, Nulls,
    Object, Operand, Page, Part, PartEntry, Row, RowValue, Select, Shape, SortKey, SortPath, Switch, SwitchArm,
    SwitchFrom, SwitchShape, Version, Within,
};

use lists::{List, parse};
use words::{function, operator, page, system_column, version};

/// Reads the select of a case.
pub fn select(model: &Model, text: &str) -> Select {
    let mut builder = Builder { model, holes: 0 };
    builder.root(&parse(text))
}

struct Builder<'a> {
    model: &'a Model,
    holes: u32,
}

/// What names mean at hand.
#[derive(Clone, Copy)]
enum At {
    Type(TypeId),
    Element(TypeId, ComponentId),
}

impl Builder<'_> {
    fn hole(&mut self) -> HoleId {
        self.holes += 1;
        HoleId(self.holes - 1)
    }

    fn root(&mut self, list: &List) -> Select {
        let of = self.model.type_named(list.word(1)).unwrap_or_else(|| panic!("no content type `{}`", list.word(1)));
        self.select(list, From::Type, of, false)
    }

    fn fields(&self, at: At) -> &[model::Field] {
        match at {
            At::Type(of) => &self.model.content_type(of).fields,
            At::Element(_, component) => &self.model.component(component).fields,
        }
    }

    fn field(&self, at: At, name: &str) -> FieldId {
        let position = self.fields(at).iter().position(|field| field.name == name);
        FieldId(u16::try_from(position.unwrap_or_else(|| panic!("no field `{name}`"))).unwrap())
    }

    fn column(&self, at: At, name: &str) -> Column {
        system_column(name).map_or_else(|| Column::Field(self.field(at, name)), Column::System)
    }

    fn target(&self, at: At, field: FieldId) -> TypeId {
        let relation = self.fields(at)[usize::from(field.0)].relation().expect("a relation");
        match relation.target {
            Target::Type(of) => of,
            Target::Group(group) => self.model.group(group).members[0],
        }
    }

    /// `(list|one|parts NAME clauses..)`.
    fn select(&mut self, list: &List, from: From, of: TypeId, below: bool) -> Select {
        let at = At::Type(of);
        let mut select = Select {
            from,
            of,
            version: self.version(list, of, below),
            filter: Filter::All,
            sort: Vec::new(),
            distinct: Vec::new(),
            page: if list.word(0) == "one" { Page::One } else { Page::All },
            shape: Shape::Parts(Vec::new()),
        };
        let mut row = Row { non_null: false, object: Object::default() };
        for clause in list.lists() {
            match clause.word(0) {
                "where" => select.filter = self.filter(at, clause.list(1)),
                "sort" => select.sort = clause.lists().map(|key| self.sort(at, key)).collect(),
                "distinct" => select.distinct = clause.words().map(|name| self.column(at, name)).collect(),
                "page" => select.page = page(clause, || self.hole()),
                "show" => row.object = self.object(at, clause),
                _ => {}
            }
        }
        select.shape = match list.word(0) {
            "list" | "localizations" => Shape::List(row),
            "parts" => Shape::Parts(self.parts(at, list.find("parts"))),
            _ => Shape::One(row),
        };
        select
    }

    fn version(&self, list: &List, of: TypeId, below: bool) -> Version {
        version(self.model.content_type(of), list, below)
    }

    fn object(&mut self, at: At, show: &List) -> Object {
        let mut entries = Vec::new();
        for name in show.words() {
            let value = if name == "_id" {
                RowValue::ElementId
            } else {
                RowValue::Column(self.column(at, name), self.form(at, name))
            };
            entries.push(entry(name, value));
        }
        for inner in show.lists() {
            entries.push(entry(inner.word(1), self.value(at, inner)));
        }
        Object { entries }
    }

    fn form(&self, at: At, name: &str) -> Form {
        if system_column(name).is_some() {
            return Form::Plain;
        }
        let field = self.field(at, name);
        match self.fields(at)[usize::from(field.0)].kind {
            FieldKind::Enum { of, .. } => Form::Word(of),
            _ => Form::Plain,
        }
    }

    fn value(&mut self, at: At, list: &List) -> RowValue {
        match (list.word(0), at) {
            ("component", _) => RowValue::Component(Box::new(self.component(at, list))),
            ("switch", At::Type(owner)) => RowValue::Switch(Box::new(self.switch(owner, list))),
            ("localizations", At::Type(of)) => {
                let mut select = self.select(list, From::Localizations, of, false);
                select.version.locale = plan::Locale::All;
                RowValue::Select(Box::new(select))
            }
            (_, At::Type(owner)) => {
                let field = self.field(at, list.word(1));
                RowValue::Select(Box::new(self.select(
                    list,
                    From::Relation(owner, field),
                    self.target(at, field),
                    true,
                )))
            }
            (_, At::Element(owner, component)) => {
                let field = self.field(at, list.word(1));
                let from = From::ElementRelation(owner, component, field);
                RowValue::Select(Box::new(self.select(list, from, self.target(at, field), true)))
            }
        }
    }

    /// `(component quotes (where ..) (sort ..) (page ..) (arm Quote text ..))`.
    fn component(&mut self, at: At, list: &List) -> ComponentSelect {
        let field = self.field(at, list.word(1));
        let owner = match at {
            At::Type(owner) | At::Element(owner, _) => owner,
        };
        let (first, many) = match self.fields(at)[usize::from(field.0)].kind {
            FieldKind::Component { of, repeatable } => (of, repeatable),
            FieldKind::Zone { of } => (self.model.zone(of).members[0], true),
            _ => panic!("`{}` is no component field", list.word(1)),
        };
        let inside = At::Element(owner, first);
        let mut select =
            ComponentSelect { field, many, filter: Filter::All, sort: Vec::new(), page: Page::All, arms: Vec::new() };
        for clause in list.lists() {
            match clause.word(0) {
                "where" => select.filter = self.filter(inside, clause.list(1)),
                "sort" => select.sort = clause.lists().map(|key| self.sort(inside, key)).collect(),
                "page" => select.page = page(clause, || self.hole()),
                _ => {
                    let component = self.component_named(clause.word(1));
                    let object = self.object(At::Element(owner, component), &clause.tail(1));
                    select.arms.push(Arm { component, row: Row { non_null: true, object } });
                }
            }
        }
        select
    }

    fn component_named(&self, name: &str) -> ComponentId {
        let position = self.model.components.iter().position(|component| component.name == name);
        ComponentId(u16::try_from(position.unwrap_or_else(|| panic!("no component `{name}`"))).unwrap())
    }

    /// `(switch likes (page ..) (arm Article (where ..) (show ..)))`.
    fn switch(&mut self, owner: TypeId, list: &List) -> Switch {
        let field = self.field(At::Type(owner), list.word(1));
        let many = self.model.content_type(owner).field(field).relation().unwrap().many;
        let (mut page_of, mut arms, mut rows) = (if many { Page::All } else { Page::One }, Vec::new(), Vec::new());
        for clause in list.lists() {
            if clause.word(0) == "page" {
                page_of = page(clause, || self.hole());
                continue;
            }
            let of = self.model.type_named(clause.word(1)).unwrap();
            let select = self.select(clause, From::Type, of, false);
            let Shape::One(row) = select.shape else { panic!("an arm shows one row") };
            rows.push((of, row));
            arms.push(SwitchArm { of, version: select.version, filter: select.filter, sort: select.sort });
        }
        let linked = Linked { rows };
        let shape = if many { SwitchShape::List(linked) } else { SwitchShape::One(linked) };
        Switch { from: SwitchFrom::Relation(owner, field), page: page_of, arms, shape }
    }

    fn parts(&mut self, at: At, list: &List) -> Vec<PartEntry> {
        let mut entries = Vec::new();
        for inner in list.lists() {
            let word = inner.word(0);
            let value = match word {
                "rows" => Part::Rows(Row { non_null: true, object: self.object(at, inner) }),
                "total" => Part::Total,
                "page-number" => Part::PageNumber,
                "page-size" => Part::PageSize,
                "page-count" => Part::PageCount,
                "wrap" => Part::Wrap(self.parts(at, inner)),
                _ => Part::Aggregate(self.aggregate(at, inner)),
            };
            entries.push(PartEntry { key: word.to_owned(), non_null: false, name: format!("Parts.{word}"), value });
        }
        entries
    }

    /// `(sum price)`, `(count distinct title kind)`, `(average page price)`.
    fn aggregate(&self, at: At, list: &List) -> Aggregate {
        let is = |word: &str| list.words().any(|known| known == word);
        Aggregate {
            function: function(list.word(0)),
            columns: list
                .words()
                .filter(|word| !["distinct", "page"].contains(word))
                .map(|name| self.column(at, name))
                .collect(),
            distinct: is("distinct"),
            within: if is("page") { Within::Page } else { Within::Filter },
            form: Form::Plain,
        }
    }

    fn sort(&mut self, at: At, key: &List) -> SortKey {
        let direction = if key.word(0) == "desc" { Direction::Descending } else { Direction::Ascending };
        let by_itself = if direction == Direction::Ascending { Nulls::Last } else { Nulls::First };
        let nulls = match key.words().last() {
            Some("nulls-first") => Nulls::First,
            Some("nulls-last") => Nulls::Last,
            _ => by_itself,
        };
        let path = match key.lists().next() {
            Some(path) => self.path(at, path),
            None => SortPath::Column(self.column(at, key.word(1))),
        };
        SortKey { path, direction, nulls }
    }

    /// `(through author (by name))`, `(inside quotes (by rank))`, `(of comments (max likes))`.
    fn path(&mut self, at: At, list: &List) -> SortPath {
        if list.word(0) == "by" {
            return SortPath::Column(self.column(at, list.word(1)));
        }
        let field = self.field(at, list.word(1));
        if list.word(0) == "inside" {
            let FieldKind::Component { of: component, .. } = self.fields(at)[usize::from(field.0)].kind else {
                panic!("no component")
            };
            let At::Type(owner) = at else { panic!("no row") };
            return SortPath::Component {
                field,
                then: Box::new(self.path(At::Element(owner, component), list.list(2))),
            };
        }
        let target = self.target(at, field);
        let version = self.version(list, target, true);
        let filter = Box::new(Filter::All);
        if list.word(0) == "of" {
            let aggregate = self.aggregate(At::Type(target), list.list(2));
            return SortPath::Aggregate { field, version, filter, aggregate };
        }
        SortPath::Relation { field, version, filter, then: Box::new(self.path(At::Type(target), list.list(2))) }
    }

    fn filter(&mut self, at: At, list: &List) -> Filter {
        match list.word(0) {
            "all" => Filter::All,
            "nothing" => Filter::Nothing,
            "and" => Filter::And(list.lists().map(|inner| self.filter(at, inner)).collect()),
            "or" => Filter::Or(list.lists().map(|inner| self.filter(at, inner)).collect()),
            "not" => Filter::Not(Box::new(self.filter(at, list.list(1)))),
            "null" => Filter::Null { column: self.column(at, list.word(1)), is_null: true },
            "not-null" => Filter::Null { column: self.column(at, list.word(1)), is_null: false },
            "some" => {
                let field = self.field(at, list.word(1));
                let target = self.target(at, field);
                let filter = Box::new(self.filter(At::Type(target), list.last()));
                Filter::Some { field, version: self.version(list, target, true), filter }
            }
            "some-of" => {
                let field = self.field(at, list.word(1));
                let of = self.model.type_named(list.word(2)).unwrap();
                let filter = Box::new(self.filter(At::Type(of), list.last()));
                Filter::SomeOf { field, of, version: self.version(list, of, true), filter }
            }
            "other-locale" => {
                let At::Type(of) = at else { panic!("a row has other locales") };
                let filter = Box::new(self.filter(at, list.last()));
                Filter::OtherLocale { version: self.version(list, of, true), filter }
            }
            "count" => {
                let field = self.field(at, list.word(1));
                let target = self.target(at, field);
                let filter = Box::new(self.filter(At::Type(target), list.last()));
                let value = Operand::Hole(self.hole());
                Filter::Count {
                    field,
                    version: self.version(list, target, true),
                    filter,
                    operator: operator(list.word(2)),
                    value,
                }
            }
            "element" => {
                let component = self.component_named(list.word(2));
                let owner = match at {
                    At::Type(owner) | At::Element(owner, _) => owner,
                };
                let field = self.field(at, list.word(1));
                let filter = Box::new(self.filter(At::Element(owner, component), list.last()));
                Filter::Element { field, component, filter }
            }
            word => {
                let value = if list.words().count() > 1 {
                    Operand::Column(self.column(at, list.word(2)))
                } else {
                    Operand::Hole(self.hole())
                };
                Filter::Compare(Comparison { column: self.column(at, list.word(1)), operator: operator(word), value })
            }
        }
    }
}

fn entry(name: &str, value: RowValue) -> Entry {
    Entry { key: name.to_owned(), non_null: false, name: format!("Row.{name}"), value }
}
