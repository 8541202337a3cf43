//! Place an order: price the draft, and commit order, saga, story, messages and answer as one.

use contracts::ids::OrderId;
use store::Batch;

use super::{Error, Orders};
use crate::{
    domain::{Draft, Order, Placement, Stamp, Step, stock_lines},
    events,
    store::orders::{self, OrderRow},
};

impl Orders {
    /// Places `draft` as the order `id`. `seal` adds to the batch what the caller's answer needs.
    /// One read when a SKU is not remembered, one commit.
    pub async fn place(
        &self,
        draft: Draft,
        id: OrderId,
        seal: impl FnOnce(&mut Batch, &OrderRow),
    ) -> Result<OrderRow, Error> {
        let (row, mut batch) = self.assemble(draft, id).await?;
        seal(&mut batch, &row);
        self.store.commit(batch).await?;
        metrics::counter!("stoa_orders_placed_total").increment(1);
        Ok(row)
    }

    /// The order of a draft, and the batch that makes it one.
    pub(super) async fn assemble(
        &self,
        draft: Draft,
        id: OrderId,
    ) -> Result<(OrderRow, Batch), Error> {
        let offers = self.catalogue.offers(draft.lines.iter().map(|line| &*line.sku)).await?;
        let stamp = Stamp { id, number: self.numbers.next().await?, at: self.clock.now() };
        let order = Order::place(draft, &offers, &self.rates, stamp)?;
        let placement = self.placement(&order);
        let row = OrderRow::placed(&order, &placement.standing());
        let mut batch = Batch::new("place_order");
        orders::insert(&mut batch, &row, order.draft.email.folded());
        events::placed(&self.outbox, &mut batch, &order);
        self.placements.start(&mut batch, &id.to_string(), placement)?;
        Ok((row, batch))
    }

    fn placement(&self, order: &Order) -> Placement {
        let step = Step::Reserving {
            lines: stock_lines(&order.lines),
            tender: order.draft.tender.clone(),
            deadline: order.stamp.at.plus(self.placement_timeout),
        };
        let (number, total) = (order.stamp.number, order.totals.total);
        Placement { number, total, answers: 0, step }
    }
}
