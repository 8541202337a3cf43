//! At-least-once in between, exactly one effect at the end.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use bus::{Bus, Message};
use delivery::{Outbox, Prompt, Refused, Settings, Subscriber, idempotency};
use futures::{FutureExt as _, future::BoxFuture};
use kernel::{Clock, Contract, Ids, PageRequest, Role};
use serde::{Deserialize, Serialize};
use store::{Batch, Migration, Sql, Store, params};
use supervisor::{Running, Strategy, Supervisor, SupervisorSpec};
use testkit::{Folder, eventually};

#[derive(Serialize, Deserialize)]
struct Happened {
    number: u32,
}
impl Contract for Happened {
    const KIND: &'static str = "shop.thing.happened.v1";
    const ROLE: Role = Role::Command;
}

const EFFECTS: &[Migration] = &[Migration::new(
    1,
    "effect",
    "CREATE TABLE effect (seq {{serial}}, message_id TEXT NOT NULL, body TEXT NOT NULL);",
)];
const ADD: Sql = Sql::new("INSERT INTO effect (message_id, body) VALUES ($1, $2)");
const LIST: Sql = Sql::new("SELECT body FROM effect ORDER BY seq");

/// Fails the first attempts at each message as told, then writes down what it got.
struct Listener {
    calls: AtomicU32,
    fail: fn(u32) -> Option<Refused>,
}

impl Subscriber for Listener {
    fn kinds(&self) -> &'static [&'static str] {
        &[Happened::KIND]
    }

    fn handle<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<Batch, Refused>> {
        async move {
            let call = self.calls.fetch_add(1, Ordering::SeqCst);
            if let Some(refused) = (self.fail)(call) {
                return Err(refused);
            }
            let mut batch = Batch::new("effect");
            batch.one(ADD, params![&message.id, &message.body]);
            Ok(batch)
        }
        .boxed()
    }
}

struct Shop {
    folder: Folder,
    clock: Clock,
    store: Store,
    bus: Arc<dyn Bus>,
    outbox: Outbox,
    prompt: Prompt,
    settings: Settings,
}

impl Shop {
    async fn open() -> Self {
        let (folder, clock) = (Folder::new(), Clock::system());
        let store = folder.store("shop", &clock).await;
        delivery::migrate(&store).await.unwrap();
        store.migrate("effect", EFFECTS).await.unwrap();
        let bus = folder.bus(&clock).await;
        let (ids, prompt) = (Ids::system(clock.clone()), Prompt::default());
        let outbox = Outbox::new("/shop", ids, clock.clone(), prompt.clone());
        let settings = Settings {
            backoff_min_ms: 1,
            attempts_max: 3,
            relay_period_ms: 20,
            ..Settings::default()
        };
        Self { folder, clock, store, bus, outbox, prompt, settings }
    }

    fn start(&self, fail: fn(u32) -> Option<Refused>) -> Running {
        let Self { store, bus, clock, outbox, prompt, settings, .. } = self;
        let ids = Ids::system(clock.clone());
        let listener = Arc::new(Listener { calls: AtomicU32::new(0), fail });
        let spec = SupervisorSpec::new("shop", Strategy::OneForOne)
            .child(delivery::relay(store, bus, clock, outbox, prompt, "here", settings))
            .child(delivery::consumer("shop", store, bus, clock, &ids, vec![listener], settings));
        Supervisor::start(spec, clock.clone())
    }

    async fn say(&self, numbers: std::ops::Range<u32>) {
        for number in numbers {
            let mut batch = Batch::new("say");
            self.outbox.emit(&mut batch, &format!("key-{}", number % 3), &Happened { number });
            self.store.commit(batch).await.unwrap();
        }
    }

    async fn heard(&self) -> Vec<u32> {
        let rows = self.store.scan(LIST, params![]).await.unwrap();
        rows.iter().map(|row| row.json::<Happened>(0).unwrap().number).collect()
    }
}

