&[
    ("app-C76YAL2R.js", Asset { bytes: include_bytes!("app-C76YAL2R.js.gz"), content_type: "text/javascript; charset=utf-8", content_encoding: Some("gzip"), etag: "\"c7eb537ad814c4aa\"", immutable: true }),
    ("icon-xvJxl7U9.svg", Asset { bytes: include_bytes!("icon-xvJxl7U9.svg"), content_type: "image/svg+xml", content_encoding: None, etag: "\"44a8c43a2c8f18de\"", immutable: true }),
    ("index-DMw6NTV0.css", Asset { bytes: include_bytes!("index-DMw6NTV0.css.gz"), content_type: "text/css; charset=utf-8", content_encoding: Some("gzip"), etag: "\"5d493991e4ecc1b4\"", immutable: true }),
    ("index.html", Asset { bytes: include_bytes!("index.html"), content_type: "text/html; charset=utf-8", content_encoding: None, etag: "\"06db95fa69f254f4\"", immutable: false }),
]
