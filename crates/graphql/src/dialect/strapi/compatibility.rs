//! What Strapi 5 has of Strapi 4 in its `v4CompatibilityMode`: `data`, `attributes`, `id` and `meta`, each deprecated, beside its own fields.
//!
//! Source: dialect manual section 4.4.

use model::SystemColumn;
use plan::{Column, Form};

use super::{Draft, Members, field};
use crate::binding::FieldBinding;
use crate::definition::{Field, TypeRef};

const USE_FIELDS: &str = "Use root level fields instead";

/// On a content type: itself, twice, and its number.
pub(super) fn row(draft: &mut Draft<'_>, name: &str, fields: &mut Members<Field>) {
    if !draft.is_compatible {
        return;
    }
    let number = FieldBinding::Column(Column::System(SystemColumn::Key), Form::Text);
    let id = field(TypeRef::named("ID").non_null(), number);
    old(draft, name, fields, ("id", id, "Use `documentId` instead"));
    itself(draft, name, fields);
}

/// On a component: itself, twice.
pub(super) fn element(draft: &mut Draft<'_>, name: &str, fields: &mut Members<Field>) {
    if draft.is_compatible {
        itself(draft, name, fields);
    }
}

/// On what stands around rows: the rows again, and at a root the numbers of pages.
pub(super) fn collection(draft: &mut Draft<'_>, (row, name): (&str, &str), fields: &mut Members<Field>) {
    if !draft.is_compatible {
        return;
    }
    let data = field(TypeRef::named(row).non_null().list().non_null(), FieldBinding::Nodes);
    old(draft, name, fields, ("data", data, "Use `nodes` field instead"));
    if name.ends_with("EntityResponseCollection") {
        let meta = field(TypeRef::named("ResponseCollectionMeta").non_null(), FieldBinding::Wrap);
        old(draft, name, fields, ("meta", meta, "Use the `pageInfo` field instead"));
    }
}

fn itself(draft: &mut Draft<'_>, name: &str, fields: &mut Members<Field>) {
    for word in ["attributes", "data"] {
        let shown = field(TypeRef::named(name).non_null(), FieldBinding::Wrap);
        old(draft, name, fields, (word, shown, USE_FIELDS));
    }
}

fn old(draft: &mut Draft<'_>, owner: &str, fields: &mut Members<Field>, (word, shown, reason): (&str, Field, &str)) {
    draft.deprecated.insert([owner, ".", word].concat(), reason.to_owned());
    fields.add(word, shown);
}
