//! The load generator: one thread, raw HTTP/1.1 that keeps its connections, bodies made beforehand.
//!
//! Every body is sent once before the clock starts; its answer must be a good one, and its length is what later answers are held against.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::processes::{Memory, memory_of, ticks_of_machine, ticks_of_tree};

/// Clock ticks of `/proc` for a second: fixed by the kernel's interface.
const TICKS_PER_SECOND: f64 = 100.0;
const ANSWER_BYTES_MAX: usize = 64 << 20;
/// A minute: what takes longer counts as that.
const LATENCY_MAX_US: u64 = 60_000_000;
const READ_BYTES: usize = 64 << 10;

/// What to send, where, for how long, and whose time to count.
#[derive(Deserialize)]
pub(crate) struct Settings {
    address: String,
    path: String,
    /// A file with one body a line.
    bodies: String,
    connections: usize,
    warm_up_seconds: f64,
    seconds: f64,
    /// Answers differ in length from one time to the next, as those of inserts do.
    varies: bool,
    server: u32,
    postgres: Option<u32>,
}

/// One line of JSON on standard output.
#[derive(Serialize)]
struct Report {
    requests: u64,
    requests_per_second: f64,
    p50_us: u64,
    p90_us: u64,
    p99_us: u64,
    answer_bytes: u64,
    server_cpu_us: f64,
    postgres_cpu_us: f64,
    /// The share of the machine's busy time that belongs to neither us nor those whom we measure.
    other_share: f64,
    memory: Memory,
}

pub(crate) fn run(settings: Settings) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(measure(settings))?;
    println!("{}", serde_json::to_string(&report)?);
    Ok(())
}

/// A request as it goes over the wire, and how long its answer is.
struct Prepared {
    wire: Vec<u8>,
    answer_bytes: usize,
}

async fn measure(settings: Settings) -> Result<Report> {
    let text =
        std::fs::read_to_string(&settings.bodies).with_context(|| format!("could not read {}", settings.bodies))?;
    let mut prepared = Vec::new();
    let mut connection = Connection::open(&settings.address).await?;
    for body in text.lines() {
        let wire = wire(&settings, body);
        let answer_bytes = connection.exchange(&wire).await?;
        connection.verify().with_context(|| format!("the answer to {body}"))?;
        prepared.push(Prepared { wire, answer_bytes });
    }
    if prepared.is_empty() {
        bail!("{} holds no body", settings.bodies);
    }
    let warm_up = Window::new(settings.warm_up_seconds);
    send_all(&settings, &prepared, &warm_up).await?;
    let (server, postgres, machine, own) = ticks(&settings);
    let window = Window::new(settings.seconds);
    send_all(&settings, &prepared, &window).await?;
    let elapsed = window.start.elapsed().as_secs_f64();
    let after = ticks(&settings);
    let spent = [after.0 - server, after.1 - postgres, after.2 - machine, after.3 - own];
    Ok(report(&settings, &window, elapsed, spent))
}

fn ticks(settings: &Settings) -> (u64, u64, u64, u64) {
    let postgres = settings.postgres.map_or(0, ticks_of_tree);
    (ticks_of_tree(settings.server), postgres, ticks_of_machine(), ticks_of_tree(std::process::id()))
}

/// Counts of requests, bytes and ticks in one window are far below the four thousand million that this holds exactly.
fn count(value: u64) -> f64 {
    f64::from(u32::try_from(value).unwrap_or(u32::MAX))
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { count(part) / count(whole) }
}

fn report(settings: &Settings, window: &Window, elapsed: f64, spent: [u64; 4]) -> Report {
    let [server, postgres, machine, own] = spent;
    let tally = window.tally.lock().expect("no thread but this one holds it");
    let requests = tally.latencies.len();
    let cpu_us = |ticks: u64| ratio(ticks, requests) * 1_000_000.0 / TICKS_PER_SECOND;
    let other = machine.saturating_sub(server + postgres + own);
    Report {
        requests,
        requests_per_second: count(requests) / elapsed,
        p50_us: tally.latencies.value_at_quantile(0.5),
        p90_us: tally.latencies.value_at_quantile(0.9),
        p99_us: tally.latencies.value_at_quantile(0.99),
        answer_bytes: tally.answer_bytes.checked_div(requests).unwrap_or_default(),
        server_cpu_us: cpu_us(server),
        postgres_cpu_us: cpu_us(postgres),
        other_share: ratio(other, machine),
        memory: memory_of(settings.server),
    }
}

