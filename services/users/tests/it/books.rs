//! The books: what is written down with each change, and what shows when somebody altered it.

use std::sync::Arc;

use delivery::{Outbox, Prompt};
use http::Method;
use kernel::{Clock, Ids, Timestamp};
use serde_json::json;
use store::{Batch, Sql, params};
use testkit::Folder;

use crate::shop::{PASSWORD, Shop, peers, settings};

const KINDS: Sql = Sql::new("SELECT kind, message_key, body FROM outbox ORDER BY seq");
const ALTER: Sql = Sql::new("UPDATE audit_events SET detail = 'nothing' WHERE sequence = $1");
const REMOVE: Sql = Sql::new("DELETE FROM audit_events WHERE sequence = $1");
const COUNT: Sql = Sql::new("UPDATE installation SET admins = 7");
const REVIVE: Sql = Sql::new("UPDATE refresh_tokens SET used_at_ms = NULL");

async fn alter(shop: &Shop, sql: Sql, values: Vec<store::Value>) {
    let mut batch = Batch::new("alter");
    batch.run(sql, values);
    shop.store.commit(batch).await.unwrap();
}

async fn findings(shop: &Shop) -> Vec<&'static str> {
    let audit = users::audit(&shop.store).await.unwrap();
    audit.findings.iter().map(|finding| finding.invariant).collect()
}

#[tokio::test]
async fn every_statement_is_understood() {
    let shop = Shop::open().await;
    shop.store.prepare(&users::statements()).await.unwrap();
}

#[tokio::test]
async fn others_hear_who_and_nothing_about_them() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    let id = shop.me(&ada).await.json()["id"].as_str().unwrap().to_owned();
    let body = json!({"name": "Countess"});
    shop.call(Method::PATCH, "/v1/users/me", &ada.access, body).await.is(200);
    shop.delete("/v1/users/me", &ada.access).await.is(204);

    let rows = shop.store.read(KINDS, params![]).await.unwrap();

    let kinds: Vec<&str> = rows.iter().map(|row| row.text(0).unwrap()).collect();
    let expected = ["users.user.registered.v1", "users.user.updated.v1", "users.user.erased.v1"];
    assert_eq!(kinds, expected);
    for row in &rows {
        assert_eq!(row.text(1).unwrap(), id);
        assert_eq!(row.text(2).unwrap(), json!({"user_id": id}).to_string());
    }
}

#[tokio::test]
async fn the_log_tells_who_did_what_to_whom_in_a_chain() {
    let shop = Shop::open().await;
    let admin = shop.admin("root@example.com").await;
    let ada = shop.customer("ada@example.com").await;
    let id = shop.me(&ada).await.json()["id"].as_str().unwrap().to_owned();

    let of_ada = shop.get(&format!("/v1/audit-events?subject={id}"), &admin.access).await.is(200);
    let json = of_ada.json();
    let actions: Vec<&str> =
        json["items"].as_array().unwrap().iter().map(|e| e["action"].as_str().unwrap()).collect();
    let all = shop.get("/v1/audit-events?limit=2", &admin.access).await.is(200).json();

    assert_eq!(actions, ["session.opened", "user.registered"]);
    assert_eq!(all["items"][0]["previous_hash"], all["items"][1]["hash"]);
    assert_eq!(all["items"][0]["actor"], json!(id));
    assert_eq!(all["items"][0]["trace_id"].as_str().unwrap().len(), 32);
    assert!(all["next_cursor"].is_string());
}

#[tokio::test]
async fn repeated_failures_are_written_down_without_the_address() {
    let shop = Shop::open().await;
    let admin = shop.admin("root@example.com").await;
    for _ in 0..5 {
        shop.try_log_in("eve@example.com", "wrong password here").await;
    }

    let log = shop.get("/v1/audit-events?limit=1", &admin.access).await.is(200);

    assert_eq!(log.json()["items"][0]["action"], "session.refused");
    assert!(!log.text.contains("eve@"));
}

