//! Many buyers, few pieces: never one too many, never one too few.

use std::time::Duration;

use bus::Message;

use crate::shop::{Shop, in_short, reserve};

/// Publishes a reserve for each order at once, and counts the answers.
async fn buy(shop: &Shop, baskets: Vec<Vec<(&str, u32)>>) -> (usize, usize) {
    shop.hear().await;
    let expires_at = shop.clock.now().plus(Duration::from_secs(600));
    let commands: Vec<Message> = baskets
        .iter()
        .map(|lines| {
            let order = shop.order();
            shop.message(order, &reserve(order, lines, expires_at))
        })
        .collect();
    for some in commands.chunks(25) {
        shop.bus.publish(some.to_vec()).await.unwrap();
    }
    let heard = shop.hear_many(commands.len()).await;
    let answers: Vec<String> = heard.into_values().flatten().map(|m| in_short(&m)).collect();
    assert_eq!(answers.len(), commands.len());
    let reserved = answers.iter().filter(|answer| *answer == "reserved").count();
    (reserved, answers.len() - reserved)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_buyers_of_a_hundred_pieces() {
    let shop = Shop::open().await;
    shop.stock("MUG", 100).await;
    shop.hear_many(1).await;

    let outcome = buy(&shop, vec![vec![("MUG", 1)]; 200]).await;

    assert_eq!(outcome, (100, 100));
    assert_eq!(shop.level("MUG").await, (100, 100, 0));
    shop.books_are_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_that_overlap_in_reverse_order() {
    let shop = Shop::open().await;
    for sku in ["A", "B", "C"] {
        shop.stock(sku, 100).await;
    }
    shop.hear_many(3).await;
    let forth = vec![("A", 1), ("B", 1), ("C", 1)];
    let back = vec![("C", 1), ("B", 1), ("A", 1)];
    let baskets = (0..200).map(|n| if n % 2 == 0 { forth.clone() } else { back.clone() });

    let outcome = buy(&shop, baskets.collect()).await;

    assert_eq!(outcome, (100, 100));
    for sku in ["A", "B", "C"] {
        assert_eq!(shop.level(sku).await, (100, 100, 0));
    }
    shop.books_are_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pieces_of_ended_leases_are_sold_once() {
    let shop = Shop::unswept().await;
    shop.stock("MUG", 100).await;
    shop.hear_many(1).await;
    assert_eq!(buy(&shop, vec![vec![("MUG", 1)]; 100]).await, (100, 0));
    shop.clock.advance(Duration::from_secs(600));

    // Each of them frees the pieces of others, and all of them at the same time.
    let expires_at = shop.clock.now().plus(Duration::from_secs(600));
    let orders: Vec<_> = (0..150).map(|_| shop.order()).collect();
    let commands = orders.iter().map(|o| shop.message(*o, &reserve(*o, &[("MUG", 1)], expires_at)));
    shop.bus.publish(commands.collect()).await.unwrap();
    let (mut reserved, mut rejected) = (0, 0);
    for order in orders {
        match shop.answer_of(order).await.as_str() {
            "reserved" => reserved += 1,
            "rejected reserve MUG 1/0" => rejected += 1,
            other => panic!("{other}"),
        }
    }

    assert_eq!((reserved, rejected), (100, 50));
    assert_eq!(shop.level("MUG").await, (100, 100, 0));
    shop.books_are_right().await;
}
