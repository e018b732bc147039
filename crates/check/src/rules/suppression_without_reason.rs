//! A suppression has no reason, an unknown rule, or no valid date.

use crate::{Ask, Example, Group, Question, Rule};

pub(super) static RULE: Rule = Rule {
    code: "suppression-without-reason",
    summary: "a suppression has no reason, an unknown rule, or no valid date",
    question: Question::Fails,
    group: Group::Project,
    page: "A suppression is read by people later: `-- segue:allow RULE[, RULE] because REASON [until YYYY-MM-DD]`. Without a reason, with a rule that does not exist, or with something that is no date, it allows nothing.",
    bad: &[Example::new("-- segue:allow add-check-validated\nALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0);").after("CREATE TABLE orders (total int);")],
    good: &[Example::new("-- segue:allow add-check-validated because the table is small\nALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0);").after("CREATE TABLE orders (total int);")],
    ask: Ask::Machinery,
};
