//! What is true already.

use super::super::apply::build::*;
use super::super::apply::{apply, build};
use super::holds;
use crate::*;

#[test]
fn what_was_applied_holds() {
    let changes = [
        create_plain("t"),
        create_plain("u"),
        index("t_a", "t", &["a"]),
        add_column("t", column("c", "text")),
        add_constraint("u", constraint("u_fk", foreign_key(&["a"], "t"))),
        alter_column("t", ColumnChange::SetNotNull(ident("c"))),
        rename_column("t", "b", "z"),
        create_view("v", view("t", &["z"])),
        drop_column("t", "c", Reaction::Restrict),
        drop_index("t_a"),
        drop_constraint("u", "u_fk", Reaction::Restrict),
        drop_table("u", Reaction::Restrict),
    ];
    let mut catalog = Catalog::default();
    for change in &changes {
        assert_ne!(holds(change, &catalog), Holds::Yes, "before {change:?}");
        build::step(&mut catalog, change);
        assert_eq!(holds(change, &catalog), Holds::Yes, "after {change:?}");
    }
}

#[test]
fn an_invalid_index_of_the_right_name_does_not_hold() {
    let wanted = index("t_a", "t", &["a"]);
    let mut catalog = after(&[create_plain("t"), wanted.clone()]);
    catalog.edit(&name("t_a"), |relation| {
        if let Relation::Index(index) = relation {
            index.state = IndexState::Invalid;
        }
    });
    let Holds::Differs(why) = holds(&wanted, &catalog) else {
        panic!("an invalid index held");
    };
    assert!(why.contains("invalid"), "{why}");
}

#[test]
fn an_index_of_that_name_on_other_columns_differs() {
    let catalog = after(&[create_plain("t"), index("t_a", "t", &["b"])]);
    assert!(matches!(
        holds(&index("t_a", "t", &["a"]), &catalog),
        Holds::Differs(_)
    ));
}

#[test]
fn a_constraint_that_is_not_valid_does_not_hold_where_a_valid_one_is_asked_for() {
    let check = ConstraintKind::Check(expression("a > 0", &["a"]));
    let wanted = constraint("t_ck", check);
    let mut unchecked = wanted.clone();
    unchecked.validity = Validity::NotValid;
    let catalog = after(&[create_plain("t"), add_constraint("t", unchecked.clone())]);
    assert!(matches!(
        holds(&add_constraint("t", wanted), &catalog),
        Holds::Differs(_)
    ));
    assert_eq!(holds(&add_constraint("t", unchecked), &catalog), Holds::Yes);
}

#[test]
fn nothing_is_said_of_rows_and_of_tables_that_were_only_mentioned() {
    let mut catalog = Catalog::default();
    apply(&insert("ghost"), &mut catalog);
    assert!(matches!(
        holds(&insert("ghost"), &catalog),
        Holds::Unknown(_)
    ));
    let drop = drop_column("ghost", "a", Reaction::Restrict);
    assert!(matches!(holds(&drop, &catalog), Holds::Unknown(_)));
}
