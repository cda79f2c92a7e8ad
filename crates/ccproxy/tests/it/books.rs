//! Ten thousand requests of all kinds, many of which go wrong: whoever counts them counts the same.

use std::collections::BTreeMap;
use std::path::Path;

use ccproxy::plugins::{HOOKS, PLUGINS};
use ccproxy_testkit::TestApp;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde_json::Value;

use crate::support::collector::{Collector, attribute};
use crate::support::stage::ask;
use crate::support::{Conn, Request, eventually, send, within};

const REQUESTS: usize = 10_000;
const CLIENTS: usize = 16;
/// Instances by what goes wrong with them.
const FAULTS: [(&str, &str); 6] = [
    ("well", ""),
    ("limited", "fault = 'rate_limit'"),
    ("broken", "fault = 'server_error'"),
    ("over", "fault = 'overloaded_stream'"),
    ("cut", "fault = 'truncate'"),
    ("foreign", "fault = 'garbage'"),
];

/// By instance and status: how many, and how many bytes.
type Book = BTreeMap<(String, u64), (u64, u64)>;

fn config(dir: &Path, collector: &Collector) -> String {
    let providers: String = FAULTS
        .iter()
        .map(|(name, fault)| format!("[providers.{name}]\nkind = 'simulator'\n{fault}\n"))
        .collect();
    format!(
        "{providers}[retry]\nattempts = 1\n[store]\nurl = {{ value = '{dir}/s.db' }}\n\
         [plugins.access-log]\nenabled = true\npath = '{dir}/access.log'\nsides = ['client', 'upstream']\n\
         [[pricing.models]]\nmodel = '*-x'\ninput = 3\noutput = 15\n{otel}",
        dir = dir.display(),
        otel = collector.toml("")
    )
}

/// What one client does, and what it got.
async fn client(app: &TestApp, number: usize) -> Book {
    let (mut book, mut conn) = (Book::new(), Conn::open(app.address()).await);
    for n in (number..REQUESTS).step_by(CLIENTS) {
        let (name, _) = FAULTS[n / 7 % FAULTS.len()];
        let path = ask::ALL[n % 3];
        let below = path.rsplit_once("/v1/").unwrap().1;
        let mut request = ask::request(path, n.is_multiple_of(2));
        request = if n.is_multiple_of(11) {
            Request::post(&format!("/{name}/v1/{below}"), "no json")
        } else {
            request.to(&format!("/{name}/v1/{below}"))
        };
        conn.send(&request).await;
        let response = conn.response(&request).await;
        // Who is not understood is sent to nobody.
        let asked = if n.is_multiple_of(11) { "" } else { name };
        let entry = book.entry((asked.to_owned(), u64::from(response.status))).or_default();
        entry.0 += 1;
        entry.1 += response.body.len() as u64;
        if !response.whole || response.header("connection") == Some("close") {
            conn = Conn::open(app.address()).await;
        }
    }
    book
}

fn add(books: impl IntoIterator<Item = Book>) -> Book {
    let mut sum = Book::new();
    for (key, (requests, bytes)) in books.into_iter().flatten() {
        let entry = sum.entry(key).or_default();
        *entry = (entry.0 + requests, entry.1 + bytes);
    }
    sum
}

fn number(value: &Value, field: &str) -> u64 {
    value[field].as_u64().unwrap_or_else(|| panic!("no {field} in {value}"))
}

async fn get(app: &TestApp, target: &str) -> Value {
    let answer = send(app.address(), &Request::get(target)).await;
    assert_eq!(answer.status, 200, "{target}: {}", answer.text());
    answer.json()
}

