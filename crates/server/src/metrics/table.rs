//! Series of one family, by the values of their labels.

use std::sync::Arc;

use arc_swap::ArcSwap;

/// What stands for every label of what there is no room for.
pub(super) const OTHER: &str = "other";

/// One series.
pub(super) type Entry<T, const N: usize> = ([Box<str>; N], Arc<T>);

/// At most so many series in the order of their labels, and one for all the rest. A new one is rare, so it costs a copy of
/// the list; finding one takes no lock and no memory.
pub(super) struct Table<T, const N: usize> {
    series: ArcSwap<Vec<Entry<T, N>>>,
    most: usize,
}

impl<T: Default, const N: usize> Table<T, N> {
    pub(super) fn new(most: usize) -> Self {
        Self { series: ArcSwap::default(), most }
    }

    /// Does something with the series of these labels.
    pub(super) fn with(&self, labels: [&str; N], work: impl FnOnce(&T)) {
        match find(&self.series.load(), labels) {
            Ok(series) => work(series),
            Err(_) => work(&self.add(labels)),
        }
    }

    fn add(&self, labels: [&str; N]) -> Arc<T> {
        let mut added = Arc::new(T::default());
        self.series.rcu(|before| {
            let full = before.len() >= self.most;
            let labels = if full && find(before, labels).is_err() { [OTHER; N] } else { labels };
            match find(before, labels) {
                Ok(there) => {
                    added = Arc::clone(there);
                    Arc::clone(before)
                }
                Err(at) => {
                    let mut after = Vec::with_capacity(before.len() + 1);
                    after.extend(before.iter().cloned());
                    after.insert(at, (labels.map(Box::from), Arc::clone(&added)));
                    Arc::new(after)
                }
            }
        });
        added
    }

    /// All of them.
    pub(super) fn all(&self) -> Arc<Vec<Entry<T, N>>> {
        self.series.load_full()
    }
}

/// The series, or where it would be.
fn find<'a, T, const N: usize>(series: &'a [Entry<T, N>], labels: [&str; N]) -> Result<&'a Arc<T>, usize> {
    let at = series.binary_search_by(|(there, _)| there.iter().map(|label| &**label).cmp(labels))?;
    series.get(at).map(|(_, series)| series).ok_or(at)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::super::series::add;
    use super::*;

    #[test]
    fn what_there_is_no_room_for_is_counted_together() {
        let table = Table::<AtomicU64, 2>::new(3);
        for labels in [["b", "1"], ["a", "2"], ["a", "1"], ["c", "1"], ["c", "2"], ["a", "2"]] {
            table.with(labels, |count| add(count, 1));
        }
        let all = table.all();
        let told: Vec<_> =
            all.iter().map(|([a, b], count)| (&**a, &**b, count.load(Ordering::Relaxed))).collect();
        assert_eq!(told, [("a", "1", 1), ("a", "2", 2), ("b", "1", 1), ("other", "other", 2)]);
    }

    #[test]
    fn threads_that_add_at_once_lose_nothing() {
        let table = Table::<AtomicU64, 1>::new(100);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for n in 0..200 {
                        table.with([&n.to_string()], |count| add(count, 1));
                    }
                });
            }
        });
        let sum: u64 = table.all().iter().map(|(_, count)| count.load(Ordering::Relaxed)).sum();
        assert_eq!((table.all().len(), sum), (101, 800));
    }
}
