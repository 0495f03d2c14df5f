//! The program as its operator meets it: started, asked, killed and started again, against
//! stand-ins that are processes of their own. Nothing is counted by the program under test: posts
//! and contract calls are counted at the far ends of the sockets.

mod api;
mod bullmq;
mod deployment;
mod far;
mod kill;
mod operate;
mod programs;
mod settings;
mod spread;
mod standin;
mod startup;
