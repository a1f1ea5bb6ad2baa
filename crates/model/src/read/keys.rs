//! Unique keys, indexes, UIDs and shared sequences: what names several fields of a type.

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, Value};

use super::{Env, Faults, arguments, fields, relations};
use crate::{
    ColumnName, ContentType, Diagnostic, FieldId, FieldKind, Index, Key, Model, Place, Scalar, Side, SystemColumn,
    Target, TypeId, UniqueKey, naming,
};

/// Columns of one key or index at most.
pub const KEY_FIELDS_MAX: usize = 16;

pub(super) fn read(env: &Env, model: &mut Model, faults: &mut Faults) {
    for index in 0..model.types.len() {
        let type_id = TypeId(u16::try_from(index).expect("DEFINITIONS_MAX is below u16"));
        let unique = unique_keys(env, model, type_id, faults);
        let indexes = indexes(env, model, type_id, faults);
        let sources = uid_sources(env, model.content_type(type_id), faults);
        let of = &mut model.types[index];
        of.unique = unique;
        of.indexes = indexes;
        for (uid, source) in sources {
            of.fields[usize::from(uid.0)].uid_from = Some(source);
        }
    }
    check_single_unique(model, faults);
    check_sequences(model, faults);
    refuse_in_components(env, faults);
}

/// Whether rows can be told apart by a field of this kind.
pub(super) fn may_be_compared(kind: &FieldKind) -> Result<(), &'static str> {
    match kind {
        FieldKind::Scalar { list: true, .. } | FieldKind::Enum { list: true, .. } => Err("it is a list"),
        FieldKind::Scalar { scalar: Scalar::Password, .. } => Err("only its hash is kept, which is new each time"),
        FieldKind::Scalar { scalar: Scalar::RichText | Scalar::Blocks | Scalar::Json, .. } => {
            Err("its values are documents, too large for an index")
        }
        FieldKind::Relation(relation) if relation.many => Err("it is a list"),
        FieldKind::Relation(relation) if matches!(relation.target, Target::Group(_)) => {
            Err("it points at several types")
        }
        FieldKind::Relation(relation) if relation.media.is_some() => Err("it is a media field"),
        FieldKind::Component { .. } | FieldKind::Zone { .. } => Err("it holds components"),
        FieldKind::Scalar { .. } | FieldKind::Enum { .. } | FieldKind::Relation(_) => Ok(()),
    }
}

/// Whether this field of a type has a column of its own that can be compared, once relations are paired.
fn has_column(model: &Model, of: &ContentType, field: FieldId) -> Result<(), String> {
    let field = of.field(field);
    may_be_compared(&field.kind)?;
    let Some(relation) = field.relation() else {
        return Ok(());
    };
    let Target::Type(target) = relation.target else {
        return Ok(());
    };
    let target = model.content_type(target);
    if matches!(relation.side, Side::Inverse { .. }) {
        return Err(format!("it is kept on the other side, in `{}`", target.name));
    }
    if target.draft_and_publish && !of.draft_and_publish {
        return Err(format!(
            "`{}` has drafts and `{}` has none, so the relation is kept as links",
            target.name, of.name
        ));
    }
    Ok(())
}

fn unique_keys(env: &Env, model: &Model, type_id: TypeId, faults: &mut Faults) -> Vec<UniqueKey> {
    let of = model.content_type(type_id);
    let Some(object) = env.schema.get_object(&of.name) else {
        return Vec::new();
    };
    let mut keys: Vec<UniqueKey> = Vec::new();
    for directive in object.directives.get_all("unique") {
        let named = Named { env, model, of, directive };
        let nulls_equal = arguments::is_true(env, directive, "nullsEqual");
        let Some(words) = arguments::words(env, directive, "fields") else {
            faults.push(
                Diagnostic::new(format!("@unique on `{}` does not say which fields", of.name), named.place())
                    .help("write `@unique(fields: [\"a\", \"b\"])`"),
            );
            continue;
        };
        let listed: Option<Vec<FieldId>> =
            words.into_iter().map(|(word, node)| named.field(word, node, faults)).collect();
        let Some(fields) = listed else { continue };
        if let [single] = fields.as_slice() {
            let message = format!("@unique on `{}` names one field only", of.name);
            faults.push(
                Diagnostic::new(message, named.place())
                    .help(format!("write @unique on the field `{}`", of.field(*single).name)),
            );
        } else if named.check_count(&fields.iter().copied().map(ColumnName::Field).collect::<Vec<_>>(), faults) {
            keys.push(UniqueKey { fields, nulls_equal });
        }
    }
    keys
}

