//! ADD COLUMN: the bare column ▸ what fills it ▸ batches ▸ NOT NULL ▸ the constraints written beside it, each its own way.
//!
//! Measured: a volatile default, `serial`, identity and a constrained domain rewrite the table and all its indexes under
//! ACCESS EXCLUSIVE; a CHECK beside the column scans, a key builds. The bare column, its default and its sequence take
//! ACCESS EXCLUSIVE without work; batches take ROW EXCLUSIVE. A constant or STABLE default is kept: it costs nothing since 11.
//! Source: lock table, sections 2 and 8 (volatile default, serial later).

use segue_model::{
    Backfill, Change, Column, ColumnChange, ColumnUse, Constraint, ConstraintKind, Context,
    DataChange, Expression, Fill, FunctionUse, Ident, IdentityMode, Nullability, Persistence,
    OutputColumn, Presence, QualifiedName, Query, Reach, Reaction, RowLock, Selects, SequenceChange,
    Shape, Sql, StepTransaction, Target, UserTypeKind, Volatility, owned_sequence,
};

use super::draft::Draft;
use super::{add_check, add_foreign_key, add_key, author, expression, is_used, names, set_not_null};

/// How the new column gets its values.
enum Filling<'a> {
    /// With the column itself: nothing, a constant, or computed at each read.
    AtOnce,
    /// A default that differs from row to row.
    Batches(&'a Expression),
    /// A sequence of its own.
    Serial,
    /// An identity.
    Identity(IdentityMode),
    /// Computed and stored: no online way before a column that is computed at each read.
    Stored(&'a Expression),
}

pub(super) fn draft(change: &Change, context: &Context<'_>) -> Option<Draft> {
    let Change::Column(
        target,
        ColumnChange::Add {
            column,
            constraints,
            presence,
        },
    ) = change
    else {
        return None;
    };
    let is_there = context.catalog.column(&target.name, &column.name).is_some();
    if !is_used(&target.name, context) || is_there {
        return None;
    }
    let filling = filling(column, context);
    if let Filling::Stored(stored) = &filling {
        return computed_at_reads(change, column, stored, context);
    }
    let need = Need::of(column, constraints, context)?;
    if matches!(filling, Filling::AtOnce) && need == Need::default() {
        return None;
    }
    let mut draft = Draft::new();
    bare(&mut draft, target, column, &filling, context);
    fill(&mut draft, target, column, &filling, context);
    if need.value == Value::Missing {
        require(&mut draft, target, column);
    }
    let refuses_null = match filling {
        Filling::AtOnce => need.value == Value::Missing,
        Filling::Batches(_) => column.nullability != Nullability::Nullable,
        Filling::Serial | Filling::Identity(_) => true,
        Filling::Stored(_) => false,
    };
    if refuses_null && !constraints.iter().any(is_primary) {
        set_not_null::append(&mut draft, target, &column.name, context);
    }
    if need.domain == Domain::Constrained {
        by_domain(&mut draft, target, column, context);
    }
    for constraint in constraints {
        beside(&mut draft, target, constraint, context)?;
    }
    if let Filling::Identity(mode) = filling {
        identify(&mut draft, target, column, mode, context);
    }
    if *presence == Presence::Lenient {
        draft.remark(format!(
            "IF NOT EXISTS is left out: the steps that follow must not touch a column {} that was there before.",
            column.name
        ));
    }
    Some(draft)
}

/// Why the column cannot simply be added, besides what fills it.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Need {
    value: Value,
    domain: Domain,
    constraints: Beside,
}

/// Whether the rows that are there get a value that the column accepts.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Value {
    #[default]
    Given,
    Missing,
}

/// Whether the type has conditions of its own.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Domain {
    #[default]
    Free,
    Constrained,
}

/// Whether a constraint beside the column reads rows.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Beside {
    #[default]
    Idle,
    Working,
}

