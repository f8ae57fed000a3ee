"""Who did what, when and why: batches, log lines and history, written set by set."""
