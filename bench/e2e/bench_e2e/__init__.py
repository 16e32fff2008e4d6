"""The parts of bench/e2e/run: servers, clients, workloads, measuring, reporting."""
