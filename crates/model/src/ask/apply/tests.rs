//! What the catalog is after a change.

use super::build::*;
use crate::*;

fn indexes(catalog: &Catalog, table: &str) -> Vec<String> {
    catalog
        .indexes_of(&name(table))
        .map(|(index, _)| index.name.as_str().to_owned())
        .collect()
}

fn constraints(catalog: &Catalog, table: &str) -> Vec<String> {
    let found = catalog.table(&name(table)).unwrap();
    found
        .constraints
        .iter()
        .map(|constraint| constraint.name.as_str().to_owned())
        .collect()
}

fn generated_index(table: &str, columns: &[&str]) -> Change {
    let base = format!("{table}_{}_idx", columns.join("_"));
    create_index(index_on(
        ChosenName::Generated(ident(&base)),
        table,
        columns,
    ))
}

fn partitioned() -> Vec<Change> {
    vec![
        create_partitioned("p"),
        create_partition("p1", "p", 0),
        create_partition("p2", "p", 1000),
    ]
}

#[test]
fn a_primary_key_refuses_null_and_brings_an_index() {
    let catalog = after(&[create_plain("t")]);
    let id = catalog.column(&name("t"), &ident("id")).unwrap();
    assert_eq!(id.nullability, Nullability::NotNull);
    let index = catalog.index(&name("t_pkey")).unwrap();
    assert_eq!(index.constraint, Some(ident("t_pkey")));
    assert_eq!(index.definition.uniqueness, Uniqueness::Unique);
}

#[test]
fn a_serial_column_owns_a_sequence_that_goes_with_it() {
    let mut serial = column("n", "integer");
    serial.fill = Fill::Serial;
    let mut catalog = after(&[create("t", definition(vec![serial]))]);
    assert!(catalog.sequence(&name("t_n_seq")).is_some());
    step(&mut catalog, &drop_column("t", "n", Reaction::Restrict));
    assert!(catalog.sequence(&name("t_n_seq")).is_none());
}

#[test]
fn a_generated_name_that_is_taken_gets_a_number() {
    let catalog = after(&[
        create_plain("t"),
        generated_index("t", &["a"]),
        generated_index("t", &["a"]),
    ]);
    assert_eq!(indexes(&catalog, "t"), ["t_pkey", "t_a_idx", "t_a_idx1"]);
}

#[test]
fn dropping_a_column_drops_every_index_and_constraint_with_it() {
    let check = ConstraintKind::Check(expression("a > id", &["a", "id"]));
    let mut catalog = after(&[
        create_plain("t"),
        index("t_ab", "t", &["a", "b"]),
        add_constraint("t", constraint("t_ck", check)),
        add_constraint(
            "t",
            constraint("t_a_key", ConstraintKind::Unique(key(&["a"]))),
        ),
    ]);
    step(&mut catalog, &drop_column("t", "a", Reaction::Restrict));
    assert_eq!(indexes(&catalog, "t"), ["t_pkey"]);
    assert_eq!(constraints(&catalog, "t"), ["t_pkey"]);
    assert!(catalog.relation(&name("t_ab")).is_none());
}

#[test]
fn a_drop_with_cascade_takes_views_of_views_and_foreign_keys_along() {
    let mut catalog = after(&[
        create_plain("t"),
        create_plain("u"),
        add_constraint("u", constraint("u_fk", foreign_key(&["a"], "t"))),
        create_view("v", view("t", &["id"])),
        create_view("w", view("v", &["id"])),
    ]);
    step(&mut catalog, &drop_table("t", Reaction::Cascade));
    assert!(catalog.view(&name("v")).is_none());
    assert!(catalog.view(&name("w")).is_none());
    assert_eq!(constraints(&catalog, "u"), ["u_pkey"]);
}

#[test]
fn everyone_follows_a_renamed_column() {
    let mut catalog = after(&[
        create_plain("t"),
        create_plain("u"),
        index("t_a", "t", &["a"]),
        create_view("v", view("t", &["a"])),
    ]);
    step(&mut catalog, &rename_column("t", "a", "z"));
    let key = &catalog.index(&name("t_a")).unwrap().definition.keys[0];
    assert_eq!(key.part, IndexKeyPart::Column(ident("z")));
    assert!(
        catalog
            .view(&name("v"))
            .unwrap()
            .reads(&name("t"), &ident("z"))
    );
    assert!(
        !catalog
            .view(&name("v"))
            .unwrap()
            .reads(&name("t"), &ident("a"))
    );
}

