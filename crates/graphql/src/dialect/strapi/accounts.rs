//! Accounts: who is signed in, signing in, and writing users and roles, under the names of Strapi's users-permissions plugin.
//!
//! Source: dialect manual section 7.9; the SDL that a Strapi 5.54 server prints.

use indexmap::IndexMap;
use model::{SystemColumn, TypeId};
use plan::{Column, Effect, Form, ValueKind};

use super::{Draft, Edition, Members, field, input, inputs};
use crate::binding::{FieldBinding, InputBinding, PageRule, RowsShape, WrittenPart};
use crate::definition::{Field, Input, Stands, TypeRef};

/// The key of a user or role, which Strapi shows where its plugin writes them.
const KEY: Column = Column::System(SystemColumn::Key);

/// Types and root fields of accounts.
pub(super) fn add(draft: &mut Draft<'_>, queries: &mut Members<Field>, mutations: &mut Members<Field>) {
    let model = draft.model;
    let (Some(user), Some(role)) = (model.type_named("User"), model.type_named("Role")) else { return };
    me(draft, user, role);
    payloads(draft);
    queries.add("me", field(TypeRef::named("UsersPermissionsMe"), FieldBinding::Account { of: user }));
    writes(draft, mutations, user, role);
    commands(draft, mutations, user);
}

/// What everybody may see of their own account.
fn me(draft: &mut Draft<'_>, user: TypeId, role: TypeId) {
    let model = draft.model;
    let column = |of: TypeId, name: &str| {
        let id = model.content_type(of).field_named(name).expect("the fields of system types are always there");
        FieldBinding::Column(Column::Field(id), Form::Plain)
    };
    let text = || TypeRef::named("String");
    let mut fields = draft.members("UsersPermissionsMe");
    fields.add("id", field(TypeRef::named("ID").non_null(), FieldBinding::Column(KEY, Form::Text)));
    if draft.edition == Edition::Five {
        let document_id = FieldBinding::Column(Column::System(SystemColumn::DocumentId), Form::Plain);
        fields.add("documentId", field(TypeRef::named("ID").non_null(), document_id));
    }
    fields.add("username", field(text().non_null(), column(user, "username")));
    fields.add("email", field(text(), column(user, "email")));
    fields.add("confirmed", field(TypeRef::named("Boolean"), column(user, "confirmed")));
    fields.add("blocked", field(TypeRef::named("Boolean"), column(user, "blocked")));
    let of_role = model.content_type(user).field_named("role").expect("the fields of system types are always there");
    let binding = FieldBinding::Relation { field: of_role, shape: RowsShape::One, page: PageRule::None };
    fields.add("role", field(TypeRef::named("UsersPermissionsMeRole"), binding));
    draft.object("UsersPermissionsMe", draft.edition.name(), Stands::Row(user), fields);
    let mut fields = draft.members("UsersPermissionsMeRole");
    fields.add("id", field(TypeRef::named("ID").non_null(), FieldBinding::Column(KEY, Form::Text)));
    fields.add("name", field(text().non_null(), column(role, "name")));
    fields.add("description", field(text(), column(role, "description")));
    fields.add("type", field(text(), column(role, "type")));
    draft.object("UsersPermissionsMeRole", draft.edition.name(), Stands::Row(role), fields);
}

fn payloads(draft: &mut Draft<'_>) {
    let mut login = draft.members("UsersPermissionsLoginPayload");
    login.add("jwt", field(TypeRef::named("String"), FieldBinding::Made("jwt")));
    // The plugin looks no role up where it hands out a token; `me` shows it.
    let user = FieldBinding::Written(WrittenPart::RowAlone);
    login.add("user", field(TypeRef::named("UsersPermissionsMe").non_null(), user));
    draft.object("UsersPermissionsLoginPayload", draft.edition.name(), Stands::Around, login);
    ok(draft, "UsersPermissionsPasswordPayload", FieldBinding::Made("ok"));
}

/// An object that says that something is done.
fn ok(draft: &mut Draft<'_>, name: &str, binding: FieldBinding) {
    let mut fields = draft.members(name);
    fields.add("ok", field(TypeRef::named("Boolean").non_null(), binding));
    draft.object(name, draft.edition.name(), Stands::Around, fields);
}

