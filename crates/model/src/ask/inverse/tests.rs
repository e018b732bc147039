//! What was done and undone leaves what was there.

use super::super::apply::apply;
use super::super::apply::build::*;
use super::inverse;
use crate::*;

fn undone(before: &Catalog, change: &Change) -> Catalog {
    let Inverse::Exact(back) = inverse(change, before) else {
        panic!("not exact: {change:?} {:?}", inverse(change, before));
    };
    let mut catalog = before.clone();
    step(&mut catalog, change);
    for change in &back {
        step(&mut catalog, change);
    }
    catalog
}

/// The catalog without what an inverse cannot and need not restore: when things were born, in which order columns,
/// constraints, indexes and options stand, and whether a table may have rows.
fn normal(catalog: &Catalog) -> Catalog {
    let mut plain = Catalog::default();
    let born = Birth::default();
    for (name, relation) in catalog.relations() {
        let mut relation = relation.clone();
        match &mut relation {
            Relation::Table(table) => {
                table.born = born;
                table.rows = Rows::Unknown;
                table
                    .columns
                    .sort_by(|one, other| one.name.cmp(&other.name));
                table
                    .constraints
                    .sort_by(|one, other| one.name.cmp(&other.name));
                table.indexes.sort();
                for constraint in &mut table.constraints {
                    constraint.born = born;
                }
                let by_name = |one: &Trigger, other: &Trigger| {
                    one.definition.name.cmp(&other.definition.name)
                };
                table.triggers.sort_by(by_name);
            }
            Relation::Index(index) => {
                index.born = born;
                let parameters = &mut index.definition.parameters;
                parameters.sort_by(|one, other| one.name.cmp(&other.name));
            }
            Relation::View(view) => {
                view.born = born;
                view.indexes.sort();
            }
            Relation::Sequence(sequence) => sequence.born = born,
        }
        plain.insert_relation(name.clone(), relation);
    }
    plain.namespaces.clone_from(&catalog.namespaces);
    plain.types.clone_from(&catalog.types);
    for found in plain.types.values_mut() {
        found.born = born;
        found.new_labels.clear();
    }
    plain.routines.clone_from(&catalog.routines);
    plain.extensions.clone_from(&catalog.extensions);
    plain.publications.clone_from(&catalog.publications);
    plain.statistics.clone_from(&catalog.statistics);
    plain
}

#[test]
fn dropping_a_table_is_never_exact() {
    let catalog = after(&[create_plain("t")]);
    let Inverse::Lossy { changes, lost } = inverse(&drop_table("t", Reaction::Restrict), &catalog)
    else {
        panic!("rows came back");
    };
    assert!(lost.contains("rows"), "{lost}");
    let mut again = Catalog::default();
    for change in &changes {
        step(&mut again, change);
    }
    assert_eq!(normal(&again), normal(&catalog));
}

#[test]
fn narrowing_a_type_loses_and_widening_does_not() {
    let catalog = after(&[create_plain("t")]);
    let set = |data_type: &str| {
        alter_column(
            "t",
            ColumnChange::SetType {
                name: ident("a"),
                data_type: DataType::built_in(data_type),
                collation: None,
                using: None,
            },
        )
    };
    assert!(matches!(
        inverse(&set("bigint"), &catalog),
        Inverse::Exact(_)
    ));
    assert!(matches!(
        inverse(&set("smallint"), &catalog),
        Inverse::Lossy { .. }
    ));
}

#[test]
fn rows_and_what_was_not_read_cannot_be_undone() {
    let catalog = after(&[create_plain("t")]);
    assert!(matches!(inverse(&insert("t"), &catalog), Inverse::None(_)));
    let opaque = Change::Opaque(Opaque {
        reason: OpaqueReason::SyntaxError,
        message: String::new(),
        span: Span::default(),
    });
    assert!(matches!(inverse(&opaque, &catalog), Inverse::None(_)));
    let begin = Change::Transaction(TransactionChange::Begin);
    assert_eq!(inverse(&begin, &catalog), Inverse::Nothing);
}

