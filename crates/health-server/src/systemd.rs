//! systemd's notify protocol and watchdog.
