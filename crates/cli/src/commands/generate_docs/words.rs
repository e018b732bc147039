//! The words of the catalogue for people.

use segue_check::{Ask, Group, Question, Rule};

/// The question in full.
pub(crate) fn question(question: Question) -> &'static str {
    match question {
        Question::Blocks => "Question: whom does it keep waiting, and for how long?",
        Question::Breaks => "Question: which version of the application does it break?",
        Question::Loses => "Question: which data is lost?",
        Question::Fails => "Question: will it fail, or leave something half done?",
        Question::Advises => "Question: would another design serve better?",
    }
}

/// The question in one word.
pub(crate) fn question_word(question: Question) -> &'static str {
    match question {
        Question::Blocks => "blocks",
        Question::Breaks => "breaks",
        Question::Loses => "loses",
        Question::Fails => "fails",
        Question::Advises => "advises",
    }
}

/// The layer that decides a rule, in one word.
pub(crate) fn layer_of(rule: &Rule) -> &'static str {
    match rule.ask {
        Ask::Statement(_) | Ask::Changes(..) | Ask::Migration(_) | Ask::Contradiction(_) => {
            "static"
        }
        Ask::Project(_) => "static (project)",
        Ask::Machinery => "static (directives)",
    }
}

/// Which databases a rule speaks of besides PostgreSQL; most rules speak of that one alone.
pub(crate) fn databases(rule: &Rule) -> Option<&'static str> {
    match (
        segue_check::speaks_of(rule, "postgres"),
        segue_check::speaks_of(rule, "sqlite"),
    ) {
        (true, true) => Some("It speaks of migrations for SQLite too."),
        (false, true) => Some("It speaks of migrations for SQLite only."),
        (true | false, false) => None,
    }
}

/// The layer that decides a rule, in full.
pub(crate) fn decided_by(rule: &Rule) -> &'static str {
    match rule.ask {
        Ask::Statement(_) | Ask::Changes(..) => {
            "Decided by: the statement and the catalog replayed up to it"
        }
        Ask::Migration(_) => "Decided by: the whole migration and the catalog after it",
        Ask::Project(_) => "Decided by: all migrations of the project together",
        Ask::Contradiction(_) => "Decided by: comparing the statement with the replayed catalog",
        Ask::Machinery => "Decided by: the directives in the file",
    }
}

/// The heading of a group.
pub(crate) fn group(group: Group) -> &'static str {
    match group {
        Group::Columns => "Columns",
        Group::Constraints => "Constraints",
        Group::Indexes => "Indexes",
        Group::Objects => "Tables, partitions and other objects",
        Group::Running => "Transactions, timeouts, running",
        Group::Design => "Types and design",
        Group::Project => "The project",
    }
}
