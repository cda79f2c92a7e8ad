//! Fills a store with plausible records, and times what is asked of it: `cargo xtask fill`.
#![allow(clippy::print_stdout, reason = "it reports on stdout")]

mod records;
mod time;

use std::sync::Arc;
use std::time::Duration;

use ccproxy_record::Record;
use ccproxy_store::{Kept, Kind, Options, Store, StoreError};
use clap::Parser;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// As many as a lane writes at once.
const BATCH: u64 = 4_096;

/// Fills a store with plausible records, or times what a dashboard asks of it.
#[derive(Parser)]
struct Order {
    /// Where the store is: a path, `sqlite:PATH`, or `postgres://…`.
    #[arg(long, default_value = "target/fill.db")]
    url: Kind,
    /// How many records to add.
    #[arg(long, default_value_t = 0)]
    records: u64,
    /// Over how many days; 0 has them all end now, as they come while the proxy runs.
    #[arg(long, default_value_t = 30)]
    days: u32,
    /// How many at once, where they all end now.
    #[arg(long, default_value_t = BATCH)]
    batch: u64,
    /// Print how long each query of a dashboard takes.
    #[arg(long)]
    time: bool,
}

fn main() -> Result<(), StoreError> {
    let order = Order::parse();
    const DAY: Duration = Duration::from_secs(24 * 3600);
    let kept = Kept { records: 3650 * DAY, usage: 3650 * DAY, size: u64::MAX };
    let store = Store::open(&Options { kind: order.url, kept })?;
    if order.records > 0 {
        fill(&store, order.records, order.days, order.batch.max(1))?;
    }
    if order.time { time::queries(&store) } else { Ok(()) }
}

fn fill(store: &Store, count: u64, days: u32, batch: u64) -> Result<(), StoreError> {
    let mut random = fastrand::Rng::with_seed(7);
    let now = Timestamp::now();
    let span = SignedDuration::from_hours(24 * i64::from(days));
    // Whole days at once, so that their sums are written once.
    let batch = if days == 0 { batch } else { (count / u64::from(days)).clamp(BATCH, 50_000) };
    let mut spent = Duration::ZERO;
    let mut done = 0;
    while done < count {
        let most = batch.min(count - done);
        let records: Vec<Arc<Record>> = (done..done + most)
            .map(|number| {
                #[expect(clippy::cast_precision_loss, reason = "a share")]
                let ago = span.mul_f64(1.0 - number as f64 / count as f64);
                Arc::new(records::record(&mut random, if days == 0 { Timestamp::now() } else { now - ago }))
            })
            .collect();
        let begin = Instant::now();
        store.append(&records)?;
        spent += begin.elapsed();
        done += most;
    }
    #[expect(clippy::cast_precision_loss, reason = "a count")]
    let rate = count as f64 / spent.as_secs_f64();
    let megabytes = store.size()? >> 20;
    println!(
        "{count} records in {:.1} s, {rate:.0} a second, by {batch} at once; {megabytes} MiB",
        spent.as_secs_f64()
    );
    Ok(())
}