impl Need {
    /// None where the domain brings a default of its own: what would fill the column is then not in the statement.
    fn of(column: &Column, constraints: &[Constraint], context: &Context<'_>) -> Option<Self> {
        let mut need = Self::default();
        let is_empty = matches!(column.fill, Fill::None);
        let refuses_null =
            column.nullability != Nullability::Nullable || constraints.iter().any(is_primary);
        if is_empty && refuses_null {
            need.value = Value::Missing;
        }
        if context.catalog.is_constrained_domain(&column.data_type) == Some(true) {
            need.domain = Domain::Constrained;
            let known = context.catalog.user_type(&column.data_type)?;
            if is_empty && matches!(known.kind, UserTypeKind::Domain { default: Some(_), .. }) {
                return None;
            }
        }
        if constraints
            .iter()
            .any(|constraint| does_work(constraint, column))
        {
            need.constraints = Beside::Working;
        }
        Some(need)
    }
}

fn is_primary(constraint: &Constraint) -> bool {
    matches!(constraint.kind, ConstraintKind::PrimaryKey(_))
}

fn filling<'a>(column: &'a Column, context: &Context<'_>) -> Filling<'a> {
    match &column.fill {
        Fill::None | Fill::Virtual(_) => Filling::AtOnce,
        Fill::Default(default) => match default.volatility(context.catalog) {
            Volatility::Immutable | Volatility::Stable => Filling::AtOnce,
            Volatility::Volatile | Volatility::Unknown => Filling::Batches(default),
        },
        Fill::Serial => Filling::Serial,
        Fill::Identity(mode) => Filling::Identity(*mode),
        Fill::Stored(stored) => Filling::Stored(stored),
    }
}

/// A foreign key of a column without values reads no row (measured); everything else does.
fn does_work(constraint: &Constraint, column: &Column) -> bool {
    match &constraint.kind {
        ConstraintKind::ForeignKey(_) => !matches!(column.fill, Fill::None),
        ConstraintKind::NotNull(_) => false,
        ConstraintKind::Check(_)
        | ConstraintKind::Unique(_)
        | ConstraintKind::PrimaryKey(_)
        | ConstraintKind::Exclude { .. } => true,
    }
}

fn add(target: &Target, column: Column) -> Change {
    author::column(
        target,
        ColumnChange::Add {
            column,
            constraints: Vec::new(),
            presence: Presence::Required,
        },
    )
}

/// The column without what would read or write a row.
fn bare(
    draft: &mut Draft,
    target: &Target,
    column: &Column,
    filling: &Filling<'_>,
    context: &Context<'_>,
) {
    let is_kept = matches!(filling, Filling::AtOnce) && !matches!(column.fill, Fill::None);
    let data_type = base_of(&column.data_type, context);
    let bare = Column {
        data_type,
        nullability: if is_kept {
            column.nullability
        } else {
            Nullability::Nullable
        },
        fill: if is_kept {
            column.fill.clone()
        } else {
            Fill::None
        },
        ..column.clone()
    };
    draft.own(
        format!("Add {} to {}: no row is read or written.", column.name, target.name),
        add(target, bare),
    );
}

/// The type under a constrained domain; any other type itself.
fn base_of(
    data_type: &segue_model::DataType,
    context: &Context<'_>,
) -> segue_model::DataType {
    if context.catalog.is_constrained_domain(data_type) != Some(true) {
        return data_type.clone();
    }
    match context.catalog.user_type(data_type).map(|known| &known.kind) {
        Some(UserTypeKind::Domain { base, .. }) => base_of(base, context),
        Some(UserTypeKind::Plain(_)) | None => data_type.clone(),
    }
}

