//! The bench itself: it compiles against the engine, so it breaks with it and nobody notices before
//! somebody wants figures. Nothing here looks at how long anything took.
