//! A model as people read it: one line for each thing, in the order of the text. `dragoman check` prints it, tests record it.

mod jobs;
mod own;

use std::fmt::{self, Display, Formatter};

use crate::{
    Action, ColumnName, Component, Condition, ContentType, DialectNames, Enum, Field, FieldKind, Group, GroupKind, Key,
    MediaKind, MediaRule, Model, Operator, Relation, Rule, Rules, Scalar, Side, SystemColumn, Target, Term, Zone,
};

impl Display for Model {
    /// Everything that the project declares; a system type only where the project extends it or gives rights on it.
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        for of in &self.types {
            if !of.is_system || is_touched(of) {
                content_type(self, of, out)?;
            }
        }
        self.components.iter().try_for_each(|of| component(self, of, out))?;
        self.zones.iter().try_for_each(|of| zone(self, of, out))?;
        self.groups.iter().try_for_each(|of| group(self, of, out))?;
        self.enums.iter().try_for_each(|of| enumeration(of, out))?;
        self.own.iter().try_for_each(|of| own::own_type(self, of, out))?;
        self.repositories.iter().try_for_each(|of| jobs::repository(of, out))?;
        self.jobs.iter().try_for_each(|of| jobs::job(self, of, out))?;
        self.status_sensors.iter().try_for_each(|of| jobs::status_sensor(of, out))
    }
}

/// The project adds something to this system type.
fn is_touched(of: &ContentType) -> bool {
    !of.rules.is_empty() || of.fields.iter().any(|field| field.place.source.name != of.place.source.name)
}

fn content_type(model: &Model, of: &ContentType, out: &mut Formatter<'_>) -> fmt::Result {
    let kind = match (of.is_system, of.single) {
        (true, _) => "system type",
        (false, true) => "single type",
        (false, false) => "content type",
    };
    write!(out, "{kind} {} ({})", of.name, of.plural)?;
    let flags = [(of.draft_and_publish, ", drafts"), (of.localized, ", locales")];
    flags.iter().filter(|(is_on, _)| *is_on).try_for_each(|(_, word)| out.write_str(word))?;
    match &of.key {
        Key::BigInt => {}
        Key::Uuid => out.write_str(", key uuid")?,
        Key::Text => out.write_str(", key text")?,
        Key::Columns(columns) => write!(out, ", key {}", columns.join("+"))?,
    }
    of.table.iter().try_for_each(|table| write!(out, ", table {table}"))?;
    of.keys.iter().try_for_each(|keys| write!(out, ", keys shared as {keys}"))?;
    of.trash.iter().try_for_each(|trash| write!(out, ", trash {}s", trash.as_secs_f64()))?;
    if of.history > 0 {
        write!(out, ", history {}", of.history)?;
    }
    dialect_names(&of.names, out)?;
    writeln!(out)?;
    of.fields.iter().try_for_each(|field_of| field(model, &of.fields, field_of, out))?;
    let names =
        |fields: &[crate::FieldId]| fields.iter().map(|id| of.field(*id).name.as_str()).collect::<Vec<_>>().join(", ");
    for key in &of.unique {
        writeln!(out, "  unique ({}){}", names(&key.fields), if key.nulls_equal { " nulls equal" } else { "" })?;
    }
    for index in &of.indexes {
        let columns: Vec<String> = index
            .fields
            .iter()
            .map(|(id, descending)| [of.column_word(*id), if *descending { ":desc" } else { "" }].concat())
            .collect();
        writeln!(out, "  index ({})", columns.join(", "))?;
    }
    of.rules.iter().try_for_each(|of_rule| rule(model, of, of_rule, out))?;
    former(&of.renamed_from, out)
}

fn component(model: &Model, of: &Component, out: &mut Formatter<'_>) -> fmt::Result {
    write!(out, "component {} ({})", of.name, of.uid())?;
    dialect_names(&of.names, out)?;
    writeln!(out)?;
    of.fields.iter().try_for_each(|field_of| field(model, &of.fields, field_of, out))?;
    former(&of.renamed_from, out)
}

fn zone(model: &Model, of: &Zone, out: &mut Formatter<'_>) -> fmt::Result {
    let members: Vec<&str> = of.members.iter().map(|id| model.component(*id).name.as_str()).collect();
    writeln!(out, "zone {}: {}", of.name, members.join(" | "))
}

