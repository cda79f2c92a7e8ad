//! The application with a hand on its health, behind the program `ccproxy-lab`.

mod block;
mod checks;
mod orders;

use std::error::Error;
use std::fs::read_to_string;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use ccproxy::plugins::PLUGINS;
use ccproxy_config::{Env, Settings, Sources};
use ccproxy_health_server::systemd::Systemd;
use ccproxy_server::{Application, Bound, BuildOptions, End};
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use checks::Switch;
use orders::Orders;

/// The gate of `--starting`.
const GATE: &str = "lab";

/// What the command line says.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The configuration, as `ccproxy serve` takes it; of the environment only what systemd says is read.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// So many checks of the core that hang for ever.
    #[arg(long, value_name = "N", default_value_t = 0)]
    hung: u32,
    /// So many checks of the core that pass.
    #[arg(long, value_name = "N", default_value_t = 0)]
    components: u32,
    /// Keep a start-up gate closed until the order `open`.
    #[arg(long)]
    starting: bool,
}

/// The application, built and not yet listening.
pub struct Lab {
    application: Application,
    switch: Arc<Switch>,
    told: Told,
    deadline: Duration,
}

/// The line that says where it listens. What is not configured is `null`.
#[derive(Serialize)]
struct Told {
    pid: u32,
    main: String,
    management: Option<String>,
    agent: Option<String>,
    socket: Option<PathBuf>,
}

impl Lab {
    /// How many threads the main runtime has to have, for `block` to know when it has them all.
    pub const THREADS: usize = block::THREADS;

    /// Builds it.
    ///
    /// # Errors
    /// The configuration cannot be read, or is wrong.
    pub fn build(options: &Options) -> Result<Self, Box<dyn Error>> {
        let text = read_to_string(&options.config)?;
        let settings = Settings::load(&Sources::from_text(&options.config, text))?;
        let settings = settings.with_detected(&Env::default());
        ccproxy_telemetry::init(&settings.logging)?;
        let switch = Arc::new(Switch::default());
        let mut checks = checks::hung(options.hung)?;
        checks.extend(checks::passing(options.components)?);
        checks.push(checks::switched(&switch)?);
        let gates = if options.starting { vec![GATE.to_owned()] } else { Vec::new() };
        let build = BuildOptions { checks, gates, ..BuildOptions::default() };
        let application = Application::build(&settings, PLUGINS, build)?;
        let deadline = settings.shutdown.deadline;
        Ok(Self { application, switch, told: Told::of(&settings), deadline })
    }

    /// Serves until it is told to stop. It exits as the program does: with 1 when requests were cut.
    ///
    /// # Errors
    /// It cannot listen, or cannot say where it does.
    pub async fn run(self) -> Result<ExitCode, Box<dyn Error>> {
        let mut terminate = signal(SignalKind::terminate())?;
        let bound = self.application.bind().await?;
        let (drain, abort) = (CancellationToken::new(), CancellationToken::new());
        let (blocks, mut to_block) = mpsc::channel::<Duration>(16);
        Orders { switch: self.switch, health: bound.health(), drain: drain.clone(), blocks }.follow()?;
        let systemd = Systemd::from_env(|name| std::env::var_os(name));
        let systemd = systemd.map(|systemd| systemd.start(bound.health(), self.deadline)).transpose()?;
        self.told.tell(&bound)?;
        let mut running = Box::pin(bound.run(drain.clone(), abort.clone()));
        let mut stopping = false;
        loop {
            tokio::select! {
                end = &mut running => return Ok(exit_code(end)),
                Some(time) = to_block.recv() => block::everything(time),
                () = drain.cancelled(), if !stopping => {
                    stopping = true;
                    if let Some(systemd) = &systemd {
                        systemd.stopping();
                    }
                }
                Some(()) = terminate.recv() => {
                    if drain.is_cancelled() {
                        abort.cancel();
                    }
                    drain.cancel();
                }
            }
        }
    }
}

impl Told {
    /// The ports as they are configured; a management port of 0 is no use here.
    fn of(settings: &Settings) -> Self {
        let management = &settings.management;
        let at = |port: u16| Some(format!("{}:{port}", management.ip()?));
        Self {
            pid: std::process::id(),
            main: String::new(),
            management: management.port.and_then(at),
            agent: management.agent_port.and_then(at),
            socket: management.socket.clone(),
        }
    }

    fn tell(mut self, bound: &Bound) -> Result<(), Box<dyn Error>> {
        self.main = bound.address().to_string();
        Ok(say(&serde_json::to_string(&self)?)?)
    }
}

fn exit_code(end: End) -> ExitCode {
    match end {
        End::Drained | End::Cut { requests: 0 } => ExitCode::SUCCESS,
        End::Cut { .. } | End::Aborted | End::NotTakenOver => ExitCode::FAILURE,
    }
}

/// One line on the standard output, at once.
fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
