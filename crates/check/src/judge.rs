//! The judge: migrations in order, each asked by every rule, the catalog carried along.
//!
//! Incremental: a caller hands over one migration after the other and may forget each as soon as it is judged.

use segue_model::{
    Answers, Catalog, Contradiction, ContradictionKind, Dialect, Down, Form, Migration,
    ProjectProblem, Replay, Section, ServerFacts, Span, Statement, Tool, Wrapping,
};

use crate::finding::{Finding, Place, Remedy, Severity};
use crate::rule::{
    Ask, Asked, Contradicted, Hearing, HistoryKnown, Hit, Instead, Layer, MigrationAsked,
    ProjectAsked, Rule, ShowLock,
};
use crate::rules::{ALL, rule};
use crate::suppression::{Date, DirectiveProblem, Directives, Suppression, directives};
use crate::wording;

/// What the judge needs to know besides the migrations.
#[derive(Clone, Debug)]
pub struct JudgeOptions {
    /// The tool.
    pub tool: Tool,
    /// The server.
    pub server: ServerFacts,
    /// Today, for suppressions that expire.
    pub today: Date,
    /// The folder, for findings that belong to no file.
    pub directory: String,
}

/// A migration whose SQL was read.
#[derive(Clone, Debug)]
pub struct ReadMigration {
    /// The migration.
    pub migration: Migration,
    /// The statements of each up section; spans are those of the section's file.
    pub up: Vec<Vec<Statement>>,
    /// The statements of its way back.
    pub down: Vec<Vec<Statement>>,
}

impl ReadMigration {
    /// Reads the SQL of a migration.
    pub fn new(migration: Migration, dialect: &dyn Dialect, version: u16) -> Self {
        let read = |sections: &[Section]| -> Vec<Vec<Statement>> {
            sections
                .iter()
                .map(|section| {
                    let mut statements = dialect.read(section.text(), version);
                    for statement in &mut statements {
                        statement.shift(section.span.start);
                    }
                    statements
                })
                .collect()
        };
        let (up, down) = match &migration.form {
            Form::Sql { up, down } => (
                read(up),
                match down {
                    Down::Sections(sections) => read(sections),
                    Down::Missing | Down::Empty | Down::Derived => Vec::new(),
                },
            ),
            Form::Program { .. } => (Vec::new(), Vec::new()),
        };
        Self {
            migration,
            up,
            down,
        }
    }

    fn sections(&self) -> &[Section] {
        match &self.migration.form {
            Form::Sql { up, .. } => up,
            Form::Program { .. } => &[],
        }
    }

    fn down_form(&self) -> &Down {
        match &self.migration.form {
            Form::Sql { down, .. } | Form::Program { down, .. } => down,
        }
    }
}

/// Whether a migration's findings are reported, or it is only replayed (`--base`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reported {
    /// They are.
    Yes,
    /// It was there before.
    No,
}

/// A migration that was judged.
#[derive(Clone, Debug)]
pub struct JudgedMigration {
    /// Its statements.
    pub statements: Vec<JudgedStatement>,
    /// What is reported.
    pub findings: Vec<Finding>,
    /// What a directive allows, with that directive.
    pub suppressed: Vec<(Finding, Suppression)>,
}

/// A statement that was judged.
#[derive(Clone, Debug)]
pub struct JudgedStatement {
    /// Its number in the section.
    pub position: usize,
    /// The section.
    pub section: usize,
    /// What the questions answered.
    pub answers: Answers,
}

/// A judge in the middle of a project.
pub struct Judge<'a> {
    dialect: &'a dyn Dialect,
    options: JudgeOptions,
    replay: Replay,
    places: Vec<Place>,
    history: HistoryKnown,
}

impl<'a> Judge<'a> {
    /// Starts with an empty database.
    pub fn new(dialect: &'a dyn Dialect, options: JudgeOptions) -> Self {
        let replay = Replay::new(Catalog::default(), options.server.clone());
        Self {
            dialect,
            options,
            replay,
            places: Vec::new(),
            history: HistoryKnown::Whole,
        }
    }

    /// The catalog as it stands.
    pub fn catalog(&self) -> &Catalog {
        &self.replay.catalog
    }

    /// What is new from here on is one release: nothing that is created belongs to running code.
    pub fn begin_release(&mut self) {
        self.replay.catalog.release = Some(self.replay.catalog.now.migration + 1);
    }

