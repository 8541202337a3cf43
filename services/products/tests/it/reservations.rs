//! What orders ask of stock over the queue, and what they hear.

use std::time::Duration;

use contracts::{Contract, commands::ReserveStock};

use crate::shop::{Shop, reserve};

const LEASE: Duration = Duration::from_secs(600);

#[tokio::test]
async fn stock_is_set_aside_and_leaves() {
    let shop = Shop::open().await;
    shop.stock("MUG", 10).await;
    let order = shop.order();

    assert_eq!(shop.reserve(order, &[("MUG", 3)]).await, "reserved");
    assert_eq!(shop.level("MUG").await, (10, 3, 7));
    assert_eq!(shop.commit(order).await, "committed");
    assert_eq!(shop.level("MUG").await, (7, 0, 7));
    shop.books_are_right().await;
}

#[tokio::test]
async fn all_lines_are_set_aside_or_none() {
    let shop = Shop::open().await;
    shop.stock("MUG", 10).await;
    shop.stock("LAMP", 1).await;

    let answer = shop.reserve(shop.order(), &[("MUG", 3), ("LAMP", 2), ("PEN", 1)]).await;

    assert_eq!(answer, "rejected reserve LAMP 2/1 PEN 1/0");
    assert_eq!(shop.level("MUG").await, (10, 0, 10));
}

#[tokio::test]
async fn the_same_sku_twice_is_summed() {
    let shop = Shop::open().await;
    shop.stock("MUG", 10).await;

    let short = shop.reserve(shop.order(), &[("MUG", 6), ("MUG", 6)]).await;
    let enough = shop.reserve(shop.order(), &[("MUG", 5), ("MUG", 5)]).await;

    assert_eq!((short.as_str(), enough.as_str()), ("rejected reserve MUG 12/10", "reserved"));
    assert_eq!(shop.level("MUG").await, (10, 10, 0));
    shop.books_are_right().await;
}

#[tokio::test]
async fn a_repeated_command_has_one_effect_and_the_same_answer() {
    let shop = Shop::open().await;
    shop.stock("MUG", 10).await;
    let (order, short) = (shop.order(), shop.order());

    for _ in 0..3 {
        assert_eq!(shop.reserve(order, &[("MUG", 4)]).await, "reserved");
    }
    assert_eq!(shop.reserve(short, &[("MUG", 7)]).await, "rejected reserve MUG 7/6");
    for _ in 0..3 {
        assert_eq!(shop.commit(order).await, "committed");
    }
    for _ in 0..3 {
        assert_eq!(shop.release(order).await, "released");
    }
    // There is enough by now, but this order was told no.
    assert_eq!(shop.reserve(short, &[("MUG", 7)]).await, "rejected reserve MUG 7/6");
    assert_eq!(shop.release(short).await, "released");
    assert_eq!(shop.level("MUG").await, (10, 0, 10));
    shop.books_are_right().await;
}

#[tokio::test]
async fn a_redelivered_message_is_not_answered_twice() {
    let shop = Shop::open().await;
    shop.stock("MUG", 10).await;
    let order = shop.order();
    let message = shop.message(order, &reserve(order, &[("MUG", 1)], shop.clock.now().plus(LEASE)));

    shop.bus.publish(vec![message.clone()]).await.unwrap();
    assert_eq!(shop.answer(order).await, "reserved");
    shop.bus.publish(vec![message]).await.unwrap();

    // The commit behind it is answered next: nothing came between.
    assert_eq!(shop.commit(order).await, "committed");
    assert_eq!(shop.level("MUG").await, (9, 0, 9));
}

#[tokio::test]
async fn a_release_before_the_reserve_wins() {
    let shop = Shop::open().await;
    shop.stock("MUG", 10).await;
    let order = shop.order();

    assert_eq!(shop.release(order).await, "released");
    assert_eq!(shop.reserve(order, &[("MUG", 1)]).await, "rejected reserve");
    assert_eq!(shop.commit(order).await, "rejected commit");
    assert_eq!(shop.level("MUG").await, (10, 0, 10));
}

#[tokio::test]
async fn a_commit_of_nothing_is_refused_for_good() {
    let shop = Shop::open().await;
    shop.stock("MUG", 10).await;
    let order = shop.order();

    assert_eq!(shop.commit(order).await, "rejected commit");
    assert_eq!(shop.reserve(order, &[("MUG", 1)]).await, "rejected reserve");
}