fn indexes(env: &Env, model: &Model, type_id: TypeId, faults: &mut Faults) -> Vec<Index> {
    let of = model.content_type(type_id);
    let Some(object) = env.schema.get_object(&of.name) else {
        return Vec::new();
    };
    let mut indexes: Vec<Index> = Vec::new();
    for directive in object.directives.get_all("index") {
        let named = Named { env, model, of, directive };
        let Some(words) = arguments::words(env, directive, "fields") else {
            faults.push(
                Diagnostic::new(format!("@index on `{}` does not say which fields", of.name), named.place())
                    .help("write `@index(fields: [\"a\", \"b:desc\"])`"),
            );
            continue;
        };
        let listed: Option<Vec<(ColumnName, bool)>> =
            words.into_iter().map(|(word, node)| named.ordered(word, node, faults)).collect();
        let Some(fields) = listed else { continue };
        let columns: Vec<ColumnName> = fields.iter().map(|(column, _)| *column).collect();
        if named.check_count(&columns, faults) {
            indexes.push(Index { fields });
        }
    }
    for (field_id, field) in of.fields_by_id() {
        let written = relations::definition(env, &of.name, &field.name);
        for directive in written.into_iter().flat_map(|definition| definition.directives.get_all("index")) {
            let named = Named { env, model, of, directive };
            if directive.specified_argument_by_name("fields").is_some() {
                faults.push(
                    Diagnostic::new(
                        format!("`{}.{}`: `fields` is for @index on a type", of.name, field.name),
                        named.place(),
                    )
                    .help("move the directive to the type"),
                );
            } else if named.check_column(field_id, &named.place(), faults) {
                indexes.push(Index { fields: vec![(ColumnName::Field(field_id), false)] });
            }
        }
    }
    indexes
}

/// A directive on a type that names fields of it.
struct Named<'a> {
    env: &'a Env<'a>,
    model: &'a Model,
    of: &'a ContentType,
    directive: &'a Node<Directive>,
}

impl Named<'_> {
    fn place(&self) -> Place {
        self.env.texts.place(self.directive.location())
    }

    fn field(&self, word: &str, node: &Node<Value>, faults: &mut Faults) -> Option<FieldId> {
        let place = self.env.texts.place(node.location());
        let found = find(self.env, self.of, word, &place, faults)?;
        self.check_column(found, &place, faults).then_some(found)
    }

    /// `name` or `name:desc`.
    fn ordered(&self, word: &str, node: &Node<Value>, faults: &mut Faults) -> Option<(ColumnName, bool)> {
        let (name, order) = word.split_once(':').unwrap_or((word, "asc"));
        if !matches!(order, "asc" | "desc") {
            let fault = Diagnostic::new(format!("`{order}` is no order"), self.env.texts.place(node.location()));
            faults.push(fault.help(format!("write \"{name}\" or \"{name}:desc\"")));
            return None;
        }
        let system = time_column(name).filter(|_| self.of.field_named(name).is_none()).map(ColumnName::System);
        let column = system.or_else(|| self.field(name, node, faults).map(ColumnName::Field));
        column.map(|column| (column, order == "desc"))
    }

    fn check_column(&self, field: FieldId, place: &Place, faults: &mut Faults) -> bool {
        let checked = has_column(self.model, self.of, field);
        if let Err(why) = &checked {
            let message =
                format!("`{}.{}` cannot be in a key or index: {why}", self.of.name, self.of.field(field).name);
            faults.push(Diagnostic::new(message, place.clone()).help("take it out"));
        }
        checked.is_ok()
    }

    fn check_count(&self, fields: &[ColumnName], faults: &mut Faults) -> bool {
        let twice = fields.iter().enumerate().find(|(at, field)| fields[..*at].contains(field));
        if let Some((_, field)) = twice {
            let message =
                format!("@{} on `{}` names `{}` twice", self.directive.name, self.of.name, self.of.column_word(*field));
            faults.push(Diagnostic::new(message, self.place()).help("name it once"));
        } else if fields.is_empty() || fields.len() > KEY_FIELDS_MAX {
            let message = format!(
                "@{} on `{}` names {} fields, not 1 to {KEY_FIELDS_MAX}",
                self.directive.name,
                self.of.name,
                fields.len()
            );
            faults.push(Diagnostic::new(message, self.place()));
        } else {
            return true;
        }
        false
    }
}

