//! CREATE TABLE: where columns, constraints and indexes come from.

use crate::{
    Column, ColumnUse, Constraint, ConstraintKind, DataType, Fill, Ident, Inheritance, Knowledge,
    LikeSource, Nullability, Presence, QualifiedName, Query, Relation, Rows, Scope, Selects, Table,
    TableConstraint, TableDefinition, Target, TypeDefinition, UserTypeKind, Validity,
};

use super::Effect;
use super::column::with_null_refused;
use super::naming::{IndexLabel, free_relation_name, index_name};
use super::table::set_options;

/// A new table with its parts that need the table to stand first.
struct Draft {
    table: Table,
    /// Columns that bring a sequence.
    sequences: Vec<Ident>,
}

impl Effect<'_> {
    pub(super) fn create_table(&mut self, target: &Target, definition: &TableDefinition) {
        let name = &target.name;
        if self.is_taken(target, definition) {
            return;
        }
        let parents = self.require_parents(name, &definition.inheritance);
        for like in &definition.like {
            self.require_like_source(&like.table);
        }
        let draft = self.draft(definition, &parents);
        self.catalog
            .insert_relation(name.clone(), Relation::Table(Box::new(draft.table)));
        for column in &draft.sequences {
            self.create_owned_sequence(name, column);
        }
        for constraint in &definition.constraints {
            let constraint = Constraint {
                validity: Validity::Valid,
                ..constraint.clone()
            };
            self.add_constraint(name, &constraint, Scope::WithDescendants);
        }
        for like in &definition.like {
            self.copy_indexes(name, like);
        }
        if let Inheritance::PartitionOf { parent, .. } = &definition.inheritance
            && !parents.is_empty()
        {
            self.take_part_in(name, parent);
        }
    }

    /// True when the name is taken and nothing is created. Two different tables of one name: from now on we know
    /// neither for sure.
    fn is_taken(&mut self, target: &Target, definition: &TableDefinition) -> bool {
        let name = &target.name;
        let assumed = match self.catalog.relation(name) {
            None => return false,
            Some(Relation::Table(table)) => Some(table.knowledge == Knowledge::Assumed),
            Some(Relation::Index(_) | Relation::View(_) | Relation::Sequence(_)) => None,
        };
        match (assumed, target.presence) {
            (Some(true), Presence::Required) => false,
            (Some(_) | None, Presence::Lenient) => true,
            (None, Presence::Required) => {
                self.exists("relation", name, Presence::Required);
                true
            }
            (Some(false), Presence::Required) => {
                self.exists("table", name, Presence::Required);
                if self.runs == super::Runs::Surely {
                    self.catalog.edit_table(name, |table| {
                        table.knowledge = Knowledge::Assumed;
                        table.rows = Rows::Unknown;
                        for column in &definition.columns {
                            if table.column(&column.name).is_none() {
                                table.columns.push(column.clone());
                            }
                        }
                    });
                }
                true
            }
        }
    }

    fn require_like_source(&mut self, source: &QualifiedName) {
        if self.catalog.view(source).is_none() {
            self.require_table(source, Presence::Required);
        }
    }

    /// The parents, assumed where they are not known; none, and reported, when the table would descend from itself.
    fn require_parents(
        &mut self,
        name: &QualifiedName,
        inheritance: &Inheritance,
    ) -> Vec<QualifiedName> {
        let mut parents = inheritance.parents();
        parents.retain(|parent| !self.is_own_ancestor(name, parent));
        for parent in &parents {
            self.require_table(parent, Presence::Required);
        }
        parents
    }

    /// True, and reported, when `parent` is the table itself or below it.
    pub(super) fn is_own_ancestor(&mut self, name: &QualifiedName, parent: &QualifiedName) -> bool {
        let circular = name == parent || self.catalog.descendants(name).contains(parent);
        if circular {
            self.unfit(name, format!("{name} would descend from itself"));
        }
        circular
    }

    fn draft(&self, definition: &TableDefinition, parents: &[QualifiedName]) -> Draft {
        let mut table = Table::new(self.catalog.now, Knowledge::Whole);
        table.persistence = definition.persistence;
        table.partitioning.clone_from(&definition.partitioning);
        table.settings.tablespace.clone_from(&definition.tablespace);
        table.settings.server.clone_from(&definition.server);
        set_options(&mut table.settings.parameters, &definition.parameters);
        let mut draft = Draft {
            table,
            sequences: Vec::new(),
        };
        if !parents.is_empty() {
            self.inherit(&mut draft, definition, parents);
        }
        if let Inheritance::OfType(of_type) = &definition.inheritance {
            draft.table.of_type = Some(of_type.clone());
            for attribute in self.attributes(of_type) {
                draft.add(attribute.clone());
            }
        }
        for like in &definition.like {
            self.copy_columns(&mut draft, like);
        }
        for column in &definition.columns {
            if column.fill.owns_sequence() {
                draft.sequences.push(column.name.clone());
            }
            draft.add(with_null_refused(column.clone()));
        }
        if let Some(query) = &definition.query {
            self.add_query_columns(&mut draft.table, query);
        }
        draft
    }

    fn inherit(&self, draft: &mut Draft, definition: &TableDefinition, parents: &[QualifiedName]) {
        let is_partition = match &definition.inheritance {
            Inheritance::PartitionOf { parent, bound } => {
                draft.table.partition_of = Some((parent.clone(), bound.clone()));
                true
            }
            Inheritance::Inherits(_) => {
                draft.table.inherits = parents.to_vec();
                false
            }
            Inheritance::None | Inheritance::OfType(_) => return,
        };
        for parent in parents.iter().filter_map(|name| self.catalog.table(name)) {
            for column in &parent.columns {
                let mut column = column.clone();
                if !is_partition && matches!(column.fill, Fill::Identity(_)) {
                    column.fill = Fill::None;
                }
                draft.add(column);
            }
            for constraint in &parent.constraints {
                if is_inherited(&constraint.kind) {
                    draft.add_constraint(TableConstraint {
                        validity: Validity::Valid,
                        born: self.catalog.now,
                        ..constraint.clone()
                    });
                }
            }
        }
    }

    /// The attributes of a composite type; none when it is not known.
    pub(super) fn attributes(&self, of_type: &QualifiedName) -> &[Column] {
        match self.catalog.types.get(of_type).map(|found| &found.kind) {
            Some(UserTypeKind::Plain(TypeDefinition::Composite(attributes))) => attributes,
            Some(
                UserTypeKind::Plain(
                    TypeDefinition::Enum(_) | TypeDefinition::Range(_) | TypeDefinition::Base,
                )
                | UserTypeKind::Domain { .. },
            )
            | None => &[],
        }
    }

    fn copy_columns(&self, draft: &mut Draft, like: &LikeSource) {
        let Some(source) = self.catalog.table(&like.table) else {
            return;
        };
        if source.knowledge == Knowledge::Assumed {
            draft.table.knowledge = Knowledge::Assumed;
        }
        for column in &source.columns {
            let mut column = column.clone();
            let kept = match &column.fill {
                Fill::None => true,
                Fill::Default(_) | Fill::Serial => includes(like, "defaults"),
                Fill::Identity(_) => includes(like, "identity"),
                Fill::Stored(_) | Fill::Virtual(_) => includes(like, "generated"),
            };
            if kept && matches!(column.fill, Fill::Identity(_)) {
                draft.sequences.push(column.name.clone());
            }
            if !kept {
                column.fill = Fill::None;
            }
            if !includes(like, "storage") {
                column.storage = None;
            }
            draft.add(column);
        }
        if includes(like, "constraints") {
            for constraint in &source.constraints {
                if matches!(constraint.kind, ConstraintKind::Check(_)) {
                    draft.add_constraint(TableConstraint {
                        validity: Validity::Valid,
                        born: self.catalog.now,
                        ..constraint.clone()
                    });
                }
            }
        }
        if includes(like, "comments") {
            for column in &source.columns {
                if let Some(comment) = source.settings.comments.get(column.name.as_str()) {
                    draft
                        .table
                        .settings
                        .comments
                        .insert(column.name.as_str().to_owned(), comment.clone());
                }
            }
        }
    }

    /// `LIKE … INCLUDING INDEXES`: copies under names of their own, with their constraints.
    fn copy_indexes(&mut self, table: &QualifiedName, like: &LikeSource) {
        if !includes(like, "indexes") {
            return;
        }
        let indexes: Vec<_> = self
            .catalog
            .indexes_of(&like.table)
            .map(|(_, index)| index.clone())
            .collect();
        for index in indexes {
            let constraint = index
                .constraint
                .as_ref()
                .and_then(|name| self.catalog.table(&like.table)?.constraint(name).cloned());
            let label = match constraint.as_ref().map(|constraint| &constraint.kind) {
                Some(ConstraintKind::PrimaryKey(_)) => IndexLabel::PrimaryKey,
                Some(ConstraintKind::Unique(_)) => IndexLabel::Unique,
                Some(ConstraintKind::Exclude { .. }) => IndexLabel::Exclusion,
                Some(
                    ConstraintKind::Check(_)
                    | ConstraintKind::NotNull(_)
                    | ConstraintKind::ForeignKey(_),
                )
                | None => IndexLabel::Plain,
            };
            let mut definition = index.definition;
            definition.table.clone_from(table);
            definition.scope = Scope::WithDescendants;
            let base = index_name(&table.name, &definition, label);
            let name = free_relation_name(self.catalog, table, &base);
            definition.name = crate::ChosenName::Given(name.clone());
            let owner = constraint.map(|constraint| {
                self.push_constraint(
                    table,
                    TableConstraint {
                        name: name.clone(),
                        index: Some(name.clone()),
                        born: self.catalog.now,
                        ..constraint
                    },
                );
                name
            });
            self.build_index(definition, owner);
        }
    }

    /// The columns of `CREATE TABLE … AS`, as far as the query tells them.
    fn add_query_columns(&self, table: &mut Table, query: &Query) {
        table.rows = Rows::Unknown;
        if query.selects == Selects::Star {
            for relation in &query.relations {
                match self.catalog.table(relation) {
                    Some(source) if source.knowledge == Knowledge::Whole => {
                        for column in &source.columns {
                            push_unless_named(table, bare(&column.name, column.data_type.clone()));
                        }
                    }
                    Some(_) | None => table.knowledge = Knowledge::Assumed,
                }
            }
        }
        for output in &query.output {
            if let Some(name) = &output.name {
                let data_type = output
                    .source
                    .as_ref()
                    .and_then(|source| self.type_of(source, query))
                    .unwrap_or_else(|| DataType::built_in("unknown"));
                push_unless_named(table, bare(name, data_type));
            } else if query.selects == Selects::Named {
                table.knowledge = Knowledge::Assumed;
            }
        }
    }

    fn type_of(&self, source: &ColumnUse, query: &Query) -> Option<DataType> {
        let relation = source
            .relation
            .as_ref()
            .or_else(|| query.relations.first())?;
        self.catalog
            .column(relation, &source.column)
            .map(|column| column.data_type.clone())
    }
}

