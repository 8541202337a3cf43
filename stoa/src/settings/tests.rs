//! Which layer wins, and what is refused with which words.
use super::sources::settle_from;
use super::*;
use crate::cli::{Listeners, Shared};
use crate::exit::Exit;

fn from(flags: Shared, variables: &[(&str, &str)], file: &str) -> Result<Settings, Stopped> {
    let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    let file = (!file.is_empty()).then(|| ("stoa.toml".to_owned(), file.to_owned()));
    settle_from(&flags, Some(&Listeners::default()), variables.collect(), file)
}

fn words(variables: &[(&str, &str)], file: &str) -> String {
    let stopped = from(Shared::default(), variables, file).unwrap_err();
    assert_eq!(stopped.exit, Exit::Usage);
    stopped.to_string().lines().next().unwrap().to_owned()
}

#[test]
fn flags_win_over_variables_over_the_file_over_defaults() {
    let file = "data_dir = 'file'\ndrain_ms = 5000";
    let check = |flag: Option<&str>, variable: &str, file: &str, expected: &str| {
        let shared = Shared { data_dir: flag.map(Into::into), ..Shared::default() };
        let settings = from(shared, &[("STOA_DATA_DIR", variable)], file).unwrap();
        assert_eq!(settings.data_dir(), Path::new(expected));
    };

    check(Some("flag"), "variable", file, "flag");
    check(None, "variable", file, "variable");
    check(None, "", file, "file");
    check(None, "", "", "./stoa-data");
}

#[test]
fn variables_reach_every_part() {
    let variables = [
        ("STOA_LISTEN", "0.0.0.0:80"),
        ("STOA_EDGE__REQUESTS_MAX", "7"),
        ("STOA_ORDERS_DATABASE_URL", "sqlite:/var/orders.db"),
        ("STOA_PAYMENTS_URL", "http://10.0.0.1:4001"),
        ("STOA_LOG", "json"),
        ("STOA_DURABILITY", "normal"),
        ("STOA_SERVICE_HOST", "10.1.1.1"),
    ];

    let settings = from(Shared::default(), &variables, "").unwrap();

    assert_eq!(settings.listen.to_string(), "0.0.0.0:80");
    assert_eq!(settings.edge.requests_max, 7);
    assert_eq!(settings.database_file(ServiceName::Orders), PathBuf::from("/var/orders.db"));
    assert_eq!(
        settings.database_file(ServiceName::Users),
        PathBuf::from("./stoa-data").join("users.db")
    );
    assert_eq!(settings.peers.payments, Some("http://10.0.0.1:4001".parse().unwrap()));
    assert_eq!(settings.log, Some(LogForm::Json));
    assert_eq!(settings.durability, Durability::Normal);
}

#[test]
fn what_is_wrong_is_refused_with_its_place() {
    let check = |variables: &[(&str, &str)], file: &str, expected: &str| {
        assert_eq!(words(variables, file), format!("error: {expected}"));
    };

    check(
        &[("STOA_LISTEN", "here")],
        "",
        "STOA_LISTEN: setting listen: \"here\" is not an address of the form 127.0.0.1:4000 or \
         unix:/path",
    );
    check(
        &[("STOA_DATABASE_URL", "postgres://db/stoa")],
        "",
        "STOA_DATABASE_URL: setting database_url: postgres: is not supported by this version; \
         sqlite: is",
    );
    check(
        &[("STOA_BUS_URL", "kafka://k:9092")],
        "",
        "STOA_BUS_URL: setting bus_url: kafka: is not supported by this version; embedded: is",
    );
    check(
        &[],
        "drain_ms = 'soon'",
        "stoa.toml: setting drain_ms: invalid type: string \"soon\", expected u64",
    );
    check(&[("STOA_WORKER_THREADS", "0")], "", "setting worker_threads: 0 threads answer nothing");
    check(
        &[("STOA_ADMIN_EMAIL", "a@b.example")],
        "",
        "settings admin.email and admin.password belong together",
    );
}

#[test]
fn a_broken_file_is_refused_with_its_line() {
    let text = words(&[], "listen = '127.0.0.1:1'\n= 3");

    assert!(text.starts_with("error: stoa.toml line 2: "), "{text}");
}

#[test]
fn an_unknown_setting_is_refused() {
    let text = words(&[], "[orders]\nnonsense = 1");

    assert!(text.starts_with("error: stoa.toml: setting orders.nonsense: unknown; "), "{text}");
}

#[test]
fn the_edge_drains_within_the_deadline_of_the_process() {
    let settings = from(Shared::default(), &[("STOA_DRAIN_MS", "4000")], "").unwrap();

    assert_eq!((settings.edge.lame_duck_ms, settings.edge.drain_ms_max), (500, 1500));
}
