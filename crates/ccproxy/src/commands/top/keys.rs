//! What the keys do.

use std::io;

use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use tokio::sync::mpsc::{Receiver, channel};

use super::state::{By, Pane, Sort, State};

/// Events that are not taken yet.
const QUEUE: usize = 64;
/// A filter is no longer.
const FILTER: usize = 40;

/// What there is to press, for the help.
pub(super) const KEYS: [(&str, &str); 9] = [
    ("q", "quit"),
    ("p", "pause, and go on"),
    ("Tab", "the next table"),
    ("↑ ↓", "another row"),
    ("t", "keys or models"),
    ("s", "sort by requests, failures, tokens, cost, time"),
    ("/", "filter the requests; Enter ends, Esc clears"),
    ("?", "this help"),
    ("Esc", "close the help, clear the filter"),
];

/// Reads the terminal's events on a thread of its own: reading blocks.
pub(super) fn read() -> io::Result<Receiver<Event>> {
    let (tell, events) = channel(QUEUE);
    let read = move || {
        while let Ok(event) = event::read() {
            if tell.blocking_send(event).is_err() {
                return;
            }
        }
    };
    std::thread::Builder::new().name("keys".to_owned()).spawn(read)?;
    Ok(events)
}

/// Does what a key says; true if that is to quit.
pub(super) fn press(state: &mut State, key: KeyEvent) -> bool {
    if key.kind == KeyEventKind::Release {
        return false;
    }
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return matches!(key.code, KeyCode::Char('c' | 'd'));
    }
    if state.view.typing {
        type_filter(state, key.code);
        return false;
    }
    let rows = state.rows();
    let view = &mut state.view;
    match key.code {
        KeyCode::Char('q') => return true,
        KeyCode::Char('p' | ' ') => state.pause(),
        KeyCode::Char('?' | 'h') => view.help = !view.help,
        KeyCode::Char('/') => (view.typing, view.pane, view.row) = (true, Pane::Requests, 0),
        KeyCode::Char('s') => view.sort = after(view.sort),
        KeyCode::Char('t') => view.by = if view.by == By::Key { By::Model } else { By::Key },
        KeyCode::Tab | KeyCode::Right => turn(state, 1),
        KeyCode::BackTab | KeyCode::Left => turn(state, 2),
        KeyCode::Up | KeyCode::Char('k') => view.row = view.row.saturating_sub(1),
        KeyCode::Down | KeyCode::Char('j') => view.row = (view.row + 1).min(rows.saturating_sub(1)),
        KeyCode::PageUp => view.row = view.row.saturating_sub(10),
        KeyCode::PageDown => view.row = (view.row + 10).min(rows.saturating_sub(1)),
        KeyCode::Home => view.row = 0,
        KeyCode::End => view.row = rows.saturating_sub(1),
        KeyCode::Esc if view.help => view.help = false,
        KeyCode::Esc => view.filter.clear(),
        _ => {}
    }
    // What stands still is shown as it is chosen now.
    if let Some(frozen) = &mut state.frozen {
        frozen.view = state.view.clone();
    }
    false
}

fn type_filter(state: &mut State, code: KeyCode) {
    let view = &mut state.view;
    match code {
        KeyCode::Enter => view.typing = false,
        KeyCode::Esc => {
            view.typing = false;
            view.filter.clear();
        }
        KeyCode::Backspace => drop(view.filter.pop()),
        KeyCode::Char(letter) if view.filter.chars().count() < FILTER => view.filter.push(letter),
        _ => {}
    }
    view.row = 0;
    if let Some(frozen) = &mut state.frozen {
        frozen.view = state.view.clone();
    }
}

fn turn(state: &mut State, steps: usize) {
    const PANES: [Pane; 3] = [Pane::Providers, Pane::Clients, Pane::Requests];
    let view = &mut state.view;
    let at = PANES.iter().position(|pane| *pane == view.pane).unwrap_or_default();
    view.pane = PANES.get((at + steps) % PANES.len()).copied().unwrap_or_default();
    view.row = 0;
}

const fn after(sort: Sort) -> Sort {
    match sort {
        Sort::Requests => Sort::Failures,
        Sort::Failures => Sort::Tokens,
        Sort::Tokens => Sort::Cost,
        Sort::Cost => Sort::Time,
        Sort::Time => Sort::Requests,
    }
}

#[cfg(test)]
mod tests {
    use super::super::state::tests::busy;
    use super::*;

    #[test]
    fn keys_choose_what_is_shown() {
        let mut state = busy();
        let mut press = |keys: &[KeyCode]| {
            let quit =
                keys.iter().any(|key| super::press(&mut state, KeyEvent::new(*key, KeyModifiers::NONE)));
            (quit, state.view.clone(), state.frozen.is_some())
        };
        let letter = KeyCode::Char;
        let (quit, view, _) = press(&[KeyCode::Tab, letter('t'), letter('s'), KeyCode::Down, KeyCode::Down]);
        assert_eq!((quit, view.pane, view.by, view.sort), (false, Pane::Clients, By::Model, Sort::Failures));
        assert_eq!(view.row, 1, "there are two models");
        let (_, view, _) = press(&[letter('/'), letter('q'), letter('p'), KeyCode::Enter]);
        assert_eq!((view.pane, view.filter.as_str(), view.typing), (Pane::Requests, "qp", false));
        let (_, view, frozen) = press(&[KeyCode::Esc, letter('p'), letter('?')]);
        assert_eq!((view.filter.as_str(), view.help, frozen), ("", true, true));
        let (quit, view, frozen) = press(&[KeyCode::Esc, letter('p'), KeyCode::BackTab, letter('q')]);
        assert_eq!((quit, view.help, view.pane, frozen), (true, false, Pane::Clients, false));
    }

    #[test]
    fn control_c_quits_while_a_filter_is_typed() {
        let mut state = busy();
        press(&mut state, KeyEvent::new(KeyCode::Char('/'), KeyModifiers::NONE));
        assert!(press(&mut state, KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)));
    }
}
