//! The system from outside: the built binary, its data directory, HTTP and the command line.

mod audit;
mod catalogue;
mod contention;
mod crash;
mod dead_letters;
mod faults;
mod idempotency;
mod lost_reply;
mod story;
mod timeline;
mod tokens;
