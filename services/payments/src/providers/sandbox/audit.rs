//! What the bank believes: its books folded per authorisation, as claims that Stoa's must match.

use std::collections::HashMap;

use contracts::ids::OrderId;
use kernel::{Currency, audit::Audit};
use store::{Error, Store};

use super::account::Account;
use super::books;

/// Bookings read at a time.
const PAGE_MAX: u32 = 2000;

struct Folded {
    order: OrderId,
    currency: Currency,
    ordinal: i64,
    account: Account,
}

/// Folds the bank's books and says what it holds, captured and refunded for each order.
pub async fn audit(bank: &Store) -> Result<Audit, Error> {
    let mut audit = Audit::default();
    let mut accounts: HashMap<String, Folded> = HashMap::new();
    let mut after = 0;
    loop {
        let page = books::operations(bank, after, PAGE_MAX).await?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        for operation in page {
            audit.checked += 1;
            let booking = operation.booking;
            let folded = accounts.entry(booking.authorization.clone()).or_insert(Folded {
                order: booking.order,
                currency: booking.amount.currency,
                ordinal: 0,
                account: Account::default(),
            });
            if folded.ordinal != booking.ordinal {
                audit.find("bank-history-gap", &booking.key, booking.ordinal);
            }
            folded.ordinal += 1;
            folded.account = folded.account.after(&booking);
            let Account { held, captured, refunded, .. } = folded.account;
            if held < 0 || refunded > captured {
                let figures = format!("held {held}, captured {captured}, refunded {refunded}");
                audit.find("bank-overdrawn", &booking.key, figures);
            }
        }
    }
    claim(&mut audit, accounts.into_values());
    Ok(audit)
}

fn claim(audit: &mut Audit, accounts: impl Iterator<Item = Folded>) {
    let mut orders: HashMap<(OrderId, Currency), Account> = HashMap::new();
    for Folded { order, currency, account, .. } in accounts {
        let total = orders.entry((order, currency)).or_default();
        total.held += account.held;
        total.captured += account.captured;
        total.refunded += account.refunded;
    }
    for ((order, currency), Account { held, captured, refunded, .. }) in orders {
        for (fact, minor) in [("held", held), ("captured", captured), ("refunded", refunded)] {
            if minor > 0 {
                audit.claim(order, fact, format!("{minor} {currency}"));
            }
        }
    }
}
