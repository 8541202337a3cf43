//! Logging in: what opens the door, and what does not tell who lives there.

use std::time::Duration;

use futures::future::join_all;
use http::header;
use serde_json::json;
use store::{Sql, params};
use users::Settings;

use crate::shop::{PASSWORD, Shop, Tokens, desk, settings};

#[tokio::test]
async fn a_log_in_hands_out_a_token_that_every_service_verifies_by_itself() {
    let shop = Shop::open().await;
    let user = shop.register("ada@example.com").await.is(201).json();

    let answer = shop.try_log_in(" ADA@example.com", PASSWORD).await.is(201);

    let json = answer.json();
    assert_eq!((&json["token_type"], &json["expires_in"]), (&json!("Bearer"), &json!(600)));
    assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
    let identity = shop.verifier.verify(json["access_token"].as_str().unwrap()).await.unwrap();
    assert_eq!(identity.id, user["id"].as_str().unwrap());
    assert!(identity.session_id.starts_with("session_"));
    assert_eq!(identity.expires_at, shop.clock.now().plus(Duration::from_secs(600)));
    shop.pass(600);
    assert!(shop.verifier.verify(json["access_token"].as_str().unwrap()).await.is_err());
}

#[tokio::test]
async fn who_has_no_account_gets_the_same_answer_for_the_same_work() {
    let shop = Shop::open().await;
    shop.register("ada@example.com").await.is(201);
    let attempt = async |email: &str, password: &str| {
        let before = shop.desk.hashes_total();
        let answer = shop.try_log_in(email, password).await;
        let mut body = answer.json();
        body["trace_id"].take();
        (answer.status, body, shop.desk.hashes_total() - before)
    };

    let known = attempt("ada@example.com", "wrong password here").await;
    let unknown = attempt("eve@example.com", "wrong password here").await;
    let nonsense = attempt("not an address", "wrong password here").await;

    assert_eq!((known.0.as_u16(), known.2), (401, 1));
    assert_eq!(known.1["code"], "invalid-credentials");
    assert_eq!(unknown, known);
    assert_eq!(nonsense, known);
}

#[tokio::test]
async fn failures_slow_down_guesses_whether_or_not_there_is_an_account() {
    let shop = Shop::open().await;
    shop.register("ada@example.com").await.is(201);
    for email in ["ada@example.com", "eve@example.com"] {
        for _ in 0..5 {
            shop.try_log_in(email, "wrong password here").await.refused(401, "invalid-credentials");
        }
        let before = shop.desk.hashes_total();

        let refused = shop.try_log_in(email, PASSWORD).await;

        refused.refused(429, "too-many-attempts");
        assert_eq!(refused.header(header::RETRY_AFTER), "1");
        assert_eq!(shop.desk.hashes_total(), before, "a refused guess costs no hash");
    }
    shop.pass(1);
    shop.try_log_in("ada@example.com", "wrong password here")
        .await
        .refused(401, "invalid-credentials");
    let refused = shop.try_log_in("ada@example.com", PASSWORD).await;
    assert_eq!(refused.header(header::RETRY_AFTER), "2");
    shop.pass(2);
    shop.log_in("ada@example.com").await;
    shop.log_in("ada@example.com").await;
}

#[tokio::test]
async fn failures_of_one_account_do_not_hold_up_another() {
    let shop = Shop::open().await;
    shop.register("ada@example.com").await.is(201);
    for _ in 0..6 {
        shop.try_log_in("eve@example.com", "wrong password here").await;
    }
    shop.log_in("ada@example.com").await;
}

#[tokio::test]
async fn a_flood_of_log_ins_is_sent_away_with_a_time_to_come_back() {
    let narrow = Settings { hashes_max: 1, hashes_waiting_max: 3, ..settings() };
    // Hashes that take a while, so that the flood meets a full house.
    let slow = Settings { argon2_memory_kib: 4096, argon2_passes: 2, ..narrow };
    let shop = Shop::with(slow).await;
    shop.register("ada@example.com").await.is(201);

    let flood = (0..50).map(|_| shop.try_log_in("ada@example.com", PASSWORD));
    let answers = join_all(flood).await;

    let served = answers.iter().filter(|answer| answer.status == 201).count();
    let shed: Vec<_> = answers.iter().filter(|answer| answer.status != 201).collect();
    assert!((1..=10).contains(&served), "{served} served");
    for answer in shed {
        answer.refused(503, "overloaded");
        assert_eq!(answer.header(header::RETRY_AFTER), "2");
    }
}

