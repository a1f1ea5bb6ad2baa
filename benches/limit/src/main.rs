//! The limit programs of the benchmark.
fn main() {}
