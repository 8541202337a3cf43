//! The service over its real store, queue and routes.

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
