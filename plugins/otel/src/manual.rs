//! docs/OPENTELEMETRY.md, made from the lists of names.

use crate::names::{ATTRIBUTES, METRICS, Metric};

/// The manual of what is sent.
#[must_use]
pub fn opentelemetry_md() -> String {
    let mut text = include_str!("manual/head.md").to_owned();
    text.push_str("\n| attribute | type | exchange | attempt | what |\n|---|---|---|---|---|\n");
    for attribute in ATTRIBUTES {
        let on = |there: bool| if there { "yes" } else { "" };
        text.push_str(&format!(
            "| `{}` | {} | {} | {} | {} |\n",
            attribute.name,
            attribute.kind,
            on(attribute.exchange),
            on(attribute.attempt),
            attribute.what
        ));
    }
    text.push_str(include_str!("manual/metrics.md"));
    text.push_str("\n| metric | type | unit | attributes | what |\n|---|---|---|---|---|\n");
    text.extend(METRICS.iter().map(|metric| row(metric)));
    text.push_str("\n| histogram | upper bounds of its buckets |\n|---|---|\n");
    text.extend(METRICS.iter().filter_map(|metric| bounds(metric)));
    text
}

fn row(metric: &Metric) -> String {
    let Metric { name, unit, attributes, what, .. } = metric;
    let kind = if metric.bounds.is_some() { "histogram" } else { "sum" };
    let attributes: Vec<String> = attributes.iter().map(|name| format!("`{name}`")).collect();
    format!("| `{name}` | {kind} | `{unit}` | {} | {what} |\n", attributes.join(", "))
}

fn bounds(metric: &Metric) -> Option<String> {
    let bounds: Vec<String> = metric.bounds?.iter().map(ToString::to_string).collect();
    Some(format!("| `{}` | {} |\n", metric.name, bounds.join(", ")))
}
