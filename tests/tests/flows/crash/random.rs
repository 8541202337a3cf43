//! kill -9 at any moment under load. Thirty rounds, or as many as `STOA_CRASH_ROUNDS` says; for
//! ever when it says 0.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    time::Duration,
};

use flows::{Shop, id_of, order_of, place};
use futures::future::join_all;
use kernel::{Clock, Ids};
use serde_json::Value;
use testkit::{Answer, Client};

const ROUNDS: u64 = 30;
const CLIENTS: u64 = 8;
/// After so many rounds a new shop is opened, so that a long run does not slow down.
const ROUNDS_OF_A_SHOP: u64 = 15;
/// The latest moment of a kill, in milliseconds after the round began.
const KILL_MS_MAX: u64 = 300;
/// The latest moment of another kill, in milliseconds after the start.
const KILL_AGAIN_MS_MAX: u64 = 100;
const SETTLED_MAX: Duration = Duration::from_secs(10);

/// The tokens of a round, with how many of twenty orders have each.
const TOKENS: [(&str, u64); 6] = [
    ("tok_visa", 12),
    ("tok_declined", 2),
    ("tok_insufficient_funds", 1),
    ("tok_error", 2),
    ("tok_challenge", 1),
    ("tok_timeout", 2),
];

/// What happened in all rounds so far.
#[derive(Debug, Default)]
struct Tally {
    acknowledged: usize,
    confirmed: usize,
    /// Requests that were cut off, and asked again.
    cut: usize,
    /// Rounds in which a request was cut off.
    rounds_cut: usize,
}

/// An order that was acknowledged: its key, its request and the bytes of the answer.
struct Acknowledged {
    key: String,
    body: Value,
    answer: Answer,
}

struct Round<'a> {
    guest: Client,
    ids: &'a Ids,
    name: String,
    over: Cell<bool>,
    cut: Cell<usize>,
    acknowledged: RefCell<Vec<Acknowledged>>,
}

async fn shop() -> Shop {
    let shop = Shop::open_with(&[
        ("STOA_ORDERS__CHALLENGE_TIMEOUT_MS", "1000"),
        ("STOA_PAYMENTS__PROVIDER_TIMEOUT_MS", "300"),
        ("STOA_USERS__ACCESS_TOKEN_S", "3000"),
    ])
    .await;
    shop.stock("PLENTY", 700, 1_000_000).await;
    shop.stock("ENOUGH", 300, 500_000).await;
    shop.stock("SCARCE", 1900, 40).await;
    shop
}

fn an_order(ids: &Ids) -> Value {
    let mut at = ids.below(TOKENS.iter().map(|(_, weight)| weight).sum());
    let token = TOKENS.iter().find(|(_, weight)| {
        let found = at < *weight;
        at = at.saturating_sub(*weight);
        found
    });
    let token = token.expect("the weights cover the draw").0;
    let one_or_two = |ids: &Ids| u32::try_from(1 + ids.below(2)).expect("it is small");
    match ids.below(4) {
        0 => order_of(&[("PLENTY", one_or_two(ids)), ("ENOUGH", 1)], token),
        1 => order_of(&[("ENOUGH", one_or_two(ids)), ("PLENTY", 1)], token),
        2 => order_of(&[("PLENTY", one_or_two(ids))], token),
        _ => order_of(&[("SCARCE", 1), ("PLENTY", one_or_two(ids))], token),
    }
}

impl Round<'_> {
    /// Places one order after the other until the round is over; what was begun is brought to an
    /// answer, through the crash.
    async fn buy(&self, client: u64) {
        for turn in 0.. {
            if self.over.get() {
                return;
            }
            let key = format!("{}-{client}-{turn}", self.name);
            let body = an_order(self.ids);
            let waits = self.ids.below(2) == 0;
            let answer = self.insist(&key, &body, waits).await;
            assert_eq!(answer.status, 201, "{key}: {}", answer.text());
            self.acknowledged.borrow_mut().push(Acknowledged { key, body, answer });
        }
    }

    /// Asks until there is an answer that is not about the moment.
    async fn insist(&self, key: &str, body: &Value, waits: bool) -> Answer {
        let clock = Clock::system();
        let prefer = if waits { "wait=2" } else { "respond-async" };
        loop {
            let asked = place(&self.guest, key, body).header("prefer", prefer).attempt().await;
            match asked {
                Ok(answer) if ![409, 503].contains(&answer.status) => return answer,
                Ok(_) => {}
                Err(_) => self.cut.set(self.cut.get() + 1),
            }
            assert!(clock.instant() < Duration::from_secs(30), "{key}: no answer in 30 s");
            clock.sleep(Duration::from_millis(10)).await;
        }
    }
}

