//! Payments: authorisations, captures, voids and refunds at a provider, and the double-entry ledger.

mod commands;
mod domain;
mod events;
mod providers;
mod queries;
mod settings;
mod store;

pub use settings::Settings;
