//! What orders ask of stock: reserve, commit, release. Each returns the batch that does it and
//! answers; the consumer commits it, and asks again when the stock moved meanwhile.

use std::collections::BTreeSet;

use ::store::{Batch, Error};
use contracts::commands::{CommitStock, ReleaseStock, ReserveStock};
use kernel::Timestamp;

use super::lapse::{EXPIRE_MAX, Moves};
use crate::{
    Products,
    domain::{
        Answer, Decision, Line, Reservation, Save, Shortage, Stage, State, commit, merge_lines,
        refuse, release, reserve, shortages,
    },
    events,
    store::{reservations, stock},
};

/// Sets the lines aside, all or none. A repeated command is answered as the first one was; one
/// that comes after a release, or after its own lease, is refused.
pub async fn reserve_stock(app: &Products, command: ReserveStock) -> Result<Batch, Error> {
    let now = app.clock.now();
    let ReserveStock { order_id, lines, expires_at } = command;
    let mut moves = Moves::default();
    if let Some(known) = reservations::by_order(&app.store, order_id).await? {
        moves.decide(order_id, again(known.reserve_again()));
        return Ok(moves.into_batch(app, "reserve_stock", now));
    }
    let id = app.ids.next();
    let lines = merge_lines(lines.into_iter().map(events::line)).filter(|_| expires_at > now);
    let decision = match lines {
        Some(lines) => {
            let Room { short, lapsed } = room(app, &lines, now).await?;
            if short.is_empty() {
                moves.expire(&lapsed);
            }
            reserve(order_id, id, lines, expires_at, short)
        }
        None => {
            let answer = Answer::Rejected { stage: Stage::Reserve, shortages: Vec::new() };
            refuse(order_id, id, State::Rejected, expires_at, answer)
        }
    };
    moves.decide(order_id, decision);
    Ok(moves.into_batch(app, "reserve_stock", now))
}

/// The goods leave. After the lease they leave if they are still there.
pub async fn commit_stock(app: &Products, command: CommitStock) -> Result<Batch, Error> {
    let now = app.clock.now();
    let order_id = command.order_id;
    let mut moves = Moves::default();
    let decision = match reservations::by_order(&app.store, order_id).await? {
        None => {
            let answer = Answer::Rejected { stage: Stage::Commit, shortages: Vec::new() };
            refuse(order_id, app.ids.next(), State::Rejected, now, answer)
        }
        Some(known) if known.state == State::Expired => {
            let Room { short, lapsed } = room(app, &known.lines, now).await?;
            if short.is_empty() {
                moves.expire(&lapsed);
            }
            commit(&known, short)
        }
        Some(known) => commit(&known, Vec::new()),
    };
    moves.decide(order_id, decision);
    Ok(moves.into_batch(app, "commit_stock", now))
}

/// Gives back what is held or has left; an order that asked for nothing is marked as over.
pub async fn release_stock(app: &Products, command: ReleaseStock) -> Result<Batch, Error> {
    let now = app.clock.now();
    let ReleaseStock { order_id, reason } = command;
    let decision = match reservations::by_order(&app.store, order_id).await? {
        None => refuse(order_id, app.ids.next(), State::Released, now, Answer::Released),
        Some(known) => release(&known, &reason),
    };
    let mut moves = Moves::default();
    moves.decide(order_id, decision);
    Ok(moves.into_batch(app, "release_stock", now))
}

fn again(answer: Answer) -> Decision {
    Decision { save: Save::Nothing, movements: Vec::new(), answer }
}

/// Whether lines can be served, and which ended leases must give their goods for it.
struct Room {
    short: Vec<Shortage>,
    lapsed: Vec<Reservation>,
}

/// Looks for the lines on the shelf, and only when they are not there at ended leases. All ended
/// leases of these SKUs end together: of many that look at once, one frees the goods for all, and
/// the others are asked again.
async fn room(app: &Products, lines: &[Line], now: Timestamp) -> Result<Room, Error> {
    let skus: Vec<&str> = lines.iter().map(|line| line.sku.as_str()).collect();
    let mut levels = stock::levels(&app.store, &skus).await?;
    let short = shortages(lines, &levels);
    if short.is_empty() {
        return Ok(Room { short, lapsed: Vec::new() });
    }
    let skus = BTreeSet::from_iter(skus);
    let lapsed = reservations::lapsed_with(&app.store, now, &skus, EXPIRE_MAX).await?;
    for line in lapsed.iter().flat_map(|held| &held.lines) {
        if let Some(level) = levels.get_mut(&line.sku) {
            level.reserved -= i64::from(line.quantity);
        }
    }
    Ok(Room { short: shortages(lines, &levels), lapsed })
}
