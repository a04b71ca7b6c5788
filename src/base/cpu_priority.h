// Which programs get the CPU first when everybody wants it.
#pragma once

namespace croft {

// The control plane answers although every tenant computes (goal R7): about nine times the part of
// an ordinary program (nice -10), for this process and what it starts later; programs of
// base/spawn.h are ordinary again. Where Linux shares the CPU among sessions (autogroup), a session
// leader claims it for its session, too. Without the right to do so nothing changes. Call it before
// the first thread.
void claim_cpu_priority();

// In a child between fork and exec: back to an ordinary program, or `niceness` (0-19) steps behind
// what the parent was, if that was ordinary. Only async-signal-safe calls.
void yield_cpu_priority(int niceness);

}  // namespace croft
