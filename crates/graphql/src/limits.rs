//! Every limit on documents, each with its name and default.

/// Limits on one document and on the values that come with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a document.
    pub document_bytes_max: usize,
    /// Tokens of a document.
    pub tokens_max: usize,
    /// Brackets of any kind inside one another.
    pub nesting_max: usize,
    /// Fields inside one another; a root field is 1.
    pub depth_max: usize,
    /// Aliases in an operation.
    pub aliases_max: usize,
    /// Root fields of an operation.
    pub root_fields_max: usize,
    /// Directives in a document.
    pub directives_max: usize,
    /// Selections of an operation with every fragment written out.
    pub selections_max: usize,
    /// Relations that one filter goes through.
    pub filter_hops_max: usize,
    /// Comparisons of one operation.
    pub conditions_max: usize,
    /// Characters of a text in a filter.
    pub filter_text_max: usize,
    /// Items of a list in a filter.
    pub filter_list_max: usize,
    /// Rows asked for: products of page sizes, added up.
    pub cost_rows_max: u64,
    /// Errors in one answer to a refused document.
    pub errors_max: usize,
    /// Longest list that a select may answer with; see `plan::Plan::rows_max`.
    pub rows_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            document_bytes_max: 64 * 1024,
            tokens_max: 5_000,
            nesting_max: 64,
            depth_max: 20,
            aliases_max: 60,
            root_fields_max: 30,
            directives_max: 30,
            selections_max: 2_000,
            filter_hops_max: 4,
            conditions_max: 100,
            filter_text_max: 1_000,
            filter_list_max: 1_000,
            cost_rows_max: 100_000,
            errors_max: 5,
            rows_max: 10_000,
        }
    }
}
