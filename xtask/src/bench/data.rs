//! The data sets, made once and kept: CSV files, plain databases for the limits, the project and its databases for the product.
//!
//! Everything lies in a folder named after a hash of what makes it, so that a change of the generator, the tables or the project makes it anew.
//! The programs work on copies: an operation that writes leaves no trace for the next run.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::postgres::Cluster;
use crate::process;

/// What the rows are made of.
const ROW_SOURCES: [&str; 5] = [
    "benches/limit/src/generate.rs",
    "benches/limit/src/load.rs",
    "benches/limit/src/seed.rs",
    "benches/plain",
    "examples/chinook/csv",
];
/// What decides how the product keeps them.
const PROJECT_SOURCES: [&str; 7] = [
    "benches/project",
    "crates/model/src",
    "crates/sql/src/ddl.rs",
    "crates/sql/src/ddl_print.rs",
    "crates/sql/src/ddl_table.rs",
    "crates/sql/src/layout",
    "crates/sql/src/layout.rs",
];

const CHINOOK: [&str; 11] = [
    "artist",
    "album",
    "employee",
    "customer",
    "genre",
    "media_type",
    "track",
    "playlist",
    "playlist_track",
    "invoice",
    "invoice_line",
];
const BLOG: [&str; 5] = ["author", "tag", "article", "article_tag", "comment"];
const LINKS: [&str; 2] = ["playlist_track", "article_tag"];

/// Beside this line of the project comes the index that `h` asks for.
const INDEX_BEFORE: &str = r#"@index(fields: ["lang"])"#;
const INDEX_WANTED: &str = r#"@index(fields: ["state", "lang", "views:desc"])"#;

/// SHA-256 of the magazine's files: the same on every machine.
const BLOG_SUMS: &str = "\
348ad677471c7407608baaeb264c82b3b1832a2f2f483b25c0ded9d0edab3d99  article.csv
c943394aae88d90eba866d31a3f4a61cb732ff8243066590e0234e8963f1ac99  article_tag.csv
f3355e7ccfeadce58747a9f659da0ad833074f38fa91502849414e29b96aa691  author.csv
e15c0c4b95658363d36f1ed4a22739481a66c93392dcd5dbd3f151fe93186554  comment.csv
a5b91c19802f1132deeb24760a7876eac2c23d68db959d28483d9aa137b111e8  tag.csv
";

pub(super) struct Data {
    folder: PathBuf,
    rows_hash: String,
    project_hash: String,
    workspace: PathBuf,
}

/// Where the programs of one run find their rows.
pub(super) struct Stores {
    /// A file or a URL.
    pub(super) plain: String,
    pub(super) product: Option<ProductStore>,
    /// For the programs' logs and the requests.
    pub(super) folder: PathBuf,
}

pub(super) struct ProductStore {
    pub(super) project: PathBuf,
    pub(super) data: PathBuf,
    /// The URL of the database, where it is not a file below `data`.
    pub(super) url: Option<String>,
}

impl Stores {
    /// The index that `h` asks for: a statement on the plain table, a line of the project and a migration for the product.
    pub(super) fn make_index(&self, cluster: Option<&Cluster>) -> Result<()> {
        let statement = "create index article_popular on article (status, locale, views desc, id); analyze";
        match cluster {
            Some(cluster) => cluster.script("run_plain", &format!("{statement};\n"))?,
            None => process::succeed(Command::new(program("limit")).args(["execute", &self.plain, statement]))?,
        }
        let Some(product) = &self.product else { return Ok(()) };
        let schema = product.project.join("schema/blog.graphql");
        let text = read(&schema)?;
        fs::write(&schema, text.replacen(INDEX_BEFORE, &format!("{INDEX_BEFORE} {INDEX_WANTED}"), 1))?;
        task("migrate", &product.project, &product.data, product.url.as_deref())
    }
}

impl Data {
    /// The data of a folder; nothing is made yet.
    pub(super) fn of(folder: &Path) -> Result<Self> {
        let workspace = process::workspace();
        let rows_hash = hash_of(&workspace, &ROW_SOURCES)?;
        let project_hash = hash_of(&workspace, &PROJECT_SOURCES)?;
        Ok(Self { folder: folder.to_path_buf(), rows_hash, project_hash, workspace })
    }

    /// Makes the rows that the operations ask for.
    pub(super) fn prepare(&self) -> Result<()> {
        self.remove_others()?;
        self.make_blog()?;
        self.make_plain_file()
    }

    /// One cluster keeps the databases of all hashes.
    pub(super) fn cluster_folder(&self) -> PathBuf {
        self.folder.join("postgres")
    }

    /// Where a run has its copies.
    pub(super) fn run_folder(&self) -> PathBuf {
        self.folder.join("run")
    }