#[test]
fn everyone_follows_a_renamed_table() {
    let mut catalog = after(&[
        create_plain("t"),
        create_plain("u"),
        add_constraint("u", constraint("u_fk", foreign_key(&["a"], "t"))),
        create_view("v", view("t", &["a"])),
    ]);
    step(
        &mut catalog,
        &Change::Table(on("t"), TableChange::Rename(ident("s"))),
    );
    assert_eq!(catalog.references_to(&name("s")).count(), 1);
    assert_eq!(catalog.views_of(&name("s")).count(), 1);
    assert_eq!(
        catalog.index(&name("t_pkey")).unwrap().definition.table,
        name("s")
    );
}

#[test]
fn an_index_on_a_partitioned_table_has_a_part_on_each_partition() {
    let mut changes = partitioned();
    changes.push(index("p_val_idx", "p", &["val"]));
    let mut catalog = after(&changes);
    assert_eq!(indexes(&catalog, "p1"), ["p1_val_idx"]);
    step(&mut catalog, &create_partition("p3", "p", 2000));
    assert_eq!(indexes(&catalog, "p3"), ["p3_val_idx"]);
    step(&mut catalog, &drop_index("p_val_idx"));
    assert!(indexes(&catalog, "p3").is_empty());
}

#[test]
fn an_index_on_only_the_parent_is_invalid_until_every_part_is_attached() {
    let mut changes = partitioned();
    let mut alone = index_on(ChosenName::Given(ident("zi")), "p", &["k"]);
    alone.scope = Scope::Only;
    changes.push(create_index(alone));
    changes.push(index("zi1", "p1", &["k"]));
    changes.push(index("zi2", "p2", &["k"]));
    let mut catalog = after(&changes);
    let attach = |child: &str| {
        Change::Index(IndexChange::AttachPartition {
            parent: name("zi"),
            child: name(child),
        })
    };
    step(&mut catalog, &attach("zi1"));
    assert_eq!(
        catalog.index(&name("zi")).unwrap().state,
        IndexState::Invalid
    );
    step(&mut catalog, &attach("zi2"));
    assert_eq!(catalog.index(&name("zi")).unwrap().state, IndexState::Valid);
}

#[test]
fn an_attached_partition_keeps_a_fitting_index_and_gets_the_missing_one() {
    let mut changes = partitioned();
    changes.push(index("p_val_idx", "p", &["val"]));
    changes.push(index("p_k_idx", "p", &["k"]));
    let mut k = column("k", "integer");
    k.nullability = Nullability::NotNull;
    changes.push(create("n", definition(vec![k, column("val", "text")])));
    changes.push(index("mine", "n", &["val"]));
    changes.push(Change::Partition(
        on("p"),
        PartitionChange::Attach {
            child: name("n"),
            bound: bound(3000),
        },
    ));
    let catalog = after(&changes);
    assert_eq!(indexes(&catalog, "n"), ["mine", "n_k_idx"]);
    let mine = catalog.index(&name("mine")).unwrap();
    assert_eq!(mine.parent, Some(name("p_val_idx")));
}

#[test]
fn a_foreign_key_of_a_partitioned_table_stands_on_its_partitions() {
    let mut changes = partitioned();
    changes.push(create_plain("r"));
    changes.push(add_constraint(
        "p",
        constraint("f", foreign_key(&["k"], "r")),
    ));
    let mut catalog = after(&changes);
    assert_eq!(constraints(&catalog, "p2"), ["f"]);
    step(&mut catalog, &drop_constraint("p", "f", Reaction::Restrict));
    assert!(constraints(&catalog, "p2").is_empty());
}

