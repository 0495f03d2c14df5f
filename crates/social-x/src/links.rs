//! Where a text has links, by X's rule: each is replaced by a t.co address and counts 23.
//!
//! With `http://` or `https://` any host with a dot and an alphabetic last label is a link. Bare
//! domains are links if their last label is a country's or one of [`GENERIC`], and not glued to
//! `@`, `#`, `$`, a letter or a digit. Two labels under a country (`example.jp`) are one only with
//! a path, except under `co` and `tv`.
//!
//! Limits: X knows all of the root zone's generic domains and those in other scripts, [`GENERIC`]
//! the common ones; a bare `example.photography` counts here as the text that it is.
//! <twitter-text's documented behaviour, read August 2026>

use std::ops::Range;

const GENERIC: &str = "\
    academy agency app art asia audio band bank bar best bet bid bike bio biz blog blue book \
    bot boutique box build buzz cab cafe camp capital cards care cash casino cat center chat \
    church city claims click clinic cloud club coach codes coffee com community company \
    computer consulting cool coop crypto cyou dance data date day deals delivery design dev \
    diamonds digital direct directory dog domains earth education email energy engineering \
    estate events exchange expert express family fan fans farm fashion film finance fit \
    football forum foundation fun fund fyi gallery game games garden gives gold gmbh golf \
    group guide guru health help homes host house icu immo inc info institute int \
    international jobs kim kitchen land law legal life limited link live loan lol love ltd \
    market marketing mba media meme men miami mobi moe money movie museum music name net \
    network news ngo ninja now nyc observer one onl online ooo org page partners parts party \
    pet photo photos pics pink pizza place plus porn post press pro productions promo \
    properties pub quest racing radio realty red rent repair report rest review reviews rip \
    rocks run sale school science services sex shop show site ski social software solar \
    solutions space sport store stream studio style sucks support surf systems tattoo tax team \
    tech technology tel theater tips today tokyo tools top tours town toys trade trading \
    training travel tube university vacations ventures video villas vip vision vote voyage \
    watch webcam website wedding wiki win wine work works world wtf xxx xyz yoga zone edu gov \
    mil arpa aero london paris berlin";

const COUNTRIES: &str = "\
    ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br \
    bs bt bv bw by bz ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do \
    dz ec ee eg er es et eu fi fj fk fm fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt \
    gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp \
    kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms \
    mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr \
    ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sj sk sl sm sn so sr ss st su sv sx \
    sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn \
    vu wf ws ye yt za zm zw";

/// The byte ranges of the links in `text`, in order.
pub(crate) fn find(text: &str) -> Vec<Range<usize>> {
    let mut links = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let Some(first) = text[at..].chars().next() else { break };
        match link_at(text, at) {
            Some(end) => {
                links.push(at..end);
                at = end;
            }
            // A domain is looked for at its beginning only.
            None if in_host(first) => at += run(&text[at..], in_host),
            None => at += first.len_utf8(),
        }
    }
    links
}

/// The end of the link that begins at `at`, if one does.
fn link_at(text: &str, at: usize) -> Option<usize> {
    let before = text[..at].chars().next_back();
    if before.is_some_and(glues) {
        return None;
    }
    let rest = &text[at..];
    if let Some(scheme) = scheme(rest) {
        let host = host(&rest[scheme..], |label, _| alphabetic(label))?;
        return Some(at + scheme + tail(&rest[scheme..], host));
    }
    if before.is_some_and(|c| matches!(c, '-' | '_' | '.' | '/')) {
        return None;
    }
    let end = host(rest, |label, _| among(GENERIC, label) || among(COUNTRIES, label))?;
    let whole = tail(rest, end);
    let labels: Vec<&str> = rest[..end].split('.').collect();
    let last = labels.last()?.to_ascii_lowercase();
    let short = labels.len() == 2 && last.len() == 2 && last != "co" && last != "tv";
    let path = rest[end..].starts_with('/') && whole > end;
    (!short || path).then_some(at + whole)
}

