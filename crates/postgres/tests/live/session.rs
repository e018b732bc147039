//! The test kit's connection as a session: parameters travel with PREPARE and EXECUTE.

use std::collections::BTreeMap;
use std::fmt;

use segue_model::{Failure, Session, SessionError, Sql, TextRows};
use segue_testkit::Client;

/// A connection of the test kit.
pub(crate) struct Kit {
    pub(crate) client: Client,
    prepared: BTreeMap<String, usize>,
}

impl Kit {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            prepared: BTreeMap::new(),
        }
    }
}

/// What the server said.
#[derive(Debug)]
pub(crate) struct Refusal(String);

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Refusal {}

impl SessionError for Refusal {
    fn failure(&self) -> Failure {
        Failure::Refused
    }

    fn code(&self) -> Option<&str> {
        None
    }
}

impl Session for Kit {
    type Error = Refusal;

    fn execute(&mut self, statement: &Sql) -> Result<(), Refusal> {
        self.execute_users(statement.as_str())
    }

    fn execute_users(&mut self, text: &str) -> Result<(), Refusal> {
        self.client
            .execute(text)
            .map_err(|error| Refusal(format!("{error}: {text}")))
    }

    fn query(&mut self, statement: &Sql) -> Result<TextRows, Refusal> {
        self.client
            .query(statement.as_str())
            .map_err(|error| Refusal(format!("{error}: {}", statement.as_str())))
    }

    fn query_with(
        &mut self,
        statement: &Sql,
        parameters: &[Option<&str>],
    ) -> Result<TextRows, Refusal> {
        let next = self.prepared.len();
        let text = statement.as_str();
        let number = if let Some(number) = self.prepared.get(text) {
            *number
        } else {
            let types = listed(&vec!["text".to_owned(); parameters.len()]);
            self.execute_users(&format!("PREPARE s{next}{types} AS {text}"))?;
            self.prepared.insert(text.to_owned(), next);
            next
        };
        let values: Vec<String> = parameters
            .iter()
            .map(|value| {
                value.map_or("NULL".to_owned(), |value| {
                    format!("'{}'", value.replace('\'', "''"))
                })
            })
            .collect();
        let values = listed(&values);
        self.query(&Sql::default().verbatim(&format!("EXECUTE s{number}{values}")))
    }

    fn change_with(&mut self, _: &Sql, _: &[Option<&str>]) -> Result<u64, Refusal> {
        panic!("these tests change nothing")
    }

    fn catalog(
        &mut self,
        _: &segue_model::CatalogScope,
    ) -> Result<segue_model::Catalog, Self::Error> {
        panic!("these tests read the catalog themselves")
    }
}

/// In parentheses; nothing for nothing.
fn listed(words: &[String]) -> String {
    if words.is_empty() {
        String::new()
    } else {
        format!("({})", words.join(", "))
    }
}
