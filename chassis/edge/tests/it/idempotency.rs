//! One effect and one answer per key.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Router, extract::State, response::Response, routing::post};
use edge::{Idempotency, Json, Problem, StoredResponse, auth::Role};
use http::StatusCode;
use kernel::Clock;
use serde_json::{Value, json};
use store::{Batch, Store};
use testkit::{Answer, Client, Folder};
use tokio::sync::{Notify, Semaphore};

use crate::harness::{Key, Site, claims, soon, token};

/// A shop that places orders: each is told its number once.
#[derive(Clone)]
struct Shop {
    store: Store,
    placed: Arc<AtomicUsize>,
    /// What placing waits for, when it does.
    gate: Arc<Semaphore>,
    inside: Arc<Notify>,
    /// What settling waits for, and that it waits.
    settled: Arc<Semaphore>,
    recorded: Arc<Notify>,
}

impl Shop {
    async fn new(folder: &Folder) -> Self {
        let store = folder.store("shop", &Clock::system()).await;
        delivery::migrate(&store).await.unwrap();
        Self {
            store,
            placed: Arc::default(),
            gate: Arc::new(Semaphore::new(1000)),
            inside: Arc::default(),
            settled: Arc::new(Semaphore::new(1)),
            recorded: Arc::default(),
        }
    }

    fn router(&self) -> Router {
        Router::new()
            .route("/orders", post(place))
            .route("/orders/{id}/captures", post(capture))
            .route("/settled", post(settle))
            .with_state(self.clone())
    }

    async fn order(&self, key: &Idempotency, body: &Value) -> Result<StoredResponse, store::Error> {
        self.inside.notify_one();
        let _passed = self.gate.acquire().await;
        let number = self.placed.fetch_add(1, Ordering::SeqCst) + 1;
        let answer = json!({"number": number, "asked": body});
        let answer = StoredResponse::json(StatusCode::CREATED, &answer).unwrap();
        let answer = answer.location(format!("/orders/{number}")).version(1);
        let mut batch = Batch::new("place");
        key.record(&mut batch, &answer, Clock::system().now());
        self.store.commit(batch).await?;
        Ok(answer)
    }
}

async fn place(
    State(shop): State<Shop>,
    key: Idempotency,
    Json(body): Json<Value>,
) -> Result<Response, Problem> {
    key.once(&shop.store, shop.order(&key, &body)).await
}

async fn capture(State(shop): State<Shop>, key: Idempotency) -> Result<Response, Problem> {
    key.once(&shop.store, shop.order(&key, &Value::Null)).await
}

/// Records a first answer, waits until all is settled, and answers with a later one if it may.
async fn settle(
    State(shop): State<Shop>,
    key: Idempotency,
    Json(body): Json<Value>,
) -> Result<Response, Problem> {
    if let Some(answer) = key.replay(&shop.store).await? {
        return Ok(answer);
    }
    shop.order(&key, &body).await?;
    shop.recorded.notify_one();
    shop.settled.acquire().await.unwrap().forget();
    let later = StoredResponse::json(StatusCode::CREATED, &json!("settled"))?;
    key.amend(&shop.store, later).await
}

async fn order(client: &Client, key: &str, body: &Value) -> Answer {
    client.post("/orders", body).header("idempotency-key", key).send().await
}

fn same(first: &Answer, again: &Answer) {
    assert_eq!((again.status, &again.body), (first.status, &first.body), "{}", again.text());
    for header in ["location", "etag", "content-type"] {
        assert_eq!(again.header(header), first.header(header), "{header}");
    }
    assert_eq!(first.header("idempotent-replayed"), None);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
}

