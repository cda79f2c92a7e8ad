//! Finding requests again.

use std::sync::Arc;

use ccproxy_record::Record;
use ccproxy_store::{Dimension, Filter, RequestQuery, Store};
use jiff::SignedDuration;

use crate::support::{each, ended, record, records};

/// Everything that a query finds, page by page.
fn pages(store: &Store, query: &RequestQuery, mut between: impl FnMut()) -> Vec<Record> {
    let (mut found, mut query) = (Vec::new(), query.clone());
    loop {
        let page = store.requests(&query).unwrap();
        assert!(page.requests.len() <= query.limit);
        found.extend(page.requests);
        query.cursor = page.next;
        if query.cursor.is_none() {
            return found;
        }
        between();
    }
}

#[test]
fn records_come_back_as_they_were() {
    each(|store| {
        let records = records(1, 200, SignedDuration::from_hours(48));
        store.append(&records).unwrap();
        for record in &records {
            // The store counts in microseconds.
            let began = jiff::Timestamp::from_microsecond(record.began.as_microsecond()).unwrap();
            let expect = Record { began, ..Record::clone(record) };
            assert_eq!(store.request(&record.id).unwrap(), Some(expect));
        }
        assert_eq!(store.request("nobody").unwrap(), None);
    });
}

#[test]
fn pages_tell_each_request_once_while_others_come_in() {
    each(|store| {
        let before = records(2, 500, SignedDuration::from_hours(48));
        before.chunks(100).for_each(|batch| store.append(batch).unwrap());
        let mut random = fastrand::Rng::with_seed(5);
        let query = RequestQuery { limit: 37, ..RequestQuery::default() };
        let found = pages(store, &query, || {
            store.append(&[Arc::new(record(&mut random, SignedDuration::ZERO))]).unwrap();
        });
        let ids: Vec<&str> = found.iter().map(|record| record.id.as_str()).collect();
        let expect: Vec<&str> = before.iter().rev().map(|record| record.id.as_str()).collect();
        assert_eq!(ids, expect);
    });
}

#[test]
fn filters_find_what_they_say() {
    each(|store| {
        let records = records(3, 600, SignedDuration::from_hours(48));
        store.append(&records).unwrap();
        let check = |filter: Filter| {
            let query = RequestQuery { filter, limit: 100, ..RequestQuery::default() };
            let mut expect: Vec<&str> = records
                .iter()
                .filter(|record| query.filter.matches(record))
                .map(|record| record.id.as_str())
                .collect();
            expect.reverse();
            assert!(!expect.is_empty(), "{query:?}");
            let found = pages(store, &query, || {});
            assert_eq!(
                found.iter().map(|record| record.id.as_str()).collect::<Vec<_>>(),
                expect,
                "{query:?}"
            );
        };
        let values = |values: &[(Dimension, &str)]| Filter {
            values: values.iter().map(|(dimension, value)| (*dimension, (*value).to_owned())).collect(),
            ..Filter::default()
        };
        check(Filter::default());
        check(values(&[(Dimension::Fault, "upstream")]));
        check(values(&[(Dimension::Status, "502"), (Dimension::Status, "200"), (Dimension::Key, "alice")]));
        check(values(&[(Dimension::Model, "gpt-5"), (Dimension::Ending, "client_gone")]));
        check(Filter { sessions: vec!["s2".to_owned()], ..Filter::default() });
        check(Filter { min_duration: Some(15_000_000), ..Filter::default() });
    });
}

#[test]
fn times_bound_what_is_found() {
    each(|store| {
        let records = records(4, 100, SignedDuration::from_hours(10));
        store.append(&records).unwrap();
        let (since, until) = (ended(&records[20]), ended(&records[50]));
        let query =
            RequestQuery { since: Some(since), until: Some(until), limit: 1_000, ..RequestQuery::default() };
        let found = store.requests(&query).unwrap().requests;
        let expect: Vec<&str> = records[20..50].iter().rev().map(|record| record.id.as_str()).collect();
        assert_eq!(found.iter().map(|record| record.id.as_str()).collect::<Vec<_>>(), expect);
        let wrong = RequestQuery { cursor: Some("x".to_owned()), limit: 1, ..RequestQuery::default() };
        assert!(store.requests(&wrong).unwrap_err().to_string().contains("cursor"));
    });
}
