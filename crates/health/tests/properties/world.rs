//! A health in random states, reached as in real life: outcomes are reported, time passes, operators switch.

use std::{future::Future, time::Duration};

use ccproxy_health::{
    Builder, ComponentType, Health, Identity, Outcome, Part, Profile, Reporter, Scope, Spec, check_fn,
};
use fastrand::Rng;
use tokio::time::advance;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How many states one world goes through.
const STATES: u64 = 100;

/// The routes that components of a world affect.
pub(crate) const ROUTES: [&str; 4] =
    ["/v1/messages", "/{name}/v1/chat", "/v1{/path*}{?q,lang:2}", "/%7Ea/{+b}"];

/// How many random states there are to look at.
pub(crate) fn cases() -> u64 {
    std::env::var("CCPROXY_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(100_000)
}

/// Runs on a clock that stands still unless it is advanced.
pub(crate) fn paused<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(future)
}

/// Lets the few tasks of a health do what they can at this moment.
pub(crate) async fn settle() {
    for _ in 0..8 {
        tokio::task::yield_now().await;
    }
}

pub(crate) fn identity() -> Identity {
    Identity::new("1.2.3", "service", "Service")
}

/// What a world is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) profile: Profile,
    /// Whether components may be critical.
    pub(crate) critical: bool,
    /// Whether the phase, the container and the heartbeats change, too.
    pub(crate) process: bool,
}

pub(crate) struct World {
    pub(crate) health: Health,
    kind: Kind,
    reporters: Vec<(Scope, String, Reporter)>,
    parts: Vec<Part>,
    rng: Rng,
}

/// Shows `look` every state of as many worlds as it takes. A failure names the world's seed.
pub(crate) fn each_state(kind: Kind, look: impl Fn(&World)) {
    for seed in 0..cases().div_ceil(STATES) {
        paused(async {
            let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
            let mut world = World::new(kind, Rng::with_seed(seed));
            world.health.start(&tasks, stop.clone());
            settle().await;
            let told = Told(seed);
            for _ in 0..STATES {
                world.step().await;
                look(&world);
            }
            drop(told);
            stop.cancel();
            tasks.close();
            tasks.wait().await;
        });
    }
}

/// Names the seed of a world in which a test failed.
struct Told(u64);

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("in the world of seed {}", self.0);
        }
    }
}

impl World {
    pub(crate) fn new(kind: Kind, mut rng: Rng) -> Self {
        let mut builder = Builder::new(identity());
        builder.profile(kind.profile).plugin("p", "P").grace(Duration::from_secs(rng.u64(0..10)));
        builder.link("about", "https://example.test/about?x=%20#y").unwrap();
        if kind.process {
            builder.gate("g");
        }
        let container = builder.container();
        let parts = vec![container.essential("storage"), container.part("extra")];
        let mut reporters = Vec::new();
        for n in 0..rng.usize(0..7) {
            let scope = if rng.bool() { Scope::plugin("p") } else { Scope::Core };
            let name = format!("c{n}");
            let spec = spec(&mut rng, kind, &name);
            let reporter = if rng.u8(0..4) == 0 {
                builder.passive(scope.clone(), spec)
            } else {
                builder.check(scope.clone(), spec, check_fn(|| async { Outcome::pass() }))
            };
            reporters.push((scope, name, reporter));
        }
        Self { health: builder.build(), kind, reporters, parts, rng }
    }

    async fn step(&mut self) {
        for _ in 0..self.rng.usize(1..4) {
            self.happen().await;
        }
        settle().await;
        if self.kind.process && self.rng.u8(0..50) == 0 {
            // Time passes and no task runs: a stall.
            stall(Duration::from_secs(self.rng.u64(1..20))).await;
        }
    }

    async fn happen(&mut self) {
        let rng = &mut self.rng;
        let some = (!self.reporters.is_empty()).then(|| rng.usize(0..self.reporters.len()));
        match (rng.u8(0..10), some) {
            (0..=4, Some(n)) => self.reporters[n].2.report(outcome(rng)),
            (5, Some(n)) => {
                let (scope, name, _) = &self.reporters[n];
                assert!(self.health.set_enabled(scope, name, rng.u8(0..3) > 0));
            }
            (6, _) if self.kind.process => self.process(),
            (7, _) => advance(Duration::from_millis(rng.u64(0..40_000))).await,
            _ => advance(Duration::from_millis(rng.u64(0..1000))).await,
        }
        tokio::task::yield_now().await;
    }

    fn process(&mut self) {
        let part = &self.parts[self.rng.usize(0..2)];
        match self.rng.u8(0..8) {
            0 | 1 => drop(self.health.open_gate("g")),
            2 => drop(self.health.take_out()),
            3 | 4 => drop(self.health.undrain()),
            5 | 6 => part.started(),
            _ => part.failed("no room in /var/lib/x"),
        }
    }

    /// Every upstream fails, as the plugins see it.
    pub(crate) fn break_plugins(&self) {
        for (_, _, reporter) in self.reporters.iter().filter(|(scope, ..)| *scope != Scope::Core) {
            (0..3).for_each(|_| reporter.report(Outcome::fail("down")));
        }
    }

    pub(crate) fn rng(&self) -> Rng {
        self.rng.clone()
    }
}

/// Moves the clock and polls no other task before returning.
async fn stall(time: Duration) {
    let mut moved = Box::pin(advance(time));
    std::future::poll_fn(|context| {
        let _ = moved.as_mut().poll(context);
        std::task::Poll::Ready(())
    })
    .await;
}

fn spec(rng: &mut Rng, kind: Kind, name: &str) -> Spec {
    let types =
        [ComponentType::Component, ComponentType::Datastore, ComponentType::System, ComponentType::Service];
    let mut spec = Spec::new(name)
        .unwrap()
        .component_type(types[rng.usize(0..4)])
        .interval(Duration::from_millis(rng.u64(1..30_000)))
        .timeout(Duration::from_millis(rng.u64(0..5000)))
        // Only what is reported counts here; runs have promises of their own.
        .initial_delay(Duration::from_secs(1_000_000))
        .fall(rng.u32(1..4))
        .rise(rng.u32(1..4))
        .critical(kind.critical && rng.bool());
    if rng.bool() {
        spec = spec.measurement("latency").unwrap();
    }
    spec.affects(&ROUTES[..rng.usize(0..5)]).unwrap()
}

fn outcome(rng: &mut Rng) -> Outcome {
    let texts =
        ["", "slow", "refused by https://u:p@h.test/x", "\"\\\n\u{7f}\u{200d}ü", "open /etc/x: denied"];
    let text = texts[rng.usize(0..5)];
    let outcome = match rng.u8(0..6) {
        0..=2 => Outcome::pass(),
        3 => Outcome::pass().output(text),
        4 => Outcome::warn(text),
        _ => Outcome::fail(text.repeat(rng.usize(1..60))),
    };
    match rng.u8(0..8) {
        0 => outcome.observed(0, "ms"),
        1 => outcome.observed(false, "connected"),
        2 => outcome.observed(0.5, ""),
        3 => outcome.observed(f64::NAN, "ms"),
        4 => outcome.observed("16.1", "version"),
        _ => outcome,
    }
}
