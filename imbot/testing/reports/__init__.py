"""What a run of test files came to, for people (``text``) and for machines (``records``, ``junit``)."""
