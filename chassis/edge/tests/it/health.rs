//! Liveness, readiness, quiescence, pages of problems.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::Router;
use edge::{
    Check, Service,
    auth::Role,
    health::Health,
    ops::{Ops, TreeSlot},
    serve::Drain,
};
use kernel::{Clock, Role as MessageRole};
use serde_json::json;
use store::Batch;
use supervisor::{Strategy, Supervisor, SupervisorSpec};
use testkit::Folder;

use crate::harness::{Site, token};

fn router(health: Health) -> Router {
    health.routes()
}

#[tokio::test]
async fn readiness_tells_the_truth() {
    let (folder, clock, drain) = (Folder::new(), Clock::system(), Drain::default());
    let works = Arc::new(AtomicBool::new(true));
    let mut orders = Service::new("orders", folder.store("orders", &clock).await);
    let check: Check = {
        let works = Arc::clone(&works);
        Arc::new(move || {
            let outcome = works.load(Ordering::SeqCst).then_some(());
            Box::pin(std::future::ready(outcome.ok_or("no route to bank".to_owned())))
        })
    };
    orders.ready.push(("bank", check));
    let health = Health::new(&[orders], drain.clone(), clock, || "stoa_up 1\n".to_owned());
    let site = Site::start(router(health)).await;
    let ready = |path: &'static str| site.client.get(path).send();

    let fine = ready("/readyz?verbose").await;
    assert_eq!(fine.status, 200);
    let expected = "[+] orders.store ok\n[+] orders.bank ok\n[+] serving ok\nready\n";
    assert_eq!(fine.text(), expected);
    assert_eq!(ready("/readyz").await.text(), "ready\n");

    works.store(false, Ordering::SeqCst);
    let broken = ready("/readyz").await;
    assert_eq!(broken.status, 503);
    assert!(broken.text().contains("[-] orders.bank: no route to bank\n"), "{}", broken.text());

    works.store(true, Ordering::SeqCst);
    drain.begin();
    assert_eq!(ready("/readyz").await.status, 503);
    assert_eq!(ready("/livez").await.status, 200);
    assert_eq!(ready("/metrics").await.text(), "stoa_up 1\n");
}

#[tokio::test]
async fn quiescence_counts_what_moves() {
    let (folder, clock) = (Folder::new(), Clock::system());
    let ids = kernel::Ids::seeded(clock.clone(), 1);
    let bus = folder.bus(&clock).await;
    bus.declare("orders", &["orders.order.placed.v1"]).await.unwrap();
    let (orders, users) =
        (folder.store("orders", &clock).await, folder.store("users", &clock).await);
    delivery::migrate(&orders).await.unwrap();
    saga::migrate(&orders).await.unwrap();
    delivery::migrate(&users).await.unwrap();
    let services = [Service::new("orders", orders.clone()), Service::new("users", users)];
    let ops = Ops::new(&services, bus, TreeSlot::default());
    let site = Site::start(ops.routes()).await;
    let staff = site.client.bearer(&token(Role::Staff, &["ops.read"]));
    let path = "/v1/ops/quiescence";

    let none = json!({"open_sagas": 0, "unsent": 0, "unread": 0, "retries": 0, "dead_letters": 0});
    let rest = json!({"at_rest": true, "services": {"orders": none, "users": none}});
    assert_eq!(staff.get(path).send().await.json(), rest);

    let prompt = delivery::Prompt::default();
    let outbox = delivery::Outbox::new("/orders", ids, clock, prompt);
    let mut batch = Batch::new("emit");
    outbox.emit(&mut batch, "order_1", &Placed {});
    orders.commit(batch).await.unwrap();

    let moves = staff.get(path).send().await.json();
    assert_eq!(moves["at_rest"], false);
    assert_eq!(moves["services"]["orders"]["unsent"], 1);
    assert_eq!(site.client.get(path).send().await.status, 401);
    let other = site.client.bearer(&token(Role::Staff, &["orders.read"]));
    assert_eq!(other.get(path).send().await.status, 403);
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Placed {}

impl kernel::Contract for Placed {
    const KIND: &'static str = "orders.order.placed.v1";
    const ROLE: MessageRole = MessageRole::Event;
}

#[tokio::test]
async fn the_tree_is_shown_once_it_runs() {
    let (folder, clock) = (Folder::new(), Clock::system());
    let slot = TreeSlot::default();
    let ops = Ops::new(&[], folder.bus(&clock).await, slot.clone());
    let site = Site::start(ops.routes()).await;
    let staff = site.client.bearer(&token(Role::Admin, &[]));
    assert_eq!(staff.get("/v1/ops/tree").send().await.status, 503);

    let running = Supervisor::start(SupervisorSpec::new("stoa", Strategy::OneForOne), clock);
    slot.show(running.view());

    assert_eq!(staff.get("/v1/ops/tree").send().await.json()["name"], "stoa");
}
