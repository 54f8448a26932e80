//! Several messages to a connection in one flight, as one transaction. Knows nothing of
//! what they say.
//!
//! A future of the client hands its message over when it is polled for the first time. So
//! the order of first polls is the order on the wire, and it is fixed here by hand: a
//! combinator that may rest before each was polled once would let a commit overtake the
//! last statements, which would then be written, or fail, outside the transaction.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

/// A message that leaves at the first poll and is answered later.
pub(crate) type Message<'a, E> = Pin<Box<dyn Future<Output = Result<(), E>> + Send + 'a>>;

/// The last word of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Everything before it left.
    Commit,
    /// Something before it could not be sent; what was sent must not stand.
    Rollback,
}

/// Messages whose first poll has been, in order.
struct Flight<'a, E> {
    waiting: std::collections::VecDeque<Message<'a, E>>,
    errors: Vec<E>,
}

/// Sends the messages in their order and then the ending; gives what went wrong, in order.
/// All of it leaves at the first poll: a caller that goes away later leaves nothing open.
pub(crate) async fn fly<'a, E>(
    messages: Vec<Message<'a, E>>,
    end: impl FnOnce(Ending) -> Message<'a, E>,
) -> Vec<E> {
    let mut flight = Flight {
        waiting: std::collections::VecDeque::with_capacity(messages.len()),
        errors: Vec::new(),
    };
    let mut unsent = Some((messages, end));
    poll_fn(|context| {
        if let Some((messages, end)) = unsent.take() {
            let ending = flight.send_all(messages, context);
            flight.send(end(ending), context);
        }
        flight.land(context)
    })
    .await
}

impl<'a, E> Flight<'a, E> {
    fn send_all(&mut self, messages: Vec<Message<'a, E>>, context: &mut Context<'_>) -> Ending {
        for message in messages {
            self.send(message, context);
            // No answer can be here already: this one did not leave.
            if !self.errors.is_empty() {
                return Ending::Rollback;
            }
        }
        Ending::Commit
    }

    fn send(&mut self, mut message: Message<'a, E>, context: &mut Context<'_>) {
        match message.as_mut().poll(context) {
            Poll::Pending => self.waiting.push_back(message),
            Poll::Ready(outcome) => self.errors.extend(outcome.err()),
        }
    }

    /// Answers come in the order of the messages, so only the first is asked.
    fn land(&mut self, context: &mut Context<'_>) -> Poll<Vec<E>> {
        while let Some(first) = self.waiting.front_mut() {
            match first.as_mut().poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(outcome) => self.errors.extend(outcome.err()),
            }
            self.waiting.pop_front();
        }
        Poll::Ready(std::mem::take(&mut self.errors))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex, PoisonError};

    use super::{Ending, Message, Poll, fly, poll_fn};

    type Wire = Arc<Mutex<Vec<String>>>;

    /// Leaves at its first poll and wakes its task at once, as a connection that answers
    /// from another thread may; done at its third.
    fn eager(wire: &Wire, name: String) -> Message<'static, String> {
        let (wire, mut polls) = (Arc::clone(wire), 0);
        Box::pin(poll_fn(move |context| {
            polls += 1;
            if polls == 1 {
                let mut wire = wire.lock().unwrap_or_else(PoisonError::into_inner);
                wire.push(name.clone());
            }
            context.waker().wake_by_ref();
            if polls < 3 {
                Poll::Pending
            } else {
                Poll::Ready(Ok(()))
            }
        }))
    }

    fn run(wire: &Wire, messages: Vec<Message<'static, String>>) -> Vec<String> {
        let ending = |ending: Ending| eager(wire, format!("{ending:?}"));
        tokio::runtime::Builder::new_current_thread()
            .build()
            .map_or_else(
                |e| vec![e.to_string()],
                |r| r.block_on(fly(messages, ending)),
            )
    }

    fn said(wire: &Wire) -> Vec<String> {
        wire.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    #[test]
    fn the_ending_leaves_last_however_many_there_are() {
        let wire = Wire::default();
        let messages = (0..200).map(|n| eager(&wire, n.to_string())).collect();
        assert_eq!(run(&wire, messages), Vec::<String>::new());
        let mut wanted: Vec<String> = (0..200).map(|n| n.to_string()).collect();
        wanted.push("Commit".into());
        assert_eq!(said(&wire), wanted);
    }

    #[test]
    fn what_could_not_be_sent_takes_back_what_was() {
        let wire = Wire::default();
        let unsendable: Message<'static, String> = Box::pin(async { Err("too large".to_owned()) });
        let messages = vec![
            eager(&wire, "begin".into()),
            eager(&wire, "first".into()),
            unsendable,
            eager(&wire, "third".into()),
        ];
        assert_eq!(run(&wire, messages), ["too large"]);
        assert_eq!(said(&wire), ["begin", "first", "Rollback"]);
    }
}
