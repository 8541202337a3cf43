//! The most telling fault of a network: the request arrives, the answer does not. Every client
//! asks again, and there is one effect.

use std::fs;

use flows::{Bank, LossyProxy, Shop, audit, id_of, order_of, pages, place};
use http::Method;
use serde_json::{Value, json};
use testkit::{Answer, Ask, Client, Folder, System, eventually, system};

/// Of three connections, two lose their answer.
async fn lossy(system: &System) -> LossyProxy {
    let proxy = LossyProxy::start(|number| number % 3 != 2).await;
    proxy.reach(system.listen);
    proxy
}

/// Asks by way of the proxy, on a new connection each time, until an answer comes back. Gives it,
/// and how often it was asked.
async fn insist(proxy: &LossyProxy, ask: impl Fn(&Client) -> Ask) -> (Answer, u32) {
    for asked in 1..10 {
        let client = Client::new(format!("http://{}", proxy.address));
        match ask(&client).attempt().await {
            Ok(answer) if answer.status != 409 => return (answer, asked),
            Ok(_) | Err(_) => {}
        }
    }
    panic!("no answer came back");
}

#[tokio::test]
async fn orders_whose_answers_are_lost_are_placed_once() {
    let shop = Shop::open().await;
    shop.stock("TEA", 500, 100).await;
    let proxy = lossy(&shop.system).await;

    for (number, prefer) in (0..10).zip(["wait=30", "respond-async"].into_iter().cycle()) {
        let (key, body) = (format!("k{number}"), order_of(&[("TEA", 1)], "tok_visa"));
        let (answer, asked) =
            insist(&proxy, |client| place(client, &key, &body).header("prefer", prefer)).await;
        assert_eq!((answer.status, asked), (201, 3), "{}", answer.text());
        assert_eq!(answer.header("idempotent-replayed"), Some("true"));
        shop.settled(&id_of(&answer)).await;
    }

    assert_eq!(proxy.lost(), 20);
    assert_eq!(shop.orders().await.len(), 10);
    assert_eq!(shop.level("TEA").await.available, 90);
    shop.books_agree().await;
    shop.audited().await;
}

#[tokio::test]
async fn a_refund_whose_answer_is_lost_is_made_once() {
    let shop = Shop::open().await;
    shop.stock("TEA", 500, 100).await;
    let proxy = lossy(&shop.system).await;
    let order = shop.order("k", &order_of(&[("TEA", 2)], "tok_visa")).await;
    let order = order["id"].as_str().expect("an id");
    let payment = pages(&shop.admin, &format!("/v1/payments?order_id={order}")).await.remove(0);
    let path = format!("/v1/payments/{}/refunds", payment["id"].as_str().expect("an id"));

    let part = json!({"amount": {"amount": 400, "currency": "EUR"}, "reason": "one was chipped"});
    let (answer, asked) = insist(&proxy, |client| {
        shop.admin.at(client).post(&path, &part).header("idempotency-key", "r")
    })
    .await;

    assert_eq!((answer.status, asked), (201, 3), "{}", answer.text());
    let theirs = Bank::read(&shop.admin).await.remove(order).expect("it is paid");
    assert_eq!((theirs.captured, theirs.refunded), (1000, 400));
    shop.audited().await;
}

#[tokio::test]
async fn a_challenge_whose_answer_is_lost_is_answered_once() {
    let shop = Shop::open().await;
    shop.stock("TEA", 500, 100).await;
    let proxy = lossy(&shop.system).await;
    let order = shop.order("k", &order_of(&[("TEA", 2)], "tok_challenge")).await;
    let id = order["id"].as_str().expect("an id");
    let path = format!("/v1/orders/{id}/payment-answers");

    // It has no key: whoever asks again hears that there is no open challenge any more.
    for _ in 0..3 {
        let client = Client::new(format!("http://{}", proxy.address));
        let ask = shop.admin.at(&client).post(&path, &json!({"answer": "123456"}));
        if let Ok(answer) = ask.attempt().await {
            assert_eq!(answer.problem().as_deref(), Some("no-open-challenge"));
        }
    }

    assert_eq!(proxy.lost(), 2);
    assert_eq!(shop.settled(id).await["status"], "confirmed");
    shop.books_agree().await;
    shop.audited().await;
}

