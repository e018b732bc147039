//! The shop of the demo: its migrations, its rows, and what its two versions send.
//!
//! The migrations are those of `examples/shop`, part of the binary, so the demo runs anywhere.

use std::time::Duration;

use segue_engine::traffic::{Act, Clients, Life, Parameter, Release, Script};
use segue_model::{Migration, Session, Sql, Tool};
use segue_sources::read_text;

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../../../examples/shop/db/migrations/", $name)))),+]
    };
}

/// File names and texts, in order.
const FILES: &[(&str, &str)] = files![
    "20250113091500_create_customers.sql",
    "20250113093000_create_products.sql",
    "20250120140000_create_orders.sql",
    "20250303101200_index_orders_by_status.sql",
    "20250317160500_order_items_reference_products.sql",
    "20250409083000_customers_phone.sql",
    "20250512113000_orders_currency.sql",
    "20250526090000_reporting_role.sql",
    "20250707150000_public_order_numbers.sql",
    "20250818101500_customers_display_name.sql",
    "20250901120000_quantities_are_positive.sql",
    "20250922070000_index_orders_by_customer_and_time.sql",
    "20251103134500_wider_customer_keys.sql",
];

/// How many of them make the tables: they run before anybody uses the shop.
pub(crate) const FOUNDATION: usize = 3;

/// Products of the shop.
const PRODUCTS: u64 = 1_000;
/// Orders of one customer.
const ORDERS_EACH: u64 = 10;
/// Items of one order.
pub(crate) const ITEMS_EACH: u64 = 2;
/// Into how many parts the loading is cut, so that it can be watched.
const PARTS: u64 = 10;

/// The migrations, in order.
pub(crate) fn migrations() -> Vec<Migration> {
    FILES
        .iter()
        .map(|(file, text)| {
            let mut migration = read_text(file, (*text).to_owned(), Tool::Dbmate);
            let stem = file.strip_suffix(".sql").unwrap_or(file);
            if let Some((id, name)) = stem.split_once('_') {
                id.clone_into(&mut migration.id);
                name.clone_into(&mut migration.name);
            }
            migration
        })
        .collect()
}

/// What the new version waits for: the migration that its code needs.
pub(crate) fn release(migration: &str) -> Option<Release> {
    let place = FILES
        .iter()
        .position(|(file, _)| file.starts_with(migration))?;
    u8::try_from(place).ok().map(Release)
}

/// Fills the shop; tells after each part how many orders there are.
///
/// # Errors
/// What the server said.
pub(crate) fn load<S: Session>(
    session: &mut S,
    orders: u64,
    mut tell: impl FnMut(u64),
) -> Result<(), S::Error> {
    let customers = customers(orders).to_string();
    session.query_with(
        &Sql::literal(
            "INSERT INTO customers (email, full_name) \
             SELECT 'c' || i || '@shop.example', 'Customer ' || i FROM generate_series(1, $1::text::integer) i",
        ),
        &[Some(&customers)],
    )?;
    let products = PRODUCTS.to_string();
    session.query_with(
        &Sql::literal(
            "INSERT INTO products (sku, name, price_cents) \
             SELECT 'sku-' || i, 'Product ' || i, 100 + i FROM generate_series(1, $1::text::integer) i",
        ),
        &[Some(&products)],
    )?;
    // The rows fit together as they are made; looking each one up again would take most of the time.
    session.execute(&Sql::literal("SET session_replication_role = replica"))?;
    for part in 0..PARTS {
        let (first, last) = (orders * part / PARTS + 1, orders * (part + 1) / PARTS);
        let (first, last_text) = (first.to_string(), last.to_string());
        session.query_with(
            &Sql::literal(
                "INSERT INTO orders (customer_id, status, total_cents, placed_at) \
                 SELECT 1 + i % $3::text::integer, CASE WHEN i % 20 = 0 THEN 'new' ELSE 'shipped' END, 500 + i % 9000, \
                 now() - make_interval(mins => i) \
                 FROM generate_series($1::text::integer, $2::text::integer) i",
            ),
            &[Some(&first), Some(&last_text), Some(&customers)],
        )?;
        session.query_with(
            &Sql::literal(
                "INSERT INTO order_items (order_id, line, product_id, quantity, price_cents) \
                 SELECT i, line, 1 + (i * line) % $3::text::integer, 1 + i % 3, 100 + i % 900 \
                 FROM generate_series($1::text::integer, $2::text::integer) i, generate_series(1, 2) line",
            ),
            &[Some(&first), Some(&last_text), Some(&products)],
        )?;
        tell(last);
    }
    session.execute(&Sql::literal("RESET session_replication_role"))?;
    session.execute(&Sql::literal("ANALYZE"))
}

fn customers(orders: u64) -> u64 {
    (orders / ORDERS_EACH).max(1)
}

/// The new version is everywhere: the old one is gone.
pub(crate) const ROLLED_OUT: Release = Release(63);

/// How many sessions each version has.
pub(crate) const SESSIONS: u32 = 4;

/// The two versions of the application, side by side.
pub(crate) fn applications(orders: u64) -> Vec<Clients> {
    let mut old = every_version(orders);
    let mut new = old.clone();
    old.extend(only_the_old(orders));
    new.extend(only_the_new(orders));
    let version = |name, scripts, life| Clients {
        name,
        sessions: SESSIONS,
        scripts,
        think: Duration::from_millis(4),
        life,
    };
    vec![
        version("old version", old, Life::Until(ROLLED_OUT)),
        version("new version", new, Life::AgainAt(ROLLED_OUT)),
    ]
}

