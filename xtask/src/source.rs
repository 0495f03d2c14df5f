//! Reading Rust without a parser: what is code, what is text, where a function ends.
//!
//! A lexer of strings and comments is enough for every rule that we have, builds in a moment and
//! cannot lag behind the language's grammar.

/// A Rust file, taken apart.
pub(crate) struct Source {
    /// The file with comments blanked and the inside of strings written as `_`; same lines.
    pub(crate) code: String,
    /// Every string literal with the number of the line on which it starts.
    pub(crate) strings: Vec<(usize, String)>,
}

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// The line of `fn`, from 1.
    pub(crate) line: usize,
    /// Lines with code from `fn` to the closing brace.
    pub(crate) length: usize,
}

impl Source {
    pub(crate) fn read(text: &str) -> Self {
        let mut lexer = Lexer {
            text: text.chars().collect(),
            at: 0,
            code: String::with_capacity(text.len()),
            strings: Vec::new(),
        };
        lexer.run();
        Self { code: lexer.code, strings: lexer.strings }
    }

    /// Lines that are neither blank nor only a comment.
    pub(crate) fn lines_of_code(&self) -> usize {
        self.code.lines().filter(|line| !line.trim().is_empty()).count()
    }

    /// All functions with a body, in order.
    pub(crate) fn functions(&self) -> Vec<Function> {
        let bytes = self.code.as_bytes();
        let mut found = Vec::new();
        let mut from = 0;
        while let Some(at) = self.code[from..].find("fn ").map(|offset| from + offset) {
            from = at + 3;
            let starts_a_word = at == 0 || !is_word(bytes[at - 1]);
            let name: String =
                self.code[from..].trim_start().chars().take_while(|c| is_word_char(*c)).collect();
            if !starts_a_word || name.is_empty() {
                continue;
            }
            let Some(end) = body_end(bytes, from) else { continue };
            let length = self.code[at..=end].lines().filter(|line| !line.trim().is_empty()).count();
            let line = self.code[..at].matches('\n').count() + 1;
            found.push(Function { name, line, length });
        }
        found
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Where the body that follows a signature ends; `None` for a signature without one.
fn body_end(bytes: &[u8], from: usize) -> Option<usize> {
    let (mut inside, mut braces) = (0_i32, 0_i32);
    for (at, byte) in bytes.iter().enumerate().skip(from) {
        match byte {
            b'(' | b'[' => inside += 1,
            b')' | b']' => inside -= 1,
            b';' if inside == 0 && braces == 0 => return None,
            b'{' => braces += 1,
            b'}' => {
                braces -= 1;
                if braces == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

struct Lexer {
    text: Vec<char>,
    at: usize,
    code: String,
    strings: Vec<(usize, String)>,
}

impl Lexer {
    fn run(&mut self) {
        while let Some(c) = self.peek(0) {
            match (c, self.peek(1)) {
                ('/', Some('/')) => self.line_comment(),
                ('/', Some('*')) => self.block_comment(),
                ('"', _) => self.string(),
                ('r', Some('"' | '#')) if !self.in_a_word() && self.raw_fence().is_some() => {
                    self.raw_string();
                }
                ('\'', _) => self.quote(),
                _ => self.keep(),
            }
        }
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.text.get(self.at + ahead).copied()
    }

    /// `b`, `c` and `br` before a string belong to it; any other letter makes `r` part of a name.
    fn in_a_word(&self) -> bool {
        let mut back = self.code.chars().rev();
        match back.next() {
            Some('b' | 'c') => back.next().is_some_and(is_word_char),
            Some(before) => is_word_char(before),
            None => false,
        }
    }

    fn keep(&mut self) {
        if let Some(c) = self.peek(0) {
            self.code.push(c);
            self.at += 1;
        }
    }

    /// Replaces one character, keeping line ends.
    fn blank(&mut self, by: char) {
        if let Some(c) = self.peek(0) {
            self.code.push(if c == '\n' { '\n' } else { by });
            self.at += 1;
        }
    }

    fn line_comment(&mut self) {
        while self.peek(0).is_some_and(|c| c != '\n') {
            self.blank(' ');
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        while self.at < self.text.len() {
            match (self.peek(0), self.peek(1)) {
                (Some('/'), Some('*')) => depth += 1,
                (Some('*'), Some('/')) => depth -= 1,
                _ => {
                    self.blank(' ');
                    continue;
                }
            }
            self.blank(' ');
            self.blank(' ');
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        let line = self.line();
        self.keep();
        let mut content = String::new();
        while let Some(c) = self.peek(0) {
            match c {
                '"' => break,
                '\\' => {
                    // A continuation ends the line and swallows the next one's indentation.
                    content.push(if self.peek(1) == Some('\n') { ' ' } else { '\\' });
                    self.blank('_');
                    self.blank('_');
                }
                _ => {
                    content.push(c);
                    self.blank('_');
                }
            }
        }
        self.keep();
        self.strings.push((line, content));
    }

    /// How many `#` open the raw string at this place, if it is one.
    fn raw_fence(&self) -> Option<usize> {
        let hashes = self.text[self.at + 1..].iter().take_while(|c| **c == '#').count();
        (self.peek(1 + hashes) == Some('"')).then_some(hashes)
    }

    fn raw_string(&mut self) {
        let (line, hashes) = (self.line(), self.raw_fence().unwrap_or(0));
        for _ in 0..hashes + 2 {
            self.keep();
        }
        let mut content = String::new();
        while let Some(c) = self.peek(0) {
            if c == '"' && (1..=hashes).all(|ahead| self.peek(ahead) == Some('#')) {
                break;
            }
            content.push(c);
            self.blank('_');
        }
        for _ in 0..=hashes {
            self.keep();
        }
        self.strings.push((line, content));
    }

    /// A character or a lifetime.
    fn quote(&mut self) {
        let escaped = self.peek(1) == Some('\\');
        if !escaped && self.peek(2) != Some('\'') {
            return self.keep();
        }
        self.keep();
        if escaped {
            self.blank('_');
            self.blank('_');
        }
        while self.peek(0).is_some_and(|c| c != '\'') {
            self.blank('_');
        }
        if self.peek(0) == Some('\'') {
            self.keep();
        }
    }

    fn line(&self) -> usize {
        self.code.matches('\n').count() + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_blank_lines_are_no_code() {
        let source = Source::read("//! doc\n\n/* a\n b */\nfn a() {}\n// x\nlet b = 1; // y\n");

        assert_eq!(source.lines_of_code(), 2);
    }

    #[test]
    fn braces_in_strings_and_characters_do_not_count() {
        let text = "fn one() {\n let a = \"}\"; let b = '}'; let c = r#\"}\"}\"#;\n done();\n}\nfn two() {}\n";

        let names: Vec<_> =
            Source::read(text).functions().into_iter().map(|f| (f.name, f.length)).collect();

        assert_eq!(names, [("one".to_owned(), 4), ("two".to_owned(), 1)]);
    }

    #[test]
    fn lifetimes_are_not_characters() {
        let text = "fn a<'x>(t: &'x str) -> &'x str {\n t\n}\nfn b() {\n let c = '\\'';\n}\n";

        let functions = Source::read(text).functions();

        assert_eq!(functions.len(), 2);
        assert_eq!((functions[1].line, functions[1].length), (4, 3));
    }

    #[test]
    fn a_signature_without_a_body_is_skipped() {
        let text = "trait T {\n fn a(&self, list: [u8; 2]);\n fn b(&self) { x() }\n}\n";

        let functions = Source::read(text).functions();

        assert_eq!(functions.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["b"]);
    }

    #[test]
    fn a_continued_string_is_one_string() {
        let source = Source::read("let a = \"SELECT x \\\n   FROM t\";\n");

        assert_eq!(source.strings.len(), 1);
        assert!(source.strings[0].1.split_whitespace().eq(["SELECT", "x", "FROM", "t"]));
        assert_eq!(source.lines_of_code(), 2);
    }
}
