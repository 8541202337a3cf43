//! `stoa audit`: folds the books of every service and compares what they say about each other.
use crate::cli::{Output, ServiceName};
use crate::data_dir;
use crate::exit::{Exit, Stopped};
use crate::output;
use crate::settings::Settings;
use crate::system::databases;
use kernel::Clock;
use kernel::audit::Audit;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// A fact that several parties hold: all of those named must say the same of every subject.
struct Shared {
    fact: &'static str,
    parties: &'static [&'static str],
}

const SHARED: [Shared; 4] = [
    Shared { fact: "captured", parties: &["orders", "payments", "sandbox"] },
    Shared { fact: "refunded", parties: &["payments", "sandbox"] },
    Shared { fact: "held", parties: &["payments", "sandbox"] },
    Shared { fact: "sold", parties: &["orders", "products"] },
];

/// What one party says.
pub struct Party {
    pub name: &'static str,
    pub audit: Audit,
}

/// A violated invariant, and whose books show it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Found {
    party: String,
    invariant: String,
    subject: String,
    detail: String,
}

#[derive(Debug, Serialize)]
struct Report {
    /// Rows and aggregates that were checked, per party.
    checked: BTreeMap<&'static str, u64>,
    /// Facts that more than one party holds and that were compared.
    compared: u64,
    /// Subjects still in flight, which are not compared.
    open: usize,
    findings: Vec<Found>,
}

/// Audits the data directory; ends with [`Exit::Found`] when an invariant is violated.
pub async fn run(settings: &Settings, output: Output) -> Result<(), Stopped> {
    data_dir::expect_there(settings.data_dir())?;
    let mut report = look(settings).await?;
    if !report.findings.is_empty() && data_dir::is_held(settings.data_dir()) {
        // The databases are read one after the other while the server writes: only what is
        // still there at a second look is a finding.
        let second = look(settings).await?;
        report.findings.retain(|found| second.findings.contains(found));
    }
    match output {
        Output::Text => output::text(&text(&report))?,
        Output::Json => output::json(&report)?,
    }
    if report.findings.is_empty() { Ok(()) } else { Err(Stopped::silent(Exit::Found)) }
}

async fn look(settings: &Settings) -> Result<Report, Stopped> {
    let clock = Clock::system();
    let mut parties = Vec::new();
    for service in ServiceName::ALL {
        let Some(store) = databases::for_reading(settings, service, &clock).await? else {
            continue;
        };
        let failed = |e| databases::stopped(service.as_str(), &e);
        let audit = databases::audit(service, &store).await.map_err(failed)?;
        parties.push(Party { name: service.as_str(), audit });
    }
    if let Some(store) = databases::bank_for_reading(settings, &clock).await? {
        let audit = payments::audit_bank(&store).await;
        let audit = audit.map_err(|e| databases::stopped("sandbox", &e))?;
        parties.push(Party { name: "sandbox", audit });
    }
    if parties.is_empty() {
        let what = format!("{}: holds no databases", settings.data_dir().display());
        return Err(
            Stopped::new(Exit::NoInput, what).advise("name the data directory with --data-dir")
        );
    }
    Ok(report(&parties))
}

fn report(parties: &[Party]) -> Report {
    let checked = parties.iter().map(|party| (party.name, party.audit.checked)).collect();
    let open: BTreeSet<&str> =
        parties.iter().flat_map(|party| party.audit.open.iter().map(String::as_str)).collect();
    let mut findings = Vec::new();
    for Party { name, audit } in parties {
        findings.extend(audit.findings.iter().map(|finding| Found {
            party: (*name).to_owned(),
            invariant: finding.invariant.to_owned(),
            subject: finding.subject.clone(),
            detail: finding.detail.clone(),
        }));
    }
    let mut compared = 0;
    for shared in &SHARED {
        compared += compare(shared, parties, &open, &mut findings);
    }
    findings.sort();
    Report { checked, compared, open: open.len(), findings }
}

