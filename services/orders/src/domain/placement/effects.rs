//! What a transition owes to others: commands to stock, and events about the order.

use contracts::commands::StockLine;

use super::{Closing, Ending, Placement, Step};
use crate::domain::statuses::OrderStatus;

/// One message to send together with a transition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Send {
    /// Set these lines aside.
    ReserveStock(Vec<StockLine>),
    /// Take them out for good.
    CommitStock,
    /// Give them back, for this reason.
    ReleaseStock(&'static str),
    /// Tell that the order is confirmed.
    Confirmed,
    /// Tell that it is rejected.
    Rejected(Ending),
    /// Tell that it is canceled.
    Canceled(Ending),
}

/// What to send when a placement comes `from` one step `to` another; from none when it starts.
/// Commands go out with each entry into the step that waits for their answer, events when the
/// order's status changes.
pub fn sends(from: Option<&Placement>, to: &Placement) -> Vec<Send> {
    let mut sends: Vec<Send> = command(&to.step).into_iter().collect();
    let before = from.map(|placement| placement.standing().status);
    let after = to.standing().status;
    if before.is_some_and(|before| before != after) {
        sends.extend(news(after, to.step.ending()));
    }
    sends
}

fn command(step: &Step) -> Option<Send> {
    match step {
        Step::Reserving { lines, .. } => Some(Send::ReserveStock(lines.clone())),
        Step::Committing { .. } => Some(Send::CommitStock),
        Step::Releasing { ending, .. } => Some(Send::ReleaseStock(ending.reason.as_str())),
        Step::Authorizing { .. }
        | Step::AwaitingAnswer { .. }
        | Step::Answering { .. }
        | Step::Capturing { .. }
        | Step::Voiding { .. }
        | Step::Completed { .. }
        | Step::Ended { .. } => None,
    }
}

fn news(status: OrderStatus, ending: Option<&Ending>) -> Option<Send> {
    match status {
        OrderStatus::Confirmed => Some(Send::Confirmed),
        OrderStatus::Rejected => ending.cloned().map(Send::Rejected),
        OrderStatus::Canceled => ending.cloned().map(Send::Canceled),
        // Placement is told by the command that places; completion is not this saga's to tell.
        OrderStatus::Pending | OrderStatus::Completed => None,
    }
}

impl Step {
    /// How the order ends, once that is certain.
    pub fn ending(&self) -> Option<&Ending> {
        match self {
            Self::Voiding { ending, .. }
            | Self::Releasing { ending, .. }
            | Self::Ended { ending, .. } => Some(ending),
            Self::Reserving { .. }
            | Self::Authorizing { .. }
            | Self::AwaitingAnswer { .. }
            | Self::Answering { .. }
            | Self::Committing { .. }
            | Self::Capturing { .. }
            | Self::Completed { .. } => None,
        }
    }
}

impl Closing {
    /// The status of an order that ends so.
    pub fn order_status(self) -> OrderStatus {
        match self {
            Self::Rejected => OrderStatus::Rejected,
            Self::Canceled => OrderStatus::Canceled,
        }
    }
}
