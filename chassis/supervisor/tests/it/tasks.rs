//! Dynamic tasks: a limit, isolation, the caller's trace, and an end.

use std::{future::pending, sync::Arc};

use futures::poll;
use kernel::{Clock, Ids, TraceContext};
use supervisor::{AtCapacity, Exit, Running, Shutdown, Strategy, SupervisorSpec, Tasks};
use tokio::sync::Notify;

use crate::stage::{Act, SECOND, Stage, settle};

async fn tasks(stage: &Stage, max: u32, shutdown: Shutdown) -> (Tasks, Running) {
    let (tasks, child) = Tasks::new("calls", max);
    let spec = SupervisorSpec::new("root", Strategy::OneForAll)
        .intensity(3, SECOND)
        .child(child.shutdown(shutdown));
    let running = stage.start(spec.child(stage.child("a"))).await;
    (tasks, running)
}

#[tokio::test]
async fn a_task_gives_its_output() {
    let (tasks, _child) = Tasks::new("calls", 1);

    let handle = tasks.spawn(async { 6 * 7 }).unwrap();

    assert_eq!(handle.await, Ok(42));
    assert_eq!(tasks.live(), 0);
}

#[tokio::test]
async fn one_more_than_the_limit_is_refused_until_another_ends() {
    let (tasks, _child) = Tasks::new("calls", 2);
    let release = Arc::new(Notify::new());
    let wait = release.clone();
    let first = tasks.spawn(async move { wait.notified().await }).unwrap();
    let _second = tasks.spawn(pending::<()>()).unwrap();

    let refused = tasks.spawn(async {}).unwrap_err();
    assert_eq!(refused, AtCapacity::Full { tasks: "calls".into(), max: 2 });
    release.notify_one();
    first.await.unwrap();

    assert_eq!(tasks.spawn(async { 1 }).unwrap().await, Ok(1));
}

#[tokio::test]
async fn a_panic_ends_its_own_task_and_the_message_is_kept() {
    let (tasks, _child) = Tasks::new("calls", 2);
    let bystander = tasks.spawn(async { tokio::task::yield_now().await }).unwrap();

    let panicked = tasks.spawn(async { panic!("line {}", 7) }).unwrap();

    assert_eq!(panicked.await, Err::<(), _>(Exit::Panic("line 7".to_owned())));
    assert_eq!(bystander.await, Ok(()));
    assert_eq!(tasks.live(), 0);
}

#[tokio::test]
async fn a_task_runs_in_the_trace_of_its_spawner() {
    let (tasks, _child) = Tasks::new("calls", 1);
    let trace = TraceContext::root(&Ids::seeded(Stage::new().clock, 1));

    let seen = trace.scope(async { tasks.spawn(async { TraceContext::current() }) }).await.unwrap();
    let inside = seen.await;
    let outside = tasks.spawn(async { TraceContext::current() }).unwrap().await;

    assert_eq!(inside, Ok(Some(trace)));
    assert_eq!(outside, Ok(None));
}

#[tokio::test]
async fn an_aborted_task_says_that_it_was_killed_and_gives_its_place_back() {
    let (tasks, _child) = Tasks::new("calls", 1);
    let handle = tasks.spawn(pending::<()>()).unwrap();
    settle().await;

    handle.abort();

    assert_eq!(handle.await, Err(Exit::Killed));
    assert_eq!(tasks.live(), 0);
}

#[tokio::test]
async fn a_task_that_was_never_polled_can_be_aborted() {
    let (tasks, _child) = Tasks::new("calls", 1);
    let handle = tasks.spawn(pending::<()>()).unwrap();

    handle.abort();

    assert_eq!(handle.await, Err(Exit::Killed));
    assert_eq!(tasks.live(), 0);
}

#[tokio::test]
async fn a_dropped_handle_leaves_its_task_running_unless_it_was_tied_to_it() {
    let (tasks, _child) = Tasks::new("calls", 2);

    drop(tasks.spawn(pending::<()>()).unwrap());
    drop(tasks.spawn(pending::<()>()).unwrap().abort_on_drop());
    settle().await;

    assert_eq!(tasks.live(), 1);
}

