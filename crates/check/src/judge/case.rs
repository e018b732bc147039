//! One migration in the dock: what was found so far, which directives apply, and what they allow.

use segue_model::{
    Date, DirectiveProblem, Directives, Plan, Section, Span, Statement, Suppression, directives,
};

use super::{JudgedMigration, JudgedStatement, ReadMigration, Reported};
use crate::finding::{Finding, Place, Remedy, Severity};
use crate::rule::{Asked, Hit, Instead, Layer, Rule, ShowLock};
use crate::rules::rule;
use crate::wording;

/// The directives of one window, and where it stands.
struct Posted {
    directives: Directives,
    path: String,
}

/// A finding, and what decides whether a directive covers it.
struct Found {
    finding: Finding,
    /// The window whose directives count.
    window: usize,
    /// The statement in it; none when it is about the migration as a whole.
    statement: Option<usize>,
}

/// One migration in the dock.
pub(super) struct Case<'a> {
    pub(super) reported: Reported,
    pub(super) statements: Vec<JudgedStatement>,
    /// The section being judged.
    pub(super) number: usize,
    read: &'a ReadMigration,
    kept: Vec<Statement>,
    kept_count: usize,
    statement_count: usize,
    found: Vec<Found>,
    posted: Vec<Posted>,
    section: Option<&'a Section>,
    /// The spans of the statements in the window.
    spans: Vec<Span>,
    /// Where the statements of all windows stand: span, window, position; not those that were forgotten.
    located: Vec<(Span, usize, usize)>,
}

impl<'a> Case<'a> {
    pub(super) fn new(read: &'a ReadMigration, reported: Reported) -> Self {
        Self {
            reported,
            statements: Vec::new(),
            number: 0,
            read,
            kept: Vec::new(),
            kept_count: 0,
            statement_count: 0,
            found: Vec::new(),
            posted: Vec::new(),
            section: read.sections().first(),
            spans: Vec::new(),
            located: Vec::new(),
        }
    }

    /// The next section begins.
    pub(super) fn section(&mut self, number: usize) {
        self.number = number;
        self.section = self.read.sections().get(number);
    }

    /// The statements of a window come up; `span` is the window's place in the file.
    pub(super) fn enter(&mut self, section: &Section, span: Span, statements: &[Statement]) {
        self.spans = statements.iter().map(|statement| statement.span).collect();
        let window = self.posted.len();
        for (position, statement) in statements.iter().enumerate() {
            if !super::is_large(section) || !super::only_moves_rows(statement) {
                self.located.push((statement.span, window, position));
            }
        }
        let is_rule = |code: &str| rule(code).is_some();
        let found = directives(&section.file.text, span, statements, is_rule);
        let bad = found.bad.clone();
        self.posted.push(Posted {
            directives: found,
            path: section.file.path.clone(),
        });
        if self.reported == Reported::No {
            return;
        }
        for directive in bad {
            let (code, message) = words(&directive.problem);
            if let Some(rule) = rule(code) {
                let hit = Hit::new(Severity::Error, message)
                    .at(directive.span)
                    .advice(
                        "write `-- segue:allow RULE[, RULE] because REASON [until YYYY-MM-DD]`",
                    );
                self.add(rule, hit, None);
            }
        }
    }

    pub(super) fn leave(&mut self) {
        self.spans.clear();
    }

    /// The number the next kept statement of a large section will have.
    pub(super) fn next_kept(&mut self) -> usize {
        self.kept_count += 1;
        self.kept_count - 1
    }

    /// One more statement was judged.
    pub(super) fn count(&mut self) {
        self.statement_count += 1;
    }

    /// A window of a large section was judged: what only moves rows is forgotten.
    pub(super) fn keep(&mut self, window: Vec<Statement>) {
        self.kept.extend(
            window
                .into_iter()
                .filter(|statement| !super::only_moves_rows(statement)),
        );
    }

    /// The statements that rules about the migration as a whole see, one for each judged one.
    pub(super) fn all_statements(&self, read: &'a ReadMigration) -> Vec<&Statement> {
        let mut all: Vec<&Statement> = read.up.iter().flatten().chain(&self.kept).collect();
        all.sort_by_key(|statement| statement.span);
        all
    }

