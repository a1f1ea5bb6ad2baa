//! The schemas of a project's endpoints: one for everybody, or one for each set of roles where a dialect shows each caller
//! what their rules allow.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::ScopedJoinHandle;

use graphql::dialect::{Dialect, Options, SchemaFault};
use graphql::{Schema, dialect};
use model::{Diagnostics, Model};
use plan::{Caller, Fingerprint, Policy};
use quick_cache::sync::Cache;

use crate::error::Error;
use crate::job_mutations;
use crate::settings::{Clock, EndpointSettings, SchemaSettings};

/// Sets of roles that an endpoint keeps schemas for at once.
const VIEWS_MAX: usize = 64;

/// Every endpoint with its dialects.
pub struct Schemas {
    pub(crate) list: Vec<EndpointSchemas>,
}

/// What one endpoint shows to whom.
pub(crate) struct EndpointSchemas {
    pub(crate) path: String,
    pub(crate) dialects: Vec<&'static Dialect>,
    options: Options,
    limits: graphql::Limits,
    /// What somebody sees who may do everything.
    pub(crate) whole: Arc<Schema>,
    views: Cache<Fingerprint, Arc<View>>,
}

/// What callers with one set of roles see and may do.
pub(crate) struct View {
    /// Unlike that of any other view of this process: no two views share a plan.
    pub(crate) id: u64,
    pub(crate) schema: Arc<Schema>,
    pub(crate) policy: Policy,
}

static VIEWS: AtomicU64 = AtomicU64::new(0);

impl Schemas {
    /// Makes the schema of every endpoint, of a project that is read now.
    ///
    /// # Errors
    /// A dialect that is not known, or everything that keeps dialects from showing this model.
    pub fn build(model: &Arc<Model>, settings: &SchemaSettings, clock: Clock) -> Result<Self, Error> {
        let loaded_at = clock.now();
        let usual = usual_endpoints(model);
        let endpoints = if settings.endpoints.is_empty() { &usual } else { &settings.endpoints };
        // Side by side: making schemas is most of the time of a start.
        let list = std::thread::scope(|scope| {
            let start = |endpoint| scope.spawn(move || EndpointSchemas::build(model, endpoint, (settings, loaded_at)));
            let threads: Vec<_> = endpoints.iter().map(start).collect();
            let join = |thread: ScopedJoinHandle<'_, _>| thread.join().unwrap_or_else(|panic| resume_unwind(panic));
            threads.into_iter().map(join).collect::<Vec<Result<EndpointSchemas, Unbuilt>>>()
        });
        let (mut built, mut faults) = (Vec::new(), Vec::new());
        for endpoint in list {
            match endpoint {
                Ok(endpoint) => built.push(endpoint),
                Err(Unbuilt::Faults(more)) => faults.extend(more),
                Err(Unbuilt::Other(error)) => return Err(error),
            }
        }
        if !faults.is_empty() {
            return Err(Error::Schema(dialect::diagnostics(model, &faults)));
        }
        let schemas = Self { list: built };
        let faults = job_mutations::faults(model, &schemas);
        if faults.is_empty() { Ok(schemas) } else { Err(Error::Schema(Diagnostics { list: faults })) }
    }

    /// The paths, in order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|endpoint| endpoint.path.as_str())
    }

    /// What an endpoint shows to somebody who may do everything.
    pub(crate) fn schema(&self, path: &str) -> Option<&Schema> {
        self.list.iter().find(|endpoint| endpoint.path == path).map(|endpoint| &*endpoint.whole)
    }

    /// The schema language of what an endpoint shows to somebody who may do everything.
    #[must_use]
    pub fn sdl(&self, path: &str) -> Option<&str> {
        self.list.iter().find(|endpoint| endpoint.path == path).map(|endpoint| endpoint.whole.sdl())
    }
}

/// Where dialects stand when the project says nothing.
fn usual_endpoints(model: &Model) -> Vec<EndpointSettings> {
    const CONTENT: &[(&str, &[&str])] =
        &[("/graphql", &["strapi5"]), ("/v4/graphql", &["strapi4"]), ("/v1/graphql", &["hasura"])];
    const JOBS: &[(&str, &[&str])] = &[("/dagster/graphql", &["dagster"]), ("/prefect/graphql", &["prefect"])];
    const JOBS_ALONE: &[(&str, &[&str])] = &[("/graphql", &["dagster", "prefect"])];
    let has_jobs = !model.jobs.is_empty();
    let has_content = model.content_types().any(|(_, of)| !of.is_system);
    let usual = match (has_content, has_jobs) {
        (_, false) => vec![CONTENT],
        (true, true) => vec![CONTENT, JOBS],
        (false, true) => vec![JOBS_ALONE, JOBS],
    };
    let endpoint = |(path, dialects): &(&str, &[&str])| EndpointSettings {
        path: (*path).to_owned(),
        dialects: dialects.iter().map(|name| (*name).to_owned()).collect(),
    };
    usual.into_iter().flatten().map(endpoint).collect()
}

