//! Trees of supervisors: failure goes upward, the parent decides, and the view shows it.

use supervisor::{ChildSpec, Exit, Kind, Restart, Shutdown, State, Strategy, SupervisorSpec};

use crate::stage::{Act, SECOND, Stage, find, settle, state};

fn orders(stage: &Stage) -> SupervisorSpec {
    SupervisorSpec::new("orders", Strategy::RestForOne)
        .intensity(1, SECOND)
        .child(stage.child("relay"))
        .child(stage.child("consumer"))
}

fn root(stage: &Stage, orders: ChildSpec) -> SupervisorSpec {
    SupervisorSpec::new("stoa", Strategy::OneForOne)
        .intensity(1, SECOND * 10)
        .child(orders)
        .child(stage.child("products"))
}

async fn crash_twice(stage: &Stage) {
    stage.act("relay", Act::Panic).await;
    stage.act("relay", Act::Panic).await;
}

#[tokio::test]
async fn a_supervisor_that_gives_up_is_restarted_by_its_parent_and_siblings_do_not_notice() {
    let stage = Stage::new();
    let running = stage.start(root(&stage, ChildSpec::supervisor(orders(&stage)))).await;
    assert_eq!(stage.journal(), "+relay +consumer +products");

    crash_twice(&stage).await;

    assert_eq!(stage.journal(), "-consumer +relay +consumer -consumer +relay +consumer");
    let tree = running.tree();
    assert_eq!((find(&tree, "orders").generation, find(&tree, "orders").restarts), (2, 1));
    assert_eq!((find(&tree, "products").generation, find(&tree, "relay").generation), (1, 3));
    assert_eq!(find(&tree, "relay").restarts, 0, "a restarted supervisor counts anew");
    assert_eq!(state(&running, "orders"), State::Running);
}

#[tokio::test]
async fn failure_goes_up_to_the_root_when_every_level_gives_up() {
    let stage = Stage::new();
    let running = stage.start(root(&stage, ChildSpec::supervisor(orders(&stage)))).await;

    crash_twice(&stage).await;
    crash_twice(&stage).await;

    let text = "more than 1 restarts within 10s, the last of orders: \
                more than 1 restarts within 1s, the last of relay: panic: relay panicked";
    assert_eq!(running.wait().await, Exit::Error(text.to_owned()));
    assert!(stage.journal().ends_with("-consumer -products"));
}

#[tokio::test]
async fn a_transient_supervisor_that_gives_up_is_restarted_too() {
    let stage = Stage::new();
    let child = ChildSpec::supervisor(orders(&stage)).restart(Restart::Transient);
    let running = stage.start(root(&stage, child)).await;

    crash_twice(&stage).await;

    assert_eq!(find(&running.tree(), "orders").generation, 2);
}

#[tokio::test]
async fn a_temporary_supervisor_that_gives_up_stays_down() {
    let stage = Stage::new();
    let child = ChildSpec::supervisor(orders(&stage)).restart(Restart::Temporary);
    let running = stage.start(root(&stage, child)).await;

    crash_twice(&stage).await;

    assert_eq!(state(&running, "orders"), State::Exited);
    assert_eq!(state(&running, "stoa"), State::Running);
}

#[tokio::test]
async fn a_nested_supervisor_is_ready_when_its_children_are() {
    let stage = Stage::new();
    let nested = SupervisorSpec::new("orders", Strategy::RestForOne)
        .child(stage.child("store").awaits_ready(SECOND));
    let running = stage.start(root(&stage, ChildSpec::supervisor(nested))).await;
    assert_eq!(stage.journal(), "+store");
    assert_eq!(state(&running, "orders"), State::Starting);

    stage.act("store", Act::Ready).await;

    assert_eq!(stage.journal(), "+products");
    assert_eq!(state(&running, "orders"), State::Running);
}

