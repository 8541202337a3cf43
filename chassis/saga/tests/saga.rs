//! The laws of every saga: a step twice is once, a lost process resumes, time runs out.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use futures::{FutureExt as _, future::BoxFuture};
use kernel::{Clock, Ids, Timestamp};
use saga::{CallFailed, Inapplicable, Process, Runner, Settings, Signaled, Step, Wait};
use serde::{Deserialize, Serialize};
use store::{Batch, Error, Migration, Sql, Store, params};
use supervisor::{Running, Strategy, Supervisor, SupervisorSpec, Tasks};
use testkit::{Folder, eventually};

/// Asks, waits for a reply, pays (a call), and is done; or gives up.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
enum Errand {
    Asked,
    Paying,
    Done,
    GivenUp,
}

#[derive(Debug)]
enum Event {
    Replied,
    Paid,
    TimedOut,
}

const STORY: &[Migration] = &[Migration::new(
    1,
    "story",
    "CREATE TABLE story (id TEXT NOT NULL, version BIGINT NOT NULL, line TEXT NOT NULL,
        PRIMARY KEY (id, version));",
)];
const TELL: Sql = Sql::new("INSERT INTO story (id, version, line) VALUES ($1, $2, $3)");
const READ: Sql = Sql::new("SELECT line FROM story WHERE id = $1 ORDER BY version");

#[derive(Clone, Default)]
struct Errands {
    calls: Arc<AtomicU32>,
    /// So many calls fail before one succeeds.
    failures: u32,
    /// Calls never come back.
    stuck: bool,
    until: Option<Timestamp>,
}

impl Process for Errands {
    const NAME: &'static str = "errand";
    type State = Errand;
    type Event = Event;

    fn step(&self, state: &Errand, event: &Event, _: Timestamp) -> Result<Errand, Inapplicable> {
        match (state, event) {
            (Errand::Asked, Event::Replied) => Ok(Errand::Paying),
            (Errand::Paying, Event::Paid) => Ok(Errand::Done),
            (Errand::Asked | Errand::Paying, Event::TimedOut) => Ok(Errand::GivenUp),
            (Errand::Asked | Errand::Paying | Errand::Done | Errand::GivenUp, _) => {
                Err(Inapplicable(format!("{event:?} in {state:?}")))
            }
        }
    }

    fn wait(&self, state: &Errand) -> Wait {
        match state {
            Errand::Asked => Wait::Reply(Duration::from_secs(30)),
            Errand::Paying => Wait::Call,
            Errand::Done | Errand::GivenUp => Wait::Finished,
        }
    }

    fn timeout(&self, _: &Errand) -> Event {
        Event::TimedOut
    }

    fn deadline(&self, _: &Errand) -> Option<Timestamp> {
        self.until
    }

    fn label(&self, state: &Errand) -> &'static str {
        match state {
            Errand::Asked => "errand.asked",
            Errand::Paying => "errand.paying",
            Errand::Done => "errand.done",
            Errand::GivenUp => "errand.given_up",
        }
    }

    fn call<'a>(
        &'a self,
        _: &'a str,
        _: &'a Errand,
        _: u32,
    ) -> BoxFuture<'a, Result<Event, CallFailed>> {
        async move {
            let call = self.calls.fetch_add(1, Ordering::SeqCst);
            if self.stuck {
                std::future::pending::<()>().await;
            }
            if call < self.failures { Err(CallFailed("busy".into())) } else { Ok(Event::Paid) }
        }
        .boxed()
    }

    fn record(&self, id: &str, step: &Step<'_, Self>, batch: &mut Batch) -> Result<(), Error> {
        batch.one(TELL, params![id, step.version, format!("{:?}", step.to)]);
        Ok(())
    }

    fn note(
        &self,
        id: &str,
        _: &Errand,
        attempt: u32,
        failure: &CallFailed,
        now: Timestamp,
        batch: &mut Batch,
    ) {
        batch.one(TELL, params![id, now, format!("attempt {attempt}: {failure}")]);
    }
}

struct Town {
    _folder: Folder,
    clock: Clock,
    store: Store,
}

struct Office {
    runner: Runner<Errands>,
    running: Running,
}

impl Town {
    async fn open() -> Self {
        let folder = Folder::new();
        let clock = Clock::manual(Timestamp::from_ms(1_000_000));
        let store = folder.store("town", &clock).await;
        saga::migrate(&store).await.unwrap();
        store.migrate("story", STORY).await.unwrap();
        Self { _folder: folder, clock, store }
    }

    /// A process that runs errands over the town's database.
    fn office(&self, errands: Errands) -> Office {
        let (tasks, pool) = Tasks::new("calls", 100);
        let ids = Ids::seeded(self.clock.clone(), 1);
        let settings = Settings::default();
        let runner =
            Runner::new(errands, self.store.clone(), self.clock.clone(), ids, tasks, settings);
        let spec =
            SupervisorSpec::new("office", Strategy::OneForOne).child(pool).child(runner.child());
        Office { running: Supervisor::start(spec, self.clock.clone()), runner }
    }

