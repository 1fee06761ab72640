"""What is measured: functions of a system, found by name (worker.py). Each returns lists of figures."""
