//! Signing keys: published before they sign and after, gone when nobody needs them.

use http::header;

use crate::shop::{Shop, desk, settings};

async fn published(shop: &Shop) -> Vec<String> {
    let json = shop.get("/.well-known/jwks.json", "").await.is(200).json();
    let keys = json["keys"].as_array().unwrap().clone();
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn public_keys_are_published_and_private_ones_are_not() {
    let shop = Shop::open().await;

    let answer = shop.get("/.well-known/jwks.json", "").await.is(200);

    let key = &answer.json()["keys"][0];
    assert_eq!(
        (&key["kty"], &key["crv"], &key["use"]),
        (&"OKP".into(), &"Ed25519".into(), &"sig".into())
    );
    assert_eq!(key["alg"], "EdDSA");
    assert_eq!(key.get("d"), None);
    assert_eq!(answer.header(header::CACHE_CONTROL), "public, max-age=60");
}

#[tokio::test]
async fn no_request_fails_while_keys_change() {
    let shop = Shop::open().await;
    shop.register("ada@example.com").await.is(201);
    let old = shop.log_in("ada@example.com").await;
    shop.me(&old).await.is(200);

    users::add_key(&shop.desk).await.unwrap();
    assert_eq!(published(&shop).await.len(), 2);
    shop.pass(59);
    let before = shop.log_in("ada@example.com").await;
    shop.pass(1);
    let after = shop.log_in("ada@example.com").await;

    let kid = |token: &str| token.split('.').next().unwrap().to_owned();
    assert_eq!(kid(&before.access), kid(&old.access));
    assert_ne!(kid(&after.access), kid(&old.access));
    for tokens in [&old, &before, &after] {
        shop.me(tokens).await.is(200);
    }
}

#[tokio::test]
async fn an_old_key_is_withdrawn_when_no_token_of_its_can_live_any_more() {
    let shop = Shop::open().await;
    let first = published(&shop).await;
    users::add_key(&shop.desk).await.unwrap();

    shop.pass(60 + 3599);
    assert_eq!(published(&shop).await.len(), 2);
    shop.pass(1);
    let left = published(&shop).await;

    assert_eq!(left.len(), 1);
    assert_ne!(left, first);
    users::add_key(&shop.desk).await.unwrap();
    assert!(published(&shop).await.iter().all(|kid| *kid != first[0]));
    shop.check().await;
}

#[tokio::test]
async fn another_process_over_the_same_database_signs_with_the_same_keys() {
    let shop = Shop::open().await;
    shop.register("ada@example.com").await.is(201);
    let other = desk(&shop.store, &shop.clock, settings());

    let from = users::add_key(&other).await.unwrap();
    shop.clock.advance(from.since(shop.clock.now()));
    let password = users::domain::password::Password::new(crate::shop::PASSWORD.to_owned());
    let opened = users::commands::log_in(&other, "ada@example.com", password, "").await.unwrap();

    // This process has not looked for new keys since: its children do that.
    assert!(shop.verifier.verify(&opened.access_token).await.is_err());
    users::add_key(&shop.desk).await.unwrap();
    shop.pass(31);
    assert!(shop.verifier.verify(&opened.access_token).await.is_ok());
    shop.check().await;
}
