"""What clients cost that are connected and silent."""

import resource
import socket
import time
from dataclasses import dataclass

from . import procfs
from .servers import Server

SPARE_FILES = 200  # of the server: its own, beside the connections
CONNECT_AT_ONCE = 100  # below any backlog


@dataclass
class Row:
    label: str
    clients: int
    rss_per_client: float
    used_per_client: float  # by the server's own used_memory
    cpu_ms: float  # of all its threads while nothing happens ...
    cpu_ms_alone: float  # ... and the same before the clients came


def raise_file_limit(files):
    """For this process and the servers that it starts. OSError when more is asked than the machine allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < files:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (files, max(hard, files)))
        except ValueError as problem:
            raise OSError(f"{files} open files are needed, {hard} allowed (ulimit -n)") from problem


def _cpu_ms(pid, seconds):
    before = procfs.cpu_times(pid)
    time.sleep(seconds)
    return (procfs.cpu_times(pid) - before).run_ns / 1e6


def _used_memory(server):
    with server.client() as client:
        return int(client.info("memory")["used_memory"])


def measure(spec, clients, seconds, cores=""):
    raise_file_limit(clients + SPARE_FILES)
    with Server(spec, cores=cores) as server:
        time.sleep(1)
        alone = _cpu_ms(server.pid, seconds)
        used_before, rss_before = _used_memory(server), procfs.rss_bytes(server.pid)
        connections = []
        try:
            while len(connections) < clients:
                for _ in range(min(CONNECT_AT_ONCE, clients - len(connections))):
                    connections.append(socket.create_connection(("127.0.0.1", server.port), 30))
                # The last of them is answered when all have been accepted, or it tells why it was not.
                connections[-1].sendall(b"PING\r\n")
                if (answer := connections[-1].recv(100)) != b"+PONG\r\n":
                    raise RuntimeError(f"{spec.label}: client {len(connections)} is told {answer!r}")
            with server.client() as client:
                connected = int(client.info("clients")["connected_clients"]) - 1
            if connected != clients:
                raise RuntimeError(f"{spec.label}: {connected} clients are connected, not {clients}")
            time.sleep(1)
            used, rss = _used_memory(server), procfs.rss_bytes(server.pid)
            cpu = _cpu_ms(server.pid, seconds)
        finally:
            for connection in connections:
                connection.close()
    return Row(spec.label, clients, (rss - rss_before) / clients, (used - used_before) / clients, cpu, alone)


def table(rows, seconds):
    head = ("server", "clients", "RSS/client", "x ref", "used/client", f"CPU ms in {seconds:g} s", "without clients")
    widths = [max(12, len(name)) for name in head]
    lines = ["  ".join(f"{name:>{width}}" for name, width in zip(head, widths))]
    for row in rows:
        cells = (row.label, f"{row.clients:,}", f"{row.rss_per_client:,.0f}", f"{row.rss_per_client / rows[0].rss_per_client:.2f}",
                 f"{row.used_per_client:,.0f}", f"{row.cpu_ms:.1f}", f"{row.cpu_ms_alone:.1f}")
        lines.append("  ".join(f"{cell:>{width}}" for cell, width in zip(cells, widths)))
    return lines