#[tokio::test]
async fn a_nested_child_that_fails_to_start_fails_the_whole_boot_with_its_reason() {
    let stage = Stage::new();
    let nested = SupervisorSpec::new("orders", Strategy::RestForOne)
        .child(stage.child("store").awaits_ready(SECOND));
    let running = stage.start(root(&stage, ChildSpec::supervisor(nested))).await;

    stage.act("store", Act::Fail).await;

    let text = "orders failed to start: store failed to start: failed";
    assert_eq!(running.wait().await, Exit::Error(text.to_owned()));
}

#[tokio::test]
async fn the_whole_tree_stops_in_reverse_order() {
    let stage = Stage::new();
    let running = stage.start(root(&stage, ChildSpec::supervisor(orders(&stage)))).await;
    stage.journal();

    assert_eq!(running.stop().await, Exit::Shutdown);

    assert_eq!(stage.journal(), "-products -consumer -relay");
}

#[tokio::test]
async fn a_killed_supervisor_takes_its_children_along() {
    let stage = Stage::new();
    let child = ChildSpec::supervisor(orders(&stage)).shutdown(Shutdown::BrutalKill);
    let running = stage.start(root(&stage, child)).await;
    stage.journal();

    assert_eq!(running.stop().await, Exit::Shutdown);
    settle().await;

    assert_eq!(stage.journal(), "-products");
    let tree = running.tree();
    assert_eq!(find(&tree, "relay").last_reason, Some(Exit::Killed));
    assert_eq!(find(&tree, "relay").state, State::Exited);
}

#[tokio::test]
async fn the_tree_shows_names_kinds_states_generations_restarts_reasons_and_uptimes() {
    let stage = Stage::new();
    let running = stage.start(root(&stage, ChildSpec::supervisor(orders(&stage)))).await;
    stage.advance(700).await;
    stage.act("consumer", Act::Fail).await;
    stage.advance(50).await;

    let tree = running.tree();

    assert_eq!((tree.name.as_str(), tree.kind, tree.uptime_ms), ("stoa", Kind::Supervisor, 750));
    let consumer = find(&tree, "consumer");
    assert_eq!((consumer.kind, consumer.state), (Kind::Worker, State::Running));
    assert_eq!((consumer.generation, consumer.restarts, consumer.uptime_ms), (2, 1, 50));
    assert_eq!(consumer.last_reason, Some(Exit::Error("failed".to_owned())));
    let names: Vec<_> = tree.children[0].children.iter().map(|child| &child.name).collect();
    assert_eq!(names, ["relay", "consumer"]);
    stage.advance(1000).await;
    assert_eq!(find(&running.view().tree(), "consumer").restarts, 0, "it has left the period");
}

#[tokio::test]
async fn the_tree_is_json() {
    let stage = Stage::new();
    let running = stage.start(root(&stage, ChildSpec::supervisor(orders(&stage)))).await;
    stage.act("relay", Act::Panic).await;

    let json = serde_json::to_value(running.tree()).unwrap();

    let relay = serde_json::json!({
        "name": "relay", "kind": "worker", "state": "running", "generation": 2, "restarts": 1,
        "last_reason": {"panic": "relay panicked"}, "uptime_ms": 0, "children": [],
    });
    assert_eq!(json["children"][0]["children"][0], relay);
    assert_eq!(json["last_reason"], serde_json::Value::Null);
}

#[tokio::test]
async fn a_child_sees_the_tree_that_it_lives_in() {
    let stage = Stage::new();
    let seen = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let report = seen.clone();
    let child = ChildSpec::worker("listener", move |context| {
        *report.lock().unwrap() = context.tree().children[0].name.clone();
        async move {
            context.stopping().await;
            Ok(())
        }
    });
    let nested = SupervisorSpec::new("edge", Strategy::OneForOne).child(child);
    let _running = stage.start(root(&stage, ChildSpec::supervisor(nested))).await;

    assert_eq!(*seen.lock().unwrap(), "edge");
}
