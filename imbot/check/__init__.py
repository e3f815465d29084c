"""What ``imbot check`` finds in bot files before they run."""