#[tokio::test]
async fn what_is_said_arrives_once_and_in_the_order_of_its_key() {
    let shop = Shop::open().await;
    shop.say(0..30).await;
    let running = shop.start(|_| None);
    shop.say(30..60).await;

    let heard = eventually("all sixty have arrived", async || {
        let heard = shop.heard().await;
        (heard.len() >= 60).then_some(heard)
    })
    .await;

    assert_eq!(heard.len(), 60);
    for key in 0..3 {
        let of_key: Vec<u32> = heard.iter().copied().filter(|n| n % 3 == key).collect();
        assert!(of_key.is_sorted(), "{of_key:?}");
    }
    running.stop().await;
    assert_eq!(delivery::outbox::unsent(&shop.store).await.unwrap(), 0);
}

#[tokio::test]
async fn the_same_message_delivered_again_has_no_second_effect() {
    let shop = Shop::open().await;
    let message = |id: &str| Message {
        id: id.to_owned(),
        kind: Happened::KIND.to_owned(),
        role: Role::Event,
        source: "/shop".to_owned(),
        key: "k".to_owned(),
        at: shop.clock.now(),
        trace: None,
        body: "{\"number\":1}".to_owned(),
    };
    let running = shop.start(|_| None);
    eventually("the queue is there", async || shop.bus.queues().await.unwrap().pop()).await;

    for id in ["event_1", "event_1", "event_1", "event_2"] {
        shop.bus.publish(vec![message(id)]).await.unwrap();
    }

    eventually("the queue is empty", async || {
        (shop.bus.depth("shop").await.unwrap().unread == 0).then_some(())
    })
    .await;
    assert_eq!(shop.heard().await.len(), 2);
    running.stop().await;
}

#[tokio::test]
async fn a_failing_handler_a_panic_and_an_outage_are_tried_again() {
    let shop = Shop::open().await;
    shop.say(0..1).await;

    let running = shop.start(|call| match call {
        0 => Some(Refused::Retry("not yet".to_owned())),
        1 => panic!("oh"),
        2..8 => Some(Refused::Defer("the disk is full".to_owned())),
        _ => None,
    });

    eventually("it arrived", async || (shop.heard().await == [0]).then_some(())).await;
    running.stop().await;
}

#[tokio::test]
async fn a_message_that_always_fails_becomes_a_dead_letter_and_its_successors_go_on() {
    let shop = Shop::open().await;
    shop.say(0..1).await;
    shop.say(3..4).await;

    let running = shop.start(|call| (call < 3).then(|| Refused::Retry("broken".to_owned())));

    eventually("the second arrived", async || (shop.heard().await == [3]).then_some(())).await;
    // Both may be settled together, after the second had its effect.
    let dead = eventually("the first is given up", async || {
        let page = PageRequest { limit: 10, cursor: None };
        let dead = shop.bus.dead_letters("shop", page).await.unwrap().items;
        (!dead.is_empty()).then_some(dead)
    })
    .await;
    assert_eq!((dead.len(), dead[0].attempts), (1, 3));
    assert!(dead[0].reason.contains("broken"), "{}", dead[0].reason);
    running.stop().await;
}

#[tokio::test]
async fn a_command_waits_in_the_outbox_until_somebody_is_bound_to_it() {
    let shop = Shop::open().await;
    shop.say(0..1).await;
    let Shop { store, bus, clock, outbox, prompt, settings, .. } = &shop;
    let relay = delivery::relay(store, bus, clock, outbox, prompt, "here", settings);
    let spec = SupervisorSpec::new("relay only", Strategy::OneForOne).child(relay);
    let relaying = Supervisor::start(spec, clock.clone());
    clock.sleep(Duration::from_millis(50)).await;
    assert_eq!(delivery::outbox::unsent(store).await.unwrap(), 1);

    bus.declare("shop", &[Happened::KIND]).await.unwrap();

    eventually("it went out", async || {
        (delivery::outbox::unsent(store).await.unwrap() == 0).then_some(())
    })
    .await;
    assert_eq!(bus.depth("shop").await.unwrap().unread, 1);
    relaying.stop().await;
}

