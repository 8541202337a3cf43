//! Refresh tokens: good for one use, patient with lost answers, merciless with reuse.

use std::collections::BTreeSet;

use futures::future::join_all;
use serde_json::json;

use crate::shop::{Shop, Tokens};

#[tokio::test]
async fn a_refresh_token_is_exchanged_for_the_next_one() {
    let shop = Shop::open().await;
    let first = shop.customer("ada@example.com").await;

    let second = Tokens::of(&shop.refresh(&first.refresh).await.is(200));
    let third = Tokens::of(&shop.refresh(&second.refresh).await.is(200));

    let all = BTreeSet::from([&first.refresh, &second.refresh, &third.refresh]);
    assert_eq!(all.len(), 3);
    shop.me(&third).await.is(200);
    shop.check().await;
}

#[tokio::test]
async fn who_lost_the_answer_gets_it_again_for_ten_seconds() {
    let shop = Shop::open().await;
    let first = shop.customer("ada@example.com").await;
    let second = Tokens::of(&shop.refresh(&first.refresh).await.is(200));

    shop.pass(10);
    let again = Tokens::of(&shop.refresh(&first.refresh).await.is(200));

    assert_eq!(again.refresh, second.refresh);
    shop.refresh(&again.refresh).await.is(200);
    shop.check().await;
}

#[tokio::test]
async fn reuse_after_ten_seconds_revokes_the_family() {
    let shop = Shop::open().await;
    let first = shop.customer("ada@example.com").await;
    let elsewhere = shop.log_in("ada@example.com").await;
    let second = Tokens::of(&shop.refresh(&first.refresh).await.is(200));

    shop.pass(11);
    shop.refresh(&first.refresh).await.refused(401, "refresh-token-reused");

    shop.refresh(&second.refresh).await.refused(401, "invalid-refresh-token");
    shop.me(&second).await.refused(401, "session-ended");
    shop.me(&elsewhere).await.is(200);
    let admin = shop.admin("root@example.com").await;
    let log = shop.get("/v1/audit-events", &admin.access).await.is(200);
    assert!(log.text.contains("session.refresh_reused"));
    shop.check().await;
}

#[tokio::test]
async fn reuse_after_the_successor_was_used_revokes_the_family_at_once() {
    let shop = Shop::open().await;
    let first = shop.customer("ada@example.com").await;
    let second = Tokens::of(&shop.refresh(&first.refresh).await.is(200));
    let third = Tokens::of(&shop.refresh(&second.refresh).await.is(200));

    shop.refresh(&first.refresh).await.refused(401, "refresh-token-reused");

    shop.refresh(&third.refresh).await.refused(401, "invalid-refresh-token");
    shop.me(&third).await.refused(401, "session-ended");
}

#[tokio::test]
async fn of_twenty_refreshes_at_once_one_rotates_and_all_get_its_successor() {
    let shop = Shop::open().await;
    let first = shop.customer("ada@example.com").await;

    let answers = join_all((0..20).map(|_| shop.refresh(&first.refresh))).await;

    let successors: BTreeSet<String> =
        answers.into_iter().map(|answer| Tokens::of(&answer.is(200)).refresh).collect();
    assert_eq!(successors.len(), 1);
    shop.check().await;
}

#[tokio::test]
async fn a_token_that_nobody_uses_and_a_session_that_is_old_are_over() {
    let shop = Shop::open().await;
    let idle = shop.customer("ada@example.com").await;
    shop.pass(14 * 86_400);
    shop.refresh(&idle.refresh).await.refused(401, "invalid-refresh-token");

    let mut busy = shop.log_in("ada@example.com").await;
    for _ in 0..8 {
        shop.pass(10 * 86_400);
        busy = Tokens::of(&shop.refresh(&busy.refresh).await.is(200));
    }
    shop.pass(10 * 86_400);
    shop.refresh(&busy.refresh).await.refused(401, "invalid-refresh-token");
}

#[tokio::test]
async fn what_was_never_given_out_is_refused() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    shop.refresh("").await.refused(401, "invalid-refresh-token");
    shop.refresh("stoa_refresh_AAAA").await.refused(401, "invalid-refresh-token");
    shop.refresh(&ada.access).await.refused(401, "invalid-refresh-token");
    shop.get("/v1/users/me", &ada.refresh).await.refused(401, "invalid-token");
    shop.me(&ada).await.is(200);
}

#[tokio::test]
async fn a_refresh_tells_the_access_of_now_and_not_of_the_log_in() {
    let shop = Shop::open().await;
    let admin = shop.admin("root@example.com").await;
    let ada = shop.staff(&admin, "ada@example.com", &["users.read"]).await;
    let id = shop.me(&ada).await.json()["id"].as_str().unwrap().to_owned();

    let path = format!("/v1/users/{id}");
    let body = json!({"role": "customer"});
    shop.call(http::Method::PATCH, &path, &admin.access, body).await.is(200);

    shop.get("/v1/users", &ada.access).await.refused(403, "forbidden");
    let next = Tokens::of(&shop.refresh(&ada.refresh).await.is(200));
    let identity = shop.verifier.verify(&next.access).await.unwrap();
    assert_eq!((identity.role, identity.permissions.len()), (edge::auth::Role::Customer, 0));
}
