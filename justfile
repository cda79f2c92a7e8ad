# Short names for what the scripts do; nothing needs just.

# List the recipes.
default:
    @just --list

# Run the proxy on http://127.0.0.1:8000.
run *flags:
    cargo run --release -- serve {{ flags }}

# Everything CI runs, or only the steps named.
check *steps:
    bash scripts/check {{ steps }}

# The tests of the workspace, or those that match.
test *filter:
    cargo nextest run --workspace {{ filter }}

# Real SDKs and command lines against the program.
clients:
    tests/clients/run

# The real watchers of health against the program.
consumers *flags:
    tests/consumers/run {{ flags }}

# Whatever the OpenAPI description lets anybody ask.
security:
    tests/security/run

# Bring docs/CONFIG.md and docs/openapi.json up to date.
docs:
    cargo xtask docs

# Feed random bytes to what reads the bytes of others; `just fuzz stream_chat -max_total_time=600`.
fuzz target *flags:
    cargo +nightly fuzz run {{ target }} -- {{ flags }}

# Measure beside nginx.
bench *flags:
    bench/run {{ flags }}

# Measure the health pages against their goals.
health-bench *flags:
    bench/health-run {{ flags }}

# A million requests of every kind, with every fault in turn; `just soak --quick` for a few.
soak *flags:
    bench/soak-run {{ flags }}
