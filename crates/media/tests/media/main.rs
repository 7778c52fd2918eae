//! The worker among scripted phones, in virtual time, through its public door only.

#[cfg(test)]
mod bench;
#[cfg(test)]
mod hostile;
mod inband;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod play;
#[cfg(test)]
mod record;
#[cfg(test)]
mod relay;
#[cfg(test)]
mod repository;
