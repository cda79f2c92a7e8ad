//! What was typed wrong, and proxies that are not there: an exit code, and what to do.

use std::net::TcpListener;

use super::Scene;

#[tokio::test]
async fn what_is_typed_wrong_is_told_with_what_is_right() {
    let mut scene = Scene::start().await;
    let time = "such as 2027-01-31T18:00:00Z or 2027-01-31, or a span back from now such as 15m, 24h or 7d";
    let wrong: [(&[&str], &str); 15] = [
        (&["usage", "--since", "never"], time),
        (&["usage", "--until", "soon"], time),
        (&["usage", "--since", "never"], "error: --since: \"never\" is no time"),
        (&["usage", "--by", "colour"], "--by: \"colour\" is none of model, served_model, provider, key,"),
        (&["usage", "--bucket", "year"], "[possible values: minute, hour, day, week, month]"),
        (&["usage", "--where", "claude"], "expected NAME=VALUE, such as provider=claude"),
        (&["usage", "--where", "colour=red"], "colour: is no parameter here; there are since,"),
        (&["usage", "--where", "ending=odd"], "done, failed"),
        (&["usage", "--json", "--csv"], "'--json' cannot be used with '--csv'"),
        (&["usage", "--url", "nowhere"], "--url takes http://HOST:PORT, https://HOST:PORT or unix:SOCKET"),
        (&["status", "--url", "nowhere"], "--url takes http://HOST:PORT"),
        (&["status", "--color", "pink"], "[possible values: auto, always, never]"),
        (&["status", "--timeout", "soon"], "expected a time such as 500ms or 5s"),
        (&["top", "--interval", "1ms"], "expected a time from 200ms to 1m, such as 2s"),
        (&["top", "--interval", "often"], "expected a time from 200ms to 1m, such as 2s"),
    ];
    let check = async |scene: &Scene| {
        for (args, right) in wrong {
            let (code, told, complaint) = scene.run(args).await;
            assert_eq!((code, told.as_str()), (2, ""), "{args:?}: {complaint}");
            assert!(complaint.contains(right), "{args:?}: {complaint}");
        }
    };
    check(&scene).await;
    // Nobody has to run for that.
    scene.program.end().await;
    check(&scene).await;
}

#[tokio::test]
async fn a_proxy_that_is_not_there() {
    let mut scene = Scene::start().await;
    scene.program.end().await;
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}");
    let help = "nothing listens there; start it with `ccproxy serve`, or name another place with --url";
    for args in [&["usage", "--url", &url][..], &["top", "--json", "--url", &url], &["top", "--json"]] {
        let (code, told, complaint) = scene.run(args).await;
        assert_eq!((code, told.as_str()), (1, ""), "{args:?}: {complaint}");
        assert!(complaint.contains(help), "{args:?}: {complaint}");
    }
    let (code, told, complaint) = scene.run(&["status", "--url", &url]).await;
    assert_eq!((code, told, complaint), (1, format!("? unknown  {url}: {help}\n"), String::new()));
    let (code, told, _) = scene.run(&["status", "--json"]).await;
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(
        (code, &told["health"]["status"], &told["traffic"]),
        (1, &"unknown".into(), &serde_json::Value::Null)
    );
    assert!(told["health"]["output"].as_str().unwrap().contains("m.sock: nothing listens there"), "{told}");
}

#[tokio::test]
async fn another_program_is_none_of_ours() {
    let scene = Scene::start().await;
    let url = scene.upstream.url();
    for args in [["usage", "--url", &url], ["top", "--url", &url]] {
        let (code, told, complaint) = scene.run(&args).await;
        assert_eq!((code, told.as_str()), (1, ""), "{args:?}: {complaint}");
        assert!(
            complaint.starts_with("error: ") && complaint.contains("another program"),
            "{args:?}: {complaint}"
        );
    }
}
