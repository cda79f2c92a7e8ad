use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::*;
use crate::commands::top::feed::News;
use crate::commands::top::state::tests::busy;
use crate::commands::top::state::{By, Pane};

fn picture(state: &State, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, state)).unwrap();
    terminal.backend().to_string()
}

#[test]
fn in_several_sizes() {
    let state = busy();
    insta::assert_snapshot!("80x24", picture(&state, 80, 24));
    insta::assert_snapshot!("120x40", picture(&state, 120, 40));
    insta::assert_snapshot!("40x12", picture(&state, 40, 12));
    // Whatever the size, nothing breaks.
    for (width, height) in [(1, 1), (2, 3), (10, 5), (500, 3), (20, 200)] {
        picture(&state, width, height);
    }
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