const HASH: Sql = Sql::new("SELECT password_hash FROM users WHERE email = $1");

#[tokio::test]
async fn an_old_hash_is_made_anew_at_the_next_log_in() {
    let shop = Shop::open().await;
    shop.register("ada@example.com").await.is(201);
    let dearer = Settings { argon2_memory_kib: 16, ..settings() };
    let later = desk(&shop.store, &shop.clock, dearer);
    let hash = async || {
        let row = shop.store.read_one(HASH, params!["ada@example.com"]).await.unwrap().unwrap();
        row.text(0).unwrap().to_owned()
    };
    assert!(hash().await.contains("m=8,t=1"));

    // The same database, opened by a program with dearer hashes.
    let key_made = users::add_key(&later).await.unwrap();
    shop.clock.advance(key_made.since(shop.clock.now()));
    let password = users::domain::password::Password::new(PASSWORD.to_owned());
    users::commands::log_in(&later, "ada@example.com", password, "").await.unwrap();

    assert!(hash().await.contains("m=16,t=1"));
    shop.log_in("ada@example.com").await;
    shop.check().await;
}

#[tokio::test]
async fn logging_out_ends_the_session_at_once() {
    let shop = Shop::open().await;
    let here = shop.customer("ada@example.com").await;
    let there = shop.log_in("ada@example.com").await;

    shop.delete("/v1/sessions/current", &here.access).await.is(204);

    shop.me(&here).await.refused(401, "session-ended");
    shop.refresh(&here.refresh).await.refused(401, "invalid-refresh-token");
    shop.me(&there).await.is(200);
}

#[tokio::test]
async fn sessions_are_listed_and_ended_by_their_owner_only() {
    let shop = Shop::open().await;
    let here = shop.customer("ada@example.com").await;
    let there = shop.log_in("ada@example.com").await;
    let eve = shop.customer("eve@example.com").await;

    let list = shop.get("/v1/sessions", &here.access).await.is(200).json();
    let items = list["items"].as_array().unwrap();
    let other = items.iter().find(|item| item["current"] == false).unwrap();
    let path = format!("/v1/sessions/{}", other["id"].as_str().unwrap());

    assert_eq!(items.len(), 2);
    shop.delete(&path, &eve.access).await.refused(404, "not-found");
    shop.delete(&path, &here.access).await.is(204);
    shop.delete(&path, &here.access).await.refused(404, "not-found");
    shop.me(&there).await.refused(401, "session-ended");
    shop.me(&here).await.is(200);
}

#[tokio::test]
async fn a_body_that_is_neither_password_nor_key_is_refused() {
    let shop = Shop::open().await;
    let refused =
        async |body| shop.post("/v1/sessions", "", body).await.refused(422, "invalid-body");
    refused(json!({})).await;
    refused(json!({"email": "ada@example.com"})).await;
    refused(json!({"email": "a@example.com", "password": "x", "api_key": "y"})).await;
}

#[tokio::test]
async fn nobody_gets_in_without_a_token() {
    let shop = Shop::open().await;
    let nobody = Tokens { access: String::new(), refresh: String::new() };
    shop.me(&nobody).await.refused(401, "unauthenticated");
    let forged = Tokens { access: "a.b.c".to_owned(), refresh: String::new() };
    shop.me(&forged).await.refused(401, "invalid-token");
}

#[tokio::test]
async fn a_log_in_does_not_slip_past_a_change_of_the_password() {
    let slow = Settings { argon2_memory_kib: 8192, argon2_passes: 2, hashes_max: 1, ..settings() };
    let shop = Shop::with(slow).await;
    let ada = shop.customer("ada@example.com").await;
    let before = shop.desk.hashes_total();
    let body = json!({"password": "another quiet otter", "current_password": PASSWORD});

    // The log-in reads the old hash while the new one is computed, and verifies after it is saved.
    let change = shop.call(http::Method::PATCH, "/v1/users/me", &ada.access, body);
    let log_in = async {
        while shop.desk.hashes_total() < before + 2 {
            tokio::task::yield_now().await;
        }
        shop.try_log_in("ada@example.com", PASSWORD).await
    };
    let (changed, opened) = futures::join!(change, log_in);

    changed.is(200);
    opened.refused(401, "invalid-credentials");
    shop.check().await;
}
