//! Stop: in reverse order, each child in its own way, and never without end.

use std::{sync::Arc, time::Duration};

use futures::poll;
use kernel::Clock;
use supervisor::{ChildSpec, Exit, Shutdown, State, Strategy, Supervisor, SupervisorSpec};

use crate::stage::{Act, SECOND, Stage, find, settle, state};

fn root() -> SupervisorSpec {
    SupervisorSpec::new("root", Strategy::OneForOne)
}

#[tokio::test]
async fn children_stop_in_reverse_order() {
    let stage = Stage::new();
    let running = stage.start(root().children(["a", "b", "c"].map(|n| stage.child(n)))).await;
    stage.journal();

    assert_eq!(running.stop().await, Exit::Shutdown);

    assert_eq!(stage.journal(), "-c -b -a");
    let tree = running.tree();
    assert_eq!(find(&tree, "a").state, State::Exited);
    assert_eq!(find(&tree, "a").last_reason, Some(Exit::Shutdown));
}

#[tokio::test]
async fn a_child_that_does_not_stop_in_time_is_killed_and_the_next_one_is_stopped() {
    let stage = Stage::new();
    let deaf = stage.deaf("b").shutdown(Shutdown::Timeout(SECOND));
    let running = stage.start(root().child(stage.child("a")).child(deaf)).await;
    stage.journal();
    let mut stop = std::pin::pin!(running.stop());
    assert!(poll!(&mut stop).is_pending());
    settle().await;

    stage.advance(999).await;
    assert_eq!(state(&running, "b"), State::Stopping);
    assert_eq!(stage.journal(), "");
    stage.advance(1).await;

    assert_eq!(stop.await, Exit::Shutdown);
    assert_eq!(stage.journal(), "-a");
    assert_eq!(find(&running.tree(), "b").last_reason, Some(Exit::Killed));
}

#[tokio::test]
async fn a_brutal_kill_does_not_ask() {
    let stage = Stage::new();
    let spec = root().child(stage.child("a").shutdown(Shutdown::BrutalKill));
    let running = stage.start(spec).await;
    stage.journal();

    assert_eq!(running.stop().await, Exit::Shutdown);

    assert_eq!(stage.journal(), "");
    assert_eq!(find(&running.tree(), "a").last_reason, Some(Exit::Killed));
}

#[tokio::test]
async fn infinity_waits_as_long_as_it_takes() {
    let stage = Stage::new();
    let release = Arc::new(tokio::sync::Notify::new());
    let held = release.clone();
    let child = ChildSpec::worker("a", move |context| {
        let held = held.clone();
        async move {
            context.stopping().await;
            held.notified().await;
            Ok(())
        }
    });
    let running = stage.start(root().child(child.shutdown(Shutdown::Infinity))).await;
    let mut stop = std::pin::pin!(running.stop());
    assert!(poll!(&mut stop).is_pending());

    stage.advance(1_000_000_000).await;
    assert!(poll!(&mut stop).is_pending());
    release.notify_one();

    assert_eq!(stop.await, Exit::Shutdown);
}

#[tokio::test]
async fn a_child_that_fails_while_it_stops_keeps_its_reason_and_is_not_restarted() {
    let stage = Stage::new();
    let child = ChildSpec::worker("a", |context| async move {
        context.stopping().await;
        Err(Exit::Error("flush failed".to_owned()))
    });
    let running = stage.start(root().child(child)).await;

    assert_eq!(running.stop().await, Exit::Shutdown);

    let tree = running.tree();
    assert_eq!(find(&tree, "a").last_reason, Some(Exit::Error("flush failed".to_owned())));
    assert_eq!(find(&tree, "a").generation, 1);
}

#[tokio::test]
async fn a_child_waiting_to_be_restarted_stays_down_when_the_tree_stops() {
    let stage = Stage::new();
    let spec = root().intensity(9, SECOND).child(stage.child("a")).child(stage.child("b"));
    let running = stage.start(spec).await;
    stage.act("a", Act::Fail).await;
    stage.act("a", Act::Fail).await;
    stage.journal();

    assert_eq!(running.stop().await, Exit::Shutdown);
    stage.advance(10_000).await;

    assert_eq!(stage.journal(), "-b");
    assert_eq!(state(&running, "a"), State::Exited);
}

#[tokio::test]
async fn dropping_the_tree_aborts_it() {
    let stage = Stage::new();
    let alive = Arc::new(());
    let held = alive.clone();
    let child = ChildSpec::worker("a", move |_| {
        let held = held.clone();
        async move {
            let _held = held;
            std::future::pending().await
        }
    });
    let nested = ChildSpec::supervisor(SupervisorSpec::new("n", Strategy::OneForOne).child(child));
    let running = stage.start(root().child(nested)).await;
    assert_eq!(Arc::strong_count(&alive), 3);

    drop(running);
    settle().await;

    assert_eq!(Arc::strong_count(&alive), 1);
}

#[tokio::test]
async fn stop_and_wait_may_be_called_by_many_and_again() {
    let stage = Stage::new();
    let running = stage.start(root().child(stage.child("a"))).await;

    let exits = futures::join!(running.wait(), running.stop(), running.stop());

    assert_eq!(exits, (Exit::Shutdown, Exit::Shutdown, Exit::Shutdown));
    assert_eq!(running.wait().await, Exit::Shutdown);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_blocks_its_thread_is_abandoned_rather_than_waited_for_for_ever() {
    let (release, held) = std::sync::mpsc::sync_channel::<()>(1);
    let held = Arc::new(std::sync::Mutex::new(held));
    let (entered, mut entering) = tokio::sync::mpsc::channel(1);
    let child = ChildSpec::worker("a", move |_| {
        let (held, entered) = (held.clone(), entered.clone());
        async move {
            entered.send(()).await.unwrap();
            let _ = held.lock().unwrap().recv();
            Ok(())
        }
    });
    let spec = root().child(child.shutdown(Shutdown::Timeout(Duration::from_millis(10))));
    let running = Supervisor::start(spec, Clock::system());
    entering.recv().await.unwrap();

    assert_eq!(running.stop().await, Exit::Shutdown);

    assert_eq!(find(&running.tree(), "a").last_reason, Some(Exit::Killed));
    release.send(()).unwrap();
}
