//! A database of its own for a test, of either kind.

use std::path::PathBuf;

use store::{Address, Driver, Error, Store, StoreConfig, StoreLimits};

/// Where a test's database is.
pub enum Place {
    /// A folder.
    Sqlite(PathBuf),
    /// The server's address and the database's name.
    Postgres { server: String, name: String },
}

impl Place {
    /// One of each kind, empty: what a test left that was killed, and whose process had the same number, goes first.
    pub async fn both(test: &str) -> Vec<Place> {
        let unique = format!("{test}_{}", std::process::id());
        let folder = std::env::temp_dir().join(format!("dragoman-{unique}"));
        let _left = std::fs::remove_dir_all(&folder).is_ok();
        std::fs::create_dir_all(&folder).unwrap();
        let server = std::env::var("DRAGOMAN_TEST_POSTGRES")
            .expect("DRAGOMAN_TEST_POSTGRES names a PostgreSQL: `cargo xtask test` starts one");
        let place = Place::Postgres { server, name: format!("t_{unique}") };
        place.on_server(&["drop database if exists", "create database"]).await;
        vec![Place::Sqlite(folder), place]
    }

    /// Opens it.
    pub fn open(&self) -> Store {
        self.open_with(|_| {})
    }

    /// Opens it with limits of its own.
    pub fn open_with(&self, change: impl FnOnce(&mut StoreLimits)) -> Store {
        self.open_in(|config| change(&mut config.limits))
    }

    /// Opens it with settings of its own.
    pub fn open_in(&self, change: impl FnOnce(&mut StoreConfig)) -> Store {
        let address = match self {
            Place::Sqlite(folder) => Address::in_folder(folder),
            Place::Postgres { server, name } => {
                let (before, after) = server.rsplit_once('/').unwrap();
                let options = after.split_once('?').map(|(_, options)| format!("?{options}")).unwrap_or_default();
                Address::Postgres(format!("{before}/{name}{options}"))
            }
        };
        let mut config = StoreConfig::new(address);
        change(&mut config);
        Store::open(&config).unwrap()
    }

    /// Removes it; every store on it must be closed.
    pub async fn remove(self) {
        match &self {
            Place::Sqlite(folder) => std::fs::remove_dir_all(folder).unwrap(),
            Place::Postgres { .. } => self.on_server(&["drop database"]).await,
        }
    }

    async fn on_server(&self, statements: &[&str]) {
        let Place::Postgres { server, name } = self else { return };
        let store = Store::open(&StoreConfig::new(Address::Postgres(server.clone()))).unwrap();
        for words in statements {
            let force = if words.starts_with("drop") { " with (force)" } else { "" };
            execute(&store, &[words, " \"", name, "\"", force].concat()).await;
        }
    }
}

/// Runs statements outside a transaction.
pub async fn execute(store: &Store, statements: &str) {
    match store.driver() {
        Driver::Sqlite(sqlite) => {
            let statements = statements.to_owned();
            sqlite.write_alone(move |connection| Ok::<_, Error>(connection.execute_batch(&statements)?)).await.unwrap();
        }
        Driver::Postgres(postgres) => {
            postgres.loan().await.unwrap().client().batch_execute(statements).await.unwrap();
        }
    }
}
