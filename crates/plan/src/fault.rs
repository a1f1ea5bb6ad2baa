//! What can go wrong with a request, in words that every dialect can put into its own form.

use model::{Operator, TypeId};

/// Line and column in the operation's text, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Place {
    /// Line.
    pub line: u32,
    /// Column, in characters.
    pub column: u32,
}

/// One step of a path into an answer or a request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Segment {
    /// Member of an object.
    Key(String),
    /// Element of a list.
    Index(usize),
}

/// A fault of one request, at a path of its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// Where in the answer; empty for the whole.
    pub path: Vec<Segment>,
    /// Where in the operation's text, when known.
    pub place: Option<Place>,
    /// What happened.
    pub cause: Cause,
}

/// Why a node of a plan is refused. Known before anything runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// What happened.
    pub cause: Cause,
}

/// What happened. The code table of a dialect maps each to its words, its code and its HTTP status.
#[derive(Debug, Clone, PartialEq)]
pub enum Cause {
    /// No rule allows it.
    Forbidden,
    /// A filter or sort names something that the caller may not see, or that is not there.
    KeyRefused {
        /// The name as the caller wrote it.
        key: String,
        /// The path of names that leads to it, when it is nested.
        path: Option<String>,
        /// `filters`, `sort`: the argument, in the plan's words.
        part: RefusedPart,
    },
    /// Words of a request that mean nothing: a bad direction, both kinds of paging, a bad cursor. The text is safe to show.
    Invalid {
        /// What is wrong.
        problem: Problem,
    },
    /// Values that break rules of the model, all of them.
    Rules(Vec<FieldFault>),
    /// A linked document that does not exist.
    LinkMissing {
        /// The content type it should be of.
        of: model::TypeId,
        /// What was given.
        id: String,
        /// Its locale, when the type has locales.
        locale: Option<String>,
        /// Named by key, not by public id. Several are counted.
        by_key: bool,
    },
    /// A component element that the row does not own. The text is the field's name.
    ElementForeign(String),
    /// The document does not exist; of this content type, where that is known.
    NotFound(Option<TypeId>),
    /// The row fails the rule of the caller's role.
    RuleOfRole,
    /// A null where none may be: `Type.field`.
    NullInNonNull(String),
    /// A value that cannot be written (a number that is not finite). `Type.field`.
    Unwritable(String),
    /// A list longer than `rows_max`.
    TooManyRows(u32),
    /// The answer is larger than `answer_bytes_max`.
    AnswerTooLarge(u64),
    /// A value does not read as its kind: kind's word and the text.
    NotOfKind {
        /// `uuid`, `timestamp`, ...
        kind: &'static str,
        /// What was given, cut to 100 characters.
        text: String,
    },
    /// A number outside the bounds of its place.
    OutOfBounds {
        /// What was given.
        value: i64,
        /// Least.
        least: i64,
        /// Greatest.
        greatest: i64,
    },
    /// The version that the caller named is not the present one.
    VersionConflict,
    /// Signing in, or a change of an account, is refused.
    Account(AccountFault),
    /// Nothing is done with a run.
    Run(crate::RunFault),
    /// What an agent of others asks is refused.
    Agent(crate::AgentFault),
    /// More attempts than a limit allows; a further one may come after so many seconds.
    TooManyAttempts(u32),
    /// Stopped at its deadline.
    Timeout,
    /// The database is away or overloaded: try again.
    Unavailable,
    /// The database failed during commit: nobody knows whether it is written.
    OutcomeUnknown,
    /// A fault of ours; the log has the rest under the request's id.
    Internal,
}

