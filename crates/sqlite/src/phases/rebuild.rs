//! A table built anew beside the old one, filled, and put in its place. Source:
//! <https://sqlite.org/lang_altertable.html>, section 7, "Making Other Kinds Of Table Schema Changes".
//!
//! One transaction, with `foreign_keys` off around it: dropping the old table would otherwise delete what refers to it.
//! `legacy_alter_table` is on meanwhile, so that views of the table are not read again while it is gone, and references to
//! it stay as they are. Every writer waits for the whole of it. Refuses a table whose triggers it could not make again.

use segue_model::{
    Catalog, Change, ChosenName, Constraint, ConstraintKind, Context, Fill, Ident, IndexChange,
    IndexDefinition, Inheritance, KeyColumns, Knowledge, Parameter, QualifiedName, Sql,
    StepTransaction, Table, TableChange, TableConstraint, TableDefinition, Target,
};

use super::{Draft, authored};
use crate::{
    impact::{index_names, same},
    parse::AUTOINCREMENT,
    render,
};

/// What a table is to become.
pub(super) struct Wanted {
    name: QualifiedName,
    temporary: QualifiedName,
    /// The table as it is to be.
    pub(super) definition: TableDefinition,
    /// The columns whose values are carried over.
    copied: Vec<Ident>,
    indexes: Vec<IndexDefinition>,
}

impl Wanted {
    /// The table as it is; none when it is not held in full.
    pub(super) fn of(name: &QualifiedName, table: &Table, catalog: &Catalog) -> Option<Self> {
        let temporary = name.sibling(Ident::caseless(
            ["segue_new_", name.name.written()].concat(),
        ));
        let is_whole = table.knowledge == Knowledge::Whole && table.triggers.is_empty();
        if !is_whole || catalog.relation(&temporary).is_some() {
            return None;
        }
        let indexes = catalog
            .indexes_of(name)
            .filter(|(_, index)| index.constraint.is_none())
            .map(|(name, index)| IndexDefinition {
                name: ChosenName::Given(name.name),
                ..index.definition.clone()
            })
            .collect();
        let copied = table
            .columns
            .iter()
            .filter(|column| !matches!(column.fill, Fill::Stored(_) | Fill::Virtual(_)))
            .map(|column| column.name.clone())
            .collect();
        Some(Self {
            name: name.clone(),
            temporary,
            definition: definition(table),
            copied,
            indexes,
        })
    }

    /// Leaves a column out, with the constraints and indexes that name it; none when the primary key does.
    pub(super) fn without(&mut self, column: &Ident) -> Option<()> {
        let lists = |columns: &[Ident]| columns.iter().any(|one| same(one, column));
        let names = |constraint: &Constraint| match &constraint.kind {
            ConstraintKind::PrimaryKey(key) | ConstraintKind::Unique(key) => match key {
                KeyColumns::Build { columns, .. } => lists(columns),
                KeyColumns::UsingIndex(_) => false,
            },
            ConstraintKind::Check(check) => lists(&check.columns),
            ConstraintKind::ForeignKey(key) => lists(&key.columns),
            ConstraintKind::NotNull(_) | ConstraintKind::Exclude { .. } => false,
        };
        let loses_key = self.definition.constraints.iter().any(|constraint| {
            matches!(constraint.kind, ConstraintKind::PrimaryKey(_)) && names(constraint)
        });
        if loses_key {
            return None;
        }
        self.definition.constraints.retain(|one| !names(one));
        self.definition
            .columns
            .retain(|one| !same(&one.name, column));
        self.copied.retain(|one| !same(one, column));
        self.indexes.retain(|index| !index_names(index, column));
        (!self.copied.is_empty()).then_some(())
    }

    /// The steps.
    pub(super) fn draft(self, context: &Context<'_>) -> Option<Draft> {
        let mut draft = Draft::default();
        switch_off(&mut draft)?;
        self.fill_new(&mut draft)?;
        self.replace_old(&mut draft)?;
        switch_on(&mut draft, context)?;
        draft.remarks.push(format!(
            "every writer waits while {} is copied; hidden row ids of a table without INTEGER PRIMARY KEY may change",
            self.name
        ));
        draft.remarks.push(
            "the new table is written from what was read: comments inside the old CREATE TABLE are lost, and types are in lower case"
                .to_owned(),
        );
        draft.remarks.push(
            "if a step fails, roll back and set foreign_keys and legacy_alter_table again before going on"
                .to_owned(),
        );
        Some(draft)
    }

