//! `GET /api/usage`

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use ccproxy_store::UsageQuery;
use futures_util::future::BoxFuture;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use jiff::{SignedDuration, Timestamp};

use super::parameters::Parameters;
use super::{archive, csv, json};
use crate::app::App;
use crate::error::Error;

/// As far back as is looked where nobody says so.
const SINCE: SignedDuration = SignedDuration::from_hours(24);

pub(super) fn usage(
    app: Arc<App>,
    mut parameters: Parameters,
) -> BoxFuture<'static, Result<Response, Error>> {
    Box::pin(async move {
        let now = Timestamp::now();
        let query = UsageQuery {
            since: parameters.moment("since").unwrap_or(now - SINCE),
            until: parameters.moment("until").unwrap_or(now + SignedDuration::from_secs(1)),
            bucket: parameters.bucket(),
            group: parameters.group(),
            filter: parameters.filter(),
        };
        let as_csv = parameters.word("format", &[("json", false), ("csv", true)]).unwrap_or(false);
        parameters.end()?;
        let report = archive(&app)?.read(move |store| store.usage(&query)).await?;
        if !as_csv {
            return json(report);
        }
        let headers = [
            (CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
            (CONTENT_DISPOSITION, "attachment; filename=\"usage.csv\""),
        ];
        Ok((headers, csv::write(&report)).into_response())
    })
}