#[test]
fn a_constraint_that_took_an_index_over_gives_it_back() {
    let mut unique = index_on(ChosenName::Given(ident("t_uidx")), "t", &["a"]);
    unique.uniqueness = Uniqueness::Unique;
    let before = after(&[create_plain("t"), create_index(unique)]);
    let kind = ConstraintKind::Unique(KeyColumns::UsingIndex(ident("t_uidx")));
    let change = add_constraint("t", constraint("t_a_key", kind));
    assert_eq!(normal(&undone(&before, &change)), normal(&before));
}

#[test]
fn an_expression_that_fell_behind_a_rename_is_not_repeated() {
    let check = ConstraintKind::Check(expression("amount > 0", &["amount"]));
    let catalog = after(&[
        create("t", definition(vec![column("amount", "integer")])),
        add_constraint("t", constraint("t_ck", check)),
        rename_column("t", "amount", "total"),
    ]);
    let drop = drop_constraint("t", "t_ck", Reaction::Restrict);
    assert!(matches!(inverse(&drop, &catalog), Inverse::Lossy { .. }));
}

/// A small generator: the same seed gives the same changes (Knuth, MMIX).
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    fn table(&mut self) -> &'static str {
        self.one(&["t", "u", "p", "p1", "c"])
    }

    fn column(&mut self) -> &'static str {
        self.one(&["id", "a", "b", "k", "val", "x"])
    }

    fn constraint(&mut self) -> Constraint {
        let (column, given) = (self.column(), self.one(&["one", "two", "three"]));
        let kind = match self.below(6) {
            0 => ConstraintKind::Check(expression(&format!("{column} > 0"), &[column])),
            1 => ConstraintKind::Unique(key(&[column])),
            2 => ConstraintKind::PrimaryKey(key(&[column])),
            3 => foreign_key(&[column], self.one(&["t", "u"])),
            4 => ConstraintKind::NotNull(ident(column)),
            _ => ConstraintKind::Unique(KeyColumns::UsingIndex(ident(self.one(&["i", "j"])))),
        };
        let checked = matches!(
            kind,
            ConstraintKind::Check(_) | ConstraintKind::ForeignKey(_) | ConstraintKind::NotNull(_)
        );
        let mut made = if self.below(2) == 0 {
            constraint(given, kind)
        } else {
            generated(given, kind)
        };
        if checked && self.below(3) == 0 {
            made.validity = Validity::NotValid;
        }
        made
    }

    fn of_column(&mut self) -> ColumnChange {
        let own = ident(self.column());
        match self.below(9) {
            0 => ColumnChange::SetNotNull(own),
            1 => ColumnChange::DropNotNull(own),
            2 => ColumnChange::SetDefault {
                name: own,
                default: expression("0", &[]),
            },
            3 => ColumnChange::DropDefault(own),
            4 => ColumnChange::AddIdentity {
                name: own,
                mode: IdentityMode::Always,
            },
            5 => ColumnChange::DropIdentity {
                name: own,
                presence: Presence::Required,
            },
            6 => ColumnChange::SetType {
                name: own,
                data_type: DataType::built_in(self.one(&["bigint", "text", "numeric"])),
                collation: None,
                using: None,
            },
            7 => ColumnChange::Drop {
                name: own,
                presence: Presence::Required,
                reaction: Reaction::Restrict,
            },
            _ => {
                let mut added = column(self.one(&["x", "y"]), "integer");
                if self.below(3) == 0 {
                    added.fill = Fill::Serial;
                }
                ColumnChange::Add {
                    column: added,
                    constraints: Vec::new(),
                    presence: Presence::Required,
                }
            }
        }
    }

    fn of_table(&mut self) -> TableChange {
        match self.below(8) {
            0 => TableChange::Rename(ident("renamed")),
            1 => TableChange::SetNamespace(ident("other")),
            2 => TableChange::SetPersistence(Persistence::Unlogged),
            3 => TableChange::SetRowSecurity(RowSecurity::Enable),
            4 => TableChange::SetRowSecurity(RowSecurity::Disable),
            5 => TableChange::SetRowSecurity(RowSecurity::Force),
            6 => TableChange::SetReplicaIdentity(ReplicaIdentity::Full),
            _ => TableChange::SetCluster(None),
        }
    }

    fn change(&mut self) -> Change {
        let table = self.table();
        match self.below(12) {
            0 | 1 => alter_column(table, self.of_column()),
            2 => rename_column(table, self.column(), self.one(&["x", "y"])),
            3 | 4 => add_constraint(table, self.constraint()),
            5 => drop_constraint(
                table,
                self.one(&["one", "two", "three", "t_pkey", "u_pkey"]),
                Reaction::Restrict,
            ),
            6 => Change::Constraint(
                on(table),
                ConstraintChange::Validate(ident(self.one(&["one", "two", "three"]))),
            ),
            7 => {
                let given = ChosenName::Given(ident(self.one(&["i", "j"])));
                let mut made = index_on(given, table, &[self.column()]);
                if self.below(2) == 0 {
                    made.uniqueness = Uniqueness::Unique;
                }
                create_index(made)
            }
            8 => drop_index(self.one(&["i", "j", "p_val"])),
            9 => Change::Table(on(table), self.of_table()),
            10 => match self.below(2) {
                0 => Change::Partition(
                    on("p"),
                    PartitionChange::Detach {
                        child: name("p1"),
                        build: Build::Blocking,
                    },
                ),
                _ => Change::Partition(
                    on("p"),
                    PartitionChange::Attach {
                        child: name("p1"),
                        bound: bound(0),
                    },
                ),
            },
            _ => create_view(self.one(&["v", "w"]), view(table, &[self.column()])),
        }
    }
}

