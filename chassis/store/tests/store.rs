//! The promises of the door, held against SQLite.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use kernel::Clock;
use store::{Batch, Cause, Error, Migration, Settings, Sql, Store, params};
use testkit::Folder;

const MIGRATIONS: &[Migration] = &[Migration::new(
    1,
    "items",
    "CREATE TABLE item (seq {{serial}}, name TEXT NOT NULL UNIQUE, left_over BIGINT NOT NULL
        CHECK (left_over >= 0), picture BYTEA);",
)];
const NEWER: &[Migration] =
    &[MIGRATIONS[0], Migration::new(2, "more", "ALTER TABLE item ADD COLUMN note TEXT;")];
const CHANGED: &[Migration] = &[Migration::new(1, "items", "CREATE TABLE item (name TEXT);")];

const INSERT: Sql = Sql::new("INSERT INTO item (name, left_over, picture) VALUES ($1, $2, $3)");
const TAKE: Sql =
    Sql::new("UPDATE item SET left_over = left_over - $1 WHERE name = $2 AND left_over >= $1");
const NUMBER: Sql =
    Sql::new("UPDATE item SET left_over = left_over + $1 WHERE name = $2 RETURNING left_over");
const FORCE: Sql = Sql::new("UPDATE item SET left_over = $1 WHERE name = $2");
const FIND: Sql = Sql::new("SELECT seq, name, left_over, picture FROM item WHERE name = $1");
const ALL: Sql = Sql::new("SELECT name FROM item ORDER BY seq");

async fn opened(folder: &Folder) -> Store {
    let store = folder.store("shop", &Clock::system()).await;
    store.migrate("items", MIGRATIONS).await.unwrap();
    store
}

fn item(name: &str, left: i64) -> Batch {
    let mut batch = Batch::new("item");
    batch.one(INSERT, params![name, left, None::<Vec<u8>>]);
    batch
}

async fn left(store: &Store, name: &str) -> Option<i64> {
    store.read_one(FIND, params![name]).await.unwrap().map(|row| row.int(2).unwrap())
}

#[tokio::test]
async fn what_was_committed_is_read_back_with_its_types() {
    let folder = Folder::new();
    let store = opened(&folder).await;

    let mut batch = Batch::new("item");
    batch.one(INSERT, params!["mug", 3, vec![0_u8, 255]]);
    store.commit(batch).await.unwrap();

    let row = store.read_one(FIND, params!["mug"]).await.unwrap().unwrap();
    assert_eq!((row.int(0).unwrap(), row.text(1).unwrap()), (1, "mug"));
    assert_eq!(row.bytes(3).unwrap(), [0, 255]);
    assert!(matches!(row.int(1), Err(Error::Row(_))));
}

#[tokio::test]
async fn a_batch_commits_whole_or_not_at_all() {
    let folder = Folder::new();
    let store = opened(&folder).await;
    store.commit(item("mug", 1)).await.unwrap();

    let mut batch = item("jug", 1);
    batch.one(TAKE, params![2, "mug"]);
    let error = store.commit(batch).await.unwrap_err();

    assert!(error.conflicts_on(&TAKE) && !error.conflicts_on(&INSERT));
    assert_eq!((left(&store, "jug").await, left(&store, "mug").await), (None, Some(1)));
}

#[tokio::test]
async fn each_conflict_names_its_statement_and_cause() {
    let folder = Folder::new();
    let store = opened(&folder).await;
    store.commit(item("mug", 1)).await.unwrap();
    let mut below = Batch::new("below");
    below.one(FORCE, params![-1, "mug"]);

    let twice = store.commit(item("mug", 1)).await.unwrap_err();
    let below = store.commit(below).await.unwrap_err();

    assert!(matches!(twice, Error::Conflict { sql: INSERT, cause: Cause::Duplicate }), "{twice}");
    assert!(matches!(below, Error::Conflict { sql: FORCE, cause: Cause::Check }), "{below}");
}

#[tokio::test]
async fn a_batch_that_fails_takes_none_of_its_group_with_it() {
    let folder = Folder::new();
    let store = opened(&folder).await;

    let names: Vec<String> = (0..200).map(|n| format!("item-{}", n / 2)).collect();
    let commits = names.iter().map(|name| store.commit(item(name, 1)));
    let results = futures::future::join_all(commits).await;

    assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 100);
    assert_eq!(store.scan(ALL, params![]).await.unwrap().len(), 100);
}

