"""How much hoppers pay of what nobody can prove, and how often coins may be taken back. Pure numbers.

A credit of a pulse acceptor, or of a ccTalk acceptor that has no count of its own (header 225), is proved by nothing: whoever
reaches the wire can make credits. So one session gets at most `UNBORNE_SESSION_YEN` from the hoppers, and the rest as a
claim. It is enough for change of a 500-yen coin and for the refund of three certificates.

An acceptor may take a foreign coin for a good one. Whoever inserts such coins and cancels gets good coins for them, also
where every count is right. So after `REFUNDS_MAX` such sessions within `REFUNDS_WINDOW_S` coins that are taken back
become claims; change after a paper is still paid.
"""

UNBORNE_SESSION_YEN = 1_000
REFUNDS_MAX = 3
REFUNDS_WINDOW_S = 3600.0