#[tokio::test]
async fn an_ended_lease_holds_nothing_although_nobody_swept() {
    let shop = Shop::unswept().await;
    shop.stock("MUG", 10).await;
    let (first, second) = (shop.order(), shop.order());
    shop.reserve(first, &[("MUG", 8)]).await;
    assert_eq!(shop.reserve(shop.order(), &[("MUG", 5)]).await, "rejected reserve MUG 5/2");

    shop.clock.advance(LEASE);

    assert_eq!(shop.level("MUG").await, (10, 0, 10));
    let page = shop.get("/v1/products/mug").await.json();
    assert_eq!(page["variants"][0]["available"], 10);
    assert_eq!(shop.reserve(second, &[("MUG", 5)]).await, "reserved");
    assert_eq!(shop.level("MUG").await, (10, 5, 5));
    shop.books_are_right().await;
}

#[tokio::test]
async fn leases_end_for_who_needs_the_goods_and_not_for_others() {
    let shop = Shop::unswept().await;
    shop.stock("MUG", 10).await;
    shop.stock("LAMP", 10).await;
    let (mugs, lamps) = (shop.order(), shop.order());
    shop.reserve(mugs, &[("MUG", 9)]).await;
    shop.reserve(lamps, &[("LAMP", 9)]).await;
    shop.clock.advance(LEASE);

    assert_eq!(shop.reserve(shop.order(), &[("MUG", 3), ("LAMP", 1)]).await, "reserved");
    assert_eq!(shop.answer_of(mugs).await, "expired");
    assert_eq!(shop.commit(mugs).await, "rejected commit MUG 9/7");
    // Nobody was short of lamps: whoever holds them in truth still gets them.
    assert_eq!(shop.commit(lamps).await, "committed");
    shop.books_are_right().await;
}

#[tokio::test]
async fn a_commit_after_the_lease_takes_the_goods_if_they_are_there() {
    let shop = Shop::open().await;
    shop.stock("MUG", 10).await;
    let (lucky, unlucky) = (shop.order(), shop.order());
    shop.reserve(lucky, &[("MUG", 4)]).await;
    shop.reserve(unlucky, &[("MUG", 6)]).await;

    shop.expire(&[lucky, unlucky]).await;
    assert_eq!(shop.level("MUG").await, (10, 0, 10));

    assert_eq!(shop.commit(lucky).await, "committed");
    assert_eq!(shop.reserve(shop.order(), &[("MUG", 2)]).await, "reserved");
    assert_eq!(shop.commit(unlucky).await, "rejected commit MUG 6/4");
    assert_eq!(shop.level("MUG").await, (6, 2, 4));
    // What was refused stays refused, also when there is enough again.
    shop.send("PUT", "/v1/inventory/MUG", &serde_json::json!({"on_hand": 50})).await;
    assert_eq!(shop.commit(unlucky).await, "rejected commit MUG 6/4");
    shop.books_are_right().await;
}

#[tokio::test]
async fn a_release_after_the_lease_forbids_a_late_commit() {
    let shop = Shop::open().await;
    shop.stock("MUG", 10).await;
    let order = shop.order();
    shop.reserve(order, &[("MUG", 4)]).await;
    shop.expire(&[order]).await;

    assert_eq!(shop.release(order).await, "released");
    assert_eq!(shop.commit(order).await, "rejected commit");
    assert_eq!(shop.level("MUG").await, (10, 0, 10));
}

#[tokio::test]
async fn a_lease_that_is_over_already_is_refused() {
    let shop = Shop::open().await;
    shop.stock("MUG", 10).await;
    let now = shop.clock.now();

    assert_eq!(shop.reserve_until(shop.order(), &[("MUG", 1)], now).await, "rejected reserve");
    assert_eq!(shop.reserve(shop.order(), &[]).await, "rejected reserve");
    assert_eq!(shop.reserve(shop.order(), &[("MUG", 0)]).await, "rejected reserve");
}

#[tokio::test]
async fn a_command_that_cannot_be_read_is_a_dead_letter() {
    let shop = Shop::open().await;
    let order = shop.order();
    let mut message = shop.message(order, &reserve(order, &[("MUG", 1)], shop.clock.now()));
    message.body = "{}".to_owned();

    shop.bus.publish(vec![message]).await.unwrap();

    let dead = testkit::eventually("a dead letter", || async {
        let page = kernel::PageRequest { limit: 10, cursor: None };
        let letters = shop.bus.dead_letters("products", page).await.unwrap();
        letters.items.into_iter().next()
    })
    .await;
    assert!(dead.reason.contains(ReserveStock::KIND), "{}", dead.reason);
}
