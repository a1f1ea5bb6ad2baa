//! A plan as text that a person can read and a test can keep: the same plan always gives the same text.

mod conditions;
mod writes;

use std::fmt::Write as _;

use model::{ComponentId, FieldId, Model, TypeId};
use serde_json::Value as Json;

use crate::{
    Aggregate, Arm, Boundary, Column, ComponentSelect, Derived, Form, From, Function, HoleId, HoleSource, Linked,
    Locale, Object, Page, Part, PartEntry, Plan, PublicationFilter, RootValue, Row, RowValue, Segment, Select, Shape,
    ShapedFrom, Status, Switch, SwitchFrom, SwitchShape, Transform, Version, Within,
};

/// How much of a plan is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// What is asked of the database: which rows and columns, in which order, under which keys. Two dialects that ask the same give the
    /// same text.
    Question,
    /// That, and what belongs to one dialect: which places may be null, how values are spelt, how numbers are pressed into bounds.
    Everything,
}

/// The picture of a plan over this model.
#[must_use]
pub fn picture(model: &Model, plan: &Plan, detail: Detail) -> String {
    let mut printer = Printer { model, plan, detail, out: String::new(), indent: 0 };
    if detail == Detail::Everything {
        let boundary = match plan.boundary {
            Boundary::Read => "read",
            Boundary::EachRoot => "write, each root a transaction",
            Boundary::Whole => "write, one transaction",
        };
        printer.line(boundary);
    }
    for root in &plan.roots {
        let key = printer.key(&root.key, root.non_null);
        match &root.value {
            RootValue::Constant(json) => printer.line(&[&key, " = ", json].concat()),
            RootValue::Select(select) => printer.select(&key, select),
            RootValue::Switch(switch) => printer.switch(&key, switch),
            RootValue::Through(select) => printer.select(&[&key, " through"].concat(), select),
            RootValue::Own(select) => printer.select(&[&key, " of the caller"].concat(), select),
            RootValue::Write(write) => printer.write(&key, write),
            RootValue::Command(command) => printer.command(&key, command),
            RootValue::Shaped(shaped) => {
                printer.line(&[&key, " shaped by ", &shaped.shaper.name].concat());
                match &shaped.from {
                    ShapedFrom::Rows(selects) => selects.iter().for_each(|select| printer.select(&key, select)),
                    ShapedFrom::Command(command) => printer.command(&key, command),
                    ShapedFrom::Refused(refusal) => printer.line(&format!("{key} refused {:?}", refusal.cause)),
                }
            }
            RootValue::Refused(refusal) => printer.line(&format!("{key} refused {:?}", refusal.cause)),
        }
    }
    printer.out
}

struct Printer<'a> {
    model: &'a Model,
    plan: &'a Plan,
    detail: Detail,
    out: String,
    indent: usize,
}

/// Whose fields a number means.
#[derive(Clone, Copy)]
enum Of {
    Type(TypeId),
    Component(ComponentId),
}

