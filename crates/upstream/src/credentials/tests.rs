use std::path::Path;

use ccproxy_health::Status;

use super::member::RETRY_AFTER;
use super::*;

fn read(toml: &str) -> (Vec<Credential>, Pool) {
    #[derive(serde::Deserialize)]
    struct Holder {
        credentials: Vec<Credential>,
        #[serde(default)]
        pool: Pool,
    }
    let holder = ccproxy_config::Section::from_toml("x", toml).unwrap().read::<Holder>().unwrap();
    (holder.credentials, holder.pool)
}

fn pool(toml: &str, scheme: Scheme) -> Result<Credentials, KeyError> {
    let (list, rules) = read(toml);
    Credentials::new(&Instance::new("x"), list, rules, scheme)
}

fn one(entry: &str) -> Credentials {
    pool(&format!("credentials = [{entry}]"), Scheme::ApiKey).unwrap()
}

fn file(path: &Path) -> String {
    format!("{{ file = '{}' }}", path.display())
}

/// What a call shows.
async fn shown(credentials: &Credentials) -> String {
    let shown = credentials.show().await.unwrap().unwrap();
    let mut headers = HeaderMap::new();
    shown.put(&mut headers);
    assert!(!format!("{headers:?}").contains(secret(&shown.header)), "a credential must not print itself");
    let (name, value) = headers.iter().next().unwrap();
    format!("{name}: {}", value.to_str().unwrap())
}

/// The secret that a call shows, which is answered like this.
async fn answered(
    credentials: &Credentials,
    status: u16,
    headers: &[(&'static str, &'static str)],
) -> String {
    let shown = credentials.show().await.unwrap().unwrap();
    let line = |(name, value): &(&'static str, &'static str)| {
        (HeaderName::from_static(name), HeaderValue::from_static(value))
    };
    shown.heard(StatusCode::from_u16(status).unwrap(), &headers.iter().map(line).collect());
    secret(&shown.header).to_owned()
}

async fn health(credentials: &Credentials) -> (Status, String) {
    let outcome = credentials.run().await;
    (outcome.status, outcome.output.unwrap_or_default())
}

async fn check(entry: &str, scheme: Scheme, expect: Result<&str, &str>) {
    let credentials = pool(&format!("credentials = [{entry}]"), scheme).unwrap();
    match (credentials.start().await, expect) {
        (Ok(()), Ok(text)) => assert_eq!(shown(&credentials).await, text),
        (Err(error), Err(text)) => assert!(error.0.contains(text), "{error}"),
        (got, expect) => panic!("{entry}: got {got:?}, expected {expect:?}"),
    }
}

#[tokio::test]
async fn every_source() {
    let dir = tempfile::tempdir().unwrap();
    let key = dir.path().join("key");
    std::fs::write(&key, "sk-file\n").unwrap();
    let bearer = Scheme::Bearer;
    check("{ value = 'sk-1' }", bearer, Ok("authorization: Bearer sk-1")).await;
    check("'sk-1'", Scheme::ApiKey, Ok("x-api-key: sk-1")).await;
    check("{ value = '  ' }", bearer, Err("is empty")).await;
    check("{ value = \"a\\nb\" }", bearer, Err("no HTTP header can carry")).await;
    let unset = "CCPROXY_TEST_NO_SUCH_VARIABLE";
    check(&format!("{{ env = '{unset}' }}"), bearer, Err(&format!("{unset}: is not set"))).await;
    check(&file(&key), bearer, Ok("authorization: Bearer sk-file")).await;
    check("{ file = '/no/such/file' }", bearer, Err("cannot be read: entity not found")).await;
    check("{ command = ['echo', 'sk-2'] }", bearer, Ok("authorization: Bearer sk-2")).await;
    check("{ command = ['false'] }", bearer, Err("failed with exit status: 1")).await;
    check("{ command = ['/no/such/program'] }", bearer, Err("cannot be run")).await;
    check("{ file = '/no' }, { value = 'sk-3' }", Scheme::ApiKey, Ok("x-api-key: sk-3")).await;
    check("{ file = '/no' }, { command = ['false'] }", bearer, Err("found; command false: failed")).await;
}

