"""A running process as people and machines see it: admin address, metrics, doctor."""
