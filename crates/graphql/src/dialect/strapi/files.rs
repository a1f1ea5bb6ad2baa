//! Texts about uploaded files, and their removal. Uploads go by the REST interface, in Strapi 4 by GraphQL, too.
//!
//! Source: dialect manual section 7.8.

use model::{SystemColumn, TypeId};
use plan::{Column, Effect, ValueKind};

use super::{Draft, Edition, Members, field, input, inputs};
use crate::binding::{FieldBinding, InputBinding, ScalarRule};
use crate::definition::{Field, Input, Kind, TypeRef};

/// The fields about a file that people write.
const TEXTS: [&str; 3] = ["name", "alternativeText", "caption"];
/// What is said about a file.
const INFO: &str = "FileInfoInput";
/// The scalar that stands for a file of the request.
const UPLOAD: &str = "Upload";

/// Adds the mutations of the type of files. Strapi 4 has names of its own for the same, and answers with entities.
pub(super) fn mutations(draft: &mut Draft<'_>, mutations: &mut Members<Field>, of: TypeId) {
    let content_type = draft.model.content_type(of);
    let mut members = draft.members(INFO);
    for text in TEXTS {
        if let Some(field) = content_type.field_named(text) {
            members.add(text, input(TypeRef::named("String"), InputBinding::SetUnlessNull(field)));
        }
    }
    let name = draft.names.one(of).to_owned();
    draft.input(INFO, "uploaded files", members);
    let info = || ("info".to_owned(), input(TypeRef::named(INFO), InputBinding::Data));
    let (shown, update, deletes) = match draft.edition {
        Edition::Five => (TypeRef::named(name.as_str()), "updateUploadFile", &["deleteUploadFile"][..]),
        Edition::Four => (
            TypeRef::named([&name, "EntityResponse"].concat()),
            "updateFileInfo",
            &["removeFile", "deleteUploadFile"][..],
        ),
    };
    let binding = FieldBinding::Update { of, or_create: false };
    let arguments = [id(), info()].into_iter().collect();
    mutations.add(update, Field { arguments, ..field(shown.clone().non_null(), binding) });
    if draft.edition == Edition::Four {
        uploads(draft, mutations, (of, &shown));
        inputs::add_of(draft, of);
        let data = input(TypeRef::named([&name, "Input"].concat()).non_null(), InputBinding::Data);
        let arguments = [id(), ("data".to_owned(), data)].into_iter().collect();
        let binding = FieldBinding::Update { of, or_create: false };
        mutations.add("updateUploadFile", Field { arguments, ..field(shown.clone(), binding) });
    }
    for delete in deletes {
        let binding = FieldBinding::Delete { of, must_exist: false };
        mutations.add(delete, Field { arguments: [id()].into_iter().collect(), ..field(shown.clone(), binding) });
    }
}

/// Uploads by the multipart form of GraphQL requests: the values of `Upload` name its files.
fn uploads(draft: &mut Draft<'_>, mutations: &mut Members<Field>, (of, shown): (TypeId, &TypeRef)) {
    let rule = ScalarRule::Loose(ValueKind::Text);
    let about = Some("A file of the multipart form that the request came as");
    draft.add(UPLOAD, "uploaded files", about, Kind::Scalar(rule));
    let given = |of: TypeRef, name| input(of, InputBinding::Given { name, kind: ValueKind::Text });
    let target = || {
        let words = [("refId", "ID"), ("ref", "String"), ("field", "String")];
        words.map(|(word, of)| (word.to_owned(), given(TypeRef::named(of), word)))
    };
    let mut add = |name: &str, of_type: TypeRef, own: Vec<(String, Input)>| {
        let shown = field(of_type, FieldBinding::Command { effect: Effect::Upload, of });
        mutations.add(name, Field { arguments: target().into_iter().chain(own).collect(), ..shown });
    };
    let info = input(TypeRef::named(INFO), InputBinding::GivenGroup);
    let file = given(TypeRef::named(UPLOAD).non_null(), "file");
    add("upload", shown.clone().non_null(), vec![("info".to_owned(), info), ("file".to_owned(), file)]);
    let files = given(TypeRef::named(UPLOAD).list().non_null(), "files");
    add("multipleUpload", shown.clone().list().non_null(), vec![("files".to_owned(), files)]);
}

/// The number of a file, which Strapi 5 shows in its REST interface alone.
fn id() -> (String, Input) {
    let key = InputBinding::Key(Column::System(SystemColumn::Key));
    ("id".to_owned(), input(TypeRef::named("ID").non_null(), key))
}
