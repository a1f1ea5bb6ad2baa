//! The data of an entry as content of the model: every member read as its field, all faults at once.

use model::{ComponentId, Field, FieldId, FieldKind, Model, Relation, Scalar, Target, TypeId};
use plan::{BrokenRule, Content, ElementContent, FieldFault, Held, Link, LinkId, Segment, Value, value_of_json};
use serde_json::{Map, Value as Json};

/// Reads the members of a document or an element.
pub(super) struct Reader<'a> {
    pub(super) model: &'a Model,
    /// Members met so far, for messages.
    path: Vec<String>,
    /// What is wrong.
    pub(super) faults: Vec<String>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(model: &'a Model) -> Reader<'a> {
        Reader { model, path: Vec::new(), faults: Vec::new() }
    }

    /// What `data` says of these fields.
    pub(super) fn content(&mut self, fields: &[Field], data: &Map<String, Json>) -> Content {
        let mut content = Content::default();
        for (name, json) in data {
            self.path.push(name.clone());
            match (0u16..).map(FieldId).zip(fields).find(|(_, field)| field.name == *name) {
                None => self.fault("there is no such field"),
                Some((id, field)) => {
                    if let Some(held) = self.held(field, json) {
                        content.put(id, held);
                    }
                }
            }
            self.path.pop();
        }
        content
    }

    fn held(&mut self, field: &Field, json: &Json) -> Option<Held> {
        if let FieldKind::Relation(relation) = &field.kind {
            return Some(Held::Links(self.links(relation, json)));
        }
        if json.is_null() {
            return Some(Held::Null);
        }
        match &field.kind {
            FieldKind::Component { of, repeatable: false } => {
                Some(Held::Elements(self.element(&[*of], json).into_iter().collect()))
            }
            FieldKind::Component { of, repeatable: true } => Some(Held::Elements(self.elements(&[*of], json))),
            FieldKind::Zone { of } => Some(Held::Elements(self.elements(&self.model.zone(*of).members, json))),
            FieldKind::Scalar { .. } | FieldKind::Enum { .. } | FieldKind::Relation(_) => self.value(field, json),
        }
    }

    fn value(&mut self, field: &Field, json: &Json) -> Option<Held> {
        let read = || value_of_json(self.model, &field.kind, json).or_else(|| self.stored_words(&field.kind, json));
        let value = if holds_nul(json) || !is_of_kind(&field.kind, json) { None } else { read() };
        if value.is_none() {
            self.fault(&["the value ", &shown(json), " does not fit the field"].concat());
        }
        value.map(Held::Value)
    }

    /// An enum's value may be given by its stored text, too: rows taken from another database hold nothing else.
    fn stored_words(&self, kind: &FieldKind, json: &Json) -> Option<Value> {
        let FieldKind::Enum { of, list } = kind else { return None };
        let values = &self.model.enumeration(*of).values;
        let stored = |json: &Json| {
            let text = json.as_str()?;
            values
                .iter()
                .find(|value| value.raw == text || value.name == text)
                .map(|value| Value::Text(value.raw.clone()))
        };
        match json {
            Json::Array(items) if *list => items.iter().map(stored).collect::<Option<_>>().map(Value::List),
            single if !*list => stored(single),
            _ => None,
        }
    }

    fn links(&mut self, relation: &Relation, json: &Json) -> Vec<Link> {
        let list = match json {
            Json::Null => Vec::new(),
            Json::Array(list) => list.iter().collect(),
            single => vec![single],
        };
        if list.len() > 1 && !relation.many {
            self.fault("a relation to one document has one document id");
        }
        list.into_iter().filter_map(|json| self.link(relation.target, json)).collect()
    }

    /// `"<document id>"`; for an interface or union `{ "type": "Human", "documentId": "<document id>" }`.
    fn link(&mut self, target: Target, json: &Json) -> Option<Link> {
        let (of, document_id) = match (target, json) {
            (Target::Type(of), Json::String(text)) => (of, text.clone()),
            (Target::Group(group), Json::Object(members)) => {
                let text = |name: &str| members.get(name).and_then(Json::as_str).map(str::to_owned);
                let of =
                    self.model.type_named(&text("type")?).filter(|of| self.model.group(group).members.contains(of));
                if of.is_none() {
                    self.fault("the type of the linked document is none that the relation may point at");
                }
                (of?, text("documentId")?)
            }
            (Target::Type(_), _) => {
                self.fault("a linked document is named by its document id, a text");
                return None;
            }
            (Target::Group(_), _) => {
                self.fault("a linked document is named by { \"type\": .., \"documentId\": .. }");
                return None;
            }
        };
        Some(Link { of, slot: 0, id: LinkId::Document(document_id) })
    }

    fn elements(&mut self, allowed: &[ComponentId], json: &Json) -> Vec<ElementContent> {
        let Json::Array(list) = json else {
            self.fault("a list of components is expected");
            return Vec::new();
        };
        let mut elements = Vec::with_capacity(list.len());
        for (index, json) in list.iter().enumerate() {
            self.path.push(index.to_string());
            elements.extend(self.element(allowed, json));
            self.path.pop();
        }
        elements
    }

    fn element(&mut self, allowed: &[ComponentId], json: &Json) -> Option<ElementContent> {
        let Json::Object(members) = json else {
            self.fault("a component is an object");
            return None;
        };
        let mut members = members.clone();
        let Some(component) = element_component(self.model, allowed, &members) else {
            self.fault("neither `__component` nor `__typename` names a component that may stand here");
            return None;
        };
        members.retain(|name, _| name != COMPONENT && name != TYPE_NAME);
        let id = members.remove("id").filter(|id| !id.is_null());
        if id.as_ref().is_some_and(|id| id.as_i64().is_none_or(|id| id < 1)) {
            self.fault("the id of a component is a number above 0");
        }
        let content = self.content(&self.model.component(component).fields, &members);
        Some(ElementContent { component, id: id.and_then(|id| id.as_i64()), content })
    }

    fn fault(&mut self, problem: &str) {
        self.faults.push([&self.path.join("."), ": ", problem].concat());
    }
}

