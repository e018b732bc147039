//! What each TLS mode accepts and refuses, on a real server.
#![expect(
    clippy::expect_used,
    reason = "helpers of tests fail like tests; the lint's own exception covers only test functions"
)]

use std::sync::OnceLock;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use segue_model::{Failure, Session, SessionError, Sql};
use segue_postgres::connect::read_file;
use segue_postgres::{PostgresError, PostgresSession, Sources, Target};
use segue_testkit::{TestServer, TlsIdentity};

/// A server for `localhost`, and files with the authority that signed for it and one that did not.
struct Stage {
    server: TestServer,
    directory: tempfile::TempDir,
}

fn authority() -> (String, Issuer<'static, KeyPair>) {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = params.self_signed(&key).expect("a certificate");
    (certificate.pem(), Issuer::new(params, key))
}

fn stage() -> &'static Stage {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    STAGE.get_or_init(|| {
        let ((right, issuer), (wrong, _)) = (authority(), authority());
        let key = KeyPair::generate().expect("a key");
        let certificate = CertificateParams::new(vec!["localhost".to_owned()])
            .and_then(|params| params.signed_by(&key, &issuer))
            .expect("a certificate");
        let directory = tempfile::tempdir().expect("a directory");
        for (name, text) in [("right.crt", right), ("wrong.crt", wrong)] {
            std::fs::write(directory.path().join(name), text).expect("a file");
        }
        let identity = TlsIdentity {
            certificate: &certificate.pem(),
            key: &key.serialize_pem(),
        };
        // Servers that come as a package of another language are built without TLS; the distribution's has it.
        let server = segue_testkit::installed()
            .iter()
            .find_map(|installed| TestServer::start_with_tls(installed, identity).ok())
            .expect("a server that was built with TLS");
        Stage { server, directory }
    })
}

fn connect(host: &str, mode: &str, root: Option<&str>) -> Result<PostgresSession, PostgresError> {
    let stage = stage();
    let mut text = format!(
        "host={host} hostaddr=127.0.0.1 port={} user=postgres sslmode={mode}",
        stage.server.port()
    );
    if let Some(root) = root {
        let path = stage.directory.path().join(root);
        text.push_str(" sslrootcert=");
        text.push_str(path.to_str().expect("a path"));
    }
    let sources = Sources {
        read: read_file,
        ..Sources::default()
    };
    PostgresSession::connect(&Target::resolve(&text, &sources).expect("a target"))
}

fn is_secured(session: &mut PostgresSession) -> bool {
    let rows = session
        .query(&Sql::literal(
            "SELECT ssl FROM pg_catalog.pg_stat_ssl WHERE pid = pg_catalog.pg_backend_pid()",
        ))
        .expect("a row");
    rows == [[Some("t".to_owned())]]
}

#[test]
fn what_is_proven_is_accepted() {
    for (host, mode, root) in [
        ("localhost", "verify-full", Some("right.crt")),
        ("elsewhere.example", "verify-ca", Some("right.crt")),
        ("elsewhere.example", "require", None),
        ("elsewhere.example", "prefer", None),
    ] {
        let mut session = connect(host, mode, root).expect(mode);
        assert!(is_secured(&mut session), "{mode}");
        assert!(!session.is_pooled(), "{mode}");
    }
}

#[test]
fn without_tls_only_where_it_was_not_asked_for() {
    for mode in ["disable", "allow"] {
        assert!(!is_secured(
            &mut connect("localhost", mode, None).expect(mode)
        ));
    }
}

#[test]
fn what_is_not_proven_is_refused() {
    for (host, mode, root) in [
        ("localhost", "verify-full", Some("wrong.crt")),
        ("elsewhere.example", "verify-full", Some("right.crt")),
        ("127.0.0.1", "verify-full", Some("right.crt")),
        ("localhost", "verify-ca", Some("wrong.crt")),
        ("localhost", "require", Some("wrong.crt")),
    ] {
        let error = connect(host, mode, root).expect_err(mode);
        assert_eq!(error.failure(), Failure::ConnectionLost);
        assert!(error.to_string().contains("certificate"), "{mode}: {error}");
    }
}

