mod scene;
mod svg;

use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use super::*;
use crate::commands::top::feed::News;
use crate::commands::top::state::tests::busy;
use crate::commands::top::state::{By, Pane};
use scene::scene;

fn terminal(state: &State, width: u16, height: u16) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, state)).unwrap();
    terminal
}

fn picture(state: &State, width: u16, height: u16) -> String {
    terminal(state, width, height).backend().to_string()
}

fn buffer(state: &State, width: u16, height: u16) -> Buffer {
    terminal(state, width, height).backend().buffer().clone()
}

#[test]
fn in_several_sizes() {
    let mut state = scene();
    insta::assert_snapshot!("120x40", picture(&state, 120, 40));
    insta::assert_snapshot!("80x24", picture(&state, 80, 24));
    insta::assert_snapshot!("60x16", picture(&state, 60, 16));
    insta::assert_snapshot!("40x12", picture(&state, 40, 12));
    (state.view.by, state.view.pane) = (By::Model, Pane::Clients);
    insta::assert_snapshot!("models_120x24", picture(&state, 120, 24));
    insta::assert_snapshot!("models_60x16", picture(&state, 60, 16));
    // Whatever the size, nothing breaks.
    for (width, height) in [(1, 1), (2, 3), (10, 5), (500, 3), (20, 200), (9, 30)] {
        picture(&state, width, height);
    }
}

/// The picture of the documents is that of this program. `INSTA_UPDATE=always` makes it anew, as it does snapshots.
#[test]
fn the_picture_of_the_documents() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/images/top.svg");
    let drawn = svg::svg(&buffer(&scene(), 120, 40));
    if std::env::var_os("INSTA_UPDATE").is_some_and(|update| update == "always") {
        std::fs::write(path, &drawn).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == drawn, "docs/images/top.svg is behind: run this test with INSTA_UPDATE=always");
}

#[test]
fn models_help_and_trouble() {
    let mut state = busy();
    (state.view.by, state.view.pane, state.view.row) = (By::Model, Pane::Clients, 1);
    state.pause();
    insta::assert_snapshot!("models_paused", picture(&state, 80, 24));
    state.pause();
    state.view.help = true;
    insta::assert_snapshot!("help", picture(&state, 80, 24));
    let mut state = State::new("unix:/run/ccproxy.sock".to_owned());
    insta::assert_snapshot!("nothing_yet", picture(&state, 80, 12));
    state.hear(News::Trouble("nothing listens there".to_owned()), Duration::from_secs(1));
    assert!(picture(&state, 80, 12).contains("nothing listens there"));
}