impl Cause {
    /// Seconds after which the same may be asked again, where that is why it was refused.
    #[must_use]
    pub fn retry_after(&self) -> Option<u32> {
        match self {
            Cause::TooManyAttempts(seconds) => Some(*seconds),
            Cause::Forbidden
            | Cause::KeyRefused { .. }
            | Cause::Invalid { .. }
            | Cause::Rules(_)
            | Cause::LinkMissing { .. }
            | Cause::ElementForeign(_)
            | Cause::NotFound(_)
            | Cause::RuleOfRole
            | Cause::NullInNonNull(_)
            | Cause::Unwritable(_)
            | Cause::TooManyRows(_)
            | Cause::AnswerTooLarge(_)
            | Cause::NotOfKind { .. }
            | Cause::OutOfBounds { .. }
            | Cause::VersionConflict
            | Cause::Account(_)
            | Cause::Run(_)
            | Cause::Agent(_)
            | Cause::Timeout
            | Cause::Unavailable
            | Cause::OutcomeUnknown
            | Cause::Internal => None,
        }
    }
}

/// Why an account is not opened, made or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccountFault {
    /// No account has this name and password. Which of them is wrong is not told.
    CredentialsWrong,
    /// Accounts of this provider do not sign in here.
    ProviderDisabled,
    /// The address is not confirmed yet.
    NotConfirmed,
    /// It is blocked.
    Blocked,
    /// New accounts are not made by their owners.
    RegisterClosed,
    /// The name or the address belongs to another account.
    Taken,
    /// A password and its confirmation differ.
    PasswordsDiffer,
    /// The code is wrong, used, or has run out.
    CodeWrong,
    /// The present password is another one.
    PasswordWrong,
    /// The new password is the present one.
    PasswordSame,
    /// Nobody is signed in.
    NotSignedIn,
    /// The code of a confirmation is wrong or used.
    ConfirmationWrong,
}

/// Which part of a request named something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefusedPart {
    /// A filter.
    Filter,
    /// A sort.
    Sort,
}

/// Words of a request that mean nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum Problem {
    /// A sort direction that is none.
    Direction,
    /// Pages and offsets in one place.
    PagingMixed,
    /// A null where paging was expected.
    PagingNull,
    /// An operator that this column does not have.
    Operator(Operator),
    /// `between` without two values.
    Between,
    /// `distinct` columns that do not begin the order.
    DistinctOrder,
    /// A cursor that is none, cut to 100 characters.
    Cursor(String),
    /// The locale is not one.
    Locale(String),
    /// The project has no such locale.
    LocaleUnknown(String),
    /// A new locale of a document cannot be made.
    NewLocale(NewLocaleFault),
    /// A sentence of the dialect.
    Text(String),
}

/// Why a new locale of a document cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewLocaleFault {
    /// None is named.
    Missing,
    /// The project does not have it.
    Unknown,
    /// The document has it.
    Taken,
}

/// One value that breaks a rule of the model.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldFault {
    /// Field, then members and indexes.
    pub path: Vec<Segment>,
    /// Which rule.
    pub rule: BrokenRule,
    /// The caller's own value, where the dialect shows it. JSON.
    pub value: Option<serde_json::Value>,
}

/// Rules of the model that a value can break.
#[derive(Debug, Clone, PartialEq)]
pub enum BrokenRule {
    /// Required and absent.
    Missing,
    /// Required and null.
    Null,
    /// Fewer characters.
    TooShort(u32),
    /// More characters.
    TooLong(u32),
    /// Below the least number.
    TooSmall(String),
    /// Above the greatest number.
    TooGreat(String),
    /// No e-mail address.
    Email,
    /// Not matched by the pattern.
    Pattern(String),
    /// Not the letters of a UID.
    Uid,
    /// Another row has it.
    NotUnique,
    /// Not an integer.
    NotInteger,
    /// Fewer items.
    TooFewItems(u32),
    /// More items.
    TooManyItems(u32),
    /// Null where a list must be.
    ListNull,
    /// A value of another kind: the kind's word.
    Kind(&'static str),
    /// A block node that is none: what is wrong with it.
    Blocks(String),
    /// A word that the enum does not have.
    Word(String),
    /// Not a password that can be kept (longer than 72 bytes, or the project's bounds).
    Password,
}