    /// Fresh copies for one run.
    pub(super) fn stores(&self, cluster: Option<&Cluster>, with_product: bool) -> Result<Stores> {
        let folder = self.run_folder();
        if folder.exists() {
            fs::remove_dir_all(&folder).context("could not remove the copies of the last run")?;
        }
        fs::create_dir_all(&folder)?;
        let plain = match cluster {
            Some(cluster) => {
                self.drop_other_databases(cluster)?;
                self.make_plain_database(cluster)?;
                copy_database(cluster, &format!("plain_{}", self.rows_hash), "run_plain")?
            }
            None => copy_file(&self.plain_file(), &folder.join("plain.sqlite"))?,
        };
        let product = if with_product { Some(self.product_store(cluster, &folder)?) } else { None };
        Ok(Stores { plain, product, folder })
    }

    /// Data of other sources is never used again: each set takes half a gigabyte.
    fn remove_others(&self) -> Result<()> {
        for entry in fs::read_dir(&self.folder)?.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let hashes: Vec<&str> = name.split('_').collect();
            let is_set =
                hashes.iter().all(|hash| hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
            let is_ours = hashes[0] == self.rows_hash && hashes.get(1).is_none_or(|hash| *hash == self.project_hash);
            if is_set && !is_ours {
                fs::remove_dir_all(entry.path()).with_context(|| format!("could not remove {name}"))?;
            }
        }
        Ok(())
    }

    fn rows_folder(&self) -> PathBuf {
        self.folder.join(&self.rows_hash)
    }

    fn blog(&self) -> PathBuf {
        self.rows_folder().join("blog")
    }

    fn plain_file(&self) -> PathBuf {
        self.rows_folder().join("plain.sqlite")
    }

    fn chinook(&self) -> PathBuf {
        self.workspace.join("examples/chinook/csv")
    }

    fn make_blog(&self) -> Result<()> {
        once(&self.blog(), |folder| {
            println!("making the magazine's rows");
            process::succeed(Command::new(program("limit")).arg("generate").arg(folder))?;
            check_sums(folder)
        })
    }

    fn make_plain_file(&self) -> Result<()> {
        once(&self.plain_file(), |file| {
            println!("loading the plain tables into SQLite");
            let mut load = Command::new(program("limit"));
            load.arg("load").arg(file).arg(self.chinook()).arg(self.blog()).arg(self.workspace.join("benches/plain"));
            process::succeed(&mut load)
        })
    }

    fn make_plain_database(&self, cluster: &Cluster) -> Result<()> {
        let name = format!("plain_{}", self.rows_hash);
        make_database(cluster, &name, |database| {
            println!("loading the plain tables into PostgreSQL");
            let scripts = self.workspace.join("benches/plain");
            for script in ["chinook.postgres.sql", "blog.postgres.sql"] {
                cluster.script(database, &read(&scripts.join(script))?)?;
            }
            let tables = CHINOOK.map(|table| (table, self.chinook())).into_iter();
            for (table, folder) in tables.chain(BLOG.map(|table| (table, self.blog()))) {
                cluster.script(database, &copy_script(table, &folder)?)?;
            }
            cluster.script(database, &read(&scripts.join("blog.indexes.sql"))?)?;
            cluster.script(database, "vacuum analyze;\n")
        })
    }

    fn drop_other_databases(&self, cluster: &Cluster) -> Result<()> {
        let rows = &self.rows_hash;
        let kept = format!("'plain_{rows}', 'product_{rows}_{}'", self.project_hash);
        let sets = "datname like 'plain\\_%' or datname like 'product\\_%'";
        let others = cluster.query(
            "postgres",
            &format!("select datname from pg_database where ({sets}) and datname not in ({kept})"),
        )?;
        for name in others.lines() {
            cluster.script("postgres", &format!("drop database \"{name}\";\n"))?;
        }
        Ok(())
    }

    /// The product's own import, kept like everything else.
    fn product_store(&self, cluster: Option<&Cluster>, run: &Path) -> Result<ProductStore> {
        let hash = format!("{}_{}", self.rows_hash, self.project_hash);
        let kept_project = self.folder.join(&hash).join("project");
        once(&kept_project, |project| self.make_project(project))?;
        // Without the seed: the rows are there, and the schema of the copy is changed for `h+`.
        let project = run.join("project");
        process::succeed(Command::new("cp").arg("-r").arg(self.workspace.join("benches/project")).arg(&project))?;
        let data = run.join("data");
        fs::create_dir_all(&data)?;
        let Some(cluster) = cluster else {
            let kept = self.folder.join(&hash).join("data");
            once(&kept, |folder| import(&kept_project, folder, None))?;
            for entry in fs::read_dir(&kept)?.flatten().filter(|entry| entry.path().is_file()) {
                copy_file(&entry.path(), &data.join(entry.file_name()))?;
            }
            return Ok(ProductStore { project, data, url: None });
        };
        let name = format!("product_{hash}");
        make_database(cluster, &name, |database| {
            import(&kept_project, &data, Some(&cluster.url(database)))?;
            cluster.script(database, "vacuum analyze;\n")
        })?;
        let url = copy_database(cluster, &name, "run_product")?;
        Ok(ProductStore { project, data, url: Some(url) })
    }

