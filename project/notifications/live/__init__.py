"""What open pages are told of what others did: kinds, the bell, and the stream of events."""
