//! Service orders: carts, placement, orders and everything that is told about them.

pub mod domain;
