//! Answers: orders, carts and timelines as they are shown.

mod carts;
mod orders;
mod stories;

pub use carts::CartShown;
pub use orders::{OrderPage, OrderShown};
pub use stories::{EntryShown, TimelinePage};
