"""From an edit to running bots: watch the files, plan the changes, roll them out."""