/// The member of an element that names its component by category and name.
const COMPONENT: &str = "__component";
/// The member of an element that names its component by its type.
const TYPE_NAME: &str = "__typename";

/// The component of an element among those that may stand in its place. Where only one may, it need not be named.
pub(super) fn element_component(
    model: &Model,
    allowed: &[ComponentId],
    members: &Map<String, Json>,
) -> Option<ComponentId> {
    let is_named = |of: &ComponentId| {
        let component = model.component(*of);
        let fits = |member: &str, name: &str| members.get(member).is_none_or(|word| word.as_str() == Some(name));
        fits(COMPONENT, &component.uid()) && fits(TYPE_NAME, &component.name)
    };
    let needs_no_name = allowed.len() == 1;
    let has_name = members.contains_key(COMPONENT) || members.contains_key(TYPE_NAME);
    if has_name || needs_no_name { allowed.iter().copied().find(is_named) } else { None }
}

/// The links of content with where they stand, in its elements, too.
pub(super) fn links_inside(content: &Content) -> Vec<&Link> {
    let mut links = Vec::new();
    for (_, held) in &content.fields {
        match held {
            Held::Links(own) | Held::AddedLinks(own) => links.extend(own),
            Held::Elements(elements) => {
                links.extend(elements.iter().flat_map(|element| links_inside(&element.content)));
            }
            Held::Null | Held::Value(_) | Held::Increment(_) | Held::Append(_) | Held::Hash(_) | Held::Kept => {}
        }
    }
    links
}

/// The public id that a link of a seed names.
pub(super) fn link_target(link: &Link) -> (TypeId, &str) {
    match &link.id {
        LinkId::Document(id) | LinkId::Key(id) => (link.of, id),
    }
}

/// A broken rule in words, after the path of its field.
pub(super) fn fault_words(fault: &FieldFault) -> String {
    let path: Vec<String> = fault
        .path
        .iter()
        .map(|segment| match segment {
            Segment::Key(key) => key.clone(),
            Segment::Index(index) => index.to_string(),
        })
        .collect();
    [path.join(".").as_str(), ": ", &rule_words(&fault.rule)].concat()
}

fn rule_words(rule: &BrokenRule) -> String {
    let counted = |before: &str, count: u32, behind: &str| [before, &count.to_string(), behind].concat();
    match rule {
        BrokenRule::Missing | BrokenRule::Null => "it is required".to_owned(),
        BrokenRule::TooShort(least) => counted("it has fewer than ", *least, " characters"),
        BrokenRule::TooLong(most) => counted("it has more than ", *most, " characters"),
        BrokenRule::TooSmall(least) => ["it is below ", least].concat(),
        BrokenRule::TooGreat(most) => ["it is above ", most].concat(),
        BrokenRule::Email => "it is no e-mail address".to_owned(),
        BrokenRule::Pattern(pattern) => ["it does not match ", pattern].concat(),
        BrokenRule::Uid => "it has other characters than letters, digits and -_.~".to_owned(),
        BrokenRule::NotUnique => "another document has it".to_owned(),
        BrokenRule::NotInteger => "it is no integer of 32 bits".to_owned(),
        BrokenRule::TooFewItems(least) => counted("it has fewer than ", *least, " items"),
        BrokenRule::TooManyItems(most) => counted("it has more than ", *most, " items"),
        BrokenRule::ListNull => "it is a list, empty or not, never null".to_owned(),
        BrokenRule::Kind(kind) => ["it is no ", kind].concat(),
        BrokenRule::Blocks(problem) => problem.clone(),
        BrokenRule::Word(word) => ["the enum has no value ", word].concat(),
        BrokenRule::Password => "it cannot be kept as a password".to_owned(),
    }
}

/// Text is written as text, a number as one, as in the project's API: digits without quotes are no text, though a database would take them.
fn is_of_kind(kind: &FieldKind, json: &Json) -> bool {
    let FieldKind::Scalar { scalar, list } = kind else { return true };
    let is_one = |json: &Json| match scalar {
        Scalar::String | Scalar::Text | Scalar::RichText | Scalar::Email | Scalar::Password | Scalar::Uid => {
            json.is_string()
        }
        Scalar::Int | Scalar::Float => json.is_number(),
        Scalar::Boolean => json.is_boolean(),
        Scalar::Id
        | Scalar::BigInt
        | Scalar::Decimal
        | Scalar::Blocks
        | Scalar::Date
        | Scalar::Time
        | Scalar::DateTime
        | Scalar::Interval
        | Scalar::Json
        | Scalar::Uuid => true,
    };
    match json {
        Json::Array(items) if *list => items.iter().all(is_one),
        single => is_one(single),
    }
}

/// PostgreSQL keeps no text with NUL.
fn holds_nul(json: &Json) -> bool {
    match json {
        Json::String(text) => text.contains('\0'),
        Json::Array(list) => list.iter().any(holds_nul),
        Json::Object(members) => members.iter().any(|(name, value)| name.contains('\0') || holds_nul(value)),
        Json::Null | Json::Bool(_) | Json::Number(_) => false,
    }
}

/// A value as messages show it, cut.
fn shown(json: &Json) -> String {
    const CHARACTERS_MAX: usize = 60;
    json.to_string().chars().take(CHARACTERS_MAX).collect()
}
