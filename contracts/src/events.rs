//! Events: what happened, in the past tense, declared once and read by whoever is interested.

pub mod orders;
pub mod payments;
pub mod products;
pub mod users;
