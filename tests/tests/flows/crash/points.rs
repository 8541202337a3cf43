//! The process dies at each moment that an order passes: before and after every commit and every
//! effect outside. The moments are recorded from a run, and compared with those of the saga.

use std::{
    collections::{BTreeSet, HashSet},
    os::unix::process::ExitStatusExt as _,
    panic::AssertUnwindSafe,
    time::Duration,
};

use flows::Shop;
use futures::{FutureExt as _, StreamExt as _, stream};
use kernel::Clock;
use testkit::{Answer, Folder, System};

use super::scenario::{Prepared, Scenario, void_meanwhile};

/// Crashes at the same time: each has a process of its own.
const AT_ONCE: usize = 3;
/// A moment that is passed often, such as each message of the queue, is tried so many times.
const TIMES_MAX: u32 = 3;

/// Starts a copy and plays the scenario on it; gives the system and the acknowledgement. No
/// system when it died on the way up.
async fn play(
    prepared: &Prepared,
    folder: &Folder,
    scenario: Scenario,
    setting: (&str, &str),
) -> (Option<System>, Option<Answer>) {
    let mut settings = scenario.settings();
    settings.push(setting);
    match System::start_with(folder.path(), &settings).await {
        Ok(system) => {
            let staff = prepared.staff(&system);
            let acknowledged = scenario.play(&system.client(), &staff).await;
            (Some(system), acknowledged)
        }
        Err(died) if died.code.is_none() => (None, None),
        Err(refused) => panic!("not started: {refused:?}"),
    }
}

/// A shop in which the scenario is about to begin.
async fn prepare(scenario: Scenario) -> Prepared {
    let prepared = Prepared::new().await;
    if scenario == Scenario::Voided {
        // Orders wants the money, and payments has not written down yet that it was asked.
        let moment = ("STOA_CRASH_AT", "payments.capture_intent.commit.before");
        let (system, _) = play(&prepared, prepared.folder(), scenario, moment).await;
        let ended = system.expect("it starts").ended(Duration::from_secs(5)).await;
        assert!(ended.is_some(), "it ends between confirmation and capture");
        void_meanwhile(prepared.folder().path(), &prepared).await;
    }
    prepared
}

/// The moments that a run passes from its start until nothing is under way.
async fn record(prepared: &Prepared, scenario: Scenario) -> Vec<String> {
    let folder = prepared.copy();
    let file = folder.path().join("moments");
    let setting = ("STOA_CRASH_RECORD", file.to_str().expect("a temporary folder is text"));
    let (system, acknowledged) = play(prepared, &folder, scenario, setting).await;
    assert!(acknowledged.is_some());
    let mut shop = shop(prepared, folder, system.expect("it runs"));
    shop.at_rest().await;
    let moments = std::fs::read_to_string(file).expect("moments were recorded");
    assert!(shop.system.stop().await.success());
    moments.lines().map(str::to_owned).collect()
}

fn shop(prepared: &Prepared, folder: Folder, system: System) -> Shop {
    let admin = prepared.staff(&system);
    Shop { guest: system.client(), admin, system, folder }
}

/// Plays the scenario, dies at the moment, starts again, and sees that the order ends as it would
/// have without that. Gives whether the moment was passed.
async fn die_at(prepared: &Prepared, scenario: Scenario, moment: &str) -> bool {
    let folder = prepared.copy();
    let setting = ("STOA_CRASH_AT", moment);
    let (first, acknowledged) = play(prepared, &folder, scenario, setting).await;
    if let Some(mut system) = first {
        match system.ended(Duration::from_secs(2)).await {
            Some(status) => assert_eq!(status.signal(), Some(6), "{}", system.log()),
            None => return false,
        }
    }

    let (second, replayed) = play(prepared, &folder, scenario, ("STOA_CRASH_AT", "")).await;
    let shop = shop(prepared, folder, second.expect("it starts again"));
    let replayed = replayed.expect("it stays up");

    if let Some(acknowledged) = acknowledged {
        assert_eq!(replayed.body, acknowledged.body, "what was acknowledged holds");
    }
    let orders = shop.orders().await;
    assert_eq!(orders.len(), 1, "{orders:#?}");
    let order = &orders[&flows::id_of(&replayed)];
    let (status, rejection) = scenario.ending();
    assert_eq!(order["status"], status, "{order:#}");
    assert_eq!(order["rejection"]["code"], rejection, "{order:#}");
    shop.at_rest().await;
    shop.books_agree().await;
    shop.audited().await;
    true
}

