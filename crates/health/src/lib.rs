//! Health: checks, a pure state machine, one writer and an immutable snapshot that every watcher reads.
