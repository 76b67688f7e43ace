"""The measures of kui, and what it is measured against: `python3 run.py bench`."""
