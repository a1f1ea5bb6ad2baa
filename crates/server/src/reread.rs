//! Reading the project again because a request asks for it: whoever serves does it, and the request is answered of what was read then.

use std::sync::Arc;

use graphql::transport::RequestFault;
use tokio::sync::{mpsc, oneshot};

use crate::accounts::Sender;
use crate::answer::{Answer, Methods, answer};
use crate::app::{App, Endpoint};
use crate::request::Request;

/// Requests that wait for it at once; further ones are told to come again.
const WAITING_MAX: usize = 16;

/// Asks whoever serves to read the project again.
#[derive(Debug, Clone)]
pub struct Reread {
    asking: mpsc::Sender<Asking>,
}

/// Where what was read is to be given to, or why the server goes on with what it had.
pub type Asking = oneshot::Sender<Result<Arc<App>, String>>;

impl Reread {
    /// One end for the settings, the other one for whoever reads the project.
    #[must_use]
    pub fn channel() -> (Reread, mpsc::Receiver<Asking>) {
        let (asking, asked) = mpsc::channel(WAITING_MAX);
        (Reread { asking }, asked)
    }

    async fn ask(&self) -> Result<Arc<App>, String> {
        let (give, given) = oneshot::channel();
        if self.asking.try_send(give).is_err() {
            return Err("the project is being read for others; ask again".to_owned());
        }
        given.await.unwrap_or_else(|_| Err("the server ends".to_owned()))
    }
}

/// Reads the project again, where somebody does that, and then answers.
pub(crate) async fn then_answer(
    endpoint: Endpoint<'_>,
    sender: &Sender,
    request: Request<'_>,
    methods: Methods,
) -> Result<Answer, RequestFault> {
    let read = match &endpoint.app.settings.reread {
        Some(reread) => reread.ask().await.map(Some),
        None => Ok(None),
    };
    let failure = read.as_ref().err().cloned();
    let sender = Sender { reread: Some(Outcome { failure }), ..sender.clone() };
    let app = read.ok().flatten();
    // An endpoint that is there no longer answers once more as it was.
    let fresh = app.as_deref().and_then(|app| app.endpoint(&endpoint.schemas.path));
    answer(fresh.unwrap_or(endpoint), &sender, request, methods).await
}

/// How it went, for the command that asked for it.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    /// Why the server goes on with what it had.
    pub(crate) failure: Option<String>,
}
