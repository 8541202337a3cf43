//! The audit of this database: what must hold of every order, and what others must agree to.

use kernel::{Currency, Money, audit::Audit};
use store::{Error, Row, Store};

use crate::{
    domain::{
        Line, OrderStatus, PaymentStatus, Placement, ShippingRates, Totals, legal, sold,
        stock_lines,
    },
    store::{
        audit::{double_numbers, orders, stories, stray_placements},
        orders::Body,
        timeline::Entry,
    },
};

/// Checks every order against its lines, its placement and its story.
pub async fn audit(store: &Store) -> Result<Audit, Error> {
    let mut audit = Audit::default();
    let mut after = String::new();
    loop {
        let page = orders(store, &after).await?;
        let Some(last) = page.last() else { break };
        last.text(0)?.clone_into(&mut after);
        for row in &page {
            order(&mut audit, row)?;
        }
    }
    tell_stories(&mut audit, store).await?;
    for row in stray_placements(store).await? {
        audit.find("placement-has-an-order", row.text(0)?, "no order has this id");
    }
    for row in double_numbers(store).await? {
        let detail = format!("{} orders have it", row.int(1)?);
        audit.find("number-is-unique", row.int(0)?, detail);
    }
    Ok(audit)
}

/// An order beside its placement.
struct Pair {
    id: String,
    status: OrderStatus,
    payment_status: PaymentStatus,
    settled: bool,
    lines: Vec<Line>,
    totals: Totals,
    total: Money,
}

fn order(audit: &mut Audit, row: &Row) -> Result<(), Error> {
    let body: Body = row.json(4)?;
    let pair = Pair {
        id: row.text(0)?.to_owned(),
        status: row.parse(1)?,
        payment_status: row.parse(2)?,
        settled: row.opt_time(3)?.is_some(),
        lines: body.items.iter().map(|line| line.line()).collect::<Result<_, _>>()?,
        totals: body.totals,
        total: Money::new(row.int(5)?, row.parse::<Currency>(6)?),
    };
    audit.checked += 1;
    check_totals(audit, &pair);
    if !legal(pair.status, pair.payment_status) {
        let detail = format!("{} with payment {}", pair.status, pair.payment_status);
        audit.find("statuses-fit", &pair.id, detail);
    }
    let placement = row.opt_text(7)?.map(|_| row.json::<Placement>(7)).transpose()?;
    check_placement(audit, &pair, placement.as_ref(), row.opt_int(8)?);
    if pair.settled {
        claim(audit, &pair);
    } else {
        audit.open.push(pair.id);
    }
    Ok(())
}

fn check_totals(audit: &mut Audit, pair: &Pair) {
    let currency = pair.total.currency;
    let fresh = Totals::of(&pair.lines, currency, &ShippingRates::default());
    let same_subtotal = fresh.is_ok_and(|fresh| fresh.subtotal == pair.totals.subtotal);
    let priced =
        |line: &Line| line.offer.price.times(i64::from(line.quantity.count())) == Ok(line.total);
    let holds = same_subtotal
        && pair.totals.add_up()
        && pair.totals.total == pair.total
        && pair.lines.iter().all(priced);
    if !holds {
        let detail = format!("{:?} do not give {:?} or {}", pair.lines, pair.totals, pair.total);
        audit.find("totals-add-up", &pair.id, detail);
    }
}

fn check_placement(
    audit: &mut Audit,
    pair: &Pair,
    placement: Option<&Placement>,
    finished: Option<i64>,
) {
    let Some(placement) = placement else {
        audit.find("order-has-a-placement", &pair.id, "there is none");
        return;
    };
    let standing = placement.standing();
    if (standing.status, standing.payment_status) != (pair.status, pair.payment_status) {
        let detail = format!(
            "the placement says {} with payment {}, the order {} with {}",
            standing.status, standing.payment_status, pair.status, pair.payment_status
        );
        audit.find("order-follows-its-placement", &pair.id, detail);
    }
    let ended = [standing.settled, finished == Some(1), pair.settled];
    if ended != [pair.settled; 3] {
        let detail = format!("step {}: state, row and order say {ended:?}", placement.step.name());
        audit.find("finished-is-settled", &pair.id, detail);
    }
    if placement.total != pair.total {
        let detail = format!("{} is charged for {}", placement.total, pair.total);
        audit.find("charged-is-the-total", &pair.id, detail);
    }
}

/// What payments, the bank and stock must agree to.
fn claim(audit: &mut Audit, pair: &Pair) {
    let captured = match pair.payment_status {
        PaymentStatus::Captured | PaymentStatus::PartiallyRefunded | PaymentStatus::Refunded => {
            true
        }
        PaymentStatus::None
        | PaymentStatus::Authorized
        | PaymentStatus::PartiallyCaptured
        | PaymentStatus::Voided
        | PaymentStatus::Failed => false,
    };
    if captured && pair.total.minor != 0 {
        audit.claim(&pair.id, "captured", pair.total);
    }
    match pair.status {
        OrderStatus::Confirmed | OrderStatus::Completed => {
            audit.claim(&pair.id, "sold", sold(&stock_lines(&pair.lines)));
        }
        OrderStatus::Pending | OrderStatus::Rejected | OrderStatus::Canceled => {}
    }
}

/// Every story counts its entries 1, 2, 3, ... without a gap.
async fn tell_stories(audit: &mut Audit, store: &Store) -> Result<(), Error> {
    let (mut order, mut last) = (String::new(), 0);
    loop {
        let page = stories(store, &order, last).await?;
        if page.is_empty() {
            return Ok(());
        }
        for row in &page {
            let before = if row.text(0)? == order { last } else { 0 };
            row.text(0)?.clone_into(&mut order);
            last = row.int(1)?;
            let entries = row.json::<Vec<Entry>>(2)?.len();
            let expected = before + i64::try_from(entries).unwrap_or(i64::MAX);
            if expected != last {
                let detail = format!("{entries} entries after {before} end at {last}");
                audit.find("timeline-has-no-gap", &order, detail);
            }
        }
    }
}
