//! `ccproxy pricing`

mod told;

use std::path::Path;
use std::process::ExitCode;

use ccproxy_config::{Moment, Settings};
use ccproxy_pricing::{Entry, Named, Prices};
use serde::Serialize;

use self::told::{Line, Told, age, rates};
use crate::cli::Pricing;
use crate::context::Context;
use crate::documents::pretty;
use crate::failure::Failure;
use crate::load::load;
use crate::terminal::{print, table};

pub(super) fn run(command: Pricing, file: Option<&Path>, context: &Context) -> Result<ExitCode, Failure> {
    let settings = load(file, Vec::new(), context)?.settings;
    let prices = Prices::new(&settings)?;
    match command {
        Pricing::Show { models, provider, json } => {
            show(&settings, &prices, &models, provider.as_deref(), json)
        }
        Pricing::Check { json } => check(&settings, &prices, json),
    }
}

/// Success where everything that was asked for has a price.
fn code(all: bool) -> ExitCode {
    if all { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[derive(Serialize)]
struct Shown<'a> {
    /// Whether it was asked for or is in the table.
    prices: Vec<Line<'a>>,
}

fn show(
    settings: &Settings,
    prices: &Prices,
    models: &[String],
    provider: Option<&str>,
    json: bool,
) -> Result<ExitCode, Failure> {
    let section = provider.map(|name| {
        let missing = || Failure::Usage(format!("there is no provider {name:?} in the configuration"));
        settings.providers.get(name).ok_or_else(missing)
    });
    let section = section.transpose()?;
    let (name, kind) = section.map_or(("", ""), |section| (&section.name, &section.kind));
    let in_force = |entry: &&Entry| match &entry.model.provider {
        Some(own) => provider.is_none_or(|provider| own == provider),
        None => true,
    };
    let lines: Vec<Line<'_>> = if models.is_empty() {
        prices.entries().iter().filter(in_force).map(|entry| Line::of(&entry.model.model, entry)).collect()
    } else {
        models.iter().map(|model| Line::asked(model, prices.entry(name, kind, model))).collect()
    };
    let all = lines.iter().all(Line::is_priced);
    let shown = Shown { prices: lines };
    print(&if json { pretty(&shown) } else { rows(&shown.prices) })?;
    Ok(code(all))
}

fn rows(lines: &[Line<'_>]) -> String {
    let header =
        ["MODEL", "PROVIDER", "INPUT", "OUTPUT", "CACHE READ", "CACHE WRITE", "FROM", "DATE", "SOURCE"];
    table(header, lines.iter().flat_map(Line::rows))
}

#[derive(Serialize)]
struct Checked<'a> {
    /// The models that the configuration names.
    models: Vec<CheckedModel<'a>>,
    /// How many of them have no price.
    unpriced: usize,
    /// The oldest date of a price that one of them has.
    oldest: Option<Moment>,
    /// The newest date in the table that comes with the program.
    table: Option<Moment>,
}

#[derive(Serialize)]
struct CheckedModel<'a> {
    #[serde(flatten)]
    named: &'a Named,
    price: Option<Told<'a>>,
}

fn check(settings: &Settings, prices: &Prices, json: bool) -> Result<ExitCode, Failure> {
    let named = Named::of(settings);
    let found: Vec<(&Named, Option<&Entry>)> =
        named.iter().map(|one| (one, prices.entry(&one.provider, &one.kind, &one.model))).collect();
    let unpriced = found.iter().filter(|(_, entry)| entry.is_none()).count();
    let oldest = found.iter().filter_map(|(_, entry)| entry.as_ref()?.date).min();
    let newest = prices.entries().iter().filter(|entry| entry.from == ccproxy_pricing::From::Shipped);
    let newest = newest.filter_map(|entry| entry.date).max();
    if json {
        let models = found.iter().map(|(named, entry)| CheckedModel { named, price: entry.map(Told::of) });
        let checked = Checked { models: models.collect(), unpriced, oldest, table: newest };
        print(&pretty(&checked))?;
        return Ok(code(unpriced == 0));
    }
    let mut text = table(
        ["MODEL", "PROVIDER", "INPUT/OUTPUT", "FROM", "DATE", "NAMED BY"],
        found.iter().map(|(named, entry)| {
            let (price, from, date) = match entry {
                Some(entry) => (rates(entry), entry.from.to_string(), told::day(entry.date)),
                None => ("unknown".to_owned(), "-".to_owned(), "-".to_owned()),
            };
            [named.model.clone(), named.provider.clone(), price, from, date, named.key.clone()]
        }),
    );
    text.push_str(&summary(found.len(), unpriced, oldest, newest));
    print(&text)?;
    Ok(code(unpriced == 0))
}

fn summary(named: usize, unpriced: usize, oldest: Option<Moment>, newest: Option<Moment>) -> String {
    let mut text = match (named, unpriced) {
        (0, _) => "\nThe configuration names no model.\n".to_owned(),
        (_, 0) => format!("\nEach of {named} has a price.\n"),
        _ => format!(
            "\n{unpriced} of {named} have no price: what they cost is not known, and counts against no budget.\n\
             Give one in [[pricing.models]] or in pricing.file; free = true where there is nothing to pay.\n"
        ),
    };
    for (what, date) in
        [("The oldest price above is", oldest), ("The table that comes with the program is", newest)]
    {
        if let Some(date) = date {
            text.push_str(&format!("{what} of {}, {}.\n", told::day(Some(date)), age(date)));
        }
    }
    text
}