impl Draft {
    /// A column that is there already (inherited, or of the type) takes on what the other one says besides its type.
    fn add(&mut self, column: Column) {
        match self.table.column_mut(&column.name) {
            None => self.table.columns.push(column),
            Some(own) => {
                if column.nullability != Nullability::Nullable {
                    own.nullability = column.nullability;
                }
                if column.fill != Fill::None {
                    own.fill = column.fill;
                }
            }
        }
    }

    fn add_constraint(&mut self, constraint: TableConstraint) {
        if self.table.constraint(&constraint.name).is_none() {
            self.table.constraints.push(constraint);
        }
    }
}

/// True for constraints that children have as well.
pub(super) fn is_inherited(kind: &ConstraintKind) -> bool {
    match kind {
        ConstraintKind::Check(_) | ConstraintKind::NotNull(_) => true,
        ConstraintKind::Unique(_)
        | ConstraintKind::PrimaryKey(_)
        | ConstraintKind::ForeignKey(_)
        | ConstraintKind::Exclude { .. } => false,
    }
}

fn includes(like: &LikeSource, what: &str) -> bool {
    like.including
        .iter()
        .any(|word| word == what || word == "all")
}

fn bare(name: &Ident, data_type: DataType) -> Column {
    Column {
        name: name.clone(),
        data_type,
        collation: None,
        nullability: Nullability::Nullable,
        fill: Fill::None,
        storage: None,
    }
}

fn push_unless_named(table: &mut Table, column: Column) {
    if table.column(&column.name).is_none() {
        table.columns.push(column);
    }
}
