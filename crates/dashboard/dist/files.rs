&[
    ("app-BVlMiZyn.js", Asset { bytes: include_bytes!("app-BVlMiZyn.js.gz"), content_type: "text/javascript; charset=utf-8", content_encoding: Some("gzip"), etag: "\"842b80c8ea5e160e\"", immutable: true }),
    ("icon-xvJxl7U9.svg", Asset { bytes: include_bytes!("icon-xvJxl7U9.svg"), content_type: "image/svg+xml", content_encoding: None, etag: "\"44a8c43a2c8f18de\"", immutable: true }),
    ("index-C17svx1d.css", Asset { bytes: include_bytes!("index-C17svx1d.css.gz"), content_type: "text/css; charset=utf-8", content_encoding: Some("gzip"), etag: "\"18851e7bf567b369\"", immutable: true }),
    ("index.html", Asset { bytes: include_bytes!("index.html"), content_type: "text/html; charset=utf-8", content_encoding: None, etag: "\"3945ac4317768653\"", immutable: false }),
]
