//! Many buyers at once: nothing is sold twice, nothing is left over, and each is told so.

use std::collections::BTreeMap;

use flows::{Bank, Level, Shop, order_of, place};
use futures::future::join_all;
use serde_json::Value;

const BUYERS: usize = 200;

/// Has all buyers order at once and wait for what becomes of it; each with what `body` gives.
async fn rush(shop: &Shop, body: impl Fn(usize) -> Value) -> Vec<Value> {
    let buyers = (0..BUYERS).map(|buyer| {
        let ask = place(&shop.guest, &format!("buyer-{buyer}"), &body(buyer));
        async move {
            let answer = ask.header("prefer", "wait=30").send().await;
            assert_eq!(answer.status, 201, "buyer {buyer}: {}", answer.text());
            answer.json()
        }
    });
    join_all(buyers).await
}

/// Sees that each order is confirmed and paid, or rejected for want of goods; gives the confirmed.
fn confirmed(orders: &[Value]) -> Vec<&Value> {
    let (confirmed, rejected): (Vec<_>, Vec<_>) =
        orders.iter().partition(|order| order["status"] == "confirmed");
    for order in &confirmed {
        assert_eq!(order["payment_status"], "captured", "{order:#}");
    }
    for order in rejected {
        assert_eq!(order["status"], "rejected", "{order:#}");
        assert_eq!(order["rejection"]["code"], "out_of_stock", "{order:#}");
        assert_eq!(order["payment_status"], "none", "{order:#}");
    }
    confirmed
}

#[tokio::test]
async fn two_hundred_buyers_of_a_hundred_pieces_get_exactly_a_hundred() {
    let shop = Shop::open().await;
    shop.stock("MUG", 1299, 100).await;

    let orders = rush(&shop, |_| order_of(&[("MUG", 1)], "tok_visa")).await;

    assert_eq!(confirmed(&orders).len(), 100);
    assert_eq!(shop.level("MUG").await, Level::free(0));
    let bank = Bank::read(&shop.admin).await;
    let captures: u32 = bank.values().map(|order| order.captures).sum();
    assert_eq!(captures, 100);
    shop.books_agree().await;
    shop.audited().await;
}

#[tokio::test]
async fn orders_whose_lines_overlap_in_reverse_order_neither_block_nor_oversell() {
    let shop = Shop::open().await;
    let shelves = [("RED", 60), ("GREEN", 90), ("BLUE", 120)];
    for (sku, pieces) in shelves {
        shop.stock(sku, 700, pieces).await;
    }

    let orders = rush(&shop, |buyer| match buyer % 4 {
        0 => order_of(&[("RED", 1), ("GREEN", 1), ("BLUE", 2)], "tok_visa"),
        1 => order_of(&[("BLUE", 2), ("GREEN", 1), ("RED", 1)], "tok_visa"),
        2 => order_of(&[("GREEN", 2), ("RED", 1)], "tok_visa"),
        _ => order_of(&[("BLUE", 1), ("RED", 2)], "tok_visa"),
    })
    .await;

    let mut sold = BTreeMap::<&str, i64>::new();
    for line in confirmed(&orders).iter().filter_map(|order| order["items"].as_array()).flatten() {
        let sku = line["sku"].as_str().expect("a sku");
        *sold.entry(sku).or_default() += line["quantity"].as_i64().expect("a quantity");
    }
    for (sku, pieces) in shelves {
        let left = Level::free(pieces - sold[sku]);
        assert_eq!(shop.level(sku).await, left, "{sku}: what is sold and what is left");
    }
    // Every order wants red: as long as there is a piece of it, nobody goes away for want of it.
    assert!(shop.level("RED").await.available <= 1, "{sold:?}");
    shop.books_agree().await;
    shop.audited().await;
}
