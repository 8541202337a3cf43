//! The first thing the server says once it answers: what runs where, and what to try.
use edge::serve::Address;
use serde::Serialize;
use std::io::{IsTerminal, Write};

/// Everything the banner tells; as JSON it is one line on stdout.
#[derive(Debug, Serialize)]
pub struct Banner {
    pub event: &'static str,
    pub version: &'static str,
    pub pid: u32,
    /// From the start of the process until the listener answers.
    pub ready_ms: u64,
    /// How the services are laid out.
    pub mode: &'static str,
    pub database: &'static str,
    /// Only when a power cut may lose what was acknowledged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub durability: Option<&'static str>,
    pub bus: &'static str,
    pub data_dir: String,
    pub services: Vec<&'static str>,
    /// Where HTTP and gRPC are answered.
    pub listen: String,
    /// The second listener, where there is one.
    pub grpc_listen: Option<String>,
    /// The address to type, without a slash at its end.
    pub url: String,
    /// Where the first administrator sets a password; only while there is no administrator.
    pub setup_url: Option<String>,
    /// Only in a demonstration: what is being shown.
    pub demo: Option<String>,
}

/// A line of the banner: its name, an address or a fact, a remark.
struct Line(&'static str, String, String);

impl Banner {
    /// The banner in at most 14 lines.
    pub fn text(&self, bold: bool) -> String {
        let (on, off) = if bold { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
        let mut text = format!(
            "{on}Stoa {}{off}  ready in {} ms   {} · {} · {} queue\n",
            self.version, self.ready_ms, self.mode, self.database, self.bus
        );
        let lines = self.lines();
        let middle = lines.iter().filter(|line| !line.2.is_empty());
        let width = middle.map(|line| line.1.chars().count()).max().unwrap_or(0);
        for Line(name, fact, remark) in &lines {
            let line = format!("  {name:<9} {fact:<width$}   {remark}");
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text.push_str(&format!("Try:  {}\n", self.next()));
        text
    }

    fn lines(&self) -> Vec<Line> {
        let url = &self.url;
        let mut lines = vec![
            Line("API", format!("{url}/v1"), self.services.join(" · ")),
            Line("API docs", format!("{url}/docs"), "OpenAPI 3.1: /openapi.json".into()),
        ];
        if self.services.contains(&"payments") {
            let at = self.grpc_listen.as_ref().unwrap_or(&self.listen);
            lines.push(Line("gRPC", at.clone(), "stoa.payments.v1, reflection on".into()));
        }
        lines.push(Line("Metrics", format!("{url}/metrics"), "health: /livez /readyz".into()));
        lines.push(Line("Data", self.data_dir.clone(), "one database per service".into()));
        if let Some(durability) = self.durability {
            let remark = "for measurements: a power cut may lose acknowledged orders";
            lines.push(Line("Warning", format!("durability = {durability}"), remark.into()));
        }
        if let Some(demo) = &self.demo {
            lines.push(Line("Shop", format!("{url}/demo"), demo.clone()));
        }
        if let Some(setup) = &self.setup_url {
            lines.push(Line("Log in", setup.clone(), String::new()));
            let remark = "the link works once, for the first administrator";
            lines.push(Line("", remark.to_owned(), String::new()));
        }
        lines
    }

    fn next(&self) -> String {
        let first = if self.services.contains(&"products") {
            format!("curl {}/v1/products", self.url)
        } else {
            format!("curl {}/readyz", self.url)
        };
        let second = match &self.demo {
            Some(_) => format!("stoa audit --data-dir {}", self.data_dir),
            None => "stoa import products FILE".to_owned(),
        };
        format!("{first}   ·   {second}   ·   Ctrl-C drains and exits")
    }

    pub fn print_text(&self) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        out.write_all(self.text(out.is_terminal()).as_bytes())?;
        out.flush()
    }

    pub fn print_json(&self) -> std::io::Result<()> {
        let mut line = serde_json::to_string(self)?;
        line.push('\n');
        let mut out = std::io::stdout().lock();
        out.write_all(line.as_bytes())?;
        out.flush()
    }
}

/// The address to type for a listener: an unspecified address is reached by loopback, a Unix
/// socket by whatever name.
pub fn url_of(listen: &Address) -> String {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
    let address = match listen {
        Address::Tcp(address) => address,
        Address::Unix(_) => return "http://localhost".to_owned(),
    };
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    format!("http://{}", SocketAddr::new(ip, address.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn banner() -> Banner {
        Banner {
            event: "ready",
            version: "0.1.0",
            pid: 1,
            ready_ms: 23,
            mode: "one process",
            database: "sqlite",
            durability: None,
            bus: "embedded",
            data_dir: "./stoa-data".into(),
            services: vec!["users", "products", "orders", "payments"],
            listen: "127.0.0.1:4000".into(),
            grpc_listen: None,
            url: "http://127.0.0.1:4000".into(),
            setup_url: Some("http://127.0.0.1:4000/setup?token=abc".into()),
            demo: None,
        }
    }

    #[test]
    fn the_banner_is_aligned() {
        let expected = "\
Stoa 0.1.0  ready in 23 ms   one process · sqlite · embedded queue
  API       http://127.0.0.1:4000/v1        users · products · orders · payments
  API docs  http://127.0.0.1:4000/docs      OpenAPI 3.1: /openapi.json
  gRPC      127.0.0.1:4000                  stoa.payments.v1, reflection on
  Metrics   http://127.0.0.1:4000/metrics   health: /livez /readyz
  Data      ./stoa-data                     one database per service
  Log in    http://127.0.0.1:4000/setup?token=abc
            the link works once, for the first administrator
Try:  curl http://127.0.0.1:4000/v1/products   ·   stoa import products FILE   ·   Ctrl-C drains and exits
";

        assert_eq!(banner().text(false), expected);
    }

    #[test]
    fn the_banner_never_has_more_than_14_lines() {
        let full = Banner {
            demo: Some("\"Agora\"".into()),
            durability: Some("normal"),
            grpc_listen: Some("127.0.0.1:4001".into()),
            ..banner()
        };

        assert!(full.text(true).lines().count() <= 14);
    }

    #[test]
    fn the_banner_warns_of_commits_that_a_power_cut_may_lose() {
        let unsafe_one = Banner { durability: Some("normal"), ..banner() };

        let warns = |banner: &Banner| banner.text(false).contains("durability = normal");
        assert!(warns(&unsafe_one) && !warns(&banner()));
    }

    #[test]
    fn the_address_to_type_can_be_typed() {
        let check = |listen: &str, url: &str| assert_eq!(url_of(&listen.parse().unwrap()), url);

        check("127.0.0.1:4000", "http://127.0.0.1:4000");
        check("0.0.0.0:80", "http://127.0.0.1:80");
        check("[::]:4000", "http://[::1]:4000");
        check("10.0.0.7:1", "http://10.0.0.7:1");
        check("unix:/run/stoa.sock", "http://localhost");
    }
}
