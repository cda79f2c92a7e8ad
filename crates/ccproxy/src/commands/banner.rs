//! What the operator sees when the proxy is up: where it listens, what is mounted, and one line to try.

use std::fmt::Write;
use std::net::SocketAddr;

use ccproxy_config::Settings;
use ccproxy_health_server::Listening;
use ccproxy_server::InstanceInfo;
use ccproxy_wire::Dialect;

use super::reachable;

/// The kind that answers without a key, and the model to ask it for.
const SIMULATOR: &str = "simulator";
const DEMO_MODEL: &str = "demo";

/// The facts of a start.
pub(super) struct Banner {
    listens: String,
    instances: Vec<InstanceInfo>,
    attempt: String,
    /// Where those who run the service are listened to: (what, where).
    management: Vec<(&'static str, String)>,
}

impl Banner {
    pub(super) fn new(address: SocketAddr, instances: Vec<InstanceInfo>, settings: &Settings) -> Self {
        let scheme = if settings.server.tls.is_some() { "https" } else { "http" };
        let base = format!("{scheme}://{}", reachable(address));
        let attempt = attempt(&base, &instances, settings);
        let socket = settings.management.socket.as_ref();
        let management =
            socket.map(|path| ("management socket", path.display().to_string())).into_iter().collect();
        Self { listens: format!("{scheme}://{address}"), instances, attempt, management }
    }

    /// Adds the ports of the management listener, which are known once it listens.
    pub(super) fn management(mut self, listening: Option<&Listening>) -> Self {
        let Some(listening) = listening else { return self };
        self.management.extend(listening.tcp.map(|address| ("management", format!("http://{address}"))));
        self.management.extend(listening.agent.map(|address| ("agent-check", address.to_string())));
        self
    }

    /// A block for people.
    pub(super) fn text(&self) -> String {
        let mut rows = vec![("/v1".to_owned(), "every provider, by model".to_owned())];
        rows.extend(self.instances.iter().map(|instance| {
            let dialects: Vec<&str> = instance.dialects.iter().copied().map(Dialect::name).collect();
            (mount(instance), format!("{}: {}", instance.kind, dialects.join(", ")))
        }));
        rows.push(("/health".to_owned(), "how it is".to_owned()));
        let width = rows.iter().map(|(path, _)| path.len()).max().unwrap_or_default();
        let mut text = format!("ccproxy {} listens on {}\n\n", env!("CARGO_PKG_VERSION"), self.listens);
        for (path, what) in rows {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  {path:width$}  {what}");
        }
        for (what, place) in &self.management {
            let _ = writeln!(text, "\n{what}: {place}");
        }
        let _ = writeln!(text, "\nTry it:\n  {}\n", self.attempt);
        text
    }

    /// The same as one log line.
    pub(super) fn log(&self) {
        for (what, place) in &self.management {
            tracing::info!(what, place, "also_listening");
        }
        let instances: Vec<String> = self
            .instances
            .iter()
            .map(|instance| format!("{} ({}) at {}", instance.name, instance.kind, mount(instance)))
            .collect();
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            url = self.listens,
            instances = instances.join(", "),
            unified = "/v1",
            attempt = self.attempt,
            "listening"
        );
    }
}

fn mount(instance: &InstanceInfo) -> String {
    format!("/{}/v1", instance.name)
}

/// A command that works as it stands: a question to the simulator where there is one, or else the list of models, which
/// costs nothing and needs no knowledge of names.
fn attempt(base: &str, instances: &[InstanceInfo], settings: &Settings) -> String {
    let auth = if settings.auth.is_required() { " -H \"authorization: Bearer $CCPROXY_TOKEN\"" } else { "" };
    // The certificate is hardly made for the address.
    let curl = if settings.server.tls.is_some() { "curl -sk" } else { "curl -s" };
    let simulator = instances.iter().find(|instance| instance.kind == SIMULATOR);
    let Some(simulator) = simulator else {
        let mount = instances.first().map_or_else(|| "/v1".to_owned(), mount);
        return format!("{curl} {base}{mount}/models{auth}");
    };
    let mount = if is_unified(settings, &simulator.name) { "/v1".to_owned() } else { mount(simulator) };
    format!(
        "{curl} {base}{mount}/chat/completions{auth} -H 'content-type: application/json' \
         -d '{{\"model\":\"{DEMO_MODEL}\",\"messages\":[{{\"role\":\"user\",\"content\":\"Hello\"}}]}}'"
    )
}

