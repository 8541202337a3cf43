//! The system from outside: the built binary, its data directory, HTTP and the command line.

mod contention;
mod crash;
mod idempotency;
mod story;
mod timeline;
mod tokens;
