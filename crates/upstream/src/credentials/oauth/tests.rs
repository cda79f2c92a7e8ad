use super::*;

#[test]
fn where_tokens_are_asked_for() {
    let check = |url: &str, expect: Result<(), &str>| match (endpoint(url), expect) {
        (Ok(_), Ok(())) => {}
        (Err(error), Err(text)) => assert!(error.contains(text), "{url}: {error}"),
        (got, expect) => panic!("{url}: {got:?}, {expect:?}"),
    };
    check("https://issuer.test/oauth2/token?tenant=1", Ok(()));
    check("http://127.0.0.1:80/token", Ok(()));
    check("http://[::1]/token", Ok(()));
    check("http://localhost:8080/token", Ok(()));
    check("http://issuer.test/token", Err("must begin with https://, for secrets"));
    check("http://127.0.0.1.issuer.test/token", Err("must begin with https://, for secrets"));
    check("issuer.test", Err("must begin with https://"));
    check("https://me:hush@issuer.test/", Err("no user name or password"));
    check("https://x y/", Err("is no URL"));
}

fn client(client_auth: ClientAuth, client_secret: Option<&str>, refresh_token: Option<&str>) -> Client {
    let source = |text: &str| SecretSource::Value(text.into());
    let oauth = OAuth {
        token_url: "https://issuer.test/token".to_owned(),
        client_id: "me:1".to_owned(),
        client_secret: client_secret.map(source),
        client_auth,
        scope: Some("a b".to_owned()),
        audience: None,
        refresh_token: refresh_token.map(source),
    };
    Client::new(oauth, &Arc::default()).unwrap()
}

#[tokio::test]
async fn what_is_asked() {
    let check = async |client: Client, refresh: Option<&str>, basic: Option<&str>, body: &str| {
        let (headers, sent) = client.question(refresh).await.unwrap();
        let value = headers.get(AUTHORIZATION).map(|value| {
            assert!(value.is_sensitive());
            let pair = value.to_str().unwrap().strip_prefix("Basic ").unwrap();
            String::from_utf8(BASE64_STANDARD.decode(pair).unwrap()).unwrap()
        });
        assert_eq!((value.as_deref(), sent), (basic, Bytes::from(body.to_owned())));
    };
    let (basic, body) = (ClientAuth::Basic, ClientAuth::Body);
    check(
        client(basic, Some("h/sh"), None),
        None,
        Some("me%3A1:h%2Fsh"),
        "grant_type=client_credentials&scope=a+b",
    )
    .await;
    check(
        client(body, Some("h/sh"), None),
        None,
        None,
        "grant_type=client_credentials&scope=a+b&client_id=me%3A1&client_secret=h%2Fsh",
    )
    .await;
    check(
        client(basic, None, Some("r")),
        Some("r"),
        None,
        "grant_type=refresh_token&refresh_token=r&scope=a+b&client_id=me%3A1",
    )
    .await;
}

#[test]
fn what_to_do_about_a_refusal() {
    let check = |error: &str, expect: &str| {
        let body = format!(r#"{{"error":"{error}","error_description":"hush"}}"#);
        let advice =
            client(ClientAuth::Basic, None, Some("hush")).advice(StatusCode::BAD_REQUEST, body.as_bytes());
        assert!(advice.contains(expect) && !advice.contains("hush"), "{error}: {advice}");
    };
    check("invalid_client", "check client_id, client_secret");
    check("invalid_grant", "get a new one and put it into a value in the configuration");
    check("invalid_scope", "check scope");
    check("unauthorized_client", "allow it at the issuer");
    check("invalid_request", "check the keys of oauth");
    check("hush", "answered HTTP 400: check token_url");
}
