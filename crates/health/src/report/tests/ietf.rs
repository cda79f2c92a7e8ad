use super::*;
use crate::Profile;

fn draft(mut builder: Builder) -> Health {
    builder.profile(Profile::Ietf);
    builder.link("about", "https://example.test/about").unwrap();
    builder.build()
}

fn body(answer: &Answer) -> String {
    body_of(answer).to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_pass_has_the_drafts_keys_and_no_more() {
    let health = draft(builder());
    let short = format!(r#"{{"status":"pass","version":"0.1","releaseId":"{VERSION}"}}"#);
    for answer in
        [live(&health, View::Full), ready(&health, View::Full, &[]), startup(&health, View::Full, &[])]
    {
        assert_eq!(body(&answer), short);
        assert!(matches!(answer.cache, Cache::MaxAge { seconds: 1, etag: Some(_) }));
    }
    assert_eq!(body(&live(&health, View::Anonymous)), r#"{"status":"pass","version":"0.1"}"#);
    let page = |view| body(&detail_at(&health, view, &[], now()));
    let own = format!(
        r#""serviceId":"claude-code-proxy","description":"CCProxy API Server","checks":{{"service_container":[{{"componentId":"service-container","componentType":"component","status":"pass","time":"{NOW}"}}]}}"#
    );
    assert_eq!(
        page(View::Full),
        format!(
            r#"{{"status":"pass","version":"0.1","releaseId":"{VERSION}",{own},"links":{{"about":"https://example.test/about"}}}}"#
        )
    );
    assert_eq!(page(View::Anonymous), format!(r#"{{"status":"pass","version":"0.1",{own}}}"#));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_well_says_more() {
    let mut builder = builder();
    let affected = spec("db").affects(&["/v1/messages", "/{name}/v1{/rest*}"]).unwrap();
    builder.check(Scope::Core, affected.clone(), check_fn(|| async { Outcome::pass() }));
    let health = draft(builder);
    put(&health, 0, Outcome::pass().output("v16").observed(0, "ms"));
    let page = body(&detail(&health, View::Full, &[]));
    assert!(!page.contains("output") && !page.contains("affectedEndpoints"), "{page}");
    for _ in 0..3 {
        put(&health, 0, Outcome::warn("slow"));
    }
    let warned = detail(&health, View::Full, &[]);
    assert!(matches!(warned.cache, Cache::MaxAge { seconds: 10, .. }));
    let page = body(&warned);
    assert!(page.contains(r#""output":"Service is degraded: db: slow""#), "{page}");
    assert!(page.contains(r#""affectedEndpoints":["/v1/messages","/{name}/v1{/rest*}"]"#), "{page}");
    assert!(body(&detail(&health, View::Anonymous, &[])).contains(r#""output":"Service is degraded","#));
    health.drain();
    let draining = detail(&health, View::Full, &[]);
    assert_eq!((draining.http_status(), draining.cache), (503, Cache::NoStore));
}

#[tokio::test(start_paused = true)]
async fn an_etag_changes_when_something_happens_and_not_with_age() {
    let mut builder = builder();
    add(&mut builder, Scope::Core, "db", false);
    let health = draft(builder);
    put(&health, 0, Outcome::pass());
    let etag = || match detail(&health, View::Full, &[]).cache {
        Cache::MaxAge { etag: Some(etag), .. } => etag,
        other => panic!("{other:?}"),
    };
    let before = etag();
    assert!(before.starts_with("W/\"") && before.ends_with('"'));
    advance(secs(5)).await;
    assert_eq!(etag(), before);
    health.container().part("late").failed("x");
    assert_ne!(etag(), before);
    let failed = etag();
    put(&health, 0, Outcome::pass());
    assert_ne!(etag(), failed);
}

#[test]
fn the_public_version_is_the_part_that_breaks() {
    let check = |version: &str, expect: &str| {
        let identity = Identity::new(version, "s", "d");
        assert_eq!(identity.versions(Profile::Ietf, true), (expect, Some(version)));
        assert_eq!(identity.versions(Profile::Ietf, false), (expect, None));
        assert_eq!(identity.versions(Profile::Ccproxy, true), (version, None));
    };
    check("1.2.3", "1");
    check("0.1.0", "0.1");
    check("0.1", "0.1");
    check("7", "7");
    check("", "");
}
