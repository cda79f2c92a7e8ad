//! `ccproxy serve`

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use ccproxy_config::{KeyLimits, Proxies, ProxyUrl, Settings};
use ccproxy_pricing::{Named, Prices};
use ccproxy_server::{Application, Bound, BuildOptions, End, Inherited};
use ccproxy_telemetry::Form;
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;

use super::banner::Banner;
use super::service_manager::ServiceManager;
use super::signals::{Hangups, Signals};
use crate::activation::Activation;
use crate::cli::Serve;
use crate::context::Context;
use crate::failure::Failure;
use crate::load::{build, load_as_far};
use crate::reload::Reloading;
use crate::terminal;
use crate::watch::Files;

pub(super) fn serve(flags: &Serve, file: Option<&Path>, context: &Context) -> Result<ExitCode, Failure> {
    let Activation { sockets, flags: passed } = Activation::of_process(&context.env)?;
    // Where a socket is passed, its address is what it is.
    let keys = [flags.flags(), passed].concat();
    let (loaded, mistakes) = load_as_far(file, keys.clone(), context)?;
    let files = Files::new(&loaded, keys, flags.insecure_no_auth, context);
    let options = BuildOptions {
        insecure_no_auth: flags.insecure_no_auth,
        checks: files.check().into_iter().flatten().collect(),
        ..BuildOptions::default()
    };
    let settings = loaded.settings;
    let application = build(&settings, mistakes, options)?;
    let form =
        ccproxy_telemetry::init(&settings.logging).map_err(|error| Failure::Usage(error.to_string()))?;
    let from = match (flags.takeover, &settings.server.takeover) {
        (false, _) => Sockets::Manager(sockets),
        (true, Some(path)) => Sockets::Running(path),
        (true, None) => {
            let message = "--takeover needs server.takeover, the path of a Unix socket, here and in the process that runs";
            return Err(Failure::Usage(message.to_owned()));
        }
    };
    match start_and_wait(application, files, &settings, form, from) {
        Ok(end) => Ok(told(end)),
        // Whoever reads JSON lines reads nothing else.
        Err(failure) if form == Form::Json => {
            tracing::error!(error = %failure, "cannot_serve");
            Err(Failure::Told)
        }
        Err(failure) => Err(failure),
    }
}

/// Where sockets may come from that listen already.
enum Sockets<'a> {
    Manager(Inherited),
    /// The process that runs, by its `server.takeover`.
    Running(&'a Path),
}

fn start_and_wait(
    application: Application,
    files: Arc<Files>,
    settings: &Settings,
    form: Form,
    from: Sockets<'_>,
) -> Result<End, Failure> {
    let runtime = runtime().map_err(|error| Failure::io("cannot start the runtime", error))?;
    let end = runtime.block_on(async {
        let deaf = |error| Failure::io("cannot listen for signals", error);
        let (signals, hangups) = (Signals::listen().map_err(deaf)?, Hangups::listen().map_err(deaf)?);
        let inherited = match from {
            Sockets::Manager(sockets) => sockets,
            Sockets::Running(path) => Inherited::of_running(path).await?,
        };
        let mut bound = application.bind_with(inherited).await?;
        announce(&bound, settings, form)?;
        let manager = ServiceManager::follow(bound.health(), settings.shutdown.deadline);
        let reloading = Reloading::new(files, &mut bound, hangups);
        Ok(run(bound, signals, reloading, &manager).await)
    });
    // Nothing that still runs may hold up the exit: all that had to end has ended.
    runtime.shutdown_background();
    end
}

/// For accepting, checks and shutdown; requests are served by the server's own `server.workers` threads.
fn runtime() -> std::io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(2).thread_name("main").enable_all().build()
}

fn announce(bound: &Bound, settings: &Settings, form: Form) -> Result<(), Failure> {
    let banner = Banner::new(bound.address(), bound.instances(), settings).management(bound.management());
    match form {
        Form::Pretty { .. } => terminal::print(&banner.text())?,
        Form::Json => banner.log(),
    }
    let Proxies { http, https, except } = &settings.proxies;
    if http.is_some() || https.is_some() {
        let told = |proxy: &Option<ProxyUrl>| proxy.as_ref().map(ToString::to_string).unwrap_or_default();
        tracing::info!(
            http = told(http),
            https = told(https),
            except,
            "providers_are_reached_through_a_proxy"
        );
    }
    if !settings.server.is_loopback() && !settings.auth.is_required() {
        tracing::warn!(address = %bound.address(), "everybody_who_can_reach_this_address_is_served");
    }
    for Named { provider, model, key, .. } in unpriced(settings) {
        tracing::warn!(provider, model, named_by = key, "no_price_so_it_counts_against_no_budget");
    }
    Ok(())
}

/// The models of the configuration that no budget counts, where there are budgets.
fn unpriced(settings: &Settings) -> Vec<Named> {
    let limits = &settings.limits;
    // What cannot be read has kept it from starting.
    let keys = settings.client_keys().unwrap_or_default();
    let mut all = keys
        .iter()
        .map(|key| key.limits.over(limits.keys))
        .chain([limits.anonymous.over(KeyLimits::default())]);
    let Ok(prices) = Prices::new(settings) else { return Vec::new() };
    if all.all(|limits| limits.budgets().next().is_none()) {
        return Vec::new();
    }
    let mut named = Named::of(settings);
    named.retain(|one| prices.of(&one.provider, &one.kind, &one.model).is_none());
    named
}

/// Serves; the first signal drains, the second aborts. Whoever drains reads no configuration any more.
async fn run(
    bound: Bound,
    mut signals: Signals,
    reloading: Option<Reloading>,
    manager: &ServiceManager,
) -> End {
    let mut reloading = reloading.map(|reloading| Box::pin(reloading.run(manager)));
    let (drain, abort) = (CancellationToken::new(), CancellationToken::new());
    let mut running = Box::pin(bound.run(drain.clone(), abort.clone()));
    loop {
        tokio::select! {
            end = &mut running => return end,
            () = on(reloading.as_mut()) => {}
            name = signals.next() => {
                if drain.is_cancelled() {
                    tracing::warn!(signal = name, "stopping_at_once");
                    abort.cancel();
                } else {
                    tracing::info!(signal = name, "stopping");
                    drain.cancel();
                    reloading = None;
                    manager.stopping();
                }
            }
        }
    }
}

/// Goes on with what there is, or with nothing.
async fn on(future: Option<impl Future<Output = ()>>) {
    match future {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
}

fn told(end: End) -> ExitCode {
    match end {
        End::Drained | End::Cut { requests: 0 } => {
            tracing::info!("stopped");
            ExitCode::SUCCESS
        }
        End::Cut { requests } => {
            tracing::error!(requests, "requests_were_cut");
            ExitCode::FAILURE
        }
        End::NotTakenOver => ExitCode::FAILURE,
        End::Aborted => {
            tracing::error!("stopped_at_once");
            ExitCode::FAILURE
        }
    }
}
