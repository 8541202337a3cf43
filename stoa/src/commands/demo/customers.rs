//! Simulated customers: each registers, looks around and orders, through the public API alone.
use crate::client::{Answer, Ask, Client};
use kernel::{Clock, Ids, Money};
use serde_json::{Value, json};
use std::time::Duration;
use supervisor::{ChildSpec, Context, Exit};

const NAMES: [&str; 10] = [
    "Ariadne", "Timon", "Phoebe", "Leandros", "Thalia", "Orestes", "Danae", "Kleon", "Melissa",
    "Nikias",
];
const CITIES: [(&str, &str, &str); 5] = [
    ("Lisboa", "1100-148", "PT"),
    ("Lyon", "69002", "FR"),
    ("Graz", "8010", "AT"),
    ("Gent", "9000", "BE"),
    ("Kiel", "24103", "DE"),
];
/// How a customer pays; what is here more often happens more often.
const TOKENS: [&str; 10] = [
    "tok_visa",
    "tok_visa",
    "tok_visa",
    "tok_visa",
    "tok_visa",
    "tok_visa",
    "tok_visa",
    "tok_error",
    "tok_declined",
    "tok_insufficient_funds",
];
const PAUSE_MS: (u64, u64) = (1_500, 4_000);
/// How long a customer waits when the shop does not answer as expected.
const DISCOURAGED: Duration = Duration::from_secs(5);

/// Customer number `number` of the shop behind `client`; the same `seed` behaves the same.
pub fn customer(number: u32, seed: u64, client: Client, clock: &Clock) -> ChildSpec {
    let clock = clock.clone();
    ChildSpec::worker(format!("customer {}", number + 1), move |ctx: Context| {
        let ids = Ids::seeded(clock.clone(), seed.wrapping_add(u64::from(number)));
        let name = NAMES[number as usize % NAMES.len()];
        let email = format!("{}.{}@agora.example", name.to_lowercase(), number + 1);
        let (client, clock) = (client.clone(), clock.clone());
        let visitor = Visitor { name, email, client, ids, clock };
        async move {
            tokio::select! {
                () = ctx.stopping() => {}
                () = visitor.live() => {}
            }
            Ok::<(), Exit>(())
        }
    })
}

struct Visitor {
    name: &'static str,
    email: String,
    client: Client,
    ids: Ids,
    clock: Clock,
}

/// Why a customer gives up for a while: what was wanted, and what the shop said.
struct Discouraged(String);

impl Visitor {
    async fn live(mut self) {
        self.enter().await;
        loop {
            let (least, most) = PAUSE_MS;
            let pause = Duration::from_millis(least + self.ids.below(most - least));
            self.clock.sleep(pause).await;
            if let Err(Discouraged(why)) = self.visit().await {
                tracing::warn!("{} gives up for now: {why}", self.name);
                self.clock.sleep(DISCOURAGED).await;
            }
        }
    }

    /// Registers and logs in; who was here in an earlier run goes on as a guest.
    async fn enter(&mut self) {
        // Not from the seed: nobody shall be able to guess it.
        let password = Ids::system(self.clock.clone()).secret();
        let account = json!({"email": self.email, "password": password, "name": self.name});
        let session = json!({"email": self.email, "password": password});
        let entered = async {
            self.post("register", "/v1/users", &[], &account).await?;
            let answer = self.post("log in", "/v1/sessions", &[], &session).await?;
            answer["access_token"]
                .as_str()
                .map(str::to_owned)
                .ok_or_else(|| Discouraged("log in: the answer holds no access token".to_owned()))
        };
        match entered.await {
            Ok(token) => {
                self.client = self.client.clone().with_token(token);
                tracing::info!("{} registers", self.name);
            }
            Err(Discouraged(_)) => tracing::info!("{} comes back as a guest", self.name),
        }
    }

    async fn visit(&mut self) -> Result<(), Discouraged> {
        let shelf = self.get("/v1/products?in_stock=true&limit=50").await?;
        let seen = shelf["items"].as_array().filter(|items| !items.is_empty());
        let Some(seen) = seen else {
            tracing::info!("{} finds the shelves empty", self.name);
            return Ok(());
        };
        let slug = self.one_of(seen)["slug"].as_str().unwrap_or_default();
        let product = self.get(&format!("/v1/products/{slug}")).await?;
        let title = product["title"].as_str().unwrap_or_default();
        let Some(variants) = product["variants"].as_array().filter(|all| !all.is_empty()) else {
            return Ok(());
        };
        if self.ids.below(3) == 0 {
            tracing::info!("{} looks at {title}", self.name);
            return Ok(());
        }
        let variant = self.one_of(variants).clone();
        self.order(title, &variant).await
    }

