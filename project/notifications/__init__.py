"""The outbox of e-mails and the live notifications. The room opens with the first message."""