fn group(model: &Model, of: &Group, out: &mut Formatter<'_>) -> fmt::Result {
    let kind = match of.kind {
        GroupKind::Interface => "interface",
        GroupKind::Union => "union",
    };
    let members: Vec<&str> = of.members.iter().map(|id| model.content_type(*id).name.as_str()).collect();
    writeln!(out, "{kind} {}: {}", of.name, members.join(" | "))
}

fn enumeration(of: &Enum, out: &mut Formatter<'_>) -> fmt::Result {
    write!(out, "enum {}:", of.name)?;
    for value in &of.values {
        write!(out, " {}", value.name)?;
        if value.raw != value.name {
            write!(out, "={:?}", value.raw)?;
        }
        if !value.renamed_from.is_empty() {
            write!(out, "(was {})", value.renamed_from.join(", "))?;
        }
    }
    dialect_names(&of.names, out)?;
    writeln!(out)?;
    former(&of.renamed_from, out)
}

fn former(names: &[String], out: &mut Formatter<'_>) -> fmt::Result {
    if names.is_empty() { Ok(()) } else { writeln!(out, "  was {}", names.join(", ")) }
}

fn dialect_names(names: &DialectNames, out: &mut Formatter<'_>) -> fmt::Result {
    names.strapi.iter().try_for_each(|name| write!(out, ", in strapi {name}"))?;
    names.strapi4.iter().try_for_each(|name| write!(out, ", in strapi4 {name}"))?;
    names.hasura.iter().try_for_each(|name| write!(out, ", in hasura {name}"))
}

fn field(model: &Model, siblings: &[Field], of: &Field, out: &mut Formatter<'_>) -> fmt::Result {
    write!(out, "  {}: ", of.name)?;
    kind(model, &of.kind, out)?;
    out.write_str(if of.required { "!" } else { "" })?;
    if let FieldKind::Relation(relation) = &of.kind {
        side(model, relation, out)?;
    }
    if let Some(unique) = of.unique {
        out.write_str(if unique.nulls_equal { ", unique with one null" } else { ", unique" })?;
    }
    let flags = [
        (of.private, ", private"),
        (of.engine, ", engine"),
        (of.read_only && !of.engine, ", read only"),
        (of.localized, ", localized"),
    ];
    flags.iter().filter(|(is_on, _)| *is_on).try_for_each(|(_, word)| out.write_str(word))?;
    of.default.iter().try_for_each(|value| write!(out, ", default {value}"))?;
    rules(&of.rules, out)?;
    of.uid_from.iter().try_for_each(|id| write!(out, ", made from {}", siblings[usize::from(id.0)].name))?;
    dialect_names(&of.names, out)?;
    if !of.renamed_from.is_empty() {
        write!(out, ", was {}", of.renamed_from.join(", "))?;
    }
    writeln!(out)
}

fn kind(model: &Model, kind: &FieldKind, out: &mut Formatter<'_>) -> fmt::Result {
    let (name, is_list) = kind_words(model, kind);
    if is_list { write!(out, "[{name}]") } else { out.write_str(name) }
}

/// What a field holds in SDL's words, and whether it is a list.
pub(crate) fn kind_words<'a>(model: &'a Model, kind: &FieldKind) -> (&'a str, bool) {
    match kind {
        FieldKind::Scalar { scalar, list } => (scalar.name(), *list),
        FieldKind::Enum { of, list } => (&model.enumeration(*of).name, *list),
        FieldKind::Relation(relation) => (target_name(model, relation.target), relation.many),
        FieldKind::Component { of, repeatable } => (&model.component(*of).name, *repeatable),
        FieldKind::Zone { of } => (&model.zone(*of).name, true),
    }
}

/// The name of what a relation points at.
pub(crate) fn target_name(model: &Model, target: Target) -> &str {
    match target {
        Target::Type(id) => &model.content_type(id).name,
        Target::Group(id) => &model.group(id).name,
    }
}

fn side(model: &Model, relation: &Relation, out: &mut Formatter<'_>) -> fmt::Result {
    let word = match relation.side {
        Side::OneWay => ", one-way",
        Side::Owner { .. } => ", owner of",
        Side::Inverse { .. } => ", inverse of",
    };
    match (&relation.media, model.other_side(relation)) {
        (Some(media), _) => media_rule(media, out),
        (None, Some((target, field))) => write!(out, "{word} {}", model.content_type(target).field(field).name),
        (None, None) => out.write_str(word),
    }
}