#[test]
fn a_constraint_that_takes_an_index_over_gives_it_its_name() {
    let mut unique = index_on(ChosenName::Given(ident("t_uidx")), "t", &["a"]);
    unique.uniqueness = Uniqueness::Unique;
    let kind = ConstraintKind::Unique(KeyColumns::UsingIndex(ident("t_uidx")));
    let catalog = after(&[
        create_plain("t"),
        create_index(unique),
        add_constraint("t", constraint("t_a_key", kind)),
    ]);
    assert!(catalog.index(&name("t_uidx")).is_none());
    let index = catalog.index(&name("t_a_key")).unwrap();
    assert_eq!(index.constraint, Some(ident("t_a_key")));
    let stored = catalog.table(&name("t")).unwrap();
    let stored = stored.constraint(&ident("t_a_key")).unwrap();
    assert_eq!(stored.kind, ConstraintKind::Unique(key(&["a"])));
}

#[test]
fn not_null_not_valid_is_unchecked_until_it_is_validated() {
    let mut not_null = constraint("t_a_nn", ConstraintKind::NotNull(ident("a")));
    not_null.validity = Validity::NotValid;
    let mut catalog = after(&[create_plain("t"), add_constraint("t", not_null)]);
    let a = |catalog: &Catalog| catalog.column(&name("t"), &ident("a")).unwrap().nullability;
    assert_eq!(a(&catalog), Nullability::NotNullUnchecked);
    step(
        &mut catalog,
        &Change::Constraint(on("t"), ConstraintChange::Validate(ident("t_a_nn"))),
    );
    assert_eq!(a(&catalog), Nullability::NotNull);
}

#[test]
fn a_table_that_is_not_known_is_reported_once() {
    let mut catalog = Catalog::default();
    let change = add_column("ghost", column("a", "integer"));
    let contradictions = apply(&change, &mut catalog);
    assert_eq!(contradictions.len(), 1);
    assert_eq!(contradictions[0].kind, ContradictionKind::Missing);
    assert!(apply(&drop_column("ghost", "b", Reaction::Restrict), &mut catalog).is_empty());
    assert!(apply(&drop_index("ghost_x"), &mut catalog).is_empty());
    assert!(apply(&create_plain("ghost"), &mut catalog).is_empty());
}

#[test]
fn creating_a_table_twice_is_reported_and_makes_it_less_known() {
    let mut catalog = after(&[create_plain("t")]);
    let contradictions = apply(&create_plain("t"), &mut catalog);
    assert_eq!(contradictions[0].kind, ContradictionKind::Exists);
    assert_eq!(
        catalog.table(&name("t")).unwrap().knowledge,
        Knowledge::Assumed
    );
}

#[test]
fn what_a_program_says_contradicts_nothing() {
    let mut catalog = after(&[create_plain("t")]);
    let program = Change::Program(Program {
        language: ident("plpgsql"),
        statements: vec![Statement {
            span: Span::default(),
            changes: vec![create_plain("t"), create_plain("u")],
            notes: Vec::new(),
        }],
        unread: Vec::new(),
    });
    step(&mut catalog, &program);
    assert_eq!(
        catalog.table(&name("t")).unwrap().knowledge,
        Knowledge::Whole
    );
    assert!(catalog.table(&name("u")).is_some());
}

#[test]
fn rows_of_a_partition_are_rows_of_the_partitioned_table() {
    let mut changes = partitioned();
    changes.push(insert("p1"));
    let catalog = after(&changes);
    assert_eq!(catalog.table(&name("p")).unwrap().rows, Rows::Unknown);
    assert_eq!(catalog.table(&name("p2")).unwrap().rows, Rows::None);
}

#[test]
fn like_copies_what_it_includes() {
    let like = |including: &[&str]| TableDefinition {
        like: vec![LikeSource {
            table: name("t"),
            including: including.iter().map(|word| (*word).to_owned()).collect(),
        }],
        ..definition(Vec::new())
    };
    let catalog = after(&[
        create_plain("t"),
        index("t_by_a", "t", &["a"]),
        create("bare", like(&[])),
        create("full", like(&["all"])),
    ]);
    assert!(indexes(&catalog, "bare").is_empty());
    assert_eq!(indexes(&catalog, "full"), ["full_pkey", "full_a_idx"]);
    let id = catalog.column(&name("bare"), &ident("id")).unwrap();
    assert_eq!(id.nullability, Nullability::NotNull);
}

