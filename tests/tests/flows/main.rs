//! The system from outside: the built binary, its data directory, HTTP and the command line.

mod contention;
mod idempotency;
mod story;
mod timeline;
mod tokens;
