//! What belongs where in a service: its rooms, who publishes, who calls, who prints.

use std::collections::BTreeSet;

use super::Finding;
use super::rust::words;
use super::source::{File, Tree};

/// The rooms of a service, with what each holds.
const ROOMS: &[&str] = &[
    "audit",
    "commands",
    "domain",
    "events",
    "grpc",
    "http",
    "lib",
    "placement",
    "providers",
    "queries",
    "settings",
    "store",
    "subscribers",
];

/// A service has the same rooms as every other, and no others.
pub fn rooms(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut strange = BTreeSet::new();
    for file in tree.rust().filter(|file| file.path.starts_with("services/")) {
        if let Some(service) = file.path.strip_suffix("/src/lib.rs")
            && !tree.has(&format!("{service}/README.md"))
        {
            findings.push(Finding::new(service, 0, "a service without a README.md"));
        }
        let Some((service, inside)) = file.path.split_once("/src/") else { continue };
        let room = inside.split('/').next().unwrap_or(inside).trim_end_matches(".rs");
        if !ROOMS.contains(&room) && strange.insert((service, room)) {
            let message = format!("{room} is not a room of a service: {}", ROOMS.join(", "));
            findings.push(Finding::new(&file.path, 0, message));
        }
    }
    findings
}

/// Nothing publishes but the relay: services write to their outbox.
pub fn publishing(tree: &Tree) -> Vec<Finding> {
    let services = tree.rust().filter(|file| file.path.starts_with("services/") && !file.is_test());
    find(
        services,
        &["bus.publish(", "Bus::publish("],
        "write to the outbox: only the relay publishes",
    )
}

/// No command calls another service: its caller waits on a decision, not on a network.
pub fn calls(tree: &Tree) -> Vec<Finding> {
    let commands = tree
        .rust()
        .filter(|file| file.path.starts_with("services/") && file.path.contains("/src/commands"));
    find(
        commands,
        &["Peers", "Peer", "PaymentsClient", "edge::peer", "edge::connect"],
        "a command calls no other service: make it a step of a saga",
    )
}

/// Libraries log; only the binary and tools print.
pub fn printing(tree: &Tree) -> Vec<Finding> {
    let libraries = tree.rust().filter(|file| {
        (file.path.starts_with("services/") || file.path.starts_with("chassis/"))
            && !file.is_test()
            && !file.path.ends_with("/build.rs")
    });
    find(
        libraries,
        &["println!", "eprintln!", "print!", "eprint!"],
        "libraries log, they do not print",
    )
}

fn find<'a>(files: impl Iterator<Item = &'a File>, banned: &[&str], why: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        let code = file.shipped_code();
        for word in banned {
            for at in words(&code, word) {
                findings.push(Finding::new(&file.path, file.line(at), format!("`{word}`: {why}")));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rule: fn(&Tree) -> Vec<Finding>, path: &str, text: &str, found: usize) {
        let findings = rule(&Tree::of(&[(path, text)]));
        assert_eq!(findings.len(), found, "{path} {text}: {findings:?}");
    }

    #[test]
    fn a_room_of_its_own_is_found() {
        check(rooms, "services/a/src/store/carts.rs", "", 0);
        check(rooms, "services/a/src/lib.rs", "", 1);
        check(rooms, "services/a/src/utils.rs", "", 1);
        check(rooms, "services/a/tests/it/main.rs", "", 0);
    }

    #[test]
    fn a_service_that_publishes_is_found() {
        check(publishing, "services/a/src/events.rs", "deps.bus.publish(vec![])", 1);
        check(publishing, "services/a/src/events.rs", "product.publish(now)", 0);
    }

    #[test]
    fn a_command_that_calls_is_found() {
        check(calls, "services/a/src/commands/b.rs", "fn f(peers: &Peers) {}", 1);
        check(calls, "services/a/src/queries.rs", "fn f(peers: &Peers) {}", 0);
    }

    #[test]
    fn a_library_that_prints_is_found() {
        check(printing, "services/a/src/http.rs", "println!(\"a\")", 1);
        check(printing, "stoa/src/main.rs", "println!(\"a\")", 0);
        check(printing, "services/a/src/http.rs", "// println!(\"a\")", 0);
    }
}