impl Printer<'_> {
    fn line(&mut self, text: &str) {
        writeln!(self.out, "{:width$}{}", "", text.trim_end(), width = self.indent * 2)
            .expect("writing to a String cannot fail");
    }

    fn inside(&mut self, body: impl FnOnce(&mut Self)) {
        self.indent += 1;
        body(self);
        self.indent -= 1;
    }

    fn key(&self, key: &str, non_null: bool) -> String {
        let mark = if non_null && self.detail == Detail::Everything { "!" } else { "" };
        [key, mark].concat()
    }

    fn field(&self, of: Of, field: FieldId) -> String {
        match of {
            Of::Type(of) => self.model.content_type(of).field(field).name.clone(),
            Of::Component(of) => self.model.component(of).field(field).name.clone(),
        }
    }

    fn target(&self, of: Of, field: FieldId) -> Option<Of> {
        let declared = match of {
            Of::Type(of) => self.model.content_type(of).field(field),
            Of::Component(of) => self.model.component(of).field(field),
        };
        match declared.relation()?.target {
            model::Target::Type(target) => Some(Of::Type(target)),
            model::Target::Group(_) => None,
        }
    }

    fn column(&self, of: Of, column: Column) -> String {
        match column {
            Column::Field(field) => self.field(of, field),
            Column::System(system) => format!("_{system:?}"),
        }
    }

    fn hole(&self, hole: HoleId) -> String {
        let hole = &self.plan.holes[hole.0 as usize];
        let source = match &hole.source {
            HoleSource::Variable(path) => path_text("$", path),
            HoleSource::Literal(json) => json.to_string(),
            HoleSource::Caller(path) => ["$user.", &path.join(".")].concat(),
            HoleSource::Now => "$now".to_owned(),
        };
        if self.detail == Detail::Question {
            return source;
        }
        let list = if hole.list { "[]" } else { "" };
        let transform = match hole.transform {
            Transform::Keep => String::new(),
            Transform::Clamp(least, greatest) => format!(" clamped to {}", bounds(least, greatest)),
            Transform::Pattern => " as a pattern".to_owned(),
            Transform::NullIfOther => " or null".to_owned(),
            Transform::Within(least, greatest) => format!(" within {}", bounds(least, greatest)),
            Transform::Cursor => " of a cursor".to_owned(),
            Transform::EmptyIsNull => " unless empty".to_owned(),
        };
        format!("{source} ({:?}{list}{transform})", hole.kind)
    }

    fn select(&mut self, key: &str, select: &Select) {
        let of = Of::Type(select.of);
        let name = &self.model.content_type(select.of).name;
        let mut head = match select.from {
            From::Type => format!("{key} = {name}"),
            From::Relation(owner, field) => format!("{key} = {name} of {}", self.field(Of::Type(owner), field)),
            From::ElementRelation(_, component, field) => {
                format!("{key} = {name} of element's {}", self.field(Of::Component(component), field))
            }
            From::Localizations => format!("{key} = {name} of other locales"),
            From::Written => format!("{key} = {name} written"),
        };
        head.push_str(&version(&select.version));
        head.push_str(&self.filter_text(of, &select.filter));
        head.push_str(&self.sort_text(of, &select.sort));
        if !select.distinct.is_empty() {
            let columns: Vec<String> = select.distinct.iter().map(|column| self.column(of, *column)).collect();
            head.push_str(&[" distinct ", &columns.join(", ")].concat());
        }
        head.push_str(&self.page(&select.page));
        self.line(&head);
        self.inside(|printer| match &select.shape {
            Shape::List(row) | Shape::One(row) => printer.row(of, row),
            Shape::Parts(entries) => printer.parts(of, entries),
        });
    }

    fn page(&self, page: &Page) -> String {
        match page {
            Page::One => " one".to_owned(),
            Page::All => String::new(),
            Page::Offset { start, limit } => {
                let start = start.map(|hole| format!(" start {}", self.hole(hole))).unwrap_or_default();
                let limit = limit.map(|hole| format!(" limit {}", self.hole(hole))).unwrap_or_default();
                [start, limit].concat()
            }
            Page::Numbered { number, size } => format!(" page {} of {}", self.hole(*number), self.hole(*size)),
            Page::Cursor(cursor) => {
                let words = [
                    ("first", cursor.first),
                    ("after", cursor.after),
                    ("last", cursor.last),
                    ("before", cursor.before),
                ];
                let given = words.into_iter().filter_map(|(word, hole)| Some(format!(" {word} {}", self.hole(hole?))));
                given.collect()
            }
        }
    }

    fn row(&mut self, of: Of, row: &Row) {
        if row.non_null && self.detail == Detail::Everything {
            self.line("never null");
        }
        self.object(of, &row.object);
    }

    fn object(&mut self, of: Of, object: &Object) {
        for entry in &object.entries {
            let key = self.key(&entry.key, entry.non_null);
            match &entry.value {
                RowValue::Constant(json) => self.line(&[&key, " = ", json].concat()),
                RowValue::Column(column, form) => {
                    let column = self.column(of, *column);
                    let form = self.form(form);
                    self.line(&[&key, " = ", &column, &form].concat());
                }
                RowValue::ElementId => self.line(&[&key, " = element id"].concat()),
                RowValue::Wrap(inner) => self.around(&key, |printer| printer.object(of, inner)),
                RowValue::Select(select) => self.select(&key, select),
                RowValue::Switch(switch) => self.switch(&key, switch),
                RowValue::Component(component) => self.component(&key, of, component),
                RowValue::Derived(Derived::FloatOf(column)) => {
                    let column = self.column(of, *column);
                    self.line(&format!("{key} = float of {column}"));
                }
                RowValue::Derived(Derived::Scaled(column, scale)) => {
                    let column = self.column(of, *column);
                    self.line(&format!("{key} = {column} x {} / {}", scale.asked, scale.kept));
                }
                RowValue::Cursor => self.line(&[&key, " = cursor"].concat()),
                RowValue::Linked(linked) => {
                    self.line(&key);
                    self.linked(linked);
                }
                RowValue::Refused(refusal) => self.line(&format!("{key} refused {:?}", refusal.cause)),
            }
        }
    }

    /// What a JSON path reads is part of the question; how values are spelt is not.
    fn form(&self, form: &Form) -> String {
        match (form, self.detail) {
            (Form::JsonPath(path), _) => [" at ", &path.join(".")].concat(),
            (Form::Plain, _) | (_, Detail::Question) => String::new(),
            (form, Detail::Everything) => format!(" as {form:?}"),
        }
    }

    fn switch(&mut self, key: &str, switch: &Switch) {
        let from = match switch.from {
            SwitchFrom::Relation(owner, field) => [" of ", &self.field(Of::Type(owner), field)].concat(),
            SwitchFrom::Types => String::new(),
        };
        let page = self.page(&switch.page);
        self.line(&format!("{key} = members{from}{page}"));
        self.inside(|printer| {
            for arm in &switch.arms {
                let of = Of::Type(arm.of);
                let filter = printer.filter_text(of, &arm.filter);
                let sort = printer.sort_text(of, &arm.sort);
                let name = printer.model.content_type(arm.of).name.clone();
                printer.line(&[&name, &version(&arm.version), filter.as_str(), sort.as_str()].concat());
                let bare = match &switch.shape {
                    SwitchShape::List(linked) | SwitchShape::One(linked) => Some(linked),
                    SwitchShape::Parts(_) => None,
                };
                let row = bare.and_then(|linked| linked.rows.iter().find(|(shown, _)| *shown == arm.of));
                if let Some((_, row)) = row {
                    printer.inside(|printer| printer.row(of, row));
                }
            }
            if let (SwitchShape::Parts(entries), Some(arm)) = (&switch.shape, switch.arms.first()) {
                printer.parts(Of::Type(arm.of), entries);
            }
        });
    }

    fn linked(&mut self, linked: &Linked) {
        self.inside(|printer| {
            for (of, row) in &linked.rows {
                let name = printer.model.content_type(*of).name.clone();
                printer.line(&name);
                printer.inside(|printer| printer.row(Of::Type(*of), row));
            }
        });
    }

    fn component(&mut self, key: &str, of: Of, component: &ComponentSelect) {
        let field = self.field(of, component.field);
        let mut head = format!("{key} = {} of {field}", if component.many { "elements" } else { "element" });
        if let Some(Arm { component: only, .. }) = component.arms.first() {
            head.push_str(&self.filter_text(Of::Component(*only), &component.filter));
            head.push_str(&self.sort_text(Of::Component(*only), &component.sort));
        }
        head.push_str(&self.page(&component.page));
        self.line(&head);
        self.inside(|printer| {
            for arm in &component.arms {
                let name = printer.model.component(arm.component).name.clone();
                printer.line(&name);
                printer.inside(|printer| printer.row(Of::Component(arm.component), &arm.row));
            }
        });
    }

    /// What stands around the answer's values; the question is the same without it.
    fn around(&mut self, head: &str, body: impl FnOnce(&mut Self)) {
        match self.detail {
            Detail::Question => body(self),
            Detail::Everything => {
                self.line(head);
                self.inside(body);
            }
        }
    }

    fn parts(&mut self, of: Of, entries: &[PartEntry]) {
        for entry in entries {
            let key = self.key(&entry.key, entry.non_null);
            match &entry.value {
                Part::Constant(json) => self.line(&[&key, " = ", json].concat()),
                Part::Wrap(inner) => self.around(&key, |printer| printer.parts(of, inner)),
                Part::Rows(row) => self.around(&[&key, " = rows"].concat(), |printer| printer.row(of, row)),
                Part::First(row) => self.around(&[&key, " = first row"].concat(), |printer| printer.row(of, row)),
                Part::Total => self.line(&[&key, " = total"].concat()),
                Part::PageNumber => self.line(&[&key, " = page number"].concat()),
                Part::PageSize => self.line(&[&key, " = page size"].concat()),
                Part::PageCount => self.line(&[&key, " = page count"].concat()),
                Part::Aggregate(aggregate) => {
                    let text = self.aggregate(of, aggregate);
                    self.line(&[&key, " = ", &text].concat());
                }
                Part::HasNextPage => self.line(&[&key, " = has next page"].concat()),
                Part::HasPreviousPage => self.line(&[&key, " = has previous page"].concat()),
                Part::StartCursor => self.line(&[&key, " = first cursor"].concat()),
                Part::EndCursor => self.line(&[&key, " = last cursor"].concat()),
                Part::Linked(linked) => {
                    self.line(&[&key, " = rows"].concat());
                    self.linked(linked);
                }
                Part::Refused(refusal) => self.line(&format!("{key} refused {:?}", refusal.cause)),
            }
        }
    }

    fn aggregate(&self, of: Of, aggregate: &Aggregate) -> String {
        let function = match aggregate.function {
            Function::Count => "count",
            Function::Sum => "sum",
            Function::Average => "average",
            Function::Min => "least",
            Function::Max => "greatest",
            Function::StddevSample => "deviation of sample",
            Function::StddevPopulation => "deviation",
            Function::VarianceSample => "variance of sample",
            Function::VariancePopulation => "variance",
        };
        let columns: Vec<String> = aggregate.columns.iter().map(|column| self.column(of, *column)).collect();
        let distinct = if aggregate.distinct { "distinct " } else { "" };
        let within = match aggregate.within {
            Within::Filter => "",
            Within::Page => " of the page",
        };
        format!("{function}({distinct}{}){within}{}", columns.join(", "), self.form(&aggregate.form))
    }
}

