//! The areas of the checklist: which codes each one counts, the question it asks, and what it weighs.
//!
//! Every finding belongs to exactly one area. A code that no area lists goes where the question of its rule belongs, so a
//! new rule needs no line here.

use segue_check::Question;

/// Files edited after they were merged.
pub(crate) const EDITED: &str = "edited-after-merge";
/// A way that was begun and not finished.
pub(crate) const UNFINISHED: &str = "unfinished-change";
/// One file that does too much at once.
pub(crate) const BIG_BANG: &str = "big-bang";

/// The pages of the audit's own codes: code, what it finds, why it matters.
pub(crate) const PAGES: [(&str, &str, &str); 3] = [
    (
        EDITED,
        "a migration was changed after it was merged",
        "Databases that ran the old text never run the new one: from here on they differ, and nobody notices until a \
later migration meets what is not there. Found in the git history: a commit of the main line changed the file after \
the one that added it. Restore the file, and write the change as a new migration.",
    ),
    (
        UNFINISHED,
        "a change was begun and the last migration leaves it unfinished",
        "An index that was never attached, a trigger that is switched off, a table or column called _old, _new, _tmp or \
_backup: the first half of a change in phases whose second half never came. Finish it, or remove what is left.",
    ),
    (
        BIG_BANG,
        "one transaction locks many tables, or holds many statements on tables in use",
        "The locks of all of them are held until the last one is done, and a failure undoes everything. Split it: one \
table in use per migration.",
    ),
];

/// One line of the checklist.
#[derive(Debug)]
pub(crate) struct Area {
    /// Its name in the JSON answer: never renamed.
    pub(crate) key: &'static str,
    /// Its name for people.
    pub(crate) title: &'static str,
    /// What it asks.
    pub(crate) question: &'static str,
    /// What it weighs in the whole.
    pub(crate) weight: u32,
    /// What would raise its score.
    pub(crate) raise: &'static str,
    /// The codes it counts.
    pub(crate) codes: &'static [&'static str],
}