#[test]
fn what_cannot_work() {
    let check = |toml: &str, expect: (&str, &str)| {
        let error = pool(toml, Scheme::Bearer).err().unwrap();
        assert!(error.key == expect.0 && error.message.contains(expect.1), "{toml}: {error:?}");
    };
    check(
        "credentials = [{ env = 'A', name = 'x' }, { env = 'B', name = 'x' }]",
        ("credentials", "two are called x"),
    );
    check("credentials = [{ env = 'A', name = '2' }, { env = 'B' }]", ("credentials", "two are called 2"));
    let oauth = "{ oauth = { token_url = 'http://x/', client_id = 'me', client_secret = 's' } }";
    check(
        &format!("credentials = [{oauth}]"),
        ("credentials", "credential 1: oauth.token_url must begin with https://"),
    );
    check("credentials = []\npool.max_failures = 0", ("pool.max_failures", "more than 0"));
    check("credentials = []\npool.cooldown = '0s'", ("pool.cooldown", "more than 0s"));
    check("credentials = []\npool.failure_status_codes = [200]", ("pool.failure_status_codes", "400 to 599"));
}

#[tokio::test(start_paused = true)]
async fn a_changed_file_is_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let key = dir.path().join("key");
    let credentials = one(&file(&key));
    assert!(credentials.start().await.is_err());
    std::fs::write(&key, "sk-1").unwrap();
    assert!(credentials.show().await.is_err(), "a failure is kept for a while");
    tokio::time::advance(RETRY_AFTER).await;
    assert_eq!(shown(&credentials).await, "x-api-key: sk-1");
    std::fs::write(&key, "sk-2").unwrap();
    assert_eq!(shown(&credentials).await, "x-api-key: sk-1");
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(shown(&credentials).await, "x-api-key: sk-2");
}

#[tokio::test(start_paused = true)]
async fn the_last_good_one_outlives_a_failed_reading() {
    let dir = tempfile::tempdir().unwrap();
    let key = dir.path().join("key");
    std::fs::write(&key, "sk-1").unwrap();
    let credentials = one(&file(&key));
    assert_eq!(credentials.run().await, Outcome::pass());
    std::fs::remove_file(&key).unwrap();
    tokio::time::advance(source::FILE_TTL).await;
    assert_eq!(shown(&credentials).await, "x-api-key: sk-1");
    let (status, text) = health(&credentials).await;
    assert_eq!(status, Status::Warn);
    assert!(text.contains("the last good one stays in use") && text.contains("cannot be read"), "{text}");
    std::fs::write(&key, "sk-2").unwrap();
    tokio::time::advance(RETRY_AFTER).await;
    assert_eq!(shown(&credentials).await, "x-api-key: sk-2");
    assert_eq!(credentials.run().await, Outcome::pass());
}

#[tokio::test(start_paused = true)]
async fn a_slow_command_does_not_hold_up_the_start() {
    let credentials = one("{ command = ['sleep', '3600'], ttl = '1m' }");
    let begun = Instant::now();
    assert_eq!(credentials.start().await, Ok(()));
    assert_eq!(begun.elapsed(), PATIENCE);
    let (status, text) = health(&credentials).await;
    assert_eq!((status, begun.elapsed()), (Status::Warn, 2 * PATIENCE));
    assert!(text.contains("still being read"), "{text}");
    // Whoever needs it waits for the same reading, to its end.
    assert_eq!(credentials.show().await.err().unwrap().kind(), CallErrorKind::Credential);
    assert_eq!(begun.elapsed(), source::COMMAND_TIMEOUT);
    assert_eq!(credentials.run().await.status, Status::Fail);
}