/// Why an endpoint has no schema.
enum Unbuilt {
    Faults(Vec<SchemaFault>),
    Other(Error),
}

impl EndpointSchemas {
    fn build(
        model: &Arc<Model>,
        endpoint: &EndpointSettings,
        (settings, loaded_at): (&SchemaSettings, i64),
    ) -> Result<Self, Unbuilt> {
        let unknown = |name: &String| Error::Dialect { path: endpoint.path.clone(), name: name.clone() };
        let named = |name: &String| dialect::named(name).ok_or_else(|| Unbuilt::Other(unknown(name)));
        let dialects = endpoint.dialects.iter().map(named).collect::<Result<Vec<_>, _>>()?;
        let options = Options {
            limit_default: settings.page_sizes.default,
            limit_max: settings.page_sizes.most,
            nullable_drafts: settings.nullable_drafts,
            v4_compatibility: settings.v4_compatibility,
            loaded_at,
            policy: Policy::Everything,
        };
        let limits = settings.limits.clone();
        let whole = schema(model, &dialects, options.clone(), limits.clone()).map_err(Unbuilt::Faults)?;
        let views = Cache::new(VIEWS_MAX);
        Ok(Self { path: endpoint.path.clone(), dialects, options, limits, whole: Arc::new(whole), views })
    }

    /// What this caller sees and may do.
    pub(crate) fn view(&self, caller: &Caller) -> Arc<View> {
        let fingerprint = caller.fingerprint();
        if let Some(view) = self.views.get(&fingerprint) {
            return view;
        }
        let policy = Policy::of(self.whole.model(), caller);
        let schema = self.narrowed(&policy).unwrap_or_else(|| Arc::clone(&self.whole));
        let view = Arc::new(View { id: VIEWS.fetch_add(1, Ordering::Relaxed), schema, policy });
        self.views.insert(fingerprint, Arc::clone(&view));
        view
    }

    /// The schema under a policy, where a dialect makes a difference.
    fn narrowed(&self, policy: &Policy) -> Option<Arc<Schema>> {
        if *policy == Policy::Everything || !self.dialects.iter().any(|dialect| dialect.is_narrowed) {
            return None;
        }
        let options = Options { policy: policy.clone(), ..self.options.clone() };
        let narrowed = schema(self.whole.model(), &self.dialects, options, self.limits.clone());
        // Less is shown of what held as a whole: this holds, too. Should it ever not, nobody sees more than they may,
        // since every node of a plan is authorized; so the whole schema is a safe answer, and the log has the reason.
        narrowed
            .map(Arc::new)
            .inspect_err(|faults| tracing::error!(faults = ?faults, "a narrowed schema does not hold"))
            .ok()
    }
}

fn schema(
    model: &Arc<Model>,
    dialects: &[&'static Dialect],
    options: Options,
    limits: graphql::Limits,
) -> Result<Schema, Vec<SchemaFault>> {
    Schema::build(Arc::clone(model), &graphql::Endpoint { dialects, options, limits })
}

#[cfg(test)]
mod tests {
    use model::Source;

    use super::*;
    use crate::settings::PageSizes;

    #[test]
    fn the_project_is_read_at_the_time_of_the_servers_clock() {
        let text = "type Dish @model { name: String }".to_owned();
        let model = Arc::new(model::read(vec![Source { name: "schema.graphql".to_owned(), text }]).unwrap());
        let settings = SchemaSettings {
            endpoints: Vec::new(),
            page_sizes: PageSizes { default: 10, most: None },
            nullable_drafts: false,
            v4_compatibility: false,
            limits: graphql::Limits::default(),
        };
        let schemas = Schemas::build(&model, &settings, Clock::Stopped(7)).unwrap();
        assert!(schemas.list.iter().all(|endpoint| endpoint.options.loaded_at == 7));
        assert!(!schemas.list.is_empty());
    }
}