/// Every record of the store, page by page.
async fn records(app: &TestApp) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = get(app, &format!("/api/requests?limit=1000{cursor}")).await;
        all.extend(page["requests"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

/// What the access log says of the clients' requests, and its lines of so many calls of providers.
async fn access_log(dir: &Path, calls: usize) -> (Book, Vec<Value>) {
    let path = dir.join("access.log");
    let lines = || -> Vec<Value> {
        let text = std::fs::read_to_string(&path).unwrap();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    };
    let asked = |line: &Value| line["side"] == "client" && line["method"] == "POST";
    let is_there = || {
        lines().iter().filter(|line| asked(line) || line["side"] == "upstream").count() == REQUESTS + calls
    };
    eventually("the access log has all", is_there).await;
    let (client, others): (Vec<Value>, Vec<Value>) = lines().into_iter().partition(asked);
    let book = client
        .iter()
        .map(|line| Book::from([((String::new(), number(line, "status")), (1, number(line, "bytes")))]));
    (add(book), others.into_iter().filter(|line| line["side"] == "upstream").collect())
}

fn counts(book: &Book) -> BTreeMap<(String, u64), u64> {
    book.iter().map(|(key, (requests, _))| (key.clone(), *requests)).collect()
}

fn nanos(dollars: f64) -> f64 {
    (dollars * 1e9).round()
}

fn costs(lines: &[Value]) -> f64 {
    lines.iter().filter_map(|line| line["cost_usd"].as_f64()).map(nanos).sum()
}

/// The access log has what the clients saw, and what the records say of providers.
async fn same_in_access_log(dir: &Path, expect: &Book, records: &[Value]) {
    let calls = records.iter().map(|record| record["attempts"].as_array().unwrap().len()).sum();
    let (client, upstream) = access_log(dir, calls).await;
    assert_eq!(by_status(&client), by_status(expect), "access log");
    let done = |of: &[Value]| of.iter().filter(|line| line["ending"] == "done").count();
    assert_eq!(done(&upstream), done(records), "done in the access log");
    assert_eq!(costs(&upstream), costs(records), "cost in the access log");
}

/// The metrics have what the clients saw, and the tokens and cost of the records.
async fn same_in_metrics(app: &TestApp, expect: &Book, records: &[Value]) {
    let page = send(app.address(), &Request::get("/metrics")).await.text();
    let sum = |name: &str, label: &str| -> f64 {
        let lines =
            page.lines().filter(|line| line.starts_with(&format!("{name}{{")) && line.contains(label));
        lines.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
    };
    for (name, _) in FAULTS {
        let expect: u64 =
            expect.iter().filter(|((of, _), _)| of == name).map(|(_, (requests, _))| requests).sum();
        let label = format!("provider=\"{name}\"");
        assert_eq!(sum("ccproxy_requests_total", &label), expect as f64, "{name} in metrics");
        assert_eq!(sum("ccproxy_request_duration_seconds_count", &label), expect as f64, "{name} in metrics");
    }
    for kind in ["input", "output"] {
        let label = format!("type=\"{kind}\"");
        assert_eq!(sum("ccproxy_tokens_total", &label), tokens(records, kind) as f64, "{kind} in metrics");
    }
    assert_eq!(nanos(sum("ccproxy_cost_usd_total", "")), costs(records), "cost in metrics");
}

/// The spans have each exchange and each call, with the statuses that the clients saw, and the tokens and cost of the records.
async fn same_in_spans(collector: &Collector, expect: &Book, records: &[Value]) {
    let calls: usize = records.iter().map(|record| record["attempts"].as_array().unwrap().len()).sum();
    let spans = within("the collector has all", async {
        loop {
            let spans = collector.spans();
            if spans.len() >= REQUESTS + calls {
                return spans;
            }
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    })
    .await;
    let (exchanges, attempts): (Vec<Span>, Vec<Span>) =
        spans.into_iter().partition(|span| span.kind() == SpanKind::Server);
    assert_eq!((exchanges.len(), attempts.len()), (REQUESTS, calls));
    let mut statuses = BTreeMap::new();
    for span in &exchanges {
        let status = attribute(&span.attributes, "http.response.status_code").unwrap().parse().unwrap();
        *statuses.entry(status).or_insert(0) += 1;
    }
    assert_eq!(statuses, by_status(expect), "spans");
    let sum = |spans: &[Span], name: &str| -> f64 {
        let values = spans.iter().filter_map(|span| attribute(&span.attributes, name));
        values.map(|value| nanos(value.parse().unwrap())).sum()
    };
    for kind in ["input", "output"] {
        let told = sum(&attempts, &format!("gen_ai.usage.{kind}_tokens"));
        assert_eq!(told, nanos(tokens(records, kind) as f64), "{kind} tokens in spans");
    }
    assert_eq!(sum(&exchanges, "ccproxy.cost_usd"), costs(records), "cost in spans");
}

fn by_status(book: &Book) -> BTreeMap<u64, u64> {
    let mut sums = BTreeMap::new();
    book.iter().for_each(|((_, status), (requests, _))| *sums.entry(*status).or_insert(0) += requests);
    sums
}

fn tokens(records: &[Value], kind: &str) -> u64 {
    records.iter().filter_map(|record| record["tokens"][kind].as_u64()).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_counts_counts_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let collector = Collector::start().await;
    let app = TestApp::start_with(PLUGINS, HOOKS, &config(dir.path(), &collector)).await;
    let clients = futures_util::future::join_all((0..CLIENTS).map(|number| client(&app, number))).await;
    let expect = add(clients);
    assert_eq!(expect.values().map(|(requests, _)| *requests).sum::<u64>(), REQUESTS as u64);
    eventually("nothing is running", || app.stats().running() == 0).await;
    assert_eq!(app.stats().begun(), REQUESTS as u64);

    let usage = within("the store has all", async {
        loop {
            let usage = get(&app, "/api/usage?group=provider,status").await;
            if number(&usage["total"], "requests") == REQUESTS as u64 {
                return usage;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    })
    .await;
    let told = usage["rows"].as_array().unwrap().iter().map(|row| {
        let status = row["status"].as_str().unwrap().parse().unwrap();
        (
            (row["provider"].as_str().unwrap_or_default().to_owned(), status),
            (number(row, "requests"), number(row, "response_bytes")),
        )
    });
    // What a client did not read whole went out all the same.
    let exact = |book: Book| -> Book { book.into_iter().filter(|((name, _), _)| name != "cut").collect() };
    let told: Book = told.collect();
    assert_eq!(counts(&told), counts(&expect), "usage");
    assert_eq!(exact(told), exact(expect.clone()), "usage, with bytes");

    let records = records(&app).await;
    let of_records = add(records.iter().map(|record| {
        let key = (record["provider"].as_str().unwrap_or_default().to_owned(), number(record, "status"));
        Book::from([(key, (1, number(record, "response_bytes")))])
    }));
    assert_eq!(counts(&of_records), counts(&expect), "records");

    let total = &usage["total"];
    for kind in ["input", "output"] {
        assert_eq!(number(&total["tokens"], kind), tokens(&records, kind), "{kind} tokens");
    }
    assert!(costs(&records) > 0.0);
    assert_eq!(nanos(total["cost_usd"].as_f64().unwrap()), costs(&records), "cost");
    same_in_access_log(dir.path(), &expect, &records).await;
    same_in_spans(&collector, &expect, &records).await;
    same_in_metrics(&app, &expect, &records).await;
}
