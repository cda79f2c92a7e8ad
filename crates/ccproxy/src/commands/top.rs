//! `ccproxy top`: what happens, as it happens.

mod draw;
mod feed;
mod keys;
mod line;
mod screen;
mod state;
mod tally;

use std::path::Path;
use std::time::Duration;

use ratatui::crossterm::event::Event;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::api::Candidates;
use super::signals::Signals;
use crate::cli::Top;
use crate::context::Context;
use crate::failure::Failure;
use crate::terminal::print_one;
use feed::News;
use screen::Screen;
use state::State;

/// How long an answer may take.
const LIMIT: Duration = Duration::from_secs(5);
/// What has come is shown after this long at the latest, however fast it comes.
const FRAME: Duration = Duration::from_millis(250);
/// News that are not taken yet.
const QUEUE: usize = 1024;

pub(super) fn top(flags: &Top, file: Option<&Path>, context: &Context) -> Result<(), Failure> {
    let (candidates, _) = Candidates::find(flags.url.as_deref(), LIMIT, file, context)?;
    super::block_on(async {
        let api = candidates.first().await?;
        let (state, begun) = (State::new(api.place()), Instant::now());
        let (tell, news) = channel(QUEUE);
        let mut feeds = JoinSet::new();
        feed::start(api, flags.interval, begun, &tell, &mut feeds);
        if flags.json {
            return in_lines(state, news, flags.interval, begun).await;
        }
        on_screen(state, news, begun).await
    })?
}

/// One object each interval, until somebody stops it or does not read any more.
async fn in_lines(
    mut state: State,
    mut news: Receiver<News>,
    every: Duration,
    begun: Instant,
) -> Result<(), Failure> {
    let mut signals = Signals::listen().map_err(|error| Failure::io("cannot listen for signals", error))?;
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    // The first comes at once, and there is nothing to tell yet.
    ticks.tick().await;
    loop {
        tokio::select! {
            _ = signals.next() => return Ok(()),
            came = news.recv() => match came {
                Some(came) => state.hear(came, begun.elapsed()),
                None => return Ok(()),
            },
            _ = ticks.tick() => {
                state.at(begun.elapsed());
                if !print_one(&line::of(&state))? {
                    return Ok(());
                }
            }
        }
    }
}

async fn on_screen(mut state: State, mut news: Receiver<News>, begun: Instant) -> Result<(), Failure> {
    let failed = |error| Failure::io("cannot use the terminal", error);
    let mut signals = Signals::listen().map_err(|error| Failure::io("cannot listen for signals", error))?;
    let mut screen = Screen::enter().map_err(failed)?;
    let mut events = keys::read().map_err(failed)?;
    let mut due = Some(Instant::now());
    loop {
        let frame = async {
            match due {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            _ = signals.next() => return Ok(()),
            event = events.recv() => {
                let Some(event) = event else { return Ok(()) };
                if let Event::Key(key) = event && keys::press(&mut state, key) {
                    return Ok(());
                }
                due = Some(Instant::now());
            }
            () = frame => {
                state.at(begun.elapsed());
                screen.draw(|frame| draw::draw(frame, &state)).map_err(failed)?;
                due = None;
            }
            came = news.recv() => {
                let Some(came) = came else { return Ok(()) };
                state.hear(came, begun.elapsed());
                due.get_or_insert_with(|| Instant::now() + FRAME);
            }
        }
    }
}
