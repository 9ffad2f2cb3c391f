"""`onrecord up`: a server, schedules and a worker that are kept running."""
