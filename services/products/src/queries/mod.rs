//! The read side: products, lists, categories, stock, exports.

pub mod categories;
pub mod export;
pub mod freshness;
pub mod inventory;
pub mod listing;
pub mod pages;
pub mod shapes;
mod words;
