//! The commands that ask a running proxy, where it asks for a token.

use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use super::keys;
use crate::support::program::Program;
use crate::support::within;

/// What `ccproxy top --json` tells once it has heard from the proxy, or that it does not.
async fn top(program: &Program, url: &str) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ccproxy"));
    command.args(["top", "--json", "--interval", "200ms", "--url", url]).current_dir(program.path());
    command.env_clear().env("HOME", program.path()).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.kill_on_drop(true).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    within("it hears", async {
        while let Some(line) = lines.next_line().await.unwrap() {
            let line: Value = serde_json::from_str(&line).unwrap();
            if !line["status"].is_null() || !line["trouble"].is_null() {
                return line;
            }
        }
        panic!("it has ended");
    })
    .await
}

#[tokio::test]
async fn commands_show_the_token_that_opens_the_records() {
    let token = "[auth]\ntoken = { value = 'the-token' }\n";
    let managed = format!("token = {{ value = 'the-managers' }}\n{}", keys());
    for (toml, opens) in [(token, true), (&*managed, true), (&*keys(), false), ("", true)] {
        let program = Program::start("", toml).await;
        let url = format!("http://{}", program.main);
        let usage = program.run(&["usage", "--url", &url], &[]).await;
        let status = program.run(&["status", "--json", "--url", &url], &[]).await;
        let status: Value = serde_json::from_str(&status).unwrap();
        let top = top(&program, &url).await;
        let heard = [!usage.contains("HTTP 401"), !status["overview"].is_null(), top["trouble"].is_null()];
        assert_eq!(heard, [opens; 3], "{toml}: {usage}{status}{top}");
        if !opens {
            assert!(usage.contains("set management.token, or ask at the management port"), "{usage}");
        }
        // The doors of those who run the service are as they were.
        if toml == keys() {
            let url = format!("http://{}", program.management);
            let usage = program.run(&["usage", "--url", &url], &[]).await;
            assert!(!usage.contains("HTTP 401"), "{usage}");
        }
    }
}
