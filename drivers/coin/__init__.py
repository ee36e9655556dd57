"""Coin acceptor and hoppers: ccTalk, and acceptors that count in pulses."""