fn beginning() -> Catalog {
    let child = TableDefinition {
        inheritance: Inheritance::Inherits(vec![name("t")]),
        ..definition(Vec::new())
    };
    after(&[
        create_plain("t"),
        create_plain("u"),
        create_partitioned("p"),
        create_partition("p1", "p", 0),
        index("p_val", "p", &["val"]),
        create("c", child),
    ])
}

/// True when an expression or a query names a column that is not there, which is nothing the catalog looks into.
fn names_nothing(change: &Change, catalog: &Catalog) -> bool {
    let lacks = |table: &QualifiedName, column| catalog.column(table, column).is_none();
    if let Change::Constraint(target, ConstraintChange::Add(added)) = change
        && let ConstraintKind::Check(check) = &added.kind
    {
        return check
            .columns
            .iter()
            .any(|column| lacks(&target.name, column));
    }
    if let Change::View(_, ViewChange::Create(view)) = change {
        let mut uses = view.query.columns.iter();
        return uses.any(|used| lacks(used.relation.as_ref().unwrap(), &used.column));
    }
    false
}

#[test]
fn what_is_exact_restores_the_catalog() {
    let mut exact = 0;
    for seed in 0..400 {
        let mut seeded = Seeded(seed);
        let mut catalog = beginning();
        for _ in 0..25 {
            let change = seeded.change();
            let mut changed = catalog.clone();
            let refused = !apply(&change, &mut changed).is_empty();
            if refused || names_nothing(&change, &catalog) {
                continue;
            }
            if let Inverse::Exact(back) = inverse(&change, &catalog) {
                let mut undone = changed.clone();
                for step in &back {
                    let contradictions = apply(step, &mut undone);
                    assert_eq!(contradictions, [], "seed {seed}: {change:?} then {step:?}");
                }
                let (restored, before) = (normal(&undone), normal(&catalog));
                let differing: Vec<_> = restored
                    .relations()
                    .filter(|(name, relation)| before.relation(name) != Some(*relation))
                    .collect();
                assert!(
                    restored == before,
                    "seed {seed}: {change:?} then {back:?} leaves {differing:?}"
                );
                exact += 1;
            }
            catalog = changed;
        }
    }
    assert!(exact > 1000, "only {exact} exact inverses were tried");
}