/// Whether the unified `/v1` sends the model to the simulator.
fn is_unified(settings: &Settings, simulator: &str) -> bool {
    let route = settings.routes.iter().find(|route| route.model.matches(DEMO_MODEL));
    let target = route.and_then(|route| route.targets.first());
    target.is_some_and(|target| target.instance == simulator && target.model.is_none())
}

#[cfg(test)]
mod tests {
    use ccproxy_config::{Env, Sources};

    use super::*;

    fn banner(file: &str, address: &str) -> Banner {
        let settings = Settings::load(&Sources::from_text("ccproxy.toml", file)).unwrap();
        let settings = settings.with_detected(&Env::default());
        let kind = |kind: &str| if kind == "simulator" { "simulator" } else { "anthropic" };
        let instances = settings.providers.values().map(|provider| InstanceInfo {
            name: provider.name.clone(),
            kind: kind(&provider.kind),
            dialects: vec![Dialect::Messages],
        });
        Banner::new(address.parse().unwrap(), instances.collect(), &settings)
    }

    #[test]
    fn a_block_for_people() {
        let expect = format!(
            "ccproxy {} listens on http://127.0.0.1:8000\n\
             \n\
             \x20 /v1       every provider, by model\n\
             \x20 /demo/v1  simulator: Anthropic Messages\n\
             \x20 /health   how it is\n\
             \n\
             Try it:\n\
             \x20 curl -s http://127.0.0.1:8000/v1/chat/completions -H 'content-type: application/json' \
             -d '{{\"model\":\"demo\",\"messages\":[{{\"role\":\"user\",\"content\":\"Hello\"}}]}}'\n\n",
            env!("CARGO_PKG_VERSION")
        );
        assert_eq!(banner("", "127.0.0.1:8000").text(), expect);
    }

    #[test]
    fn the_line_to_try_fits_the_configuration() {
        let check = |file: &str, address: &str, expect: &str| {
            let attempt = banner(file, address).attempt;
            assert!(attempt.starts_with(expect), "{attempt}");
        };
        let anthropic = "[providers.claude]\nkind = \"anthropic\"\n";
        let both = format!("{anthropic}[providers.try]\nkind = \"simulator\"\n");
        let token = "[auth]\ntoken = { env = \"T\" }\n";
        check("", "0.0.0.0:80", "curl -s http://127.0.0.1:80/v1/chat/completions -H 'content-type");
        check("", "[::1]:80", "curl -s http://[::1]:80/v1/chat/completions -H 'content-type");
        check(anthropic, "127.0.0.1:80", "curl -s http://127.0.0.1:80/claude/v1/models");
        let tls = "[server.tls]\ncert = \"c\"\nkey = \"k\"\n";
        check(tls, "127.0.0.1:80", "curl -sk https://127.0.0.1:80/v1/chat/completions -H 'content-type");
        check(&both, "127.0.0.1:80", "curl -s http://127.0.0.1:80/try/v1/chat/completions");
        let bearer = " -H \"authorization: Bearer $CCPROXY_TOKEN\"";
        check(token, "127.0.0.1:80", &format!("curl -s http://127.0.0.1:80/v1/chat/completions{bearer} -H"));
        check(
            &format!("{token}{anthropic}"),
            "127.0.0.1:80",
            &format!("curl -s http://127.0.0.1:80/claude/v1/models{bearer}"),
        );
    }
}
