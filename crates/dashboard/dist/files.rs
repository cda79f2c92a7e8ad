&[
    ("app-uBWG8u15.js", Asset { bytes: include_bytes!("app-uBWG8u15.js.gz"), content_type: "text/javascript; charset=utf-8", content_encoding: Some("gzip"), etag: "\"16c4abdbf1f71b17\"", immutable: true }),
    ("icon-xvJxl7U9.svg", Asset { bytes: include_bytes!("icon-xvJxl7U9.svg"), content_type: "image/svg+xml", content_encoding: None, etag: "\"44a8c43a2c8f18de\"", immutable: true }),
    ("index-D0fEVKOk.css", Asset { bytes: include_bytes!("index-D0fEVKOk.css.gz"), content_type: "text/css; charset=utf-8", content_encoding: Some("gzip"), etag: "\"0b5f1cc101226bc2\"", immutable: true }),
    ("index.html", Asset { bytes: include_bytes!("index.html"), content_type: "text/html; charset=utf-8", content_encoding: None, etag: "\"8148280272aaae7c\"", immutable: false }),
]
