//! A simulated power cut: orders are placed on a disk that forgets what was not flushed, the disk
//! is killed, and every acknowledged order must be there when it comes back.
//!
//! A killed process proves nothing about durability, because the kernel still has its writes. Here
//! the disk is a file behind a write-back cache in a process of its own: `kill -9` of that process
//! loses every write since the last flush, as a power cut would. Needs root, loop devices, and
//! Debian's `nbdkit`, `libnbd-bin` and `fuse3`.

mod disk;
mod shop;

use std::{path::PathBuf, time::Duration};

use anyhow::{Context as _, bail, ensure};
use clap::Parser;
use disk::Disk;
use shop::{Order, Shop};

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
    /// Also run with `synchronous=NORMAL`, and fail unless the rig shows orders lost by it: this
    /// proves that the rig can see a loss at all.
    #[arg(long)]
    control: bool,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let missing = disk::missing_tools();
    if !missing.is_empty() {
        bail!("{} missing: apt-get install nbdkit libnbd-bin fuse3", missing.join(", "));
    }
    let binary = args.binary.canonicalize().context("the binary is built: cargo build -p stoa")?;
    let full = Trial { binary, cuts: args.cuts, load: Duration::from_millis(args.load_ms) };
    let lost = full.run("full")?;
    ensure!(lost == 0, "{lost} acknowledged orders are lost");
    if args.control {
        let control = Trial { cuts: args.cuts.max(5), ..full };
        let lost = control.run("normal")?;
        ensure!(lost > 0, "the rig did not notice that synchronous=NORMAL loses orders");
    }
    Ok(())
}

struct Trial {
    binary: PathBuf,
    cuts: u32,
    load: Duration,
}

impl Trial {
    /// Cuts the power again and again on one disk; returns how many acknowledged orders are gone.
    fn run(&self, durability: &str) -> anyhow::Result<usize> {
        let mut disk = Disk::format()?;
        let (mut acknowledged, mut missing) = (Vec::<Order>::new(), 0);
        for cut in 1..=self.cuts {
            let shop = Shop::start(&self.binary, disk.folder(), durability)?;
            let placed = shop.place_orders(self.load, || disk.cut())?;
            drop(shop);
            ensure!(placed.len() > 20, "only {} orders were acknowledged", placed.len());
            disk.power_up()?;
            let shop = Shop::start(&self.binary, disk.folder(), durability)?;
            shop.comes_to_rest(Duration::from_secs(20))?;
            let (found, gone): (Vec<Order>, Vec<Order>) = acknowledged
                .into_iter()
                .chain(placed)
                .partition(|order| shop.has_settled(order).unwrap_or(false));
            let audit = shop.audit(&self.binary)?;
            println!(
                "{durability}: cut {cut}: {} acknowledged orders, {} lost, audit {}",
                found.len() + gone.len(),
                gone.len(),
                if audit { "clean" } else { "finds damage" }
            );
            ensure!(audit || durability != "full", "the audit finds damage");
            missing += gone.len();
            acknowledged = found;
        }
        Ok(missing)
    }
}