fn media_rule(media: &MediaRule, out: &mut Formatter<'_>) -> fmt::Result {
    out.write_str(", media")?;
    media.allow.iter().try_for_each(|kind| {
        out.write_str(match kind {
            MediaKind::Image => " image",
            MediaKind::Video => " video",
            MediaKind::Audio => " audio",
            MediaKind::File => " file",
        })
    })
}

fn rules(rules: &Rules, out: &mut Formatter<'_>) -> fmt::Result {
    let shown = |bound: Option<u32>| bound.map(|bound| bound.to_string()).unwrap_or_default();
    for (word, (min, max)) in [("length", rules.length), ("items", rules.items)] {
        if min.is_some() || max.is_some() {
            write!(out, ", {word} {}..{}", shown(min), shown(max))?;
        }
    }
    let (min, max) = &rules.range;
    if min.is_some() || max.is_some() {
        write!(out, ", range {}..{}", min.as_deref().unwrap_or_default(), max.as_deref().unwrap_or_default())?;
    }
    rules.pattern.iter().try_for_each(|pattern| write!(out, ", pattern {pattern}"))
}

fn rule(model: &Model, of: &ContentType, rule: &Rule, out: &mut Formatter<'_>) -> fmt::Result {
    let actions: Vec<&str> = rule.actions.iter().map(|action| action.word()).collect();
    write!(out, "  allow {}: {}", rule.role, actions.join(" "))?;
    if let Some(fields) = &rule.fields {
        let names: Vec<&str> = fields.iter().map(|id| of.field(*id).name.as_str()).collect();
        write!(out, " of ({})", names.join(", "))?;
    }
    if let Some(written) = &rule.condition {
        out.write_str(" where ")?;
        condition(model, &of.fields, written, out)?;
    }
    writeln!(out)
}

fn condition(model: &Model, fields: &[Field], of: &Condition, out: &mut Formatter<'_>) -> fmt::Result {
    let joined = |items: &[Condition], word: &str, out: &mut Formatter<'_>| {
        out.write_str("(")?;
        for (at, item) in items.iter().enumerate() {
            out.write_str(if at == 0 { "" } else { word })?;
            condition(model, fields, item, out)?;
        }
        out.write_str(")")
    };
    match of {
        Condition::And(items) if items.is_empty() => out.write_str("anything"),
        Condition::Or(items) if items.is_empty() => out.write_str("nothing"),
        Condition::And(items) => joined(items, " and ", out),
        Condition::Or(items) => joined(items, " or ", out),
        Condition::Not(inner) => {
            out.write_str("not ")?;
            condition(model, fields, inner, out)
        }
        Condition::Compare { column, operator, value } => {
            write!(out, "{} {} ", column_name(fields, *column), operator.word())?;
            term(value, out)
        }
        Condition::Null { column, is_null } => {
            write!(out, "{} is {}", column_name(fields, *column), if *is_null { "null" } else { "not null" })
        }
        Condition::Some { field, condition: inner } => {
            let field = &fields[usize::from(field.0)];
            write!(out, "some {} (", field.name)?;
            condition(model, inner_fields(model, field), inner, out)?;
            out.write_str(")")
        }
    }
}

/// The fields that a condition below this one names.
fn inner_fields<'a>(model: &'a Model, field: &Field) -> &'a [Field] {
    match &field.kind {
        FieldKind::Relation(Relation { target: Target::Type(id), .. }) => &model.content_type(*id).fields,
        FieldKind::Component { of, .. } => &model.component(*of).fields,
        FieldKind::Relation(Relation { target: Target::Group(_), .. })
        | FieldKind::Scalar { .. }
        | FieldKind::Enum { .. }
        | FieldKind::Zone { .. } => &[],
    }
}

fn column_name(fields: &[Field], column: ColumnName) -> &str {
    match column {
        ColumnName::Field(id) => &fields[usize::from(id.0)].name,
        ColumnName::System(column) => column.word(),
    }
}

fn term(of: &Term, out: &mut Formatter<'_>) -> fmt::Result {
    match of {
        Term::Literal(value) => write!(out, "{value}"),
        Term::Caller(path) => write!(out, "$user.{}", path.join(".")),
        Term::Argument { path, optional } => write!(out, "${}{}", path.join("."), if *optional { "?" } else { "" }),
        Term::Now => out.write_str("$now"),
    }
}

