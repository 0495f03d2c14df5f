//! What two errors have in common when they are the same trouble: their words, without the ids,
//! amounts and times in them.

/// Characters that a fingerprint has at most.
const MOST: usize = 200;
/// Characters of an error that are looked at.
const LOOKED_AT: usize = 2_000;
/// What stands for an id or a number.
const ANY: char = '#';

/// The words of `error`, with every number, id and run of hexadecimal replaced by `#`, in small
/// letters.
pub(super) fn fingerprint(error: &str) -> String {
    let text: Vec<char> = error.chars().take(LOOKED_AT).collect();
    let mut found = String::new();
    let mut at = 0;
    while at < text.len() {
        let word = text[at..].iter().take_while(|c| is_part(**c)).count();
        if word == 0 {
            push(&mut found, text[at]);
            at += 1;
            continue;
        }
        // Joined by what joins the parts of a UUID, an account or a transaction id.
        let length = joined(&text[at..]);
        if is_id(&text[at..at + length]) {
            push(&mut found, ANY);
            at += length;
        } else if is_id(&text[at..at + word]) {
            push(&mut found, ANY);
            at += word;
        } else {
            found.extend(text[at..at + word].iter().flat_map(|c| c.to_lowercase()));
            at += word;
        }
    }
    found.trim().chars().take(MOST).collect()
}

/// A stable number of a kind and a fingerprint: FNV-1a, 64 bits.
pub(super) fn number(kind: &str, fingerprint: &str) -> u64 {
    let bytes = kind.bytes().chain([0]).chain(fingerprint.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// How far parts reach that are joined by a single `.`, `-`, `@` or `:`.
fn joined(text: &[char]) -> usize {
    let mut end = 0;
    loop {
        end += text[end..].iter().take_while(|c| is_part(**c)).count();
        let joint = text.get(end).is_some_and(|c| matches!(c, '.' | '-' | '@' | ':'));
        if !joint || !text.get(end + 1).copied().is_some_and(is_part) {
            return end;
        }
        end += 1;
    }
}

/// Whether every part is a number or hexadecimal, and there is a digit or a run of eight.
fn is_id(text: &[char]) -> bool {
    let parts = text.split(|c| !is_part(*c));
    let mut digits = false;
    for part in parts {
        let hexadecimal = part.strip_prefix(&['0', 'x']).unwrap_or(part);
        if !hexadecimal.iter().all(char::is_ascii_hexdigit) {
            return false;
        }
        digits |= part.iter().any(char::is_ascii_digit) || part.len() >= 8;
    }
    digits
}

/// Runs of spaces, and of places for ids, are one.
fn push(found: &mut String, c: char) {
    let c = if c.is_whitespace() || c.is_control() { ' ' } else { c };
    if !(matches!(c, ' ' | ANY) && found.ends_with(c)) {
        found.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_by_ids_and_figures_is_one_trouble() {
        for (a, b) in [
            ("429: try again at 1700000000", "429: try again at 1800000001"),
            (
                "transaction 0.0.1001@1700000000.000000001 is pending",
                "transaction 0.0.7@1.2 is pending",
            ),
            (
                "campaign 0190c1f2-aaaa-7000-8000-00000000abcd is not there",
                "campaign ffffffff-ffff-ffff-ffff-ffffffffffff is not there",
            ),
            ("reverted with 0xdeadbeef", "reverted with 0xCAFEBABE0102"),
            ("took  12 ms,\nthen 5", "took 7 ms, then 19"),
        ] {
            assert_eq!(fingerprint(a), fingerprint(b), "{a}");
        }
    }

    #[test]
    fn what_differs_in_words_is_two() {
        assert_ne!(fingerprint("the post was refused"), fingerprint("the post was lost"));
        assert_ne!(fingerprint("bad face"), fingerprint("bad feed"), "short words are words");
        assert_ne!(number("A.v1", "x"), number("B.v1", "x"));
    }

    #[test]
    fn a_fingerprint_can_be_read_and_is_bounded() {
        assert_eq!(
            fingerprint("X answered 503 for post 1234567890: Service Unavailable"),
            "x answered # for post #: service unavailable"
        );
        assert_eq!(fingerprint("version v2.1 of step_1"), "version v2.# of step_1");
        assert_eq!(fingerprint(&"word ".repeat(1_000)).chars().count(), MOST);
        assert_eq!(fingerprint(""), "");
    }
}
