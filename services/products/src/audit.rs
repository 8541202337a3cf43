//! Folds the journal of stock and reports what does not add up.

use std::fmt::Write as _;

use ::store::{Error, Store};
use kernel::audit::Audit;

use crate::{
    domain::{Line, State},
    store::{audit as sql, reservations},
};

/// SKUs or reservations looked at in one read.
const PAGE: u32 = 1000;

/// Checks that every stock is what its movements fold to, that each movement continues the one
/// before, that what is reserved is what reservations hold; claims what was sold to each order.
/// Reads page by page: a shop of any size is audited in little memory, beside its claims.
pub async fn audit(store: &Store) -> Result<Audit, Error> {
    let mut audit = Audit::default();
    fold_journals(store, &mut audit).await?;
    compare_reservations(store, &mut audit).await?;
    claim_sold(store, &mut audit).await?;
    Ok(audit)
}

async fn fold_journals(store: &Store, audit: &mut Audit) -> Result<(), Error> {
    let mut after = String::new();
    loop {
        let page = sql::folded(store, &after, PAGE).await?;
        let Some(last) = page.last() else { break };
        for (sku, version) in sql::broken(store, &after, &last.sku).await? {
            let detail = format!("movement {version} does not continue the one before it");
            audit.find("stock-journal-continues", sku, detail);
        }
        after.clone_from(&last.sku);
        audit.checked += page.len() as u64;
        for folded in page {
            let (on_hand, reserved, _) = folded.stock;
            if folded.stock != folded.journal {
                let detail = format!(
                    "(on hand, reserved, version) is {:?}, its movements fold to {:?}",
                    folded.stock, folded.journal
                );
                audit.find("stock-is-its-journal", &folded.sku, detail);
            }
            if reserved < 0 || on_hand < reserved {
                let detail = format!("{on_hand} on hand, {reserved} reserved");
                audit.find("stock-is-not-oversold", &folded.sku, detail);
            }
        }
    }
    for sku in sql::orphans(store).await? {
        audit.find("stock-is-its-journal", sku, "movements without a stock");
    }
    Ok(())
}

async fn compare_reservations(store: &Store, audit: &mut Audit) -> Result<(), Error> {
    for (sku, reserved, held) in sql::held_mismatch(store).await? {
        let detail = format!("{reserved} reserved, {held} held by reservations");
        audit.find("stock-reserved-is-held", sku, detail);
    }
    Ok(())
}

async fn claim_sold(store: &Store, audit: &mut Audit) -> Result<(), Error> {
    let mut after = String::new();
    loop {
        let page = sql::reservations(store, &after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        last.text(0)?.clone_into(&mut after);
        audit.checked += page.len() as u64;
        for row in page {
            let order = row.text(0)?;
            match row.parse::<State>(2) {
                Ok(State::Committed) => {
                    audit.claim(order, "sold", sold(&reservations::lines(&row, 1)?));
                }
                Ok(State::Held) => audit.open.push(order.to_owned()),
                Ok(State::Released | State::Returned | State::Expired | State::Rejected) => {}
                Err(error) => audit.find("reservation-state-is-legal", order, error),
            }
        }
    }
}

/// `SKU-A=2,SKU-B=1`: lines are sorted by SKU where they are written.
fn sold(lines: &[Line]) -> String {
    let mut text = String::new();
    for Line { sku, quantity } in lines {
        let comma = if text.is_empty() { "" } else { "," };
        write!(text, "{comma}{sku}={quantity}").expect("writing to a string does not fail");
    }
    text
}
