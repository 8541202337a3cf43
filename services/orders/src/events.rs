//! What is told to others: domain facts as published contracts and commands over the queue.

use contracts::{
    Contract as _,
    commands::{CommitStock, ReleaseStock, ReserveStock},
    events::orders::{OrderCanceled, OrderConfirmed, OrderItem, OrderPlaced, OrderRejected},
    ids::OrderId,
};
use delivery::Outbox;
use kernel::Timestamp;
use store::Batch;

use crate::domain::{Ending, Line, Order, Placement, Send};

/// Tells that an order was placed.
pub fn placed(outbox: &Outbox, batch: &mut Batch, order: &Order) {
    let item = |line: &Line| OrderItem {
        sku: line.offer.sku.clone(),
        quantity: line.quantity.count(),
        unit_price: line.offer.price,
    };
    let event = OrderPlaced {
        order_id: order.stamp.id,
        number: order.stamp.number.to_string(),
        email: order.draft.email.as_str().to_owned(),
        items: order.lines.iter().map(item).collect(),
        total: order.totals.total,
    };
    outbox.emit(batch, &order.stamp.id.to_string(), &event);
}

/// Sends what a transition owes to others, about the order `id` of `placement`.
pub fn send(
    outbox: &Outbox,
    batch: &mut Batch,
    id: OrderId,
    placement: &Placement,
    what: &Send,
    lease_until: Timestamp,
) {
    let key = id.to_string();
    match what {
        Send::ReserveStock(lines) => {
            let (lines, expires_at) = (lines.clone(), lease_until);
            outbox.emit(batch, &key, &ReserveStock { order_id: id, lines, expires_at });
        }
        Send::CommitStock => outbox.emit(batch, &key, &CommitStock { order_id: id }),
        Send::ReleaseStock(reason) => {
            let reason = (*reason).to_owned();
            outbox.emit(batch, &key, &ReleaseStock { order_id: id, reason });
        }
        Send::Confirmed => {
            let (number, total) = (placement.number.to_string(), placement.total);
            outbox.emit(batch, &key, &OrderConfirmed { order_id: id, number, total });
        }
        Send::Rejected(ending) => outbox.emit(batch, &key, &rejected(id, placement, ending)),
        Send::Canceled(ending) => outbox.emit(batch, &key, &canceled(id, placement, ending)),
    }
}

fn rejected(id: OrderId, placement: &Placement, ending: &Ending) -> OrderRejected {
    OrderRejected {
        order_id: id,
        number: placement.number.to_string(),
        code: ending.reason.as_str().to_owned(),
        detail: ending.detail.clone(),
    }
}

fn canceled(id: OrderId, placement: &Placement, ending: &Ending) -> OrderCanceled {
    OrderCanceled {
        order_id: id,
        number: placement.number.to_string(),
        code: ending.reason.as_str().to_owned(),
        detail: ending.detail.clone(),
    }
}

/// The contract that a message is told by.
pub fn kind(what: &Send) -> &'static str {
    match what {
        Send::ReserveStock(_) => ReserveStock::KIND,
        Send::CommitStock => CommitStock::KIND,
        Send::ReleaseStock(_) => ReleaseStock::KIND,
        Send::Confirmed => OrderConfirmed::KIND,
        Send::Rejected(_) => OrderRejected::KIND,
        Send::Canceled(_) => OrderCanceled::KIND,
    }
}