#[tokio::test]
async fn a_hundred_pieces_are_taken_a_hundred_times() {
    let folder = Folder::new();
    let store = opened(&folder).await;
    store.commit(item("mug", 100)).await.unwrap();

    let takes = (0..200).map(|_| {
        let mut batch = Batch::new("take");
        batch.one(TAKE, params![1, "mug"]);
        store.commit(batch)
    });
    let results = futures::future::join_all(takes).await;

    assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 100);
    assert_eq!(left(&store, "mug").await, Some(0));
}

#[tokio::test]
async fn what_follows_a_commit_only_follows_a_commit() {
    let folder = Folder::new();
    let store = opened(&folder).await;
    let calls = Arc::new(AtomicU32::new(0));
    let counting = |mut batch: Batch| {
        let calls = Arc::clone(&calls);
        batch.after_commit(move || {
            calls.fetch_add(1, Ordering::SeqCst);
        });
        batch
    };

    store.commit(counting(item("mug", 1))).await.unwrap();
    store.commit(counting(item("mug", 1))).await.unwrap_err();

    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn what_follows_a_commit_follows_it_when_nobody_waits_any_more() {
    let folder = Folder::new();
    let store = opened(&folder).await;
    let (told, heard) = tokio::sync::oneshot::channel();
    let mut batch = item("mug", 1);
    batch.after_commit(move || told.send(()).unwrap());

    let mut commit = Box::pin(store.commit(batch));
    assert!(futures::poll!(&mut commit).is_pending());
    drop(commit);

    heard.await.unwrap();
    assert_eq!(left(&store, "mug").await, Some(1));
}

#[tokio::test]
async fn a_claim_changes_and_returns_rows() {
    let folder = Folder::new();
    let store = opened(&folder).await;
    store.commit(item("mug", 1)).await.unwrap();

    let rows = store.claim("number", NUMBER, params![100, "mug"]).await.unwrap();

    assert_eq!(rows[0].int(0).unwrap(), 101);
    assert!(store.claim("number", NUMBER, params![1, "jug"]).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_reopening_without_closing() {
    let folder = Folder::new();
    let store = opened(&folder).await;
    store.commit(item("mug", 7)).await.unwrap();

    let again = opened(&folder).await;

    assert_eq!(left(&again, "mug").await, Some(7));
}

#[tokio::test]
async fn a_closed_store_takes_nothing_more() {
    let folder = Folder::new();
    let store = opened(&folder).await;

    store.close().await;

    assert!(matches!(store.commit(item("mug", 1)).await, Err(Error::Unavailable(_))));
}

#[tokio::test]
async fn a_database_of_a_newer_version_and_a_changed_migration_are_refused() {
    let folder = Folder::new();
    let store = opened(&folder).await;
    assert!(matches!(store.migrate("items", CHANGED).await, Err(Error::Altered { .. })));
    store.migrate("items", NEWER).await.unwrap();

    let error = store.migrate("items", MIGRATIONS).await.unwrap_err();

    assert!(matches!(error, Error::Newer { found: 2, known: 1, .. }), "{error}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let folder = Folder::new();
    let path = folder.path().join("shop.db");
    std::fs::write(&path, b"not a database, but longer than the header of one").unwrap();

    let error = Store::open(Settings::sqlite("shop", &path), Clock::system()).await.unwrap_err();

    assert!(matches!(error, Error::Corrupt(_)), "{error}");
    assert!(std::fs::read(&path).unwrap().starts_with(b"not a database"));
}

#[tokio::test]
async fn a_read_only_store_reads_and_refuses_to_write() {
    let folder = Folder::new();
    let store = opened(&folder).await;
    store.commit(item("mug", 1)).await.unwrap();

    let settings = Settings::sqlite("shop", folder.path().join("shop.db")).read_only();
    let reader = Store::open(settings, Clock::system()).await.unwrap();

    assert_eq!(left(&reader, "mug").await, Some(1));
    assert!(matches!(reader.commit(item("jug", 1)).await, Err(Error::ReadOnly(_))));
}

#[tokio::test]
async fn statements_are_prepared_without_being_run() {
    let folder = Folder::new();
    let store = opened(&folder).await;

    store.prepare(&[INSERT, TAKE, NUMBER, FORCE, FIND, ALL]).await.unwrap();

    const WRONG: Sql = Sql::new("SELECT nothing FROM nowhere");
    assert!(matches!(store.prepare(&[WRONG]).await, Err(Error::Statement { .. })));
}
