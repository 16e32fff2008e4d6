// Static tracepoints (USDT): places in the running server that bpftrace, perf or SystemTap can
// attach to by name, without a restart. Each is a no-op instruction and a note in the binary
// (`readelf -n`); arguments are only described to the tracer, so give what is at hand anyway.
//
// All are of provider `basalt`; bench/README.md lists them. Where <sys/sdt.h> (Debian:
// systemtap-sdt-dev) was not there at build time they are nothing at all.
#pragma once

#if __has_include(<sys/sdt.h>)
#include <sys/sdt.h>
#define BASALT_PROBE1(name, a) DTRACE_PROBE1(basalt, name, a)
#define BASALT_PROBE2(name, a, b) DTRACE_PROBE2(basalt, name, a, b)
#define BASALT_PROBE3(name, a, b, c) DTRACE_PROBE3(basalt, name, a, b, c)
#else
#define BASALT_PROBE1(name, a) static_cast<void>(0)
#define BASALT_PROBE2(name, a, b) static_cast<void>(0)
#define BASALT_PROBE3(name, a, b, c) static_cast<void>(0)
#endif
