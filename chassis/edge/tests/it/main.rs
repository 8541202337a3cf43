//! The edge from outside: real sockets, real tokens, real calls.

#![expect(clippy::unwrap_used, reason = "a test says what failed by where it panics")]

mod auth;
mod bodies;
mod descriptors;
mod drain;
mod front;
mod harness;
mod health;
mod idempotency;
mod keys;
mod nurse;
mod peer;
mod serve;
mod sse;