#[tokio::test(start_paused = true)]
async fn a_slow_command_does_not_hold_up_the_others() {
    let credentials = one("{ command = ['sleep', '3600'], ttl = '1m' }, { value = 'k-2' }");
    let begun = Instant::now();
    for _ in 0..3 {
        assert_eq!(shown(&credentials).await, "x-api-key: k-2");
        assert_eq!(begun.elapsed(), PATIENCE, "only the first call waits");
    }
}

#[tokio::test]
async fn when_a_token_ends() {
    // {"sub":"me","iat":1000,"exp":5000}
    let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtZSIsImlhdCI6MTAwMCwiZXhwIjo1MDAwfQ.c2lnbmF0dXJl";
    let credentials = one(&format!("'{token}'"));
    assert_eq!(credentials.run().await.status, Status::Fail, "1970 is over");
    let check = |now, expect: Outcome| assert_eq!(health::outcome(&credentials, now), expect);
    check(2000, Outcome::pass().observed(3000, "s"));
    check(4700, Outcome::warn("the credential expires in 300 s").observed(300, "s"));
    check(5000, Outcome::fail("the credential has expired").observed(0, "s"));
}

#[tokio::test]
async fn what_the_provider_thinks_of_it() {
    let credentials = one("'k'");
    for (status, expect) in [
        (200, Status::Pass),
        (401, Status::Warn),
        (500, Status::Warn),
        (200, Status::Pass),
        (403, Status::Warn),
    ] {
        assert_eq!(answered(&credentials, status, &[]).await, "k");
        assert_eq!(credentials.run().await.status, expect, "{status}");
        assert!(!credentials.has_another(), "{status}");
    }
    let (_, text) = health(&credentials).await;
    assert_eq!(text, "the provider refused the credential when it was last shown (HTTP 403)");
    // A limit is no refusal, and another component's business.
    assert_eq!(answered(&credentials, 429, &[]).await, "k");
    assert_eq!(credentials.run().await, Outcome::pass());
}

#[tokio::test(start_paused = true)]
async fn one_that_is_limited_rests() {
    let credentials = one("{ value = 'k-1', name = 'main' }, { value = 'k-2' }, { value = 'k-3' }");
    credentials.start().await.unwrap();
    assert_eq!(credentials.run().await, Outcome::pass().observed(3, "credentials"));
    assert_eq!(answered(&credentials, 429, &[("retry-after", "20")]).await, "k-1");
    assert!(credentials.has_another());
    assert_eq!(answered(&credentials, 401, &[]).await, "k-2");
    assert!(credentials.has_another());
    let (status, text) = health(&credentials).await;
    assert_eq!(status, Status::Warn);
    let expect = "1 of 3 credentials good; main: limited (HTTP 429), cools down for 20 s more; 2: the provider refused the \
                  credential when it was last shown (HTTP 401), cools down for 60 s more";
    assert_eq!(text, expect);
    assert_eq!(answered(&credentials, 403, &[("retry-after-ms", "30000")]).await, "k-3");
    assert!(!credentials.has_another());
    // All rest: the one that is ready first.
    assert_eq!(answered(&credentials, 429, &[("retry-after", "25")]).await, "k-1");
    assert!(!credentials.has_another());
    tokio::time::advance(Duration::from_secs(25)).await;
    assert!(credentials.has_another(), "it comes back by itself");
    assert_eq!(answered(&credentials, 200, &[]).await, "k-1");
    tokio::time::advance(Duration::from_secs(60)).await;
    let (_, text) = health(&credentials).await;
    assert!(
        text.contains("1 of 3 credentials good; 2: the provider refused") && !text.contains("cools"),
        "{text}"
    );
}

#[tokio::test]
async fn a_text_loses_the_secrets_of_all() {
    for scheme in [Scheme::ApiKey, Scheme::Bearer] {
        let credentials = pool("credentials = ['my-own', 'my-own-0815', { file = '/no' }]", scheme).unwrap();
        credentials.start().await.unwrap();
        let shown = credentials.show().await.unwrap().unwrap();
        let text = "neither my-own nor my-own-0815 is known".to_owned();
        assert_eq!(shown.hide(text), "neither *** nor *** is known");
    }
}

