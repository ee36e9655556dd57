"""Flags reach people: each new one is pushed where the city's file says, by webhook and by mail."""
