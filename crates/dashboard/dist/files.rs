&[
    ("app-CA6v1_w7.js", Asset { bytes: include_bytes!("app-CA6v1_w7.js.gz"), content_type: "text/javascript; charset=utf-8", content_encoding: Some("gzip"), etag: "\"0df4b20377e537a5\"", immutable: true }),
    ("icon-xvJxl7U9.svg", Asset { bytes: include_bytes!("icon-xvJxl7U9.svg"), content_type: "image/svg+xml", content_encoding: None, etag: "\"44a8c43a2c8f18de\"", immutable: true }),
    ("index-DMw6NTV0.css", Asset { bytes: include_bytes!("index-DMw6NTV0.css.gz"), content_type: "text/css; charset=utf-8", content_encoding: Some("gzip"), etag: "\"5d493991e4ecc1b4\"", immutable: true }),
    ("index.html", Asset { bytes: include_bytes!("index.html"), content_type: "text/html; charset=utf-8", content_encoding: None, etag: "\"be2b9a7de530b63f\"", immutable: false }),
]
