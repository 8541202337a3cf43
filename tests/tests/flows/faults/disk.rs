//! A disk that is full, or may only be read: a small file system of its own, which takes root.

use std::{
    fs::{self, File},
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use flows::{Shop, id_of, order_of, place};
use kernel::Clock;
use testkit::{Answer, Folder, System, eventually};

use super::told;

const SIZE: &str = "24m";
/// How long the disk stays full: longer than it takes a part that fails at once to be given up.
const FULL_FOR: Duration = Duration::from_secs(5);

/// A file system in memory, mounted on a folder of its own.
struct Disk {
    path: PathBuf,
    _folder: Folder,
}

impl Disk {
    fn new() -> Self {
        let folder = Folder::new();
        let path = folder.path().join("disk");
        fs::create_dir(&path).expect("the temporary folder is writable");
        let size = format!("size={SIZE}");
        mount(&["-t", "tmpfs", "-o", &size, "tmpfs"], &path);
        Self { path, _folder: folder }
    }

    fn remount(&self, how: &str) {
        mount(&["-o", &format!("remount,{how}")], &self.path);
    }

    fn path(&self) -> &str {
        self.path.to_str().expect("a text")
    }

    /// Takes all space that is left.
    fn fill(&self) {
        let mut ballast = File::options().append(true).create(true).open(self.ballast());
        let ballast = ballast.as_mut().expect("it opens");
        for chunk in [64 * 1024, 4096, 1] {
            let zeros = vec![0; chunk];
            let full = loop {
                match ballast.write_all(&zeros) {
                    Ok(()) => {}
                    Err(error) => break error.kind(),
                }
            };
            assert_eq!(full, ErrorKind::StorageFull);
        }
    }

    /// Gives it back.
    fn clear(&self) {
        fs::remove_file(self.ballast()).expect("there is ballast");
    }

    fn ballast(&self) -> PathBuf {
        self.path.join("ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Whoever still has it open keeps it until the end; its name is free.
        let _ = Command::new("umount").arg("-l").arg(&self.path).status();
    }
}

fn mount(arguments: &[&str], at: &Path) {
    let mounted = Command::new("mount").args(arguments).arg(at).output().expect("mount is here");
    assert!(
        mounted.status.success(),
        "this test mounts a file system of its own: run it as root, where mounting is allowed ({})",
        String::from_utf8_lossy(&mounted.stderr).trim()
    );
}

async fn shop_on(disk: &Disk) -> Shop {
    let settings = [("STOA_DATA_DIR", disk.path()), ("STOA_ORDERS__CHALLENGE_TIMEOUT_MS", "1000")];
    let shop = Shop::open_with(&settings).await;
    shop.stock("TEA", 500, 10_000).await;
    shop
}

async fn order(shop: &Shop, key: &str) -> Answer {
    place(&shop.guest, key, &order_of(&[("TEA", 1)], "tok_visa")).send().await
}

#[tokio::test]
async fn a_full_disk_refuses_orders_and_takes_them_again_once_there_is_space() {
    let disk = Disk::new();
    let shop = shop_on(&disk).await;
    let mut placed = vec![id_of(&order(&shop, "before").await)];
    shop.at_rest().await;
    let asked = shop.order("due", &order_of(&[("TEA", 1)], "tok_challenge")).await;
    let due = asked["id"].as_str().expect("an id");

    let (clock, mut refused) = (Clock::system(), Vec::new());
    for number in 0.. {
        // What is written meanwhile makes room elsewhere, in logs that begin anew.
        disk.fill();
        let answer = order(&shop, &format!("k{number}")).await;
        match answer.status {
            201 => placed.push(id_of(&answer)),
            _ => refused.push((number, answer)),
        }
        if clock.instant() > FULL_FOR {
            break;
        }
    }
    let seen = shop.find(&placed[0]).await;
    disk.clear();
    let (last, _) = refused.last().expect("some are refused");
    let again = eventually("orders are taken again", async || {
        Some(order(&shop, &format!("k{last}")).await).filter(|answer| answer.status == 201)
    })
    .await;
    placed.push(id_of(&again));

    for (_, answer) in &refused {
        let told = (answer.status, answer.problem());
        assert_eq!(told, (503, Some("storage-full".to_owned())), "{}", answer.text());
    }
    assert_eq!(seen.expect("what is there can be read")["status"], "confirmed");
    for id in &placed {
        assert_eq!(shop.settled(id).await["status"], "confirmed", "acknowledged, so served");
    }
    assert_eq!(shop.settled(due).await["rejection"]["code"], "payment_challenge_expired");
    assert_eq!(shop.orders().await.len(), placed.len() + 1, "a refused order is none");
    shop.at_rest().await;
    shop.books_agree().await;
    audited(&disk).await;
}

async fn audited(disk: &Disk) {
    assert_eq!(flows::audit(&disk.path).await["open"], 0);
}

#[tokio::test]
async fn a_start_on_a_full_disk_says_so() {
    let disk = Disk::new();
    let folder = Folder::new();
    disk.fill();

    let refused = System::start_with(folder.path(), &[("STOA_DATA_DIR", disk.path())]).await;

    told(&refused.expect_err("it does not start"), 74, &["No space left"]);
}

#[tokio::test]
async fn a_crash_on_a_full_disk_loses_nothing() {
    let disk = Disk::new();
    let mut shop = shop_on(&disk).await;
    let placed = id_of(&order(&shop, "k").await);

    disk.fill();
    shop.system.kill().await;
    // It may find the room that it needs in its own files.
    let started = shop.system.try_again(&[]).await;
    disk.clear();
    match started {
        Ok(system) => shop.system = system,
        Err(refused) => {
            told(&refused, 74, &["full"]);
            shop.revive(&[]).await;
        }
    }

    assert_eq!(shop.settled(&placed).await["status"], "confirmed");
    shop.at_rest().await;
    shop.books_agree().await;
    audited(&disk).await;
}

#[tokio::test]
async fn a_directory_that_may_only_be_read_is_refused_and_left_alone() {
    let disk = Disk::new();
    let mut shop = shop_on(&disk).await;
    let placed = id_of(&order(&shop, "k").await);
    shop.at_rest().await;
    assert!(shop.system.stop().await.success());

    disk.remount("ro");
    let refused = shop.system.try_again(&[]).await.expect_err("it does not start");
    disk.remount("rw");

    told(&refused, 73, &[disk.path()]);
    shop.revive(&[]).await;
    assert_eq!(shop.settled(&placed).await["status"], "confirmed");
    audited(&disk).await;
}

#[tokio::test]
async fn a_directory_that_cannot_be_made_is_refused() {
    let disk = Disk::new();
    disk.remount("ro");
    let folder = Folder::new();
    let inside = disk.path.join("data");
    let path = inside.to_str().expect("a text");

    let refused = System::start_with(folder.path(), &[("STOA_DATA_DIR", path)]).await;

    told(&refused.expect_err("it does not start"), 73, &[path]);
}
