"""Telematics installations: what was ordered, what is to be done, when and by whom."""