    /// What the rules answered about one statement. The safe way is worked out once, when a rule asks for it.
    pub(super) fn add_all(&mut self, hits: Vec<(&'static Rule, Hit)>, asked: &Asked<'_>) {
        let mut plan: Option<Option<Plan>> = None;
        for (rule, hit) in hits {
            let lock = match (hit.shows_lock, &hit.relation) {
                (ShowLock::Yes, Some(relation)) => {
                    wording::lock(&asked.answers.impact, relation, &asked.context)
                }
                (ShowLock::Yes | ShowLock::No, _) => None,
            };
            let steps = match &hit.instead {
                Instead::Steps(_) => plan
                    .get_or_insert_with(|| {
                        asked
                            .dialect
                            .phases(&asked.statement.changes, &asked.context)
                    })
                    .clone(),
                Instead::Advice(_) | Instead::Nothing => None,
            };
            let mut found = self.placed(rule, hit, Some(asked.position));
            found.lock = lock;
            if let Some(steps) = steps {
                found.instead = Some(Remedy::Steps(steps));
            }
            self.push(found, Some(asked.position));
        }
    }

    /// What a rule answered without a context: about a contradiction, a directive, the migration as a whole.
    pub(super) fn add(&mut self, rule: &Rule, hit: Hit, statement: Option<usize>) {
        let found = self.placed(rule, hit, statement);
        self.push(found, statement);
    }

    fn push(&mut self, finding: Finding, statement: Option<usize>) {
        let here = self.posted.len().saturating_sub(1);
        let (window, statement) = match (statement, finding.place.span) {
            (Some(position), _) => (here, Some(position)),
            (None, Some(span)) => self
                .located
                .iter()
                .find(|(located, _, _)| *located == span)
                .map_or((here, None), |(_, window, position)| {
                    (*window, Some(*position))
                }),
            (None, None) => (0, None),
        };
        self.found.push(Found {
            finding,
            window,
            statement,
        });
    }

    /// A finding with its place and fingerprint.
    fn placed(&self, rule: &Rule, hit: Hit, statement: Option<usize>) -> Finding {
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
        let mut found = finding(rule, hit, print);
        found.place = Place {
            path: self.section.map_or_else(
                || self.read.migration.path.clone(),
                |section| section.file.path.clone(),
            ),
            span,
        };
        found.migration = Some(self.read.migration.id.clone());
        found
    }

    /// Applies the suppressions, and reports those that expired or were not needed.
    pub(super) fn into_judged(mut self, today: Date) -> JudgedMigration {
        let mut findings = Vec::new();
        let mut suppressed = Vec::new();
        let mut used: Vec<Vec<bool>> = self
            .posted
            .iter()
            .map(|posted| vec![false; posted.directives.suppressions.len()])
            .collect();
        for found in std::mem::take(&mut self.found) {
            match self.allows(&found, today) {
                Some((number, suppression)) => {
                    if let Some(flag) = used
                        .get_mut(found.window)
                        .and_then(|flags| flags.get_mut(number))
                    {
                        *flag = true;
                    }
                    suppressed.push((found.finding, suppression.clone()));
                }
                None => findings.push(found.finding),
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
            kept: self.kept,
            statement_count: self.statement_count,
            findings,
            suppressed,
        }
    }

    /// The directive that allows a finding, with its number in its window.
    fn allows(&self, found: &Found, today: Date) -> Option<(usize, &Suppression)> {
        self.posted
            .get(found.window)?
            .directives
            .suppressions
            .iter()
            .enumerate()
            .find(|(_, suppression)| {
                suppression.names(&found.finding.code, today)
                    && covers(suppression, found.statement)
            })
    }

    fn idle_suppressions(&self, used: &[Vec<bool>], today: Date) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (posted, flags) in self.posted.iter().zip(used) {
            for (suppression, is_used) in posted.directives.suppressions.iter().zip(flags) {
                let expired = suppression.until.is_some_and(|until| until < today);
                let (code, message) = match (expired, is_used) {
                    (true, _) => (
                        "suppression-expired",
                        "this suppression is past its date: what it allowed is reported again",
                    ),
                    (false, false) => (
                        "suppression-unused",
                        "this suppression allows something that is not found here",
                    ),
                    (false, true) => continue,
                };
                findings
                    .extend(rule(code).map(|rule| self.idle(rule, message, posted, suppression)));
            }
        }
        findings
    }

    fn idle(
        &self,
        rule: &Rule,
        message: &str,
        posted: &Posted,
        suppression: &Suppression,
    ) -> Finding {
        let print = fingerprint(&[
            rule.code,
            &self.read.migration.id,
            &suppression.rules.join(","),
        ]);
        let hit = Hit::new(Severity::Warning, message)
            .advice("remove it, or give it a reason and a date that hold");
        Finding {
            place: Place {
                path: posted.path.clone(),
                span: Some(suppression.span),
            },
            migration: Some(self.read.migration.id.clone()),
            ..finding(rule, hit, print)
        }
    }
}

/// A finding without its place, lock and remedy.
pub(super) fn finding(rule: &Rule, hit: Hit, fingerprint: String) -> Finding {
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

/// A directive covers the statement below it; one before the first statement covers findings about the whole file too.
fn covers(suppression: &Suppression, statement: Option<usize>) -> bool {
    match statement {
        Some(position) => suppression.statement == Some(position),
        None => matches!(suppression.statement, Some(0) | None),
    }
}

fn words(problem: &DirectiveProblem) -> (&'static str, String) {
    let code = match problem {
        DirectiveProblem::Unknown(_)
        | DirectiveProblem::NoWayBack
        | DirectiveProblem::NoMapping => "unknown-directive",
        DirectiveProblem::NoReason
        | DirectiveProblem::NoSuchRule(_)
        | DirectiveProblem::BadDate(_) => "suppression-without-reason",
    };
    (code, problem.to_string())
}

/// FNV-1a over the parts, white space folded: stable when lines move or a formatter runs.
pub(super) fn fingerprint(parts: &[&str]) -> String {
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
