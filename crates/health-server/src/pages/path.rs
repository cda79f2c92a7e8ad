//! The table of paths.

use ccproxy_health::text::Endpoint;

/// What a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind<'p> {
    Live,
    Ready,
    Startup,
    Detail,
    /// A plugin's page.
    Plugin(&'p str),
    /// One component, of the core or of a plugin; names as they stand in the path.
    Component(Option<&'p str>, &'p str),
    /// An alias as Kubernetes has it.
    Text(Endpoint),
    /// One check of it, by its name as it stands in the path.
    TextOne(Endpoint, &'p str),
    History,
    Events,
    Metrics,
    Drain,
    Undrain,
    /// The server as a whole, which only OPTIONS names.
    Server,
}

/// What a path names, if it is one of ours; one slash at its end is ignored.
pub(super) fn find(path: &str) -> Option<Kind<'_>> {
    let path = path.strip_suffix('/').unwrap_or(path);
    match path {
        "/health" => Some(Kind::Detail),
        "/health/live" => Some(Kind::Live),
        "/health/ready" => Some(Kind::Ready),
        "/health/startup" => Some(Kind::Startup),
        "/health/history" => Some(Kind::History),
        "/health/events" => Some(Kind::Events),
        "/metrics" => Some(Kind::Metrics),
        "/drain" => Some(Kind::Drain),
        "/undrain" => Some(Kind::Undrain),
        _ => component(path).or_else(|| text(path)),
    }
}

fn component(path: &str) -> Option<Kind<'_>> {
    if let Some(name) = path.strip_prefix("/health/checks/") {
        return one(name).map(|name| Kind::Component(None, name));
    }
    let (plugin, rest) = path.strip_prefix("/plugins/")?.split_once('/')?;
    let plugin = one(plugin)?;
    match rest.strip_prefix("health")? {
        "" => Some(Kind::Plugin(plugin)),
        rest => one(rest.strip_prefix('/')?).map(|name| Kind::Component(Some(plugin), name)),
    }
}

/// One segment of a path.
fn one(name: &str) -> Option<&str> {
    (!name.is_empty() && !name.contains('/')).then_some(name)
}

fn text(path: &str) -> Option<Kind<'_>> {
    let path = path.strip_prefix('/')?;
    // A check's label may have a slash: `plugin/name`.
    let (alias, name) = path.split_once('/').map_or((path, None), |(alias, name)| (alias, Some(name)));
    let endpoint = match alias {
        "livez" => Endpoint::Live,
        "readyz" => Endpoint::Ready,
        "startupz" => Endpoint::Startup,
        "healthz" => Endpoint::Health,
        _ => return None,
    };
    match name {
        None => Some(Kind::Text(endpoint)),
        Some("") => None,
        Some(name) => Some(Kind::TextOne(endpoint, name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let check = |path: &str, expect| assert_eq!(find(path), expect, "{path}");
        check("/health", Some(Kind::Detail));
        check("/health/", Some(Kind::Detail));
        check("/health//", None);
        check("/health/live/", Some(Kind::Live));
        check("/health/checks/disk", Some(Kind::Component(None, "disk")));
        check("/health/checks", None);
        check("/health/checks/", None);
        check("/health/checks/a/b", None);
        check("/plugins/claude/health", Some(Kind::Plugin("claude")));
        check("/plugins/claude/health/", Some(Kind::Plugin("claude")));
        check("/plugins/claude/health/upstream", Some(Kind::Component(Some("claude"), "upstream")));
        check("/plugins/claude/healthy", None);
        check("/plugins/claude", None);
        check("/plugins//health", None);
        check("/plugins/a/b/health", None);
        check("/readyz", Some(Kind::Text(Endpoint::Ready)));
        check("/readyz/", Some(Kind::Text(Endpoint::Ready)));
        check("/readyz/claude/upstream", Some(Kind::TextOne(Endpoint::Ready, "claude/upstream")));
        check("/healthz", Some(Kind::Text(Endpoint::Health)));
        check("/readyzz", None);
        check("/drain/", Some(Kind::Drain));
        check("/", None);
        check("", None);
        check("/v1/models", None);
    }
}
