//! A project of jobs on a database of its own, with a clock that is moved by hand.

use std::sync::Arc;

use model::Source;
use runs::{Clock, Engine, Hand, Launch};
use store::{Ids, MigrateOptions};

use crate::database::Place;

pub struct Kitchen {
    pub place: Place,
    pub engine: Arc<Engine>,
    pub now: Arc<Hand>,
}

impl Kitchen {
    /// One of these jobs on each database.
    pub async fn of(test: &str, jobs: &str) -> Vec<Kitchen> {
        let mut kitchens = Vec::new();
        for place in Place::both(test).await {
            let sources = vec![Source { name: "schema/jobs.graphql".to_owned(), text: jobs.to_owned() }];
            let model = model::read(sources.clone()).unwrap_or_else(|faults| panic!("{faults}"));
            let store = Arc::new(place.open());
            let plan = store.migrate_plan(&model, &sources).await.unwrap();
            store.migrate_apply(&plan, MigrateOptions { allow_data_loss: false }, |_| ()).await.unwrap();
            let now = Arc::new(Hand::new(1_700_000_000_000_000));
            let clock = Clock::Manual(Arc::clone(&now));
            let engine = Engine::open(store, clock, Arc::new(Ids::seeded(7))).await.unwrap();
            engine.serve(Arc::new(model)).await.unwrap();
            kitchens.push(Kitchen { place, engine: Arc::new(engine), now });
        }
        kitchens
    }

    /// A launch of the job.
    pub fn launch() -> Launch {
        Launch {
            location: "main".to_owned(),
            repository: "kitchen".to_owned(),
            job: "nightly".to_owned(),
            ..Launch::default()
        }
    }

    pub async fn remove(self) {
        drop(self.engine);
        self.place.remove().await;
    }
}