    /// Judges the next migration.
    pub fn migration(&mut self, read: &ReadMigration, reported: Reported) -> JudgedMigration {
        self.replay.begin_migration();
        let mut case = Case::new(read, reported);
        for (number, (section, statements)) in read.sections().iter().zip(&read.up).enumerate() {
            self.section(section, number, statements, &mut case);
        }
        if reported == Reported::Yes {
            self.ask_about_migration(read, &mut case);
        }
        case.into_judged(self.options.today)
    }

    fn section(
        &mut self,
        section: &Section,
        number: usize,
        statements: &[Statement],
        case: &mut Case<'_>,
    ) {
        case.enter(section, statements);
        self.replay.begin_section(section.wrapping, statements);
        for (position, statement) in statements.iter().enumerate() {
            let answers = self.replay.ask(statement, self.dialect);
            if case.reported == Reported::Yes {
                let hearing = self.hearing(section.wrapping, statements);
                let asked = Asked::new(hearing, position, statement, &answers);
                for (rule, hit) in ask_statement_rules(&asked) {
                    case.add(rule, hit, Some(&asked), Some(position));
                }
            }
            self.places.push(Place {
                path: section.file.path.clone(),
                span: Some(statement.span),
            });
            let contradictions = self.replay.advance(statement, &answers.impact);
            self.contradictions(statement, position, &contradictions, case);
            case.statements.push(JudgedStatement {
                position,
                section: number,
                answers,
            });
        }
        self.replay.end_section();
        case.leave();
    }

    fn hearing<'s>(&'s self, wrapping: Wrapping, section: &'s [Statement]) -> Hearing<'s> {
        Hearing {
            context: self.replay.context(),
            dialect: self.dialect,
            tool: self.options.tool,
            wrapping,
            section,
        }
    }

    /// The first migrations decide whether the history begins with the database: what they miss was there before.
    fn contradictions(
        &mut self,
        statement: &Statement,
        position: usize,
        found: &[Contradiction],
        case: &mut Case<'_>,
    ) {
        for contradiction in found {
            if contradiction.kind == ContradictionKind::Missing
                && self.replay.catalog.now.migration <= 1
            {
                self.history = HistoryKnown::Partial;
            }
            if case.reported == Reported::No {
                continue;
            }
            let asked = Contradicted {
                statement,
                contradiction,
                history_is_whole: self.history,
            };
            for rule in ALL {
                if let Ask::Contradiction(ask) = rule.ask {
                    for hit in ask(&asked) {
                        case.add(rule, hit, None, Some(position));
                    }
                }
            }
        }
    }

    fn ask_about_migration(&self, read: &ReadMigration, case: &mut Case<'_>) {
        let hits: Vec<(&'static Rule, Hit)> = {
            let asked = MigrationAsked {
                statements: read.up.iter().flatten().collect(),
                answers: case
                    .statements
                    .iter()
                    .map(|judged| &judged.answers)
                    .collect(),
                context: self.replay.context(),
                tool: self.options.tool,
                wrapping: read.sections().first().map(|section| section.wrapping),
                down: read.down_form(),
                down_statements: read.down.iter().flatten().collect(),
            };
            ALL.iter()
                .filter_map(|rule| match rule.ask {
                    Ask::Migration(ask) => Some((*rule, ask(&asked))),
                    Ask::Statement(_)
                    | Ask::Project(_)
                    | Ask::Contradiction(_)
                    | Ask::Machinery => None,
                })
                .flat_map(|(rule, hits)| hits.into_iter().map(move |hit| (rule, hit)))
                .collect()
        };
        for (rule, hit) in hits {
            case.add(rule, hit, None, None);
        }
    }

    /// Asks about the project as a whole.
    pub fn finish(&self, problems: &[ProjectProblem]) -> Vec<Finding> {
        let asked = ProjectAsked {
            context: self.replay.context(),
            tool: self.options.tool,
            problems,
            places: &self.places,
            directory: &self.options.directory,
            migrations: self.replay.catalog.now.migration,
        };
        let mut findings = Vec::new();
        for rule in ALL {
            if let Ask::Project(ask) = rule.ask {
                for (place, hit) in ask(&asked) {
                    let print = fingerprint(&[rule.code, &place.path, &hit.message]);
                    findings.push(Finding {
                        place,
                        ..finding(rule, hit, print)
                    });
                }
            }
        }
        findings
    }
}