fn fill(
    draft: &mut Draft,
    target: &Target,
    column: &Column,
    filling: &Filling<'_>,
    context: &Context<'_>,
) {
    let table = &target.name;
    match filling {
        Filling::AtOnce | Filling::Stored(_) => {}
        Filling::Batches(default) => in_batches(draft, target, &column.name, default),
        Filling::Serial => {
            let sequence = owned_sequence(table, &column.name);
            let sequence = sequence.sibling(names::index(
                context.catalog,
                table,
                &segue_model::ChosenName::Generated(sequence.name.clone()),
            ));
            create_sequence(draft, &sequence, Some((table, &column.name)));
            in_batches(draft, target, &column.name, &next_value(&sequence));
            draft.remark(format!(
                "The sequence {sequence} counts as bigint; `serial` would make it as wide as the column."
            ));
        }
        Filling::Identity(_) => {
            let sequence = counter(table, &column.name, context);
            create_sequence(draft, &sequence, None);
            in_batches(draft, target, &column.name, &next_value(&sequence));
        }
    }
}

/// The default for new rows, then the old rows.
fn in_batches(draft: &mut Draft, target: &Target, column: &Ident, default: &Expression) {
    let table = &target.name;
    draft.own(
        format!("Give {column} of {table} its default, for new rows only."),
        author::column(
            target,
            ColumnChange::SetDefault {
                name: column.clone(),
                default: default.clone(),
            },
        ),
    );
    draft.backfill(
        format!("Fill {column} in the rows of {table} that were there, in batches."),
        Backfill::update(
            table.clone(),
            vec![(column.clone(), default.clone())],
            author::is_null(column),
        ),
    );
}

fn create_sequence(
    draft: &mut Draft,
    sequence: &QualifiedName,
    owner: Option<(&QualifiedName, &Ident)>,
) {
    draft.own(
        format!("Create the sequence {sequence}."),
        Change::Sequence(
            Target::required(sequence.clone()),
            SequenceChange::Create {
                owned_by: owner.map(|(table, column)| ColumnUse {
                    relation: Some(table.clone()),
                    column: column.clone(),
                }),
                persistence: Persistence::Permanent,
            },
        ),
    );
}

/// `nextval('sequence')`.
pub(super) fn next_value(sequence: &QualifiedName) -> Expression {
    let sql = Sql::literal("nextval(")
        .string(&sequence.to_string())
        .text("::regclass)");
    Expression {
        functions: vec![FunctionUse {
            namespace: None,
            name: Ident::from("nextval"),
            built_in: Volatility::Volatile,
        }],
        shape: Shape::NextValue(sequence.clone()),
        ..expression(&sql, Vec::new())
    }
}

/// The sequence that counts until the identity's own takes over.
fn counter(table: &QualifiedName, column: &Ident, context: &Context<'_>) -> QualifiedName {
    table.sibling(names::new_relation(
        context.catalog,
        table,
        column.as_str(),
        "filling_seq",
    ))
}

/// Turns the filled column into an identity that goes on where the filling stopped, in one transaction.
fn identify(
    draft: &mut Draft,
    target: &Target,
    column: &Column,
    mode: IdentityMode,
    context: &Context<'_>,
) {
    let table = &target.name;
    let name = &column.name;
    let counter = counter(table, name, context);
    draft.own(
        format!("Take the default of {name} away: the identity takes its place."),
        author::column(target, ColumnChange::DropDefault(name.clone())),
    );
    draft.with_previous(
        format!("Make {name} of {table} an identity: no row is read."),
        author::column(
            target,
            ColumnChange::AddIdentity {
                name: name.clone(),
                mode,
            },
        ),
    );
    draft.change(
        StepTransaction::WithPrevious,
        "Let the identity go on where the filling stopped.".to_owned(),
        vec![
            Change::Data(DataChange::SetSequenceValue(owned_sequence(table, name))),
            Change::Data(DataChange::Select(go_on(table, name, &counter))),
        ],
    );
    draft.with_previous(
        format!("Drop {counter}: it has served its purpose."),
        Change::Sequence(
            Target::required(counter.clone()),
            SequenceChange::Drop {
                reaction: Reaction::Restrict,
            },
        ),
    );
}

