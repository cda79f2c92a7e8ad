//! Section by section of draft-inadarei-api-health-check-06, over random states: all of it in the profile `ietf`, what
//! must be in both. (The media type and the headers' text are of whoever speaks HTTP.)

mod syntax;
mod validator;

use ccproxy_health::{Answer, Cache, Profile, Scope, View, report};
use jiff::Timestamp;
use serde_json::Value;

use crate::world::{Kind, ROUTES, World, each_state};
use validator::{Page, must, should};

/// A page of the world: which components it is about, and what it says.
struct Told {
    /// None where it is about all of them, which are not shown.
    scope: Option<Scope>,
    /// The only one, by name.
    name: Option<&'static str>,
    answer: Answer,
}

/// Two pages of this state: one about everything of a scope, and one of the others in turn.
fn pages(world: &World, view: View) -> Vec<Told> {
    let health = &world.health;
    let plugin = Scope::plugin("p");
    let short = |answer| Some(Told { scope: None, name: None, answer });
    let whole = |scope: Scope| {
        let answer = match scope {
            Scope::Core => report::detail(health, view, &[]),
            Scope::Plugin(_) => report::plugin(health, view, "p", &[]).unwrap(),
        };
        Some(Told { scope: Some(scope), name: None, answer })
    };
    let one = |scope: Scope, name| {
        let answer = report::component(health, view, &scope, name)?;
        Some(Told { scope: Some(scope), name: Some(name), answer })
    };
    let mut rng = world.rng();
    let large = whole(if rng.bool() { Scope::Core } else { plugin.clone() });
    let small = match rng.u8(0..6) {
        0 => short(report::live(health, view)),
        1 => short(report::ready(health, view, &[])),
        2 => short(report::startup(health, view, &[])),
        3 => one(Scope::Core, "service_container"),
        4 => one(Scope::Core, "c0"),
        _ => one(plugin, "c1"),
    };
    large.into_iter().chain(small).collect()
}

/// Every entry's time is when its reading was taken, and it names no endpoints but its own.
fn readings(world: &World, told: &Told, page: &Value) {
    let Some(scope) = &told.scope else { return };
    let snapshot = world.health.snapshot();
    let groups = page["checks"].as_object().into_iter().flatten();
    for entry in groups.flat_map(|(_, entries)| entries.as_array().unwrap()) {
        let Some(reading) = snapshot.find(scope, entry["componentId"].as_str().unwrap()) else {
            assert_eq!(entry["componentId"], "service-container");
            continue;
        };
        let time = entry.get("time").map(|time| time.as_str().unwrap().parse::<Timestamp>().unwrap());
        assert_eq!(time.map(Timestamp::as_microsecond), reading.time().map(Timestamp::as_microsecond));
        for endpoint in entry["affectedEndpoints"].as_array().into_iter().flatten() {
            assert!(ROUTES.contains(&endpoint.as_str().unwrap()));
        }
    }
}

/// A freshness lifetime on what may be kept, no longer than the shortest interval behind it.
fn fresh(world: &World, told: &Told) {
    match &told.answer.cache {
        Cache::NoStore => assert!(!told.answer.ok),
        Cache::MaxAge { seconds, etag } => {
            assert!(told.answer.ok);
            let snapshot = world.health.snapshot();
            let mine = |seen: &ccproxy_health::Seen<'_>| {
                let reading = seen.reading;
                reading.enabled()
                    && told.scope.as_ref().is_none_or(|scope| reading.scope() == scope)
                    && told.name.is_none_or(|name| reading.spec().name() == name)
            };
            let seen = snapshot.view(tokio::time::Instant::now()).filter(mine);
            let shortest = seen.map(|seen| seen.reading.spec().every().as_secs()).min().unwrap_or(1).max(1);
            assert!((1..=shortest).contains(&u64::from(*seconds)), "{seconds} s, not {shortest}");
            assert!(syntax::is_etag(etag.as_deref().unwrap()));
        }
    }
}

fn read(told: &Told) -> Page {
    Page {
        http: told.answer.http_status(),
        status: told.answer.status.as_str(),
        body: serde_json::from_slice(&told.answer.body).unwrap(),
    }
}

const VIEWS: [View; 3] = [View::Full, View::Anonymous, View::StatusOnly];

#[test]
fn the_profile_ietf_keeps_all_of_it() {
    each_state(Kind { profile: Profile::Ietf, critical: true, process: true }, |world| {
        let view = VIEWS[usize::from(world.rng().u8(0..8)).saturating_sub(5)];
        for told in pages(world, view) {
            let page = read(&told);
            must(&page);
            fresh(world, &told);
            readings(world, &told, &page.body);
            // Who is to see the status and nothing else is told no more, though a warning should say more.
            if page.body.as_object().unwrap().len() > 1 {
                should(&page);
            } else {
                assert_ne!(view, View::Full);
            }
        }
    });
}

#[test]
fn the_originals_profile_keeps_what_must_be() {
    each_state(Kind { profile: Profile::Ccproxy, critical: true, process: true }, |world| {
        let view = VIEWS[usize::from(world.rng().u8(0..8)).saturating_sub(5)];
        for told in pages(world, view) {
            must(&read(&told));
            assert_eq!(told.answer.cache, Cache::NoStore);
        }
    });
}
