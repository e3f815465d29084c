"""What all web servers of imbot share: who may ask them, and what a request that is wrong gets."""
