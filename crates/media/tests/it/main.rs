//! What is taken and kept, and what is refused, in which words.

mod bytes;
mod keep;