#[test]
fn a_server_without_tls_is_refused_when_tls_is_required() {
    let mut admin = connect("localhost", "disable", None).expect("a session");
    let server = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = server.local_addr().expect("an address").port();
    // What a server without TLS answers to the question for it.
    let answer = std::thread::spawn(move || {
        use std::io::{Read, Write};
        for _ in 0..3 {
            let (mut client, _) = server.accept().expect("a client");
            let mut question = [0; 8];
            client.read_exact(&mut question).expect("a question");
            client.write_all(b"N").expect("an answer");
        }
    });
    for mode in ["require", "verify-ca", "verify-full"] {
        let root = stage().directory.path().join("right.crt");
        let text = format!(
            "host=localhost hostaddr=127.0.0.1 port={port} user=u sslmode={mode} sslrootcert={}",
            root.display()
        );
        let sources = Sources {
            read: read_file,
            ..Sources::default()
        };
        let target = Target::resolve(&text, &sources).expect("a target");
        let error = PostgresSession::connect(&target).expect_err("no TLS");
        assert!(error.to_string().contains("TLS"), "{error}");
    }
    answer.join().expect("three clients");
    admin.execute_users("SELECT 1").expect("still there");
}

#[test]
fn a_statement_is_cancelled_through_tls() {
    let mut session = connect("localhost", "verify-full", Some("right.crt")).expect("a session");
    let canceller = session.canceller();
    let mut watcher = connect("localhost", "disable", None).expect("a session");
    let pid = session.backend_pid().to_string();
    let waiting = std::thread::spawn(move || session.execute_users("SELECT pg_sleep(60)"));
    let is_active = Sql::literal(
        "SELECT count(*)::text FROM pg_catalog.pg_stat_activity WHERE pid = $1::text::int AND wait_event = 'PgSleep'",
    );
    while watcher
        .query_with(&is_active, &[Some(&pid)])
        .expect("a row")
        != [[Some("1".to_owned())]]
    {}
    canceller.cancel().expect("a request");
    let error = waiting.join().expect("no panic").expect_err("cancelled");
    assert_eq!(error.failure(), Failure::Cancelled);
    assert_eq!(error.code(), Some("57014"));
}

#[test]
fn a_client_certificate_at_its_usual_place_is_shown_and_an_open_key_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let (root, issuer) = authority();
    let signed = |names: Vec<String>| {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(names).expect("parameters");
        // Under the authority's own name it would pass for an authority.
        let mut name = rcgen::DistinguishedName::new();
        name.push(rcgen::DnType::CommonName, "shop");
        params.distinguished_name = name;
        let certificate = params.signed_by(&key, &issuer).expect("a certificate");
        (certificate.pem(), key.serialize_pem())
    };
    let (certificate, key) = signed(vec!["localhost".to_owned()]);
    let identity = TlsIdentity {
        certificate: &certificate,
        key: &key,
    };
    let server = segue_testkit::installed()
        .iter()
        .find_map(|installed| TestServer::start_with_tls(installed, identity).ok())
        .expect("a server that was built with TLS");
    let authority = server.socket_directory().join("clients.crt");
    std::fs::write(&authority, root).expect("a file");
    std::fs::set_permissions(&authority, std::fs::Permissions::from_mode(0o644)).expect("a mode");
    let mut client = server.connect("postgres").expect("a connection");
    let set = format!("ALTER SYSTEM SET ssl_ca_file = '{}'", authority.display());
    client.execute(&set).expect("a setting");
    client.execute("SELECT pg_reload_conf()").expect("a reload");
    let home = tempfile::tempdir().expect("a directory");
    let place = home.path().join(".postgresql");
    std::fs::create_dir(&place).expect("a directory");
    let (certificate, key) = signed(vec!["shop.example".to_owned()]);
    std::fs::write(place.join("postgresql.crt"), certificate).expect("a file");
    std::fs::write(place.join("postgresql.key"), key).expect("a file");
    let with_key_mode = |mode| {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(place.join("postgresql.key"), permissions).expect("a mode");
        let sources = Sources {
            environment: [("HOME".to_owned(), home.path().display().to_string())].into(),
            read: read_file,
            ..Sources::default()
        };
        let text = format!(
            "host=localhost hostaddr=127.0.0.1 port={} user=postgres sslmode=require",
            server.port()
        );
        Target::resolve(&text, &sources)
    };
    let open = with_key_mode(0o644).expect_err("a refusal");
    assert!(open.to_string().contains("chmod 600"), "{open}");
    let target = with_key_mode(0o600).expect("a target");
    let shown = Sql::literal(
        "SELECT client_dn IS NOT NULL FROM pg_catalog.pg_stat_ssl WHERE pid = pg_catalog.pg_backend_pid()",
    );
    // The server reads its new settings at some moment after it was asked to.
    let is_shown = (0..100).any(|_| {
        let mut session = PostgresSession::connect(&target).expect("a session");
        let rows = session.query(&shown).expect("a row");
        rows == [[Some("t".to_owned())]]
    });
    assert!(is_shown);
}
