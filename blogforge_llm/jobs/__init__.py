"""What the queue delivers, a few lines each: the work itself is in runner.py and the services."""
