//! A line of `[[routes]]`: which of its targets is asked first.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ccproxy_config::{Pattern, Route as Settings, Sticky, Strategy};

use super::Instance;

/// A route, its targets found.
pub(crate) struct Route {
    pub(crate) model: Pattern,
    /// The same as text, for records.
    pub(crate) name: Arc<str>,
    pub(crate) targets: Vec<Target>,
    pub(crate) sticky: Option<Sticky>,
    strategy: Strategy,
    turn: AtomicUsize,
}

/// Where a route leads.
pub(crate) struct Target {
    pub(crate) instance: Arc<Instance>,
    /// The model to ask for; the client's own where there is none.
    pub(crate) model: Option<String>,
    /// Its share of the requests, where the strategy goes by shares.
    weight: u32,
    /// What tells it apart from others in every process and at every start.
    id: u64,
}

impl Route {
    /// The configuration has checked that the instances exist.
    pub(super) fn of(settings: &Settings, instances: &BTreeMap<String, Arc<Instance>>) -> Self {
        let weights = settings.weights.iter().copied().chain(std::iter::repeat(1));
        let targets = settings.targets.iter().zip(weights).filter_map(|(target, weight)| {
            let instance = Arc::clone(instances.get(&target.instance)?);
            let id = hash(&[target.to_string().as_bytes()]);
            Some(Target { instance, model: target.model.clone(), weight, id })
        });
        Self {
            model: settings.model.clone(),
            name: settings.model.to_string().into(),
            targets: targets.collect(),
            sticky: settings.sticky,
            strategy: settings.strategy,
            turn: AtomicUsize::new(0),
        }
    }

    /// The targets in the order in which to ask them, each by its place, if all are well.
    pub(crate) fn order(&self, session: Option<&[u8]>) -> Vec<usize> {
        let weights = self.targets.iter().map(|target| target.weight);
        match (self.strategy, session) {
            (Strategy::Failover, _) => (0..self.targets.len()).collect(),
            (_, Some(session)) => {
                let chance = |target: &Target| fraction(hash(&[&target.id.to_le_bytes(), session]));
                by_share(weights.zip(self.targets.iter().map(chance)))
            }
            (Strategy::RoundRobin, None) => {
                in_turn(self.targets.len(), self.turn.fetch_add(1, Ordering::Relaxed))
            }
            (Strategy::Weighted, None) => by_share(weights.map(|weight| (weight, fastrand::f64()))),
            (Strategy::LeastLatency, None) => {
                let mut order: Vec<usize> = (0..self.targets.len()).collect();
                fastrand::shuffle(&mut order);
                cheaper_first(&mut order, |at| {
                    self.targets.get(at).map(|target| target.instance.traffic.cost())
                });
                order
            }
        }
    }
}

/// Each in its turn, and after it those that follow.
fn in_turn(targets: usize, turn: usize) -> Vec<usize> {
    (0..targets).map(|at| (turn % targets.max(1) + at) % targets.max(1)).collect()
}

/// Of the first two the cheaper comes first: of two at random, which does not send everybody to the same one.
fn cheaper_first(order: &mut [usize], cost: impl Fn(usize) -> Option<f64>) {
    if let [first, second, ..] = order
        && cost(*second) < cost(*first)
    {
        std::mem::swap(first, second);
    }
}

/// At random or by a session's hash, so that the first is a target as often as its share says (weighted rendezvous
/// hashing: of a target that comes or goes only its own sessions move). A target without a share comes last.
fn by_share(targets: impl Iterator<Item = (u32, f64)>) -> Vec<usize> {
    let mut costs: Vec<(f64, usize)> = targets
        .enumerate()
        .map(|(at, (weight, chance))| {
            let cost = if weight == 0 {
                f64::INFINITY
            } else {
                -chance.max(f64::MIN_POSITIVE).ln() / f64::from(weight)
            };
            (cost, at)
        })
        .collect();
    costs.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    costs.into_iter().map(|(_, at)| at).collect()
}

/// A hash that is the same in every process.
fn hash(parts: &[&[u8]]) -> u64 {
    let mut hasher = blake3::Hasher::new();
    parts.iter().for_each(|part| {
        hasher.update(part);
    });
    let mut first = [0; 8];
    hasher.finalize_xof().fill(&mut first);
    u64::from_le_bytes(first)
}

/// From 0 up to 1.
fn fraction(hash: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "53 bits are all that a fraction has")]
    let fraction = (hash >> 11) as f64 / (1_u64 << 53) as f64;
    fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns() {
        assert_eq!(in_turn(3, 0), [0, 1, 2]);
        assert_eq!(in_turn(3, 5), [2, 0, 1]);
        assert_eq!(in_turn(1, usize::MAX), [0]);
        assert_eq!(in_turn(0, 1), [0_usize; 0]);
    }

    #[test]
    fn the_cheaper_of_two() {
        let check = |costs: [f64; 3], expect: [usize; 3]| {
            let mut order = [0, 1, 2];
            cheaper_first(&mut order, |at| costs.get(at).copied());
            assert_eq!(order, expect);
        };
        check([1.0, 2.0, 0.0], [0, 1, 2]);
        check([2.0, 1.0, 0.0], [1, 0, 2]);
        check([1.0, 1.0, 1.0], [0, 1, 2]);
    }

    #[test]
    fn shares_are_kept() {
        let mut random = fastrand::Rng::with_seed(7);
        let mut firsts = [0_u32; 3];
        for _ in 0..10_000 {
            let order = by_share([3, 1, 0].into_iter().map(|weight| (weight, random.f64())));
            assert_eq!(order.last(), Some(&2), "no share");
            firsts[order[0]] += 1;
        }
        assert!((7300..7700).contains(&firsts[0]) && firsts[2] == 0, "{firsts:?}");
    }

    #[test]
    fn sessions_stay_where_they_are() {
        let ids: Vec<u64> = (0_u64..4).map(|n| hash(&[&n.to_le_bytes()])).collect();
        let first = |ids: &[u64], session: u32| {
            let chance = |id: &u64| fraction(hash(&[&id.to_le_bytes(), &session.to_le_bytes()]));
            ids[by_share(ids.iter().map(|id| (1, chance(id))))[0]]
        };
        let moved = (0..10_000).filter(|session| {
            let (before, after) = (first(&ids, *session), first(&ids[..3], *session));
            before != after && before != ids[3]
        });
        assert_eq!(moved.count(), 0, "only the sessions of the target that went move");
        let on_last = (0..10_000).filter(|session| first(&ids, *session) == ids[3]).count();
        assert!((2300..2700).contains(&on_last), "{on_last}");
    }
}
