//! How a connection is made: address, socket folders, TLS.
//!
//! `sslmode=disable`, `prefer` and `require` are understood. Where TLS is used the server's certificate is always verified, against the file named by
//! `sslrootcert=` or else the system's. Without `sslmode` a socket folder and a loopback address are spoken to in the clear, all else as `prefer` has it.

use std::future::poll_fn;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{AsyncMessage, CancelToken, Client, Config, Connection, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::Error;

/// Where systems keep the certificates they trust.
const SYSTEM_ROOTS: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// Makes connections to one address.
#[derive(Clone)]
pub(super) struct Connector {
    config: Config,
    tls: Option<MakeRustlsConnect>,
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Connector").field("tls", &self.tls.is_some()).finish_non_exhaustive()
    }
}

/// What an address says, and the file of the certificates that it names.
///
/// # Errors
/// [`Error::Address`] for what can never be connected to.
pub(crate) fn config_of(url: &str) -> Result<(Config, Option<String>), Error> {
    let (url, root_certificates) = without_parameter(url, "sslrootcert");
    let config: Config =
        url.parse().map_err(|error: tokio_postgres::Error| Error::Address { problem: reason(&error) })?;
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        let problem = "it names no host; `postgres://user@host/name` does, and `?host=/folder` the folder of a socket";
        return Err(Error::Address { problem: problem.to_owned() });
    }
    Ok((config, root_certificates))
}

impl Connector {
    pub(super) fn new(url: &str) -> Result<Connector, Error> {
        let (mut config, root_certificates) = config_of(url)?;
        if !url.contains("sslmode=") && is_local(&config) {
            config.ssl_mode(SslMode::Disable);
        }
        let tls = match config.get_ssl_mode() {
            SslMode::Disable => None,
            _ => Some(MakeRustlsConnect::new(client_config(root_certificates.as_deref())?)),
        };
        Ok(Connector { config, tls })
    }

    pub(super) async fn connect(&self) -> Result<Client, Error> {
        match &self.tls {
            None => {
                let (client, connection) = self.config.connect(NoTls).await.map_err(Error::Connect)?;
                tokio::spawn(async move { drive(connection.await) });
                Ok(client)
            }
            Some(tls) => {
                let (client, connection) = self.config.connect(tls.clone()).await.map_err(Error::Connect)?;
                tokio::spawn(async move { drive(connection.await) });
                Ok(client)
            }
        }
    }
}

impl Connector {
    /// A connection whose notifications go to a channel. It ends with its receiver.
    pub(super) async fn listen(&self, heard: mpsc::Sender<String>) -> Result<Client, Error> {
        match &self.tls {
            None => {
                let (client, connection) = self.config.connect(NoTls).await.map_err(Error::Connect)?;
                tokio::spawn(hear(connection, heard));
                Ok(client)
            }
            Some(tls) => {
                let (client, connection) = self.config.connect(tls.clone()).await.map_err(Error::Connect)?;
                tokio::spawn(hear(connection, heard));
                Ok(client)
            }
        }
    }

    /// Asks the server to stop what runs on a connection.
    pub(super) async fn cancel(&self, token: &CancelToken) -> Result<(), tokio_postgres::Error> {
        match &self.tls {
            None => token.cancel_query(NoTls).await,
            Some(tls) => token.cancel_query(tls.clone()).await,
        }
    }
}

/// Drives a connection until it ends or nobody hears.
async fn hear<S, T>(mut connection: Connection<S, T>, heard: mpsc::Sender<String>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        let message = tokio::select! {
            () = heard.closed() => return,
            message = poll_fn(|context| connection.poll_message(context)) => message,
        };
        match message {
            Some(Ok(AsyncMessage::Notification(notification))) => {
                // A full channel holds hints enough.
                drop(heard.try_send(notification.payload().to_owned()));
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => return drive(Err(error)),
            None => return,
        }
    }
}

fn drive(ended: Result<(), tokio_postgres::Error>) {
    if let Err(error) = ended {
        tracing::warn!(reason = reason(&error), "a connection to PostgreSQL ended");
    }
}

fn reason(error: &tokio_postgres::Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => [error.to_string(), source.to_string()].join(": "),
        None => error.to_string(),
    }
}

fn is_local(config: &Config) -> bool {
    config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => matches!(name.as_str(), "localhost" | "127.0.0.1" | "::1"),
        Host::Unix(_) => true,
    })
}

fn client_config(root_certificates: Option<&str>) -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Address { problem: error.to_string() })?;
    Ok(builder.with_root_certificates(roots(root_certificates)?).with_no_client_auth())
}

fn roots(file: Option<&str>) -> Result<RootCertStore, Error> {
    let mut store = RootCertStore::empty();
    let Some(file) = file.or_else(|| SYSTEM_ROOTS.into_iter().find(|path| Path::new(path).exists())) else {
        return Ok(store);
    };
    let unreadable = |error: String| Error::Address {
        problem: ["the root certificates in ", file, " cannot be read: ", &error].concat(),
    };
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| unreadable(error.to_string()))? {
        // One odd certificate in a system's bundle is no reason to trust none of the others.
        drop(store.add(certificate.map_err(|error| unreadable(error.to_string()))?));
    }
    Ok(store)
}

/// Takes `name=value` out of a URL's query; the driver knows nothing of it.
fn without_parameter(url: &str, name: &str) -> (String, Option<String>) {
    let Some((address, query)) = url.split_once('?') else { return (url.to_owned(), None) };
    let (mine, others): (Vec<&str>, Vec<&str>) =
        query.split('&').partition(|pair| pair.split_once('=').is_some_and(|(key, _)| key == name));
    let value = mine
        .first()
        .and_then(|pair| pair.split_once('='))
        .map(|(_, value)| value.replace("%2F", "/").replace("%2f", "/"));
    let url = if others.is_empty() { address.to_owned() } else { [address, &others.join("&")].join("?") };
    (url, value)
}
