//! Names of types and root fields.
//!
//! Source: dialect manual section 2.

use std::collections::BTreeMap;

use model::naming::pascal;
use model::{Component, ComponentId, ContentType, DialectNames, Enum, Field, Model, TypeId};

use super::Edition;

/// The names of every content type and component.
pub(super) struct Names {
    edition: Edition,
    types: BTreeMap<TypeId, (String, String)>,
    components: BTreeMap<ComponentId, String>,
}

impl Names {
    pub(super) fn of(edition: Edition, model: &Model) -> Names {
        Names {
            edition,
            types: model.content_types().map(|(id, of)| (id, (one(edition, of), many(of)))).collect(),
            components: (0u16..).map(ComponentId).zip(model.components.iter().map(component)).collect(),
        }
    }

    /// `BlogPost`.
    pub(super) fn one(&self, of: TypeId) -> &str {
        self.types.get(&of).map_or("", |(one, _)| one)
    }

    /// `BlogPosts`.
    pub(super) fn many(&self, of: TypeId) -> &str {
        self.types.get(&of).map_or("", |(_, many)| many)
    }

    /// `ComponentBlogSeoMeta`.
    pub(super) fn component(&self, of: ComponentId) -> &str {
        self.components.get(&of).map_or("", String::as_str)
    }
}

/// System types stand under the names that they have as types of Strapi's plugins.
fn system(of: &ContentType) -> Option<(&'static str, &'static str)> {
    match (of.is_system, of.name.as_str()) {
        (true, "User") => Some(("UsersPermissionsUser", "UsersPermissionsUsers")),
        (true, "Role") => Some(("UsersPermissionsRole", "UsersPermissionsRoles")),
        (true, "Media") => Some(("UploadFile", "UploadFiles")),
        (true, "I18nLocale") => Some(("I18NLocale", "I18NLocales")),
        _ => None,
    }
}

fn one(edition: Edition, of: &ContentType) -> String {
    system(of).map_or_else(|| pascal(given(edition, &of.names).unwrap_or(&of.name)), |(one, _)| one.to_owned())
}

fn many(of: &ContentType) -> String {
    system(of).map_or_else(|| pascal(&of.plural), |(_, many)| many.to_owned())
}

fn component(of: &Component) -> String {
    ["Component", &pascal(&of.category), &pascal(&of.short_name)].concat()
}

/// Whether the place `Type.field` is one that a draft may lack: a value of a type with drafts, or of a component where there are such types.
pub(super) fn is_of_draft(edition: Edition, model: &Model, place: &str) -> bool {
    let Some((shown, member)) = place.split_once('.') else { return false };
    let is_value = |fields: &[Field]| {
        let name = |field: &Field| given(edition, &field.names).unwrap_or(&field.name) == member;
        fields.iter().any(|field| name(field) && field.relation().is_none())
    };
    let mut with_drafts = model.types.iter().filter(|of| of.draft_and_publish);
    let in_component = || model.components.iter().any(|of| component(of) == shown && is_value(&of.fields));
    with_drafts.clone().any(|of| one(edition, of) == shown && is_value(&of.fields))
        || (with_drafts.next().is_some() && in_component())
}

/// The word by which Strapi's messages name a content type: `api::blog-post.blog-post`.
pub(super) fn uid(of: &ContentType) -> String {
    match (of.is_system, of.name.as_str()) {
        (true, "Media") => "plugin::upload.file".to_owned(),
        (true, "I18nLocale") => "plugin::i18n.locale".to_owned(),
        (true, "ApiToken") => "admin::api-token".to_owned(),
        (true, name) => ["plugin::users-permissions.", &name.to_lowercase()].concat(),
        (false, name) => {
            let name = model::naming::kebab(of.names.strapi.as_deref().unwrap_or(name));
            ["api::", &name, ".", &name].concat()
        }
    }
}

/// The name that a declaration gives.
fn given(edition: Edition, names: &DialectNames) -> Option<&str> {
    match edition {
        Edition::Four => names.strapi4.as_deref().or(names.strapi.as_deref()),
        Edition::Five => names.strapi.as_deref(),
    }
}

impl Names {
    /// The name of a field or member.
    pub(super) fn member<'f>(&self, field: &'f Field) -> &'f str {
        given(self.edition, &field.names).unwrap_or(&field.name)
    }

    /// `ENUM_BLOGPOST_STATE`, unless the enum says otherwise.
    pub(super) fn enumeration(&self, owner: &str, field: &Field, of: &Enum) -> String {
        self.enumeration_given(of)
            .unwrap_or_else(|| ["ENUM_", &owner.to_uppercase(), "_", &self.member(field).to_uppercase()].concat())
    }

    /// The name that an enum has of its own.
    pub(super) fn enumeration_given(&self, of: &Enum) -> Option<String> {
        given(self.edition, &of.names).map(str::to_owned)
    }

    /// `ArticleZoneDynamicZone`.
    pub(super) fn zone(&self, owner: &str, field: &Field) -> String {
        [owner, &pascal(self.member(field)), "DynamicZone"].concat()
    }

    /// `ArticleSubjectMorph`.
    pub(super) fn union(&self, owner: &str, field: &Field) -> String {
        [owner, &pascal(self.member(field)), "Morph"].concat()
    }
}

pub(super) fn lower_first(name: &str) -> String {
    model::naming::lower_first(name)
}
