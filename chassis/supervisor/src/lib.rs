//! Supervision trees over async tasks, with the restart rules of OTP.
//!
//! A [`SupervisorSpec`] names its children in start order, how a death spreads ([`Strategy`]) and
//! how many restarts it bears within a period (its *intensity*). A [`ChildSpec`] says how one child
//! is made, when it is restarted ([`Restart`]), how it is stopped ([`Shutdown`]) and when it counts
//! as started. [`Supervisor::start`] runs the tree; [`Running`] stops it, waits for it, shows it.
//!
//! ```
//! use std::time::Duration;
//! use supervisor::{ChildSpec, Exit, Strategy, Supervisor, SupervisorSpec};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let relay = ChildSpec::worker("relay", |ctx| async move {
//!     ctx.ready();
//!     ctx.stopping().await; // A real worker works until then.
//!     Ok::<(), Exit>(())
//! })
//! .awaits_ready(Duration::from_secs(5));
//! let orders = SupervisorSpec::new("orders", Strategy::RestForOne)
//!     .intensity(5, Duration::from_secs(10))
//!     .child(relay);
//! let root = SupervisorSpec::new("stoa", Strategy::OneForOne).child(ChildSpec::supervisor(orders));
//!
//! let running = Supervisor::start(root, kernel::Clock::system());
//! running.ready().await.expect("the relay gets ready");
//! assert_eq!(running.stop().await, Exit::Shutdown);
//! # }
//! ```
//!
//! # The rules, beside those of OTP's `supervisor`
//!
//! | OTP | here |
//! |---|---|
//! | children start in order, each when the one before it has initialised | the same: ready means [`Context::ready`] for a child that [awaits it](ChildSpec::awaits_ready), at once for others |
//! | a child that fails to initialise at boot fails its supervisor | the same: what was started is stopped, the supervisor fails upward |
//! | `one_for_one`, `one_for_all`, `rest_for_one` | the same; who is stopped is stopped in reverse order, then started in order |
//! | `permanent`, `transient`, `temporary` | the same: a temporary child is not even restarted by a sibling's death; a transient one that had ended runs again when its group is restarted |
//! | more than `intensity` restarts within `period` seconds: stop the children in reverse order, exit `shutdown` | the same, but the exit is an [`Exit::Error`] that says why, so that a transient supervisor is restarted and the root's exit code tells |
//! | `brutal_kill`, timeout, `infinity` | the same; a kill is an abort, which a task notices at its next await |
//! | no pause between restarts | the first restart within the period is immediate, later ones back off ([`Backoff`]) within the period, so that a crash loop still exceeds the intensity |
//! | start blocks the supervisor | a start that takes long blocks only those that must come after it; stop is always heard |
//! | start has no limit of its own | [`ChildSpec::awaits_ready`] names one; exceeded, the child is killed, and that is a failed start |
//!
//! # Limits
//!
//! A task can be killed only where it awaits: one that blocks its thread outlives its kill, is
//! reported and abandoned. A stack overflow, an abort or memory exhaustion ends the process.

mod backoff;
mod branch;
mod context;
mod exit;
mod flag;
mod registry;
mod rules;
mod running;
mod spec;
mod stopping;
mod tasks;
mod tree;
mod window;

pub use backoff::Backoff;
pub use context::Context;
pub use exit::Exit;
pub use running::{Running, Supervisor};
pub use spec::{ChildSpec, Restart, Shutdown, Strategy, SupervisorSpec};
pub use tasks::{AtCapacity, TaskHandle, Tasks};
pub use tree::{Kind, State, Tree, View};