#[tokio::test]
async fn a_lease_is_held_by_one_and_passes_on_when_it_ends() {
    let shop = Shop::open().await;
    let clock = Clock::manual(kernel::Timestamp::from_ms(1000));
    let span = Duration::from_secs(6);
    let lease =
        |owner: &str| delivery::Lease::new(shop.store.clone(), clock.clone(), "job", owner, span);
    let (mut first, mut second) = (lease("a"), lease("b"));

    assert_eq!(first.hold().await.unwrap(), Some(1));
    assert_eq!(second.hold().await.unwrap(), None);
    clock.advance(span);
    assert_eq!(second.hold().await.unwrap(), Some(2));
    assert_eq!(first.hold().await.unwrap(), None);
    assert!(lease("b").hold().await.unwrap().is_some(), "its owner has it again at once");
}

#[tokio::test]
async fn an_answer_is_stored_with_its_effect_and_only_amended_before_it_was_replayed() {
    let shop = Shop::open().await;
    let key = idempotency::Key { scope: "guest POST /v1/orders".into(), key: "k".into() };
    let answer = |text: &str| idempotency::Answer {
        status: 201,
        headers: "{}".to_owned(),
        body: text.as_bytes().to_vec(),
    };
    let record = |text: &str| {
        let mut batch = Batch::new("order");
        idempotency::record(&mut batch, &key, &[1, 2], &answer(text), shop.clock.now());
        batch
    };

    shop.store.commit(record("pending")).await.unwrap();
    let twin = shop.store.commit(record("twin")).await.unwrap_err();
    assert!(twin.conflicts_on(&idempotency::INSERT));
    assert!(idempotency::amend(&shop.store, &key, &answer("settled")).await.unwrap());

    let replayed = idempotency::replay(&shop.store, &key).await.unwrap().unwrap();
    assert_eq!((replayed.answer, replayed.fingerprint), (answer("settled"), vec![1, 2]));
    assert!(!idempotency::amend(&shop.store, &key, &answer("too late")).await.unwrap());
    let found = idempotency::find(&shop.store, &key).await.unwrap().unwrap();
    assert_eq!(found.answer, answer("settled"));
}

#[tokio::test]
async fn statements_fit_their_tables() {
    let shop = Shop::open().await;
    shop.store.prepare(&delivery::statements()).await.unwrap();
    assert!(shop.folder.path().exists());
}

#[tokio::test]
async fn a_message_whose_attempts_never_end_is_given_up() {
    let shop = Shop::open().await;
    shop.bus.declare("shop", &[Happened::KIND]).await.unwrap();
    shop.say(0..1).await;
    let Shop { store, bus, clock, outbox, prompt, settings, .. } = &shop;
    let relay = delivery::relay(store, bus, clock, outbox, prompt, "here", settings);
    let spec = SupervisorSpec::new("relay only", Strategy::OneForOne).child(relay);
    let relaying = Supervisor::start(spec, clock.clone());
    for _ in 0..settings.attempts_max {
        eventually("it is there again", async || {
            bus.arrival("shop", Duration::from_millis(1)).await;
            bus.fetch("shop", 1, Duration::ZERO).await.unwrap().pop()
        })
        .await;
    }
    relaying.stop().await;

    let running = shop.start(|_| None);

    let page = || PageRequest { limit: 10, cursor: None };
    let dead = eventually("it is given up", async || {
        bus.dead_letters("shop", page()).await.unwrap().items.pop()
    })
    .await;
    assert!(dead.reason.contains("none of which ended"), "{}", dead.reason);
    assert!(shop.heard().await.is_empty());
    running.stop().await;
}
