//! The audit: sound books pass, and every kind of tampering is named.

use store::{Batch, Sql, params};

use crate::world::World;

#[tokio::test]
async fn every_statement_is_understood_by_the_engine() {
    let world = World::new().await;

    world.db.prepare(&payments::statements()).await.unwrap();
    world.bank.prepare(&payments::bank_statements()).await.unwrap();
}

/// Books of every kind of history.
async fn busy() -> World {
    let world = World::new().await;
    let payment = world.captured().await;
    world.refund(&payment, 1, Some(300)).await.unwrap();
    world.refund(&payment, 2, Some(9000)).await.unwrap_err();
    world.authorize("tok_declined").await.unwrap();
    let challenged = world.authorize("tok_challenge").await.unwrap();
    world.answer(&challenged, "123456").await.unwrap();
    let voided = world.authorize("tok_visa").await.unwrap();
    world.void(&voided).await.unwrap();
    world.void_order(world.order()).await.unwrap();
    world
}

#[tokio::test]
async fn sound_books_have_no_findings_and_claim_what_the_bank_claims() {
    let world = busy().await;

    world.assert_books_agree().await;
    let audit = payments::audit(&world.db).await.unwrap();
    let facts: Vec<_> =
        audit.claims.iter().map(|claim| (claim.fact, claim.value.as_str())).collect();
    assert!(facts.contains(&("captured", "1000 EUR")), "{facts:?}");
    assert!(facts.contains(&("refunded", "300 EUR")), "{facts:?}");
    assert!(facts.contains(&("held", "1000 EUR")), "{facts:?}");
    assert_eq!(facts.len(), 3);
}

#[track_caller]
fn check(found: &[&'static str], expected: &[&str], tampering: Sql) {
    assert_eq!(found, expected, "{}", tampering.sqlite());
}

async fn findings_after(tampering: Sql) -> Vec<&'static str> {
    let world = busy().await;
    let mut batch = Batch::new("tamper");
    batch.run(tampering, params![]);
    world.db.commit(batch).await.unwrap();
    let audit = payments::audit(&world.db).await.unwrap();
    let mut found: Vec<_> = audit.findings.iter().map(|finding| finding.invariant).collect();
    found.sort_unstable();
    found.dedup();
    found
}

#[tokio::test]
async fn tampering_is_named() {
    let cases: [(Sql, &[&str]); 8] = [
        (
            Sql::new("UPDATE ledger_entries SET minor = minor + 1 WHERE account = 'sales'"),
            &["ledger-unbalanced"],
        ),
        (Sql::new("DELETE FROM ledger_entries WHERE account = 'refunds'"), &["ledger-unbalanced"]),
        (Sql::new("DELETE FROM ledger_entries"), &["ledger-differs-from-payment"]),
        (
            Sql::new("UPDATE payments SET refunded_minor = 301 WHERE refunded_minor = 300"),
            &["ledger-differs-from-payment", "payment-differs-from-history"],
        ),
        (
            Sql::new("DELETE FROM payment_events WHERE kind = 'refunded'"),
            &["payment-differs-from-history"],
        ),
        (Sql::new("DELETE FROM operations WHERE kind = 'capture'"), &["payment-history-broken"]),
        (
            Sql::new("UPDATE payments SET status = 'voided' WHERE status = 'failed'"),
            &["payment-status-differs"],
        ),
        (Sql::new("DELETE FROM payments WHERE refunded_minor = 300"), &["ledger-without-payment"]),
    ];
    for (tampering, expected) in cases {
        check(&findings_after(tampering).await, expected, tampering);
    }
}
