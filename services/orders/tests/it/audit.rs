//! The audit finds what is broken: each rule, broken once by hand.

use kernel::audit::Audit;
use store::{Batch, Sql, params};

use crate::rig::{Rig, wanted};

/// A shop with one confirmed order, and its id.
async fn sold() -> (Rig, String) {
    let rig = Rig::open().await;
    let id = rig.place(&wanted(&[("MUG", 2)], "tok_visa")).wait().send().await.id();
    rig.audit().await;
    (rig, id)
}

async fn audit(rig: &Rig) -> Audit {
    orders::audit(rig.store()).await.unwrap()
}

/// Breaks one thing, and expects the audit to name the rule and the order.
async fn check(sql: Sql, rule: &str) {
    let (rig, id) = sold().await;
    let mut batch = Batch::new("break");
    batch.one(sql, params![&id]);
    rig.store().commit(batch).await.unwrap();

    let found = audit(&rig).await.findings;

    let named: Vec<_> = found.iter().map(|f| (f.invariant, f.subject.as_str())).collect();
    assert!(named.contains(&(rule, &id)), "{rule} is not in {named:?}");
}

#[tokio::test]
async fn each_broken_rule_is_found() {
    let total = Sql::new("UPDATE orders SET total_minor = total_minor + 1 WHERE id = $1");
    check(total, "totals-add-up").await;
    check(total, "charged-is-the-total").await;
    let line =
        Sql::new("UPDATE orders SET body_json = REPLACE(body_json, '1299', '1298') WHERE id = $1");
    check(line, "totals-add-up").await;
    let status = Sql::new("UPDATE orders SET status = 'pending' WHERE id = $1");
    check(status, "statuses-fit").await;
    check(status, "order-follows-its-placement").await;
    let unsettled = Sql::new("UPDATE orders SET settled_at_ms = NULL WHERE id = $1");
    check(unsettled, "finished-is-settled").await;
    let unfinished = Sql::new("UPDATE saga SET finished = 0 WHERE id = $1");
    check(unfinished, "finished-is-settled").await;
    check(Sql::new("DELETE FROM saga WHERE id = $1"), "order-has-a-placement").await;
    check(Sql::new("DELETE FROM orders WHERE id = $1"), "placement-has-an-order").await;
    let torn = Sql::new("DELETE FROM timeline WHERE order_id = $1 AND last = 6");
    check(torn, "timeline-has-no-gap").await;
}

#[tokio::test]
async fn a_number_given_twice_is_found() {
    let (rig, _) = sold().await;
    rig.place(&wanted(&[("MUG", 1)], "tok_visa")).wait().send().await;
    let mut batch = Batch::new("break");
    batch.run(Sql::new("UPDATE orders SET number = 7"), vec![]);
    rig.store().commit(batch).await.unwrap();

    let found = audit(&rig).await.findings;

    assert!(found.iter().any(|f| (f.invariant, &*f.subject) == ("number-is-unique", "7")));
}

#[tokio::test]
async fn orders_under_way_are_told_as_open_and_claim_nothing() {
    let rig = Rig::open().await;
    rig.stock.silence::<contracts::commands::ReserveStock>();
    let id = rig.place(&wanted(&[("MUG", 2)], "tok_visa")).send().await.id();

    let audit = audit(&rig).await;

    assert_eq!((audit.findings, audit.claims, audit.open), (vec![], vec![], vec![id]));
}
