"""For those who operate imbot: admin endpoint, metrics, doctor."""
