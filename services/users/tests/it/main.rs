//! The service from outside: over its routes, behind the edge's front, on its own database.

#![expect(clippy::unwrap_used, reason = "a test that meets something else fails")]

mod accounts;
mod books;
mod keys;
mod log_in;
mod refresh;
mod setup;
mod shop;
mod staff;
mod wishlist;