#[tokio::test]
async fn a_session_outlives_the_lost_answer_to_its_refresh() {
    let shop = Shop::open().await;
    let proxy = lossy(&shop.system).await;
    let (email, password) = ("ada@example.com", "correct horse battery staple");
    let account = json!({"email": email, "password": password});

    let registered = insist_on_account(&proxy, &account).await;
    let credentials = json!({"email": email, "password": password});
    let (session, _) = insist(&proxy, |client| client.post("/v1/sessions", &credentials)).await;
    let refresh = json!({"refresh_token": session.json()["refresh_token"]});
    let (refreshed, asked) =
        insist(&proxy, |client| client.post("/v1/sessions/refresh", &refresh)).await;

    assert_eq!(registered.problem().as_deref(), Some("email-taken"), "the first try registered");
    assert_eq!((refreshed.status, asked), (200, 3), "{}", refreshed.text());
    let token = refreshed.json()["access_token"].as_str().expect("a token").to_owned();
    let me = shop.guest.bearer(&token).get("/v1/users/me").send().await;
    assert_eq!((me.status, &me.json()["email"]), (200, &json!(email)));
}

async fn insist_on_account(proxy: &LossyProxy, account: &Value) -> Answer {
    loop {
        let client = Client::new(format!("http://{}", proxy.address));
        if let Ok(answer) = client.post("/v1/users", account).attempt().await {
            return answer;
        }
    }
}

#[tokio::test]
async fn an_import_whose_answers_are_lost_brings_each_product_in_once() {
    let shop = Shop::open().await;
    let proxy = lossy(&shop.system).await;
    let file = shop.folder.path().join("rows.csv");
    let rows = (0..40).map(|n| format!("thing-{n},Thing {n},published,T{n},500,EUR,7\n"));
    let header = "slug,title,status,sku,price_minor,currency,on_hand\n".to_owned();
    fs::write(&file, [header].into_iter().chain(rows).collect::<String>()).expect("it is written");

    let url = format!("http://{}", proxy.address);
    let (email, password) = system::ADMIN;
    let arguments = [
        "import",
        "products",
        file.to_str().expect("a text"),
        "--url",
        &url,
        "--email",
        email,
        "--password",
        password,
        "--chunk-rows",
        "10",
        "--in-flight",
        "1",
        "--output",
        "json",
    ];
    let ran = system::run(shop.folder.path(), &arguments).await;

    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(proxy.lost() >= 2, "{} answers were lost", proxy.lost());
    assert_eq!((&ran.json()["rows"], &ran.json()["rejected"]), (&json!(40), &json!(0)), "{ran:?}");
    let products = pages(&shop.admin, "/v1/products?limit=100").await;
    assert_eq!(products.len(), 40);
    assert_eq!(shop.level("T39").await.on_hand, 7);
    shop.at_rest().await;
    shop.audited().await;
}

#[tokio::test]
async fn payments_whose_answers_to_orders_are_lost_are_made_once() {
    let proxy = LossyProxy::start(|number| number % 3 != 2).await;
    let (front, back) = (Folder::new(), Folder::new());
    let payments_url = format!("http://{}", proxy.address);
    let settings = [("STOA_PAYMENTS_URL", &*payments_url)];
    let services = ["users", "products", "orders"];
    let system = System::partly(front.path(), &services, &settings).await.expect("it starts");
    fs::copy(front.path().join("service.key"), back.path().join("service.key")).expect("a key");
    let users_url = format!("http://{}", system.listen);
    let settings = [("STOA_USERS_URL", &*users_url)];
    let mut payments =
        System::partly(back.path(), &["payments"], &settings).await.expect("it starts");
    proxy.reach(payments.listen);
    let (guest, admin) = (system.client(), system.admin().await);
    let mut shop = Shop { folder: front, system, guest, admin };
    shop.stock("TEA", 500, 100).await;

    let mut orders = Vec::new();
    for number in 0..6 {
        let answer =
            place(&shop.guest, &format!("k{number}"), &order_of(&[("TEA", 1)], "tok_visa"));
        orders.push(id_of(&answer.send().await));
    }
    for id in &orders {
        let order = eventually("the order is settled", async || {
            shop.find(id).await.filter(|order| !order["settled_at"].is_null())
        })
        .await;
        assert_eq!(order["payment_status"], "captured", "{order:#}");
    }

    assert!(proxy.lost() >= 2, "{} answers were lost", proxy.lost());
    let bank = Bank::read(&shop.admin.at(&payments.client())).await;
    let paid = Bank { authorized: 500, captured: 500, captures: 1, ..Bank::default() };
    assert!(orders.iter().all(|id| bank[id] == paid), "{bank:#?}");
    assert_eq!(bank.len(), orders.len());
    let put = shop.admin.ask(Method::PUT, "/v1/inventory/TEA").json(&json!({"on_hand": 94}));
    assert_eq!(put.send().await.status, 200, "six are sold, so nothing changes");
    shop.at_rest().await;
    assert!(shop.system.stop().await.success());
    assert!(payments.stop().await.success());
    for folder in [shop.folder.path(), back.path()] {
        assert_eq!(audit(folder).await["open"], 0);
    }
}
