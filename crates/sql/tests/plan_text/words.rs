//! The closed vocabulary: operators, functions, system columns, pages, versions.

use model::{ContentType, Operator, SystemColumn};
use plan::{Function, HoleId, Locale, Page, PublicationFilter, Status, Version};

use super::lists::List;

/// `_key`, `_document_id`, ..
pub fn system_column(name: &str) -> Option<SystemColumn> {
    Some(match name {
        "_key" => SystemColumn::Key,
        "_document_id" => SystemColumn::DocumentId,
        "_locale" => SystemColumn::Locale,
        "_status" => SystemColumn::Status,
        "_created_at" => SystemColumn::CreatedAt,
        "_updated_at" => SystemColumn::UpdatedAt,
        "_published_at" => SystemColumn::PublishedAt,
        "_revision" => SystemColumn::Revision,
        "_entry" => SystemColumn::Entry,
        _ => return None,
    })
}

/// Operators by their names in kebab case.
pub fn operator(word: &str) -> Operator {
    match word {
        "eq" => Operator::Eq,
        "eq-fold" => Operator::EqFold,
        "ne" => Operator::Ne,
        "ne-fold" => Operator::NeFold,
        "lt" => Operator::Lt,
        "lte" => Operator::Lte,
        "gt" => Operator::Gt,
        "gte" => Operator::Gte,
        "in" => Operator::In,
        "not-in" => Operator::NotIn,
        "contains" => Operator::Contains,
        "not-contains" => Operator::NotContains,
        "contains-fold" => Operator::ContainsFold,
        "not-contains-fold" => Operator::NotContainsFold,
        "starts-with" => Operator::StartsWith,
        "ends-with" => Operator::EndsWith,
        "between" => Operator::Between,
        "like" => Operator::Like,
        "not-like" => Operator::NotLike,
        "like-fold" => Operator::LikeFold,
        "not-like-fold" => Operator::NotLikeFold,
        "similar" => Operator::Similar,
        "not-similar" => Operator::NotSimilar,
        "regex" => Operator::Regex,
        "not-regex" => Operator::NotRegex,
        "regex-fold" => Operator::RegexFold,
        "not-regex-fold" => Operator::NotRegexFold,
        "json-contains" => Operator::JsonContains,
        "json-contained-in" => Operator::JsonContainedIn,
        "json-has-key" => Operator::JsonHasKey,
        "json-has-keys-any" => Operator::JsonHasKeysAny,
        "json-has-keys-all" => Operator::JsonHasKeysAll,
        other => panic!("no operator `{other}`"),
    }
}

/// Aggregate functions.
pub fn function(word: &str) -> Function {
    match word {
        "count" => Function::Count,
        "sum" => Function::Sum,
        "average" => Function::Average,
        "min" => Function::Min,
        "max" => Function::Max,
        "stddev-sample" => Function::StddevSample,
        "stddev-population" => Function::StddevPopulation,
        "variance-sample" => Function::VarianceSample,
        "variance-population" => Function::VariancePopulation,
        other => panic!("no function `{other}`"),
    }
}

/// `(page all)`, `(page one)`, `(page limit)`, `(page start limit)`, `(page numbered)`.
pub fn page(list: &List, mut hole: impl FnMut() -> HoleId) -> Page {
    let is = |word: &str| list.words().any(|known| known == word);
    if is("numbered") {
        return Page::Numbered { number: hole(), size: hole() };
    }
    if is("start") || is("limit") {
        return Page::Offset { start: is("start").then(&mut hole), limit: is("limit").then(&mut hole) };
    }
    if is("one") { Page::One } else { Page::All }
}

/// Words of a version among those of a select; without any: published, of the default locale at a root and of the row above's below it.
pub fn version(of: &ContentType, list: &List, below: bool) -> Version {
    let is = |word: &str| list.words().any(|known| known == word);
    let status = if !of.draft_and_publish {
        Status::Only
    } else if is("draft") {
        Status::Draft
    } else if is("either") {
        Status::Either
    } else {
        Status::Published
    };
    let locale = if !of.localized {
        Locale::Only
    } else if is("every-locale") {
        Locale::All
    } else if is("french") {
        Locale::Named("fr".to_owned())
    } else if is("inherited") || (below && !is("default")) {
        Locale::Inherited
    } else {
        Locale::Default
    };
    let publication = list.words().find_map(publication);
    Version { status, locale, publication: publication.filter(|_| of.draft_and_publish) }
}

fn publication(word: &str) -> Option<PublicationFilter> {
    Some(match word {
        "never-published" => PublicationFilter::NeverPublished,
        "has-published" => PublicationFilter::HasPublished,
        "modified" => PublicationFilter::Modified,
        "unmodified" => PublicationFilter::Unmodified,
        "never-published-document" => PublicationFilter::NeverPublishedDocument,
        "has-published-document" => PublicationFilter::HasPublishedDocument,
        "published-without-draft" => PublicationFilter::PublishedWithoutDraft,
        "published-with-draft" => PublicationFilter::PublishedWithDraft,
        _ => return None,
    })
}
