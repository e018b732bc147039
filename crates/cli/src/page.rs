//! The frame of a page that needs nothing else: no request leaves it, no script runs in it, and it reads well in light and
//! dark. What comes from a project has to be harmless for eyes before it gets here; maud escapes it for HTML.

use maud::{DOCTYPE, Markup, PreEscaped, html};

/// The look that all pages share.
const STYLE: &str = include_str!("page/page.css");

/// A page: what it is called, what made it, a look of its own, and what it says.
pub(crate) fn page(title: &str, kicker: &str, style: &'static str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { (title) " · " (kicker) }
                style { (PreEscaped(STYLE)) (PreEscaped(style)) }
            }
            body { main { (body) } }
        }
    }
}
