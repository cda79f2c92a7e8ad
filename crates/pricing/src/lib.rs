//! What tokens cost: the table of prices that comes with the program (`prices.toml`), what the operator has laid over
//! it, and exact arithmetic.
//!
//! ```
//! use ccproxy_config::{Settings, Sources};
//! use ccproxy_pricing::Prices;
//! use ccproxy_record::Tokens;
//!
//! let prices = Prices::new(&Settings::load(&Sources::default())?)?;
//! let price = prices.of("claude", "anthropic", "claude-sonnet-4-5-20250929").ok_or("no price")?;
//! let tokens = Tokens { input: Some(1_000), output: Some(100), ..Tokens::default() };
//! assert_eq!(price.cost(&tokens).ok_or("no tokens")?.to_string(), "0.0045");
//! assert!(prices.of("claude", "anthropic", "somebody-elses").is_none());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod named;
mod names;
mod price;
mod prices;
mod table;

pub use named::Named;
pub use price::{Price, Rates};
pub use prices::{Entry, From, Prices};
