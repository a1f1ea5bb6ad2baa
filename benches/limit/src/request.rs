//! What a request asks: the name of the operation, and its variables.

use serde::Deserialize;

/// The body of a request. The query's text is there for the product and is not looked at.
#[derive(Deserialize)]
pub(crate) struct Request {
    #[serde(rename = "operationName")]
    pub(crate) operation: Operation,
    #[serde(default)]
    pub(crate) variables: Variables,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Operation {
    A,
    B,
    C,
    D,
    E,
    F,
    G,
    H,
    L,
    S,
    W,
}

/// Every variable of every operation, under the names that the queries give them.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Variables {
    pub(crate) id: i32,
    /// The offset, or for `l` the number to begin behind.
    #[serde(rename = "o")]
    pub(crate) offset: i32,
    #[serde(rename = "g")]
    pub(crate) genre: i32,
    #[serde(rename = "a")]
    pub(crate) article: i32,
    #[serde(rename = "u")]
    pub(crate) author: i32,
    #[serde(rename = "t")]
    pub(crate) text: String,
    #[serde(rename = "l")]
    pub(crate) locale: String,
    #[serde(rename = "p")]
    pub(crate) pattern: String,
}
