//! Accounts: opened, changed and erased by their owners.

use futures::future::join_all;
use http::{Method, header};
use serde_json::{Value, json};

use crate::shop::{PASSWORD, Shop, request};

#[tokio::test]
async fn an_account_is_opened_and_shown_without_anything_that_opens_it() {
    let shop = Shop::open().await;

    let answer = shop.register("  Ada.Lovelace@Example.com ").await.is(201);

    let json = answer.json();
    assert_eq!(json["email"], "ada.lovelace@example.com");
    assert_eq!((&json["role"], &json["permissions"]), (&json!("customer"), &json!([])));
    assert!(json["id"].as_str().unwrap().starts_with("user_"));
    assert_eq!(answer.header(header::ETAG), "\"1\"");
    assert!(answer.header(header::LOCATION).starts_with("/v1/users/user_"));
    assert!(!answer.text.contains("password") && !answer.text.contains("argon2"), "{json}");
}

#[tokio::test]
async fn one_address_has_one_account_however_it_is_written_and_however_many_try() {
    let shop = Shop::open().await;

    let spellings = ["ada@example.com", "ADA@example.com", " ada@EXAMPLE.com"];
    let tries = (0..20).map(|n| shop.register(spellings[n % 3]));
    let answers = join_all(tries).await;

    let opened = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(opened, 1);
    let taken = answers.iter().filter(|answer| answer.status == 409);
    assert_eq!(taken.map(|answer| answer.refused(409, "email-taken")).count(), 19);
    shop.check().await;
}

#[tokio::test]
async fn every_wrong_field_is_pointed_at() {
    let shop = Shop::open().await;
    let pointers = async |body: Value| {
        let answer = shop.post("/v1/users", "", body).await;
        answer.refused(422, "invalid-body");
        let errors = answer.json()["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|e| e["pointer"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };

    let all = json!({"email": "nowhere", "password": "short", "name": "a\u{7}b"});
    assert_eq!(pointers(all).await, ["/email", "/name"]);
    let short = json!({"email": "ada@example.com", "password": "short", "name": "Ada"});
    assert_eq!(pointers(short).await, ["/password"]);
    let personal = json!({"email": "margaret@example.com", "password": "Margaret1234"});
    assert_eq!(pointers(personal).await, ["/password"]);
    let missing = json!({"email": "ada@example.com"});
    assert_eq!(pointers(missing).await, ["/password"]);
    let role = json!({"email": "ada@example.com", "password": PASSWORD, "role": "admin"});
    assert_eq!(pointers(role).await, ["/role"]);
}

#[tokio::test]
async fn a_profile_is_changed_only_by_who_saw_its_version() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let rename = |name: &str, version: &'static str| {
        let mut request =
            request(Method::PATCH, "/v1/users/me", &ada.access, json!({"name": name}));
        request.headers_mut().insert(header::IF_MATCH, version.parse().unwrap());
        request
    };

    let changed = shop.send(rename("Countess", "\"1\"")).await.is(200);
    let stale = shop.send(rename("Augusta", "\"1\"")).await;

    assert_eq!(
        (changed.header(header::ETAG), &changed.json()["name"]),
        ("\"2\"", &json!("Countess"))
    );
    stale.refused(412, "stale-version");
    assert_eq!(stale.header(header::ETAG), "\"2\"");
    assert_eq!(shop.me(&ada).await.json()["name"], "Countess");
}

#[tokio::test]
async fn address_and_password_change_only_with_the_present_password() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    shop.register("taken@example.com").await.is(201);
    let change =
        async |body: Value| shop.call(Method::PATCH, "/v1/users/me", &ada.access, body).await;

    change(json!({"email": "new@example.com"})).await.refused(403, "wrong-password");
    let wrong = json!({"password": "another quiet otter", "current_password": "not it at all"});
    change(wrong).await.refused(403, "wrong-password");
    let taken = json!({"email": "Taken@example.com", "current_password": PASSWORD});
    change(taken).await.refused(409, "email-taken");
    let right = json!({"email": "New@example.com", "current_password": PASSWORD});
    assert_eq!(change(right).await.is(200).json()["email"], "new@example.com");

    shop.try_log_in("ada@example.com", PASSWORD).await.refused(401, "invalid-credentials");
    shop.log_in("new@example.com").await;
    shop.check().await;
}

#[tokio::test]
async fn another_password_ends_the_other_sessions_and_keeps_this_one() {
    let shop = Shop::open().await;
    let here = shop.customer("ada@example.com").await;
    let there = shop.log_in("ada@example.com").await;

    let body = json!({"password": "another quiet otter", "current_password": PASSWORD});
    shop.call(Method::PATCH, "/v1/users/me", &here.access, body).await.is(200);

    shop.me(&here).await.is(200);
    shop.me(&there).await.refused(401, "session-ended");
    shop.refresh(&there.refresh).await.refused(401, "invalid-refresh-token");
    shop.refresh(&here.refresh).await.is(200);
    shop.try_log_in("ada@example.com", PASSWORD).await.refused(401, "invalid-credentials");
    shop.try_log_in("ada@example.com", "another quiet otter").await.is(201);
}

