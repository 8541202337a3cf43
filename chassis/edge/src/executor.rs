//! Has the HTTP library run its own tasks under supervision.

use std::future::Future;

use hyper::rt::Executor;
use supervisor::Tasks;

/// Runs connections and streams of the HTTP library as supervised tasks.
#[derive(Clone)]
pub(crate) struct Supervised(pub(crate) Tasks);

impl<F> Executor<F> for Supervised
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, task: F) {
        // What has no place is dropped: its stream is reset, its connection closed.
        if let Err(full) = self.0.spawn(task) {
            tracing::warn!(error = %full, "a stream or connection has no place");
        }
    }
}
