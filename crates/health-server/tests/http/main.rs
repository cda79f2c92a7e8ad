//! The pages and the listener, as watchers meet them.

#![cfg(test)]

mod blocked;
mod commands;
mod events;
mod listener;
mod pages;
mod protocol;
mod scrape;
mod support;