/// The checklist, in the order it is shown. The last area takes what nobody else does.
pub(crate) static ALL: &[Area] = &[
    Area {
        key: "way-back",
        title: "Missing or empty down",
        question: "Is there a way back when a release goes wrong?",
        weight: 2,
        raise: "write the down section with the up section",
        codes: &["irreversible-step"],
    },
    Area {
        key: "blocking",
        title: "Blocking operations",
        question: "Which statements keep the application waiting?",
        weight: 5,
        raise: "build and validate online, and set a lock_timeout",
        codes: &[],
    },
    Area {
        key: "breaking",
        title: "Rename, drop or type change in one step",
        question: "Which statements break code that is still running, or destroy data?",
        weight: 4,
        raise: "expand first, contract in a later release",
        codes: &[
            "drop-column",
            "drop-column-with-index",
            "drop-table",
            "drop-cascade",
            "drop-constraint",
            "drop-primary-key",
            "drop-default",
            "set-default",
            "rename-column",
            "rename-table",
            "rename-object",
            "set-schema",
            "change-type-rewrite",
            "change-type-index-rebuild",
            "change-type-recheck",
            "change-type-fk-column",
            "change-type-narrowing",
            "change-type-dependents",
            "change-type-timezone",
            "enum-rename-remove",
        ],
    },
    Area {
        key: "not-null",
        title: "NOT NULL on existing tables",
        question: "Which statements demand a value of rows that are already there?",
        weight: 3,
        raise: "prove it with a constraint that is validated online, then set NOT NULL",
        codes: &[
            "set-not-null",
            "set-not-null-with-drop-check",
            "set-not-null-over-not-valid",
            "add-column-required",
            "change-type-and-not-null",
            "pk-using-nullable-index",
        ],
    },
    Area {
        key: "data",
        title: "Data changes inside a DDL transaction",
        question: "Which files change rows while they hold locks, or all rows at once?",
        weight: 3,
        raise: "change rows in batches, in a migration of their own",
        codes: &[
            "backfill-in-ddl-tx",
            "unbatched-dml",
            "pending-trigger-events",
        ],
    },
    Area {
        key: "edited",
        title: "Edited after they were merged",
        question: "Which files say something else than what was run?",
        weight: 2,
        raise: "leave merged files alone: write another migration",
        codes: &[EDITED],
    },
    Area {
        key: "order",
        title: "Branches, heads and order",
        question: "Do the migrations run in one order everywhere?",
        weight: 3,
        raise: "merge the heads, give every file a number of its own, and settle what the tool needs",
        codes: &[
            "non-linear-history",
            "unreadable-file",
            "tool-configuration",
        ],
    },
    Area {
        key: "naming",
        title: "Naming",
        question: "Does every name mean the same thing on every database?",
        weight: 1,
        raise: "name constraints, qualify tables, keep names short and lower case",
        codes: &[
            "naming-convention",
            "reserved-word",
            "identifier-too-long",
            "unqualified-name",
            "unnamed-constraint",
        ],
    },
    Area {
        key: "unfinished",
        title: "Expanded and never contracted",
        question: "Which changes were begun and not finished?",
        weight: 2,
        raise: "validate, attach, enable or drop what was left half done",
        codes: &["constraint-never-validated", "disable-trigger", UNFINISHED],
    },
    Area {
        key: "big-bang",
        title: "Big-bang files",
        question: "Which files do so much in one transaction that everything waits for all of it?",
        weight: 2,
        raise: "one busy table per transaction, one concern per file",
        codes: &[
            BIG_BANG,
            "several-ae-tables-one-tx",
            "statement-after-ae",
            "multiple-fk-one-tx",
            "lock-upgrade-in-tx",
        ],
    },
    Area {
        key: "secrets",
        title: "Secrets in SQL",
        question: "Which passwords, tokens or keys are in the repository for ever?",
        weight: 3,
        raise: "change the secret now, and set it outside of migrations",
        codes: &["secret-in-sql"],
    },
    Area {
        key: "fails",
        title: "Statements that fail",
        question: "Which statements are refused, or leave something half done?",
        weight: 3,
        raise: "correct them, and rehearse before a release",
        codes: &[],
    },
    Area {
        key: "design",
        title: "Types and design",
        question: "Where would another design serve better?",
        weight: 1,
        raise: "choose wide keys, text, timestamptz and numeric for new tables",
        codes: &[],
    },
    OTHER,
];

const OTHER: Area = Area {
    key: "other",
    title: "Everything else",
    question: "What else was noticed?",
    weight: 1,
    raise: "see the findings",
    codes: &[],
};

pub(crate) static LAST: Area = OTHER;

/// The area of a code; a code nobody lists goes where its question belongs.
pub(crate) fn of(code: &str, question: Question) -> &'static Area {
    if let Some(area) = ALL.iter().find(|area| area.codes.contains(&code)) {
        return area;
    }
    if segue_check::rule(code).is_none() {
        return &LAST;
    }
    let key = match question {
        Question::Blocks => "blocking",
        Question::Breaks | Question::Loses => "breaking",
        Question::Fails => "fails",
        Question::Advises => "design",
    };
    ALL.iter().find(|area| area.key == key).unwrap_or(&LAST)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_code_is_counted_in_two_areas() {
        let mut seen = BTreeSet::new();
        for code in ALL.iter().flat_map(|area| area.codes) {
            assert!(seen.insert(code), "{code}");
        }
    }

    #[test]
    fn every_rule_has_an_area_of_its_own_kind() {
        for rule in segue_check::ALL {
            assert_ne!(of(rule.code, rule.question).key, "other", "{}", rule.code);
        }
    }

    #[test]
    fn a_code_nobody_knows_is_counted_all_the_same() {
        assert_eq!(of("no-such-rule", Question::Fails).key, "other");
    }
}
