//! Connections that take their time do not take anybody else's.

use crate::support::stage::ask;
use crate::support::{Conn, LIMIT, Request, Stage};

/// More than would be needed if each took a thread.
const CROWD: usize = 200;

#[tokio::test]
async fn others_are_served_meanwhile() {
    let stage =
        Stage::start("[server]\nheader_timeout = '400ms'\nbody_timeout = '400ms'\nkeep_alive = '1s'").await;
    let whole = ask::request(ask::CHAT, false).wire();
    let head = whole.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let mut crowd = Vec::new();
    for n in 0..CROWD {
        let mut conn = Conn::open(stage.app.address()).await;
        // Nothing, half a head, a head without a body, and all but the last byte.
        let sent = [0, head / 2, head, whole.len() - 1][n % 4];
        conn.write(&whole[..sent]).await.unwrap();
        crowd.push(conn);
    }
    for path in ask::ALL {
        assert_eq!(stage.send(&ask::request(path, true)).await.status, 200);
    }
    assert_eq!(stage.send(&Request::get("/health/ready")).await.status, 200);
    let refused = crowd.iter_mut().map(Conn::rest);
    let answers = futures_util::future::join_all(refused).await;
    for (n, answer) in answers.into_iter().enumerate() {
        let answer = String::from_utf8(answer).unwrap();
        let late = answer.starts_with("HTTP/1.1 408 ");
        assert_eq!(late, n % 4 >= 2, "{n}: {answer}");
    }
    assert_eq!(stage.upstream.requests().len(), 3);
}

#[tokio::test]
async fn a_client_that_does_not_read_holds_its_own_answer_alone() {
    let stage = Stage::start("").await;
    let large = format!("{{\"x\":\"{}\"}}", "y".repeat(8 * 1024 * 1024));
    let mut crowd = Vec::new();
    for _ in 0..20 {
        stage.upstream.script(ccproxy_testkit::upstream::Script::whole(200, large.clone()));
        let mut conn = Conn::open(stage.app.address()).await;
        conn.send(&ask::request(ask::CHAT, false)).await;
        crowd.push(conn);
    }
    stage.upstream.wait_requests(20).await;
    assert_eq!(stage.send(&ask::request(ask::CHAT, true)).await.status, 200);
    drop(crowd);
    assert!(stage.upstream.wait_cancelled(LIMIT).await);
    assert_eq!(stage.counts().await[0], 21);
}
