//! Listening when the process has no file descriptors left.

use axum::{Router, routing::get};
use tokio::net::TcpStream;

use crate::harness::{Raw, Site, soon};

/// Whether this process runs one test only. When not, runs that test in such a process, because
/// what it does to the process would fail others.
fn alone(test: &str) -> bool {
    const ALONE: &str = "STOA_TEST_ALONE";
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let mut process = std::process::Command::new(std::env::current_exe().unwrap());
    let output = process.args(["--exact", test]).env(ALONE, "1").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
    false
}

#[tokio::test]
async fn accepting_goes_on_when_there_are_file_descriptors_again() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    if !alone("descriptors::accepting_goes_on_when_there_are_file_descriptors_again") {
        return;
    }
    let site = Site::start(Router::new().route("/", get(|| async { "hello" }))).await;
    // Without an await in between, the loop that accepts has seen none of these yet.
    let connect = || std::net::TcpStream::connect(site.address().to_string()).unwrap();
    let waiting: Vec<std::net::TcpStream> = (0..5).map(|_| connect()).collect();
    let before = getrlimit(Resource::Nofile);
    let open = std::fs::read_dir("/proc/self/fd").unwrap().count() as u64;
    setrlimit(Resource::Nofile, Rlimit { current: Some(open), ..before }).unwrap();
    let taken: Vec<_> = std::iter::from_fn(|| std::fs::File::open("/dev/null").ok()).collect();
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }

    drop(taken);
    setrlimit(Resource::Nofile, before).unwrap();

    for stream in waiting {
        stream.set_nonblocking(true).unwrap();
        let mut raw = Raw(TcpStream::from_std(stream).unwrap());
        raw.say("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        soon("the answer", raw.hear_until("hello")).await;
    }
}