#[test]
fn a_child_gets_the_columns_its_parent_gets() {
    let child = TableDefinition {
        inheritance: Inheritance::Inherits(vec![name("t")]),
        ..definition(vec![column("own", "integer")])
    };
    let mut catalog = after(&[create_plain("t"), create("c", child)]);
    step(&mut catalog, &add_column("t", column("late", "text")));
    assert!(catalog.column(&name("c"), &ident("late")).is_some());
    step(&mut catalog, &drop_column("t", "b", Reaction::Restrict));
    assert!(catalog.column(&name("c"), &ident("b")).is_none());
}

#[test]
fn a_table_never_descends_from_itself() {
    let mut catalog = after(&[create_plain("t")]);
    let child = TableDefinition {
        inheritance: Inheritance::Inherits(vec![name("t")]),
        ..definition(Vec::new())
    };
    step(&mut catalog, &create("c", child));
    let back = Change::Table(on("t"), TableChange::Inherit(name("c")));
    let contradictions = apply(&back, &mut catalog);
    assert_eq!(contradictions[0].kind, ContradictionKind::Unfit);
    assert_eq!(catalog.descendants(&name("t")), [name("c")]);
}

#[test]
fn a_label_added_later_is_remembered_as_new() {
    let mood = name("mood");
    let labels = vec!["sad".to_owned(), "happy".to_owned()];
    let mut catalog = after(&[Change::Type(
        mood.clone(),
        TypeChange::Create(TypeDefinition::Enum(labels)),
    )]);
    let add = TypeChange::AddValue {
        label: "ok".to_owned(),
        position: EnumPosition::Before("happy".to_owned()),
        presence: Presence::Required,
    };
    step(&mut catalog, &Change::Type(mood.clone(), add));
    let found = &catalog.types[&mood];
    assert_eq!(
        found.kind,
        UserTypeKind::Plain(TypeDefinition::Enum(vec![
            "sad".to_owned(),
            "ok".to_owned(),
            "happy".to_owned(),
        ]))
    );
    assert_eq!(found.new_labels, [("ok".to_owned(), catalog.now)]);
}

#[test]
fn typed_tables_follow_their_type_with_cascade() {
    let comp = name("comp");
    let typed = TableDefinition {
        inheritance: Inheritance::OfType(comp.clone()),
        ..definition(Vec::new())
    };
    let mut catalog = after(&[
        Change::Type(
            comp.clone(),
            TypeChange::Create(TypeDefinition::Composite(vec![column("x", "integer")])),
        ),
        create("tt", typed),
    ]);
    let add = TypeChange::AddAttribute {
        attribute: column("y", "text"),
        reaction: Reaction::Cascade,
    };
    step(&mut catalog, &Change::Type(comp, add));
    assert!(catalog.column(&name("tt"), &ident("x")).is_some());
    assert!(catalog.column(&name("tt"), &ident("y")).is_some());
}

#[test]
fn a_namespace_dropped_with_cascade_takes_its_members() {
    let there = QualifiedName::new("s2", "x");
    let mut target = on("x");
    target.name = there.clone();
    let drop = NamespaceChange::Drop {
        presence: Presence::Required,
        reaction: Reaction::Cascade,
    };
    let catalog = after(&[
        Change::Namespace(ident("s2"), NamespaceChange::Create(Presence::Required)),
        Change::Table(
            target,
            TableChange::Create(Box::new(definition(Vec::new()))),
        ),
        create_plain("t"),
        Change::Namespace(ident("s2"), drop),
    ]);
    assert!(catalog.relation(&there).is_none());
    assert!(catalog.relation(&name("t")).is_some());
}

#[test]
fn a_long_chain_of_views_is_dropped_without_recursion() {
    let mut changes = vec![create_plain("t"), create_view("v0", view("t", &["id"]))];
    for number in 1..20_000 {
        let below = format!("v{}", number - 1);
        changes.push(create_view(&format!("v{number}"), view(&below, &["id"])));
    }
    changes.push(drop_table("t", Reaction::Cascade));
    assert_eq!(after(&changes).relations().count(), 0);
}