    async fn story(&self, id: &str) -> Vec<String> {
        let rows = self.store.scan(READ, params![id]).await.unwrap();
        rows.iter().map(|row| row.text(0).unwrap().to_owned()).collect()
    }

    /// Lets time pass until the story has so many lines.
    async fn story_of(&self, id: &str, lines: usize) -> Vec<String> {
        eventually("the story goes on", async || {
            self.clock.advance(Duration::from_millis(100));
            let story = self.story(id).await;
            (story.len() >= lines).then_some(story)
        })
        .await
    }
}

impl Office {
    async fn begin(&self, town: &Town, id: &str) {
        let mut batch = Batch::new("begin");
        self.runner.start(&mut batch, id, Errand::Asked).unwrap();
        town.store.commit(batch).await.unwrap();
    }

    async fn reply(&self, town: &Town, id: &str) -> bool {
        let batch = self.runner.advance(id, Event::Replied).await.unwrap();
        let applies = !batch.is_empty();
        town.store.commit(batch).await.unwrap();
        applies
    }
}

#[tokio::test]
async fn a_saga_goes_from_step_to_step_and_each_step_twice_is_once() {
    let town = Town::open().await;
    let errands = Errands::default();
    let office = town.office(errands.clone());
    office.begin(&town, "a").await;

    assert!(office.reply(&town, "a").await);
    assert!(!office.reply(&town, "a").await, "the repeated reply changes nothing");

    assert_eq!(town.story_of("a", 3).await, ["Asked", "Paying", "Done"]);
    assert_eq!(errands.calls.load(Ordering::SeqCst), 1);
    assert_eq!(saga::open(&town.store).await.unwrap(), 0);
    let late = office.runner.signal("a", Event::Replied).await.unwrap();
    assert!(matches!(late, Signaled::Inapplicable(_)));
    assert_eq!(office.runner.signal("b", Event::Replied).await.unwrap(), Signaled::Unknown);
    office.running.stop().await;
}

#[tokio::test]
async fn two_replies_at_once_meet_in_a_conflict() {
    let town = Town::open().await;
    let office = town.office(Errands::default());
    office.begin(&town, "a").await;

    let first = office.runner.advance("a", Event::Replied).await.unwrap();
    let second = office.runner.advance("a", Event::Replied).await.unwrap();
    town.store.commit(first).await.unwrap();

    assert!(town.store.commit(second).await.unwrap_err().is_conflict());
    office.running.stop().await;
}

#[tokio::test]
async fn a_failed_call_is_noted_and_tried_again() {
    let town = Town::open().await;
    let errands = Errands { failures: 2, ..Errands::default() };
    let office = town.office(errands.clone());
    office.begin(&town, "a").await;
    office.reply(&town, "a").await;

    let story = town.story_of("a", 5).await;

    let mut sorted = story.clone();
    sorted.sort();
    let expected = ["Asked", "Done", "Paying", "attempt 1: busy", "attempt 2: busy"];
    assert_eq!(sorted, expected);
    assert_eq!(errands.calls.load(Ordering::SeqCst), 3);
    office.running.stop().await;
}

#[tokio::test]
async fn a_lost_process_resumes_where_it_was() {
    let town = Town::open().await;
    let lost = town.office(Errands { stuck: true, ..Errands::default() });
    lost.begin(&town, "a").await;
    lost.reply(&town, "a").await;
    drop(lost);

    let office = town.office(Errands::default());

    assert_eq!(town.story_of("a", 3).await, ["Asked", "Paying", "Done"]);
    office.running.stop().await;
}

#[tokio::test]
async fn without_a_reply_time_runs_out() {
    let town = Town::open().await;
    let office = town.office(Errands::default());
    office.begin(&town, "a").await;

    town.clock.advance(Duration::from_secs(31));

    assert_eq!(town.story_of("a", 2).await, ["Asked", "GivenUp"]);
    office.running.stop().await;
}

#[tokio::test]
async fn past_its_deadline_no_call_is_made() {
    let town = Town::open().await;
    let until = Some(Timestamp::from_ms(999_999));
    let errands = Errands { until, ..Errands::default() };
    let office = town.office(errands.clone());
    office.begin(&town, "a").await;
    office.reply(&town, "a").await;

    assert_eq!(town.story_of("a", 3).await, ["Asked", "Paying", "GivenUp"]);
    assert_eq!(errands.calls.load(Ordering::SeqCst), 0);
    office.running.stop().await;
}

#[tokio::test]
async fn statements_fit_their_tables() {
    let town = Town::open().await;
    town.store.prepare(&saga::statements()).await.unwrap();
}
