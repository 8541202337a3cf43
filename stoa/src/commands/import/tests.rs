//! The whole import against a stand-in for the server.
use super::*;
use crate::cli::{Login, Remote};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::post;
use serde_json::json;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// Takes every row but those that say `bad`; fails whole requests as often as it is told to.
#[derive(Clone, Default)]
struct Server(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    bodies: Vec<String>,
    fails_at: Option<&'static str>,
}

async fn take(State(Server(seen)): State<Server>, body: String) -> axum::response::Response {
    let mut seen = seen.lock().unwrap();
    if seen.fails_at.is_some_and(|text| body.contains(text)) {
        return (StatusCode::FORBIDDEN, "{}").into_response();
    }
    let rows = body.lines().enumerate().skip(1);
    let bad = rows.filter(|(_, row)| row.contains("bad"));
    let rejected: Vec<_> =
        bad.map(|(at, row)| json!({"line": at + 1, "detail": format!("no {row}")})).collect();
    let created = body.lines().count() - 1 - rejected.len();
    seen.bodies.push(body);
    let (failed, errors) = (rejected.len(), rejected);
    let answer = json!({"created": created, "updated": 0, "unchanged": 0,
                        "failed": failed, "errors": errors});
    axum::Json(answer).into_response()
}

struct Case {
    dir: PathBuf,
    file: PathBuf,
    server: Server,
    // One address for all runs: where a file got to is remembered per server.
    listener: std::net::TcpListener,
}

impl Case {
    fn new(name: &str, rows: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("stoa-import-{name}-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let file = dir.join("rows.csv");
        fs::write(&file, rows).unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self { dir, file, server: Server::default(), listener }
    }

    async fn import(&self) -> Result<(), Stopped> {
        let listener = self.listener.try_clone().unwrap();
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().route(PATH, post(take)).with_state(self.server.clone());
        let login = Login {
            remote: Remote { url },
            token: Some("t".to_owned()),
            email: None,
            password: None,
            password_stdin: false,
        };
        let args = ImportProducts {
            file: self.file.clone(),
            form: None,
            chunk_rows: 2,
            in_flight: 2,
            restart: false,
            login,
        };
        tokio::select! {
            done = products(args, Output::Json) => done,
            _ = async { axum::serve(listener, app).await } => panic!("the server ended"),
        }
    }

    fn beside(&self, suffix: &str) -> Option<String> {
        fs::read_to_string(crate::commands::beside(&self.file, suffix)).ok()
    }
}

impl Drop for Case {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.dir);
    }
}

#[tokio::test]
async fn bad_rows_are_kept_aside_and_the_rest_is_in() {
    let case = Case::new("bad", "slug,title\n1,a\n2,bad\n3,c\n4,bad\n5,e\n");

    let stopped = case.import().await.unwrap_err();

    assert_eq!(stopped.exit, Exit::Found);
    assert_eq!(case.beside(".rejected").unwrap(), "slug,title\n2,bad\n4,bad\n");
    assert_eq!(case.beside(".stoa-import"), None);
    assert_eq!(case.server.0.lock().unwrap().bodies.len(), 3);
}

#[tokio::test]
async fn an_interrupted_import_goes_on_where_it_stopped() {
    let case = Case::new("resumed", "slug,title\n1,a\n2,bad\n3,c\n4,d\n5,e\n");
    case.server.0.lock().unwrap().fails_at = Some("5,e");
    assert_eq!(case.import().await.unwrap_err().exit, Exit::Refused);
    assert!(case.beside(".stoa-import").is_some());
    let sent = case.server.0.lock().unwrap().bodies.len();
    case.server.0.lock().unwrap().fails_at = None;

    let stopped = case.import().await.unwrap_err();

    assert_eq!(stopped.exit, Exit::Found);
    assert_eq!(case.server.0.lock().unwrap().bodies[sent..], ["slug,title\n5,e\n"]);
    assert_eq!(case.beside(".rejected").unwrap(), "slug,title\n2,bad\n");
}

#[tokio::test]
async fn a_clean_import_leaves_nothing_behind() {
    let case = Case::new("clean", "slug,title\n1,a\n");

    case.import().await.unwrap();

    assert_eq!((case.beside(".rejected"), case.beside(".stoa-import")), (None, None));
}