/// One round: load, kill, start, and everything that was promised still holds.
async fn round(shop: &mut Shop, ids: &Ids, number: u64, tally: &mut Tally) {
    let clock = Clock::system();
    let round = Round {
        guest: shop.guest.clone(),
        ids,
        name: format!("r{number}"),
        over: Cell::new(false),
        cut: Cell::new(0),
        acknowledged: RefCell::default(),
    };
    let kill_and_revive = async {
        clock.sleep(Duration::from_millis(20 + ids.below(KILL_MS_MAX))).await;
        shop.system.kill().await;
        shop.revive(&[]).await;
        while ids.below(3) == 0 {
            // Again, in the middle of the recovery.
            clock.sleep(Duration::from_millis(ids.below(KILL_AGAIN_MS_MAX))).await;
            shop.system.kill().await;
            shop.revive(&[]).await;
        }
        round.over.set(true);
        clock.instant()
    };
    let load = join_all((0..CLIENTS).map(|client| round.buy(client)));
    let (revived_at, _) = futures::join!(kill_and_revive, load);
    let Round { cut, acknowledged, .. } = round;
    let acknowledged = acknowledged.into_inner();
    tally.cut += cut.get();
    tally.rounds_cut += usize::from(cut.get() > 0);
    tally.acknowledged += acknowledged.len();
    shop.settles_within((revived_at + SETTLED_MAX).saturating_sub(clock.instant())).await;
    shop.at_rest().await;

    let orders = shop.orders().await;
    for Acknowledged { key, body, answer } in &acknowledged {
        let order = orders.get(&id_of(answer));
        let order = order.unwrap_or_else(|| panic!("{key} was acknowledged and is lost"));
        tally.confirmed += usize::from(order["status"] == "confirmed");
        let again = place(&shop.guest, key, body).send().await;
        assert_eq!((again.status, &again.body), (answer.status, &answer.body), "{key}");
    }
    one_order_per_key(&orders, &acknowledged, number);
    shop.books_agree().await;
    shop.audited().await;
}

fn one_order_per_key(orders: &BTreeMap<String, Value>, acknowledged: &[Acknowledged], number: u64) {
    let mut ids: Vec<String> = acknowledged.iter().map(|one| id_of(&one.answer)).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), acknowledged.len(), "round {number}: two keys got one order");
    assert!(orders.len() >= ids.len());
}

#[tokio::test]
async fn nothing_that_was_acknowledged_is_lost_by_a_kill_at_any_moment_under_load() {
    let rounds = std::env::var("STOA_CRASH_ROUNDS").ok();
    let rounds = rounds.map_or(ROUNDS, |text| text.parse().expect("a number of rounds"));
    let ids = Ids::system(Clock::system());
    let (mut shop, mut tally) = (shop().await, Tally::default());
    for number in (1..).take_while(|number| rounds == 0 || *number <= rounds) {
        round(&mut shop, &ids, number, &mut tally).await;
        println!("round {number}: {tally:?}");
        if number % ROUNDS_OF_A_SHOP == 0 {
            shop = self::shop().await;
        }
    }

    // The rounds have shown something: orders came through, and the kills came in between.
    let rounds = usize::try_from(rounds).expect("few enough");
    assert!(tally.acknowledged >= 10 * rounds, "{tally:?}");
    assert!(2 * tally.confirmed >= tally.acknowledged, "{tally:?}");
    assert!(2 * tally.rounds_cut >= rounds, "{tally:?}");
}