/// Compares one fact over all subjects; a party that says nothing of a subject says "nothing".
fn compare(
    shared: &Shared,
    parties: &[Party],
    open: &BTreeSet<&str>,
    findings: &mut Vec<Found>,
) -> u64 {
    let parties: Vec<&Party> =
        parties.iter().filter(|party| shared.parties.contains(&party.name)).collect();
    if parties.len() < 2 {
        return 0;
    }
    let mut said: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (at, party) in parties.iter().enumerate() {
        for claim in party.audit.claims.iter().filter(|claim| claim.fact == shared.fact) {
            let words =
                said.entry(&claim.subject).or_insert_with(|| vec!["nothing"; parties.len()]);
            words[at] = &claim.value;
        }
    }
    said.retain(|subject, _| !open.contains(subject));
    for (subject, words) in &said {
        if words.iter().any(|word| word != &words[0]) {
            let each = parties.iter().zip(words).map(|(p, word)| format!("{} {word}", p.name));
            findings.push(Found {
                party: parties.iter().map(|party| party.name).collect::<Vec<_>>().join("+"),
                invariant: format!("{}-agreed", shared.fact),
                subject: (*subject).to_owned(),
                detail: each.collect::<Vec<_>>().join(", "),
            });
        }
    }
    said.len() as u64
}

fn text(report: &Report) -> String {
    let mut text = String::new();
    // Writing into a string does not fail.
    for (party, checked) in &report.checked {
        let _ = writeln!(text, "{party:<10} {checked} checked");
    }
    let (compared, open) = (report.compared, report.open);
    let _ = writeln!(text, "{:<10} {compared} facts compared, {open} orders in flight", "together");
    for Found { party, invariant, subject, detail } in &report.findings {
        let _ = writeln!(text, "! {party}: {invariant}: {subject}: {detail}");
    }
    let _ = match report.findings.len() {
        0 => writeln!(text, "every invariant holds"),
        count => writeln!(text, "{count} findings"),
    };
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party(name: &'static str, claims: &[(&str, &'static str, &str)]) -> Party {
        let mut audit = Audit::default();
        for (subject, fact, value) in claims {
            audit.claim(subject, fact, value);
        }
        Party { name, audit }
    }

    fn details(parties: &[Party]) -> Vec<String> {
        report(parties).findings.into_iter().map(|found| found.detail).collect()
    }

    #[test]
    fn parties_that_say_the_same_are_no_finding() {
        let claims = [("order_1", "captured", "1299 EUR")];

        let report = report(&["orders", "payments", "sandbox"].map(|name| party(name, &claims)));

        assert_eq!((report.findings.len(), report.compared), (0, 1));
    }

    #[test]
    fn every_party_that_should_know_a_fact_is_asked() {
        let orders = party("orders", &[("order_1", "captured", "1299 EUR")]);
        let payments = party("payments", &[("order_1", "captured", "1300 EUR")]);

        let details = details(&[orders, payments, party("sandbox", &[])]);

        assert_eq!(details, ["orders 1299 EUR, payments 1300 EUR, sandbox nothing"]);
    }

    #[test]
    fn what_is_in_flight_for_one_is_not_compared() {
        let mut orders = party("orders", &[("order_1", "sold", "A=1")]);
        orders.audit.open.push("order_1".to_owned());

        assert!(details(&[orders, party("products", &[])]).is_empty());
    }

    #[test]
    fn a_party_that_is_not_there_is_not_asked() {
        let orders = party("orders", &[("order_1", "sold", "A=1")]);

        assert!(details(&[orders]).is_empty());
    }

    #[test]
    fn findings_of_one_party_are_told_with_its_name() {
        let mut products = party("products", &[]);
        products.audit.find("stock-folds", "SKU-A", "5 != 4");

        let text = text(&report(&[products]));

        assert!(text.contains("! products: stock-folds: SKU-A: 5 != 4\n1 findings"), "{text}");
    }
}
