//! What the flows share: a shop in a process of its own, its books, and how they must agree.

mod books;
mod proxy;
mod shop;
mod wanted;

pub use books::{Bank, Level, pages};
pub use proxy::LossyProxy;
pub use shop::{Shop, audit, id_of};
pub use wanted::{body_of, order_of, place};
