//! Which package may depend on which.

use super::Violation;
use super::packages::{Packages, Room};

/// The wall around a room.
struct Wall {
    /// The room, or the rooms that begin so where it ends with a hyphen.
    room: &'static str,
    /// The rooms it may use.
    may_use: &'static [&'static str],
    /// What must not even be reached through others.
    never: &'static [&'static str],
    why: &'static str,
}

const CONFIG: &str = "ccproxy-config";
const HEALTH: &str = "ccproxy-health";
const HEALTH_SERVER: &str = "ccproxy-health-server";
const HEALTH_SYSTEM: &str = "ccproxy-health-system";
const PLUGIN_API: &str = "ccproxy-plugin-api";
const PRICING: &str = "ccproxy-pricing";
const RECORD: &str = "ccproxy-record";
const STORE: &str = "ccproxy-store";
const DASHBOARD: &str = "ccproxy-dashboard";
const TRANSLATE: &str = "ccproxy-translate";
const UPSTREAM: &str = "ccproxy-upstream";
const WIRE: &str = "ccproxy-wire";

/// Everything that does I/O, or waits for it.
const IO: &[&str] =
    &["tokio", "tokio-util", "mio", "axum", "hyper", "hyper-util", "tower", "rustls", "reqwest"];
const SERVERS: &[&str] = &["axum", "hyper", "hyper-util", "tower"];

const WALLS: &[Wall] = &[
    Wall { room: WIRE, may_use: &[], never: IO, why: "it is pure" },
    Wall { room: TRANSLATE, may_use: &[WIRE], never: IO, why: "it is pure" },
    Wall { room: DASHBOARD, may_use: &[], never: IO, why: "it is files and nothing else" },
    Wall { room: CONFIG, may_use: &[], never: IO, why: "reading a configuration waits for nothing" },
    Wall { room: RECORD, may_use: &[], never: IO, why: "it is what is known, and does nothing" },
    Wall { room: PRICING, may_use: &[CONFIG, RECORD], never: IO, why: "it only calculates" },
    Wall { room: STORE, may_use: &[RECORD], never: SERVERS, why: "it keeps, and serves nobody" },
    Wall {
        room: HEALTH_SERVER,
        may_use: &[HEALTH],
        never: &["axum"],
        why: "it tells the health of any server, whatever that is built with",
    },
    Wall {
        room: HEALTH_SYSTEM,
        may_use: &[HEALTH],
        never: SERVERS,
        why: "it looks at any process and its machine, whatever that serves",
    },
    Wall { room: HEALTH, may_use: &[], never: SERVERS, why: "health knows no HTTP server and no LLM" },
    Wall { room: "ccproxy-telemetry", may_use: &[CONFIG], never: IO, why: "it only writes lines" },
    Wall {
        room: PLUGIN_API,
        may_use: &[CONFIG, HEALTH, RECORD, TRANSLATE, WIRE],
        never: SERVERS,
        why: "the boundary is small",
    },
    Wall {
        room: UPSTREAM,
        may_use: &[CONFIG, HEALTH, PLUGIN_API, WIRE],
        never: &["axum"],
        why: "a client knows no server",
    },
    // The longer name first: the boundary is no plugin.
    Wall {
        room: "ccproxy-plugin-",
        may_use: &[CONFIG, HEALTH, PLUGIN_API, RECORD, UPSTREAM, WIRE],
        never: &["ccproxy-server", "axum"],
        why: "a plugin depends neither on the server nor on another plugin",
    },
    Wall {
        room: "ccproxy-server",
        may_use: &[
            CONFIG,
            DASHBOARD,
            HEALTH,
            HEALTH_SERVER,
            HEALTH_SYSTEM,
            PLUGIN_API,
            PRICING,
            RECORD,
            TRANSLATE,
            UPSTREAM,
            WIRE,
            STORE,
        ],
        never: &[],
        why: "the server names no plugin; the program's list does",
    },
];

/// Rooms that bring others together.
const FREE: [&str; 4] = ["ccproxy", "ccproxy-bench", "ccproxy-testkit", "xtask"];

