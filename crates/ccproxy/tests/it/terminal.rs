//! The commands that tell in the terminal what a running proxy does.

mod asked;
mod mistakes;
mod top;

use ccproxy_testkit::ScriptedUpstream;
use ccproxy_testkit::upstream::Script;
use serde_json::{Value, json};

use crate::analytics::keys;
use crate::support::program::Program;
use crate::support::{Request, stage, within};

/// Input and output of every answer that counts any.
const TOKENS: (u64, u64) = (1000, 200);
/// What an answer of `claude-x` costs, in dollars.
const PRICE: f64 = 0.006;

/// The program as a process, its store, and the provider behind it. It is found by its configuration.
struct Scene {
    program: Program,
    upstream: ScriptedUpstream,
}

impl Scene {
    async fn start() -> Self {
        let upstream = ScriptedUpstream::start().await.unwrap();
        let extra = format!(
            "{}[shutdown]\ndrain_delay = '0s'\n[store]\nurl = {{ value = 'store.db' }}\n\
             [[pricing.models]]\nmodel = 'claude-x'\ninput = 3\noutput = 15\n",
            keys()
        );
        // The first line belongs to the table before it.
        let toml = format!("socket = 'm.sock'\n{}", stage::config(&upstream.url(), "", &extra));
        let scene = Self { program: Program::start("", &toml).await, upstream };
        within("the store is open", async { while scene.run(&["usage"]).await.0 != 0 {} }).await;
        scene
    }

    /// The same after two priced requests and one without a price by alice, one of these and a failure by bob.
    async fn busy() -> Self {
        let scene = Self::start().await;
        scene.traffic().await;
        scene
    }

    async fn traffic(&self) {
        for _ in 0..2 {
            self.ask("alice", "claude-x", messages()).await;
        }
        self.ask("alice", "gpt-x", chat()).await;
        self.ask("bob", "gpt-x", chat()).await;
        self.ask("bob", "gpt-x", Script::error(500)).await;
        within("all are kept", async {
            while self.json(&["usage", "--json"]).await["total"]["requests"] != 5 {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        })
        .await;
    }

    async fn ask(&self, key: &str, model: &str, script: Script) {
        self.upstream.script(script);
        let path = if model == "claude-x" { stage::ask::MESSAGES } else { stage::ask::CHAT };
        let request = Request::post(path, stage::ask::body(path, model, false));
        self.program.send(&request.header("x-api-key", &format!("{key}s-key"))).await;
    }

    /// The exit code, what is printed and what is complained.
    async fn run(&self, args: &[&str]) -> (i32, String, String) {
        let mut command = self.program.command(args);
        let output = within("the command", command.env("COLUMNS", "200").output()).await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    }

    /// What is printed by a command that goes well.
    async fn told(&self, args: &[&str]) -> String {
        let (code, told, complaint) = self.run(args).await;
        assert_eq!((code, complaint.as_str()), (0, ""), "{args:?}: {told}");
        told
    }

    async fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.told(args).await).unwrap()
    }
}

fn messages() -> Script {
    let (input, output) = TOKENS;
    let usage = json!({"input_tokens": input, "output_tokens": output});
    let answer = json!({"id": "m", "type": "message", "role": "assistant", "model": "claude-x",
        "content": [{"type": "text", "text": "hi"}], "stop_reason": "end_turn", "usage": usage});
    Script::whole(200, answer.to_string())
}

fn chat() -> Script {
    let (input, output) = TOKENS;
    let usage = json!({"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output});
    let message = json!({"role": "assistant", "content": "hi"});
    let choices = json!([{"index": 0, "message": message, "finish_reason": "stop"}]);
    let answer = json!({"id": "c", "object": "chat.completion", "created": 1, "model": "gpt-x",
        "choices": choices, "usage": usage});
    Script::whole(200, answer.to_string())
}