/// Users and roles as ordinary documents, named by their keys.
fn writes(draft: &mut Draft<'_>, mutations: &mut Members<Field>, user: TypeId, role: TypeId) {
    for action in ["Create", "Update", "Delete"] {
        let name = ["UsersPermissions", action, "RolePayload"].concat();
        ok(draft, &name, FieldBinding::Constant("true".to_owned()));
    }
    match draft.edition {
        // The object around every entity is there.
        Edition::Four => {}
        Edition::Five => {
            let mut written = draft.members("UsersPermissionsUserEntityResponse");
            let rows = FieldBinding::Written(WrittenPart::Rows);
            written.add("data", field(TypeRef::named("UsersPermissionsUser"), rows));
            draft.object("UsersPermissionsUserEntityResponse", draft.edition.name(), Stands::Around, written);
        }
    }
    for (of, name) in [(user, "UsersPermissionsUser"), (role, "UsersPermissionsRole")] {
        inputs::add_of(draft, of);
        let data = || ("data", input(TypeRef::named([name, "Input"].concat()).non_null(), InputBinding::Data));
        let id = || ("id", input(TypeRef::named("ID").non_null(), InputBinding::Key(KEY)));
        let answer = |action: &str| {
            if of == user {
                return TypeRef::named("UsersPermissionsUserEntityResponse").non_null();
            }
            TypeRef::named(["UsersPermissions", action, "RolePayload"].concat())
        };
        let mut add = |action: &str, word: &str, arguments: Vec<(&str, Input)>, binding| {
            let shown = field(answer(action), binding);
            mutations.add(&[word, name].concat(), Field { arguments: named(arguments), ..shown });
        };
        add("Create", "create", vec![data()], FieldBinding::Create { of });
        add("Update", "update", vec![id(), data()], FieldBinding::Update { of, or_create: false });
        add("Delete", "delete", vec![id()], FieldBinding::Delete { of, must_exist: false });
    }
}

fn named(arguments: Vec<(&str, Input)>) -> IndexMap<String, Input> {
    arguments.into_iter().map(|(name, input)| (name.to_owned(), input)).collect()
}

/// A text that is given to a command.
fn given(name: &'static str) -> Input {
    input(TypeRef::named("String").non_null(), InputBinding::Given { name, kind: ValueKind::Text })
}

fn commands(draft: &mut Draft<'_>, mutations: &mut Members<Field>, of: TypeId) {
    let mut register = draft.members("UsersPermissionsRegisterInput");
    for name in ["username", "email", "password"] {
        register.add(name, given(name));
    }
    draft.input("UsersPermissionsRegisterInput", draft.edition.name(), register);
    let mut login = draft.members("UsersPermissionsLoginInput");
    login.add("identifier", given("identifier"));
    login.add("password", given("password"));
    login.add("provider", Input { default: Some("local".into()), ..given("provider") });
    draft.input("UsersPermissionsLoginInput", draft.edition.name(), login);

    let group = |name: &str| vec![("input", input(TypeRef::named(name).non_null(), InputBinding::GivenGroup))];
    let opened = || TypeRef::named("UsersPermissionsLoginPayload");
    let asked = || TypeRef::named("UsersPermissionsPasswordPayload");
    let mut add = |name: &str, about: Option<&str>, (of_type, effect): (TypeRef, Effect), arguments| {
        let shown = field(of_type, FieldBinding::Command { effect, of });
        let description = about.map(str::to_owned);
        mutations.add(name, Field { arguments: named(arguments), description, ..shown });
    };
    add("login", None, (opened().non_null(), Effect::SignIn), group("UsersPermissionsLoginInput"));
    let about = Some("Register a user");
    add("register", about, (opened().non_null(), Effect::Register), group("UsersPermissionsRegisterInput"));
    let about = Some("Request a reset password token");
    add("forgotPassword", about, (asked(), Effect::ForgotPassword), vec![("email", given("email"))]);
    let twice = || vec![("password", given("password")), ("passwordConfirmation", given("confirmation"))];
    let mut reset = twice();
    reset.push(("code", given("code")));
    let about = Some("Reset user password. Confirm with a code (resetToken from forgotPassword)");
    add("resetPassword", about, (opened(), Effect::ResetPassword), reset);
    let about = Some("Change user password. Confirm with the current password.");
    let mut change = vec![("currentPassword", given("current"))];
    change.extend(twice());
    add("changePassword", about, (opened(), Effect::ChangePassword), change);
    let about = Some("Confirm an email users email address");
    add("emailConfirmation", about, (opened(), Effect::ConfirmEmail), vec![("confirmation", given("code"))]);
}
