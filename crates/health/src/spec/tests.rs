use super::*;

fn check(name: &str, expect: Result<&str, SpecError>) {
    assert_eq!(Spec::new(name).map(|spec| spec.name().to_owned()), expect.map(str::to_owned));
    let measured = Spec::new("x").unwrap().measurement(name).map(|spec| spec.key().to_owned());
    assert_eq!(measured.is_ok(), Spec::new(name).is_ok());
}

#[test]
fn names() {
    check("a-Z_0.9", Ok("a-Z_0.9"));
    for bad in ["", "a:b", "a b", "ä", "a/b", "a\"b"] {
        check(bad, Err(SpecError::Name(bad.to_owned())));
    }
    check(&"x".repeat(MAX_NAME), Ok(&"x".repeat(MAX_NAME)));
    check(&"x".repeat(MAX_NAME + 1), Err(SpecError::TooLong("x".repeat(MAX_NAME))));
}

#[test]
fn what_makes_no_sense_is_brought_into_range() {
    let spec = Spec::new("x").unwrap().interval(Duration::ZERO).timeout(Duration::MAX).fall(0).rise(0);
    assert_eq!((spec.interval, spec.timeout), (Duration::from_millis(1), MAX_TIME));
    assert_eq!(spec.thresholds, Thresholds { fall: 1, rise: 1 });
    let spec = spec.initial_delay(Duration::MAX).component_id(&"i".repeat(100));
    assert_eq!((spec.initial_delay, spec.component_id.len()), (MAX_TIME, MAX_NAME));
    for (share, expect) in [(-1.0, 0.0), (0.5, 0.5), (7.0, 1.0), (f64::NAN, 0.0)] {
        assert!((spec.clone().jitter(share).jitter - expect).abs() < f64::EPSILON);
    }
}
