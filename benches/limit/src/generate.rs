//! The magazine: authors, tags, articles, links and comments, the same bytes on every machine.
//!
//! Every value is drawn from splitmix64, so nothing depends on a library, a locale or a clock. Low numbers come more often: some authors,
//! articles and words are popular, as in life.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::answer::civil_seconds;

/// Rows in all five files together, unless told otherwise.
pub(crate) const ROWS: u64 = 1_000_000;
const SEED: u64 = 42;
const WORDS: usize = 4000;
const SENTENCES: usize = 5000;
const DAY_SECONDS: u64 = 86_400;
const SPAN_SECONDS: u64 = 6 * 365 * DAY_SECONDS;
/// 1 January 2020, in seconds since 1970.
const START_SECONDS: u64 = 1_577_836_800;

const CONSONANTS: &str = "bdfgklmnprstvz";
const VOWELS: &str = "aeiou";
const FIRST_NAMES: [&str; 20] = [
    "Ada",
    "Alan",
    "Grace",
    "Linus",
    "Barbara",
    "Donald",
    "Edsger",
    "Frances",
    "Guido",
    "Hedy",
    "Ivan",
    "John",
    "Katherine",
    "Leslie",
    "Margaret",
    "Niklaus",
    "Ole",
    "Radia",
    "Sophie",
    "Tim",
];
const COUNTRIES: [&str; 20] = [
    "DE", "FR", "US", "GB", "JP", "BR", "IN", "CA", "ES", "IT", "PL", "NL", "SE", "NO", "FI", "DK", "AT", "CH", "PT",
    "KR",
];
const LOCALES: [&str; 10] = ["en", "en", "en", "en", "en", "en", "de", "de", "fr", "es"];
const STATES: [&str; 10] = [
    "published",
    "published",
    "published",
    "published",
    "published",
    "published",
    "published",
    "draft",
    "draft",
    "archived",
];
const KINDS: [&str; 5] = ["news", "howto", "review", "opinion", "release"];

/// Writes the five files. `rows` is a multiple of 1000, at least 1000.
pub(crate) fn write(folder: &Path, rows: u64) -> Result<()> {
    if rows == 0 || !rows.is_multiple_of(1000) {
        bail!("the number of rows must be a multiple of 1000, it was {rows}");
    }
    std::fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))?;
    let mut generator = Generator::new(rows);
    generator.authors(folder)?;
    generator.tags(folder)?;
    generator.articles(folder)?;
    generator.article_tags(folder)?;
    generator.comments(folder)
}

/// splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Evenly from 0 to `end - 1`.
    fn below(&mut self, end: u64) -> u64 {
        let product = u128::from(self.next() >> 11) * u128::from(end);
        u64::try_from(product >> 53).expect("the product of 53 bits and `end`, without 53 bits, is below `end`")
    }

    /// From 0 to `end - 1`, low numbers more often.
    fn skewed(&mut self, end: u64) -> u64 {
        let drawn = self.below(1 << 20);
        (drawn * drawn * end) >> 40
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[index(self.below(from.len() as u64))]
    }

    fn pick_skewed<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[index(self.skewed(from.len() as u64))]
    }
}

struct Generator {
    random: Random,
    words: Vec<String>,
    sentences: Vec<String>,
    rows: Counts,
}

#[derive(Clone, Copy)]
struct Counts {
    authors: u64,
    tags: u64,
    articles: u64,
    comments: u64,
    /// Articles with three tags instead of two.
    extra_links: u64,
}

impl Generator {
    fn new(rows: u64) -> Self {
        let (authors, tags, articles, comments) = (rows / 100, rows / 1000, rows * 15 / 100, rows / 2);
        let extra_links = rows - authors - tags - articles - comments - 2 * articles;
        let mut random = Random(SEED);
        let words = vocabulary(&mut random);
        let sentences = (0..SENTENCES)
            .map(|_| {
                let length = 6 + random.below(10);
                capitalized(&text(&mut random, &words, length)) + "."
            })
            .collect();
        Self { random, words, sentences, rows: Counts { authors, tags, articles, comments, extra_links } }
    }

    fn paragraph(&mut self, sentences_min: u64, sentences_max: u64) -> String {
        let length = sentences_min + self.random.below(sentences_max - sentences_min + 1);
        let chosen: Vec<&str> =
            (0..length).map(|_| self.sentences[index(self.random.below(SENTENCES as u64))].as_str()).collect();
        chosen.join(" ")
    }

    fn authors(&mut self, folder: &Path) -> Result<()> {
        let mut out = table(folder, "author", "id,name,email,bio,country,active,joined_at")?;
        for id in 1..=self.rows.authors {
            let first = self.random.pick(&FIRST_NAMES);
            let last = capitalized(&self.words[index(self.random.below(WORDS as u64))]);
            let bio = if self.random.below(4) == 0 { String::new() } else { self.paragraph(1, 2) };
            let country = self.random.pick_skewed(&COUNTRIES);
            let active = self.random.below(10) != 0;
            let joined = time(self.random.below(SPAN_SECONDS / 2));
            writeln!(out, "{id},{first} {last},author{id}@example.org,{bio},{country},{active},{joined}")?;
        }
        Ok(out.flush()?)
    }

