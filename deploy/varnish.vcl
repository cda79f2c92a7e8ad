# Varnish in front of two replicas; nothing is cached, the probe is the point. Two bad ones out of five make a replica
# sick: shutdown.drain_delay has to be at least 2 x .interval + .timeout, here 2 x 1 s + 1 s.
vcl 4.1;

import directors;

probe ready {
    .url = "/health/ready";
    .timeout = 1s;
    .interval = 1s;
    .window = 5;
    .threshold = 4;
    .initial = 3;
}

backend ccproxy_1 { .host = "ccproxy-1"; .port = "8000"; .probe = ready; .first_byte_timeout = 600s; }
backend ccproxy_2 { .host = "ccproxy-2"; .port = "8000"; .probe = ready; .first_byte_timeout = 600s; }

sub vcl_init {
    new replicas = directors.round_robin();
    replicas.add_backend(ccproxy_1);
    replicas.add_backend(ccproxy_2);
}

sub vcl_recv {
    set req.backend_hint = replicas.backend();
    return (pass);
}