impl Scalar {
    /// All.
    const ALL: [Scalar; 19] = [
        Scalar::String,
        Scalar::Text,
        Scalar::RichText,
        Scalar::Blocks,
        Scalar::Email,
        Scalar::Password,
        Scalar::Uid,
        Scalar::Id,
        Scalar::Int,
        Scalar::BigInt,
        Scalar::Float,
        Scalar::Decimal,
        Scalar::Boolean,
        Scalar::Date,
        Scalar::Time,
        Scalar::DateTime,
        Scalar::Interval,
        Scalar::Json,
        Scalar::Uuid,
    ];

    /// The scalar of this name in SDL.
    #[must_use]
    pub fn named(name: &str) -> Option<Scalar> {
        Scalar::ALL.into_iter().find(|scalar| scalar.name() == name)
    }

    /// The name in SDL.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Scalar::String => "String",
            Scalar::Text => "Text",
            Scalar::RichText => "RichText",
            Scalar::Blocks => "Blocks",
            Scalar::Email => "Email",
            Scalar::Password => "Password",
            Scalar::Uid => "UID",
            Scalar::Id => "ID",
            Scalar::Int => "Int",
            Scalar::BigInt => "BigInt",
            Scalar::Float => "Float",
            Scalar::Decimal => "Decimal",
            Scalar::Boolean => "Boolean",
            Scalar::Date => "Date",
            Scalar::Time => "Time",
            Scalar::DateTime => "DateTime",
            Scalar::Interval => "Interval",
            Scalar::Json => "JSON",
            Scalar::Uuid => "UUID",
        }
    }
}

impl Action {
    /// The word in SDL.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Action::Find => "FIND",
            Action::ReadDraft => "READ_DRAFT",
            Action::Create => "CREATE",
            Action::Update => "UPDATE",
            Action::Delete => "DELETE",
            Action::Publish => "PUBLISH",
            Action::Launch => "LAUNCH",
            Action::Cancel => "CANCEL",
            Action::Operate => "OPERATE",
        }
    }
}

impl SystemColumn {
    /// The name in strapi5's words, for messages.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            SystemColumn::Key => "id",
            SystemColumn::DocumentId => "documentId",
            SystemColumn::Locale => "locale",
            SystemColumn::Status => "status",
            SystemColumn::CreatedAt => "createdAt",
            SystemColumn::UpdatedAt => "updatedAt",
            SystemColumn::PublishedAt => "publishedAt",
            SystemColumn::CreatedBy => "createdBy",
            SystemColumn::UpdatedBy => "updatedBy",
            SystemColumn::Revision => "revision",
            SystemColumn::Entry => "entry",
        }
    }
}

impl Operator {
    /// A word for messages and pictures, strapi5's where it has one.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Operator::Eq => "eq",
            Operator::EqFold => "eqi",
            Operator::Ne => "ne",
            Operator::NeFold => "nei",
            Operator::Lt => "lt",
            Operator::Lte => "lte",
            Operator::Gt => "gt",
            Operator::Gte => "gte",
            Operator::In => "in",
            Operator::NotIn => "notIn",
            Operator::Contains => "contains",
            Operator::NotContains => "notContains",
            Operator::ContainsFold => "containsi",
            Operator::NotContainsFold => "notContainsi",
            Operator::StartsWith => "startsWith",
            Operator::EndsWith => "endsWith",
            Operator::Between => "between",
            Operator::Like => "like",
            Operator::NotLike => "notLike",
            Operator::LikeFold => "likei",
            Operator::NotLikeFold => "notLikei",
            Operator::Similar => "similar",
            Operator::NotSimilar => "notSimilar",
            Operator::Regex => "regex",
            Operator::NotRegex => "notRegex",
            Operator::RegexFold => "regexi",
            Operator::NotRegexFold => "notRegexi",
            Operator::JsonContains => "jsonContains",
            Operator::JsonContainedIn => "jsonContainedIn",
            Operator::JsonHasKey => "hasKey",
            Operator::JsonHasKeysAny => "hasKeysAny",
            Operator::JsonHasKeysAll => "hasKeysAll",
        }
    }
}
