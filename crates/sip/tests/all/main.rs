//! The user agent from outside: messages in, messages and events out.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod bench;
#[cfg(test)]
mod calls;
#[cfg(test)]
mod crashes;
#[cfg(test)]
mod digest;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod lamps;
#[cfg(test)]
mod network;
#[cfg(test)]
mod pair;
#[cfg(test)]
mod parser;
#[cfg(test)]
mod refer;
#[cfg(test)]
mod refresh;
#[cfg(test)]
mod registrar;
#[cfg(test)]
mod reliable;
mod replaces;
#[cfg(test)]
mod rfc4475;
#[cfg(test)]
mod sdp;
mod shedding;
#[cfg(test)]
mod strangers;
#[cfg(test)]
mod streams;
#[cfg(test)]
mod torture;
#[cfg(test)]
mod update;
