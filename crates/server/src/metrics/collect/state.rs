//! What is not counted but read: how everything stands when it is asked for.

use std::fmt::Error;

use ccproxy_plugin_api::CredentialState;
use prometheus_client::encoding::DescriptorEncoder;

use super::super::meter::{Value, count, yes};
use super::super::meters as all;
use super::super::process::Process;
use crate::app::{App, Instance, Shut, Standing};

const NO_LABELS: [&str; 0] = [];

pub(super) fn providers(app: &App, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    let standing: Vec<(&Instance, Standing)> =
        app.instances.values().map(|instance| (&**instance, instance.traffic.standing())).collect();
    let breakers = standing.iter().flat_map(|(instance, standing)| {
        let states = ["closed", "open", "half_open"].into_iter();
        states.map(|state| ([instance.name.as_str(), state], yes(standing.breaker == state)))
    });
    all::BREAKER.write(encoder, breakers)?;
    let shut = standing.iter().map(|(instance, _)| {
        let wait = instance.traffic.shut().map(Shut::wait).unwrap_or_default();
        ([instance.name.as_str()], Value::Measure(wait.as_secs_f64()))
    });
    all::SHUT.write(encoder, shut)?;
    let running =
        standing.iter().map(|(instance, standing)| ([instance.name.as_str()], count(standing.running)));
    all::RUNNING.write(encoder, running)?;
    let room = standing.iter().filter_map(|(instance, standing)| {
        let (limit, percent, _) = standing.room?;
        Some(([instance.name.as_str(), limit], Value::Measure(f64::from(percent) / 100.0)))
    });
    all::ROOM.write(encoder, room)?;
    let credentials = standing.iter().flat_map(|(instance, _)| {
        let (name, states) = (instance.name.as_str(), instance.provider.credentials());
        let lines = ["usable", "resting", "unusable"].map(|state| {
            let alike = states.iter().filter(|credential| word(credential) == state).count();
            ([name, state], count(alike))
        });
        if states.is_empty() { Vec::new() } else { lines.into() }
    });
    all::CREDENTIALS.write(encoder, credentials)
}

fn word(credential: &CredentialState) -> &'static str {
    match credential {
        CredentialState { usable: false, .. } => "unusable",
        CredentialState { rests: Some(_), .. } => "resting",
        CredentialState { .. } => "usable",
    }
}

pub(super) fn load(app: &App, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    all::IN_FLIGHT.write(encoder, [(NO_LABELS, Value::Count(app.stats.running()))])?;
    all::QUEUED.write(encoder, [(NO_LABELS, count(app.admission.waiting()))])?;
    all::SHED.write(encoder, [(NO_LABELS, Value::Count(app.admission.shed()))])?;
    all::CONNECTIONS.write(encoder, [(NO_LABELS, count(app.connections.len()))])?;
    all::SOCKETS.write(encoder, [(NO_LABELS, count(app.sockets.len()))])
}

pub(super) fn records(app: &App, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    let lanes: Vec<_> = app.recorder.lanes().collect();
    let names = || lanes.iter().map(|lane| [lane.name.as_str()]);
    all::LANE_QUEUED.write(encoder, names().zip(lanes.iter().map(|lane| count(lane.queued))))?;
    all::LANE_CAPACITY.write(encoder, names().zip(lanes.iter().map(|lane| count(lane.capacity))))?;
    all::LANE_DROPPED.write(encoder, names().zip(lanes.iter().map(|lane| Value::Count(lane.dropped))))?;
    all::LANE_FAILING.write(encoder, names().zip(lanes.iter().map(|lane| yes(lane.failing))))
}

pub(super) fn process(app: &App, encoder: &mut DescriptorEncoder<'_>) -> Result<(), Error> {
    let (good, since) = app.reloads.last();
    all::RELOAD_GOOD.write(encoder, [(NO_LABELS, yes(good))])?;
    #[expect(clippy::cast_precision_loss, reason = "exact for millions of years")]
    let moment = |second: i64| Value::Measure(second as f64);
    all::RELOAD_TIME.write(encoder, [(NO_LABELS, moment(since.as_second()))])?;
    all::BUILD.write(encoder, [([env!("CARGO_PKG_VERSION")], Value::Count(1))])?;
    all::PROCESS_START.write(encoder, [(NO_LABELS, moment(app.started.as_second()))])?;
    let Some(process) = Process::read() else { return Ok(()) };
    all::PROCESS_CPU.write(encoder, [(NO_LABELS, Value::Measure(process.cpu_seconds))])?;
    for (meter, value) in [
        (all::PROCESS_RESIDENT, Some(process.resident_bytes)),
        (all::PROCESS_VIRTUAL, Some(process.virtual_bytes)),
        (all::PROCESS_THREADS, Some(process.threads)),
        (all::PROCESS_OPEN_FDS, process.open_fds),
        (all::PROCESS_MAX_FDS, process.max_fds),
    ] {
        meter.write(encoder, value.map(|value| (NO_LABELS, Value::Count(value))))?;
    }
    Ok(())
}