/// What an application does that knows nothing of the migrations.
fn every_version(orders: u64) -> Vec<Script> {
    let customer = Parameter::Between(1, customers(orders));
    let order = Parameter::Between(1, orders.max(1));
    let product = Parameter::Between(1, PRODUCTS);
    vec![
        always(vec![send(
            "SELECT id::text, status, total_cents::text FROM orders WHERE customer_id = $1::text::integer \
             ORDER BY id DESC LIMIT 20",
            &[customer],
        )]),
        always(vec![send(
            "SELECT email FROM customers WHERE id = $1::text::integer",
            &[customer],
        )]),
        always(vec![send(
            "SELECT name, price_cents::text FROM products WHERE id = $1::text::bigint",
            &[product],
        )]),
        always(vec![send(
            "UPDATE orders SET status = 'paid' WHERE id = $1::text::bigint",
            &[order],
        )]),
        always(checkout(customer, product, None)),
    ]
}

/// What only the old version does: it calls a customer by the name it has always known.
fn only_the_old(orders: u64) -> Vec<Script> {
    let customer = Parameter::Between(1, customers(orders));
    vec![
        always(vec![send(
            "SELECT full_name, email FROM customers WHERE id = $1::text::integer",
            &[customer],
        )]),
        always(vec![send(
            "UPDATE customers SET full_name = 'Old ' || $1 WHERE id = $1::integer",
            &[customer],
        )]),
    ]
}

/// What only the new version does, each from the moment the migration it needs is done.
fn only_the_new(orders: u64) -> Vec<Script> {
    let customer = Parameter::Between(1, customers(orders));
    let since = |migration: &str, acts| Script {
        acts,
        since: release(migration),
    };
    vec![
        since(
            "20250303101200",
            vec![send(
                "SELECT id::text FROM orders WHERE status = $1 ORDER BY placed_at LIMIT 20",
                &[Parameter::Fixed("new")],
            )],
        ),
        since(
            "20250409083000",
            vec![send(
                "UPDATE customers SET phone = '+49 30 ' || $1 WHERE id = $1::integer",
                &[customer],
            )],
        ),
        since(
            "20250409083000",
            vec![send(
                "SELECT email, phone FROM customers WHERE id = $1::text::integer",
                &[customer],
            )],
        ),
        since(
            "20250818101500",
            vec![send(
                "SELECT display_name, email FROM customers WHERE id = $1::text::integer",
                &[customer],
            )],
        ),
        since(
            "20250818101500",
            vec![send(
                "UPDATE customers SET display_name = 'New ' || $1 WHERE id = $1::integer",
                &[customer],
            )],
        ),
        since(
            "20250922070000",
            vec![send(
                "SELECT id::text, placed_at::text FROM orders WHERE customer_id = $1::text::integer \
                 ORDER BY placed_at DESC LIMIT 5",
                &[customer],
            )],
        ),
    ]
}

/// A checkout that holds its locks for so long: the payment provider takes its time.
pub(crate) fn slow_checkout(orders: u64, payment: Duration) -> Clients {
    let customer = Parameter::Between(1, customers(orders));
    let product = Parameter::Between(1, PRODUCTS);
    Clients {
        name: "slow checkout",
        sessions: 1,
        scripts: vec![always(checkout(customer, product, Some(payment)))],
        // One is enough: the next would begin after the migration.
        think: Duration::from_hours(1),
        life: Life::Whole,
    }
}

/// Reads the customer and the product, writes the order and its item, in one transaction.
fn checkout(customer: Parameter, product: Parameter, payment: Option<Duration>) -> Vec<Act> {
    let mut acts = vec![
        send("BEGIN", &[]),
        send(
            "SELECT email FROM customers WHERE id = $1::text::integer",
            &[customer],
        ),
        send(
            "SELECT price_cents::text FROM products WHERE id = $1::text::bigint",
            &[product],
        ),
        send(
            "INSERT INTO orders (customer_id, total_cents) VALUES ($1::text::integer, 4200)",
            &[customer],
        ),
        send(
            "INSERT INTO order_items (order_id, line, product_id, quantity, price_cents) \
             VALUES (currval('orders_id_seq'), 1, $1::text::bigint, 2, 2100)",
            &[product],
        ),
    ];
    acts.extend(payment.map(Act::Think));
    acts.push(send("COMMIT", &[]));
    acts
}

fn always(acts: Vec<Act>) -> Script {
    Script { acts, since: None }
}

fn send(text: &'static str, parameters: &[Parameter]) -> Act {
    Act::Send(Sql::literal(text), parameters.to_vec())
}

#[cfg(test)]
mod tests {
    use super::{FILES, migrations, release};

    #[test]
    fn the_binary_has_all_files_of_the_example() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../examples/shop/db/migrations");
        let mut there: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        there.sort();
        let here: Vec<&str> = FILES.iter().map(|(file, _)| *file).collect();
        assert_eq!(here, there);
    }

    #[test]
    fn every_migration_has_its_id_its_name_and_its_release() {
        let first = &migrations()[0];
        assert_eq!(
            (first.id.as_str(), first.name.as_str()),
            ("20250113091500", "create_customers")
        );
        let releases: Vec<_> = migrations().iter().map(|one| release(&one.id)).collect();
        assert!(releases.iter().all(Option::is_some));
        assert!(releases.is_sorted());
    }
}
