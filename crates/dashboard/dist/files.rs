&[
    ("app-B_AiebwT.js", Asset { bytes: include_bytes!("app-B_AiebwT.js.gz"), content_type: "text/javascript; charset=utf-8", content_encoding: Some("gzip"), etag: "\"bc0d2d428a89b73a\"", immutable: true }),
    ("icon-xvJxl7U9.svg", Asset { bytes: include_bytes!("icon-xvJxl7U9.svg"), content_type: "image/svg+xml", content_encoding: None, etag: "\"44a8c43a2c8f18de\"", immutable: true }),
    ("index-D2xSnEG8.css", Asset { bytes: include_bytes!("index-D2xSnEG8.css.gz"), content_type: "text/css; charset=utf-8", content_encoding: Some("gzip"), etag: "\"5677e455b5df955d\"", immutable: true }),
    ("index.html", Asset { bytes: include_bytes!("index.html"), content_type: "text/html; charset=utf-8", content_encoding: None, etag: "\"c5e6874711b713a7\"", immutable: false }),
]
