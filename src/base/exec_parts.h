// What every caller of fork() and execve() needs. Programs are started by base/spawn.h and, inside
// containers, by init/child.h.
#pragma once

#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace croft {

struct Pipe {
  Fd read_end;
  Fd write_end;
};

// Closed by exec.
Result<Pipe> make_pipe();

// To each string, then null: an argument array or an environment. Valid as long as `strings` is not
// changed.
std::vector<char*> exec_pointers(std::vector<std::string>& strings);

}  // namespace croft
