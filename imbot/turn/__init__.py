"""One turn: a message in, an answer out, ended exactly once."""
