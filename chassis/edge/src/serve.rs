//! Listeners as supervised children: bind, accept, serve HTTP/1.1 and HTTP/2 on one socket, drain.
//!
//! The socket belongs to a [`Bound`], which the binary holds, so that it outlives a crash of the
//! loop that accepts. To stop: [`Drain::begin`], then stop the supervision tree. Readiness turns
//! 503 and answers say `Connection: close`; after the lame duck nothing is accepted, connections
//! without work are closed (HTTP/2: GOAWAY), those with work finish it, and what is left at the
//! deadline is cut off.

mod accept;
mod address;
mod connection;
mod drain;
mod watch;

use std::{
    sync::{Arc, Mutex, atomic::AtomicUsize},
    time::Duration,
};

use axum::Router;
use kernel::Clock;
use supervisor::{ChildSpec, Shutdown, Strategy, SupervisorSpec, Tasks};

use crate::Settings;

pub use address::{Address, BadAddress, BindError, Bound};
pub use drain::Drain;

/// What the connections of one listener share.
struct Listener {
    bound: Bound,
    router: Router,
    settings: Settings,
    clock: Clock,
    drain: Drain,
    tasks: Tasks,
    /// Raised when nothing more is accepted: connections close as soon as they have no work. A
    /// new one for each life of the loop that accepts.
    closing: Mutex<Drain>,
    open: AtomicUsize,
}

/// The child that serves `router` at `bound`; it is the last to start and so the first to stop.
pub fn listener(
    name: &'static str,
    bound: Bound,
    router: Router,
    settings: Settings,
    drain: Drain,
    clock: Clock,
) -> ChildSpec {
    // Streams of HTTP/2 run as tasks too; they are limited per connection and shed by the front.
    let tasks_max = settings.connections_max.saturating_mul(2);
    let (tasks, connections) =
        Tasks::new("connections", u32::try_from(tasks_max).unwrap_or(u32::MAX));
    let lame_duck = Duration::from_millis(settings.lame_duck_ms);
    let drain_max = Duration::from_millis(settings.drain_ms_max);
    let listener = Arc::new(Listener {
        bound,
        router,
        settings,
        clock,
        drain,
        tasks,
        closing: Mutex::default(),
        open: AtomicUsize::new(0),
    });
    let accept = ChildSpec::worker("accept", move |context| {
        let listener = Arc::clone(&listener);
        async move { listener.accept(context).await }
    });
    let spec = SupervisorSpec::new(name, Strategy::OneForOne)
        .intensity(3, Duration::from_secs(10))
        .child(connections.shutdown(Shutdown::Timeout(drain_max)))
        .child(accept.shutdown(Shutdown::Timeout(lame_duck + Duration::from_secs(2))));
    ChildSpec::supervisor(spec)
}
