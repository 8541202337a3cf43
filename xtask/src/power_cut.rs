//! A simulated power cut: orders are placed on a disk that forgets what was not flushed, the disk
//! is killed, and every acknowledged order must be there when it comes back.
//!
//! A killed process proves nothing about durability, because the kernel still has its writes. Here
//! the disk is a file behind a write-back cache in a process of its own: `kill -9` of that process
//! loses every write since the last flush, as a power cut would. Needs root, loop devices, and
//! Debian's `nbdkit`, `libnbd-bin` and `fuse3`.

mod disk;
mod shop;
mod sweep;

use std::{ops::RangeInclusive, path::PathBuf, time::Duration};

use anyhow::{Context as _, bail, ensure};
use clap::Parser;
use disk::Disk;
use shop::{Fate, Order, Shop};

/// Cut the power under load and look for what is missing.
#[derive(Debug, Parser)]
pub struct Args {
    /// Power cuts.
    #[arg(long, default_value_t = 5)]
    cuts: u32,
    /// Milliseconds of load before each cut.
    #[arg(long, default_value_t = 2000)]
    load_ms: u64,
    /// The binary.
    #[arg(long, default_value = "target/debug/stoa")]
    binary: PathBuf,
    /// Also run with `durability = normal`, and fail unless orders are missing: this shows that the
    /// rig can see a loss at all.
    #[arg(long)]
    control: bool,
    /// Wait for the end of the input, then take down the disk in this folder.
    #[arg(long, hide = true)]
    sweep: Option<PathBuf>,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    if let Some(folder) = &args.sweep {
        return sweep::when_input_ends(folder);
    }
    let missing = disk::missing_tools();
    if !missing.is_empty() {
        bail!("{} missing: apt-get install nbdkit libnbd-bin fuse3", missing.join(", "));
    }
    let binary = args.binary.canonicalize().context("the binary is built: cargo build -p stoa")?;
    let trial = Trial { binary, load: Duration::from_millis(args.load_ms) };
    println!("durability  cut  acknowledged  in all  missing  open  audit   ready in");
    let missing = trial.run(FULL, 1..=args.cuts)?;
    ensure!(missing == 0, "{missing} acknowledged orders are missing");
    if args.control {
        let mut missing = 0;
        for cut in 1..=args.cuts.max(CONTROL_CUTS_MIN) {
            // What it leaves behind is no shop to go on with.
            missing += trial.run("normal", cut..=cut)?;
        }
        ensure!(missing > 0, "the rig did not notice that durability = normal loses orders");
    }
    Ok(())
}

/// The durability that must not lose anything.
const FULL: &str = "full";
/// One cut may come right after everything was flushed; so many in a row do not.
const CONTROL_CUTS_MIN: u32 = 5;
/// A cut that hits fewer orders than this proves nothing.
const ORDERS_MIN: usize = 20;
/// How long orders under way may take to their end after the power is back.
const PATIENCE: Duration = Duration::from_secs(10);

struct Trial {
    binary: PathBuf,
    load: Duration,
}

/// What was found after a cut.
struct Found {
    /// Acknowledged before this cut.
    placed: usize,
    /// Acknowledged orders that are there, at their end.
    settled: Vec<Order>,
    /// Acknowledged orders that are not there.
    missing: usize,
    /// Acknowledged orders that are there and do not come to their end.
    open: usize,
    audit: Result<(), String>,
    /// From the start of the shop until it answers, in ms.
    ready_ms: u64,
}

impl Trial {
    /// Cuts the power again and again on one disk; returns how many acknowledged orders are
    /// missing afterwards.
    fn run(&self, durability: &str, cuts: RangeInclusive<u32>) -> anyhow::Result<usize> {
        let mut disk = Disk::format()?;
        let (mut acknowledged, mut missing) = (Vec::new(), 0);
        for cut in cuts {
            let found = self.cut(&mut disk, durability, acknowledged)?;
            found.print(durability, cut);
            if durability == FULL {
                ensure!(found.open == 0, "{} orders do not come to their end", found.open);
                found.audit.map_err(|says| anyhow::anyhow!("the audit finds damage: {says}"))?;
            }
            missing += found.missing;
            acknowledged = found.settled;
        }
        Ok(missing)
    }

    /// Orders, cuts the power, brings it back, and looks for every order acknowledged so far.
    fn cut(
        &self,
        disk: &mut Disk,
        durability: &str,
        mut acknowledged: Vec<Order>,
    ) -> anyhow::Result<Found> {
        let shop = Shop::start(&self.binary, disk.folder(), durability)?;
        shop.stock()?;
        let (orders, refused) = shop.place_orders(self.load, || disk.cut())?;
        drop(shop);
        let placed = orders.len();
        ensure!(placed >= ORDERS_MIN, "only {placed} orders were acknowledged; {refused}");
        acknowledged.extend(orders);
        disk.power_up()?;
        let shop = Shop::start(&self.binary, disk.folder(), durability)?;
        let ready_ms = shop.ready_ms;
        if durability == FULL {
            shop.comes_to_rest(PATIENCE)?;
        }
        let (mut settled, mut missing, mut open) = (Vec::new(), 0, 0);
        for order in acknowledged {
            match shop.fate_of(&order)? {
                Fate::Settled => settled.push(order),
                Fate::Open => open += 1,
                Fate::Missing => missing += 1,
            }
        }
        Ok(Found { placed, settled, missing, open, audit: shop.audit(&self.binary)?, ready_ms })
    }
}

impl Found {
    fn print(&self, durability: &str, cut: u32) {
        let Self { placed, missing, open, ready_ms, .. } = self;
        let all = self.settled.len() + missing + open;
        let audit = if self.audit.is_ok() { "clean" } else { "damage" };
        println!(
            "{durability:<10}  {cut:>3}  {placed:>12}  {all:>6}  {missing:>7}  {open:>4}  \
             {audit:<6}  {ready_ms:>5} ms"
        );
    }
}