fn wire(settings: &Settings, body: &str) -> Vec<u8> {
    let Settings { path, address, .. } = settings;
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\naccept: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// A stretch of time and what was seen in it.
struct Window {
    start: Instant,
    end: Instant,
    tally: Mutex<Tally>,
}

struct Tally {
    latencies: Histogram<u64>,
    answer_bytes: u64,
}

impl Window {
    fn new(seconds: f64) -> Self {
        let start = Instant::now();
        let latencies = Histogram::new_with_max(LATENCY_MAX_US, 3).expect("the bounds and the precision are in range");
        let tally = Mutex::new(Tally { latencies, answer_bytes: 0 });
        Self { start, end: start + Duration::from_secs_f64(seconds), tally }
    }
}

/// Keeps every connection busy until the window ends.
async fn send_all(settings: &Settings, prepared: &[Prepared], window: &Window) -> Result<()> {
    let mut senders = Vec::new();
    for index in 0..settings.connections {
        let connection = Connection::open(&settings.address).await?;
        let start = index * prepared.len() / settings.connections;
        senders.push(Box::pin(send(connection, start, prepared, window, settings.varies)));
    }
    let mut senders = senders.into_iter();
    join(&mut senders).await
}

/// All of them together on this one thread; the first fault ends the run.
async fn join<F: Future<Output = Result<()>> + Unpin>(senders: &mut impl Iterator<Item = F>) -> Result<()> {
    let mut running: Vec<Option<F>> = senders.map(Some).collect();
    std::future::poll_fn(move |context| {
        let mut is_done = true;
        for slot in &mut running {
            let Some(sender) = slot else { continue };
            match std::pin::Pin::new(sender).poll(context) {
                std::task::Poll::Ready(Ok(())) => *slot = None,
                std::task::Poll::Ready(Err(error)) => return std::task::Poll::Ready(Err(error)),
                std::task::Poll::Pending => is_done = false,
            }
        }
        if is_done { std::task::Poll::Ready(Ok(())) } else { std::task::Poll::Pending }
    })
    .await
}

async fn send(
    mut connection: Connection,
    start: usize,
    prepared: &[Prepared],
    window: &Window,
    varies: bool,
) -> Result<()> {
    let mut next = start;
    while Instant::now() < window.end {
        let request = &prepared[next % prepared.len()];
        next += 1;
        let sent = Instant::now();
        let bytes = connection.exchange(&request.wire).await?;
        let latency = u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX);
        if varies {
            connection.verify()?;
        } else if bytes != request.answer_bytes {
            bail!("an answer of {bytes} bytes came where {} were expected", request.answer_bytes);
        }
        let mut tally = window.tally.lock().expect("no thread but this one holds it");
        tally.latencies.saturating_record(latency);
        tally.answer_bytes += bytes as u64;
    }
    Ok(())
}

/// A connection with the bytes of its last answer.
struct Connection {
    socket: TcpStream,
    received: Vec<u8>,
    body_start: usize,
}

impl Connection {
    async fn open(address: &str) -> Result<Self> {
        let socket = TcpStream::connect(address).await.with_context(|| format!("could not connect to {address}"))?;
        socket.set_nodelay(true)?;
        Ok(Self { socket, received: Vec::with_capacity(READ_BYTES), body_start: 0 })
    }

    /// Sends a request, receives its whole answer and gives the length of the body. Only status 200 is an answer.
    async fn exchange(&mut self, wire: &[u8]) -> Result<usize> {
        self.socket.write_all(wire).await.context("the server closed the connection")?;
        self.received.clear();
        let mut whole: Option<usize> = None;
        loop {
            self.received.reserve(READ_BYTES);
            if self.socket.read_buf(&mut self.received).await? == 0 {
                bail!("the server closed the connection after {} bytes of an answer", self.received.len());
            }
            if whole.is_none()
                && let Some(head) = find(&self.received, b"\r\n\r\n")
            {
                self.body_start = head + 4;
                whole = Some(self.body_start + content_length(&self.received[..head])?);
            }
            match whole {
                Some(length) if length > ANSWER_BYTES_MAX => bail!("an answer of {length} bytes is too long"),
                Some(length) if self.received.len() >= length => break,
                Some(_) | None => {}
            }
        }
        if !self.received.starts_with(b"HTTP/1.1 200") {
            bail!("not 200: {}", String::from_utf8_lossy(&self.received[..self.received.len().min(2000)]));
        }
        Ok(self.received.len() - self.body_start)
    }

    /// The answer has data and no errors.
    fn verify(&self) -> Result<()> {
        let body = &self.received[self.body_start..];
        if find(body, b"\"errors\":").is_some() || find(body, b"\"data\":").is_none() {
            bail!("an answer with errors: {}", String::from_utf8_lossy(&body[..body.len().min(2000)]));
        }
        Ok(())
    }
}

fn find(bytes: &[u8], word: &[u8]) -> Option<usize> {
    bytes.windows(word.len()).position(|window| window == word)
}

fn content_length(head: &[u8]) -> Result<usize> {
    let head = std::str::from_utf8(head).context("the head is not text")?;
    let value = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim())
    });
    value.context("the answer does not say how long it is")?.parse().context("the length is not a number")
}
