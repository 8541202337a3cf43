//! Payments from outside: through gRPC in process and through REST, against the sandbox bank.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails by panicking")]

mod calls;
mod credentials;
mod line;
mod world;

mod books;
mod crashes;
mod doors;
mod keys;
mod refunds;
mod rest;
mod tokens;
mod unknown;
mod voids;
