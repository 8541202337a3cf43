//! The loop that accepts.

use std::{
    io,
    sync::{Arc, PoisonError, atomic::Ordering},
    time::Duration,
};

use kernel::Elapsed;
use supervisor::{Context, Exit};
use tokio::io::AsyncWriteExt as _;

use super::{Drain, Listener, address::Listening};
use crate::{peer::Socket, problem::MEDIA_TYPE};

/// Waits after an error that is not of one connection, such as having no file descriptors left.
const BACKOFF_MIN: Duration = Duration::from_millis(10);
const BACKOFF_MAX: Duration = Duration::from_secs(1);

/// What a connection that is one too many is told.
const FULL: &str = "{\"type\":\"/problems/overloaded\",\"title\":\"Overloaded\",\"status\":503,\
    \"detail\":\"more connections are open than this process takes\",\"code\":\"overloaded\"}";

impl Listener {
    /// Accepts until told to stop; when the process drains, for the lame duck longer.
    pub(super) async fn accept(self: &Arc<Self>, context: Context) -> Result<(), Exit> {
        let Some(socket) = self.bound.socket() else {
            return Err(Exit::Error(format!("{} is closed", self.bound.address())));
        };
        let closing = self.renew_closing();
        context.ready();
        tokio::select! {
            () = context.stopping() => {}
            never = self.accept_all(&socket) => match never {},
        }
        if self.drain.has_begun() {
            let lame_duck = Duration::from_millis(self.settings.lame_duck_ms);
            let Err(Elapsed) = self.clock.timeout(lame_duck, self.accept_all(&socket)).await;
            self.bound.close();
        }
        closing.begin();
        Ok(())
    }

    fn renew_closing(&self) -> Drain {
        let fresh = Drain::default();
        *self.closing.lock().unwrap_or_else(PoisonError::into_inner) = fresh.clone();
        fresh
    }

    async fn accept_all(self: &Arc<Self>, socket: &Listening) -> std::convert::Infallible {
        let mut backoff = BACKOFF_MIN;
        loop {
            match socket.accept().await {
                Ok(connection) => {
                    backoff = BACKOFF_MIN;
                    self.admit(connection);
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, address = %self.bound.address(), "cannot accept");
                    self.clock.sleep(backoff).await;
                    backoff = (backoff * 2).min(BACKOFF_MAX);
                }
            }
        }
    }

    fn admit(self: &Arc<Self>, socket: Socket) {
        let seat = Seat::take(self);
        if self.open.load(Ordering::Relaxed) > self.settings.connections_max {
            refuse(socket);
            return;
        }
        let listener = Arc::clone(self);
        let connection = async move {
            listener.serve(socket).await;
            drop(seat);
        };
        if let Err(full) = self.tasks.spawn(connection) {
            tracing::warn!(error = %full, "a connection is not served");
        }
    }
}

/// Says in one try that there is no room: a fresh socket has room for it.
fn refuse(mut socket: Socket) {
    metrics::counter!("stoa_connections_refused_total").increment(1);
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: {MEDIA_TYPE}\r\nretry-after: 1\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{FULL}",
        FULL.len()
    );
    // Never waits; when it cannot be written at once, the connection just closes.
    let _ = futures::FutureExt::now_or_never(socket.write_all(answer.as_bytes()));
}

fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::InvalidInput
    )
}

/// One open connection, counted.
struct Seat(Arc<Listener>);

impl Seat {
    fn take(listener: &Arc<Listener>) -> Self {
        listener.open.fetch_add(1, Ordering::Relaxed);
        metrics::gauge!("stoa_connections_open").increment(1);
        Self(Arc::clone(listener))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
        metrics::gauge!("stoa_connections_open").decrement(1);
    }
}