fn ask_statement_rules(asked: &Asked<'_>) -> Vec<(&'static Rule, Hit)> {
    ALL.iter()
        .filter_map(|rule| match rule.ask {
            Ask::Statement(ask) => Some((*rule, ask(asked))),
            Ask::Migration(_) | Ask::Project(_) | Ask::Contradiction(_) | Ask::Machinery => None,
        })
        .flat_map(|(rule, hits)| hits.into_iter().map(move |hit| (rule, hit)))
        .collect()
}

/// A finding without its place, lock and remedy.
fn finding(rule: &Rule, hit: Hit, fingerprint: String) -> Finding {
    let instead = match hit.instead {
        Instead::Advice(advice) => Some(Remedy::Advice(advice)),
        Instead::Steps(advice) => Some(Remedy::Advice(advice.to_owned())),
        Instead::Nothing => None,
    };
    Finding {
        code: rule.code.to_owned(),
        severity: hit.severity,
        question: rule.question,
        layer: Layer::Static,
        message: hit.message,
        place: Place {
            path: String::new(),
            span: hit.span,
        },
        migration: None,
        relation: hit.relation,
        lock: None,
        instead,
        fingerprint,
    }
}

/// One migration in the dock: what was found so far, and which directives apply.
struct Case<'a> {
    read: &'a ReadMigration,
    reported: Reported,
    statements: Vec<JudgedStatement>,
    /// The findings with the section and statement they are about.
    found: Vec<(Finding, usize, Option<usize>)>,
    /// The directives of each section.
    directives: Vec<Directives>,
    section: Option<&'a Section>,
    spans: Vec<Span>,
}

impl<'a> Case<'a> {
    fn new(read: &'a ReadMigration, reported: Reported) -> Self {
        Self {
            read,
            reported,
            statements: Vec::new(),
            found: Vec::new(),
            directives: Vec::new(),
            section: read.sections().first(),
            spans: Vec::new(),
        }
    }

    fn enter(&mut self, section: &Section, statements: &[Statement]) {
        self.spans = statements.iter().map(|statement| statement.span).collect();
        let is_rule = |code: &str| rule(code).is_some();
        self.directives.push(directives(
            &section.file.text,
            section.span,
            statements,
            is_rule,
        ));
        let number = self.directives.len() - 1;
        self.section = self.read.sections().get(number);
        if self.reported == Reported::No {
            return;
        }
        let bad = self
            .directives
            .last()
            .map(|found| found.bad.clone())
            .unwrap_or_default();
        for directive in bad {
            let (code, message) = words(&directive.problem);
            if let Some(rule) = rule(code) {
                let hit = Hit::new(Severity::Error, message)
                    .at(directive.span)
                    .advice(
                        "write `-- segue:allow RULE[, RULE] because REASON [until YYYY-MM-DD]`",
                    );
                self.add(rule, hit, None, None);
            }
        }
    }

    fn leave(&mut self) {
        self.spans.clear();
    }

    fn add(&mut self, rule: &Rule, hit: Hit, asked: Option<&Asked<'_>>, statement: Option<usize>) {
        let span = hit
            .span
            .or_else(|| statement.and_then(|position| self.spans.get(position).copied()));
        let text = self
            .section
            .zip(span)
            .map(|(section, span)| span.of(&section.file.text))
            .unwrap_or_default();
        let subject = hit
            .relation
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        let print = fingerprint(&[rule.code, &self.read.migration.id, &subject, text]);
        let lock = match (hit.shows_lock, &hit.relation, asked) {
            (ShowLock::Yes, Some(relation), Some(asked)) => {
                wording::lock(&asked.answers.impact, relation, &asked.context)
            }
            (ShowLock::Yes | ShowLock::No, _, _) => None,
        };
        let steps = match (&hit.instead, asked) {
            (Instead::Steps(_), Some(asked)) => asked
                .dialect
                .phases(&asked.statement.changes, &asked.context),
            (Instead::Steps(_) | Instead::Advice(_) | Instead::Nothing, _) => None,
        };
        let mut found = finding(rule, hit, print);
        found.place = Place {
            path: self.section.map_or_else(
                || self.read.migration.path.clone(),
                |section| section.file.path.clone(),
            ),
            span,
        };
        found.migration = Some(self.read.migration.id.clone());
        found.lock = lock;
        if let Some(plan) = steps {
            found.instead = Some(Remedy::Steps(plan));
        }
        let section = self.directives.len().saturating_sub(1);
        self.found.push((found, section, statement));
    }