/// The times that every document has, by their names in conditions.
fn time_column(word: &str) -> Option<SystemColumn> {
    let times = [SystemColumn::CreatedAt, SystemColumn::UpdatedAt, SystemColumn::PublishedAt];
    times.into_iter().find(|column| column.word() == word)
}

/// The field of this name, or a fault that says why there is none. A field that is faulty itself was told already.
pub(super) fn find(env: &Env, of: &ContentType, word: &str, place: &Place, faults: &mut Faults) -> Option<FieldId> {
    if let Some(found) = of.field_named(word) {
        return Some(found);
    }
    let written = relations::definition(env, &of.name, word);
    let owner = fields::Owner::Type { name: &of.name, localized: of.localized };
    let fault = |message: String| Diagnostic::new(message, place.clone());
    match written {
        Some(definition) if fields::is_stored(&owner, definition) => {}
        Some(_) => faults.push(fault(format!("`{}.{word}` has no column of its own", of.name)).help("take it out")),
        None => {
            let known = of.fields.iter().map(|field| field.name.as_str());
            let help = naming::nearest(word, known).map(|near| format!("did you mean `{near}`?"));
            faults.push(Diagnostic { help, ..fault(format!("`{}` has no field `{word}`", of.name)) });
        }
    }
    None
}

fn uid_sources(env: &Env, of: &ContentType, faults: &mut Faults) -> Vec<(FieldId, FieldId)> {
    let mut sources = Vec::new();
    for (field_id, field) in of.fields_by_id() {
        let directive =
            relations::definition(env, &of.name, &field.name).and_then(|definition| definition.directives.get("uid"));
        let Some((directive, from)) =
            directive.and_then(|directive| Some((directive, arguments::text(env, directive, "from")?)))
        else {
            continue;
        };
        let place = arguments::place(env, directive, "from");
        let Some(source) = find(env, of, from, &place, faults) else {
            continue;
        };
        let is_text = matches!(
            of.field(source).kind,
            FieldKind::Scalar { scalar: Scalar::String | Scalar::Text | Scalar::Email | Scalar::Id, list: false }
        );
        if source == field_id || !is_text || of.field(source).is_hidden() {
            let message = format!("`{}.{}` cannot be made from `{from}`", of.name, field.name);
            faults.push(
                Diagnostic::new(message, place)
                    .related(of.field(source).place.clone(), "this field")
                    .help("name a field of type String or Text that is not private"),
            );
        } else {
            sources.push((field_id, source));
        }
    }
    sources
}

/// `@unique` on a to-one relation needs a column, which is known only now.
fn check_single_unique(model: &Model, faults: &mut Faults) {
    for of in &model.types {
        for (field_id, field) in of.fields_by_id().filter(|(_, field)| field.unique.is_some()) {
            if let Err(why) = has_column(model, of, field_id) {
                let message = format!("`{}.{}` cannot be unique: {why}", of.name, field.name);
                faults.push(Diagnostic::new(message, field.place.clone()).help("remove @unique"));
            }
        }
    }
}

/// Types that share a sequence draw numbers from it.
fn check_sequences(model: &Model, faults: &mut Faults) {
    for of in model.types.iter().filter(|of| of.keys.is_some() && of.key != Key::BigInt) {
        let message = format!("`{}` shares a sequence of keys, but its keys are no numbers", of.name);
        faults.push(Diagnostic::new(message, of.place.clone()).help("leave `keys` or `key` out of @model"));
    }
}

/// Components have no table of their own to index.
fn refuse_in_components(env: &Env, faults: &mut Faults) {
    for object in env.catalog.components.iter().filter_map(|name| env.schema.get_object(name)) {
        for directive in object.directives.iter().filter(|of| of.name == "unique" || of.name == "index") {
            let message =
                format!("@{} on the component `{}`: a component has no rows of its own", directive.name, object.name);
            faults.push(
                Diagnostic::new(message, env.texts.place(directive.location()))
                    .help("remove it, or make it a content type"),
            );
        }
        for directive in object.fields.values().flat_map(|field| field.directives.get_all("index")) {
            let message = format!("@index inside the component `{}` is not served by this version", object.name);
            faults.push(
                Diagnostic::new(message, env.texts.place(directive.location()))
                    .help("remove it, or hold the value on the content type"),
            );
        }
    }
}
