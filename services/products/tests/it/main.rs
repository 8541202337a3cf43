//! The service over its real store, queue and routes.

#![expect(clippy::unwrap_used, reason = "a test says what failed by where it panics")]

mod shop;

mod audit;
mod catalogue;
mod contention;
mod imports;
mod inventory;
mod pages;
mod random;
mod reservations;
mod search;
mod statements;
