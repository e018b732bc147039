//! A name without its namespace: the search path decides what it means.

use segue_model::{Ident, TextNoteKind};

use crate::{Ask, Asked, Example, Group, Hit, Question, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    code: "unqualified-name",
    summary: "a name without its namespace: the search path decides what it means",
    question: Question::Advises,
    group: Group::Running,
    page: "\
`users` is looked up along `search_path`, which depends on the role, the database and the session. Another path \
means another table, or a new table in another namespace; somebody who may create objects in an earlier \
namespace can put one in the way.

Qualify names where the search path is not under your control, or set it in the migration.

Off unless the project qualifies its names elsewhere: most projects live in one namespace.",
    bad: &[Example::new("CREATE TABLE app.notes (id bigint PRIMARY KEY); ALTER TABLE users ADD COLUMN a text;").after("CREATE SCHEMA app; CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);")],
    good: &[Example::new("ALTER TABLE users ADD COLUMN a text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);"), Example::new("ALTER TABLE public.users ADD COLUMN a text;").after("CREATE TABLE users (id bigint PRIMARY KEY, name text, age int); CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, state text);")],
    ask: Ask::Statement(ask),
};

fn ask(asked: &Asked<'_>) -> Vec<Hit> {
    let several = asked
        .catalog()
        .namespaces
        .iter()
        .any(|namespace: &Ident| namespace != &asked.dialect.default_namespace());
    if !several || asked.context.settings.value("search_path").is_some() {
        return Vec::new();
    }
    asked
        .statement
        .notes
        .iter()
        .filter_map(|note| {
            if let TextNoteKind::UnqualifiedName(name) = &note.kind {
                let message = format!(
                    "{name} is looked up along search_path, and this project has several namespaces"
                );
                Some(
                    Hit::new(Severity::Note, message)
                        .at(note.span)
                        .advice("write its namespace"),
                )
            } else {
                None
            }
        })
        .take(1)
        .collect()
}
