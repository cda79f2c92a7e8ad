//! The screen.

use super::{Standing, Traffic};
use crate::commands::told::figures::{Figures, Overview, Provider, Recorder};
use crate::commands::told::paint::Paint;
use crate::commands::told::{NONE, bytes, count, millis, percent, span, spent};
use crate::terminal::table;

/// A place for each verdict that is not by its colour alone.
const MARKS: [(&str, &str); 3] = [("pass", "✓"), ("warn", "!"), ("fail", "✗")];

pub(super) fn text(standing: &Standing, paint: Paint, width: usize) -> String {
    let mut parts = vec![health(standing, paint)];
    parts.extend(standing.overview.as_ref().map(overview));
    parts.extend(standing.traffic.as_ref().map(|traffic| self::traffic(traffic, paint)));
    if !standing.providers.is_empty() {
        parts.push(providers(&standing.providers, paint));
    }
    parts.extend(standing.overview.as_ref().and_then(|overview| records(&overview.recorder, paint)));
    parts.extend(standing.missing.iter().map(|missing| format!("{missing}\n")));
    cut(&parts.join("\n"), width)
}

fn mark(status: &str) -> &'static str {
    MARKS.iter().find(|(known, _)| *known == status).map_or("?", |(_, mark)| mark)
}

fn health(standing: &Standing, paint: Paint) -> String {
    let health = &standing.health;
    let status = health.status.as_str();
    let mut text = paint.bold(&paint.status(status, &format!("{} {status}", mark(status))));
    if let Some(url) = &health.url {
        text.push_str(&format!("  {url}"));
    }
    if !health.output.is_empty() && health.troubles.is_empty() {
        text.push_str(&format!("  {}", health.output));
    }
    text.push('\n');
    for trouble in &health.troubles {
        let status = trouble.status.as_str();
        let shown = paint.status(status, &format!("{} {status}", mark(status)));
        text.push_str(&format!("  {shown}  {}: {}\n", trouble.name, trouble.output));
    }
    if health.omitted > 0 {
        text.push_str(&format!("  and {} more\n", health.omitted));
    }
    text
}

fn overview(overview: &Overview) -> String {
    let Overview { version, phase, uptime_s, sockets, requests, .. } = overview;
    let address = overview.address.as_deref().unwrap_or(NONE);
    let memory = overview.memory_bytes.map_or_else(String::new, |memory| format!(", {}", bytes(memory)));
    format!(
        "ccproxy {version} at {address}, {phase} for {}{memory}\n{} running, {} sockets; since the start {} requests, {} clients gone\n",
        span(*uptime_s),
        count(requests.running),
        count(*sockets),
        count(requests.begun),
        count(requests.client_gone),
    )
}

fn traffic(traffic: &Traffic, paint: Paint) -> String {
    let row = |name: &str, figures: &Figures| {
        let faults = &figures.faults;
        [
            name.to_owned(),
            count(figures.requests),
            count(figures.failed),
            percent(figures.failed, figures.requests),
            format!("{}/{}/{}", faults.client, faults.us, faults.upstream),
            count(figures.client_gone),
            millis(figures.duration_ms.p50),
            millis(figures.duration_ms.p95),
            millis(figures.first_token_ms.p50),
        ]
    };
    let heads =
        ["TRAFFIC", "REQUESTS", "FAILED", "SHARE", "CLIENT/US/PROVIDER", "GONE", "P50", "P95", "FIRST TOKEN"];
    let rows = [row("5 min", &traffic.last_5m), row("24 h", &traffic.last_24h)];
    let mut text = headed(&table(heads, rows.into_iter()), paint);
    text.push_str(&format!(
        "spent {} today, {} in 7 days",
        spent(traffic.today_usd.unwrap_or_default(), traffic.today_unpriced),
        spent(traffic.last_7d_usd.unwrap_or_default(), traffic.last_7d_unpriced),
    ));
    if traffic.last_7d_unpriced > 0 {
        text.push_str(&format!("; {} requests have no known price", count(traffic.last_7d_unpriced)));
    }
    text.push('\n');
    text
}

fn providers(providers: &[Provider], paint: Paint) -> String {
    let row = |provider: &Provider| {
        let good = provider.credentials.iter().filter(|credential| credential.usable).count();
        [
            provider.name.clone(),
            provider.kind.clone(),
            format!("{} {}", mark(&provider.status), provider.status),
            provider.trouble().unwrap_or_else(|| NONE.to_owned()),
            provider.load(),
            millis(provider.latency_ms),
            provider.room().unwrap_or_else(|| NONE.to_owned()),
            match provider.credentials.len() {
                0 => NONE.to_owned(),
                all => format!("{good}/{all}"),
            },
        ]
    };
    let heads = ["PROVIDER", "KIND", "HEALTH", "TRAFFIC", "RUNNING", "LATENCY", "LEFT", "CREDENTIALS"];
    headed(&table(heads, providers.iter().map(row)), paint)
}

fn records(recorder: &Recorder, paint: Paint) -> Option<String> {
    if recorder.lanes.is_empty() {
        return None;
    }
    let rows = recorder.lanes.iter().map(|lane| {
        let state = if lane.failing { "! takes nothing for now" } else { "✓ follows" };
        [
            lane.name.clone(),
            state.to_owned(),
            format!("{}/{}", lane.queued, lane.capacity),
            count(lane.dropped),
        ]
    });
    Some(headed(&table(["RECORDS FOR", "STATE", "QUEUED", "DROPPED"], rows), paint))
}

/// With the heads of its columns in bold.
fn headed(table: &str, paint: Paint) -> String {
    let (heads, rows) = table.split_once('\n').unwrap_or((table, ""));
    format!("{}\n{rows}", paint.bold(heads))
}

/// No line wraps. Colours take no room, and end with their line.
fn cut(text: &str, width: usize) -> String {
    text.lines().map(|line| format!("{}\n", cut_line(line, width))).collect()
}

fn cut_line(line: &str, width: usize) -> String {
    let (mut kept, mut room, mut escape, mut painted) = (String::new(), width, false, false);
    let seen = line.split("\u{1b}[").enumerate().map(|(at, part)| {
        let part = if at == 0 { part } else { part.split_once('m').map_or("", |(_, rest)| rest) };
        part.chars().count()
    });
    if seen.sum::<usize>() <= width {
        return line.to_owned();
    }
    for letter in line.chars() {
        if letter == '\u{1b}' {
            (escape, painted) = (true, true);
        }
        if escape {
            kept.push(letter);
            escape = letter != 'm';
            continue;
        }
        if room <= 1 {
            kept.push('…');
            break;
        }
        kept.push(letter);
        room -= 1;
    }
    if painted {
        kept.push_str("\u{1b}[0m");
    }
    kept
}

#[cfg(test)]
mod tests;
