"""Customers, drivers and partners: the parties that every wing deals with."""
