use ccproxy_health::Status;

use super::*;

fn source(toml: &str) -> SecretSource {
    #[derive(serde::Deserialize)]
    struct Holder {
        source: SecretSource,
    }
    ccproxy_config::Section::from_toml("x", toml).unwrap().read::<Holder>().unwrap().source
}

async fn check(toml: &str, expect: Result<&str, &str>) {
    let credentials = Credentials::new(vec![source(toml)], Scheme::Bearer);
    match (credentials.load().await, expect) {
        (Ok(header), Ok(text)) => {
            assert_eq!(header.to_str().unwrap(), text);
            assert!(!format!("{header:?}").contains(text), "a credential must not print itself");
        }
        (Err(error), Err(text)) => assert!(error.contains(text), "{error}"),
        (got, expect) => panic!("{toml}: got {got:?}, expected {expect:?}"),
    }
}

#[tokio::test]
async fn every_source() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("key");
    std::fs::write(&file, "sk-file\n").unwrap();
    check("source = { value = 'sk-1' }", Ok("Bearer sk-1")).await;
    check("source = { value = '  ' }", Err("is empty")).await;
    check(
        "source = { env = 'CCPROXY_TEST_NO_SUCH_VARIABLE' }",
        Err("CCPROXY_TEST_NO_SUCH_VARIABLE: is not set"),
    )
    .await;
    check(&format!("source = {{ file = '{}' }}", file.display()), Ok("Bearer sk-file")).await;
    check("source = { file = '/no/such/file' }", Err("cannot be read: entity not found")).await;
    check("source = { command = ['echo', 'sk-2'] }", Ok("Bearer sk-2")).await;
    check("source = { command = ['false'] }", Err("failed with exit status: 1")).await;
    check("source = { command = ['/no/such/program'] }", Err("cannot be run")).await;
}

#[tokio::test(start_paused = true)]
async fn a_mended_file_is_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("key");
    let credentials = Credentials::new(vec![SecretSource::File(file.clone())], Scheme::Plain);
    assert!(credentials.start().await.is_err());
    std::fs::write(&file, "sk-1").unwrap();
    assert!(credentials.header().await.is_err(), "a failure is kept for a while");
    tokio::time::advance(RETRY_AFTER).await;
    assert_eq!(credentials.header().await.unwrap().unwrap(), "sk-1");
    std::fs::write(&file, "sk-2").unwrap();
    assert_eq!(credentials.header().await.unwrap().unwrap(), "sk-1");
    tokio::time::advance(source::FILE_TTL).await;
    assert_eq!(credentials.header().await.unwrap().unwrap(), "sk-2");
}

#[tokio::test(start_paused = true)]
async fn the_last_good_one_outlives_a_failed_reading() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("key");
    std::fs::write(&file, "sk-1").unwrap();
    let credentials = Credentials::new(vec![SecretSource::File(file.clone())], Scheme::Plain);
    assert_eq!(credentials.run().await, Outcome::pass());
    std::fs::remove_file(&file).unwrap();
    tokio::time::advance(source::FILE_TTL).await;
    assert_eq!(credentials.header().await.unwrap().unwrap(), "sk-1");
    let outcome = credentials.run().await;
    let text = outcome.output.unwrap();
    assert_eq!(outcome.status, Status::Warn);
    assert!(text.contains("the last good one stays in use") && text.contains("cannot be read"), "{text}");
    std::fs::write(&file, "sk-2").unwrap();
    tokio::time::advance(RETRY_AFTER).await;
    assert_eq!(credentials.header().await.unwrap().unwrap(), "sk-2");
    assert_eq!(credentials.run().await, Outcome::pass());
}

#[tokio::test(start_paused = true)]
async fn a_slow_command_does_not_hold_up_the_start() {
    let toml = "source = { command = ['sleep', '3600'], ttl = '1m' }";
    let credentials = Credentials::new(vec![source(toml)], Scheme::Plain);
    let begun = Instant::now();
    assert_eq!(credentials.start().await, Ok(()));
    assert_eq!(begun.elapsed(), PATIENCE);
    let outcome = credentials.run().await;
    assert_eq!((outcome.status, begun.elapsed()), (Status::Warn, 2 * PATIENCE));
    assert!(outcome.output.unwrap().contains("still being read"));
    // Whoever needs it waits for the same reading, to its end.
    assert_eq!(credentials.header().await.unwrap_err().kind(), CallErrorKind::Credential);
    assert_eq!(begun.elapsed(), source::COMMAND_TIMEOUT);
    assert_eq!(credentials.run().await.status, Status::Fail);
}

#[tokio::test]
async fn when_a_token_ends() {
    // {"sub":"me","iat":1000,"exp":5000}
    let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtZSIsImlhdCI6MTAwMCwiZXhwIjo1MDAwfQ.c2lnbmF0dXJl";
    let credentials =
        Credentials::new(vec![source(&format!("source = {{ value = '{token}' }}"))], Scheme::Bearer);
    assert_eq!(credentials.run().await.status, Status::Fail, "1970 is over");
    let check = |now, expect: Outcome| assert_eq!(credentials.outcome(now), expect);
    check(2000, Outcome::pass().observed(3000, "s"));
    check(4700, Outcome::warn("the credential expires in 300 s").observed(300, "s"));
    check(5000, Outcome::fail("the credential has expired").observed(0, "s"));
}

#[tokio::test]
async fn what_the_provider_thinks_of_it() {
    let credentials = Credentials::new(vec![source("source = { value = 'k' }")], Scheme::Plain);
    let refused = Err::<(), _>(CallError::new(CallErrorKind::Refused, "no"));
    let elsewhere = Err::<(), _>(CallError::new(CallErrorKind::Connect, "no"));
    for (answer, expect) in
        [(Ok(()), Status::Pass), (refused, Status::Warn), (elsewhere, Status::Warn), (Ok(()), Status::Pass)]
    {
        credentials.heard(&answer);
        assert_eq!(credentials.run().await.status, expect, "{answer:?}");
    }
}

#[tokio::test]
async fn a_source_that_hangs_delays_few_calls() {
    let dir = tempfile::tempdir().unwrap();
    let first = dir.path().join("first");
    let script = format!("test -e {0} && exec sleep 3600; touch {0}; echo sk-1", first.display());
    let toml = format!("source = {{ command = ['sh', '-c', '{script}'], ttl = '1m' }}");
    let credentials = Credentials::new(vec![source(&toml)], Scheme::Plain);
    assert_eq!(credentials.header().await.unwrap().unwrap(), "sk-1");
    // A paused clock does not wait for processes: from here on none has to end.
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(60)).await;
    let mut waited = Vec::new();
    for _ in 0..3 {
        let begun = Instant::now();
        assert_eq!(credentials.header().await.unwrap().unwrap(), "sk-1");
        waited.push(begun.elapsed().as_secs());
    }
    assert_eq!(waited, [PATIENCE.as_secs(), 0, 0]);
}
