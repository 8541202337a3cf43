//! Staff: what they see, what they may give, the keys of their programs.

use futures::future::join;
use http::{Method, header};
use serde_json::{Value, json};

use crate::shop::{Shop, Tokens};

async fn id_of(shop: &Shop, tokens: &Tokens) -> String {
    shop.me(tokens).await.is(200).json()["id"].as_str().unwrap().to_owned()
}

async fn grant(shop: &Shop, by: &Tokens, id: &str, body: Value) -> crate::shop::Answer {
    shop.call(Method::PATCH, &format!("/v1/users/{id}"), &by.access, body).await
}

#[tokio::test]
async fn accounts_are_paged_newest_first() {
    let shop = Shop::open().await;
    let admin = shop.admin("root@example.com").await;
    for n in 0..4 {
        shop.register(&format!("user{n}@example.com")).await.is(201);
    }

    let first = shop.get("/v1/users?limit=3", &admin.access).await.is(200);
    let cursor = first.json()["next_cursor"].as_str().unwrap().to_owned();
    let second = shop.get(&format!("/v1/users?limit=3&cursor={cursor}"), &admin.access).await;

    let emails = |answer: &crate::shop::Answer| -> Vec<String> {
        let json = answer.json();
        let items = json["items"].as_array().unwrap().clone();
        items.iter().map(|item| item["email"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(emails(&first), ["user3@example.com", "user2@example.com", "user1@example.com"]);
    assert_eq!(emails(&second), ["user0@example.com", "root@example.com"]);
    assert_eq!(second.json()["next_cursor"], Value::Null);
    assert!(first.header(header::LINK).contains("rel=\"next\""));
    let bad = shop.get("/v1/users?cursor=nonsense", &admin.access).await;
    bad.refused(400, "invalid-cursor");
}

#[tokio::test]
async fn customers_and_guests_are_kept_out() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    for path in ["/v1/users", "/v1/api-keys", "/v1/audit-events"] {
        shop.get(path, "").await.refused(401, "unauthenticated");
        shop.get(path, &ada.access).await.refused(403, "forbidden");
    }
    let id = id_of(&shop, &ada).await;
    shop.get(&format!("/v1/users/{id}"), &ada.access).await.refused(403, "forbidden");
    grant(&shop, &ada, &id, json!({"role": "admin"})).await.refused(403, "forbidden");
}

#[tokio::test]
async fn nobody_gives_or_takes_more_than_they_have() {
    let shop = Shop::open().await;
    let admin = shop.admin("root@example.com").await;
    let clerk = shop.staff(&admin, "clerk@example.com", &["users.write", "orders.read"]).await;
    let ada = shop.customer("ada@example.com").await;
    let (ada, root) = (id_of(&shop, &ada).await, id_of(&shop, &admin).await);

    let more = json!({"role": "staff", "permissions": ["payments.write"]});
    grant(&shop, &clerk, &ada, more).await.refused(403, "grant-exceeds-own");
    grant(&shop, &clerk, &ada, json!({"role": "admin"})).await.refused(403, "grant-exceeds-own");
    grant(&shop, &clerk, &root, json!({"role": "customer"}))
        .await
        .refused(403, "grant-exceeds-own");
    let same = json!({"role": "staff", "permissions": ["orders.read"]});
    let granted = grant(&shop, &clerk, &ada, same).await.is(200).json();

    assert_eq!(
        (&granted["role"], &granted["permissions"]),
        (&json!("staff"), &json!(["orders.read"]))
    );
    shop.check().await;
}

#[tokio::test]
async fn an_access_that_cannot_be_is_refused_field_by_field() {
    let shop = Shop::open().await;
    let admin = shop.admin("root@example.com").await;
    let ada = id_of(&shop, &shop.customer("ada@example.com").await).await;
    for (body, pointer) in [
        (json!({"role": "root"}), "/role"),
        (json!({"role": "staff", "permissions": ["users.read", "all"]}), "/permissions/1"),
        (json!({"role": "customer", "permissions": ["users.read"]}), "/permissions"),
        (json!({"email": "eve@example.com"}), "/email"),
    ] {
        let refused = grant(&shop, &admin, &ada, body).await;
        refused.refused(422, "invalid-body");
        assert_eq!(refused.json()["errors"][0]["pointer"], pointer);
    }
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let shop = Shop::open().await;
    let root = shop.admin("root@example.com").await;
    let id = id_of(&shop, &root).await;

    grant(&shop, &root, &id, json!({"role": "customer"})).await.refused(409, "last-admin");
    shop.delete("/v1/users/me", &root.access).await.refused(409, "last-admin");

    let second = shop.admin("second@example.com").await;
    let other = id_of(&shop, &second).await;
    let (one, two) = join(
        grant(&shop, &root, &other, json!({"role": "customer"})),
        grant(&shop, &second, &id, json!({"role": "customer"})),
    )
    .await;
    let statuses = [one.status.as_u16(), two.status.as_u16()];
    assert!(statuses.contains(&200) && !statuses.iter().all(|s| *s == 200), "{statuses:?}");
    shop.check().await;
    assert!(users::has_admin(&shop.store).await.unwrap());
}

#[tokio::test]
async fn a_stale_grant_is_refused() {
    let shop = Shop::open().await;
    let admin = shop.admin("root@example.com").await;
    let ada = id_of(&shop, &shop.customer("ada@example.com").await).await;
    grant(&shop, &admin, &ada, json!({"role": "staff"})).await.is(200);

    let path = format!("/v1/users/{ada}");
    let body = json!({"role": "customer"});
    let mut late = crate::shop::request(Method::PATCH, &path, &admin.access, body);
    late.headers_mut().insert(header::IF_MATCH, "\"1\"".parse().unwrap());

    shop.send(late).await.refused(412, "stale-version");
}

#[tokio::test]
async fn an_api_key_is_told_once_and_opens_what_it_names() {
    let shop = Shop::open().await;
    let admin = shop.admin("root@example.com").await;
    let body = json!({"name": "ERP", "permissions": ["users.read"]});

    let made = shop.post("/v1/api-keys", &admin.access, body).await.is(201).json();
    let secret = made["secret"].as_str().unwrap();
    let opened = shop.post("/v1/sessions", "", json!({"api_key": secret})).await.is(201);
    let program = Tokens::of(&opened);

    assert!(secret.starts_with("stoa_live_") && secret.starts_with(made["hint"].as_str().unwrap()));
    assert_eq!(opened.json().get("refresh_token"), None);
    shop.get("/v1/users", &program.access).await.is(200);
    shop.get("/v1/audit-events", &program.access).await.refused(403, "forbidden");
    shop.me(&program).await.refused(403, "session-required");
    let list = shop.get("/v1/api-keys", &admin.access).await.is(200);
    assert!(!list.text.contains(secret) && list.json()["items"][0]["used_at"].is_string());

    let path = format!("/v1/api-keys/{}", made["id"].as_str().unwrap());
    shop.delete(&path, &admin.access).await.is(204);
    shop.delete(&path, &admin.access).await.refused(404, "not-found");
    let again = shop.post("/v1/sessions", "", json!({"api_key": secret})).await;
    again.refused(401, "invalid-credentials");
    shop.get("/v1/users", &program.access).await.refused(401, "session-ended");
    shop.check().await;
}

#[tokio::test]
async fn a_key_ends_when_it_says_and_shrinks_with_its_owner() {
    let shop = Shop::open().await;
    let admin = shop.admin("root@example.com").await;
    let clerk = shop.staff(&admin, "clerk@example.com", &["users.write", "users.read"]).await;
    let ends = shop.clock.now().plus(std::time::Duration::from_secs(3600)).to_string();
    let body = json!({"name": "ERP", "permissions": ["users.read"], "expires_at": ends});
    let made = shop.post("/v1/api-keys", &clerk.access, body).await.is(201).json();
    let exchange = async || shop.post("/v1/sessions", "", json!({"api_key": made["secret"]})).await;
    let program = Tokens::of(&exchange().await.is(201));
    shop.get("/v1/users", &program.access).await.is(200);

    let id = id_of(&shop, &clerk).await;
    let less = json!({"permissions": ["orders.read"]});
    grant(&shop, &admin, &id, less).await.is(200);
    shop.get("/v1/users", &program.access).await.refused(403, "forbidden");

    shop.pass(3600);
    exchange().await.refused(401, "invalid-credentials");
}

#[tokio::test]
async fn nobody_makes_a_key_that_may_more_than_they() {
    let shop = Shop::open().await;
    let admin = shop.admin("root@example.com").await;
    let clerk = shop.staff(&admin, "clerk@example.com", &["users.write"]).await;
    let make = async |body: Value| shop.post("/v1/api-keys", &clerk.access, body).await;

    make(json!({"name": "x", "permissions": ["orders.write"]}))
        .await
        .refused(403, "grant-exceeds-own");
    make(json!({"name": "", "permissions": []})).await.refused(422, "invalid-body");
    make(json!({"name": "x", "permissions": ["users.write"]})).await.is(201);
}