/// What a version says beyond what every type has.
fn version(version: &Version) -> String {
    let status = match version.status {
        Status::Only => "",
        Status::Published => " published",
        Status::Draft => " draft",
        Status::Either => " published else draft",
    };
    let locale = match &version.locale {
        Locale::Only => String::new(),
        Locale::Default => " in default locale".to_owned(),
        Locale::Named(code) => [" in ", code].concat(),
        Locale::All => " in every locale".to_owned(),
        Locale::Inherited => " in its locale".to_owned(),
    };
    let publication = match version.publication {
        None => "",
        Some(PublicationFilter::NeverPublished) => " never published",
        Some(PublicationFilter::HasPublished) => " with published",
        Some(PublicationFilter::Modified) => " modified",
        Some(PublicationFilter::Unmodified) => " unmodified",
        Some(PublicationFilter::NeverPublishedDocument) => " of documents never published",
        Some(PublicationFilter::HasPublishedDocument) => " of documents with published",
        Some(PublicationFilter::PublishedWithoutDraft) => " without draft",
        Some(PublicationFilter::PublishedWithDraft) => " with draft",
    };
    [status, locale.as_str(), publication].concat()
}

fn bounds(least: i64, greatest: i64) -> String {
    let greatest = if greatest == i64::MAX { String::new() } else { greatest.to_string() };
    format!("{least}..{greatest}")
}

fn path_text(start: &str, path: &[Segment]) -> String {
    let mut out = start.to_owned();
    for (at, segment) in path.iter().enumerate() {
        match segment {
            Segment::Key(key) if at == 0 => out.push_str(key),
            Segment::Key(key) => {
                out.push('.');
                out.push_str(key);
            }
            Segment::Index(index) => out.push_str(&Json::from([*index]).to_string()),
        }
    }
    out
}