#[tokio::test]
async fn stop_waits_for_running_tasks_and_refuses_new_ones() {
    let stage = Stage::new();
    let (tasks, running) = tasks(&stage, 9, Shutdown::Timeout(SECOND)).await;
    let release = Arc::new(Notify::new());
    let wait = release.clone();
    let work = tasks.spawn(async move { wait.notified().await }).unwrap();
    let mut stop = std::pin::pin!(running.stop());
    assert!(poll!(&mut stop).is_pending());
    settle().await;

    let refused = tasks.spawn(async {}).unwrap_err();
    assert_eq!(refused, AtCapacity::Stopping { tasks: "calls".into() });
    stage.advance(800).await;
    assert!(poll!(&mut stop).is_pending());
    release.notify_one();

    assert_eq!(stop.await, Exit::Shutdown);
    assert_eq!(work.await, Ok(()));
}

#[tokio::test]
async fn tasks_that_do_not_end_in_time_are_aborted() {
    let stage = Stage::new();
    let (tasks, running) = tasks(&stage, 9, Shutdown::Timeout(SECOND)).await;
    let stuck: Vec<_> = (0..5).map(|_| tasks.spawn(pending::<()>()).unwrap()).collect();
    let mut stop = std::pin::pin!(running.stop());
    assert!(poll!(&mut stop).is_pending());
    settle().await;

    stage.advance(900).await;

    assert_eq!(stop.await, Exit::Shutdown);
    for handle in stuck {
        assert_eq!(handle.await, Err(Exit::Killed));
    }
}

#[tokio::test]
async fn a_brutal_kill_of_their_parent_aborts_the_tasks() {
    let stage = Stage::new();
    let (tasks, running) = tasks(&stage, 9, Shutdown::BrutalKill).await;
    let stuck = tasks.spawn(pending::<()>()).unwrap();

    assert_eq!(running.stop().await, Exit::Shutdown);

    assert_eq!(stuck.await, Err(Exit::Killed));
}

#[tokio::test]
async fn tasks_are_drained_with_their_group_and_admitted_again_after_it() {
    let stage = Stage::new();
    let (tasks, _running) = tasks(&stage, 9, Shutdown::Timeout(SECOND)).await;
    let stuck = tasks.spawn(pending::<()>()).unwrap();

    stage.act("a", Act::Fail).await;
    assert!(tasks.spawn(async {}).is_err());
    stage.advance(900).await;

    assert_eq!(stuck.await, Err(Exit::Killed));
    assert_eq!(tasks.spawn(async { 1 }).unwrap().await, Ok(1));
}

#[tokio::test]
async fn tasks_spawned_before_the_tree_starts_are_kept() {
    let stage = Stage::new();
    let (tasks, child) = Tasks::new("calls", 9);
    let early = tasks.spawn(async { 1 }).unwrap();

    let spec = SupervisorSpec::new("root", Strategy::OneForOne).child(child);
    let _running = stage.start(spec).await;

    assert_eq!(early.await, Ok(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tasks_from_many_threads_never_exceed_the_limit_and_all_places_come_back() {
    let (tasks, _child) = Tasks::new("calls", 8);
    let spawners = (0..4).map(|_| {
        let tasks = tasks.clone();
        async move {
            let mut done = 0_u32;
            while done < 2_000 {
                match tasks.spawn(tokio::task::yield_now()) {
                    Ok(handle) => {
                        assert!(tasks.live() <= 8);
                        handle.await.unwrap();
                        done += 1;
                    }
                    Err(_) => tokio::task::yield_now().await,
                }
            }
        }
    });
    let mut set = tokio::task::JoinSet::new();
    spawners.for_each(|spawner| drop(set.spawn(spawner)));

    Clock::system().timeout(SECOND * 60, set.join_all()).await.unwrap();

    assert_eq!(tasks.live(), 0);
}
