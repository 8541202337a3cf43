//! The first administrator.

use axum::body::Body;
use futures::future::join_all;
use http::{Request, header};
use serde_json::json;

use crate::shop::{PASSWORD, Shop};

#[tokio::test]
async fn of_fifty_who_follow_the_link_at_once_one_becomes_administrator() {
    let shop = Shop::open().await;
    let token = users::issue_setup_token(&shop.desk).await.unwrap().unwrap();

    let tries = (0..50).map(|n| {
        let email = format!("admin{n}@example.com");
        let body = json!({"token": token, "email": email, "password": PASSWORD});
        shop.post("/v1/setup", "", body)
    });
    let answers = join_all(tries).await;

    let made: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(made.len(), 1);
    assert_eq!(made[0].json()["role"], "admin");
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        answer.refused(410, "setup-done");
    }
    assert!(users::has_admin(&shop.store).await.unwrap());
    assert_eq!(users::issue_setup_token(&shop.desk).await.unwrap(), None);
    shop.get(&format!("/setup?token={token}"), "").await.is(410);
    shop.check().await;
}

#[tokio::test]
async fn a_link_dies_of_age_and_when_a_newer_one_is_issued() {
    let shop = Shop::open().await;
    let old = users::issue_setup_token(&shop.desk).await.unwrap().unwrap();
    let new = users::issue_setup_token(&shop.desk).await.unwrap().unwrap();
    let complete = async |token: &str| {
        let body = json!({"token": token, "email": "root@example.com", "password": PASSWORD});
        shop.post("/v1/setup", "", body).await
    };

    complete(&old).await.refused(403, "invalid-setup-token");
    complete("").await.refused(403, "invalid-setup-token");
    shop.get(&format!("/setup?token={old}"), "").await.is(403);
    shop.get(&format!("/setup?token={new}"), "").await.is(200);
    shop.pass(900);
    complete(&new).await.refused(403, "invalid-setup-token");
    assert!(!users::has_admin(&shop.store).await.unwrap());
}

#[tokio::test]
async fn the_link_shows_a_form_that_works_without_a_script() {
    let shop = Shop::open().await;
    let token = users::issue_setup_token(&shop.desk).await.unwrap().unwrap();
    let submit = async |password: &str| {
        let email = "root%40example.com";
        let body = format!("token={token}&email={email}&password={password}");
        let request = Request::post("/setup")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap();
        shop.send(request).await
    };

    let form = shop.get(&format!("/setup?token={token}"), "").await.is(200);
    assert!(form.header(header::CONTENT_TYPE).starts_with("text/html"));
    let policy = form.header(header::CONTENT_SECURITY_POLICY);
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert!(!form.text.contains("<script") && form.text.contains(&token));
    shop.get("/setup", "").await.is(403);

    let weak = submit("short").await.is(422);
    assert!(weak.text.contains("Password must have at least 12 characters"), "{}", weak.text);
    submit("quiet+otters+at+dawn").await.is(201);
    submit("quiet+otters+at+dawn").await.is(410);
    shop.log_in("root@example.com").await;
    shop.check().await;
}

#[tokio::test]
async fn settings_make_the_first_administrator_and_none_after() {
    let shop = Shop::open().await;

    assert!(users::ensure_admin(&shop.desk, "Root@example.com", PASSWORD).await.unwrap());
    assert!(!users::ensure_admin(&shop.desk, "other@example.com", PASSWORD).await.unwrap());

    let root = shop.log_in("root@example.com").await;
    assert_eq!(shop.me(&root).await.json()["role"], "admin");
    shop.try_log_in("other@example.com", PASSWORD).await.refused(401, "invalid-credentials");
    shop.check().await;
}

#[tokio::test]
async fn a_weak_password_makes_no_administrator_and_says_why() {
    let shop = Shop::open().await;

    let refused = users::ensure_admin(&shop.desk, "root@example.com", "short").await.unwrap_err();

    assert!(refused.to_string().contains("password: must have at least 12"), "{refused}");
    assert!(!users::has_admin(&shop.store).await.unwrap());
}