    /// Applies the suppressions, and reports those that expired or were not needed.
    fn into_judged(mut self, today: Date) -> JudgedMigration {
        let mut findings = Vec::new();
        let mut suppressed = Vec::new();
        let mut used: Vec<Vec<bool>> = self
            .directives
            .iter()
            .map(|directives| vec![false; directives.suppressions.len()])
            .collect();
        for (finding, section, statement) in std::mem::take(&mut self.found) {
            let allowed = self.directives.get(section).and_then(|directives| {
                directives
                    .suppressions
                    .iter()
                    .enumerate()
                    .find(|(_, suppression)| {
                        suppression.rules.contains(&finding.code)
                            && covers(suppression, statement)
                            && suppression.until.is_none_or(|until| today <= until)
                    })
            });
            match allowed {
                Some((number, suppression)) => {
                    if let Some(flag) = used
                        .get_mut(section)
                        .and_then(|flags| flags.get_mut(number))
                    {
                        *flag = true;
                    }
                    suppressed.push((finding, suppression.clone()));
                }
                None => findings.push(finding),
            }
        }
        if self.reported == Reported::Yes {
            findings.extend(self.idle_suppressions(&used, today));
        }
        findings.sort_by(|one, other| {
            (one.place.span, &one.code, &one.message).cmp(&(
                other.place.span,
                &other.code,
                &other.message,
            ))
        });
        JudgedMigration {
            statements: self.statements,
            findings,
            suppressed,
        }
    }

    fn idle_suppressions(&self, used: &[Vec<bool>], today: Date) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (section, (directives, flags)) in self.directives.iter().zip(used).enumerate() {
            for (suppression, is_used) in directives.suppressions.iter().zip(flags) {
                let expired = suppression.until.is_some_and(|until| until < today);
                let (code, message, severity) = match (expired, is_used) {
                    (true, _) => (
                        "suppression-expired",
                        "this suppression is past its date: what it allowed is reported again",
                        Severity::Warning,
                    ),
                    (false, false) => (
                        "suppression-unused",
                        "this suppression allows something that is not found here",
                        Severity::Warning,
                    ),
                    (false, true) => continue,
                };
                let Some(rule) = rule(code) else { continue };
                let path = self.read.sections().get(section).map_or_else(
                    || self.read.migration.path.clone(),
                    |section| section.file.path.clone(),
                );
                let print =
                    fingerprint(&[code, &self.read.migration.id, &suppression.rules.join(",")]);
                let hit = Hit::new(severity, message)
                    .advice("remove it, or give it a reason and a date that hold");
                findings.push(Finding {
                    place: Place {
                        path,
                        span: Some(suppression.span),
                    },
                    migration: Some(self.read.migration.id.clone()),
                    ..finding(rule, hit, print)
                });
            }
        }
        findings
    }
}

/// A directive covers the statement below it; one before the first statement covers findings about the whole file too.
fn covers(suppression: &Suppression, statement: Option<usize>) -> bool {
    match statement {
        Some(position) => suppression.statement == Some(position),
        None => matches!(suppression.statement, Some(0) | None),
    }
}

fn words(problem: &DirectiveProblem) -> (&'static str, String) {
    match problem {
        DirectiveProblem::Unknown(name) => (
            "unknown-directive",
            ["there is no directive `segue:", name, "`"].concat(),
        ),
        DirectiveProblem::NoReason => (
            "suppression-without-reason",
            "a suppression needs a reason: it allows nothing as it stands".to_owned(),
        ),
        DirectiveProblem::NoSuchRule(code) => (
            "suppression-without-reason",
            ["there is no rule `", code, "`"].concat(),
        ),
        DirectiveProblem::BadDate(date) => (
            "suppression-without-reason",
            ["`", date, "` is no date: write YYYY-MM-DD"].concat(),
        ),
    }
}

/// FNV-1a over the parts, white space folded: stable when lines move or a formatter runs.
fn fingerprint(parts: &[&str]) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut feed = |byte: u8| {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    };
    for part in parts {
        for word in part.split_whitespace() {
            word.bytes().for_each(&mut feed);
            feed(b' ');
        }
        feed(0);
    }
    format!("{hash:016x}")
}
