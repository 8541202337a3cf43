//! What a payment is and what may happen to it. Pure: no IO, no clock, no ids made here.

mod operation;
mod payment;
mod request;
mod settle;

mod history;
mod ledger;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tables;

pub use history::{Broken, Step, fold};
pub use ledger::{Account, Entry, entries};
pub use operation::{Challenge, Failure, Kind, Operation, Outcome, UnknownWord};
pub use payment::{Figures, Payment, Stage, Status, View};
pub use request::{Asked, Refusal};
pub use settle::{Fact, FactKind, Unsettled};
