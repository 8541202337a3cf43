//! The service from outside: its own database, queue and saga are real; stock and payments are
//! played, so that each of their moods can be met.

#![allow(clippy::unwrap_used, reason = "in a test, an unwrap that fails is a test that fails")]

mod audit;
mod carts;
mod catalogue;
mod endings;
mod laws;
mod placing;
mod reading;
mod rig;
mod statements;
