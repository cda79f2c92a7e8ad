//! The page for browsers, at every door.

use crate::support::{Request, Stage, send};

#[tokio::test]
async fn the_page_and_its_files_are_served_safely() {
    let stage = Stage::start("[management]\nport = 0\n").await;
    for address in [stage.app.address(), stage.app.management()] {
        let page = send(address, &Request::get("/dashboard/")).await;
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
        assert!(
            page.header("content-security-policy")
                .unwrap()
                .starts_with("default-src 'none'; script-src 'self'")
        );
        let text = page.text();
        let script = text.split("src=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        let script = script.trim_start_matches("./").trim_start_matches("/dashboard/");
        let file = Request::get(&format!("/dashboard/{script}"));
        let script = send(address, &file).await;
        assert_eq!((script.status, script.header("content-encoding")), (200, Some("gzip")));
        assert!(script.header("cache-control").unwrap().contains("immutable"));
        let etag = script.header("etag").unwrap().to_owned();
        let again = send(address, &file.header("if-none-match", &etag)).await;
        assert_eq!((again.status, again.body.len()), (304, 0));
        let folder = send(address, &Request::get("/dashboard")).await;
        assert_eq!((folder.status, folder.header("location")), (308, Some("/dashboard/")));
        assert_eq!(send(address, &Request::get("/dashboard/nothing")).await.status, 404);
        let head = send(address, &Request::new("HEAD", "/dashboard/")).await;
        assert_eq!((head.status, head.body.len()), (200, 0));
    }
}
