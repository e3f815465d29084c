"""From a file to a spec, or to problems with a place."""
