"""A running bot: whom it answers, in which order, and what it does with clicks."""
