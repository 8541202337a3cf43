//! The shop on the disk: started, ordered from until the power goes, asked what it remembers.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};

const ADMIN: (&str, &str) = ("admin@stoa.test", "a long pass phrase for the rig");
const BUYERS: usize = 8;

/// An order that was answered with a 201.
pub struct Order {
    id: String,
    access_token: String,
}

/// What became of an order that was acknowledged.
pub enum Fate {
    Settled,
    Open,
    Missing,
}

pub struct Shop {
    process: Child,
    folder: PathBuf,
    address: SocketAddr,
    token: String,
    /// From the start of the process until it answers.
    pub ready_ms: u64,
}

impl Shop {
    pub fn start(binary: &Path, disk: PathBuf, durability: &str) -> anyhow::Result<Self> {
        let folder = disk.join("shop");
        std::fs::create_dir_all(&folder)?;
        let process = Command::new(binary)
            .args(["serve", "--output", "json", "--listen", "127.0.0.1:0"])
            .env("STOA_DATA_DIR", &folder)
            .env("STOA_DURABILITY", durability)
            .env("STOA_ADMIN_EMAIL", ADMIN.0)
            .env("STOA_ADMIN_PASSWORD", ADMIN.1)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        // From here on the process ends with this.
        let mut shop = Self { process, folder, address, token: String::new(), ready_ms: 0 };
        shop.introduce(durability)?;
        let log_in = json!({"email": ADMIN.0, "password": ADMIN.1});
        let session = shop.ask("POST", "/v1/sessions", &[], Some(&log_in))?;
        shop.token = session.1["access_token"].as_str().context("a token")?.to_owned();
        Ok(shop)
    }

    /// Reads where the shop is, and that it writes as it was told to: a trial of another
    /// durability would prove nothing.
    fn introduce(&mut self, durability: &str) -> anyhow::Result<()> {
        let mut line = String::new();
        let out = self.process.stdout.take().context("it is piped")?;
        BufReader::new(out).read_line(&mut line)?;
        let banner: Value = serde_json::from_str(&line).context("the shop did not start")?;
        let heard = banner["durability"].as_str().unwrap_or("full");
        ensure!(heard == durability, "the shop runs with durability = {heard}, not {durability}");
        self.address = banner["listen"].as_str().context("an address")?.parse()?;
        self.ready_ms = banner["ready_ms"].as_u64().context("a time")?;
        Ok(())
    }

    /// Sees to it that there is something to sell.
    pub fn stock(&self) -> anyhow::Result<()> {
        let product = json!({
            "slug": "mug", "title": "Mug", "description": "", "status": "published",
            "category": "kitchen",
            "variants": [{"sku": "MUG", "title": "Blue", "on_hand": 10_000_000,
                "price": {"amount": 1299, "currency": "EUR"}}]
        });
        let (status, answer) =
            self.ask("POST", "/v1/products", &[self.bearer()], Some(&product))?;
        ensure!(status == 201 || status == 409, "{answer}");
        self.comes_to_rest(Duration::from_secs(10))
    }

    fn bearer(&self) -> (&'static str, String) {
        ("authorization", format!("Bearer {}", self.token))
    }

    /// Buyers order for a while; then `cut` is called in the middle of it. Returns what was
    /// acknowledged, and why the last order was not.
    #[expect(clippy::disallowed_methods, reason = "blocking load, for a bounded time")]
    pub fn place_orders(
        &self,
        load: Duration,
        cut: impl Fn(),
    ) -> anyhow::Result<(Vec<Order>, String)> {
        let (dark, number) = (AtomicBool::new(false), AtomicU64::new(0));
        let run = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_nanos();
        std::thread::scope(|scope| {
            let buy = || {
                let (mut placed, mut refused) = (Vec::new(), String::new());
                while !dark.load(Ordering::Relaxed) {
                    let key = format!("{run}-{}", number.fetch_add(1, Ordering::Relaxed));
                    match self.order(key) {
                        Ok(order) => placed.push(order),
                        Err(error) => refused = error.to_string(),
                    }
                }
                (placed, refused)
            };
            let buyers: Vec<_> = (0..BUYERS).map(|_| scope.spawn(buy)).collect();
            std::thread::sleep(load);
            cut();
            dark.store(true, Ordering::Relaxed);
            let (mut placed, mut refused) = (Vec::new(), String::new());
            for buyer in buyers {
                let buyer = buyer.join().map_err(|_| anyhow::anyhow!("a buyer panicked"))?;
                placed.extend(buyer.0);
                refused = buyer.1;
            }
            Ok((placed, refused))
        })
    }

    fn order(&self, key: String) -> anyhow::Result<Order> {
        let order = json!({
            "email": "guest@example.com", "items": [{"sku": "MUG", "quantity": 1}],
            "shipping_address": {"name": "A Guest", "line1": "Long Road 1", "city": "Berlin",
                "postal_code": "10115", "country": "DE"},
            "payment": {"provider": "sandbox", "token": "tok_visa"}
        });
        let key = [("idempotency-key", key)];
        let (status, answer) = self.ask("POST", "/v1/orders", &key, Some(&order))?;
        ensure!(status == 201, "{status} {answer}");
        let text = |name: &str| answer[name].as_str().map(str::to_owned).context("a field");
        Ok(Order { id: text("id")?, access_token: text("access_token")? })
    }

    /// What became of an order.
    pub fn fate_of(&self, order: &Order) -> anyhow::Result<Fate> {
        let token = [("stoa-access-token", order.access_token.clone())];
        let (status, answer) =
            self.ask("GET", &format!("/v1/orders/{}", order.id), &token, None)?;
        match (status, answer["status"].as_str()) {
            (200, Some("confirmed" | "rejected" | "canceled" | "completed")) => Ok(Fate::Settled),
            (200, _) => Ok(Fate::Open),
            (404, _) => Ok(Fate::Missing),
            _ => bail!("order {}: {status} {answer}", order.id),
        }
    }

    /// Waits until no saga is open and no message unread.
    #[expect(clippy::disallowed_methods, reason = "waits for another process")]
    pub fn comes_to_rest(&self, patience: Duration) -> anyhow::Result<()> {
        let started = Instant::now();
        while started.elapsed() < patience {
            let (_, answer) = self.ask("GET", "/v1/ops/quiescence", &[self.bearer()], None)?;
            if answer["at_rest"] == true {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        bail!("the shop does not come to rest")
    }

    /// Folds the books of all services; an error is what was found.
    pub fn audit(&self, binary: &Path) -> anyhow::Result<Result<(), String>> {
        let audit =
            Command::new(binary).arg("audit").env("STOA_DATA_DIR", &self.folder).output()?;
        let says = || String::from_utf8_lossy(&audit.stdout).into_owned();
        Ok(if audit.status.success() { Ok(()) } else { Err(says()) })
    }

    /// One request on one connection.
    fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, String)],
        body: Option<&Value>,
    ) -> anyhow::Result<(u16, Value)> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n",
            body.len()
        );
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str("\r\n");
        request.push_str(&body);
        let mut stream = TcpStream::connect_timeout(&self.address, Duration::from_secs(5))?;
        stream.set_read_timeout(Some(Duration::from_secs(15)))?;
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").context("a whole answer")?;
        let status = head.get(9..12).context("a status line")?.parse()?;
        Ok((status, serde_json::from_str(body).unwrap_or(Value::Null)))
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        // It may be dead already, with its disk.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