    fn tags(&mut self, folder: &Path) -> Result<()> {
        let mut out = table(folder, "tag", "id,name,slug")?;
        for id in 1..=self.rows.tags {
            let mut slug = self.words[index(id) % WORDS].clone();
            if index(id) >= WORDS {
                slug += &id.to_string();
            }
            writeln!(out, "{id},{},{slug}", capitalized(&slug))?;
        }
        Ok(out.flush()?)
    }

    fn articles(&mut self, folder: &Path) -> Result<()> {
        let head =
            "id,author_id,title,slug,status,locale,body,views,rating,meta,published_at,created_at,updated_at,version";
        let mut out = table(folder, "article", head)?;
        for id in 1..=self.rows.articles {
            let words = 3 + self.random.below(6);
            let title = text(&mut self.random, &self.words, words);
            let state = self.random.pick(&STATES);
            let created = self.random.below(SPAN_SECONDS);
            let published = created + self.random.below(30 * DAY_SECONDS);
            let kind = KINDS[index(self.random.below(5))];
            let minutes = 1 + self.random.below(20);
            let pinned = self.random.below(50) == 0;
            let author = 1 + self.random.skewed(self.rows.authors);
            let locale = self.random.pick(&LOCALES);
            let body = self.paragraph(2, 6);
            let views = self.random.skewed(100_000);
            let rating = 100 + self.random.below(401);
            let updated = time(published + self.random.below(DAY_SECONDS));
            let version = 1 + self.random.below(9);
            let slug = title.replace(' ', "-");
            let published = if state == "draft" { String::new() } else { time(published) };
            write!(out, "{id},{author},{},{slug}-{id},{state},{locale},{body},{views},", capitalized(&title))?;
            write!(out, "{}.{:02},", rating / 100, rating % 100)?;
            write!(out, r#""{{""kind"": ""{kind}"", ""minutes"": {minutes}, ""pinned"": {pinned}}}","#)?;
            writeln!(out, "{published},{},{updated},{version}", time(created))?;
        }
        Ok(out.flush()?)
    }

    fn article_tags(&mut self, folder: &Path) -> Result<()> {
        let mut out = table(folder, "article_tag", "article_id,tag_id")?;
        let Counts { articles, extra_links, tags, .. } = self.rows;
        for id in 1..=articles {
            let count = 2 + (id * extra_links / articles - (id - 1) * extra_links / articles);
            let mut chosen = BTreeSet::new();
            while (chosen.len() as u64) < count {
                chosen.insert(1 + self.random.skewed(tags));
            }
            for tag in chosen {
                writeln!(out, "{id},{tag}")?;
            }
        }
        Ok(out.flush()?)
    }

    fn comments(&mut self, folder: &Path) -> Result<()> {
        let mut out = table(folder, "comment", "id,article_id,author_id,parent_id,body,approved,likes,created_at")?;
        let mut latest: HashMap<u64, u64> = HashMap::new();
        for id in 1..=self.rows.comments {
            let article = 1 + self.random.skewed(self.rows.articles);
            let answers = self.random.below(3) == 0;
            let parent = latest.insert(article, id).filter(|_| answers).map_or_else(String::new, |id| id.to_string());
            let author = 1 + self.random.below(self.rows.authors);
            let body = self.paragraph(1, 2);
            let approved = self.random.below(20) != 0;
            let likes = self.random.skewed(500);
            let created = time(self.random.below(SPAN_SECONDS));
            writeln!(out, "{id},{article},{author},{parent},{body},{approved},{likes},{created}")?;
        }
        Ok(out.flush()?)
    }
}

/// Four thousand different words of two to four syllables.
fn vocabulary(random: &mut Random) -> Vec<String> {
    let syllables: Vec<String> =
        CONSONANTS.chars().flat_map(|first| VOWELS.chars().map(move |second| format!("{first}{second}"))).collect();
    let (mut words, mut seen) = (Vec::with_capacity(WORDS), HashSet::new());
    while words.len() < WORDS {
        let length = 2 + random.below(3);
        let word: String =
            (0..length).map(|_| syllables[index(random.below(syllables.len() as u64))].as_str()).collect();
        if seen.insert(word.clone()) {
            words.push(word);
        }
    }
    words
}

fn text(random: &mut Random, words: &[String], length: u64) -> String {
    let chosen: Vec<&str> = (0..length).map(|_| words[index(random.skewed(words.len() as u64))].as_str()).collect();
    chosen.join(" ")
}

fn capitalized(text: &str) -> String {
    let (first, rest) = text.split_at(1);
    first.to_uppercase() + rest
}

fn time(seconds_after_start: u64) -> String {
    let mut out = Vec::with_capacity(20);
    civil_seconds(START_SECONDS + seconds_after_start, &mut out);
    out.push(b'Z');
    String::from_utf8(out).expect("digits and signs are ASCII")
}

fn table(folder: &Path, name: &str, head: &str) -> Result<BufWriter<File>> {
    let path = folder.join(name).with_extension("csv");
    let file = File::create(&path).with_context(|| format!("could not make {}", path.display()))?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    writeln!(out, "{head}")?;
    Ok(out)
}

fn index(number: u64) -> usize {
    usize::try_from(number).expect("every number here is below the length of a list in memory")
}