#[tokio::test]
async fn a_repeated_key_returns_the_first_answer() {
    let folder = Folder::new();
    let shop = Shop::new(&folder).await;
    let site = Site::start(shop.router()).await;

    let first = order(&site.client, "\"abc\"", &json!({"a": 1, "b": 2})).await;
    let again = order(&site.client, "abc", &json!({"b": 2, "a": 1})).await;

    assert_eq!((first.status, first.header("location")), (201, Some("/orders/1")));
    same(&first, &again);
    assert_eq!(shop.placed.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn the_answer_outlives_the_process_that_gave_it() {
    let folder = Folder::new();
    let shop = Shop::new(&folder).await;
    let first = order(&Site::start(shop.router()).await.client, "abc", &json!(1)).await;
    shop.store.close().await;
    drop(shop);

    let shop = Shop::new(&folder).await;
    let again = order(&Site::start(shop.router()).await.client, "abc", &json!(1)).await;

    same(&first, &again);
    assert_eq!(shop.placed.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_key_is_required_and_its_form_is_checked() {
    let folder = Folder::new();
    let site = Site::start(Shop::new(&folder).await.router()).await;
    let missing = site.client.post("/orders", &json!(1)).send().await;
    assert_eq!(
        (missing.status, missing.problem().as_deref()),
        (400, Some("idempotency-key-missing"))
    );
    let empty = order(&site.client, "\"\"", &json!(1)).await;
    assert_eq!((empty.status, empty.problem().as_deref()), (400, Some("idempotency-key-invalid")));
}

#[tokio::test]
async fn a_key_is_not_reused_for_another_request() {
    let folder = Folder::new();
    let shop = Shop::new(&folder).await;
    let site = Site::start(shop.router()).await;
    let capture = |id: u32| {
        let ask = site.client.ask(http::Method::POST, &format!("/orders/{id}/captures"));
        ask.header("idempotency-key", "abc").send()
    };
    assert_eq!(order(&site.client, "abc", &json!(1)).await.status, 201);
    let reused = order(&site.client, "abc", &json!(2)).await;
    assert_eq!((reused.status, reused.problem().as_deref()), (422, Some("idempotency-key-reused")));

    assert_eq!(capture(1).await.status, 201, "another route has keys of its own");
    let other = capture(2).await;
    assert_eq!(other.problem().as_deref(), Some("idempotency-key-reused"), "another order");
    assert_eq!(shop.placed.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn keys_belong_to_their_callers() {
    let folder = Folder::new();
    let site = Site::start(Shop::new(&folder).await.router()).await;
    let mut other = claims(Role::Customer, &[], Clock::system().now());
    other.sub = "user_other".to_owned();
    let one = site.client.bearer(&token(Role::Customer, &[]));
    let other = site.client.bearer(&Key::new(1).token(&other));
    let guest = |secret: &'static str| {
        let ask = site.client.post("/orders", &json!(1)).header("idempotency-key", "abc");
        ask.header("stoa-access-token", secret).send()
    };

    let mut numbers = Vec::new();
    for client in [&one, &other, &site.client] {
        numbers.push(order(client, "abc", &json!(1)).await.json()["number"].clone());
    }
    numbers.push(guest("secret a").await.json()["number"].clone());
    numbers.push(guest("secret b").await.json()["number"].clone());
    numbers.push(guest("secret a").await.json()["number"].clone());

    assert_eq!(numbers, [1, 2, 3, 4, 5, 4].map(|number| json!(number)));
}

#[tokio::test]
async fn a_twin_of_a_request_in_work_is_told_to_come_back() {
    let folder = Folder::new();
    let shop = Shop { gate: Arc::new(Semaphore::new(0)), ..Shop::new(&folder).await };
    let site = Site::start(shop.router()).await;
    let body = json!(1);

    let beside = async {
        shop.inside.notified().await;
        let twin = order(&site.client, "abc", &body).await;
        shop.gate.add_permits(1);
        twin
    };
    let (first, twin) = futures::join!(order(&site.client, "abc", &body), beside);

    assert_eq!((twin.status, twin.problem().as_deref()), (409, Some("idempotency-key-in-flight")));
    assert_eq!(twin.header("retry-after"), Some("1"));
    same(&first, &order(&site.client, "abc", &body).await);
}

#[tokio::test]
async fn the_slower_twin_in_another_process_answers_from_the_record() {
    let folder = Folder::new();
    let shop = Shop { gate: Arc::new(Semaphore::new(0)), ..Shop::new(&folder).await };
    // Two fronts do not know each other's requests, as two processes do not.
    let (here, there) = (Site::start(shop.router()).await, Site::start(shop.router()).await);
    let body = json!(1);

    let open = async {
        shop.inside.notified().await;
        shop.inside.notified().await;
        shop.gate.add_permits(2);
    };
    let (one, other, ()) =
        futures::join!(order(&here.client, "abc", &body), order(&there.client, "abc", &body), open);

    let (first, again) =
        if one.header("idempotent-replayed").is_none() { (one, other) } else { (other, one) };
    same(&first, &again);
}

#[tokio::test]
async fn a_later_answer_replaces_the_first_one_that_nobody_saw() {
    let folder = Folder::new();
    let shop = Shop::new(&folder).await;
    let site = Site::start(shop.router()).await;
    let ask = || site.client.post("/settled", &json!(1)).header("idempotency-key", "abc").send();

    let first = ask().await;
    let again = ask().await;

    assert_eq!(first.json(), json!("settled"));
    same(&first, &again);
}

#[tokio::test]
async fn an_answer_that_somebody_saw_is_never_replaced() {
    let folder = Folder::new();
    let shop = Shop { settled: Arc::new(Semaphore::new(0)), ..Shop::new(&folder).await };
    let (here, there) = (Site::start(shop.router()).await, Site::start(shop.router()).await);
    let ask = |site: &Site| {
        site.client.post("/settled", &json!(1)).header("idempotency-key", "abc").send()
    };

    let beside = async {
        shop.recorded.notified().await;
        let early = ask(&there).await;
        shop.settled.add_permits(1);
        early
    };
    let (late, early) = soon("both", async { futures::join!(ask(&here), beside) }).await;

    assert_eq!(early.json()["number"], 1);
    assert_eq!(late.json(), early.json(), "who waited gets what was given away meanwhile");
}
