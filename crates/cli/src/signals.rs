//! Ctrl-C and SIGTERM: the first lets running requests end, the second ends at once.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::error::Error;

/// Becomes true with the first signal.
pub(crate) fn stop_signal() -> Result<watch::Receiver<bool>, Error> {
    let (stop, stopped) = watch::channel(false);
    let mut interrupt = listen_for(SignalKind::interrupt())?;
    let mut terminate = listen_for(SignalKind::terminate())?;
    tokio::spawn(async move {
        either(&mut interrupt, &mut terminate).await;
        tracing::info!("stopping: running requests may end; a second signal ends at once");
        // Nobody listens any more when the server has ended by itself.
        let _unheard = stop.send(true).is_err();
        either(&mut interrupt, &mut terminate).await;
        std::process::exit(EXIT_INTERRUPTED);
    });
    Ok(stopped)
}

/// What a shell reports for a process that Ctrl-C ended.
const EXIT_INTERRUPTED: i32 = 130;

fn listen_for(kind: SignalKind) -> Result<Signal, Error> {
    signal(kind).map_err(Error::Runtime)
}

async fn either(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        _came = one.recv() => {}
        _came = other.recv() => {}
    }
}
