//! Reading prices, and what their types cannot say of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{ModelPrice, PriceFile};
use crate::nearest::did_you_mean;
use crate::place::{Mistake, Mistakes, Place};
use crate::read::read;
use crate::settings::Settings;
use crate::tree::{Node, parse_file};

/// Reads a file of prices.
///
/// # Errors
/// Every mistake in it, each with its place.
pub fn prices_of(path: &Path, text: &str) -> Result<PriceFile, Mistakes> {
    let mut mistakes = Vec::new();
    let (_, prices) = read_file(path, text, &mut mistakes);
    Mistakes::or(mistakes, prices)
}

impl Settings {
    /// Where the file of prices is, if there is one. A relative path begins at the configuration file.
    #[must_use]
    pub fn price_file(&self) -> Option<PathBuf> {
        let path = self.pricing.file.as_ref()?;
        let folder = match self.place("pricing.file") {
            Place::File { path, .. } => path.parent().map(Path::to_owned),
            _ => None,
        };
        Some(folder.unwrap_or_default().join(path))
    }

    /// The prices of the file, which is read here and now; none where there is no file.
    ///
    /// # Errors
    /// A file that cannot be read or holds what are no prices, and providers, here or in the configuration, that are not
    /// there.
    pub fn file_prices(&self) -> Result<PriceFile, Mistakes> {
        let mut mistakes = Vec::new();
        let mut prices = PriceFile::default();
        if let Some(inline) = self.tree.get("pricing").and_then(|pricing| pricing.get("models")) {
            self.priced_nowhere(inline, "pricing.models", &mut mistakes);
        }
        if let Some(path) = self.price_file() {
            match std::fs::read_to_string(&path) {
                Ok(text) => {
                    let tree;
                    (tree, prices) = read_file(&path, &text, &mut mistakes);
                    lists(&tree, |list, path| self.priced_nowhere(list, path, &mut mistakes));
                }
                Err(error) => {
                    let message = format!("{} cannot be read: {error}", path.display());
                    mistakes.push(self.mistake("pricing.file", message));
                }
            }
        }
        Mistakes::or(mistakes, prices)
    }

    /// Prices at providers that are not there.
    fn priced_nowhere(&self, list: &Node, path: &str, mistakes: &mut Vec<Mistake>) {
        let known: Vec<&str> = self.providers.keys().map(String::as_str).collect();
        let mut list = list.clone();
        list.expand();
        for (index, item) in list.items() {
            let Some(node) = item.get("provider") else { continue };
            let (Some(name), _) = read::<String>(node, "") else { continue };
            if !known.contains(&name.as_str()) {
                let path = format!("{path}[{index}].provider");
                let mistake = Mistake::new(node.place.clone(), path, "there is no such provider");
                mistakes.push(Mistake { hint: did_you_mean(&name, "known providers", &known), ..mistake });
            }
        }
    }
}

fn read_file(path: &Path, text: &str, mistakes: &mut Vec<Mistake>) -> (Node, PriceFile) {
    let (tree, syntax) = parse_file(path, text);
    mistakes.extend(syntax);
    let (prices, found) = read::<PriceFile>(&tree, "");
    mistakes.extend(found);
    let mut seen = BTreeMap::new();
    lists(&tree, |list, path| check(list, path, &mut seen, mistakes));
    (tree, prices.unwrap_or_default())
}

/// The lists of prices in a file, with their paths.
fn lists(tree: &Node, mut each: impl FnMut(&Node, &str)) {
    if let Some(list) = tree.get("models") {
        each(list, "models");
    }
    for (index, vendor) in tree.get("vendors").into_iter().flat_map(Node::items) {
        if let Some(list) = vendor.get("models") {
            each(list, &format!("vendors[{index}].models"));
        }
    }
}

/// The names that have a price already, by the provider they have it at, and where.
pub(in crate::settings) type Seen = BTreeMap<(Option<String>, String), Place>;

/// Looks at each of the prices that can be read.
pub(in crate::settings) fn check(list: &Node, path: &str, seen: &mut Seen, mistakes: &mut Vec<Mistake>) {
    let mut list = list.clone();
    list.expand();
    for (index, node) in list.items() {
        let (price, known) = read::<ModelPrice>(node, "");
        let Some(price) = price.filter(|_| known.is_empty()) else { continue };
        let fault = |key: &str, message: String| {
            let place = node.get(key).unwrap_or(node).place.clone();
            Mistake::new(place, format!("{path}[{index}].{key}"), message)
        };
        mistakes.extend(faults(&price).map(|(key, message)| fault(key, message.to_owned())));
        for (key, name) in
            std::iter::once(("model", &price.model)).chain(price.also.iter().map(|name| ("also", name)))
        {
            let at = (price.provider.clone(), name.as_str().to_owned());
            if let Some(first) = seen.get(&at) {
                mistakes.push(fault(key, format!("{name} has a price already: {first}")));
            } else {
                seen.insert(at, node.place.clone());
            }
        }
    }
}

