//! Whatever happens in whatever order, the books are right.

use std::time::Duration;

use contracts::{
    commands::{CommitStock, ReleaseStock},
    ids::OrderId,
};
use kernel::{Clock, Ids, Timestamp};
use serde_json::json;

use crate::shop::{Shop, reserve};

const SKUS: [&str; 4] = ["A", "B", "C", "D"];

#[tokio::test(flavor = "multi_thread")]
async fn any_mix_of_commands_keeps_the_books() {
    for seed in 1..=4 {
        mix(seed).await;
    }
}

async fn mix(seed: u64) {
    let shop = Shop::unswept().await;
    for sku in SKUS {
        shop.stock(sku, 40).await;
    }
    let dice = Ids::seeded(Clock::manual(Timestamp::from_ms(0)), seed);
    let roll = |sides: u64| dice.below(sides);
    let mut orders: Vec<OrderId> = Vec::new();
    for _ in 0..300 {
        let order = match roll(3) {
            0 if !orders.is_empty() => orders[usize::try_from(roll(orders.len() as u64)).unwrap()],
            _ => shop.order(),
        };
        orders.push(order);
        match roll(10) {
            0..=4 => {
                let line = |_| (SKUS[usize::try_from(roll(4)).unwrap()], roll(6) as u32);
                let lines: Vec<(&str, u32)> = (0..=roll(4)).map(line).collect();
                let lease = Duration::from_secs(roll(100));
                shop.tell(order, &reserve(order, &lines, shop.clock.now().plus(lease))).await;
            }
            5 | 6 => shop.tell(order, &CommitStock { order_id: order }).await,
            7 => {
                let reason = "canceled".to_owned();
                shop.tell(order, &ReleaseStock { order_id: order, reason }).await;
            }
            8 => shop.clock.advance(Duration::from_secs(roll(60))),
            _ => {
                let sku = SKUS[usize::try_from(roll(4)).unwrap()];
                let body =
                    json!({"delta": i64::try_from(roll(20)).unwrap() - 8, "reason": "count"});
                let path = format!("/v1/inventory/{sku}/adjustments");
                let answer = shop.send("POST", &path, &body).await;
                assert!(answer.status < 500, "{}", answer.text());
            }
        }
    }
    testkit::eventually("all commands are handled", || async {
        let depth = shop.bus.depth("products").await.unwrap();
        assert_eq!(depth.dead, 0);
        (depth.unread == 0).then_some(())
    })
    .await;
    shop.books_are_right().await;
    for sku in SKUS {
        let (on_hand, reserved, available) = shop.level(sku).await;
        assert!(reserved >= 0 && available >= 0 && on_hand == reserved + available);
    }
}
