//! How links come from those before, wherever they were kept: a column of either side, a link table of either side.

use model::change::Owner;
use model::{FieldId, TypeId};

use super::{Env, Fill};
use crate::layout::{FieldLayout, LinkLayout, POSITION_LAST, ToOneLayout};
use crate::{ddl_print::Text, layout::TypeLayout};

/// Where the links of a relation were kept, seen from the side that keeps them after.
struct Source<'a> {
    /// The type whose rows held them.
    holder: TypeId,
    stored: &'a TypeLayout,
    kept: Kept<'a>,
    /// The other side held them.
    reversed: bool,
}

enum Kept<'a> {
    Column(&'a ToOneLayout),
    Table(&'a LinkLayout),
}

/// Expressions of one link, and what they are read from.
struct Cells {
    owner: String,
    target: String,
    target_type: Option<String>,
    position: String,
    target_position: String,
}

impl Env<'_> {
    /// Where the links of this field were; none for a new relation.
    fn source(&self, of: TypeId, field: FieldId) -> Option<Source<'_>> {
        let was = self.pairs.type_before(of)?;
        let before = self.pairs.field_before(Owner::Type(of), field)?;
        let stored = self.before.layout.content_type(was);
        let (holder, stored, layout, reversed) = match stored.field(before) {
            FieldLayout::Inverse { of, field } => {
                let stored = self.before.layout.content_type(*of);
                (*of, stored, stored.field(*field), true)
            }
            own => (was, stored, own, false),
        };
        let kept = match layout {
            FieldLayout::ToOne(to_one) => Kept::Column(to_one),
            FieldLayout::Link(link) => Kept::Table(link),
            FieldLayout::Column { .. } | FieldLayout::Inverse { .. } => return None,
        };
        Some(Source { holder, stored, kept, reversed })
    }

    /// How a link table is filled.
    pub(super) fn link_fill(&self, of: TypeId, field: FieldId) -> Option<Fill> {
        let source = self.source(of, field)?;
        let FieldLayout::Link(link) = self.after.layout.content_type(of).field(field) else { return None };
        let held = &self.before.layout.row_table(source.holder).name;
        let driver = match &source.kept {
            Kept::Column(_) => held.clone(),
            Kept::Table(link) => self.before.layout.table(link.table).name.clone(),
        };
        let mut from = self.table_as(&driver, "b");
        let mut filters = Vec::new();
        let needs_holder = matches!(source.kept, Kept::Table(_)) && (source.reversed || !self.rows_stay(of));
        if needs_holder {
            let mut text = self.text();
            text.push(" join ")
                .name(held)
                .push(" as h on h.")
                .name(source.stored.row_column)
                .push(" = b.")
                .name("owner");
            from.push_str(&text.text);
        }
        let holder = if needs_holder { "h" } else { "b" };
        let cells = self.cells(of, &source, holder, &mut from);
        if let Kept::Column(to_one) = &source.kept {
            filters.push([&self.column("b", &to_one.key), " is not null"].concat());
        }
        let mut columns = vec![("owner".to_owned(), cells.owner)];
        if link.has_target_type {
            let words = cells.target_type.unwrap_or_else(|| self.only_word(of, field));
            columns.push(("target_type".to_owned(), words));
        }
        let (target_filter, status) = self.target_status(of, field, &source, &cells.target, &mut from);
        filters.extend(target_filter);
        columns.push(("target".to_owned(), cells.target));
        if link.has_target_status {
            columns.push(("target_status".to_owned(), status));
        }
        columns
            .extend([("position".to_owned(), cells.position), ("target_position".to_owned(), cells.target_position)]);
        filters.extend(self.lost_targets(of, field, &source));
        let may_repeat =
            source.reversed || from.contains(" join ") || Self::had_statuses(&source) && !link.has_target_status;
        Some(Fill { columns, from, driver, alias: "b", filters, converts: Vec::new(), may_repeat })
    }

    fn had_statuses(source: &Source<'_>) -> bool {
        matches!(&source.kept, Kept::Table(link) if link.has_target_status)
    }

    /// The parts of a link. Rows after are joined as `n` where their ids are not those of the rows before.
    fn cells(&self, of: TypeId, source: &Source<'_>, holder: &str, from: &mut String) -> Cells {
        let after = self.after.layout.content_type(of);
        let (first, second) = match &source.kept {
            Kept::Table(_) => (self.column("b", "position"), self.column("b", "target_position")),
            Kept::Column(to_one) => {
                let position = to_one.position.as_ref().map(|position| self.column("b", position));
                ("1".to_owned(), position.unwrap_or_else(|| POSITION_LAST.to_string()))
            }
        };
        let there = match &source.kept {
            Kept::Table(_) => self.column("b", "target"),
            Kept::Column(to_one) => self.column("b", &to_one.key),
        };
        let target_type = match &source.kept {
            Kept::Table(link) => link.has_target_type.then(|| self.words(&self.column("b", "target_type"))),
            Kept::Column(to_one) => to_one.target_type.as_ref().map(|name| self.words(&self.column("b", name))),
        };
        if source.reversed {
            self.join_rows(of, source, &there, "h_or_b", holder, from);
            let target = self.column(holder, "_key");
            let owner = self.column("n", after.row_column);
            return Cells { owner, target, target_type: None, position: second, target_position: first };
        }
        let owner = if self.rows_stay(of) {
            match &source.kept {
                Kept::Table(_) => self.column("b", "owner"),
                Kept::Column(_) => self.column("b", source.stored.row_column),
            }
        } else {
            let key = self.column(holder, "_key");
            self.join_rows(of, source, &key, "same", holder, from);
            self.column("n", after.row_column)
        };
        Cells { owner, target: there, target_type, position: first, target_position: second }
    }

    /// ` join "_m_3" as n on n."_key" = .. and n."_status" = h."_status" and n."_locale" = h."_locale"`
    fn join_rows(&self, of: TypeId, source: &Source<'_>, key: &str, kind: &str, holder: &str, from: &mut String) {
        let after = self.after.layout.content_type(of);
        let mut text = self.text();
        text.push(" join ")
            .name(&self.name_while_moving(after.rows))
            .push(" as n on n.")
            .name("_key")
            .push(" = ")
            .push(key);
        if source.stored.has_status && after.has_status {
            text.push(" and n.").name("_status").push(" = ").push(holder).push(".").name("_status");
        } else if source.stored.has_status && !after.has_status {
            text.push(" and ").push(holder).push(".").name("_status").push(" = 1");
        }
        if kind == "same" && source.stored.has_locale && after.has_locale {
            text.push(" and n.").name("_locale").push(" = ").push(holder).push(".").name("_locale");
        } else if source.stored.has_locale && !after.has_locale {
            text.push(" and ").push(holder).push(".").name("_locale").push(" = ").literal(self.default_locale);
        }
        from.push_str(&text.text);
    }

    /// The status that a link names: as before, or every one that the target has now.
    fn target_status(
        &self,
        of: TypeId,
        field: FieldId,
        source: &Source<'_>,
        target: &str,
        from: &mut String,
    ) -> (Option<String>, String) {
        if Self::had_statuses(source) && !source.reversed {
            return (None, self.column("b", "target_status"));
        }
        let declared = self.after.model.content_type(of).field(field).relation().map(|relation| relation.target);
        let FieldLayout::Link(link) = self.after.layout.content_type(of).field(field) else {
            return (None, String::new());
        };
        match declared {
            Some(model::Target::Type(other)) if link.has_target_status => {
                let rows = self.after.layout.content_type(other).rows;
                let mut text = self.text();
                text.push(" join (select distinct ").name("_key").push(", ").name("_status").push(" from ");
                text.name(&self.name_while_moving(rows)).push(") as t on t.").name("_key").push(" = ").push(target);
                from.push_str(&text.text);
                (None, self.column("t", "_status"))
            }
            Some(model::Target::Type(_) | model::Target::Group(_)) | None => (None, "1".to_owned()),
        }
    }

    /// Links to types that the relation does not point at any more go.
    fn lost_targets(&self, of: TypeId, field: FieldId, source: &Source<'_>) -> Vec<String> {
        if source.reversed {
            return Vec::new();
        }
        let words: Vec<String> = self.target_words(of, field);
        let before = match &source.kept {
            Kept::Table(link) => link.has_target_type.then(|| self.column("b", "target_type")),
            Kept::Column(to_one) => to_one.target_type.as_ref().map(|name| self.column("b", name)),
        };
        match before {
            Some(column) => vec![self.among(&column, &words)],
            None if self.single_target_stays(of, field) => Vec::new(),
            None => vec!["1 = 0".to_owned()],
        }
    }

    /// Whether the one type that a relation pointed at is among those that it points at.
    fn single_target_stays(&self, of: TypeId, field: FieldId) -> bool {
        let target = self.target_before(of, field);
        let after = target.and_then(|was| self.pairs.type_after(was));
        after.is_some_and(|after| self.targets(of, field).contains(&after))
    }

    fn target_before(&self, of: TypeId, field: FieldId) -> Option<TypeId> {
        let was = self.pairs.type_before(of)?;
        let before = self.pairs.field_before(Owner::Type(of), field)?;
        match self.before.model.content_type(was).field(before).relation()?.target {
            model::Target::Type(target) => Some(target),
            model::Target::Group(_) => None,
        }
    }

    /// The types that a relation points at after.
    fn targets(&self, of: TypeId, field: FieldId) -> Vec<TypeId> {
        match self.after.model.content_type(of).field(field).relation().map(|relation| relation.target) {
            Some(model::Target::Type(target)) => vec![target],
            Some(model::Target::Group(group)) => self.after.model.group(group).members.clone(),
            None => Vec::new(),
        }
    }

    /// The words before of the types that a relation still points at.
    fn target_words(&self, of: TypeId, field: FieldId) -> Vec<String> {
        let targets = self.targets(of, field);
        let words = targets.iter().filter_map(|target| self.pairs.type_before(*target));
        words.map(|was| self.before.layout.type_word(was).to_owned()).collect()
    }

    /// The word after of the one type that a relation pointed at.
    fn only_word(&self, of: TypeId, field: FieldId) -> String {
        let after = self.target_before(of, field).and_then(|was| self.pairs.type_after(was));
        let mut text = self.text();
        text.literal(after.map(|after| self.after.layout.type_word(after)).unwrap_or_default());
        text.text
    }

    /// `b."x" in ('a', 'b')`; of none `1 = 0`.
    pub(super) fn among(&self, column: &str, words: &[String]) -> String {
        if words.is_empty() {
            return "1 = 0".to_owned();
        }
        let mut text = self.text();
        text.push(column).push(" in (");
        for (index, word) in words.iter().enumerate() {
            text.separate(index).literal(word);
        }
        text.push(")");
        text.text
    }

    /// The word of a type after for that before: the expression itself where no table of a type was renamed.
    pub(super) fn words(&self, expression: &str) -> String {
        let mut pairs = Vec::new();
        for (was, _) in self.before.model.content_types() {
            let word = self.before.layout.type_word(was);
            let after = self.pairs.type_after(was).map(|after| self.after.layout.type_word(after));
            pairs.extend(after.filter(|after| *after != word).map(|after| (word.to_owned(), after.to_owned())));
        }
        self.mapped(expression, &pairs)
    }

    /// `case x when 'a' then 'b' else x end`
    pub(super) fn mapped(&self, expression: &str, pairs: &[(String, String)]) -> String {
        if pairs.is_empty() {
            return expression.to_owned();
        }
        let mut text = self.text();
        text.push("case ").push(expression);
        for (was, is) in pairs {
            text.push(" when ").literal(was).push(" then ").literal(is);
        }
        text.push(" else ").push(expression).push(" end");
        text.text
    }

    /// The columns of a to-one relation and what they get.
    pub(super) fn to_one_cells(&self, of: TypeId, field: FieldId, to_one: &ToOneLayout) -> Vec<(String, String)> {
        let Some(source) = self.source(of, field) else { return Vec::new() };
        let Kept::Column(before) = &source.kept else { return self.first_link_cells(of, field, to_one, &source) };
        if source.reversed {
            return self.first_link_cells(of, field, to_one, &source);
        }
        let key = self.column("b", &before.key);
        let lost = self.lost_targets(of, field, &source);
        let stays = |cell: String| match lost.first() {
            None => cell,
            Some(filter) => ["case when ", filter, " then ", &cell, " end"].concat(),
        };
        let mut cells = vec![(to_one.key.clone(), stays(key.clone()))];
        if let Some(name) = &to_one.target_type {
            let word = match &before.target_type {
                Some(column) => self.words(&self.column("b", column)),
                None => ["case when ", &key, " is not null then ", &self.only_word(of, field), " end"].concat(),
            };
            cells.push((name.clone(), stays(word)));
        }
        if let (Some(name), Some(position)) = (&to_one.position, &before.position) {
            cells.push((name.clone(), self.column("b", position)));
        }
        cells
    }

    /// The first of several links becomes the only one.
    fn first_link_cells(
        &self,
        of: TypeId,
        field: FieldId,
        to_one: &ToOneLayout,
        source: &Source<'_>,
    ) -> Vec<(String, String)> {
        let held = &self.before.layout.row_table(source.holder).name;
        let own = self.pairs.type_before(of).map(|was| self.before.layout.content_type(was));
        let both_status = own.is_some_and(|own| own.has_status) && source.stored.has_status;
        let mut from = self.text();
        let select = |what: &str, from: &Text| {
            let mut text = self.text();
            text.push("(select ").push(what).push(" from ").push(&from.text).push(" limit 1)");
            text.text
        };
        match (&source.kept, source.reversed) {
            (Kept::Table(link), false) => {
                from.name(&self.before.layout.table(link.table).name)
                    .push(" as l where l.")
                    .name("owner")
                    .push(" = b.");
                from.name(source.stored.row_column);
                for filter in self.lost_targets(of, field, source) {
                    from.push(" and ").push(&filter.replace("b.\"target_type\"", "l.\"target_type\""));
                }
                from.push(" order by l.").name("position").push(", l.").name("target");
                let mut cells = vec![(to_one.key.clone(), select(&self.column("l", "target"), &from))];
                if let Some(name) = &to_one.target_type {
                    let word = if link.has_target_type {
                        self.words(&self.column("l", "target_type"))
                    } else {
                        self.only_word(of, field)
                    };
                    cells.push((name.clone(), select(&word, &from)));
                }
                cells
            }
            (Kept::Table(link), true) => {
                from.name(&self.before.layout.table(link.table).name)
                    .push(" as l join ")
                    .name(held)
                    .push(" as h on h.");
                from.name(source.stored.row_column).push(" = l.").name("owner").push(" where l.").name("target");
                from.push(" = b.").name("_key").push(if both_status {
                    " and h.\"_status\" = b.\"_status\""
                } else {
                    ""
                });
                from.push(" order by l.").name("target_position").push(", h.").name("_key");
                vec![(to_one.key.clone(), select(&self.column("h", "_key"), &from))]
            }
            (Kept::Column(before), _) => {
                from.name(held).push(" as h where h.").name(&before.key).push(" = b.").name("_key");
                from.push(if both_status { " and h.\"_status\" = b.\"_status\"" } else { "" });
                from.push(" order by h.").name("_key");
                vec![(to_one.key.clone(), select(&self.column("h", "_key"), &from))]
            }
        }
    }

    /// Links inside components: words, members and rows by their names after.
    pub(super) fn component_link_fill(&self, of: TypeId) -> Option<Fill> {
        let was = self.pairs.type_before(of)?;
        let stored = self.before.layout.content_type(was);
        let before = stored.component_links.as_ref()?;
        let after = self.after.layout.content_type(of).component_links.as_ref()?;
        let driver = self.before.layout.table(before.table).name.clone();
        let mut from = self.table_as(&driver, "b");
        let row = if self.rows_stay(of) {
            self.column("b", "_row")
        } else {
            let mut text = self.text();
            text.push(" join ")
                .name(&self.before.layout.row_table(was).name)
                .push(" as h on h.")
                .name(stored.row_column);
            text.push(" = b.").name("_row");
            from.push_str(&text.text);
            let source = Source { holder: was, stored, kept: Kept::Column(&NO_COLUMN), reversed: false };
            self.join_rows(of, &source, &self.column("h", "_key"), "same", "h", &mut from);
            self.column("n", self.after.layout.content_type(of).row_column)
        };
        let (component, member, filters) = self.component_words();
        let mut columns = vec![
            ("_row".to_owned(), row),
            ("component".to_owned(), component),
            ("element".to_owned(), self.column("b", "element")),
            ("field".to_owned(), member),
            ("target_type".to_owned(), self.words(&self.column("b", "target_type"))),
        ];
        let known = |name: &str| before.targets.iter().any(|(_, own)| own == name);
        columns.extend(
            after
                .targets
                .iter()
                .filter(|(_, name)| known(name))
                .map(|(_, name)| (name.clone(), self.column("b", name))),
        );
        columns.extend(["target_status", "position"].map(|name| (name.to_owned(), self.column("b", name))));
        Some(Fill { columns, from, driver, alias: "b", filters, converts: Vec::new(), may_repeat: false })
    }

    /// Expressions of a component's word and a member's name after, and which links stay.
    fn component_words(&self) -> (String, String, Vec<String>) {
        let (component, member) = (self.column("b", "component"), self.column("b", "field"));
        let mut words = Vec::new();
        let mut renamed = self.text();
        let mut gone = Vec::new();
        for (id, was) in (0u16..).map(model::ComponentId).zip(&self.before.model.components) {
            let after = self.pairs.component_after(id);
            let of_component = |text: &mut Text, name: &str| {
                text.push(&component)
                    .push(" = ")
                    .literal(&was.uid())
                    .push(" and ")
                    .push(&member)
                    .push(" = ")
                    .literal(name);
            };
            let Some(after) = after else {
                let mut text = self.text();
                text.push(&component).push(" <> ").literal(&was.uid());
                gone.push(text.text);
                continue;
            };
            let is = self.after.model.component(after);
            if was.uid() != is.uid() {
                words.push((was.uid(), is.uid()));
            }
            for (field, declared) in was.fields_by_id().filter(|(_, field)| field.relation().is_some()) {
                let now = self.pairs.field_after(Owner::Component(after), field).map(|field| is.field(field));
                match now.filter(|now| now.relation().is_some()) {
                    Some(now) if now.name != declared.name => {
                        renamed.push(" when ");
                        of_component(&mut renamed, &declared.name);
                        renamed.push(" then ").literal(&now.name);
                    }
                    Some(_) => {}
                    None => {
                        let mut text = self.text();
                        text.push("not (");
                        of_component(&mut text, &declared.name);
                        text.push(")");
                        gone.push(text.text);
                    }
                }
            }
        }
        let member =
            if renamed.text.is_empty() { member } else { ["case", &renamed.text, " else ", &member, " end"].concat() };
        (self.mapped(&component, &words), member, gone)
    }
}

/// Where links are looked for by their row alone.
const NO_COLUMN: ToOneLayout =
    ToOneLayout { key: String::new(), of: crate::layout::ColumnType::BigInt, target_type: None, position: None };
