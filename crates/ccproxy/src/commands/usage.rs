//! `ccproxy usage`: what was used.

mod table;

use std::path::Path;
use std::time::Duration;

use super::api::{Api, ApiError, Candidates};
use super::told::figures::Usage as Report;
use super::told::paint::width;
use crate::cli::Usage;
use crate::context::Context;
use crate::failure::Failure;
use crate::load;
use crate::terminal::print;
use table::Shape;

/// A large store takes a while to be asked.
const LIMIT: Duration = Duration::from_secs(15);

pub(super) fn usage(flags: &Usage, file: Option<&Path>, context: &Context) -> Result<(), Failure> {
    let url = flags.url.as_deref();
    let (candidates, settings) = Candidates::find(url, LIMIT, file, context)?;
    let done = super::block_on(async {
        let source = match candidates.first().await {
            Ok(api) => Source::Running(api),
            // Nobody else has the store, so it can be read here.
            Err(error @ ApiError::Unreached { .. }) if url.is_none() => {
                Source::Store(load::store(&settings)?.ok_or_else(|| Failure::from(error))?)
            }
            Err(error) => return Err(error.into()),
        };
        told(flags, &source, width(&context.env)).await
    })?;
    print(&done.map_err(by_flag)?)
}

/// Mistakes in what was typed, by the flags that have it and not by the parameters that these become.
fn by_flag(failure: Failure) -> Failure {
    const FLAGS: [(&str, &str); 3] =
        [("since: ", "--since: "), ("until: ", "--until: "), ("group: ", "--by: ")];
    let Failure::Usage(text) = failure else { return failure };
    let text = text.strip_prefix("the query is wrong: ").unwrap_or(&text);
    let named = |part: &str| {
        let found = FLAGS.iter().find_map(|(name, flag)| Some(format!("{flag}{}", part.strip_prefix(name)?)));
        found.unwrap_or_else(|| part.to_owned())
    };
    Failure::Usage(text.split("; ").map(named).collect::<Vec<_>>().join("; "))
}

/// Who is asked.
enum Source {
    Running(Api),
    Store(ccproxy_store::Store),
}

impl Source {
    async fn ask(&self, query: &str) -> Result<Vec<u8>, Failure> {
        match self {
            Self::Running(api) => Ok(api.text(&format!("/api/usage?{query}")).await?.to_vec()),
            Self::Store(store) => ccproxy_server::stored_usage(store, query).map_err(|error| match error {
                ccproxy_store::StoreError::Query(wrong) => Failure::Usage(wrong),
                error => error.into(),
            }),
        }
    }

    async fn report(&self, query: &str) -> Result<Report, Failure> {
        let strange = |_| Failure::Remote("the answer is none of this program's version".to_owned());
        serde_json::from_slice(&self.ask(query).await?).map_err(strange)
    }
}

async fn told(flags: &Usage, source: &Source, width: usize) -> Result<String, Failure> {
    let bucket = flags.bucket.as_deref();
    let query = query(flags, bucket, None);
    if flags.json || flags.csv {
        let query = if flags.csv { format!("{query}&format=csv") } else { query };
        let mut text = String::from_utf8_lossy(&source.ask(&query).await?).into_owned();
        if !text.ends_with('\n') {
            text.push('\n');
        }
        return Ok(text);
    }
    let report = source.report(&query).await?;
    let by: Vec<&str> = flags.by.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    let trend = match bucket {
        Some(_) => None,
        None => {
            let step = table::step(&report);
            // The same moments, or the two would not fit together.
            let times = Some((report.since.as_str(), report.until.as_str()));
            Some((step, source.report(&self::query(flags, Some(step.name), times)).await?))
        }
    };
    Ok(table::text(&report, trend.as_ref().map(|(step, report)| (*step, report)), &Shape { by: &by, width }))
}

/// The query of `/api/usage` that the flags are.
fn query(flags: &Usage, bucket: Option<&str>, times: Option<(&str, &str)>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let (since, until) = match times {
        Some((since, until)) => (since, Some(until)),
        None => (flags.since.as_str(), flags.until.as_deref()),
    };
    query.append_pair("since", since);
    until.map(|until| query.append_pair("until", until));
    bucket.map(|bucket| query.append_pair("bucket", bucket));
    query.append_pair("group", &flags.by);
    for (name, value) in &flags.conditions {
        query.append_pair(name, value);
    }
    query.finish()
}