/// `SELECT setval(…)` of the identity's sequence to where the counter is.
fn go_on(table: &QualifiedName, column: &Ident, counter: &QualifiedName) -> Query {
    let sql = Sql::literal("SELECT setval(pg_get_serial_sequence(")
        .string(&table.to_string())
        .text(", ")
        .string(column.as_str())
        .text("), nextval(")
        .string(&counter.to_string())
        .text("))");
    let call = |name: &str, built_in| FunctionUse {
        namespace: None,
        name: Ident::from(name),
        built_in,
    };
    Query {
        text: sql.as_str().to_owned(),
        relations: Vec::new(),
        columns: Vec::new(),
        functions: vec![
            call("setval", Volatility::Volatile),
            call("pg_get_serial_sequence", Volatility::Stable),
            call("nextval", Volatility::Volatile),
        ],
        selects: Selects::Named,
        row_lock: RowLock::None,
        output: vec![OutputColumn {
            name: Some(Ident::from("setval")),
            source: None,
        }],
        reach: Reach::All,
    }
}

/// The statement gives no value for the rows that are there: somebody has to.
fn require(draft: &mut Draft, target: &Target, column: &Column) {
    let table = &target.name;
    let name = &column.name;
    draft.gate(
        vec![
            format!("Every running version of the application writes {name} when it inserts into {table}."),
            format!("Every row of {table} has a value in {name}."),
        ],
        Vec::new(),
    );
    draft.remark(format!(
        "The statement does not say what {name} is in the rows of {table} that are there: fill them in batches, or give \
         the column a constant default, which needs no batches."
    ));
}

/// The conditions of the domain, by a cast to it, over a column of the type under it.
fn by_domain(draft: &mut Draft, target: &Target, column: &Column, context: &Context<'_>) {
    let table = &target.name;
    let name = &column.name;
    let sql = Sql::literal("(")
        .ident(name)
        .text("::")
        .verbatim(&column.data_type.to_string())
        .text(" IS NULL) = (")
        .ident(name)
        .text(" IS NULL)");
    let check = names::new_constraint(context.catalog, table, name.as_str(), "check");
    let kind = ConstraintKind::Check(expression(&sql, vec![name.clone()]));
    add_check::append(draft, target, &author::constraint(&check, kind), context);
    draft.remark(format!(
        "{name} has the type under {} and a CHECK by that domain: a column of a constrained domain cannot be added without \
         rewriting {table}.",
        column.data_type
    ));
}

/// A constraint written beside the column, its own way; none when there is none.
pub(super) fn beside(
    draft: &mut Draft,
    target: &Target,
    constraint: &Constraint,
    context: &Context<'_>,
) -> Option<()> {
    match &constraint.kind {
        ConstraintKind::Check(_) => add_check::append(draft, target, constraint, context),
        ConstraintKind::ForeignKey(key) => {
            add_foreign_key::append(draft, target, (constraint, key), context);
        }
        ConstraintKind::Unique(_) | ConstraintKind::PrimaryKey(_) => {
            return add_key::append(draft, target, constraint, context);
        }
        ConstraintKind::NotNull(_) => {}
        ConstraintKind::Exclude { .. } => return None,
    }
    Some(())
}

/// The nearest thing to a stored column that needs no rewrite (18): one that is computed at each read.
fn computed_at_reads(
    change: &Change,
    column: &Column,
    stored: &Expression,
    context: &Context<'_>,
) -> Option<Draft> {
    let Change::Column(target, ColumnChange::Add { constraints, .. }) = change else {
        return None;
    };
    let is_plain = column.data_type.user_type().is_none()
        && column.nullability == Nullability::Nullable
        && constraints.is_empty()
        && stored
            .functions
            .iter()
            .all(|call| call.built_in != Volatility::Unknown);
    if context.server.version < 18 || !is_plain {
        return None;
    }
    let mut draft = Draft::new();
    draft.own(
        format!(
            "Add {} to {}, computed at each read: no row is read or written.",
            column.name, target.name
        ),
        add(
            target,
            Column {
                fill: Fill::Virtual(stored.clone()),
                ..column.clone()
            },
        ),
    );
    draft.remark(format!(
        "{} is computed at each read instead of stored, and cannot be indexed: a stored column cannot be added without \
         rewriting {}.",
        column.name, target.name
    ));
    Some(draft)
}