#[tokio::test(start_paused = true)]
async fn each_takes_its_turn() {
    let list = "credentials = ['k-1', { file = '/no/such/file' }, 'k-3']\npool.strategy = 'round_robin'";
    let credentials = pool(list, Scheme::ApiKey).unwrap();
    credentials.start().await.unwrap();
    let mut seen = Vec::new();
    for status in [200, 200, 429, 200, 200] {
        seen.push(answered(&credentials, status, &[]).await);
    }
    assert_eq!(seen, ["k-1", "k-3", "k-1", "k-3", "k-3"]);
}

#[tokio::test(start_paused = true)]
async fn failures_in_a_row_count() {
    let list = "credentials = ['k-1', 'k-2']\npool = { max_failures = 2, failure_status_codes = [529], cooldown = '5s' }";
    let credentials = pool(list, Scheme::ApiKey).unwrap();
    credentials.start().await.unwrap();
    let mut seen = Vec::new();
    for status in [529, 200, 529, 500, 529, 529] {
        seen.push(answered(&credentials, status, &[]).await);
    }
    assert_eq!(seen, ["k-1", "k-1", "k-1", "k-1", "k-1", "k-2"]);
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(answered(&credentials, 200, &[]).await, "k-1");
}

#[tokio::test(start_paused = true)]
async fn a_mended_file_ends_the_rest_of_its_credential() {
    let dir = tempfile::tempdir().unwrap();
    let key = dir.path().join("key");
    std::fs::write(&key, "k-old").unwrap();
    let credentials = one(&format!("{}, 'k-2'", file(&key)));
    credentials.start().await.unwrap();
    assert_eq!(answered(&credentials, 401, &[]).await, "k-old");
    assert_eq!(answered(&credentials, 200, &[]).await, "k-2");
    std::fs::write(&key, "k-new").unwrap();
    tokio::time::advance(source::FILE_TTL).await;
    // Nobody waits for one that rests: it is back when it has been read.
    while answered(&credentials, 200, &[]).await != "k-new" {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(credentials.run().await, Outcome::pass().observed(2, "credentials"));
}

#[tokio::test]
async fn a_refused_command_runs_again_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let count = dir.path().join("count");
    let script = format!("echo x >> {0}; echo k-$(wc -l < {0})", count.display());
    let credentials = one(&format!("{{ command = ['sh', '-c', '{script}'], ttl = '1h' }}"));
    credentials.start().await.unwrap();
    assert_eq!(answered(&credentials, 200, &[]).await, "k-1");
    assert_eq!(answered(&credentials, 401, &[]).await, "k-1");
    assert!(!credentials.has_another(), "it ran just now");
    // A paused clock does not wait for processes, so it is only moved.
    tokio::time::pause();
    tokio::time::advance(RETRY_AFTER).await;
    tokio::time::resume();
    assert_eq!(answered(&credentials, 401, &[]).await, "k-1");
    assert!(credentials.has_another());
    assert_eq!(answered(&credentials, 401, &[]).await, "k-2");
    assert!(!credentials.has_another());
}

#[tokio::test]
async fn a_source_that_hangs_delays_few_calls() {
    let dir = tempfile::tempdir().unwrap();
    let first = dir.path().join("first");
    let script = format!("test -e {0} && exec sleep 3600; touch {0}; echo sk-1", first.display());
    let credentials = one(&format!("{{ command = ['sh', '-c', '{script}'], ttl = '1m' }}"));
    assert_eq!(shown(&credentials).await, "x-api-key: sk-1");
    // A paused clock does not wait for processes: from here on none has to end.
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(60)).await;
    let mut waited = Vec::new();
    for _ in 0..3 {
        let begun = Instant::now();
        assert_eq!(shown(&credentials).await, "x-api-key: sk-1");
        waited.push(begun.elapsed().as_secs());
    }
    assert_eq!(waited, [PATIENCE.as_secs(), 0, 0]);
}