    fn fill_new(&self, draft: &mut Draft) -> Option<()> {
        let create = Change::Table(
            Target::required(self.temporary.clone()),
            TableChange::Create(Box::new(self.definition.clone())),
        );
        // Names that SQLite leaves open are those of the new table: as they are read back.
        let create = authored(&render::render(&[create]).ok()?)?;
        // Inside: a setting that was lost with a connection would let the old table take others' rows along.
        draft.probe(
            StepTransaction::Own,
            "references that are followed all the same",
            Sql::literal("SELECT 1 FROM pragma_foreign_keys WHERE foreign_keys <> 0"),
        );
        let purpose = format!("make the new table beside {}", self.name);
        draft.change(StepTransaction::WithPrevious, purpose, create);
        if self.counts_up() {
            let sql = Sql::literal("INSERT INTO ")
                .name(&self.name.sibling(Ident::from("sqlite_sequence")))
                .text(" (\"name\", \"seq\") SELECT ")
                .string(self.temporary.name.written())
                .text(", seq FROM sqlite_sequence WHERE name = ")
                .string(self.name.name.written());
            let purpose = format!("carry over the counter of {}", self.name);
            draft.change(StepTransaction::WithPrevious, purpose, authored(&sql)?);
        }
        let sql = Sql::literal("INSERT INTO ")
            .name(&self.temporary)
            .text(" (")
            .list(&self.copied, ", ", Sql::ident)
            .text(") SELECT ")
            .list(&self.copied, ", ", Sql::ident)
            .text(" FROM ")
            .name(&self.name);
        let purpose = format!("copy every row of {}", self.name);
        draft.change(StepTransaction::WithPrevious, purpose, authored(&sql)?);
        Some(())
    }

    fn counts_up(&self) -> bool {
        let columns = &self.definition.columns;
        columns
            .iter()
            .any(|column| column.storage.as_deref() == Some(AUTOINCREMENT))
    }

    fn replace_old(&self, draft: &mut Draft) -> Option<()> {
        let sql = Sql::literal("DROP TABLE ").name(&self.name);
        let purpose = format!("drop the old {}", self.name);
        draft.change(StepTransaction::WithPrevious, purpose, authored(&sql)?);
        let sql = Sql::literal("ALTER TABLE ")
            .name(&self.temporary)
            .text(" RENAME TO ")
            .ident(&self.name.name);
        let purpose = format!("put the new table in the place of {}", self.name);
        draft.change(StepTransaction::WithPrevious, purpose, authored(&sql)?);
        for index in &self.indexes {
            let purpose = format!("build the index {} again", index.name.ident());
            let change = Change::Index(IndexChange::Create {
                index: index.clone(),
                build: segue_model::Build::Blocking,
                presence: segue_model::Presence::Required,
            });
            draft.change(StepTransaction::WithPrevious, purpose, change);
        }
        draft.probe(
            StepTransaction::WithPrevious,
            "a row whose reference leads nowhere",
            Sql::literal("PRAGMA foreign_key_check"),
        );
        Some(())
    }
}

fn switch_off(draft: &mut Draft) -> Option<()> {
    draft.change(
        StepTransaction::Outside,
        "do not follow references while the table is replaced".to_owned(),
        authored(&Sql::literal("PRAGMA foreign_keys = OFF"))?,
    );
    draft.change(
        StepTransaction::Outside,
        "leave views and references as they are while the table is replaced".to_owned(),
        authored(&Sql::literal("PRAGMA legacy_alter_table = ON"))?,
    );
    Some(())
}

/// References are followed again, unless a statement of the session had switched that off.
fn switch_on(draft: &mut Draft, context: &Context<'_>) -> Option<()> {
    draft.change(
        StepTransaction::Outside,
        "rename with references followed again".to_owned(),
        authored(&Sql::literal("PRAGMA legacy_alter_table = OFF"))?,
    );
    let setting = context.settings.value("foreign_keys").unwrap_or("on");
    let was_off = ["off", "0", "no", "false"]
        .iter()
        .any(|word| word.eq_ignore_ascii_case(setting));
    if !was_off {
        draft.change(
            StepTransaction::Outside,
            "follow references again".to_owned(),
            authored(&Sql::literal("PRAGMA foreign_keys = ON"))?,
        );
    }
    Some(())
}

/// The table as a CREATE TABLE would make it.
fn definition(table: &Table) -> TableDefinition {
    TableDefinition {
        columns: table.columns.clone(),
        constraints: table.constraints.iter().map(constraint).collect(),
        like: Vec::new(),
        inheritance: Inheritance::None,
        partitioning: None,
        persistence: table.persistence,
        query: None,
        parameters: table
            .settings
            .parameters
            .iter()
            .map(|(name, value)| Parameter {
                name: name.clone(),
                value: Some(value.clone()),
            })
            .collect(),
        tablespace: table.settings.tablespace.clone(),
        server: table.settings.server.clone(),
    }
}

/// Names that start with `sqlite_` are those of our reader or of SQLite: nobody wrote them.
fn constraint(constraint: &TableConstraint) -> Constraint {
    let name = constraint.name.clone();
    Constraint {
        name: if name.as_str().starts_with("sqlite_") {
            ChosenName::Generated(name)
        } else {
            ChosenName::Given(name)
        },
        kind: constraint.kind.clone(),
        validity: constraint.validity,
        enforcement: constraint.enforcement,
        deferral: constraint.deferral,
    }
}
