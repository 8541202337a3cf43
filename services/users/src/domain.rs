//! What accounts are and what may happen to them: pure rules, no IO, no clock, no ids made here.

pub mod access;
pub mod address;
pub mod audit;
pub mod email;
pub mod key;
pub mod name;
pub mod password;
pub mod secret;
pub mod session;
pub mod throttle;
pub mod user;
pub mod wishlist;
