//! Where to ask, and for which page.

use std::fmt;
use std::path::Path;

use super::super::reach::Way;
use crate::cli::Health;
use crate::context::Context;
use crate::failure::Failure;
use crate::load::load;

/// A page and the way to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) way: Way,
    /// The path of the page, with its query.
    pub(super) page: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let colon = if matches!(self.way, Way::Unix(_)) { ":" } else { "" };
        write!(f, "{}{colon}{}", self.way, self.page)
    }
}

/// Finds the page that the flags ask for: where they say, or where the configuration has the proxy listen.
pub(super) fn find(flags: &Health, file: Option<&Path>, context: &Context) -> Result<Place, Failure> {
    let page = page(flags);
    if let Some(url) = &flags.url {
        let named = "--url takes http://HOST:PORT, https://HOST:PORT, a page there or unix:SOCKET";
        let (way, named_page) =
            Way::parse(url, &context.cwd).ok_or_else(|| Failure::Usage(named.to_owned()))?;
        // A page in it is asked for instead of the one of the other flags.
        return Ok(Place { way, page: named_page.unwrap_or(page) });
    }
    let settings = load(file, Vec::new(), context)?.settings;
    let way = if flags.management {
        Way::managed(&settings.management, &context.cwd)
    } else {
        Way::served(&settings.server)
    };
    way.map(|way| Place { way, page }).map_err(|message| Failure::Usage(message.to_owned()))
}

fn page(flags: &Health) -> String {
    match (&flags.plugin, &flags.component) {
        (Some(plugin), Some(component)) => format!("/plugins/{plugin}/health/{component}"),
        (Some(plugin), None) => format!("/plugins/{plugin}/health"),
        (None, Some(component)) => format!("/health/checks/{component}"),
        (None, None) if flags.live => "/health/live".to_owned(),
        (None, None) if flags.ready => "/health/ready".to_owned(),
        (None, None) if flags.startup => "/health/startup".to_owned(),
        (None, None) => "/health".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn found(args: &[&str], env: &[(&str, &str)]) -> Option<String> {
        let context = Context { env: env.iter().copied().collect(), cwd: "/none".into() };
        let cli = Cli::try_parse_from(["ccproxy", "health"].iter().chain(args)).unwrap();
        let Command::Health(flags) = cli.command else { panic!("not health") };
        find(&flags, None, &context).ok().map(|place| place.to_string())
    }

    fn check(args: &[&str], env: &[(&str, &str)], expect: Option<&str>) {
        assert_eq!(found(args, env).as_deref(), expect, "{args:?} {env:?}");
    }

    #[test]
    fn by_the_configuration() {
        let (host, port) = ("CCPROXY__SERVER__HOST", "CCPROXY__SERVER__PORT");
        check(&[], &[], Some("http://127.0.0.1:8000/health"));
        check(&["--live"], &[(port, "81")], Some("http://127.0.0.1:81/health/live"));
        check(&["--ready"], &[(host, "0.0.0.0")], Some("http://127.0.0.1:8000/health/ready"));
        check(&["--startup"], &[(host, "::")], Some("http://[::1]:8000/health/startup"));
        check(&[], &[(port, "0")], None);
        let tls = "CCPROXY__SERVER__TLS";
        check(&[], &[(tls, "{ cert = 'c', key = 'k' }")], Some("https://127.0.0.1:8000/health"));
        check(&[], &[(tls, "{ cert = 'c', key = 'k', client_ca = 'a' }")], None);
    }

    #[test]
    fn by_name() {
        let check = |args, expect| check(args, &[], Some(expect));
        check(&["--component", "disk"], "http://127.0.0.1:8000/health/checks/disk");
        check(&["--plugin", "claude"], "http://127.0.0.1:8000/plugins/claude/health");
        check(
            &["--plugin", "claude", "--component", "cli"],
            "http://127.0.0.1:8000/plugins/claude/health/cli",
        );
    }

    #[test]
    fn by_url() {
        let check = |args: &[&str], expect| check(args, &[], expect);
        check(&["--ready", "--url", "http://a:1/"], Some("http://a:1/health/ready"));
        check(&["--url", "http://a:1"], Some("http://a:1/health"));
        check(&["--url", "http://[::1]"], Some("http://[::1]/health"));
        check(&["--ready", "--url", "http://a:1/livez?verbose"], Some("http://a:1/livez?verbose"));
        check(&["--live", "--url", "unix:/run/c.sock"], Some("unix:/run/c.sock:/health/live"));
        check(&["--url", "unix:c.sock"], Some("unix:/none/c.sock:/health"));
        check(&["--live", "--url", "unix:/run/c.sock:/readyz"], Some("unix:/run/c.sock:/readyz"));
        check(&["--url", "unix:"], None);
        check(&["--url", "https://a:1"], Some("https://a:1/health"));
        check(&["--url", "ftp://a:1"], None);
        check(&["--url", "http://user:word@a:1"], None);
        check(&["--url", "a:1"], None);
    }

    #[test]
    fn by_the_management_listener() {
        let (socket, port) = ("CCPROXY__MANAGEMENT__SOCKET", "CCPROXY__MANAGEMENT__PORT");
        let check = |env: &[(&str, &str)], expect| check(&["--management", "--live"], env, expect);
        check(&[], None);
        check(&[(port, "0")], None);
        check(&[(port, "81")], Some("http://127.0.0.1:81/health/live"));
        check(&[(port, "81"), (socket, "/run/c.sock")], Some("unix:/run/c.sock:/health/live"));
    }
}