/// Dies at each moment, several at once; gives the moments after which something was wrong, and
/// those that were not passed.
async fn die_at_each(
    prepared: &Prepared,
    scenario: Scenario,
    moments: &[String],
) -> (Vec<String>, Vec<String>) {
    let runs = moments.iter().map(|moment| async move {
        let run = AssertUnwindSafe(die_at(prepared, scenario, moment)).catch_unwind();
        (moment.clone(), run.await)
    });
    let ran: Vec<_> = stream::iter(runs).buffer_unordered(AT_ONCE).collect().await;
    let of = |wanted: fn(&Option<bool>) -> bool| {
        let them = ran.iter().filter(|(_, run)| wanted(&run.as_ref().ok().copied()));
        them.map(|(moment, _)| moment.clone()).collect()
    };
    (of(|run| run.is_none()), of(|run| *run == Some(false)))
}

async fn an_order_survives_every_moment(scenario: Scenario, moments_min: usize) {
    let prepared = prepare(scenario).await;
    let moments: Vec<String> = record(&prepared, scenario)
        .await
        .into_iter()
        .filter(|moment| times(moment) <= TIMES_MAX)
        .collect();

    let (wrong, missed) = die_at_each(&prepared, scenario, &moments).await;

    println!("{scenario:?}: {} moments, {} not passed again", moments.len(), missed.len());
    assert!(wrong.is_empty(), "{scenario:?} goes wrong after a crash at {wrong:#?}");
    // How often something is repeated may differ from run to run; that it happens does not.
    let missed: Vec<_> = missed.iter().filter(|moment| times(moment) == 1).collect();
    assert!(missed.is_empty(), "{scenario:?} did not pass {missed:#?}");
    assert!(moments.len() >= moments_min, "only {} moments: {moments:#?}", moments.len());
}

fn times(moment: &str) -> u32 {
    moment.split_once('#').map_or(1, |(_, times)| times.parse().expect("a number"))
}

#[tokio::test]
async fn every_moment_of_the_saga_is_passed_by_one_of_the_scenarios() {
    let mut passed = HashSet::new();
    for scenario in Scenario::ALL {
        passed.extend(record(&prepare(scenario).await, scenario).await);
    }

    let named: BTreeSet<String> = orders::placement_crash_points().into_iter().collect();

    assert!(named.len() >= 30, "{named:#?}");
    let unknown: Vec<_> = named.iter().filter(|moment| !passed.contains(*moment)).collect();
    assert!(unknown.is_empty(), "no scenario passes {unknown:#?}");
}

#[tokio::test]
async fn what_a_crash_interrupts_goes_on_at_the_next_start_at_once() {
    let prepared = Prepared::new().await;
    let folder = prepared.copy();
    let moment = ("STOA_CRASH_AT", "orders.placement.committing.commit.after");
    let (first, _) = play(&prepared, &folder, Scenario::Served, moment).await;
    assert!(first.expect("it starts").ended(Duration::from_secs(5)).await.is_some());

    let clock = Clock::system();
    let none = ("STOA_CRASH_AT", "");
    let (_second, acknowledged) = play(&prepared, &folder, Scenario::Served, none).await;

    assert!(acknowledged.is_some());
    // Leases of the process that died last for six seconds and more.
    assert!(clock.instant() < Duration::from_secs(4), "{:?}", clock.instant());
}

#[tokio::test]
async fn a_served_order_survives_a_crash_at_every_moment() {
    an_order_survives_every_moment(Scenario::Served, 80).await;
}

#[tokio::test]
async fn a_declined_order_survives_a_crash_at_every_moment() {
    an_order_survives_every_moment(Scenario::Declined, 60).await;
}

#[tokio::test]
async fn an_order_out_of_stock_survives_a_crash_at_every_moment() {
    an_order_survives_every_moment(Scenario::OutOfStock, 30).await;
}

#[tokio::test]
async fn an_order_whose_payment_is_tried_again_survives_a_crash_at_every_moment() {
    an_order_survives_every_moment(Scenario::Retried, 80).await;
}

#[tokio::test]
async fn a_challenged_order_survives_a_crash_at_every_moment() {
    an_order_survives_every_moment(Scenario::Challenged, 80).await;
}

#[tokio::test]
async fn an_order_that_is_never_answered_survives_a_crash_at_every_moment() {
    an_order_survives_every_moment(Scenario::Unanswered, 60).await;
}

#[tokio::test]
async fn an_order_whose_payment_was_voided_survives_a_crash_at_every_moment() {
    an_order_survives_every_moment(Scenario::Voided, 30).await;
}
