//! A suppression allows something that is not found.

use crate::{Ask, Example, Group, Question, Rule};

pub(super) static RULE: Rule = Rule {
    code: "suppression-unused",
    summary: "a suppression allows something that is not found",
    question: Question::Fails,
    group: Group::Project,
    page: "This `-- segue:allow` matches no finding of the statement below it: the statement was changed, or the directive stands in the wrong place. Remove it: a suppression that nobody needs hides the next finding.",
    bad: &[Example::new("-- segue:allow add-check-validated because the table is small\nALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0) NOT VALID;").after("CREATE TABLE orders (total int);")],
    good: &[Example::new("-- segue:allow add-check-validated because the table is small\nALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0);").after("CREATE TABLE orders (total int);")],
    ask: Ask::Machinery,
};