/// Packages that no room may name, with the exceptions.
const BANNED: [(&str, &[&str], &str); 3] = [
    ("inventory", &[], "a plugin is one line in a list, or it is silently missing"),
    ("linkme", &[], "a plugin is one line in a list, or it is silently missing"),
    ("anyhow", &["xtask"], "a room has an error type of its own"),
];

pub(super) fn check(packages: &Packages) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (name, room) in packages.rooms() {
        violations.extend(banned(name, room));
        match WALLS
            .iter()
            .find(|wall| wall.room == name || (wall.room.ends_with('-') && name.starts_with(wall.room)))
        {
            Some(wall) => violations.extend(behind(wall, name, room, packages)),
            None if FREE.contains(&name) => {}
            None => {
                violations.push(Violation::new(name, "has no wall; give it one in xtask/src/rules/walls.rs"))
            }
        }
    }
    violations
}

fn banned(name: &str, room: &Room) -> Vec<Violation> {
    let used = BANNED.iter().filter(|(package, except, _)| {
        !except.contains(&name) && (room.needs.contains(*package) || room.tests_need.contains(*package))
    });
    used.map(|(package, _, why)| Violation::new(name, format!("must not use {package}: {why}"))).collect()
}

fn behind(wall: &Wall, name: &str, room: &Room, packages: &Packages) -> Vec<Violation> {
    let why = wall.why;
    let strangers =
        room.needs.iter().filter(|need| packages.is_room(need) && !wall.may_use.contains(&need.as_str()));
    let mut violations: Vec<Violation> =
        strangers.map(|need| Violation::new(name, format!("must not depend on {need}: {why}"))).collect();
    // Tests may use tools, but no plugin tests another and the server tests none.
    let plugins =
        room.tests_need.iter().filter(|need| need.starts_with("ccproxy-plugin-") && *need != PLUGIN_API);
    violations.extend(
        plugins.map(|need| Violation::new(name, format!("its tests must not depend on {need}: {why}"))),
    );
    if let Some(way) = packages.way(name, wall.never) {
        violations.push(Violation::new(name, format!("reaches {}: {why}", way.join(" -> "))));
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    #[test]
    fn walls_keep() {
        let check = |packages: &[&str], expect: &[&str]| {
            assert_eq!(lines(check(&Packages::from_lines(packages))), expect, "{packages:?}");
        };
        check(&["ccproxy-wire bytes", "bytes"], &[]);
        check(&["ccproxy-wire jiff ?tokio", "jiff"], &[]);
        check(
            &["ccproxy-wire helper", "helper tokio", "tokio"],
            &["ccproxy-wire: reaches ccproxy-wire -> helper -> tokio: it is pure"],
        );
        check(&["ccproxy-health tokio", "tokio mio"], &[]);
        check(
            &["ccproxy-health ccproxy-wire", "ccproxy-wire"],
            &["ccproxy-health: must not depend on ccproxy-wire: health knows no HTTP server and no LLM"],
        );
        let plugin = "a plugin depends neither on the server nor on another plugin";
        check(
            &["ccproxy-plugin-a ccproxy-plugin-b", "ccproxy-plugin-b"],
            &[&format!("ccproxy-plugin-a: must not depend on ccproxy-plugin-b: {plugin}")],
        );
        check(
            &["ccproxy-plugin-a ?ccproxy-testkit", "ccproxy-testkit ccproxy-server", "ccproxy-server"],
            &[],
        );
        check(
            &["ccproxy-server ?ccproxy-plugin-a", "ccproxy-plugin-a"],
            &["ccproxy-server: its tests must not depend on ccproxy-plugin-a: \
               the server names no plugin; the program's list does"],
        );
        check(
            &["ccproxy inventory", "inventory"],
            &["ccproxy: must not use inventory: a plugin is one line in a list, or it is silently missing"],
        );
        check(&["ccproxy-core"], &["ccproxy-core: has no wall; give it one in xtask/src/rules/walls.rs"]);
    }
}