    async fn order(&mut self, title: &str, variant: &Value) -> Result<(), Discouraged> {
        let sku = variant["sku"].as_str().unwrap_or_default();
        let quantity = 1 + self.ids.below(2);
        let (city, postal_code, country) = *self.one_of(&CITIES);
        let token = *self.one_of(&TOKENS);
        let order = json!({
            "email": self.email,
            "items": [{"sku": sku, "quantity": quantity}],
            "shipping_address": {
                "name": self.name, "line1": "Market Street 7",
                "city": city, "postal_code": postal_code, "country": country,
            },
            "payment": {"provider": "sandbox", "token": token},
        });
        // One key per wish, also when the same seed runs again.
        let key = format!("demo-{}", Ids::system(self.clock.clone()).secret());
        let headers = [("idempotency-key", key.as_str()), ("prefer", "wait=5")];
        let answer = self.post("order", "/v1/orders", &headers, &order).await?;
        let kind = variant["title"].as_str().unwrap_or_default();
        tracing::info!("{} orders {quantity} x {title} ({kind}): {}", self.name, outcome(&answer));
        Ok(())
    }

    fn one_of<'a, T>(&self, all: &'a [T]) -> &'a T {
        let at = self.ids.below(all.len() as u64);
        &all[usize::try_from(at).unwrap_or(0)]
    }

    async fn get(&self, path: &str) -> Result<Value, Discouraged> {
        self.read(path, &Ask::get(path)).await
    }

    async fn post(
        &self,
        doing: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Result<Value, Discouraged> {
        let mut all = vec![("content-type", "application/json")];
        all.extend_from_slice(headers);
        self.read(doing, &Ask::post(path, &all, body.to_string().into())).await
    }

    async fn read(&self, doing: &str, ask: &Ask<'_>) -> Result<Value, Discouraged> {
        let answer = self.client.send(ask).await;
        let answer: Answer = answer.map_err(|e| Discouraged(format!("{doing}: {e}")))?;
        if !answer.status.is_success() {
            return Err(Discouraged(format!("{doing}: {}", answer.problem())));
        }
        serde_json::from_slice(&answer.body).map_err(|e| Discouraged(format!("{doing}: {e}")))
    }
}

/// How an order stands, in a few words.
fn outcome(order: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("unknown").to_owned();
    let number = match &order["number"] {
        Value::String(number) => number.clone(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => String::new(),
    };
    let status = text(&order["status"]);
    if let Some(code) = order["rejection"]["code"].as_str() {
        return format!("order {number} {status} ({code})");
    }
    let total: Option<Money> = serde_json::from_value(order["totals"]["total"].clone()).ok();
    let total = total.map_or_else(String::new, |total| format!(", {}", price(total)));
    format!("order {number} {status}{total}")
}

/// An amount as people write it, such as `12.99 EUR`.
pub fn price(Money { minor, currency }: Money) -> String {
    let digits = usize::from(currency.exponent());
    let text = format!("{minor:0>width$}", width = digits + 1);
    let (whole, rest) = text.split_at(text.len() - digits);
    let point = if digits == 0 { "" } else { "." };
    format!("{whole}{point}{rest} {currency}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_told_in_a_few_words() {
        let check = |order: Value, expected: &str| assert_eq!(outcome(&order), expected);

        check(
            json!({"number": 7, "status": "confirmed",
                   "totals": {"total": {"amount": 1299, "currency": "EUR"}}}),
            "order 7 confirmed, 12.99 EUR",
        );
        check(
            json!({"number": 8, "status": "confirmed",
                   "totals": {"total": {"amount": 5, "currency": "JPY"}}}),
            "order 8 confirmed, 5 JPY",
        );
        check(
            json!({"number": "S-7", "status": "rejected", "rejection": {"code": "out_of_stock"}}),
            "order S-7 rejected (out_of_stock)",
        );
    }
}
