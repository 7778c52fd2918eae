//! The real `cordial` process on real sockets, against programs that we did not write, phones that behave and strangers
//! that do not. One program, so that it is linked once; each module is a stage of the gate or part of one.

mod broker;
mod calls;
mod clients;
mod codes;
mod connector;
mod crash;
mod dialogs;
mod event_socket;
mod hostile;
mod jms;
mod pages;
mod peers;
mod portsip;
mod server;
mod site;
mod stomp;
mod talk;
mod transports;
mod waiting;
mod webitel;