#[tokio::test]
async fn an_altered_log_is_found() {
    let shop = Shop::open().await;
    shop.customer("ada@example.com").await;
    shop.check().await;

    alter(&shop, ALTER, params![2]).await;
    assert_eq!(findings(&shop).await, ["users.audit-chain"]);
    alter(&shop, REMOVE, params![2]).await;
    assert_eq!(findings(&shop).await, ["users.audit-chain"]);
}

#[tokio::test]
async fn counts_and_tokens_that_do_not_add_up_are_found() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    shop.refresh(&ada.refresh).await.is(200);
    shop.check().await;

    alter(&shop, COUNT, params![]).await;
    alter(&shop, REVIVE, params![]).await;

    let expected = ["users.administrators-counted", "users.one-live-refresh-token"];
    assert_eq!(findings(&shop).await, expected);
}

#[tokio::test]
async fn the_binary_gets_a_service_with_routes_children_and_an_audit() {
    let clock = Clock::manual(Timestamp::from_ms(1_795_561_836_000));
    let folder = Folder::new();
    let store = folder.store("users", &clock).await;
    users::migrate(&store).await.unwrap();
    let ids = Ids::seeded(clock.clone(), 7);
    let (tasks, _child) = supervisor::Tasks::new("calls", 10);
    let peers = peers(&edge::Switchboard::default(), &clock, &ids);
    let deps = edge::Deps {
        bus: folder.bus(&clock).await,
        outbox: Outbox::new("/users", ids.clone(), clock.clone(), Prompt::default()),
        auth: edge::auth::Verifier::new(peers.to("users"), clock.clone()),
        store,
        clock: clock.clone(),
        ids,
        tasks,
        peers,
    };

    let service = users::service(deps, settings()).await.unwrap();

    assert_eq!((service.name, service.children.len()), ("users", 2));
    assert!(service.openapi.paths.paths.contains_key("/v1/users/me/wishlist"));
    let audit = Arc::clone(&service.audit);
    assert_eq!(audit().await.unwrap().findings, []);
}

#[tokio::test]
async fn what_is_over_is_swept_away() {
    let shop = Shop::open().await;
    let ada = shop.customer("ada@example.com").await;
    shop.refresh(&ada.refresh).await.is(200);
    let left = async || {
        let tokens = Sql::new("SELECT COUNT(*) FROM refresh_tokens");
        let sessions = Sql::new("SELECT COUNT(*) FROM sessions");
        let tokens = shop.store.read_one(tokens, params![]).await.unwrap().unwrap();
        let sessions = shop.store.read_one(sessions, params![]).await.unwrap().unwrap();
        (tokens.int(0).unwrap(), sessions.int(0).unwrap())
    };
    assert_eq!(left().await, (2, 1));
    shop.pass(92 * 86_400);

    let spec = supervisor::SupervisorSpec::new("test", supervisor::Strategy::OneForOne).child(
        supervisor::ChildSpec::worker("sweeper", {
            let desk = shop.desk.clone();
            move |context| users::commands::sweep(desk.clone(), context)
        }),
    );
    let running = supervisor::Supervisor::start(spec, Clock::system());
    testkit::eventually("old rows go", || async {
        shop.pass(600);
        (left().await == (0, 0)).then_some(())
    })
    .await;
    running.stop().await;

    shop.try_log_in("ada@example.com", PASSWORD).await.is(201);
}

#[tokio::test]
async fn every_operation_has_a_name_of_its_own() {
    let mut names = Vec::new();
    for (path, item) in users::openapi().paths.paths {
        let methods = [item.get, item.post, item.put, item.patch, item.delete];
        for operation in methods.into_iter().flatten() {
            names.push(operation.operation_id.unwrap_or_else(|| panic!("{path} has none")));
        }
    }
    let distinct: std::collections::BTreeSet<_> = names.iter().collect();
    assert_eq!((names.len(), distinct.len()), (29, 29), "{names:?}");
}
