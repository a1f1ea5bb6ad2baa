//! Writes of a plan as text.

use super::{Of, Printer};
use crate::{
    Answer, AnswerEntry, AnswerValue, Command, Data, Find, Given, LinkKind, Links, Locale, Write, WriteAction,
    WriteVersion,
};

impl Printer<'_> {
    pub(super) fn write(&mut self, key: &str, write: &Write) {
        let name = self.model.content_type(write.of).name.clone();
        let rule = self.filter_text(Of::Type(write.of), &write.rules.row);
        match &write.action {
            WriteAction::Create { data, version, locale } => {
                self.line(&format!("{key} = create {name}{}{}{rule}", version_text(*version), locale_text(locale)));
                self.inside(|printer| printer.data(Of::Type(write.of), data));
            }
            WriteAction::Update { find, data, version, locale, or_create } => {
                let action = if *or_create { "update or create" } else { "update" };
                let find = self.find(write.of, find);
                let versions = [version_text(*version), &locale_text(locale)].concat();
                self.line(&format!("{key} = {action} {name}{find}{versions}{rule}"));
                self.inside(|printer| printer.data(Of::Type(write.of), data));
            }
            WriteAction::Delete { find, locale, must_exist } => {
                let must_exist = if *must_exist { " that exists" } else { "" };
                let find = self.find(write.of, find);
                self.line(&format!("{key} = delete {name}{find}{must_exist}{}{rule}", locale_text(locale)));
            }
        }
        self.inside(|printer| printer.answered(&write.answer));
    }

    pub(super) fn command(&mut self, key: &str, command: &Command) {
        let name = self.model.content_type(command.of).name.clone();
        self.line(&format!("{key} = {:?} {name}", command.effect));
        self.inside(|printer| {
            for (name, hole) in &command.given {
                printer.line(&format!("{name} := {}", printer.hole(*hole)));
            }
            printer.answered(&command.answer);
        });
    }

    fn answered(&mut self, answer: &Answer) {
        match answer {
            Answer::Row(select) => self.select("answer", select),
            Answer::Wrap(entries) => {
                self.line("answer");
                self.inside(|printer| printer.answer(entries));
            }
        }
    }

    fn find(&self, of: model::TypeId, find: &Find) -> String {
        match find {
            Find::DocumentId(hole) => format!(" with document id {}", self.hole(*hole)),
            Find::Key(hole) => format!(" with key {}", self.hole(*hole)),
            Find::Entry(hole) => format!(" with entry {}", self.hole(*hole)),
            Find::BesideEntry(hole) => format!(" in a new locale beside entry {}", self.hole(*hole)),
            Find::Unique(fields) => {
                let names = |field: &model::FieldId| self.model.content_type(of).field(*field).name.clone();
                let value =
                    |hole: &Option<crate::HoleId>| hole.map_or_else(|| "null".to_owned(), |hole| self.hole(hole));
                let parts = fields.iter().map(|(field, hole)| format!("{} = {}", names(field), value(hole)));
                format!(" with {}", parts.collect::<Vec<_>>().join(" and "))
            }
            Find::Single => String::new(),
        }
    }

    fn data(&mut self, of: Of, data: &Data) {
        for assignment in &data.assignments {
            let field = self.field(of, assignment.field);
            match &assignment.given {
                Given::Null => self.line(&format!("{field} := null")),
                Given::Value(hole) => self.line(&format!("{field} := {}", self.hole(*hole))),
                Given::Engine(hole) => self.line(&format!("{field} := engine {}", self.hole(*hole))),
                Given::Increment(hole) => self.line(&format!("{field} += {}", self.hole(*hole))),
                Given::Append(hole) => self.line(&format!("{field} ++= {}", self.hole(*hole))),
                Given::Links(links) => self.line(&format!("{field} := {}", self.links(links))),
                Given::AddedLinks(links) => self.line(&format!("{field} ++= {}", self.links(links))),
                Given::TypedLinks(links) => {
                    for (target, links) in links {
                        let name = self.model.content_type(*target).name.clone();
                        self.line(&format!("{field} := {name} {}", self.links(links)));
                    }
                }
                Given::Elements(elements) => {
                    self.line(&format!("{field} := elements"));
                    self.inside(|printer| {
                        for element in elements {
                            let name = printer.model.component(element.component).name.clone();
                            let id =
                                element.id.map(|hole| format!(" with id {}", printer.hole(hole))).unwrap_or_default();
                            printer.line(&[name, id].concat());
                            printer.inside(|printer| printer.data(Of::Component(element.component), &element.data));
                        }
                    });
                }
            }
        }
    }

    fn links(&self, links: &Links) -> String {
        let kind = match links.kind {
            LinkKind::DocumentId => "document ids",
            LinkKind::Key => "keys",
            LinkKind::Entry => "entry numbers",
            LinkKind::Either => "ids",
        };
        format!("links {kind} {}", self.hole(links.ids))
    }

    fn answer(&mut self, entries: &[AnswerEntry]) {
        for entry in entries {
            let key = &entry.key;
            match &entry.value {
                AnswerValue::Constant(json) => self.line(&format!("{key} = {json}")),
                AnswerValue::Echo(hole) => self.line(&format!("{key} = given {}", self.hole(*hole))),
                AnswerValue::DocumentId => self.line(&format!("{key} = document id")),
                AnswerValue::Affected => self.line(&format!("{key} = documents written")),
                AnswerValue::Made(name) | AnswerValue::MadeList(name, _) => self.line(&format!("{key} = made {name}")),
                AnswerValue::Wrap(inner) => {
                    self.line(key);
                    self.inside(|printer| printer.answer(inner));
                }
                AnswerValue::Row(select) => self.select(key, select),
            }
        }
    }
}

fn version_text(version: WriteVersion) -> &'static str {
    match version {
        WriteVersion::Only => "",
        WriteVersion::Draft => " draft",
        WriteVersion::Published => " draft and published",
        WriteVersion::PublishedAt(_) => " draft and published, at an instant",
        WriteVersion::AsPresent => " draft, and published where it is",
        WriteVersion::Unpublished => " draft alone",
    }
}

fn locale_text(locale: &Locale) -> String {
    match locale {
        Locale::Only => String::new(),
        Locale::Default => " in default locale".to_owned(),
        Locale::Named(code) => [" in ", code].concat(),
        Locale::All => " in every locale".to_owned(),
        Locale::Inherited => " in its locale".to_owned(),
    }
}
