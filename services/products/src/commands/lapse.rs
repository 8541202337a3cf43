//! Leases that have ended. Whoever needs the goods takes them at once; the sweeper only tidies.

use std::{collections::BTreeSet, time::Duration};

use ::store::{Batch, Error};
use contracts::ids::OrderId;
use kernel::Timestamp;
use supervisor::{ChildSpec, Context, Exit};

use crate::{
    Products,
    domain::{Answer, Movement, Reservation, Save, Sku, expire},
    events,
    queries::freshness::{Cell, Freshness},
    store::{reservations, stock},
};

/// Leases that are ended in one batch, at most.
pub const EXPIRE_MAX: usize = 256;

/// What happens to reservations and stock together.
#[derive(Default)]
pub struct Moves {
    saves: Vec<Save>,
    movements: Vec<Movement>,
    expired: Vec<OrderId>,
    answer: Option<(OrderId, Answer)>,
}

impl Moves {
    /// Ends the leases of these reservations.
    pub fn expire(&mut self, lapsed: &[Reservation]) {
        for held in lapsed {
            let (save, movements) = expire(held);
            self.saves.push(save);
            self.movements.extend(movements);
            self.expired.push(held.order_id);
        }
    }

    /// Adds what was decided for an order, after the leases that had to end for it.
    pub fn decide(&mut self, order_id: OrderId, decision: crate::domain::Decision) {
        self.saves.push(decision.save);
        self.movements.extend(decision.movements);
        self.answer = Some((order_id, decision.answer));
    }

    /// The batch: reservations in order of their orders, then stock in order of SKUs, so that no
    /// two batches wait for each other; then what orders hear.
    pub fn into_batch(self, app: &Products, label: &'static str, now: Timestamp) -> Batch {
        let Self { mut saves, mut movements, expired, answer } = self;
        let mut batch = Batch::new(label);
        saves.sort_by_key(order_of);
        for save in &saves {
            reservations::save(&mut batch, save, now);
        }
        stock::move_all(&mut batch, &mut movements, now);
        for order_id in expired {
            events::expired(&app.outbox, &mut batch, order_id);
        }
        if let Some((order_id, answer)) = answer {
            events::answered(&app.outbox, &mut batch, order_id, &answer);
        }
        let touched: Vec<Cell> =
            movements.iter().map(|movement| Freshness::cell(&movement.sku)).collect();
        if !touched.is_empty() {
            app.touch(&mut batch, touched, false);
        }
        batch
    }
}

fn order_of(save: &Save) -> Option<OrderId> {
    match save {
        Save::Nothing => None,
        Save::Insert(reservation) | Save::Update { to: reservation, .. } => {
            Some(reservation.order_id)
        }
    }
}

/// Ends the leases that have run out over a SKU. Returns whether there were any.
pub async fn expire_of(app: &Products, sku: &Sku) -> Result<bool, Error> {
    let now = app.clock.now();
    let skus = BTreeSet::from([sku.as_str()]);
    let lapsed = reservations::lapsed_with(&app.store, now, &skus, EXPIRE_MAX).await?;
    end(app, lapsed, now).await
}

/// The child that ends leases in the background.
pub fn sweeper(app: &Products) -> ChildSpec {
    let app = app.clone();
    ChildSpec::worker("sweeper", move |ctx: Context| {
        let app = app.clone();
        async move {
            ctx.ready();
            let period = Duration::from_millis(app.settings.sweep_period_ms);
            while ctx.unless_stopping(app.clock.sleep(period)).await.is_some() {
                while !ctx.is_stopping() && swept(&app).await {}
            }
            Ok::<(), Exit>(())
        }
    })
}

/// The same for the background: a full disk is no reason to take the service down.
async fn swept(app: &Products) -> bool {
    sweep(app).await.unwrap_or_else(|error| {
        let error: &dyn std::error::Error = &error;
        tracing::warn!(error, "leases that ran out could not be ended");
        false
    })
}

/// Ends some leases that have run out. Returns whether there may be more.
pub async fn sweep(app: &Products) -> Result<bool, Error> {
    let now = app.clock.now();
    let lapsed = reservations::lapsed(&app.store, now, None, reservations::LAPSED_PAGE).await?;
    let more = lapsed.len() == reservations::LAPSED_PAGE as usize;
    end(app, lapsed, now).await?;
    Ok(more)
}

async fn end(app: &Products, lapsed: Vec<Reservation>, now: Timestamp) -> Result<bool, Error> {
    if lapsed.is_empty() {
        return Ok(false);
    }
    let mut moves = Moves::default();
    moves.expire(&lapsed);
    match app.store.commit(moves.into_batch(app, "expire_stock", now)).await {
        // Another one ended some of them, or a commit took them: what is left comes next time.
        Err(error) if error.is_conflict() => Ok(true),
        outcome => outcome.map(|()| true),
    }
}