fn scheme(text: &str) -> Option<usize> {
    ["https://", "http://"].iter().find_map(|scheme| {
        let start = text.get(..scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(scheme.len())
    })
}

/// The end of the longest host at the beginning of `text` whose last label is accepted.
fn host(text: &str, accepted: impl Fn(&str, usize) -> bool) -> Option<usize> {
    let whole = &text[..run(text, in_host)];
    let ends = whole.match_indices('.').map(|(at, _)| at).chain([whole.len()]);
    let mut found = None;
    let mut start = 0;
    for end in ends {
        let label = &whole[start..end];
        if label.is_empty() || label.starts_with('-') || label.ends_with('-') {
            break;
        }
        let followed_by_at = text[end..].starts_with('@');
        if start > 0 && !followed_by_at && accepted(label, end) {
            found = Some(end);
        }
        start = end + 1;
    }
    found
}

/// The end of a link whose host ends at `end`: with port, path and query.
fn tail(text: &str, mut end: usize) -> usize {
    if let Some(rest) = text[end..].strip_prefix(':') {
        let digits = run(rest, |c| c.is_ascii_digit());
        if digits > 0 {
            end += 1 + digits;
        }
    }
    if text[end..].starts_with('/') {
        end += 1 + path(&text[end + 1..]);
    }
    if let Some(rest) = text[end..].strip_prefix('?') {
        let query =
            closed(rest, run(rest, in_query), |c| c.is_alphanumeric() || "_-&=#/".contains(c));
        if query > 0 {
            end += 1 + query;
        }
    }
    end
}

/// How much of `text` is a path: a closing bracket belongs to it only if it was opened there, and
/// punctuation at the end does not.
fn path(text: &str) -> usize {
    let mut end = 0;
    let mut kept = 0;
    loop {
        let piece = run(&text[end..], in_path);
        let ending = closed(&text[end..], piece, |c| c.is_alphanumeric() || "+-=_#/".contains(c));
        if ending > 0 {
            kept = end + ending;
        }
        end += piece;
        let Some(inner) = text[end..].strip_prefix('(') else { return kept };
        let inside = run(inner, in_path);
        if inside == 0 || !inner[inside..].starts_with(')') {
            return kept;
        }
        end += inside + 2;
        kept = end;
    }
}

/// `end`, moved back to behind the last character that may end a link.
fn closed(text: &str, end: usize, may_end: impl Fn(char) -> bool) -> usize {
    text[..end].trim_end_matches(|c| !may_end(c)).len()
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

fn in_host(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') || ('\u{c0}'..='\u{24f}').contains(&c)
}

fn in_path(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || "!*';:=+,.$/%#[]-_~@|&".contains(c)
        || ('\u{c0}'..='\u{24f}').contains(&c)
        || ('\u{400}'..='\u{4ff}').contains(&c)
}

fn in_query(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!?*'@();:&=+$/%#[]-_.,~|".contains(c)
}

/// Characters that keep what follows them from being a link.
fn glues(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(c, '@' | '＠' | '$' | '#' | '＃' | '\u{202a}'..='\u{202e}')
}

fn alphabetic(label: &str) -> bool {
    let punycode = label.len() > 4 && label[..4].eq_ignore_ascii_case("xn--");
    punycode || (label.len() > 1 && label.bytes().all(|b| b.is_ascii_alphabetic()))
}

fn among(list: &str, label: &str) -> bool {
    list.split_ascii_whitespace().any(|entry| entry.eq_ignore_ascii_case(label))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(text: &str) -> Vec<&str> {
        find(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn links_are_found_where_x_finds_them() {
        let cases: [(&str, &[&str]); 16] = [
            ("https://example.com", &["https://example.com"]),
            ("(https://example.com/a).", &["https://example.com/a"]),
            ("HTTP://EXAMPLE.ORG:8080/x", &["HTTP://EXAMPLE.ORG:8080/x"]),
            ("a example.com, b.example.net!", &["example.com", "b.example.net"]),
            (
                "https://en.wikipedia.org/wiki/Rust_(film)",
                &["https://en.wikipedia.org/wiki/Rust_(film)"],
            ),
            ("see https://x.com/a?b=c&d=e.", &["https://x.com/a?b=c&d=e"]),
            ("example.com.", &["example.com"]),
            ("example.com.nonsense", &["example.com"]),
            ("example.jp", &[]),
            ("example.jp/x", &["example.jp/x"]),
            ("www.example.jp", &["www.example.jp"]),
            ("twitch.tv", &["twitch.tv"]),
            ("mail@example.com", &[]),
            ("end.Begin e.g. 3.14", &[]),
            ("例えばhttps://example.comです", &["https://example.com"]),
            ("https://nodot", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(links(text), expected, "{text}");
        }
    }
}
