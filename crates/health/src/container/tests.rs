use super::*;

fn check(container: &Container, status: Status, critical: bool, output: &str) {
    let expect = ContainerReport { status, critical, output: output.to_owned() };
    assert_eq!(container.report(), expect);
    assert_eq!(container.essential_failed(), critical);
}

#[test]
fn it_says_what_its_parts_say() {
    let container = Container::new();
    check(&container, Status::Warn, false, "Service container holds no parts");
    let (storage, plugin) = (container.essential("storage"), container.part("plugin"));
    check(&container, Status::Warn, false, "Service container: storage is starting; plugin is starting");
    storage.started();
    plugin.started();
    check(&container, Status::Pass, false, OPERATIONAL);
    plugin.failed("no file /etc/x/y.toml");
    check(&container, Status::Fail, false, "Service container: plugin failed: no file [path]");
    storage.stopped();
    check(
        &container,
        Status::Fail,
        false,
        "Service container: plugin failed: no file [path]; storage has stopped",
    );
    storage.failed("disk full");
    check(
        &container,
        Status::Fail,
        true,
        "Service container: storage failed: disk full; plugin failed: no file [path]",
    );
    let parts: Vec<_> = container.parts();
    assert_eq!(parts, [("storage".to_owned(), "failed"), ("plugin".to_owned(), "failed")]);
}

#[test]
fn a_known_name_is_the_same_part() {
    let container = Container::new();
    container.part("one").started();
    assert_eq!(container.essential("one").container.parts().len(), 1);
    check(&container, Status::Pass, false, OPERATIONAL);
    container.part("one").failed("x");
    check(&container, Status::Fail, true, "Service container: one failed: x");
}

#[test]
fn many_parts_are_counted() {
    let container = Container::new();
    for n in 0..1000 {
        container.part(&format!("{n}")).failed("\"".repeat(300));
    }
    let output = container.report().output;
    assert!(output.len() <= MAX_OUTPUT);
}

#[test]
fn a_part_that_is_taken_out_speaks_for_nobody() {
    let container = Container::new();
    let (old, other) = (container.part("claude"), container.part("codex"));
    other.started();
    old.failed("no key");
    container.remove("claude");
    assert_eq!(container.report().status, Status::Pass);
    let version = container.version();
    let new = container.part("claude");
    assert!(container.version() > version);
    old.failed("no key");
    assert_eq!(container.parts(), [("codex".to_owned(), "started"), ("claude".to_owned(), "starting")]);
    new.started();
    assert_eq!(container.report().status, Status::Pass);
}