/// What is wrong with a price that could be read, by the key it is at.
fn faults(price: &ModelPrice) -> impl Iterator<Item = (&'static str, &'static str)> {
    let ModelPrice { model, also, free, input, output, cache_read, cache_write, long, .. } = price;
    let any = [input, output, cache_read, cache_write].into_iter().any(Option::is_some) || !long.is_empty();
    let ascends = long.windows(2).all(|pair| matches!(pair, [one, next] if one.above < next.above));
    [
        (model.as_str().is_empty(), "model", "must not be empty"),
        (also.iter().any(|name| name.as_str().is_empty()), "also", "must not be empty"),
        (*free && any, "free", "what is free has no prices; leave one of them out"),
        (!free && input.is_none(), "input", "missing; give input and output, or free = true"),
        (!free && output.is_none(), "output", "missing; give input and output, or free = true"),
        (!ascends, "long", "must be in the order of `above`"),
    ]
    .into_iter()
    .filter(|(wrong, ..)| *wrong)
    .map(|(_, key, message)| (key, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::Sources;

    fn check(config: &str, file: Option<&str>, expect: &[&str]) {
        let folder = tempfile::tempdir().unwrap();
        if let Some(text) = file {
            std::fs::write(folder.path().join("prices.toml"), text).unwrap();
        }
        let config = format!("{config}\n[providers.claude]\nkind = 'anthropic'\n");
        let sources = Sources::from_text(folder.path().join("ccproxy.toml"), config);
        let (settings, mut mistakes) = Settings::load_as_far(&sources);
        mistakes.extend(settings.file_prices().err().into_iter().flatten());
        let folder = format!("{}/", folder.path().display());
        let found = Mistakes::new(mistakes).to_string().replace(&folder, "");
        assert_eq!(found.lines().collect::<Vec<_>>(), expect);
    }

    #[test]
    fn mistakes_have_their_places() {
        let inline = "[[pricing.models]]\n";
        check("", None, &[]);
        check(&format!("{inline}model = 'm'\ninput = 1\noutput = '2.5'\nprovider = 'claude'"), None, &[]);
        check(
            &format!(
                "{inline}model = 'm'\ninput = 1\nprovider = 'cluade'\nfree = true\n[pricing]\nfiel = 'x'"
            ),
            None,
            &[
                "ccproxy.toml:4:12: pricing.models[0].provider: there is no such provider; did you mean claude?",
                "ccproxy.toml:5:8: pricing.models[0].free: what is free has no prices; leave one of them out",
                "ccproxy.toml:7:1: pricing.fiel: unknown key; did you mean file?",
            ],
        );
        check(
            &format!("{inline}model = 'm'\ninput = -1\n{inline}model = ''\nfree = true"),
            None,
            &[
                "ccproxy.toml:3:9: pricing.models[0].input: malformed: expected an amount in US dollars with at most 9 \
                 decimals, such as 3, 0.25 or \"12.50\"",
                "ccproxy.toml:5:9: pricing.models[1].model: must not be empty",
            ],
        );
        let of_file = "[pricing]\nfile = 'prices.toml'";
        check(
            of_file,
            None,
            &[
                "ccproxy.toml:2:8: pricing.file: prices.toml cannot be read: No such file or directory (os error 2)",
            ],
        );
        check(
            of_file,
            Some(
                "models = [{ model = 'a', input = 1 }, { model = 'b', also = ['a'], free = true }]\nx = 1\n\
                 [[vendors]]\nname = 'v'\ndate = 2026-11-26\nmodels = [\n{ model = 'b', provider = 'x', input = 1, output = 1 },\n\
                 { model = 'c', input = 1, output = 1, long = [{ above = 2, input = 1, output = 1 }, { above = 1, input = 1, output = 1 }] },\n]\n",
            ),
            &[
                "prices.toml:1:11: models[0].output: missing; give input and output, or free = true",
                "prices.toml:1:61: models[1].also: a has a price already: prices.toml:1:11",
                "prices.toml:2:1: x: unknown key; known keys: not_of, vendors, models",
                "prices.toml:7:27: vendors[0].models[0].provider: there is no such provider; known providers: claude",
                "prices.toml:8:46: vendors[0].models[1].long: must be in the order of `above`",
            ],
        );
    }

    #[test]
    fn a_file_is_read_as_it_is_written() {
        let text = "not_of = ['simulator']\n[[vendors]]\nname = 'V'\ndate = 2026-11-26\nmodels = [{ model = 'm-*', input = 0.3, output = 2 }]";
        let file = prices_of(Path::new("p.toml"), text).unwrap();
        let [vendor] = file.vendors.as_slice() else { panic!("{file:?}") };
        assert_eq!(
            (vendor.date.unwrap().to_string().as_str(), &file.not_of[..]),
            ("2026-11-26T00:00:00Z", &["simulator".to_owned()][..])
        );
        let [price] = vendor.models.as_slice() else { panic!("{file:?}") };
        assert_eq!((price.input.unwrap().nanos(), price.cache_read), (300_000_000, None));
    }
}
