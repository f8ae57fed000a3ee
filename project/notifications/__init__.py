"""The outbox of e-mails and the live notifications."""