#[tokio::test]
async fn guesses_at_the_present_password_are_slowed_down_too() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let guess = async || {
        let body = json!({"email": "eve@example.com", "current_password": "not it at all"});
        shop.call(Method::PATCH, "/v1/users/me", &ada.access, body).await
    };

    for _ in 0..5 {
        guess().await.refused(403, "wrong-password");
    }

    guess().await.refused(429, "too-many-attempts");
}

fn address() -> Value {
    json!({"name": "Ada", "line1": "1 Analytical Way", "city": "London", "postal_code": "N1 9GU",
        "country": "gb"})
}

#[tokio::test]
async fn addresses_are_added_replaced_and_removed() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let eve = shop.customer("eve@example.com").await;
    let path = "/v1/users/me/addresses";

    let added = shop.post(path, &ada.access, address()).await.is(201);
    let one = added.header(header::LOCATION).to_owned();
    assert_eq!(added.json()["country"], "GB");
    let mut moved = address();
    moved["city"] = json!("Paris");
    shop.call(Method::PUT, &one, &ada.access, moved).await.is(200);

    assert_eq!(shop.get(&one, &ada.access).await.is(200).json()["city"], "Paris");
    assert_eq!(shop.get(path, &ada.access).await.json()["items"].as_array().unwrap().len(), 1);
    shop.get(&one, &eve.access).await.refused(404, "not-found");
    shop.call(Method::PUT, &one, &eve.access, address()).await.refused(404, "not-found");
    shop.delete(&one, &eve.access).await.refused(404, "not-found");
    shop.delete(&one, &ada.access).await.is(204);
    shop.get(&one, &ada.access).await.refused(404, "not-found");
}

#[tokio::test]
async fn an_address_book_holds_a_hundred_addresses_even_when_they_come_at_once() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let path = "/v1/users/me/addresses";
    for _ in 0..98 {
        shop.post(path, &ada.access, address()).await.is(201);
    }

    let last = join_all((0..5).map(|_| shop.post(path, &ada.access, address()))).await;

    assert_eq!(last.iter().filter(|answer| answer.status == 201).count(), 2);
    let full = last.iter().filter(|answer| answer.status != 201);
    assert_eq!(full.map(|answer| answer.refused(409, "address-book-full")).count(), 3);
}

#[tokio::test]
async fn what_is_erased_is_gone_and_what_remains_names_nobody() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada.lovelace@example.com").await;
    shop.post("/v1/users/me/addresses", &ada.access, address()).await.is(201);
    let wish = "/v1/users/me/wishlist/variant_01h455vb4pex5vsknk084sn02q";
    shop.call(Method::PUT, wish, &ada.access, Value::Null).await.is(204);

    shop.delete("/v1/users/me", &ada.access).await.is(204);

    shop.me(&ada).await.refused(401, "session-ended");
    shop.refresh(&ada.refresh).await.refused(401, "invalid-refresh-token");
    shop.try_log_in("ada.lovelace@example.com", PASSWORD).await.refused(401, "invalid-credentials");
    shop.check().await;
    let admin = shop.admin("root@example.com").await;
    let log = shop.get("/v1/audit-events?limit=100", &admin.access).await.is(200);
    assert!(log.text.contains("user.erased"));
    let users = shop.get("/v1/users", &admin.access).await.is(200);
    for text in [log.text, users.text] {
        assert!(!text.contains("lovelace") && !text.contains("\"Ada\""), "{text}");
    }
    shop.register("ada.lovelace@example.com").await.is(201);
}

#[tokio::test]
async fn an_export_holds_everything_and_no_secret() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    shop.post("/v1/users/me/addresses", &ada.access, address()).await.is(201);
    let wish = "/v1/users/me/wishlist/variant_01h455vb4pex5vsknk084sn02q";
    shop.call(Method::PUT, wish, &ada.access, Value::Null).await.is(204);

    let export = shop.get("/v1/users/me/export", &ada.access).await.is(200);

    let json = export.json();
    assert_eq!(json["user"]["email"], "ada@example.com");
    assert_eq!(json["addresses"][0]["city"], "London");
    assert_eq!(json["wishlist"][0]["variant_id"], "variant_01h455vb4pex5vsknk084sn02q");
    assert_eq!(json["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(json["audit_events"].as_array().unwrap().len(), 2);
    assert!(export.header(header::CONTENT_DISPOSITION).starts_with("attachment"));
    assert!(!export.text.contains("argon2") && !export.text.contains("stoa_refresh_"));
}
