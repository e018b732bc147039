//! An update of an extension runs SQL that is not in this migration.

use segue_model::{Change, ExtensionChange};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "extension-update",
    summary: "an update of an extension runs SQL that is not in this migration",
    question: Question::Fails,
    group: Group::Objects,
    page: "\
`ALTER EXTENSION … UPDATE` runs the extension's own scripts: which locks they take and which functions they \
change is not in the file, and differs with the version that happens to be installed on each server.

Say the version (`UPDATE TO '1.6'`), read the scripts between the two versions, and rehearse the migration on a \
copy of the database.

Source: PostgreSQL 17 manual, ALTER EXTENSION.",
    bad: &[Example::new("ALTER EXTENSION hstore UPDATE;").after("CREATE EXTENSION hstore;")],
    good: &[Example::new("CREATE EXTENSION hstore;")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    for change in asked.changes() {
        if let Change::Extension(name, ExtensionChange::Update) = change {
            let message = format!(
                "updating extension {name} runs scripts that are not in this migration, with locks nobody has seen"
            );
            hits.push(Hit::new(Severity::Warning, message).advice(
                "name the version, read the update scripts, and rehearse on a copy of the database",
            ));
        }
    }
    hits
}
