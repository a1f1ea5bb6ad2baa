//! Which version of each document a node reads: asked at a root, handed down to what lies below.

use model::TypeId;
use plan::{Cause, HoleId, Locale, Problem, PublicationFilter, Status, Version, WriteVersion};

use super::view::View;
use super::{Level, Owner, Planner, Refusable, refuse};
use crate::binding::{EVERY_LOCALE, InputBinding, ValueBinding};
use crate::definition::{Input, VersionRule};

/// What a root asked for, or a field that says it for itself.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asked {
    pub(super) status: Status,
    pub(super) locale: Locale,
    pub(super) publication: Option<PublicationFilter>,
}

impl Planner<'_> {
    /// What the arguments of a field ask for; where they say nothing the rule's own status and the default locale.
    pub(super) fn asked(&self, arguments: &[(&Input, View<'_>)]) -> Refusable<Asked> {
        let status = match self.definitions.versions {
            VersionRule::HandedDown => Status::Published,
            VersionRule::OfEachField => Status::Either,
        };
        let mut asked = Asked { status, locale: Locale::Default, publication: None };
        for (input, view) in arguments.iter().filter(|(_, view)| !view.is_null()) {
            match &input.binding {
                InputBinding::Status => {
                    if let Some(ValueBinding::Status(status)) = self.word(input, view) {
                        asked.status = *status;
                    }
                }
                InputBinding::Publication => {
                    if let Some(ValueBinding::Publication(publication)) = self.word(input, view) {
                        asked.publication = Some(*publication);
                    }
                }
                InputBinding::HasPublished if asked.publication.is_none() => {
                    asked.publication = Some(match view.boolean() {
                        Some(true) => PublicationFilter::HasPublishedDocument,
                        Some(false) | None => PublicationFilter::NeverPublishedDocument,
                    });
                }
                InputBinding::Locale => asked.locale = locale(view)?,
                _ => {}
            }
        }
        Ok(asked)
    }

    /// What of it holds for the fields below.
    pub(super) fn handed_down(&self, asked: &Asked) -> Asked {
        match self.definitions.versions {
            VersionRule::HandedDown => asked.clone(),
            VersionRule::OfEachField => Asked { status: Status::Either, publication: None, ..asked.clone() },
        }
    }

    /// The version of rows below a row, as the field that shows them asks for it.
    pub(super) fn field_version(
        &self,
        of: TypeId,
        level: &Level,
        arguments: &[(&Input, View<'_>)],
    ) -> Refusable<Version> {
        match self.definitions.versions {
            VersionRule::HandedDown => Ok(self.version_below(of, level)),
            VersionRule::OfEachField => {
                let asked = self.asked(arguments)?;
                Ok(self.version_below(of, &Level { asked, ..level.clone() }))
            }
        }
    }

    /// What an enum's word means.
    pub(super) fn word(&self, input: &Input, view: &View<'_>) -> Option<&ValueBinding> {
        self.definitions.word(input.of.name(), view.text()?)
    }

    /// The version of a root's rows.
    pub(super) fn root_version(&self, of: TypeId, asked: &Asked) -> Version {
        let content_type = self.model.content_type(of);
        Version {
            status: if content_type.draft_and_publish { asked.status } else { Status::Only },
            locale: if content_type.localized { asked.locale.clone() } else { Locale::Only },
            publication: asked.publication.filter(|_| content_type.draft_and_publish),
        }
    }

    /// The version of rows below a row: its status, and its locale where it has one.
    pub(super) fn version_below(&self, of: TypeId, level: &Level) -> Version {
        let content_type = self.model.content_type(of);
        let (Owner::Row(above) | Owner::Element(above, _)) = level.owner;
        let locale = match (content_type.localized, self.model.content_type(above).localized) {
            (false, _) => Locale::Only,
            (true, true) => Locale::Inherited,
            (true, false) => Locale::Default,
        };
        Version {
            status: if content_type.draft_and_publish { level.asked.status } else { Status::Only },
            locale,
            publication: level.asked.publication.filter(|_| content_type.draft_and_publish),
        }
    }

    /// Which versions a write makes, and what is read after it. `published_at` is what the data say of it.
    pub(super) fn write_version(&self, of: TypeId, asked: &mut Asked, published_at: PublishedAt) -> WriteVersion {
        if !self.model.content_type(of).draft_and_publish {
            return WriteVersion::Only;
        }
        match (self.definitions.versions, published_at, asked.status) {
            (VersionRule::HandedDown, _, Status::Published | Status::Only | Status::Either) => {
                asked.status = Status::Published;
                WriteVersion::Published
            }
            (VersionRule::HandedDown, _, Status::Draft) => WriteVersion::Draft,
            (VersionRule::OfEachField, PublishedAt::Unsaid, _) => WriteVersion::AsPresent,
            (VersionRule::OfEachField, PublishedAt::Never, _) => WriteVersion::Unpublished,
            (VersionRule::OfEachField, PublishedAt::At(instant), _) => WriteVersion::PublishedAt(instant),
        }
    }
}

/// What the data of a write say about publishing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PublishedAt {
    /// Nothing.
    Unsaid,
    /// Null.
    Never,
    /// An instant.
    At(HoleId),
}

fn locale(view: &View<'_>) -> Refusable<Locale> {
    match view.text() {
        Some(EVERY_LOCALE) => Ok(Locale::All),
        Some(code) => Ok(Locale::Named(code.to_owned())),
        None => refuse(Cause::Invalid { problem: Problem::Locale(view.json().to_string()) }),
    }
}
