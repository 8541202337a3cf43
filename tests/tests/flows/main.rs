//! The system from outside: the built binary, its data directory, HTTP and the command line.

mod contention;
mod crash;
mod faults;
mod idempotency;
mod lost_reply;
mod story;
mod timeline;
mod tokens;