    /// The project's own files, and its seed files made of the CSV files.
    fn make_project(&self, project: &Path) -> Result<()> {
        println!("making the project's seed files");
        let source = self.workspace.join("benches/project");
        process::succeed(Command::new("cp").arg("-r").arg(&source).arg(project))?;
        let mut seed = Command::new(program("limit"));
        seed.arg("seed").arg(project.join("seed")).arg(self.chinook()).arg(self.blog());
        process::succeed(&mut seed)
    }
}

/// A binary of the profile that is measured.
pub(super) fn program(name: &str) -> PathBuf {
    process::target_folder().join("release").join(name)
}

/// Makes a file or a folder under another name first, so that an interrupted attempt is not taken for the whole.
fn once(path: &Path, make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    if path.exists() {
        return Ok(());
    }
    let parent = path.parent().context("the path has no folder")?;
    fs::create_dir_all(parent).with_context(|| format!("could not make {}", parent.display()))?;
    let name = path.file_name().context("the path has no name")?.to_string_lossy();
    let unfinished = parent.join(format!("unfinished-{name}"));
    if unfinished.is_dir() {
        fs::remove_dir_all(&unfinished)?;
    } else if unfinished.exists() {
        fs::remove_file(&unfinished)?;
    }
    make(&unfinished)?;
    fs::rename(&unfinished, path).with_context(|| format!("could not keep {}", path.display()))
}

pub(super) fn import(project: &Path, data: &Path, url: Option<&str>) -> Result<()> {
    println!("loading the project through the product");
    fs::create_dir_all(data)?;
    task("migrate", project, data, url)?;
    task("seed", project, data, url)
}

fn task(name: &str, project: &Path, data: &Path, url: Option<&str>) -> Result<()> {
    let mut command = Command::new(program("dragoman"));
    command.arg(name).arg(project).arg("--data").arg(data);
    if let Some(url) = url {
        command.arg("--database").arg(url);
    }
    process::succeed(&mut command)
}

fn make_database(cluster: &Cluster, name: &str, fill: impl FnOnce(&str) -> Result<()>) -> Result<()> {
    let is_there = cluster.query("postgres", &format!("select 1 from pg_database where datname = '{name}'"))?;
    if !is_there.trim().is_empty() {
        return Ok(());
    }
    let unfinished = "unfinished";
    cluster.script("postgres", &format!("drop database if exists {unfinished};\ncreate database {unfinished};\n"))?;
    fill(unfinished)?;
    cluster.script("postgres", &format!("alter database {unfinished} rename to \"{name}\";\n"))
}

fn copy_database(cluster: &Cluster, from: &str, to: &str) -> Result<String> {
    let script = format!("drop database if exists {to};\ncreate database {to} template \"{from}\";\n");
    cluster.script("postgres", &script)?;
    cluster.script(to, "analyze;\n")?;
    Ok(cluster.url(to))
}

fn copy_file(from: &Path, to: &Path) -> Result<String> {
    fs::copy(from, to).with_context(|| format!("could not copy {} to {}", from.display(), to.display()))?;
    Ok(to.to_string_lossy().into_owned())
}

/// Loads a table and sets the sequence of its key behind the last row.
fn copy_script(table: &str, folder: &Path) -> Result<String> {
    let file = folder.join(table).with_extension("csv");
    let text = read(&file)?;
    let head = text.lines().next().with_context(|| format!("{} is empty", file.display()))?;
    let copy = format!("\\copy {table} ({head}) from '{}' csv header\n", file.display());
    if LINKS.contains(&table) {
        return Ok(copy);
    }
    let key = head.split(',').next().unwrap_or_default();
    Ok(format!("{copy}select setval(pg_get_serial_sequence('{table}', '{key}'), max({key})) from {table};\n"))
}

fn check_sums(folder: &Path) -> Result<()> {
    let mut command = Command::new("sha256sum");
    command.args(["--check", "--quiet"]).current_dir(folder).stdin(Stdio::piped());
    let mut check = command.spawn().context("could not start sha256sum")?;
    check.stdin.take().context("sha256sum takes no input")?.write_all(BLOG_SUMS.as_bytes())?;
    if !check.wait()?.success() {
        bail!("the magazine's rows are not those that the benchmark is made for");
    }
    Ok(())
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()))
}

/// FNV-1a over the names and contents of files and folders.
fn hash_of(workspace: &Path, sources: &[&str]) -> Result<String> {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let mut hash = OFFSET;
    let mut waiting: Vec<PathBuf> = sources.iter().rev().map(|source| workspace.join(source)).collect();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            let mut inside: Vec<PathBuf> = fs::read_dir(&path)?.flatten().map(|entry| entry.path()).collect();
            inside.sort_unstable_by(|left, right| right.cmp(left));
            waiting.extend(inside);
            continue;
        }
        let contents = fs::read(&path).with_context(|| format!("could not read {}", path.display()))?;
        for byte in path.strip_prefix(workspace)?.as_os_str().as_encoded_bytes().iter().chain(&contents) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(PRIME);
        }
    }
    Ok(format!("{hash:016x}"))
}
